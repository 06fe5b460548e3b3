"""Makes the settings' Twilio account and number rows, so that everything else reads rows only."""

from __future__ import annotations

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from channels_whatsapp.models import Account, Sender
from inbox.models import Channel

# Twilio's shared number for trying things out (Twilio, "Sandbox for WhatsApp").
SANDBOX = "whatsapp:+14155238886"


@transaction.atomic
def ensure_from_settings() -> Sender | None:
    """The sender that the settings name, made when missing; None when they name none.

    The account is made without a number too: senders can be entered in the admin. A demo makes its own.
    The token stays in the settings. What somebody changed about the rows since is left alone.
    """
    address = settings_address()
    if not settings.TWILIO_ACCOUNT_SID or (settings.DEMO and not address):
        return None
    account, _ = Account.objects.get_or_create(sid=settings.TWILIO_ACCOUNT_SID)
    if not address:
        return None
    if known := Sender.objects.filter(address=address).first():
        return known
    channel, _ = Channel.objects.get_or_create(address=address, defaults={"name": address.partition(":")[2]})
    kind = Sender.Kind.SANDBOX if address == SANDBOX else Sender.Kind.PRODUCTION
    return Sender.objects.create(channel=channel, account=account, address=address, kind=kind)


@transaction.atomic
def seal_anew() -> None:
    """Seal with SECRET_KEY what a key of SECRET_KEY_FALLBACKS sealed, so that the old key can go."""
    if settings.SECRET_KEY_FALLBACKS:
        for account in Account.objects.select_for_update():
            account.save(update_fields=["auth_token", "previous_auth_token", "shared_key_secret"])


def settings_address() -> str:
    """TWILIO_WHATSAPP_FROM, else the business number, as "whatsapp:+…"."""
    number = settings.TWILIO_WHATSAPP_FROM or settings.WHATSAPP_BUSINESS_PHONE_NUMBER
    number = number.strip().replace(" ", "")
    return f"whatsapp:{number.removeprefix('whatsapp:')}" if number else ""


def accounts() -> QuerySet[Account]:
    """Those that somebody answers for: a demo that is over leaves an account behind."""
    known = Account.objects.all()
    return known if settings.DEMO else known.exclude(sid=settings.DEMO_ACCOUNT_SID)


def senders() -> QuerySet[Sender]:
    return Sender.objects.filter(account__in=accounts())
