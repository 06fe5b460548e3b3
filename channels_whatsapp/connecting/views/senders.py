"""The senders: their state at Twilio, and what can be done about it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from channels_whatsapp import client, drift
from channels_whatsapp.access import accounts_for, sender_for, senders_for, teams_for
from channels_whatsapp.connecting import pointing, settling, words
from channels_whatsapp.connecting import told as twilio_says
from channels_whatsapp.connecting.forms import ChannelForm
from channels_whatsapp.connecting.sender_forms import CodeForm
from channels_whatsapp.connecting.views.base import admins_only, to_connect, to_sender, told
from channels_whatsapp.models import Sender
from inbox.models import Agent


@require_GET
@admins_only
def senders(request: HttpRequest) -> HttpResponse:
    context = {"senders": senders_for(request.user), "accounts": list(accounts_for(request.user))}
    return render(request, "channels_whatsapp/senders.html", context)


@require_http_methods(["GET", "POST"])
@admins_only
def sender(request: HttpRequest, pk: int) -> HttpResponse:
    """GET: all about it. POST: label, team and what customers see of our writing."""
    found = sender_for(request.user, pk)
    form = _form(request.user, found, request.POST if request.method == "POST" else None)
    if form.is_valid():
        settling.settle(found, form.cleaned_data, by=request.user)
        messages.success(request, _("Saved."))
        return to_sender(found)
    return sender_page(request, found, form=form)


def sender_page(request: HttpRequest, found: Sender, **forms: Form) -> HttpResponse:
    """The whole page. `forms` are those that were sent, by their names there."""
    shown = {"form": _form(request.user, found), "code_form": CodeForm()} | forms
    context = {"sender": found, "drifts": drifts(found), **shown}
    status = 422 if any(form.errors for form in forms.values()) else 200
    return render(request, "channels_whatsapp/sender.html", context, status=status)


def drifts(found: Sender) -> list[dict[str, str]]:
    """Each difference with its sentence."""
    return [{**each, "sentence": drift.sentence(found.number, each)} for each in found.drift]


def _form(agent: Agent, found: Sender, sent: Any = None) -> ChannelForm:
    channel = found.channel
    initial = {
        "label": channel.name,
        "team": channel.teams.first(),
        "shows_typing": channel.shows_typing,
        "code": found.join_code,
    }
    return ChannelForm(
        sent, initial=initial, teams=teams_for(agent), channel=channel, is_sandbox=found.is_sandbox,
    )  # fmt: skip


@require_POST
@admins_only
def webhooks(request: HttpRequest, pk: int) -> HttpResponse:
    """Set the right addresses at Twilio."""
    found = sender_for(request.user, pk)
    done = _("Twilio brings its messages here from now on.")
    told(request, lambda: pointing.point_here(found, by=request.user), done)
    return to_connect(found, anchor="#step-webhooks") if "connect" in request.POST else to_sender(found)


@require_POST
@admins_only
def seen(request: HttpRequest, pk: int) -> HttpResponse:
    """A lowered quality or limit is taken note of."""
    found = sender_for(request.user, pk)
    drift.see(found, by=request.user)
    return to_sender(found)


@require_POST
@admins_only
def refresh(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask Twilio how it is now."""
    found = sender_for(request.user, pk)
    try:
        twilio_says.look_up(found)
        drift.check(found.account)
    except client.CallFailed as failure:
        messages.error(request, str(words.refusal(failure)))
    return to_sender(found)
