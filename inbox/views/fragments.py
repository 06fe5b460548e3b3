"""Answers that several of the thread's views give."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import SplitResult, urlsplit

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render

from inbox import clock, timeline
from inbox.composing import NOTE, REPLY, Composer
from inbox.listing import Filters
from inbox.models import Conversation, Message
from inbox.profile import Profile
from inbox.refusals import Refused
from inbox.standing import Standing

MOST_SHOWN = 100


@dataclass(frozen=True)
class OnScreen:
    """What the page has, as its hidden fields say; what is missing or wrong counts as nothing."""

    after: int
    event: int
    shown: dict[int, str]
    state: str
    version: str
    mode: str

    @classmethod
    def of(cls, asked: QueryDict) -> OnScreen:
        return cls(
            after=number(asked.get("after")),
            event=number(asked.get("event")),
            shown=_shown(asked.get("shown", "")),
            state=asked.get("state", ""),
            version=asked.get("version", ""),
            mode=NOTE if asked.get("mode") == NOTE else REPLY,
        )


def number(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 18 else 0


def current(request: HttpRequest) -> SplitResult:
    """The address that the page says it is at; nothing when that is none."""
    try:
        return urlsplit(request.htmx.current_url or "")
    except ValueError:
        return urlsplit("")


def _shown(text: str) -> dict[int, str]:
    pairs = (pair.partition(":") for pair in text.split(" ")[:MOST_SHOWN])
    return {number(pk): version for pk, _, version in pairs if number(pk)}


def is_removal(request: HttpRequest) -> bool:
    """DELETE, or what a plain form can say of it."""
    return request.method == "DELETE" or request.POST.get("_method") == "DELETE"


def back_to(conversation: Conversation) -> HttpResponse:
    return redirect("inbox:conversation", conversation.pk)


def news(
    request: HttpRequest, conversation: Conversation, *, standing: Standing, composer: Composer | None = None
) -> HttpResponse:
    """The bubbles that the page lacks, and around them whatever looks different by now."""
    asked = OnScreen.of(request.POST if request.method == "POST" else request.GET)
    page, changed = timeline.news(
        conversation, request.user, standing.now, after=asked.after, event=asked.event, shown=asked.shown
    )
    if composer is None and asked.state != standing.state:
        composer = Composer(conversation, request.user, standing, asked.mode)
    if composer is not None:
        composer.seen = page.after
    context = {
        **summary(request, conversation, standing, unless=asked.version),
        "timeline": page,
        "changed": changed,
        "composer": composer,
    }
    return render(request, "inbox/_news.html", context)


def summary(
    request: HttpRequest, conversation: Conversation, standing: Standing, *, unless: str = ""
) -> dict[str, Any]:
    """For header and details; `is_summary_new` is false when the page has this `version` already."""
    profile = Profile(conversation, request.user, standing)
    return {
        "conversation": conversation,
        "standing": standing,
        "remaining": standing.window,
        "now": standing.now,
        "profile": profile,
        "is_summary_new": profile.version != unless,
        "filters": Filters.of(QueryDict(current(request).query)),
        "oob": True,
    }


def done(request: HttpRequest, conversation: Conversation) -> HttpResponse:
    """After a verb: header and details as they are now, or without htmx the page."""
    if not request.htmx:
        return back_to(conversation)
    context = summary(request, conversation, Standing.of(conversation))
    return render(request, "inbox/_summary.html", context)


def bubble_response(
    request: HttpRequest,
    message: Message,
    refusal: Refused | None = None,
    template: str = "inbox/_message.html",
) -> HttpResponse:
    """One bubble as it is now, with the reason when something was refused."""
    bubble = timeline.bubble(message, request.user, clock.now())
    response = render(request, template, {"line": bubble, "message": message, "refusal": refusal})
    return marked(response, refusal) if refusal else response


def marked(response: HttpResponse, refusal: Refused) -> HttpResponse:
    """A refusal is shown where it happened, so nothing else announces it."""
    response.status_code = 422
    response["X-Refused"] = refusal.code
    return response


def refused_plainly(request: HttpRequest, conversation: Conversation, refusal: Refused) -> HttpResponse:
    """Without scripts: the page again, with the sentence on it."""
    messages.error(request, str(refusal))
    return back_to(conversation)
