from __future__ import annotations

import threading
import uuid
from datetime import timedelta

import pytest
from django.db import connection, transaction

from inbox import consent, statuses
from inbox.models import Attachment, Conversation, Event, Message, Window
from inbox.models.replying import _Act
from inbox.refusals import Refused
from tests import world


@pytest.fixture
def conversation(db: None) -> Conversation:
    return world.conversation()


def upload(conversation: Conversation, content_type: str = "image/jpeg", size: int = 1000) -> Attachment:
    return Attachment.objects.create(
        conversation=conversation, state="stored", content_type=content_type, size=size, filename="a b.x"
    )


def refusal(conversation: Conversation, body: str = "Hello", **more: object) -> str:
    with pytest.raises(Refused) as refused:
        conversation.reply(body, by=None, **more)
    assert refused.value.sentence.endswith(".")
    assert not Message.objects.filter(direction="outbound").exists()
    return refused.value.code


def test_a_reply_is_a_queued_message_with_one_event(conversation: Conversation) -> None:
    tomasz = world.agent()
    [message] = conversation.reply("  Hello  ", by=tomasz)
    assert (message.body, message.status, message.author) == ("Hello", statuses.QUEUED, tomasz)
    assert conversation.events.get().verb == "conversation.replied"
    conversation.refresh_from_db()
    assert conversation.last_message == message
    assert conversation.last_message_status == "queued"


def test_a_reply_ends_the_waiting(conversation: Conversation) -> None:
    Conversation.objects.update(unread_count=2, waiting_since=conversation.created_at)
    conversation.reply("Hello", by=None)
    conversation.refresh_from_db()
    assert (conversation.unread_count, conversation.waiting_since) == (0, None)


def test_it_refuses_a_free_reply_after_the_window(db: None) -> None:
    late = world.conversation(left=timedelta(seconds=-1))
    assert refusal(late) == "window_closed"
    assert refusal(world.conversation(world.contact("Never wrote"), left=None)) == "window_closed"


def test_a_template_may_be_sent_after_the_window(db: None) -> None:
    late = world.conversation(left=timedelta(days=-3))
    [message] = late.reply(by=None, template={"content_sid": "HX1", "content_variables": {"1": "Nour"}})
    assert message.kind == Message.Kind.TEMPLATE


def test_the_window_of_any_address_of_the_contact_counts(db: None) -> None:
    late = world.conversation(left=timedelta(hours=-1))
    user_id = late.contact.addresses.create(kind="user_id", value="whatsapp:GB.abc1")
    Window.objects.create(
        address=user_id, channel=late.channel, closes_at=late.window_closes_at + timedelta(hours=5)
    )
    assert late.reply("Hello", by=None)


def test_it_refuses_a_customer_who_opted_out(conversation: Conversation) -> None:
    consent.opt_out(conversation.pk, "keyword")
    assert refusal(conversation) == "opted_out"
    assert refusal(conversation, "", template={"content_sid": "HX1"}) == "opted_out"


def test_it_refuses_over_a_channel_that_is_off(conversation: Conversation) -> None:
    conversation.channel.is_active = False
    assert refusal(conversation) == "channel_off"


@pytest.mark.parametrize(
    ("body", "code"), [("", "empty"), (" \n ", "empty"), ("x" * 1601, "too_long"), ("🙂" * 1601, "too_long")]
)
def test_it_refuses_what_whatsapp_does_not_take(conversation: Conversation, body: str, code: str) -> None:
    assert refusal(conversation, body) == code


def test_it_takes_1600_characters(conversation: Conversation) -> None:
    assert conversation.reply("🙂" * 1600, by=None)


@pytest.mark.parametrize(
    ("content_type", "size", "code"),
    [
        ("image/jpeg", 5_000_001, "file_size"),
        ("application/pdf", 16_000_001, "file_size"),
        ("image/gif", 10, "file_type"),
        ("text/html", 10, "file_type"),
    ],
)
def test_it_refuses_files_beyond_the_limits(
    conversation: Conversation, content_type: str, size: int, code: str
) -> None:
    assert refusal(conversation, files=[upload(conversation, content_type, size)]) == code


def test_each_file_is_a_message_of_its_own(conversation: Conversation) -> None:
    files = [upload(conversation), upload(conversation, "application/pdf"), upload(conversation)]
    messages = conversation.reply("Brass left, black right.", by=None, files=files)
    assert [m.kind for m in messages] == ["image", "document", "image"]
    assert [m.body for m in messages] == ["Brass left, black right.", "", ""]
    assert [m.attachments.get() for m in messages] == files
    assert Event.objects.count() == 1


def test_text_that_cannot_be_a_caption_follows_the_file(conversation: Conversation) -> None:
    messages = conversation.reply("The form", by=None, files=[upload(conversation, "application/pdf")])
    assert [(m.kind, m.body) for m in messages] == [("document", ""), ("text", "The form")]


def test_a_file_is_sent_once(conversation: Conversation) -> None:
    file = upload(conversation)
    conversation.reply(by=None, files=[file])
    with pytest.raises(Refused, match="already sent"):
        conversation.reply(by=None, files=[file])
    assert Message.objects.count() == 1


def test_the_same_act_again_is_answered_with_its_messages(conversation: Conversation) -> None:
    act = {"by": None, "files": [upload(conversation), upload(conversation)], "client_id": uuid.uuid4()}
    first, again = conversation.reply("Two", **act), conversation.reply("Two", **act)
    assert first == again
    assert Message.objects.count() == 2


def test_a_changed_text_under_a_used_number_does_not_pass_for_sent(conversation: Conversation) -> None:
    number = uuid.uuid4()
    conversation.reply("See you at ten", by=None, client_id=number)
    with pytest.raises(Refused) as refused:
        conversation.reply("See you at eleven", by=None, client_id=number)
    assert refused.value.code == "client_id_used"


def test_it_refuses_when_somebody_else_wrote_meanwhile(conversation: Conversation) -> None:
    tomasz, priya = world.agent("tomasz"), world.agent("priya")
    seen = world.message(conversation).pk
    conversation.reply("From Priya", by=priya, seen=seen)
    with pytest.raises(Refused) as refused:
        conversation.reply("From Tomasz", by=tomasz, seen=seen)
    assert refused.value.code == "newer_messages"
    assert conversation.reply("From Tomasz", by=tomasz)


def test_ones_own_messages_are_no_surprise(conversation: Conversation) -> None:
    tomasz, seen = world.agent(), world.message(conversation).pk
    conversation.reply("One", by=tomasz, seen=seen)
    assert conversation.reply("Two", by=tomasz, seen=seen)


def test_a_reply_opens_a_resolved_conversation(conversation: Conversation) -> None:
    conversation.resolve(by=None)
    conversation.reply("One more thing", by=None)
    conversation.refresh_from_db()
    assert conversation.status == "open"


def test_a_note_stays_inside(conversation: Conversation) -> None:
    note = conversation.add_note("Second cracked shade", by=world.agent())
    assert (note.direction, note.status) == ("note", "received")
    assert conversation.events.get().verb == "note.added"


def test_nothing_stays_of_a_reply_that_was_rolled_back(conversation: Conversation) -> None:
    with pytest.raises(RuntimeError), transaction.atomic():
        conversation.reply("Hello", by=None)
        raise RuntimeError
    assert not Message.objects.exists()
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM procrastinate_jobs")
        assert cursor.fetchone() == (0,)


@pytest.mark.django_db(transaction=True)
def test_a_hundred_presses_at_once_are_one_message() -> None:
    conversation, number = world.conversation(), uuid.uuid4()
    barrier, answers = threading.Barrier(8), []

    def press() -> None:
        barrier.wait()
        mine = Conversation.objects.select_related("channel").get(pk=conversation.pk)
        answers.extend(m.pk for _ in range(13) for m in mine.reply("Hello", by=None, client_id=number))
        connection.close()

    threads = [threading.Thread(target=press) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 104
    assert set(answers) == {Message.objects.get().pk}
    assert Event.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_second_press_does_not_wait_for_a_status_that_is_being_written() -> None:
    """It would hold the conversation meanwhile, for which the status waits: a deadlock."""
    conversation, number = world.conversation(), uuid.uuid4()
    first = conversation.reply("Hello", by=None, client_id=number)
    is_written, may_commit = threading.Event(), threading.Event()

    def write_status() -> None:
        with transaction.atomic():
            Message.objects.update(status=statuses.SENDING)
            is_written.set()
            may_commit.wait(10)
        connection.close()

    writer = threading.Thread(target=write_status)
    writer.start()
    is_written.wait(10)
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = '2s'")
            # Both presses looked before either had written.
            assert conversation._queue(_Act("Hello", client_id=number), None, None) == first
    finally:
        may_commit.set()
        writer.join()


def test_a_failed_message_is_queued_again(conversation: Conversation) -> None:
    [message] = conversation.reply("Hello", by=None)
    assert message.retry(by=None) is False
    message.rise("undelivered", at=conversation.created_at, error_code=63016, error="Too late")
    assert message.retry(by=None) is True
    message.refresh_from_db()
    assert (message.status, message.error_code, message.error) == ("queued", None, "")


def test_a_retry_after_the_window_is_refused(conversation: Conversation) -> None:
    [message] = conversation.reply("Hello", by=None)
    message.rise("failed", at=conversation.created_at, error_code=63016, error="Too late")
    Window.objects.update(closes_at=conversation.created_at - timedelta(hours=1))
    with pytest.raises(Refused):
        message.retry(by=None)
    message.refresh_from_db()
    assert message.status == "failed"


def test_a_status_never_falls_and_an_error_is_never_cleared(conversation: Conversation) -> None:
    [message] = conversation.reply("Hello", by=None)
    now = conversation.created_at
    assert message.rise("undelivered", at=now, error_code=30003, error="Unreachable")
    assert not message.rise("sent", at=now)
    assert message.rise("delivered", at=now)
    message.refresh_from_db()
    assert (message.status, message.error_code) == ("delivered", 30003)
    conversation.refresh_from_db()
    assert conversation.last_message_status == "delivered"


@pytest.mark.parametrize(("arrived", "status"), [(True, "sent"), (False, "failed")])
def test_a_person_settles_what_nobody_could_find_out(
    conversation: Conversation, arrived: bool, status: str
) -> None:
    tomasz = world.agent()
    [message] = conversation.reply("Hello", by=tomasz)
    message.rise("unknown", at=conversation.created_at)
    assert message.settle_unknown(arrived=arrived, by=tomasz) is True
    assert message.settle_unknown(arrived=arrived, by=tomasz) is False
    message.refresh_from_db()
    assert message.status == status
