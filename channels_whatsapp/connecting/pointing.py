"""Tell Twilio where to bring a sender's messages. Doing it twice does no harm, so it may be tried again."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _
from twilio.rest import Client

from channels_whatsapp import client, hooks
from channels_whatsapp.connecting import told, words
from channels_whatsapp.models import Sender
from inbox import live
from inbox.models import Agent, Event
from inbox.refusals import Refused


def point_here(sender: Sender, *, by: Agent | None) -> None:
    """:raises Refused: with what Twilio said, or that it cannot be done by its API."""
    must_be_possible(sender)
    try:
        told.look_up(sender)
        _point(client.for_account(sender.account), sender)
        told.fetch(sender)
    except client.CallFailed as failure:
        raise words.refusal(failure) from failure
    with transaction.atomic():
        sender.refresh_from_db(fields=["drift"], from_queryset=Sender.objects.select_for_update())
        sender.drift = [each for each in sender.drift if each["what"] != "webhook"]
        sender.save(update_fields=["drift"])
        Event.record("sender.webhooks_set", channel=sender.channel, by=by)
        live.announce("alarm", sender.pk)


def must_be_possible(sender: Sender) -> None:
    if not hooks.address():
        step = _("Set PUBLIC_BASE_URL to the address under which Twilio reaches this server, then restart.")
        raise Refused("no_address", _("This server does not know its own address yet."), step)
    if sender.is_sandbox:
        raise Refused(
            "sandbox",
            _("Twilio's API cannot set the addresses of the sandbox."),
            _("Paste them in the Twilio Console under Messaging, Try it out, WhatsApp sandbox settings."),
        )


def _point(twilio: Client, sender: Sender) -> None:
    if not sender.sid:
        sentence = _("Twilio does not list this number.")
        raise Refused("not_listed", sentence, _("See whether it belongs to this account."))
    if sender.messaging_service_sid and _service_decides(twilio, sender.messaging_service_sid):
        _point_service(twilio, sender.messaging_service_sid)
    with client.told_apart():
        twilio.messaging.v2.channels_senders(sender.sid).update(told.Body({"webhook": hooks.wanted()}))


def _service_decides(twilio: Client, sid: str) -> bool:
    with client.told_apart():
        return not twilio.messaging.v1.services(sid).fetch().use_inbound_webhook_on_number


def _point_service(twilio: Client, sid: str) -> None:
    wanted = hooks.wanted()
    with client.told_apart():
        twilio.messaging.v1.services(sid).update(
            inbound_request_url=wanted["callback_url"],
            inbound_method="POST",
            fallback_url=wanted["fallback_url"],
            fallback_method="POST",
            status_callback=wanted["status_callback_url"],
        )
