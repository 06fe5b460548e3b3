"""Files of messages, for those who may see the conversation."""

from __future__ import annotations

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.views.decorators.http import require_POST, require_safe

from inbox.access import attachment_for
from inbox.serving import serve
from inbox.views.fragments import bubble_response


@require_safe
def original(request: HttpRequest, key: UUID) -> HttpResponseBase:
    """As it came. Audio and video play in the page; everything else is only ever downloaded."""
    attachment = attachment_for(request.user, key)
    if not (attachment.is_stored and attachment.file):
        raise Http404
    return serve(
        request,
        attachment.file,
        content_type=attachment.content_type,
        name=attachment.filename or "file",
        etag=attachment.sha256 or attachment.key.hex,
    )


@require_safe
def thumbnail(request: HttpRequest, key: UUID) -> HttpResponseBase:
    """The small picture that we drew of it."""
    attachment = attachment_for(request.user, key)
    if not attachment.thumbnail:
        raise Http404
    return serve(
        request,
        attachment.thumbnail,
        content_type="image/webp",
        name="",
        etag=f"{attachment.key.hex}-small",
    )


@require_POST
def fetch_again(request: HttpRequest, key: UUID) -> HttpResponse:
    """A person asks once more for a file that could not be fetched."""
    attachment = attachment_for(request.user, key)
    if attachment.message is None:
        raise Http404
    attachment.retry_fetch(by=request.user)
    if request.htmx:
        return bubble_response(request, attachment.message)
    return redirect("inbox:conversation", attachment.conversation_id)
