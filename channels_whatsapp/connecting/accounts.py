"""A Twilio account: taken in after Twilio itself accepted its credentials, and its token changed."""

from __future__ import annotations

import re

from django.db import transaction
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_variables

from channels_whatsapp import client, setup
from channels_whatsapp.connecting import words
from channels_whatsapp.models import Account
from channels_whatsapp.signature import accounts as signing
from inbox.models import Agent, Event
from inbox.refusals import Refused

SID = re.compile(r"AC[0-9a-fA-F]{32}")


@sensitive_variables("token")
def connect(sid: str, token: str, *, by: Agent) -> Account:
    """Check, then keep. An account that is here already gets the token: the one before goes on verifying,
    and what was refused meanwhile is fetched from Twilio's list.

    :raises Refused: Twilio does not accept it, or did not answer. Nothing is kept then.
    """
    from channels_whatsapp.tasks import defer_once, reconcile_all

    name = check(sid, token)
    with transaction.atomic():
        account, is_new = Account.objects.select_for_update().get_or_create(sid=sid)
        account.name = account.name or name
        account.take_token(token)
        account.save()
        transaction.on_commit(signing.forget)
        Event.record("account.connected" if is_new else "account.token_changed", by=by, account=sid)
        defer_once(reconcile_all)
    return account


def use_settings(*, by: Agent) -> Account:
    """The account that TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN name, checked like any other.

    :raises Refused:
    """
    from django.conf import settings

    if not settings.TWILIO_ACCOUNT_SID or not settings.TWILIO_AUTH_TOKEN:
        step = _("Enter them here, or set both and restart.")
        raise Refused("no_settings", _("The settings name no Twilio account with a token."), step)
    name = check(settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN[0])
    setup.ensure_from_settings()
    account, is_new = Account.objects.get_or_create(sid=settings.TWILIO_ACCOUNT_SID)
    Account.objects.filter(pk=account.pk, name="").update(name=name)
    if is_new:
        Event.record("account.connected", by=by, account=account.sid)
    return account


@sensitive_variables("token")
def check(sid: str, token: str) -> str:
    """The account's name at Twilio.

    :raises Refused: with what is wrong. The token is in none of its words.
    """
    try:
        with client.told_apart():
            found = client.signed_in(sid, token).api.v2010.accounts(sid).fetch()
    except client.CallFailed as failure:
        raise refusal(failure, token) from None
    if found.status != "active":
        sentence = _("Twilio says that this account is %(status)s.") % {"status": found.status}
        raise Refused("not_active", sentence, _("Bring it into order in the Twilio Console first."))
    return str(found.friendly_name or "").replace(token, "••••")[:80]


def refusal(failure: client.CallFailed, token: str) -> Refused:
    if failure.status == 401:
        return Refused(
            "token_refused",
            _("Twilio does not accept this SID with this token."),
            _("Copy both from the front page of the Twilio Console. API keys and test credentials fail."),
        )
    if failure.code == words.NO_ACCOUNT or failure.status == 404:
        return Refused("no_account", _("Twilio has no such account."), _("Copy the account SID once more."))
    said = words.refusal(failure)
    if said.code == "no_answer":
        return Refused(said.code, _("Twilio gave no answer, so nothing was stored."), _("Try again."))
    return Refused(said.code, said.sentence.replace(token, "••••"), said.next_step)
