"""The template picker of a conversation: beside the composer, or as a page of its own without scripts."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_http_methods, require_POST

from inbox.access import conversation_for
from inbox.composing import REPLY, Composer
from inbox.forms import ReplyForm
from inbox.models import Conversation
from inbox.refusals import Refused
from inbox.standing import Standing
from inbox.views import fragments
from templates_mgmt.access import template_for
from templates_mgmt.models import Template
from templates_mgmt.picker import VALUE, Picker
from templates_mgmt.picking import Wish

LONGEST_WORDS = 100
FRAGMENTS = {
    "picker-fill": "templates_mgmt/_picker_fill_answer.html",
    "picker-list": "templates_mgmt/_picker_list_answer.html",
    "picker": "templates_mgmt/_picker.html",
}


@require_http_methods(["GET", "POST"])
def picker(request: HttpRequest, pk: int) -> HttpResponse:
    """GET: what can be sent here, `template` chosen. POST: send it."""
    conversation = conversation_for(request.user, pk)
    if request.method == "POST":
        return _send(request, conversation)
    return shown(request, _picker(request, conversation, request.GET))


@require_POST
def preview(request: HttpRequest, pk: int) -> HttpResponse:
    """As it reads with these values. POST, since what customers are told belongs in no address."""
    found = _picker(request, conversation_for(request.user, pk), request.POST)
    return render(request, "templates_mgmt/_picker_preview_answer.html", {"picker": found})


def shown(request: HttpRequest, found: Picker) -> HttpResponse:
    name = FRAGMENTS.get(request.htmx.target) if request.htmx else None
    response = render(request, name or "templates_mgmt/picker.html", {"picker": found})
    patch_vary_headers(response, ["HX-Request", "HX-Target"])
    return response


def wish_of(asked: QueryDict) -> Wish:
    return Wish(
        words=asked.get("words", "")[:LONGEST_WORDS],
        category=asked.get("category", ""),
        language=asked.get("language", ""),
        chosen=fragments.number(asked.get("template")),
    )


def values_of(asked: QueryDict) -> dict[str, str]:
    """What stands in the fields; a browser's line ends do not belong into a field of one line."""
    return {name.removeprefix(VALUE): asked[name] for name in asked if name.startswith(VALUE)}


def given_for(template: Template, asked: QueryDict) -> dict[str, str]:
    """Of the variables that this template has; the fields of another one are not its own."""
    return {name: value for name, value in values_of(asked).items() if name in template.content.names}


def _picker(request: HttpRequest, conversation: Conversation, asked: QueryDict) -> Picker:
    return Picker(
        conversation,
        request.user,
        reverse("templates_mgmt:picker", args=[conversation.pk]),
        reverse("templates_mgmt:picker_preview", args=[conversation.pk]),
        reverse("inbox:conversation", args=[conversation.pk]),
        wish=wish_of(asked),
        given=values_of(asked),
        judged=judged_by(request),
        seen=conversation.last_message_id or 0,
        is_page=is_page(request, asked),
    )


def judged_by(request: HttpRequest) -> str:
    """What was typed into, or `picker-send`."""
    return request.htmx.trigger_name or request.htmx.trigger or ""


def is_page(request: HttpRequest, asked: QueryDict) -> bool:
    return not request.htmx or asked.get("page") == "1"


def _send(request: HttpRequest, conversation: Conversation) -> HttpResponse:
    form = ReplyForm(request.POST)
    form.is_valid()
    template = template_for(request.user, fragments.number(request.POST.get("template")))
    try:
        conversation.reply(
            by=request.user,
            template={
                "content_sid": template.content_sid,
                "content_variables": given_for(template, request.POST),
            },
            client_id=form.act,
            seen=form.last_seen,
        )
    except Refused as refusal:
        found = _picker(request, conversation, request.POST)
        found.client_id, found.seen = form.act, form.last_seen or found.seen
        return refused(request, found, refusal)
    return _sent(request, conversation)


def refused(request: HttpRequest, found: Picker, refusal: Refused) -> HttpResponse:
    """Everything stays as it was filled, with the sentence and the next step."""
    found.refusal = refusal
    name = "templates_mgmt/_picker.html" if request.htmx else "templates_mgmt/picker.html"
    response = render(request, name, {"picker": found})
    response["HX-Retarget"], response["HX-Reswap"] = "#picker", "outerHTML"
    return fragments.marked(response, refusal)


def _sent(request: HttpRequest, conversation: Conversation) -> HttpResponse:
    """The bubble appears and the picker is gone; a text that was being written stays."""
    if not request.htmx:
        return fragments.back_to(conversation)
    conversation = conversation_for(request.user, conversation.pk)
    standing = Standing.of(conversation)
    composer = Composer(conversation, request.user, standing, REPLY)
    return fragments.news(request, conversation, standing=standing, composer=composer)
