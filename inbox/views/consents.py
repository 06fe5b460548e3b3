"""What a customer agreed to: shown, recorded, asked for, proven."""

from __future__ import annotations

import uuid
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from inbox import clock, consent_proof, consent_questions
from inbox.access import conversation_for, message_for
from inbox.consent_card import Card
from inbox.consent_forms import ConsentForm
from inbox.forms import ReplyForm
from inbox.models import Conversation, Message
from inbox.refusals import Refused
from inbox.standing import Standing
from inbox.views.fragments import back_to, bubble_response, done, refused_plainly
from inbox.views.toasts import toast


@require_http_methods(["GET", "POST"])
def consent(request: HttpRequest, pk: int) -> HttpResponse:
    """GET: state, history and a form, for htmx without the page around it; POST records what was said."""
    conversation = conversation_for(request.user, pk)
    if request.method == "POST":
        return _record(request, conversation)
    template = "inbox/_consent.html" if request.htmx else "inbox/consent.html"
    return render(request, template, _context(request, conversation, ConsentForm(conversation)))


def _record(request: HttpRequest, conversation: Conversation) -> HttpResponse:
    form = ConsentForm(conversation, request.POST)
    if not form.is_valid():
        return _refused(
            request,
            conversation,
            Refused("incomplete", _("This could not be recorded."), " ".join(_sentences(form))),
        )
    form.record(by=request.user)
    return done(request, conversation)


def _sentences(form: ConsentForm) -> list[str]:
    return [f"{form.fields[name].label}: {error}" for name, errors in form.errors.items() for error in errors]


def _context(request: HttpRequest, conversation: Conversation, form: ConsentForm) -> dict[str, Any]:
    standing = Standing.of(conversation)
    entries = consent_proof.rows(conversation, request.user)[: consent_proof.MOST_SHOWN]
    return {
        "conversation": conversation,
        "standing": standing,
        "card": Card.of(conversation, standing.opted_out_at),
        "lines": consent_proof.lines(entries, request.user),
        "form": form,
        "act": uuid.uuid4(),
    }


def _refused(request: HttpRequest, conversation: Conversation, refusal: Refused) -> HttpResponse:
    if not request.htmx:
        return refused_plainly(request, conversation, refusal)
    return toast(request, refusal)


@require_POST
def question(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask the customer whether offers may be sent, with two buttons."""
    conversation = conversation_for(request.user, pk)
    form = ReplyForm(request.POST)
    form.is_valid()
    try:
        consent_questions.ask(conversation, by=request.user, client_id=form.act)
    except Refused as refusal:
        return _refused(request, conversation, refusal)
    return done(request, conversation)


@require_POST
def stop(request: HttpRequest, pk: int) -> HttpResponse:
    """Somebody says whether a message asks us to stop writing: `stop` is 1 or 0, or ``undo`` after a 1."""
    found = message_for(request.user, pk)
    said = request.POST.get("stop")
    if said == "undo":
        return _taken_back(request, found)
    is_stop = said == "1"
    is_new = said in ("0", "1") and consent_questions.settle_stop(found, is_stop=is_stop, by=request.user)
    if not request.htmx:
        return back_to(found.conversation)
    template = "inbox/_stop_recorded.html" if is_new and is_stop else "inbox/_message.html"
    return bubble_response(request, found, template=template)


def _taken_back(request: HttpRequest, found: Message) -> HttpResponse:
    try:
        consent_questions.take_back_stop(found, by=request.user)
    except Refused as refusal:
        return _refused(request, found.conversation, refusal)
    if not request.htmx:
        return back_to(found.conversation)
    return bubble_response(request, found, template="inbox/_stop_taken_back.html")


@require_GET
def proof(request: HttpRequest, pk: int) -> HttpResponse:
    """The whole history of the contact, to print."""
    conversation = conversation_for(request.user, pk)
    lines = consent_proof.lines(consent_proof.rows(conversation, request.user), request.user)
    context = {"conversation": conversation, "lines": lines, "now": clock.now()}
    return render(request, "inbox/consent_proof.html", context)


@require_GET
def proof_csv(request: HttpRequest, pk: int) -> HttpResponse:
    conversation = conversation_for(request.user, pk)
    lines = consent_proof.lines(consent_proof.rows(conversation, request.user), request.user)
    response = HttpResponse(consent_proof.as_csv(lines), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="consent-{conversation.contact_id}.csv"'
    return response
