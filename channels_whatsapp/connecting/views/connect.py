"""The connect page: four steps, and the doctor beside them."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from channels_whatsapp import checklist, drift, hooks
from channels_whatsapp.access import accounts_for, senders_for, teams_for
from channels_whatsapp.connecting import hello, qr
from channels_whatsapp.connecting.forms import AccountForm, SandboxForm
from channels_whatsapp.connecting.views.base import admins_only
from channels_whatsapp.models import Account, Sender
from inbox.models import Agent
from inbox.views.fragments import number


@require_GET
@admins_only
def connect(request: HttpRequest) -> HttpResponse:
    return page(request)


def page(
    request: HttpRequest, *, status: int = 200, account: Account | None = None, **forms: Any
) -> HttpResponse:
    """The whole page. `forms` are those that were sent and are not right, by their names in `Steps`."""
    context = {"steps": Steps(request, account, forms), "hooks": hooks.wanted(), **doctor_context(request)}
    return render(request, "channels_whatsapp/connect.html", context, status=status)


class Steps:
    """Where somebody is on the page, read from what there is and what the address asks for."""

    def __init__(self, request: HttpRequest, account: Account | None, forms: dict[str, Any]) -> None:
        """:param account: the one that a form was sent for; a form that was sent is where somebody is."""
        asked = request.GET
        self.agent: Agent = request.user
        self.accounts = list(accounts_for(self.agent))
        senders = list(senders_for(self.agent))
        self.sender = None if forms else self._chosen_sender(senders, asked)
        self.account = account if forms else self._chosen_account(asked)
        self.senders = [each for each in senders if self.account and each.account_id == self.account.pk]
        self.is_changing_account = not self.account or "change" in asked
        self.kind = asked.get("kind") or ("sandbox" if "sandbox_form" in forms else "production")
        self.account_form = forms.get("account_form") or AccountForm()
        self.sandbox_form = forms.get("sandbox_form") or SandboxForm(teams=teams_for(self.agent))
        self.hello = hello.state(self.sender) if self.sender else None

    def _chosen_sender(self, senders: list[Sender], asked: Any) -> Sender | None:
        if "new" in asked:
            return None
        if wanted := number(asked.get("sender")):
            return next((sender for sender in senders if sender.pk == wanted), None)
        wanted = number(asked.get("account"))
        fitting = [sender for sender in senders if not wanted or sender.account_id == wanted]
        return fitting[-1] if fitting else None

    def _chosen_account(self, asked: Any) -> Account | None:
        if asked.get("account") == "new":
            return None
        wanted = self.sender.account_id if self.sender else number(asked.get("account"))
        fitting = [account for account in self.accounts if not wanted or account.pk == wanted]
        return fitting[0] if fitting else None

    @property
    def states(self) -> dict[str, str]:
        """done, current or todo, by step."""
        done = {
            "account": bool(self.account) and not self.account.is_locked_out,
            "sender": self.sender is not None and not self.lost,
            "webhooks": self.are_webhooks_right,
            "hello": bool(self.hello and self.hello.holds),
        }
        current = next((name for name, is_done in done.items() if not is_done), "")
        return {
            name: "done" if is_done else "current" if name == current else "todo"
            for name, is_done in done.items()
        }

    @property
    def lost(self) -> list[str]:
        """Why the number is not online any more, as sentences."""
        if not self.sender:
            return []
        found = (each for each in self.sender.drift if each["what"] in (drift.STATUS, drift.MISSING))
        return [drift.sentence(self.sender.number, each) for each in found]

    @property
    def are_webhooks_right(self) -> bool:
        """By what Twilio said last. Of the sandbox it says nothing: there a webhook must have come."""
        if not self.sender:
            return False
        if self.sender.is_sandbox:
            return bool(self.hello and self.hello.is_signed)
        return hooks.is_inbound_ours(self.sender.webhook) and bool(hooks.address())

    @property
    def may_use_settings(self) -> bool:
        sid = settings.TWILIO_ACCOUNT_SID
        return bool(sid and settings.TWILIO_AUTH_TOKEN) and sid not in {a.sid for a in self.accounts}

    @property
    def settings_sid(self) -> str:
        sid = settings.TWILIO_ACCOUNT_SID
        return f"{sid[:4]}…{sid[-4:]}"

    @property
    def join(self) -> qr.Qr | None:
        if not (self.sender and self.sender.is_sandbox and self.sender.join_code):
            return None
        return qr.chat(self.sender.number, f"join {self.sender.join_code}")

    @property
    def greeting(self) -> qr.Qr | None:
        return qr.chat(self.sender.number, "hello") if self.sender else None


# The doctor


def doctor_context(request: HttpRequest) -> dict[str, Any]:
    """The list, to be asked one by one; without scripts all at once, by `?checks=all`."""
    found = checklist.checks()
    if request.GET.get("checks") == "all" and not request.htmx:
        return {"groups": checklist.grouped(found, [checklist.run(check) for check in found])}
    return {"groups": checklist.grouped(found), "are_running": True}


@require_GET
@admins_only
def checks(request: HttpRequest) -> HttpResponse:
    return render(request, "channels_whatsapp/_doctor.html", doctor_context(request))


@require_GET
@admins_only
def check(request: HttpRequest, key: str) -> HttpResponse:
    """One check, made now."""
    found = next((each for each in checklist.checks() if each.key == key), None)
    if found is None:
        raise Http404(_("There is no such check."))
    return render(request, "channels_whatsapp/_check.html", {"result": checklist.run(found)})
