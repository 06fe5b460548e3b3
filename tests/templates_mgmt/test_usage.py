"""What became of templates, counted; and what that means before one is deleted."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from channels_whatsapp.models import Account, Sender
from channels_whatsapp.simulator import Simulator
from inbox import clock
from inbox.models import Agent, ApiKey, Conversation, Message
from inbox.refusals import Refused
from templates_mgmt import access, deleting, syncing, usage
from templates_mgmt.models import Template
from templates_mgmt.usage import Usage
from tests import world
from tests.templates_mgmt.shop import at_twilio, draft
from tests.templates_mgmt.test_submitting import again, verbs


@pytest.fixture
def account(db: None) -> Account:
    return world.channel().sender.account


def send(
    template: Template, talk: Conversation, status: str = "sent", days: float = 1, **more: Any
) -> Message:
    return world.message(
        talk, "x", "outbound", kind="template", status=status, payload={"content_sid": template.content_sid},
        created_at=clock.now() - timedelta(days=days), **more,
    )  # fmt: skip


def test_sent_delivered_read_and_replied(account: Account) -> None:
    template, other = at_twilio(account), at_twilio(account, "other")
    quiet, lively, later = world.conversation(), world.conversation(), world.conversation()
    for status in ("accepted", "sent", "delivered", "read", "failed", "undelivered", "queued", "unknown"):
        send(template, quiet, status, days=20)
    send(template, lively, "read", days=5)
    world.message(lively, "thanks", created_at=clock.now() - timedelta(days=3))
    world.message(lively, "and more", created_at=clock.now() - timedelta(days=3))
    send(template, later, "delivered", days=5)
    world.message(later, "at last", created_at=clock.now() - timedelta(days=1))
    send(template, quiet, "read", days=31)
    sids = [template.content_sid, other.content_sid, None]
    with CaptureQueriesContext(connection) as queries:
        found = usage.of(sids)
    assert len(queries) == 1
    assert found == {template.content_sid: Usage(sent=6, delivered=4, read=2, replied=1)}
    assert found[template.content_sid].read_rate == 0.5
    assert Usage().read_rate is None


def test_a_reply_counts_in_the_conversation_that_came_after(account: Account) -> None:
    template, talk = at_twilio(account), world.conversation()
    send(template, talk, days=2)
    talk.resolve(by=None)
    again = Conversation.objects.create(contact=talk.contact, channel=talk.channel, address=talk.address)
    world.message(again, "hello", created_at=clock.now() - timedelta(days=1))
    assert usage.of([template.content_sid])[template.content_sid].replied == 1


def test_a_family_counts_all_its_versions(account: Account) -> None:
    first, german = at_twilio(account), at_twilio(account, language="de")
    talk, family = world.conversation(), first.family
    send(first, talk, "read")
    send(german, talk)
    with CaptureQueriesContext(connection) as queries:
        found = usage.of_families([family])
    assert len(queries) == 2
    assert found == {first.family_id: Usage(sent=2, delivered=1, read=1)}


def test_many_templates_are_counted_in_one_query(account: Account) -> None:
    templates, talk = [at_twilio(account, f"t{n}") for n in range(30)], world.conversation()
    for template in templates:
        send(template, talk)
    with CaptureQueriesContext(connection) as queries:
        assert len(usage.of([t.content_sid for t in templates])) == 30
    assert len(queries) == 1


def test_counting_goes_through_the_index(account: Account) -> None:
    anna, sids = world.agent("anna"), [at_twilio(account).content_sid]
    # A table that was never filled is read any way.
    other = {"conversation": world.conversation(), "direction": "outbound", "status": "sent", "kind": "text"}
    Message.objects.bulk_create(Message(**other) for _each in range(3000))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE inbox_message")
    with CaptureQueriesContext(connection) as queries:
        usage.of(sids)
        usage.recent(anna, sids)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        for query in queries:
            cursor.execute(f"EXPLAIN {query['sql']}")
            assert "message_of_template" in "\n".join(row[0] for row in cursor.fetchall())


def test_recent_use_is_each_agents_own(account: Account) -> None:
    anna, ben = world.agent("anna"), world.agent("ben")
    template, other, talk = at_twilio(account), at_twilio(account, "other"), world.conversation()
    send(template, talk, author=anna, days=3)
    newest = send(template, talk, author=anna, days=1)
    send(other, talk, author=ben)
    send(other, talk, author=anna, days=40)
    found = usage.recent(anna, [template.content_sid, other.content_sid])
    assert found == {template.content_sid: usage.Recent(2, newest.created_at)}


# Deleting


@pytest.fixture
def at_sim(sim: Simulator, shop: Sender) -> Template:
    sim.twilio.contents.clear()
    sim.twilio.add_content("welcome", {"twilio/text": {"body": "Hi"}}, approved="UTILITY")
    syncing.sync(shop.account)
    return Template.objects.select_related("family__account").get()


def test_what_still_uses_it_is_said_first(account: Account) -> None:
    template, talk = at_twilio(account), world.conversation()
    assert not deleting.uses(template).is_used
    program: Agent = world.agent("program")
    ApiKey.issue(program)
    send(template, talk, author=program)
    send(template, talk, author=program)
    send(template, talk, author=world.agent("person"))
    template.new_version(by=None)
    found = deleting.uses(template)
    assert found == deleting.Uses(sent=3, by_programs=2, drafts=1)
    assert found.sentences == [
        "It was sent 3 times in 30 days.",
        "2 of these were sent by somebody who has an API key.",
        "1 draft is to replace it.",
    ]


def test_deleted_at_twilio_it_stays_here_archived(sim: Simulator, at_sim: Template) -> None:
    person = world.agent("lead", "lead")
    assert deleting.delete_at_twilio(at_sim, by=person) is True
    assert at_sim.content_sid not in sim.twilio.contents
    template = again(at_sim)
    assert (template.is_gone, template.is_archived, template.status) == (True, True, "approved")
    assert verbs(template) == ["deleted"]
    assert deleting.delete_at_twilio(template, by=person) is False
    assert sim.calls("DELETE", "/v1/Content") == 1


def test_one_that_is_gone_already_counts_as_deleted(sim: Simulator, at_sim: Template) -> None:
    sim.twilio.contents.clear()
    assert deleting.delete_at_twilio(at_sim, by=None) is True
    assert again(at_sim).is_archived


def test_no_answer_keeps_everything_and_may_be_tried_again(sim: Simulator, at_sim: Template) -> None:
    sim.faults.add("reset_after", on="DELETE *")
    with pytest.raises(Refused, match="no answer"):
        deleting.delete_at_twilio(at_sim, by=None)
    assert not again(at_sim).is_archived
    assert deleting.delete_at_twilio(at_sim, by=None) is True


def test_a_draft_is_not_at_twilio(account: Account) -> None:
    with pytest.raises(Refused, match="Archive it instead"):
        deleting.delete_at_twilio(draft(account), by=None)


# Who may see it


def test_agents_see_those_of_their_channels(db: None) -> None:
    orders, repairs = (world.Team.objects.create(name=name) for name in ("Orders", "Repairs"))
    ours = world.channel("Orders", world.SHOP, orders).sender.account
    theirs = Account.objects.create(sid="AC" + "9" * 32)
    number = "whatsapp:+447700900999"
    channel = world.Channel.objects.create(name="Repairs", address=number)
    channel.teams.set([repairs])
    Sender.objects.create(channel=channel, account=theirs, address=number)
    mine, other = at_twilio(ours), at_twilio(theirs)
    agent, lead = world.agent("in", "agent", orders), world.agent("lead", "lead")
    assert list(access.templates_for(agent)) == [mine]
    assert set(access.templates_for(lead)) == {mine, other}
    assert list(access.families_for(agent)) == [mine.family]
    assert not access.templates_for(world.agent("out", "agent", world.Team.objects.create(name="X"))).exists()
    assert access.may_manage(lead) and not access.may_manage(agent)
