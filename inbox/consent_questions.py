"""Questions about consent: the one that we ask a customer, and the one that a message puts to us.

"May we send you offers?" goes out as content with two buttons whose ids say what a tap means. A tap counts
when it answers a question that we asked this customer (`answer`); the same words from elsewhere do not.

A sentence such as "stop, it is still broken" is no opt-out by itself (inbox/keywords.py). Its bubble asks
whoever reads it (`settle_stop`), once. A yes can be taken back (`take_back_stop`): then it asks again.
"""

from __future__ import annotations

import re
import uuid
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from inbox import consent, gateways
from inbox.gateways import FilledTemplate
from inbox.models import Agent, ConsentEntry, Conversation, Event, Message
from inbox.models.contact import open_window_of
from inbox.refusals import Refused

SOURCE = "asked in chat"
# A tap on an old question of which WhatsApp does not say which it was.
REMEMBERED = timedelta(days=90)
_BUTTON = re.compile(r"\Afanlight-opt-in:(utility|marketing):(yes|no)\Z")
_ACTIONS = {"yes": ConsentEntry.Action.OPT_IN, "no": ConsentEntry.Action.OPT_OUT}


def button_id(category: str, answer: str) -> str:
    """What a button of our question carries; `answer` is ``yes`` or ``no``."""
    return f"fanlight-opt-in:{category}:{answer}"


def read_button(pressed: str) -> tuple[str, str]:
    """``(action, category)`` of such a button, else two empty words."""
    found = _BUTTON.match(pressed)
    return (str(_ACTIONS[found[2]]), found[1]) if found else ("", "")


def ask(conversation: Conversation, *, by: Agent, client_id: uuid.UUID | None = None) -> Message:
    """Send the question about marketing messages.

    Not to be called in a transaction: what is made for the question stays when it cannot be sent yet.

    :raises Refused: the window is closed, they asked for silence, or the question is still being made.
    """
    if open_window_of(conversation.contact_id, conversation.channel_id) is None:
        raise Refused(
            "window_closed",
            _("They can only be asked while the 24-hour window is open."),
            _("Ask when they write again."),
        )
    conversation.must_take()
    question = gateways.opt_in_question().for_conversation(conversation, by)
    return _send(conversation, question, by, client_id)


@transaction.atomic
def _send(
    conversation: Conversation, question: FilledTemplate, by: Agent, client_id: uuid.UUID | None
) -> Message:
    template = {"content_sid": question.content_sid, "content_variables": dict(question.variables)}
    [message] = conversation.reply(by=by, template=template, client_id=client_id)
    if not Event.objects.filter(message=message, verb="contact.asked").exists():
        told = {"category": str(ConsentEntry.Category.MARKETING), "text": question.text}
        Event.record("contact.asked", conversation=conversation, message=message, by=by, **told)
    return message


def answer(message_id: int, action: str, category: str, at: datetime | None) -> bool:
    """A button of our question was tapped. False when it answers no question that we asked."""
    message = Message.objects.select_related("conversation", "reply_to").get(pk=message_id)
    question = _question_of(message, category)
    if question is None:
        return False
    verb = consent.opt_in if action == ConsentEntry.Action.OPT_IN else consent.opt_out
    more = {"category": category, "text": question.data.get("text", ""), "evidence": message.pk, "at": at}
    return verb(message.conversation_id, SOURCE, **more)


def _question_of(message: Message, category: str) -> Event | None:
    talk = message.conversation
    asked = Event.objects.filter(verb="contact.asked", data__category=category).order_by("-pk")
    if message.reply_to_sid:
        replied = message.reply_to
        is_ours = (
            replied is not None and replied.is_outbound and replied.conversation.contact_id == talk.contact_id
        )
        return asked.filter(message=replied).first() if is_ours else None
    theirs = Conversation.objects.filter(contact=talk.contact_id, channel=talk.channel_id)
    return asked.filter(conversation__in=theirs.values("pk"), created_at__gt=Now() - REMEMBERED).first()


@transaction.atomic
def settle_stop(message: Message, *, is_stop: bool, by: Agent) -> bool:
    """A person says whether this message asks us to stop writing. The first answer counts."""
    open_rows = Message.objects.select_for_update().filter(pk=message.pk, payload__asks_to_stop=True)
    if not (found := open_rows.first()):
        return False
    payload = found.payload | {"asks_to_stop": "yes" if is_stop else "no"}
    Message.objects.filter(pk=message.pk).update(payload=payload)
    message.payload = payload
    if is_stop:
        more = {"evidence": message.pk, "by": by, "at": message.created_at}
        consent.opt_out(message.conversation_id, SOURCE, **more)
    else:
        Event.record("contact.stayed", conversation=message.conversation, message=message, by=by)
    message.announce()
    return True


@transaction.atomic
def take_back_stop(message: Message, *, by: Agent) -> None:
    """The "yes" was a slip.

    :raises Refused: it was not said, or something else was said since.
    """
    rows = Message.objects.select_for_update().filter(pk=message.pk, payload__asks_to_stop="yes")
    found = rows.first()
    if not found or not consent.take_back(message.conversation_id, message.pk, by=by):
        raise Refused(
            "consent_changed",
            _("Their consent has changed since, so this cannot be undone."),
            _("Look at it in the details, and record there what they said."),
        )
    payload = found.payload | {"asks_to_stop": True}
    Message.objects.filter(pk=message.pk).update(payload=payload)
    message.payload = payload
    message.announce()
