"""Two at the same moment: one wins, nothing is lost, and nobody gets an accident for an answer."""

from __future__ import annotations

import pytest
from django.core.files.base import ContentFile
from django.db import transaction

from inbox import uploads
from inbox.arrivals import Arrival, receive
from inbox.models import Agent, Attachment, Channel, Conversation, Event, Message
from tests import world
from tests.channels_whatsapp.posting import sid_of
from tests.security.conftest import signed_in
from tests.threads import accidents, at_once

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_hundred_times_two_agents_take_a_conversation_and_each_act_is_noted_once() -> None:
    talk, people = world.conversation(), [world.agent("tomasz"), world.agent("mira")]
    for _round in range(100):
        Conversation.objects.filter(pk=talk.pk).update(assignee=None)
        results = at_once(
            *[lambda p=p: Conversation.objects.get(pk=talk.pk).assign_to(p, by=p) for p in people]
        )
        assert accidents(results) == []
        talk.refresh_from_db()
        events = Event.objects.filter(verb="conversation.assigned").order_by("-pk")[: sum(results)]
        # Whoever came last has it, and the newest event says so.
        assert events[0].data["to"] == talk.assignee_id
    assert not accidents(at_once(*[lambda: Conversation.objects.get(pk=talk.pk).resolve(by=None)] * 6))
    assert Event.objects.filter(verb="conversation.resolved").count() == 1


def test_two_conversations_of_one_customer_opened_again_at_once_leave_one_open() -> None:
    first = world.conversation(status="resolved")
    second = Conversation.objects.create(
        contact=first.contact, channel=first.channel, address=first.address, status="resolved"
    )
    for _round in range(30):
        Conversation.objects.update(status="resolved")
        results = at_once(lambda: first.reopen(by=None), lambda: second.reopen(by=None))
        assert accidents(results) == []
        assert Conversation.objects.active().count() == 1
        assert sorted(results) == [False, True]


def test_reopening_while_the_customer_writes_is_a_sentence_and_no_accident() -> None:
    old = world.conversation(status="resolved")
    new = Conversation.objects.create(
        contact=old.contact, channel=old.channel, address=old.address, status="resolved"
    )
    client = signed_in(world.agent("lead", "lead"))
    for number in range(20):
        Conversation.objects.update(status="resolved")
        arrival = Arrival(new.channel_id, sid_of(number), new.address.value, "text", "hello")

        def write(arrival: Arrival = arrival) -> None:
            with transaction.atomic():
                receive(arrival)

        answer, came = at_once(
            lambda: client.delete(f"/conversations/{old.pk}/resolution/").status_code, write
        )
        assert answer in (200, 302, 422)
        # The webhook's own door tries again when the other was first.
        assert came is None or type(came).__name__ == "IntegrityError"
        assert Conversation.objects.active().count() == 1


def test_a_file_sent_at_the_moment_it_is_taken_out_is_either_sent_or_gone() -> None:
    talk, agent = world.conversation(), world.agent()
    for _round in range(25):
        file = Attachment(
            conversation=talk,
            uploaded_by=agent,
            state="stored",
            content_type="image/png",
            size=3,
            filename="a.png",
        )
        file.file.save("", ContentFile(b"png"), save=False)
        file.save()
        reply = lambda file=file: Conversation.objects.get(pk=talk.pk).reply(by=agent, files=[file])  # noqa: E731
        stale = Attachment.objects.get(pk=file.pk)
        at_once(reply, lambda stale=stale: uploads.discard(stale))
        sent = Message.objects.filter(attachments=file.pk).exists()
        assert (
            sent == Attachment.objects.filter(pk=file.pk).exists() == file.file.storage.exists(file.file.name)
        )
    assert not Message.objects.filter(kind="image", attachments__isnull=True).exists()


def test_one_name_given_as_a_tag_by_many_is_one_tag() -> None:
    talks = [world.conversation() for _ in range(6)]
    clients = [signed_in(Agent.objects.create_user(f"a{n}")) for n in range(6)]
    posts = [lambda c=c, t=t: c.post(f"/conversations/{t.pk}/tags/", {"name": "refund"}).status_code
             for c, t in zip(clients, talks, strict=True)]  # fmt: skip
    assert at_once(*posts) == [302] * 6
    assert {t.tags.get().name for t in talks} == {"refund"}


def test_opposite_orders_of_locks_end_well() -> None:
    """A status that opts out, and the customer writing, take window and row in opposite orders."""
    from inbox import consent, statuses

    talk = world.conversation()
    sent = [world.message(talk, str(n), "outbound", status="sent") for n in range(20)]
    channel = Channel.objects.get()
    for number, message in enumerate(sent):
        arrival = Arrival(channel.pk, sid_of(f"lock {number}"), talk.address.value, "text", "hello")

        def write(arrival: Arrival = arrival) -> None:
            from channels_whatsapp.repeating import repeated

            repeated(lambda: receive(arrival))

        def fail(message: Message = message) -> None:
            from channels_whatsapp.repeating import repeated

            def act() -> None:
                Message.objects.get(pk=message.pk).rise(
                    statuses.FAILED, at=message.created_at, error_code=63016
                )
                consent.opt_out(talk.pk, "error 21610")

            repeated(act)

        assert accidents(at_once(write, fail)) == []
    assert Message.objects.filter(direction="inbound").count() == 20
    assert Message.objects.filter(status="failed").count() == 20
