"""A number that the team answers no more. Its conversations stay, to be read."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from channels_whatsapp import client
from channels_whatsapp.connecting import words
from channels_whatsapp.models import Sender
from inbox import statuses
from inbox.models import Agent, Event, Message
from inbox.refusals import Refused


def waiting(sender: Sender) -> int:
    """Messages that are on their way out, and those whose outcome is looked for under this number."""
    rows = Message.objects.filter(conversation__channel=sender.channel_id)
    return rows.filter(status__in=[statuses.QUEUED, statuses.SENDING, statuses.UNKNOWN]).count()


def must_be_idle(sender: Sender) -> None:
    if count := waiting(sender):
        sentence = ngettext(
            "%(count)d message is still waiting to leave from this number, or not confirmed.",
            "%(count)d messages are still waiting to leave from this number, or not confirmed.",
            count,
        )
        step = _("Wait until they are gone. Of those not confirmed, say in the conversation if they arrived.")
        raise Refused("waiting", sentence % {"count": count}, step)


def remove(sender: Sender, *, at_twilio: bool, by: Agent) -> None:
    """Here, and when asked for at Twilio and WhatsApp too. What Twilio does not have any more is removed.

    :raises Refused: messages wait, or Twilio said no or nothing: then it stays here too.
    """
    must_be_idle(sender)
    if at_twilio and sender.sid and not sender.is_sandbox:
        _remove_at_twilio(sender)
    with transaction.atomic():
        channel = sender.channel
        channel.is_active = False
        channel.save(update_fields=["is_active"])
        Event.record("sender.removed", channel=channel, by=by, address=sender.address, at_twilio=at_twilio)
        sender.delete()


def _remove_at_twilio(sender: Sender) -> None:
    twilio = client.for_account(sender.account)
    try:
        with client.told_apart():
            twilio.messaging.v2.channels_senders(sender.sid).delete()
    except client.CallFailed as failure:
        if failure.status != 404:
            raise words.refusal(failure) from failure
