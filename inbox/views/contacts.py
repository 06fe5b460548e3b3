from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_POST

from inbox.access import conversation_for
from inbox.forms import NameForm
from inbox.views.fragments import done


@require_POST
def name(request: HttpRequest, pk: int) -> HttpResponse:
    """Call the customer of this conversation by another name; an empty one falls back to their own."""
    conversation = conversation_for(request.user, pk)
    form = NameForm(request.POST)
    if form.is_valid():
        conversation.contact.rename(form.cleaned_data["name"], conversation=conversation, by=request.user)
    return done(request, conversation)
