"""The messages of a conversation: reading on, writing, and putting right what failed."""

from __future__ import annotations

import re

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django_htmx.http import trigger_client_event

from inbox import clock, timeline, uploads
from inbox.access import attachments_for, conversation_for, message_for
from inbox.composing import REPLY, Composer
from inbox.forms import ReplyForm
from inbox.models import Attachment, Conversation, Message
from inbox.refusals import Refused
from inbox.standing import Standing
from inbox.views import fragments

_UUID = re.compile(r"\A[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z")


@require_http_methods(["GET", "POST"])
def messages(request: HttpRequest, pk: int) -> HttpResponse:
    """GET `before` for older ones, else what is new; POST to write to the customer."""
    conversation = conversation_for(request.user, pk)
    if request.method == "POST":
        return _reply(request, conversation)
    if before := fragments.number(request.GET.get("before")):
        return _older(request, conversation, before)
    return fragments.news(request, conversation, standing=Standing.of(conversation))


def _older(request: HttpRequest, conversation: Conversation, before: int) -> HttpResponse:
    than = get_object_or_404(conversation.messages, pk=before)
    until = fragments.number(request.GET.get("until")) or None
    page = timeline.older(conversation, request.user, clock.now(), than=than, until=until)
    return render(request, "inbox/_older.html", {"conversation": conversation, "timeline": page})


def _reply(request: HttpRequest, conversation: Conversation) -> HttpResponse:
    form = ReplyForm(request.POST)
    form.is_valid()
    try:
        form.must_be_short()
        conversation.reply(
            form.text,
            by=request.user,
            files=_files(request, conversation),
            client_id=form.act,
            seen=form.last_seen,
            split=bool(form.cleaned_data.get("split")),
        )
    except Refused as refusal:
        return refused(request, conversation, form, REPLY, refusal)
    return written(request, conversation, REPLY)


def _files(request: HttpRequest, conversation: Conversation) -> list[Attachment]:
    """What lies in the tray, and what a browser without scripts sends along."""
    chosen = [key for key in request.POST.getlist("files") if _UUID.match(key)]
    mine = attachments_for(request.user).filter(conversation=conversation, uploaded_by=request.user)
    in_tray = list(mine.filter(key__in=chosen).order_by("pk"))
    return in_tray + [
        uploads.take(file, conversation, by=request.user) for file in request.FILES.getlist("file")
    ]


def written(request: HttpRequest, conversation: Conversation, mode: str) -> HttpResponse:
    """What was written appears, and the box is empty and new."""
    conversation.drafts.filter(agent=request.user).delete()
    if not request.htmx:
        return fragments.back_to(conversation)
    conversation = conversation_for(request.user, conversation.pk)
    standing = Standing.of(conversation)
    composer = Composer(conversation, request.user, standing, mode, text="", was_sent=True)
    return fragments.news(request, conversation, standing=standing, composer=composer)


def refused(
    request: HttpRequest, conversation: Conversation, form: ReplyForm, mode: str, refusal: Refused
) -> HttpResponse:
    """The text stays where it was, with the sentence and the next step beside it."""
    if not request.htmx:
        draft = {"body": form.text[:20_000], "mode": mode}
        conversation.drafts.update_or_create(agent=request.user, defaults=draft)
        return fragments.refused_plainly(request, conversation, refusal)
    standing = Standing.of(conversation)
    seen = fragments.number(request.POST.get("seen"))
    box = Composer(conversation, request.user, standing, mode, form.text, seen, refusal=refusal)
    if refusal.code != "client_id_used":
        box.client_id = form.act
    context = {**fragments.summary(request, conversation, standing), "composer": box, "oob": False}
    response = render(request, "inbox/_composer.html", context)
    response["HX-Retarget"] = "#composer"
    response["HX-Reswap"] = "outerHTML"
    if refusal.code == "newer_messages":
        # Whoever writes past them may have a connection that brings nothing.
        trigger_client_event(response, "fanlight:catchup", after="settle")
    return fragments.marked(response, refusal)


@require_GET
def message(request: HttpRequest, pk: int) -> HttpResponse:
    return fragments.bubble_response(request, message_for(request.user, pk))


@require_POST
def retry(request: HttpRequest, pk: int) -> HttpResponse:
    found = message_for(request.user, pk)
    try:
        found.retry(by=request.user)
    except Refused as refusal:
        if not request.htmx:
            return fragments.refused_plainly(request, found.conversation, refusal)
        return fragments.bubble_response(request, found, refusal)
    return _changed(request, found)


@require_POST
def settle(request: HttpRequest, pk: int) -> HttpResponse:
    """A person says whether a message of unknown outcome arrived: `arrived` is 1 or 0."""
    found = message_for(request.user, pk)
    if request.POST.get("arrived") in ("0", "1"):
        found.settle_unknown(arrived=request.POST["arrived"] == "1", by=request.user)
    return _changed(request, found)


def _changed(request: HttpRequest, found: Message) -> HttpResponse:
    if not request.htmx:
        return fragments.back_to(found.conversation)
    return fragments.bubble_response(request, found)
