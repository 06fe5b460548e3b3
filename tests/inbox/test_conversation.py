from __future__ import annotations

import pytest

from inbox.models import Conversation, Event, Tag
from tests import world

pytestmark = pytest.mark.django_db


@pytest.fixture
def conversation() -> Conversation:
    return world.conversation()


def verbs(conversation: Conversation) -> list[str]:
    return list(conversation.events.order_by("id").values_list("verb", flat=True))


def test_each_verb_writes_one_event_and_none_when_there_is_nothing_to_do(conversation: Conversation) -> None:
    tomasz, priya = world.agent("tomasz"), world.agent("priya")
    tag = Tag.objects.create(name="returns")
    acts = [
        (lambda: conversation.assign_to(priya, by=tomasz), "conversation.assigned"),
        (lambda: conversation.assign_to(None, by=tomasz), "conversation.assigned"),
        (lambda: conversation.set_pending(by=tomasz), "conversation.pending"),
        (lambda: conversation.resolve(by=tomasz), "conversation.resolved"),
        (lambda: conversation.reopen(by=tomasz), "conversation.reopened"),
        (lambda: conversation.mark_unread(by=tomasz), "conversation.unread"),
        (lambda: conversation.tag(tag, by=tomasz), "conversation.tagged"),
        (lambda: conversation.untag(tag, by=tomasz), "conversation.untagged"),
    ]
    for act, verb in acts:
        before = Event.objects.count()
        assert act() is True
        assert act() is False
        assert verbs(conversation)[-1] == verb
        assert Event.objects.count() == before + 1
    assert not Event.objects.exclude(actor=tomasz).exists()


def test_assigning_tells_who_got_it(conversation: Conversation) -> None:
    priya = world.agent("priya")
    conversation.assign_to(priya, by=None)
    conversation.refresh_from_db()
    assert conversation.assignee == priya
    assert conversation.events.get().data == {"to": priya.pk}


def test_a_verb_does_not_undo_what_somebody_else_did_meanwhile(conversation: Conversation) -> None:
    mine = Conversation.objects.get(pk=conversation.pk)
    theirs = Conversation.objects.get(pk=conversation.pk)
    theirs.assign_to(world.agent("priya"), by=None)
    mine.resolve(by=None)
    conversation.refresh_from_db()
    assert conversation.assignee is not None and conversation.is_resolved


def test_a_resolved_one_is_not_reopened_beside_another_open_one(conversation: Conversation) -> None:
    conversation.resolve(by=None)
    Conversation.objects.create(
        contact=conversation.contact, channel=conversation.channel, address=conversation.address
    )
    assert conversation.reopen(by=None) is False


def test_looking_at_it_is_not_an_event(conversation: Conversation) -> None:
    Conversation.objects.filter(pk=conversation.pk).update(unread_count=3)
    assert conversation.mark_seen() is True
    assert conversation.unread_count == 0
    assert verbs(conversation) == []
