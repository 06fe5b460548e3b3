"""Fetches the files that customers send: from Twilio only, within limits, and looked at before stored.

The address in the webhook is not followed. What is asked for is built from the ids in it, at Twilio;
the redirect from there leads to a signed address of a few known hosts, and gets no credentials
(Twilio, "Media resource", and help article 223183748). The text of a message never waits for this.
"""

from __future__ import annotations

import hashlib
import logging
import re
import tempfile
from typing import IO

from django.conf import settings
from django.core.files import File
from django.core.files.base import ContentFile
from django.db import InterfaceError, OperationalError, transaction
from django.utils.translation import gettext as _

from channels_whatsapp import downloads
from channels_whatsapp.models import Account, Sender
from channels_whatsapp.retries import TryAgain
from inbox import files, pictures
from inbox.models import Attachment

API = "https://api.twilio.com"
_PATH = re.compile(
    r"/2010-04-01/Accounts/(AC[0-9a-fA-F]{32})/Messages/((?:SM|MM)[0-9a-fA-F]{32})/Media/(ME[0-9a-fA-F]{32})\Z"
)
# Seconds before each next try: a new file is often not there at first (404). A day in all.
DELAYS = (1, 3, 10, 60, 300, 900, *[3600] * 23)

logger = logging.getLogger(__name__)


def fetch(attachment_id: int) -> None:
    """Fetch, look at and store one pending file; nothing to do when it is not pending.

    :raises TryAgain: it could not be had now.
    """
    rows = Attachment.objects.select_related("message__conversation__channel")
    attachment = rows.filter(pk=attachment_id, state=Attachment.State.PENDING).first()
    if attachment is None:
        return
    try:
        url, account = source_of(attachment)
        with tempfile.TemporaryFile() as file:
            name = downloads.download(url, (account.sid, account.sending_token), file)
            store(attachment, file, name)
    except downloads.NotAllowed as refusal:
        fail(attachment, str(refusal))
    except downloads.NotNow as problem:
        put_off(attachment, str(problem))
    except (OperationalError, InterfaceError):
        raise
    except Exception:
        # Counted too, so that a fault of ours with one file ends after a day, with a word to the agent.
        logger.exception("attachment %s", attachment.pk)
        put_off(attachment, _("It came, but could not be stored here."))


def source_of(attachment: Attachment) -> tuple[str, Account]:
    """The file's address at Twilio, of our own account and of this very message.

    :raises downloads.NotAllowed:
    """
    message = attachment.message
    sender = Sender.objects.filter(channel=message.conversation.channel_id).select_related("account").first()
    found = _PATH.search(attachment.source_url)
    if not sender or not found or found[1] != sender.account.sid or found[2] != message.sid:
        raise downloads.NotAllowed(_("Its address is not one of our Twilio account."))
    return f"{settings.TWILIO_API_BASE_URL or API}{found[0]}", sender.account


def store(attachment: Attachment, file: IO[bytes], name: str) -> None:
    content_type = files.sniff(file, attachment.declared_type)
    changes: dict[str, object] = {"error": ""}
    if content_type.startswith("image/"):
        try:
            small, changes["width"], changes["height"] = pictures.thumbnail(file)
            attachment.thumbnail.save("thumbnail", ContentFile(small), save=False)
        except pictures.Unusable:
            # What no decoder of ours can show is not shown as an image anywhere.
            content_type = files.UNKNOWN
    file.seek(0)
    changes |= {
        "state": Attachment.State.STORED,
        "content_type": content_type,
        # The document's own name, as its sender wrote it, says more than the one on the server.
        "filename": attachment.filename or (files.clean_name(name, content_type) if name else ""),
        "sha256": hashlib.file_digest(file, "sha256").hexdigest(),
        "size": file.tell(),
    }
    attachment.file.save("file", File(file), save=False)
    changes |= {"file": attachment.file.name, "thumbnail": attachment.thumbnail.name or ""}
    if not _settle(attachment, changes):
        attachment.file.delete(save=False)
        attachment.thumbnail.delete(save=False)


def put_off(attachment: Attachment, problem: str) -> None:
    """:raises TryAgain: unless it was tried for a day."""
    tries = attachment.tries
    if tries >= len(DELAYS):
        fail(attachment, _("It could not be fetched from Twilio for a day. Press Retry to try again."))
        return
    Attachment.objects.filter(pk=attachment.pk).update(tries=tries + 1, error=problem[:200])
    raise TryAgain(DELAYS[tries])


def fail(attachment: Attachment, sentence: str) -> None:
    logger.warning("attachment %s could not be fetched", attachment.pk)
    _settle(attachment, {"state": Attachment.State.FAILED, "error": sentence[:200]})


@transaction.atomic
def _settle(attachment: Attachment, changes: dict[str, object]) -> bool:
    """End its waiting, once: two jobs for one file must not leave two results."""
    pending = Attachment.objects.filter(pk=attachment.pk, state=Attachment.State.PENDING)
    if not pending.update(**changes):
        return False
    attachment.message.announce()
    return True
