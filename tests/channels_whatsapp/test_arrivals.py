"""What a customer's message changes in the inbox, through the webhook."""

from __future__ import annotations

import itertools
from datetime import timedelta
from typing import Any

import pytest

from channels_whatsapp import inbound
from inbox import clock, consent_questions, people
from inbox.arrivals import conversation_with
from inbox.models import (
    Address,
    Attachment,
    Channel,
    ConsentEntry,
    Contact,
    Conversation,
    Draft,
    Event,
    Message,
    Tag,
    Window,
)
from tests import world
from tests.channels_whatsapp.posting import fixture, post_signed, sid_of
from tests.conftest import ACCOUNT_SID
from tests.threads import accidents, at_once

pytestmark = pytest.mark.django_db
PHONE, USER = "whatsapp:+447700900318", "whatsapp:GB.1349000000000000318"
numbers = itertools.count()


def write(body: str = "Hello", **changes: Any) -> Message:
    sid = changes.pop("MessageSid", sid_of(f"arrival {next(numbers)}"))
    assert post_signed("inbound/text", MessageSid=sid, Body=body, **changes).status_code == 200
    return Message.objects.get(sid=sid)


def recover(at: Any, body: str = "Earlier") -> Message:
    params = fixture(
        "inbound/text", MessageSid=sid_of(f"recovered {next(numbers)}"), Body=body, ProfileName=None
    )
    return Message.objects.get(
        pk=inbound.apply(params, account_sid=ACCOUNT_SID, at=at, recovered=True).message_id
    )


# The conversation


def test_a_second_message_joins_the_conversation_and_counts() -> None:
    world.channel()
    first, second = write("One"), write("Two\n\n  lines")
    conversation = Conversation.objects.get()
    assert conversation.unread_count == 2
    assert conversation.last_message_id == second.pk
    assert conversation.last_message_preview == "Two lines"
    assert conversation.waiting_since == first.created_at
    assert conversation.window_closes_at == second.created_at + timedelta(hours=24)
    window = Window.objects.get()
    assert (window.address.value, window.closes_at) == (PHONE, conversation.window_closes_at)


@pytest.mark.parametrize("status", ["pending", "snoozed", "resolved"])
def test_a_message_opens_the_conversation_again(status: str) -> None:
    world.channel()
    write()
    Conversation.objects.update(status=status, resolved_at=clock.now() if status == "resolved" else None)
    write("Are you there?")
    conversation = Conversation.objects.get()
    assert (conversation.status, conversation.resolved_at) == ("open", None)
    reopened = Event.objects.filter(verb="conversation.reopened", conversation=conversation)
    assert reopened.count() == (1 if status == "resolved" else 0)


def test_one_customer_at_two_numbers_has_two_conversations() -> None:
    world.channel()
    second = world.channel("Second", "whatsapp:+447700900143")
    write()
    write(To=second.address)
    assert Conversation.objects.count() == 2
    assert Contact.objects.count() == 1


def test_a_new_profile_name_is_taken_over_and_the_agents_own_name_stays() -> None:
    world.channel()
    write()
    Contact.objects.update(name="Nour from Leeds")
    write(ProfileName="Nour 🌻")
    contact = Contact.objects.get()
    assert (contact.name, contact.profile_name) == ("Nour from Leeds", "Nour 🌻")


def test_a_quoted_message_is_linked_now_or_when_it_comes() -> None:
    world.channel()
    sent = sid_of("quoted")
    early = write(OriginalRepliedMessageSid=sent)
    assert (early.reply_to_id, early.reply_to_sid) == (None, sent)
    params = fixture("inbound/text", MessageSid=sent)
    quoted = inbound.apply(
        params, account_sid=ACCOUNT_SID, at=early.created_at - timedelta(hours=1), recovered=True
    )
    early.refresh_from_db()
    assert early.reply_to_id == quoted.message_id
    assert write(OriginalRepliedMessageSid=sent).reply_to_id == quoted.message_id


# Found later


def test_a_recovered_message_takes_its_place_in_time_and_is_unread() -> None:
    world.channel()
    last = write("Latest")
    at = last.created_at - timedelta(hours=3)
    found = recover(at)
    conversation = Conversation.objects.get()
    assert (found.recovered, found.created_at) == (True, at)
    assert [m.pk for m in conversation.messages.order_by("created_at", "pk")] == [found.pk, last.pk]
    assert conversation.last_message_id == last.pk
    assert conversation.unread_count == 2
    assert conversation.waiting_since == at
    assert conversation.window_closes_at == last.created_at + timedelta(hours=24)
    assert Window.objects.get().last_inbound_at == last.created_at


def test_a_recovered_message_of_a_stranger_makes_the_conversation() -> None:
    world.channel()
    at = clock.now() - timedelta(hours=30)
    found = recover(at)
    conversation = Conversation.objects.get()
    assert conversation.last_message_id == found.pk
    assert conversation.window_closes_at == at + timedelta(hours=24)
    assert conversation.last_message_at == at


def test_the_webhook_completes_what_reconciliation_found_first() -> None:
    world.channel()
    params = fixture("inbound/button")
    poorer = {name: params[name] for name in ("MessageSid", "From", "To", "Body", "AccountSid")}
    inbound.apply(poorer, account_sid=ACCOUNT_SID, at=clock.now(), recovered=True)
    assert Message.objects.get().kind == "text"
    post_signed("inbound/button")
    message = Message.objects.get()
    assert (message.kind, message.payload["ButtonPayload"]) == ("button", "track-2041")
    assert Conversation.objects.get().unread_count == 1


def test_an_unknown_receiver_is_said_to_be_one() -> None:
    with pytest.raises(inbound.Unmatched):
        inbound.apply(fixture("inbound/text"), account_sid=ACCOUNT_SID)


# Who it is


SHAPES = {
    "phone": {"From": PHONE, "ExternalUserId": None},
    "user": {"From": USER, "ExternalUserId": USER},
    "user without the parameter": {"From": USER, "ExternalUserId": None},
    "both": {"From": PHONE, "ExternalUserId": USER},
}


@pytest.mark.parametrize("order", list(itertools.permutations(SHAPES)), ids="+".join)
def test_in_whatever_order_addresses_appear_it_is_one_customer_in_the_end(order: tuple[str, ...]) -> None:
    world.channel()
    for shape in order:
        write(shape, **SHAPES[shape])
    assert Contact.objects.count() == 1
    conversation = Conversation.objects.get()
    assert sorted(Address.objects.values_list("value", flat=True)) == [PHONE, USER]
    assert conversation.unread_count == 4
    assert conversation.messages.count() == 4
    assert conversation.last_message_preview == order[-1]
    assert set(Event.objects.filter(verb="message.received").values_list("conversation", flat=True)) == {
        conversation.pk
    }


def test_a_phone_that_comes_to_light_is_added() -> None:
    world.channel()
    write(**SHAPES["user"])
    assert Contact.objects.get().phone == ""
    write(**SHAPES["both"])
    assert Contact.objects.get().phone == "+447700900318"
    assert {a.value: a.kind for a in Address.objects.all()} == {PHONE: "phone", USER: "user_id"}


def test_merging_moves_everything_and_loses_nothing() -> None:
    over = world.channel()
    second = world.channel("Second", "whatsapp:+447700900143")
    write(**SHAPES["phone"])
    kept = Contact.objects.get()
    post_signed("inbound/image", **SHAPES["user"])
    gone = Contact.objects.exclude(pk=kept.pk).get()
    write("elsewhere", **SHAPES["user"], To=second.address)
    theirs = Conversation.objects.get(contact=gone, channel=over)
    agent = world.agent()
    theirs.assign_to(agent, by=None)
    theirs.tag(Tag.objects.create(name="vip"), by=None)
    Draft.objects.create(conversation=theirs, agent=agent, body="half written")
    ConsentEntry.objects.create(contact=gone, channel=over, action="opt_in", source="keyword")
    Contact.objects.filter(pk=gone.pk).update(name="Nour", attributes={"size": "L"})

    write("it is me", **SHAPES["both"])

    contact = Contact.objects.get()
    assert (contact.pk, contact.name, contact.attributes) == (kept.pk, "Nour", {"size": "L"})
    conversation = Conversation.objects.get(channel=over)
    assert (conversation.assignee, conversation.unread_count) == (agent, 3)
    assert [tag.name for tag in conversation.tags.all()] == ["vip"]
    assert Attachment.objects.get().conversation == conversation
    assert Draft.objects.get().conversation == conversation
    assert ConsentEntry.objects.get().contact == contact
    assert Conversation.objects.get(channel=second).contact == contact
    assert Event.objects.filter(verb="contact.merged").count() == 1


def test_a_resolved_conversation_survives_a_merge_as_it_is() -> None:
    world.channel()
    write(**SHAPES["phone"])
    write(**SHAPES["user"])
    Conversation.objects.get(address__value=USER).resolve(by=None)
    write(**SHAPES["both"])
    assert sorted(Conversation.objects.values_list("status", flat=True)) == ["open", "resolved"]
    assert Conversation.objects.get(status="open").unread_count == 2


@pytest.mark.django_db(transaction=True)
def test_merges_in_eight_threads_end_in_one_customer_with_every_message() -> None:
    world.channel()
    shapes = list(SHAPES.values())
    for n in range(4):
        phone, user = f"whatsapp:+4477009100{n:02}", f"whatsapp:GB.77{n:04}"
        swap = {PHONE: phone, USER: user, None: None}
        given = [{name: swap[value] for name, value in shapes[k % 4].items()} for k in range(8)]
        acts = [lambda k=k, n=n, shape=shape: write(f"{n} {k}", **shape) for k, shape in enumerate(given)]
        assert accidents(at_once(*acts)) == []
        write(f"{n} last", From=phone, ExternalUserId=user)
        contact = Contact.objects.get(addresses__value=phone)
        assert contact == Contact.objects.get(addresses__value=user)
        conversation = Conversation.objects.get(contact=contact)
        assert conversation.messages.count() == conversation.unread_count == 9
    assert Message.objects.count() == 36


@pytest.mark.parametrize(
    ("value", "is_user"),
    [(PHONE, False), (USER, True), ("whatsapp:GB.ENT.1349", True), ("whatsapp:447700900318", False)],
)
def test_a_user_id_is_told_from_a_phone_number(value: str, is_user: bool) -> None:
    assert people.is_user_id(value) is is_user


# A conversation without a message


def test_a_program_can_begin_a_conversation() -> None:
    over = world.channel()
    made = conversation_with(over, "whatsapp:+447700900500", name="Ada")
    assert (made.contact.display_name, made.address.value, made.status) == (
        "Ada",
        "whatsapp:+447700900500",
        "open",
    )
    assert conversation_with(over, "whatsapp:+447700900500") == made
    made.resolve(by=None)
    again = conversation_with(over, "whatsapp:+447700900500")
    assert (again, again.status) == (made, "open")


def test_a_conversation_begun_by_us_takes_the_customers_answer() -> None:
    over = world.channel()
    made = conversation_with(over, PHONE)
    assert write(ExternalUserId=None).conversation == made


# Consent


def opted_out() -> bool:
    return Conversation.objects.get().is_opted_out


def test_stop_opts_out_at_every_address_and_writing_again_lifts_it() -> None:
    world.channel()
    write(**SHAPES["both"])
    stop = write("STOP", **SHAPES["user"])
    assert opted_out()
    assert Window.objects.filter(opted_out_at__isnull=False).count() == 2
    entry = ConsentEntry.objects.get()
    assert (entry.action, entry.source, entry.evidence) == ("opt_out", "keyword", stop)
    assert Event.objects.filter(verb="contact.opted_out").count() == 1
    write("stop, it is still broken", **SHAPES["phone"])
    assert not opted_out()
    assert ConsentEntry.objects.count() == 1


def test_stop_twice_is_one_line_in_the_ledger() -> None:
    world.channel()
    write("STOP")
    write("Stop.")
    assert opted_out()
    assert ConsentEntry.objects.count() == 1


def test_the_first_word_of_a_stranger_may_be_stop() -> None:
    world.channel()
    write("STOP")
    assert opted_out()


def test_start_is_an_opt_in_and_lifts_the_opt_out() -> None:
    world.channel()
    write("STOP")
    write("START")
    assert not opted_out()
    assert list(ConsentEntry.objects.order_by("pk").values_list("action", flat=True)) == ["opt_out", "opt_in"]


def test_twilios_own_opt_out_counts() -> None:
    world.channel()
    post_signed("inbound/opt_out_type")
    assert ConsentEntry.objects.get().source == "twilio"
    assert opted_out()


def test_twilios_own_start_returns_and_its_help_changes_nothing() -> None:
    world.channel()
    write("STOP", OptOutType="STOP")
    write("INFO", OptOutType="HELP")
    entries = ConsentEntry.objects.order_by("pk")
    assert list(entries.values_list("action", "source")) == [("opt_out", "twilio")]
    write("yes again", OptOutType="START")
    assert list(entries.values_list("action", "source"))[1:] == [("opt_in", "twilio")]
    assert not opted_out()
    answered = Message.objects.order_by("pk").values_list("payload__answered", flat=True)
    assert list(answered) == ["STOP", "HELP", "START"]


def test_a_sentence_with_stop_in_it_is_kept_as_a_question() -> None:
    world.channel()
    for body, expected in (("stop, it is still broken", True), ("STOP", None), ("hello", None)):
        assert write(body).payload.get("asks_to_stop") is expected
    # Nothing of it is asked where Twilio has decided.
    assert "asks_to_stop" not in write("please stop", OptOutType="STOP").payload


def test_what_a_person_decided_outlives_a_second_telling() -> None:
    world.channel()
    first = write("hello")
    found = recover(first.created_at - timedelta(hours=1), body="please stop")
    agent = world.agent()
    consent_questions.settle_stop(found, is_stop=False, by=agent)
    write("please stop", MessageSid=found.sid)
    found.refresh_from_db()
    assert (found.payload["asks_to_stop"], found.payload["MessageSid"]) == ("no", found.sid)


def test_a_stop_found_late_still_holds_back_templates() -> None:
    world.channel()
    later = write("I am back")
    recover(later.created_at - timedelta(hours=1), body="STOP")
    entry = ConsentEntry.objects.get()
    assert (entry.is_opt_out, entry.given_at) == (True, later.created_at - timedelta(hours=1))


def test_an_opt_out_holds_for_its_channel_only() -> None:
    over = world.channel()
    second = world.channel("Second", "whatsapp:+447700900143")
    write()
    write(To=second.address)
    write("STOP")
    assert Conversation.objects.get(channel=over).is_opted_out
    assert not Conversation.objects.get(channel=second).is_opted_out


def test_a_stop_found_late_does_not_undo_what_was_written_after_it() -> None:
    world.channel()
    later = write("I am back")
    recover(later.created_at - timedelta(hours=1), body="STOP")
    assert not opted_out()


def test_an_old_message_found_late_does_not_lift_a_later_stop() -> None:
    world.channel()
    stop = write("STOP")
    recover(stop.created_at - timedelta(hours=1))
    assert opted_out()


def test_windows_of_two_channels_are_apart() -> None:
    world.channel()
    second: Channel = world.channel("Second", "whatsapp:+447700900143")
    write()
    assert not Window.objects.filter(channel=second).exists()
