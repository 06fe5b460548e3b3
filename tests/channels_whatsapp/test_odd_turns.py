"""What comes late, twice, from the wrong side or by a fault of ours: nothing is lost and nobody waits."""

from __future__ import annotations

import io
import random
import struct
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import ProgrammingError, connection
from django.test import Client
from PIL import Image, ImageOps

from channels_whatsapp import inbound, media, reconcile, signature, tasks, unknown, webhooks
from channels_whatsapp.models import Account, Receipt, Sender
from channels_whatsapp.retries import TryAgain
from channels_whatsapp.simulator import Simulator
from inbox import clock, statuses
from inbox.models import Attachment, Conversation, Event, Message, SendAttempt
from tests import world
from tests.channels_whatsapp.posting import PATH, fixture, post_fields, sid_of
from tests.inbox.api.conftest import Api
from tests.jobs import run_due_jobs

NOUR = "whatsapp:+447700900318"


def text(letter: str, **fields: str) -> dict[str, str]:
    sid = sid_of(letter)
    return fixture("inbound/text", MessageSid=sid, SmsSid=sid, SmsMessageSid=sid, **fields)


def told(status: str, **fields: str) -> dict[str, str]:
    """A status callback of message "a", from us to Nour."""
    sid = sid_of("a")
    words = {"MessageSid": sid, "SmsSid": sid, "From": world.SHOP, "To": NOUR, **fields}
    return fixture(f"status/{status}", **words)


@pytest.fixture
def sent(db: None) -> Message:
    talk = world.conversation(world.contact("Nour", NOUR), world.channel())
    message = world.message(talk, "x", "outbound", status=statuses.ACCEPTED, sid=sid_of("a"))
    SendAttempt.objects.create(message=message, sid=sid_of("a"), outcome="accepted")
    return message


def break_on(monkeypatch: pytest.MonkeyPatch, body: str) -> Callable[[], None]:
    """Messages with this text meet a fault of ours; until the returned function mends it."""
    real = inbound.receive

    def receive(arrival: Any) -> Any:
        if arrival.body == body:
            raise ValueError("a fault of ours")
        return real(arrival)

    monkeypatch.setattr(inbound, "receive", receive)
    return lambda: monkeypatch.setattr(inbound, "receive", real)


# Faults of ours


def test_one_record_that_breaks_us_holds_up_no_reconciliation(
    sim: Simulator, talk: Callable[..., Conversation], monkeypatch: pytest.MonkeyPatch
) -> None:
    talk()
    shop = Sender.objects.get()
    for minutes, body in ((9, "poison"), (5, "fine")):
        at = clock.now() - timedelta(minutes=minutes)
        sim.twilio.add_history("whatsapp:+447700900999", shop.address, body, at=at)
    mend = break_on(monkeypatch, "poison")
    reconcile.everything()
    shop.refresh_from_db()
    assert shop.complete_until
    assert Message.objects.filter(body="fine").exists()
    receipt = Receipt.objects.get(outcome="failed")
    mend()
    assert receipt.replay() == "applied"
    assert Message.objects.filter(body="poison").count() == 1


def test_a_number_that_was_taken_away_holds_up_no_search(
    sim: Simulator, talk: Callable[..., Conversation]
) -> None:
    ours = talk()
    gone = world.conversation(
        world.contact("O", "whatsapp:+447700900555"), world.channel("Old", "whatsapp:+447700900777")
    )
    orphan = world.message(gone, "old", "outbound", status=statuses.UNKNOWN)
    SendAttempt.objects.create(message=orphan, outcome="unknown")
    sim.faults.add("error_after", on="POST */Messages.json")
    sim.faults.add("drop", on="status *", times=None)
    [message] = ours.reply("hello", by=None)
    run_due_jobs()
    assert sim.wait_idle()
    Sender.objects.filter(channel=gone.channel).delete()
    unknown.resolve()
    message.refresh_from_db()
    orphan.refresh_from_db()
    assert message.sid
    assert "no longer connected" in orphan.error


@pytest.mark.django_db
def test_whatever_kept_a_webhook_from_being_stored_twilio_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(filing: object) -> None:
        raise ProgrammingError("column does not exist")

    world.channel()
    monkeypatch.setattr(webhooks, "keep", fail)
    answer = post_fields(fixture("inbound/text"), client=Client(raise_request_exception=False))
    assert (answer.status_code, answer.headers["Content-Type"]) == (503, "text/xml; charset=utf-8")
    assert b"<Response" in answer.content


def test_a_failed_receipt_whose_job_is_lost_is_found(
    transactional_db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.channel()
    params = fixture("inbound/text")
    mend = break_on(monkeypatch, params["Body"])
    post_fields(params)
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE procrastinate_jobs CASCADE")
    mend()
    Receipt.objects.update(received_at=clock.now() - timedelta(hours=5))
    tasks.defer_once(tasks.sweep)
    run_due_jobs(later=True)
    assert Message.objects.get().body == params["Body"]


def picture_that_trips_the_decoder() -> bytes:
    """A turned photo with EXIF broken so that Pillow raises something else than its own exceptions."""
    exif = Image.Exif()
    exif[0x0112], exif[0x010E], exif[0x8825] = 6, "hello", {1: "N", 2: (1.0, 2.0, 3.0)}
    whole = io.BytesIO()
    Image.effect_noise((64, 48), 40).convert("RGB").save(whole, "JPEG", exif=exif)
    chance = random.Random(1)
    for _ in range(20_000):
        broken = bytearray(whole.getvalue())
        for _ in range(2):
            broken[chance.randrange(20, 200)] = chance.choice([0, 255, 1, chance.randrange(256)])
        try:
            ImageOps.exif_transpose(Image.open(io.BytesIO(bytes(broken))))
        except (struct.error, TypeError):
            return bytes(broken)
        except Exception:
            continue
    raise AssertionError("no such picture was found")


def test_a_picture_that_trips_the_decoder_is_kept_as_a_file(
    sim: Simulator, talk: Callable[..., Conversation]
) -> None:
    talk()
    sim.customer("+447700900911").send_image("look", data=picture_that_trips_the_decoder())
    assert sim.wait_idle()
    run_due_jobs(later=True)
    file = Attachment.objects.get()
    assert (file.state, file.content_type) == ("stored", "application/octet-stream")


def test_a_file_that_breaks_us_is_given_up_after_a_day_with_a_word_to_the_agent(
    sim: Simulator, talk: Callable[..., Conversation], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> str:
        raise ValueError("a fault of ours")

    talk()
    monkeypatch.setattr(media.files, "sniff", broken)
    sim.customer("+447700900911").send_image("look")
    assert sim.wait_idle()
    file = Attachment.objects.get()
    for tries in range(1, len(media.DELAYS) + 1):
        with pytest.raises(TryAgain):
            media.fetch(file.pk)
        file.refresh_from_db()
        assert (file.state, file.tries) == ("pending", tries)
    media.fetch(file.pk)
    file.refresh_from_db()
    assert (file.state, file.error.partition(".")[0]) == (
        "failed",
        "It could not be fetched from Twilio for a day",
    )


def test_a_picture_that_trips_the_decoder_is_refused_as_an_upload(db: None) -> None:
    talk = world.conversation()
    browser = Client()
    browser.force_login(world.agent("ada", "lead"))
    file = SimpleUploadedFile("p.jpg", picture_that_trips_the_decoder(), "image/jpeg")
    assert browser.post(f"/conversations/{talk.pk}/uploads/", {"file": file}).status_code < 500


# Late, early, again


def test_the_same_key_is_the_same_template_after_its_text_is_known(
    sim: Simulator, talk: Callable[..., Conversation], settle: Callable[..., Any]
) -> None:
    cache.clear()
    talk()
    content = sim.twilio.add_content(
        "hello", {"twilio/text": {"body": "Hello {{1}}, all good"}}, {"1": "x"}, approved="UTILITY"
    )
    lead = Api(world.agent("lead", "lead"))
    asked = {"to": "+447700900911", "content_sid": content.sid, "content_variables": {"1": "Ann"}}
    first = lead.post("/api/whatsapp/send", asked, Idempotency_Key="k1")
    settle()
    second = lead.post("/api/whatsapp/send", asked, Idempotency_Key="k1")
    assert second[0] in (200, 202)
    assert second[1]["id"] == first[1]["id"]


def test_a_send_of_unknown_outcome_is_recognised_though_twilio_held_it_back(
    sim: Simulator, talk: Callable[..., Conversation]
) -> None:
    sim.faults.add("error_after", on="POST */Messages.json")
    sim.faults.add("drop", on="status *", times=None)
    [message] = talk().reply("slow one", by=None)
    run_due_jobs()
    assert sim.wait_idle()
    for record in sim.twilio.messages.values():
        if record.body == "slow one":
            record.sent = record.created + timedelta(minutes=6)
    unknown.resolve()
    message.refresh_from_db()
    assert message.sid


def test_a_late_word_about_the_first_attempt_does_not_end_a_retry(sent: Message) -> None:
    Message.objects.filter(pk=sent.pk).update(status=statuses.FAILED, error_code=63016)
    sent.refresh_from_db()
    sent.retry(by=None)
    for late in (told("sent"), told("failed")):
        assert post_fields(late, f"{PATH}/status").status_code == 200
        sent.refresh_from_db()
        assert (sent.status, sent.error_code) == (statuses.QUEUED, None)
    # But arrived is arrived.
    post_fields(told("delivered"), f"{PATH}/status")
    sent.refresh_from_db()
    assert sent.status == statuses.DELIVERED


@pytest.mark.django_db
@pytest.mark.parametrize("known", [True, False], ids=["known customer", "stranger"])
def test_what_a_quote_points_to_may_come_after_it(known: bool) -> None:
    world.channel()
    if known:
        post_fields(text("c"))
    post_fields(text("b", Body="B", OriginalRepliedMessageSid=sid_of("a"), OriginalRepliedMessageSender=NOUR))
    post_fields(text("a", Body="A"))
    assert Message.objects.get(body="B").reply_to == Message.objects.get(body="A")


# From the wrong side, and what we do not know


def test_one_account_says_nothing_about_anothers_message(sent: Message) -> None:
    other = Account.objects.create(sid="AC" + "ab" * 16, auth_token="t" * 32)
    signature.accounts.forget()
    said = told("failed", AccountSid=other.sid, ErrorCode="21610")
    post_fields(said, f"{PATH}/status", token="t" * 32)
    sent.refresh_from_db()
    assert sent.status == statuses.ACCEPTED
    assert not sent.conversation.is_opted_out
    assert Receipt.objects.get().outcome == "rejected"


def test_a_code_that_we_do_not_know_is_told_whichever_way_it_comes(sent: Message) -> None:
    post_fields(told("failed", ErrorCode="63999"), f"{PATH}/status")
    post_fields(told("undelivered", ErrorCode="63999"), f"{PATH}/status")
    assert [event.data["code"] for event in Event.objects.filter(verb="error.unseen")] == [63999]


@pytest.mark.django_db
def test_a_button_that_says_cancel_is_an_answer_and_no_opt_out() -> None:
    world.channel()
    button = {"ButtonText": "Cancel", "ButtonPayload": "cancel_visit", "ButtonType": "REPLY"}
    post_fields(text("a", Body="Cancel", **button))
    assert not Conversation.objects.get().is_opted_out
    button = {"ButtonText": "Stop", "ButtonPayload": "stop", "ButtonType": "REPLY"}
    post_fields(text("b", Body="Stop", **button))
    assert Conversation.objects.get().is_opted_out
