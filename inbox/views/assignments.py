from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_http_methods

from inbox.access import colleagues_for, conversation_for
from inbox.views.fragments import done, is_removal, number


@require_http_methods(["POST", "DELETE"])
def assignment(request: HttpRequest, pk: int) -> HttpResponse:
    """POST `assignee` (an id, or `me`) gives it to somebody; DELETE, or nobody's id, takes it back."""
    conversation = conversation_for(request.user, pk)
    chosen = request.POST.get("assignee", "")
    if is_removal(request) or not chosen:
        conversation.assign_to(None, by=request.user)
    elif chosen == "me":
        conversation.assign_to(request.user, by=request.user)
    else:
        people = colleagues_for(request.user, conversation.channel)
        person = get_object_or_404(people, pk=number(chosen))
        conversation.assign_to(person, by=request.user)
    return done(request, conversation)
