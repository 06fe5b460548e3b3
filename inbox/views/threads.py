from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from inbox import timeline
from inbox.access import conversation_for
from inbox.composing import NOTE, REPLY, Composer, draft_of
from inbox.models import Conversation
from inbox.standing import Standing
from inbox.views.fragments import number, summary


def thread_context(request: HttpRequest, conversation: Conversation) -> dict[str, Any]:
    """What `_thread.html` and `_details.html` need, for the page that includes both."""
    standing = Standing.of(conversation)
    before = number(request.GET.get("before")) or None
    page = timeline.latest(conversation, request.user, standing.now, before=before)
    draft = draft_of(conversation, request.user)
    mode = asked if (asked := request.GET.get("mode")) in (NOTE, REPLY) else draft.mode if draft else REPLY
    return {
        **summary(request, conversation, standing),
        "timeline": page,
        "composer": Composer(
            conversation, request.user, standing, mode, draft.body if draft else "", seen=page.after
        ),
        "oob": False,
    }


@require_GET
def composer(request: HttpRequest, pk: int) -> HttpResponse:
    """The box in which one writes: as a reply, or with `mode=note` as a note."""
    conversation = conversation_for(request.user, pk)
    standing = Standing.of(conversation)
    mode = NOTE if request.GET.get("mode") == NOTE else REPLY
    box = Composer(conversation, request.user, standing, mode, seen=number(request.GET.get("after")))
    context = {**summary(request, conversation, standing), "composer": box, "oob": False}
    return render(request, "inbox/_composer.html", context)


@require_GET
def details(request: HttpRequest, pk: int) -> HttpResponse:
    conversation = conversation_for(request.user, pk)
    context = summary(request, conversation, Standing.of(conversation))
    return render(request, "inbox/_details.html", {**context, "oob": False})
