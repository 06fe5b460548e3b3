from __future__ import annotations

import io
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from PIL import Image

from channels_whatsapp.demo.build import STORIES
from channels_whatsapp.models import Receipt, Sender
from inbox import clock, files
from inbox.arrivals import Arrival, receive
from inbox.models import (
    Address,
    Agent,
    Attachment,
    Channel,
    ConsentEntry,
    Contact,
    Conversation,
    Message,
    Window,
)

COLUMNS = (
    "last_message_at", "last_message_preview", "last_message_direction", "last_message_kind",
    "last_message_status", "waiting_since", "window_closes_at", "unread_count",
)  # fmt: skip


@pytest.fixture
def demo(db: None, settings: Any, tmp_path: Path) -> Iterator[None]:
    settings.DEMO, settings.DEMO_PASSWORD, settings.MEDIA_ROOT = True, "a demo password", tmp_path
    call_command("demo", verbosity=0)
    yield


def test_it_is_quick(db: None, settings: Any, tmp_path: Path) -> None:
    settings.DEMO, settings.MEDIA_ROOT = True, tmp_path
    started = time.process_time()
    call_command("demo", "--password", "a demo password", verbosity=0)
    assert time.process_time() - started < 5


def test_its_three_people_can_sign_in(demo: None) -> None:
    roles = dict(Agent.objects.values_list("username", "role"))
    assert roles == {"admin": "admin", "lead": "lead", "agent": "agent", "jonah": "agent"}
    for username in ("admin", "lead", "agent"):
        assert Client().login(username=username, password="a demo password")
    assert not Agent.objects.get(username="jonah").has_usable_password()
    assert list(Agent.objects.filter(is_superuser=True).values_list("username", flat=True)) == ["admin"]


def test_it_holds_every_state_and_kind(demo: None) -> None:
    assert Conversation.objects.count() == len(STORIES) >= 40
    messages = Message.objects.all()
    kinds = {"text", "image", "audio", "document", "location", "contacts", "sticker", "button", "list",
             "template", "unsupported"}  # fmt: skip
    assert kinds <= set(messages.values_list("kind", flat=True))
    assert {"received", "sent", "delivered", "read", "undelivered", "failed", "unknown"} <= set(
        messages.values_list("status", flat=True)
    )
    conversations = Conversation.objects.all()
    assert set(conversations.values_list("status", flat=True)) == {"open", "pending", "snoozed", "resolved"}
    assert messages.filter(recovered=True).exists()
    assert messages.filter(reply_to__isnull=False).exists()
    assert messages.filter(direction="note").exists()
    assert conversations.filter(unread_count__gt=0, assignee=None).exists()
    assert Attachment.objects.filter(state="failed").exclude(error="").exists()
    assert Address.objects.filter(kind="user_id").count() == 2
    assert Window.objects.filter(opted_out_at__isnull=False).count() == 2
    assert ConsentEntry.objects.filter(action="opt_out", evidence__isnull=False).count() == 2
    now = clock.now()
    left = sorted((w.closes_at - now).total_seconds() for w in Window.objects.all())
    assert any(0 < seconds < 3600 for seconds in left)
    assert left[0] < 0
    assert left[-1] > 23 * 3600


def test_what_failed_says_why(demo: None) -> None:
    for message in Message.objects.filter(status__in=["failed", "undelivered"]):
        assert message.error_code
        assert len(message.error) > 10


def test_all_numbers_are_kept_for_fiction(demo: None) -> None:
    values = [
        *Address.objects.values_list("value", flat=True),
        *Channel.objects.values_list("address", flat=True),
    ]
    for value in values:
        number = value.removeprefix("whatsapp:")
        assert number.startswith(("+447700900", "+1202555", "GB.", "US.")), value
    assert len(values) == len(set(values))


def test_each_channel_has_its_sender_at_the_settings_account(demo: None, settings: Any) -> None:
    assert Sender.objects.count() == Channel.objects.count() == 3
    for sender in Sender.objects.select_related("channel", "account"):
        assert (sender.address, sender.account.sid) == (sender.channel.address, settings.TWILIO_ACCOUNT_SID)


def test_its_files_are_what_they_say(demo: None) -> None:
    stored = Attachment.objects.filter(state="stored")
    assert stored.count() > 15
    for attachment in stored:
        with attachment.file.open("rb") as file:
            assert files.sniff(file) == attachment.content_type
            content = file.read()
        assert attachment.size == len(content)
        if attachment.content_type.startswith("image/"):
            assert Image.open(io.BytesIO(content)).size == (attachment.width, attachment.height)
            assert attachment.thumbnail


def test_its_rows_are_as_the_verbs_would_have_left_them(demo: None) -> None:
    """Every conversation is lived through again, by the door that webhooks use and the verbs of replying."""
    for built in Conversation.objects.prefetch_related("messages__attachments"):
        said = [m for m in built.messages.all() if m.direction != "note"]
        assert built.last_message_id == max(said, key=lambda m: (m.created_at, m.pk)).pk
        lived = lived_again(built)
        different = {
            name: (getattr(built, name), getattr(lived, name))
            for name in COLUMNS
            if getattr(built, name) != getattr(lived, name)
        }
        if built.unread_count == 0:  # somebody has looked since
            different.pop("unread_count", None)
        if built.is_resolved:
            different.pop("waiting_since", None)
        assert not different, str(built)
        windows = Window.objects.filter(address__contact=built.contact, channel=built.channel)
        assert [w.closes_at for w in windows] == [built.window_closes_at] or not windows


def lived_again(built: Conversation) -> Conversation:
    contact = Contact.objects.create(name="Again")
    address = Address.objects.create(contact=contact, kind="phone", value=f"whatsapp:+1555{built.pk:07}")
    conversation = Conversation.objects.create(contact=contact, channel=built.channel, address=address)
    for message in sorted(built.messages.all(), key=lambda m: (m.created_at, m.pk)):
        conversation.refresh_from_db()
        if message.is_inbound:
            receive(
                Arrival(
                    channel_id=built.channel_id, sid=f"again{message.pk}", address=address.value,
                    kind=message.kind, body=message.body, at=message.created_at,
                )
            )  # fmt: skip
        elif message.is_outbound:
            message.pk, message.sid, message.client_id, message.conversation = None, None, None, conversation
            message.save()
            conversation.note_last(message)
    conversation.refresh_from_db()
    return conversation


def test_every_inbound_message_has_its_webhook(demo: None) -> None:
    inbound = Message.objects.filter(direction="inbound")
    assert Receipt.objects.count() == inbound.filter(recovered=False).count()
    receipt = Receipt.objects.filter(sid=inbound.filter(recovered=False).first().sid).get()
    assert receipt.replay() == Receipt.Outcome.APPLIED
    assert Message.objects.filter(direction="inbound").count() == inbound.count()


def test_it_is_the_same_each_time(demo: None, settings: Any) -> None:
    def shape() -> list[tuple[Any, ...]]:
        rows = Message.objects.order_by("pk").values_list("body", "kind", "status", "sid", "author__username")
        return list(rows)

    before = shape()
    call_command("demo", "--reset", verbosity=0)
    assert shape() == before
    assert len(list(settings.MEDIA_ROOT.rglob("*"))) < 400


def test_it_leaves_an_inbox_alone_that_is_in_use(demo: None, capsys: pytest.CaptureFixture[str]) -> None:
    pks = set(Conversation.objects.values_list("pk", flat=True))
    call_command("demo")
    assert "not empty" in capsys.readouterr().out
    assert set(Conversation.objects.values_list("pk", flat=True)) == pks


@pytest.mark.parametrize("words", [[], ["--reset"]])
def test_it_never_touches_an_installation_that_is_no_demo(db: None, settings: Any, words: list[str]) -> None:
    settings.DEMO = False
    Channel.objects.create(name="Real", address="whatsapp:+447700900001")
    with pytest.raises(CommandError, match="not a demo"):
        call_command("demo", *words)
    assert Channel.objects.get().name == "Real"
    assert not Agent.objects.exists()
