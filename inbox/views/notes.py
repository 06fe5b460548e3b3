from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_POST

from inbox.access import conversation_for
from inbox.composing import NOTE
from inbox.forms import ReplyForm
from inbox.refusals import Refused
from inbox.views.messages import refused, written


@require_POST
def notes(request: HttpRequest, pk: int) -> HttpResponse:
    """Write for colleagues only."""
    conversation = conversation_for(request.user, pk)
    form = ReplyForm(request.POST)
    form.is_valid()
    try:
        form.must_be_short()
        conversation.add_note(form.text, by=request.user, client_id=form.act)
    except Refused as refusal:
        return refused(request, conversation, form, NOTE, refusal)
    return written(request, conversation, NOTE)
