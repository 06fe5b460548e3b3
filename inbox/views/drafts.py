from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_POST

from inbox import presence
from inbox.access import conversation_for
from inbox.composing import NOTE, REPLY
from inbox.forms import LONGEST, DraftForm
from inbox.views.fragments import back_to


@require_POST
def draft(request: HttpRequest, pk: int) -> HttpResponse:
    """Keep what is typed and not sent; an empty text forgets it."""
    conversation = conversation_for(request.user, pk)
    form = DraftForm(request.POST)
    form.is_valid()
    body = form.cleaned_data.get("body", "")[:LONGEST]
    mode = NOTE if form.cleaned_data.get("mode") == NOTE else REPLY
    if form.is_sent(conversation):
        pass  # on its way while Send was pressed: what was sent must not come back
    elif body.strip():
        draft = {"body": body, "mode": mode}
        conversation.drafts.update_or_create(agent=request.user, defaults=draft)
        if mode == REPLY:
            presence.show(conversation)
    else:
        conversation.drafts.filter(agent=request.user).delete()
    return HttpResponse(status=204) if request.htmx else back_to(conversation)
