from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from inbox import uploads as tray
from inbox.access import attachments_for, conversation_for
from inbox.refusals import Refused
from inbox.views.fragments import back_to, is_removal, marked, refused_plainly


@require_POST
def uploads(request: HttpRequest, pk: int) -> HttpResponse:
    """Put one file, `file`, into the tray. Answers its chip, or 422 with the chip that says why not."""
    conversation = conversation_for(request.user, pk)
    try:
        if (file := request.FILES.get("file")) is None:
            raise Refused("empty", _("No file arrived."), _("Choose it again."))
        attachment = tray.take(file, conversation, by=request.user)
    except Refused as refusal:
        if not request.htmx:
            return refused_plainly(request, conversation, refusal)
        return marked(render(request, "inbox/_tray_refusal.html", {"refusal": refusal}), refusal)
    if not request.htmx:
        return back_to(conversation)
    shrunk = attachment.size != file.size
    return render(request, "inbox/_tray_item.html", {"file": attachment, "shrunk": shrunk})


@require_http_methods(["POST", "DELETE"])
def upload(request: HttpRequest, key: UUID) -> HttpResponse:
    """DELETE takes a file out of one's own tray."""
    mine = attachments_for(request.user).filter(uploaded_by=request.user, message__isnull=True)
    attachment = get_object_or_404(mine.select_related("conversation"), key=key)
    if is_removal(request):
        tray.discard(attachment)
    return HttpResponse() if request.htmx else back_to(attachment.conversation)
