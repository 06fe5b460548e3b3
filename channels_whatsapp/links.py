"""Public addresses of outbound files, for Twilio to fetch: signed, short-lived, nothing to guess.

Twilio fetches with GET and HEAD, without a session, some time after the message was accepted (it may
queue), and shows the name at the end of the path (Twilio, "Accepted content types for media").
"""

from __future__ import annotations

import re
import unicodedata
import uuid

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.signing import BadSignature, TimestampSigner
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.http import require_safe

from channels_whatsapp.limits import FILES
from inbox.models import Attachment, SendAttempt

LIFETIME = 3600  # seconds
LONGEST_NAME = 20

signer = TimestampSigner(salt="channels_whatsapp.links")


def url_for(attachment: Attachment, attempt: SendAttempt) -> str:
    """Where Twilio finds this file for this one call to send it; valid for an hour."""
    token = signer.sign(f"{attachment.key.hex}.{attempt.ref.hex}")
    path = reverse("channels_whatsapp:outbound_file", args=[token, short_name(attachment)])
    return f"{settings.PUBLIC_BASE_URL}{path}"


def short_name(attachment: Attachment) -> str:
    """At most 20 plain characters without spaces, ending as its type demands: "Invoice_2026.pdf"."""
    limit = FILES.get(attachment.content_type)
    extension = limit.extension if limit else "bin"
    name = attachment.filename.rpartition("/")[2]
    stem = name.rpartition(".")[0] or name
    plain = unicodedata.normalize("NFKD", stem).encode("ascii", "ignore").decode()
    words = re.sub(r"[^A-Za-z0-9_-]+", "_", plain).strip("_")
    return f"{words[: LONGEST_NAME - len(extension) - 1].strip('_') or 'file'}.{extension}"


@login_not_required
@require_safe
def outbound_file(request: HttpRequest, token: str, name: str) -> HttpResponse:
    """The file behind a link of ours, and 404 for every other link."""
    attachment = attachment_behind(token)
    if name != short_name(attachment):
        raise Http404
    try:
        stored = attachment.file.open("rb")
    except FileNotFoundError:
        raise Http404 from None
    response = FileResponse(stored, content_type=attachment.content_type)
    response["Content-Length"] = str(attachment.file.size)
    response["Content-Disposition"] = f'inline; filename="{name}"'
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, no-store"
    return response


def attachment_behind(token: str) -> Attachment:
    """:raises Http404: altered, expired, or not the file of that call."""
    try:
        key, ref = (uuid.UUID(part) for part in signer.unsign(token, max_age=LIFETIME).split("."))
    except (BadSignature, ValueError):
        raise Http404 from None
    stored = Attachment.objects.filter(state=Attachment.State.STORED, message__attempts__ref=ref)
    return get_object_or_404(stored, key=key)
