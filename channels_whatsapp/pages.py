"""Pages of the back office: a test message from a sender."""

from __future__ import annotations

import uuid
from typing import Any

from django import forms
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from channels_whatsapp.api import address_of, is_on_its_way, wait_for_answer
from channels_whatsapp.models import Sender
from inbox.arrivals import conversation_with
from inbox.models import Agent, Message
from inbox.refusals import Refused

WAIT_SECONDS = 12.0


class SendTestForm(forms.Form):
    # The same page sent twice, by a reload or two clicks, is one message.
    client_id = forms.UUIDField(widget=forms.HiddenInput, initial=uuid.uuid4, required=False)
    to = forms.CharField(label=gettext_lazy("To"), max_length=160, initial="+")
    body = forms.CharField(
        label=gettext_lazy("Text"), max_length=1600, initial=gettext_lazy("A test from Fanlight.")
    )

    def clean_to(self) -> str:
        try:
            return address_of(self.cleaned_data["to"])
        except ValueError:
            raise forms.ValidationError(
                _("Write the number with its country code, like +447700900318.")
            ) from None


@require_http_methods(["GET", "POST"])
def send_test(request: HttpRequest, pk: int, context: dict[str, Any]) -> HttpResponse:
    sender = get_object_or_404(Sender.objects.select_related("channel"), pk=pk)
    form, verdict = SendTestForm(request.POST or None), None
    if form.is_valid():
        verdict = verdict_of(sender, form.cleaned_data, request.user)
        form = SendTestForm(initial={name: request.POST[name] for name in ("to", "body")})
    context |= {"title": _("Send a test"), "sender": sender, "form": form, "verdict": verdict}
    return TemplateResponse(request, "admin/channels_whatsapp/sender/test.html", context)


def verdict_of(sender: Sender, asked: dict[str, Any], agent: Agent) -> dict[str, Any]:
    """What became of it: `good`, a sentence, the next step and the message."""
    try:
        message = write(sender, asked, agent)
    except Refused as refused:
        return {"good": False, "sentence": refused.sentence, "next_step": refused.next_step}
    wait_for_answer(message, WAIT_SECONDS)
    return {"message": message} | outcome(message)


@transaction.atomic
def write(sender: Sender, asked: dict[str, Any], agent: Agent) -> Message:
    conversation = conversation_with(sender.channel, asked["to"])
    return conversation.reply(asked["body"], by=agent, client_id=asked["client_id"])[0]


def outcome(message: Message) -> dict[str, Any]:
    if message.has_failed:
        return {"good": False, "sentence": message.error, "next_step": ""}
    if message.sid:
        return {
            "good": True,
            "sentence": _("Twilio took it."),
            "next_step": _("It should be on the phone now."),
        }
    if is_on_its_way(message):
        sentence = _("It is still waiting to be sent.")
        return {"good": False, "sentence": sentence, "next_step": _("Check that the worker is running.")}
    sentence = _("Twilio did not answer, so nobody knows yet whether it was sent.")
    return {"good": False, "sentence": sentence, "next_step": _("Look at its page in a minute.")}
