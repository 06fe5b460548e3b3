"""A number's way to WhatsApp: registered, verified, its profile, moved, removed."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from channels_whatsapp.access import account_for, sender_for, teams_for
from channels_whatsapp.connecting import moving, profiles, registering, removing
from channels_whatsapp.connecting.sender_forms import CodeForm, ProfileForm, RegistrationForm, RemovalForm
from channels_whatsapp.connecting.views.base import admins_only, refused, to_sender, told
from channels_whatsapp.connecting.views.senders import drifts, sender_page
from channels_whatsapp.models import Sender
from inbox.refusals import Refused


@require_http_methods(["GET", "POST"])
@admins_only
def registration(request: HttpRequest, pk: int) -> HttpResponse:
    account = account_for(request.user, pk)
    form = RegistrationForm(_sent(request), teams=teams_for(request.user))
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        wanted = registering.Application(
            given["number"], given["name"], given["waba"], given["method"], given["label"], given["team"]
        )
        try:
            return to_sender(registering.register(account, wanted, by=request.user))
        except Refused as refusal:
            refused(form, refusal)
    return _page(request, "registration.html", form, account=account)


@require_POST
@admins_only
def again(request: HttpRequest, pk: int) -> HttpResponse:
    """After an answer that never came."""
    sender = sender_for(request.user, pk)
    told(request, lambda: registering.ask_again(sender, by=request.user), _("Twilio was asked."))
    return to_sender(sender)


@require_GET
@admins_only
def state(request: HttpRequest, pk: int) -> HttpResponse:
    """How it is now, by our own row: a job asks Twilio."""
    sender = sender_for(request.user, pk)
    context = {"sender": sender, "drifts": drifts(sender), "code_form": CodeForm()}
    return render(request, "channels_whatsapp/_sender_state.html", context)


@require_http_methods(["GET", "POST"])
@admins_only
def verification(request: HttpRequest, pk: int) -> HttpResponse:
    """The code that came by SMS or call; with `method` let another one come."""
    sender = _registered(request, pk)
    if request.method == "GET":
        return to_sender(sender)
    if (method := request.POST.get("method")) in ("sms", "voice"):
        told(request, lambda: registering.resend(sender, method, by=request.user), _("A new code comes."))
        return to_sender(sender)
    form = CodeForm(request.POST)
    if form.is_valid():
        try:
            registering.verify(sender, form.cleaned_data["code"], by=request.user)
        except Refused as refusal:
            form.add_error("code", str(refusal))
        else:
            messages.success(request, _("The code is checked."))
            return to_sender(sender)
    return sender_page(request, sender, code_form=form)


@require_http_methods(["GET", "POST"])
@admins_only
def profile(request: HttpRequest, pk: int) -> HttpResponse:
    sender = _registered(request, pk)
    form = ProfileForm(_sent(request), initial=profiles.shown(sender))
    if request.method == "POST" and form.is_valid():
        try:
            if profiles.update(sender, form.cleaned_data, by=request.user):
                messages.success(request, _("WhatsApp has it; a new name is looked at first."))
        except Refused as refusal:
            refused(form, refusal)
        else:
            return to_sender(sender)
    return _page(request, "profile.html", form, sender=sender)


@require_http_methods(["GET", "POST"])
@admins_only
def move(request: HttpRequest, pk: int) -> HttpResponse:
    """From the sandbox to one of the account's numbers, connected already or not."""
    sender = sender_for(request.user, pk)
    if not sender.is_sandbox:
        raise Http404
    if request.method == "POST":
        address = request.POST.get("address", "")[:160]
        done = _("The conversations go on from the new number. Now set its webhooks.")
        try:
            sender = moving.move(sender, sender.account, address, by=request.user)
        except Refused as refusal:
            messages.error(request, str(refusal))
        else:
            messages.success(request, done)
        return to_sender(sender)
    context: dict[str, Any] = {"sender": sender}
    try:
        context["choices"] = moving.choices(sender)
    except Refused as refusal:
        context["refusal"] = refusal
    return render(request, "channels_whatsapp/move.html", context)


@require_http_methods(["GET", "POST"])
@admins_only
def removal(request: HttpRequest, pk: int) -> HttpResponse:
    """Asks first, and says what is lost."""
    sender = sender_for(request.user, pk)
    form = RemovalForm(_sent(request), address=sender.address)
    if request.method == "POST" and form.is_valid():
        try:
            removing.remove(sender, at_twilio=form.cleaned_data["at_twilio"], by=request.user)
        except Refused as refusal:
            refused(form, refusal)
        else:
            messages.success(request, _("The number is removed. Its conversations stay."))
            return redirect("channels_whatsapp:senders")
    return _page(request, "removal.html", form, sender=sender, waiting=removing.waiting(sender))


def _sent(request: HttpRequest) -> Any:
    return request.POST if request.method == "POST" else None


def _page(request: HttpRequest, name: str, form: Any, **context: Any) -> HttpResponse:
    status = 422 if form.errors else 200
    return render(request, f"channels_whatsapp/{name}", {"form": form, **context}, status=status)


def _registered(request: HttpRequest, pk: int) -> Sender:
    """:raises Http404: Twilio has no such sender, or it is the sandbox."""
    sender = sender_for(request.user, pk)
    if not sender.sid or sender.is_sandbox:
        raise Http404
    return sender
