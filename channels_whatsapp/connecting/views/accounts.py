"""Twilio accounts: taken in, and their tokens changed."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from channels_whatsapp.access import account_for, teams_for
from channels_whatsapp.connecting import accounts, choosing
from channels_whatsapp.connecting.forms import AccountForm, PickForm, SandboxForm, TokenForm
from channels_whatsapp.connecting.views.base import admins_only, refused, to_connect, told
from channels_whatsapp.connecting.views.connect import page
from inbox.refusals import Refused


@sensitive_post_parameters("token")
@require_http_methods(["GET", "POST"])
@admins_only
def account(request: HttpRequest) -> HttpResponse:
    if request.method == "GET":  # somebody loads the answer to a form once more
        return to_connect()
    form = AccountForm(request.POST)
    if form.is_valid():
        try:
            made = accounts.connect(form.cleaned_data["sid"], form.cleaned_data["token"], by=request.user)
        except Refused as refusal:
            refused(form, refusal)
        else:
            messages.success(request, _("Twilio accepts the account. Its token is kept encrypted."))
            return redirect(f"{reverse('channels_whatsapp:connect')}?account={made.pk}")
    return page(request, status=422, account_form=form)


@require_POST
@admins_only
def account_of_settings(request: HttpRequest) -> HttpResponse:
    told(request, lambda: accounts.use_settings(by=request.user), _("The account of the settings is used."))
    return to_connect()


@sensitive_post_parameters("token")
@require_http_methods(["GET", "POST"])
@admins_only
def token(request: HttpRequest, pk: int) -> HttpResponse:
    """Enter the new one after it was changed at Twilio."""
    account = account_for(request.user, pk)
    form = TokenForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            accounts.connect(account.sid, form.cleaned_data["token"], by=request.user)
        except Refused as refusal:
            refused(form, refusal)
        else:
            sentence = _("The new token is used. What was refused meanwhile is being fetched from Twilio.")
            messages.success(request, sentence)
            return to_connect()
    context = {"account": account, "form": form}
    status = 422 if form.errors else 200
    return render(request, "channels_whatsapp/token.html", context, status=status)


# Its senders


@require_http_methods(["GET", "POST"])
@admins_only
def choices(request: HttpRequest, pk: int) -> HttpResponse:
    """The numbers at Twilio, to pick one. Asks Twilio, so it is a request of its own."""
    account = account_for(request.user, pk)
    if request.method == "POST":
        form = PickForm(request.POST, addresses=None, teams=teams_for(request.user))
        if form.is_valid():
            given = form.cleaned_data
            try:
                sender = choosing.adopt(
                    account, given["address"], given["label"], given["team"], by=request.user
                )
            except Refused as refusal:
                messages.error(request, str(refusal))
            else:
                return to_connect(sender, anchor="#step-webhooks")
        for field, errors in form.errors.items():
            messages.error(request, f"{form[field].label}: {' '.join(errors)}")
        return redirect(f"{reverse('channels_whatsapp:connect')}?account={account.pk}&new=1")
    return render(
        request, "channels_whatsapp/choices.html", {"account": account, **_listed(request, account)}
    )


def _listed(request: HttpRequest, account: object) -> dict[str, object]:
    try:
        found = choosing.choices(account)
    except Refused as refusal:
        return {"refusal": refusal}
    free = [choice for choice in found if not choice.ours]
    options = [(choice.address, " · ".join(filter(None, [choice.number, choice.name]))) for choice in free]
    form = PickForm(addresses=options, teams=teams_for(request.user))
    return {"choices": found, "free": free, "form": form}


@require_http_methods(["GET", "POST"])
@admins_only
def sandbox(request: HttpRequest, pk: int) -> HttpResponse:
    account = account_for(request.user, pk)
    if request.method == "GET":
        query = f"?account={account.pk}&new=1&kind=sandbox#step-sender"
        return redirect(reverse("channels_whatsapp:connect") + query)
    form = SandboxForm(request.POST, teams=teams_for(request.user))
    if form.is_valid():
        given = form.cleaned_data
        try:
            sender = choosing.adopt_sandbox(
                account, given["address"], given["code"], given["label"], given["team"], by=request.user
            )
        except Refused as refusal:
            refused(form, refusal)
        else:
            return to_connect(sender, anchor="#step-webhooks")
    return page(request, status=422, account=account, sandbox_form=form)
