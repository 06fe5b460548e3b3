"""POST /api/whatsapp/send: one message to one customer, for programs."""

from __future__ import annotations

import re
import threading
import time
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema, inline_serializer
from rest_framework import exceptions, serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from inbox import statuses
from inbox.access import channels_for
from inbox.api.forms import MAX_BODY, ContentFields, Text
from inbox.api.idempotency import client_id_of, done_before, must_be_same, other_request
from inbox.api.serializers import ErrorSerializer
from inbox.arrivals import conversation_with
from inbox.models import Agent, Channel, Message
from inbox.models.contact import open_windows_with
from inbox.refusals import Refused

NUMBER = re.compile(r"\+?[1-9][0-9]{6,14}")
# Twilio, "Key concepts of WhatsApp": country, a dot, up to 128 letters and digits; or a parent's user ID.
USER_ID = re.compile(r"whatsapp:[A-Z]{2}\.(ENT\.)?[A-Za-z0-9]{1,128}")
MAX_WAIT = 30.0  # seconds
LOOK_EVERY = 0.1  # seconds
WAIT = re.compile(r"(?:^|[,;\s])wait=([0-9]{1,6})(?:$|[,;\s])")

# A request that waits holds one of the web process' threads. Webhooks need those more.
_waiting = threading.BoundedSemaphore(max(1, settings.WEB_THREADS // 2))


def address_of(text: str) -> str:
    """`whatsapp:+E164` from any way of writing it; a user ID as it is.

    :raises ValueError: it is neither.
    """
    if USER_ID.fullmatch(text):
        return text
    number = re.sub(r"[\s().-]", "", text.removeprefix("whatsapp:"))
    if not NUMBER.fullmatch(number):
        raise ValueError(text)
    return f"whatsapp:+{number.removeprefix('+')}"


class AddressField(Text):
    def to_internal_value(self, data: Any) -> str:
        try:
            return address_of(super().to_internal_value(data))
        except ValueError:
            raise serializers.ValidationError(
                _("Neither a number like +447700900318 nor a WhatsApp address.")
            ) from None


class SendForm(ContentFields):
    to = AddressField(max_length=160, help_text="E.164 or a `whatsapp:` address")
    message = Text(required=False, allow_blank=True, max_length=MAX_BODY)

    TEXT = "message"

    def get_fields(self) -> dict[str, serializers.Field]:
        # "from" is a word of Python.
        sender = AddressField(max_length=160, required=False, help_text="the channel's address")
        return super().get_fields() | {"from": sender}


ANSWER = inline_serializer(
    "Sent",
    {
        "success": serializers.BooleanField(),
        "id": serializers.IntegerField(),
        "status": serializers.ChoiceField(Message.Status.choices),
        "messageSid": serializers.CharField(allow_null=True),
    },
)
HEADERS = [
    OpenApiParameter("Idempotency-Key", str, "header", description="The same key sends once."),
    OpenApiParameter(
        "Prefer", str, "header", description="`wait=5`: wait up to 5 seconds (at most 30) for Twilio."
    ),
]


class Send(APIView):
    """Queues a message; with `Prefer: wait=N` waits for Twilio's answer.

    202 queued · 200 taken by Twilio · 400 wrong input, or (waited for) refused by Twilio with
    `error_code` · 403 opted out or no opt-in · 409 window closed, or the key was used for another message ·
    429 too many requests, see `Retry-After`.
    """

    @extend_schema(
        tags=["send"], request=SendForm, parameters=HEADERS, operation_id="whatsapp_send",
        responses={200: ANSWER, 202: ANSWER} | dict.fromkeys((400, 401, 403, 409, 413, 429), ErrorSerializer),
    )  # fmt: skip
    def post(self, request: Request) -> Response:
        form = SendForm(data=must_hold_something(request.data))
        form.is_valid(raise_exception=True)
        client_id = client_id_of(request)
        message = done_before(request, client_id) or queue(request.user, form, client_id)
        must_be_same(message, form.content)
        must_go_to(message, form.validated_data)
        seconds = seconds_to_wait(request.headers.get("Prefer", ""))
        waited = seconds > 0 and wait_for_answer(message, seconds)
        response = answer(message)
        if waited:
            response["Preference-Applied"] = f"wait={seconds:.0f}"
        return response


def must_hold_something(data: Any) -> Any:
    content = ("message", "media_url", "content_sid")
    if not isinstance(data, dict) or not data.get("to") or not any(data.get(name) for name in content):
        raise exceptions.ParseError(_("to and message required"))
    return data


@transaction.atomic
def queue(agent: Agent, form: SendForm, client_id: Any) -> Message:
    """A refusal takes back the contact and conversation that were made for it."""
    asked = form.validated_data
    channel = channel_for(agent, asked.get("from", ""), asked["to"])
    conversation = conversation_with(channel, asked["to"])
    return conversation.reply(**form.content, by=agent, client_id=client_id)[0]


def channel_for(agent: Agent, address: str, to: str) -> Channel:
    """The named one; else one that may write to this customer now; else any, of those the agent may see.

    Where there is a choice it is that of TWILIO_WHATSAPP_FROM, then the one the customer wrote to last.
    """
    channels = channels_for(agent).order_by("pk")
    if address:
        channel = channels.filter(address=address).first()
        if channel is None:
            raise serializers.ValidationError({"from": [_("You have no channel with this address.")]})
        return channel
    active = channels.filter(is_active=True)
    windows = open_windows_with(to)
    written_to = active.filter(pk__in=windows.values("channel"))
    latest = written_to.filter(pk=windows.values("channel")[:1])
    default = Q(address=default_address())
    for choice in (written_to.filter(default), latest, written_to, active.filter(default), active):
        if channel := choice.first():
            return channel
    raise Refused("no_channel", _("There is no channel to send from."), _("Ask an admin to connect one."))


def default_address() -> str:
    try:
        return address_of(settings.TWILIO_WHATSAPP_FROM)
    except ValueError:
        return ""


def must_go_to(message: Message, asked: dict[str, Any]) -> None:
    """:raises Refused: the key was used for another customer or channel."""
    conversation = message.conversation
    is_theirs = conversation.contact.addresses.filter(value=asked["to"]).exists()
    if not is_theirs or asked.get("from", conversation.channel.address) != conversation.channel.address:
        raise other_request()


def seconds_to_wait(prefer: str) -> float:
    """RFC 7240, section 4.3: `wait=10` among other preferences; at most 30 here."""
    found = WAIT.search(prefer)
    return min(float(found[1]), MAX_WAIT) if found else 0.0


def wait_for_answer(message: Message, seconds: float) -> bool:
    """Look at the row until Twilio has answered. False when too many wait already: then nobody does."""
    if not _waiting.acquire(blocking=False):
        return False
    try:
        deadline = time.monotonic() + seconds
        while is_on_its_way(message) and time.monotonic() < deadline:
            pause(LOOK_EVERY)
            message.refresh_from_db(fields=["status", "sid", "error_code", "error"])
        return True
    finally:
        _waiting.release()


def is_on_its_way(message: Message) -> bool:
    return message.status in (statuses.QUEUED, statuses.SENDING)


def pause(seconds: float) -> None:
    time.sleep(seconds)


def answer(message: Message) -> Response:
    body: dict[str, Any] = {"id": message.pk, "status": message.status, "messageSid": message.sid}
    if message.has_failed:
        # Not a 5xx: programs repeat those by themselves, and this refusal stands.
        refusal = {"error": message.error, "code": "refused_by_twilio", "error_code": message.error_code}
        return Response({"success": False} | refusal | body, status=400)
    return Response({"success": True} | body, status=200 if message.sid else 202)
