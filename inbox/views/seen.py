from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_POST

from inbox import presence
from inbox.access import conversation_for
from inbox.views.fragments import back_to, done


@require_POST
def seen(request: HttpRequest, pk: int) -> HttpResponse:
    """Somebody has the conversation before their eyes."""
    conversation = conversation_for(request.user, pk)
    if conversation.mark_seen():
        presence.show(conversation)
    return HttpResponse(status=204) if request.htmx else back_to(conversation)


@require_POST
def unread(request: HttpRequest, pk: int) -> HttpResponse:
    """Put it back as unread, for later or for somebody else."""
    conversation = conversation_for(request.user, pk)
    conversation.mark_unread(by=request.user)
    return done(request, conversation)
