from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from channels_whatsapp import client, reconcile, tasks
from channels_whatsapp.models import Sender
from channels_whatsapp.simulator import Simulator
from channels_whatsapp.simulator.samples import photo
from inbox import clock, statuses, windows
from inbox.models import Attachment, Conversation, Event, Message, SendAttempt, Window
from tests import world
from tests.jobs import run_due_jobs

LIST = "GET */Messages.json"


def missed(sim: Simulator, number: str, body: str, at: datetime, **fields: Any) -> Any:
    """A customer wrote, and no webhook came."""
    return sim.twilio.add_history(f"whatsapp:{number}", Sender.objects.get().address, body, at=at, **fields)


def sid(n: int) -> str:
    return f"SM{n:032x}"


def outbound(conversation: Conversation, n: int, at: datetime) -> Message:
    """A message of ours that Twilio took, and nothing was heard since."""
    message = world.message(
        conversation, f"answer {n}", "outbound", status=statuses.ACCEPTED, sid=sid(n), created_at=at
    )
    SendAttempt.objects.create(
        message=message, sid=sid(n), outcome=SendAttempt.Outcome.ACCEPTED, started_at=at, finished_at=at
    )
    return message


def test_two_hours_without_webhooks_come_back_in_few_calls(sim: Simulator, shop: Sender) -> None:
    now = clock.now()
    began = now - timedelta(hours=2)
    at = {n: began + timedelta(seconds=11 * n) for n in range(600)}
    for n in range(600):
        missed(sim, f"+4477009{n % 40:05d}", f"question {n}", at[n])
    conversation = world.conversation(world.contact("Anna", "whatsapp:+447700900911"), shop.channel)
    for n in range(300):
        outbound(conversation, n, at[n])
        record = sim.twilio.add_history(
            "whatsapp:+447700900911", shop.address, f"answer {n}", at=at[n], inbound=False,
            status="read" if n % 2 else "delivered",
        )  # fmt: skip
        record.sid, old = sid(n), record.sid
        sim.twilio.messages[record.sid] = sim.twilio.messages.pop(old)

    tally = reconcile.everything(timedelta(hours=3))[shop]

    assert (tally.recovered, tally.statuses, tally.foreign) == (600, 300, 0)
    assert sum(sim.log.calls.values()) <= 30
    arrived = Message.objects.filter(direction="inbound")
    assert arrived.count() == 600
    assert all(arrived.values_list("recovered", flat=True))
    for contact_window in Window.objects.exclude(address__value="whatsapp:+447700900911"):
        last = arrived.filter(conversation__address=contact_window.address).latest("created_at")
        assert contact_window.closes_at == windows.closes_at(last.created_at)
    bodies = arrived.filter(conversation__address__value="whatsapp:+447700900007").order_by("created_at")
    assert [m.body for m in bodies] == [f"question {n}" for n in range(7, 600, 40)]
    ours = Message.objects.filter(direction="outbound")
    assert ours.filter(status=statuses.READ).count() == ours.filter(status=statuses.DELIVERED).count() == 150
    assert ours.filter(price=Decimal("0.005"), price_unit="USD").count() == 300

    again = reconcile.everything(timedelta(hours=3))[shop]
    assert again.repaired == 0
    assert Event.objects.filter(verb="sender.reconciled").count() == 1


def test_a_recovered_message_has_its_true_time_and_its_file(sim: Simulator, shop: Sender) -> None:
    at = clock.now().replace(microsecond=0) - timedelta(minutes=40)
    media = sim.twilio.new_media("image/jpeg", photo())
    missed(sim, "+447700900911", "look", at, media=[media])
    reconcile.everything()
    message = Message.objects.get()
    assert (message.created_at, message.recovered, message.body) == (at, True, "look")
    attachment = Attachment.objects.get()
    assert attachment.message == message
    assert media.sid in attachment.source_url


def test_messages_of_one_second_keep_their_order(sim: Simulator, shop: Sender) -> None:
    at = (clock.now() - timedelta(minutes=5)).replace(microsecond=0)
    bodies = ["hi", "I have a question", "about my order"]
    for body in bodies:
        missed(sim, "+447700900911", body, at)
    reconcile.everything()
    assert [m.body for m in Message.objects.order_by("created_at", "pk")] == bodies


def test_what_a_webhook_brought_is_not_brought_again(sim: Simulator, talk: Any) -> None:
    talk()
    assert reconcile.everything()[Sender.objects.get()].recovered == 0
    assert Message.objects.count() == 1


def test_the_mark_moves_only_when_every_page_was_read(sim: Simulator, shop: Sender) -> None:
    missed(sim, "+447700900911", "hello", clock.now() - timedelta(minutes=5))
    sim.faults.add("error_before", on=LIST, times=1)
    with pytest.raises(client.CallFailed):
        reconcile.everything()
    shop.refresh_from_db()
    assert (shop.complete_until, Message.objects.count()) == (None, 0)

    before = clock.now()
    reconcile.everything()
    shop.refresh_from_db()
    assert before <= shop.complete_until <= clock.now()
    assert Message.objects.count() == 1


def test_a_short_look_back_does_not_hide_a_gap(sim: Simulator, shop: Sender) -> None:
    mark = clock.now() - timedelta(hours=5)
    Sender.objects.update(complete_until=mark)
    shop.refresh_from_db()
    reconcile.reconcile(shop, clock.now() - timedelta(hours=1))
    shop.refresh_from_db()
    assert shop.complete_until == mark


def test_after_an_outage_it_looks_back_to_the_mark_by_itself(sim: Simulator, shop: Sender) -> None:
    Sender.objects.update(complete_until=clock.now() - timedelta(hours=30))
    missed(sim, "+447700900911", "a day ago", clock.now() - timedelta(hours=25))
    tasks.at_start()
    run_due_jobs()
    assert Message.objects.get().body == "a day ago"
    assert Event.objects.get(verb="sender.reconciled").channel == shop.channel


def test_only_what_is_young_enough_is_taken(sim: Simulator, shop: Sender) -> None:
    """Twilio filters by whole days; the rest is cut here."""
    missed(sim, "+447700900911", "too old", clock.now() - timedelta(hours=2))
    missed(sim, "+447700900911", "young", clock.now() - timedelta(minutes=30))
    reconcile.everything(timedelta(hours=1))
    assert [message.body for message in Message.objects.all()] == ["young"]


def test_lists_are_read_page_by_page(sim: Simulator, shop: Sender, monkeypatch: pytest.MonkeyPatch) -> None:
    from channels_whatsapp import records

    monkeypatch.setattr(records, "PAGE_SIZE", 3)
    for n in range(8):
        missed(sim, "+447700900911", f"{n}", clock.now() - timedelta(minutes=30 - n))
    reconcile.everything()
    assert [m.body for m in Message.objects.order_by("created_at")] == [str(n) for n in range(8)]


def test_a_failure_that_no_callback_told_is_told(sim: Simulator, talk: Any) -> None:
    conversation = talk()
    sim.faults.add("drop", on="status *", times=None)
    sim.faults.add("fail", on="POST */Messages.json", code=63024)
    [message] = conversation.reply("hello", by=None)
    run_due_jobs()
    assert sim.wait_idle()
    reconcile.everything()
    message = Message.objects.get(pk=message.pk)
    assert (message.status, message.error_code) == (statuses.UNDELIVERED, 63024)
    assert message.error.startswith("WhatsApp cannot deliver")


def test_an_unknown_send_is_resolved_on_the_way(sim: Simulator, talk: Any) -> None:
    conversation = talk()
    sim.faults.add("drop", on="status *", times=None)
    sim.faults.add("error_after", on="POST */Messages.json")
    [message] = conversation.reply("hello", by=None)
    run_due_jobs()
    assert sim.wait_idle()
    tally = reconcile.everything()[Sender.objects.get()]
    assert (tally.resolved, tally.foreign) == (1, 0)
    assert Message.objects.get(pk=message.pk).status == statuses.DELIVERED


def test_messages_sent_by_something_else_are_counted_and_left_alone(sim: Simulator, shop: Sender) -> None:
    missed(sim, "+447700900911", "from the Console", clock.now() - timedelta(minutes=5), inbound=False)
    tally = reconcile.everything()[shop]
    assert (tally.foreign, tally.repaired, Message.objects.count()) == (1, 0, 0)


def test_the_command_says_what_it_found(
    sim: Simulator, shop: Sender, capsys: pytest.CaptureFixture[str]
) -> None:
    missed(sim, "+447700900911", "hello", clock.now() - timedelta(minutes=90))
    call_command("reconcile", "--since=2h")
    assert "1 messages recovered" in capsys.readouterr().out
    sim.faults.add("error_before", on=LIST, times=None)
    with pytest.raises(CommandError, match="doctor"):
        call_command("reconcile")


@pytest.mark.parametrize("text", ["2", "h", "2 weeks", "-1h"])
def test_a_duration_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(CommandError, match="2h"):
        call_command("reconcile", f"--since={text}")
