"""A file on its way from an agent into the composer's tray."""

from __future__ import annotations

import hashlib
import io
from datetime import timedelta
from typing import BinaryIO

from django.core.files.base import File
from django.core.files.uploadedfile import UploadedFile
from django.db.models import QuerySet
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from inbox import files, gateways, pictures
from inbox.models import Agent, Attachment, Conversation
from inbox.models.replying import must_fit
from inbox.refusals import Refused

MOST_WAITING = 10
FORGOTTEN = timedelta(days=1)
JPEG = "image/jpeg"


def waiting(conversation: Conversation, agent: Agent) -> QuerySet[Attachment]:
    """What lies in this agent's tray."""
    return Attachment.objects.filter(conversation=conversation, uploaded_by=agent, message__isnull=True)


def take(upload: UploadedFile, conversation: Conversation, *, by: Agent) -> Attachment:
    """Keep an upload until it is sent, as WhatsApp takes it; a picture that is too big is made smaller.

    :raises Refused: with the sentence for the person who chose the file.
    """
    if waiting(conversation, by).count() >= MOST_WAITING:
        raise Refused(
            "too_many_files",
            _("There are %(count)d files waiting already.") % {"count": MOST_WAITING},
            _("Send those first."),
        )
    limits = gateways.carrier(conversation.channel).limits(conversation.channel)
    content: BinaryIO = upload.file
    content_type = files.sniff(content)
    if content_type.startswith("image/"):
        content, content_type = _as_taken(upload, content_type, limits)
    attachment = Attachment(
        conversation=conversation,
        uploaded_by=by,
        state=Attachment.State.STORED,
        declared_type=(upload.content_type or "")[:120],
        content_type=content_type,
        filename=files.clean_name(upload.name or "", content_type),
        size=content.seek(0, io.SEEK_END),
    )
    _must_be_something(attachment)
    must_fit(attachment, limits)
    return _keep(attachment, content)


def _must_be_something(attachment: Attachment) -> None:
    if not attachment.size:
        raise Refused(
            "empty_file", _("%(name)s is empty.") % {"name": attachment.filename}, _("Choose another file.")
        )


def _as_taken(upload: UploadedFile, content_type: str, limits: gateways.Limits) -> tuple[BinaryIO, str]:
    """A picture of a kind or size that is not taken, as a JPEG that is."""
    limit = limits.file(content_type)
    jpeg = limits.file(JPEG)
    if jpeg is None or (limit and (upload.size or 0) <= limit.max_bytes):
        return upload.file, content_type
    try:
        return io.BytesIO(pictures.as_jpeg(upload.file, jpeg.max_bytes)), JPEG
    except pictures.Unusable:
        raise _unreadable(files.clean_name(upload.name or "")) from None


def _keep(attachment: Attachment, content: BinaryIO) -> Attachment:
    content.seek(0)
    attachment.sha256 = hashlib.file_digest(content, "sha256").hexdigest()
    if attachment.family == "image":
        draw_thumbnail(attachment, content)
    content.seek(0)
    attachment.file.save("", File(content), save=False)
    attachment.save()
    return attachment


def draw_thumbnail(attachment: Attachment, content: BinaryIO) -> None:
    try:
        small, attachment.width, attachment.height = pictures.thumbnail(content)
    except pictures.Unusable:
        raise _unreadable(attachment.filename) from None
    attachment.thumbnail.save("", File(io.BytesIO(small)), save=False)


def _unreadable(name: str) -> Refused:
    return Refused(
        "file_unreadable",
        _("%(name)s cannot be read as a picture.") % {"name": name},
        _("Open it and save it as JPEG or PNG, then attach that."),
    )


def discard_old() -> int:
    """Empty the trays of what nobody sent for a day. Returns how many files went."""
    old = Attachment.objects.filter(message__isnull=True, created_at__lt=Now() - FORGOTTEN)
    forgotten = list(old[:500])
    for attachment in forgotten:
        discard(attachment)
    return len(forgotten)


def discard(attachment: Attachment) -> None:
    """Take it out of the tray, with what was stored; not when it was sent at this very moment."""
    gone, _models = Attachment.objects.filter(pk=attachment.pk, message__isnull=True).delete()
    for file in (attachment.file, attachment.thumbnail):
        if gone and file:
            file.delete(save=False)
