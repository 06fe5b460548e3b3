"""What a thread shows, in the order in which it happened: days, messages, and what was done.

Pages go by keyset on (created_at, id). What is new is asked for by id, because a message that was
recovered after an outage is old by its time and new by its id.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from django.db.models import Max, Q, QuerySet
from django.utils import timezone

from inbox.bubbles import Bubble
from inbox.deeds import SHOWN, Deed
from inbox.models import Agent, Conversation, Event, Message

PAGE_LENGTH = 50
MOST_AT_ONCE = 500
MOST_ON_A_PAGE = 2000  # for a browser without scripts, whose page grows with each "Earlier messages"
# A transaction may commit after a later one that took a higher id: look back by more than the longest.
LATE = timedelta(seconds=30)


class Day:
    """The heading over what happened on one date."""

    template_name = "inbox/_day.html"

    def __init__(self, at: datetime, now: datetime) -> None:
        self.at = at
        self.now = now
        self.date: date = timezone.localdate(at)

    @property
    def position(self) -> str:
        start = timezone.make_aware(datetime.combine(self.date, time()))
        return f"{start.timestamp():.6f}"


Line = Day | Bubble | Deed


@dataclass(frozen=True)
class Page:
    """Lines, oldest first, and what the next questions start from."""

    lines: list[Line]
    bubbles: list[Bubble] = field(default_factory=list)
    before: int | None = None  # the oldest message here, when there are older ones
    after: int = 0  # the newest message id
    event: int = 0  # the newest event id


def rows(conversation: Conversation) -> QuerySet[Message]:
    """With all that a bubble asks of them."""
    found = Message.objects.filter(conversation=conversation).select_related("author", "reply_to__author")
    return found.prefetch_related("attachments", "reply_to__attachments").defer("search", "reply_to__search")


def latest(conversation: Conversation, viewer: Agent, now: datetime, *, before: int | None = None) -> Page:
    """What a thread opens with: the newest fifty; with `before` fifty more than go back to that message."""
    newest = conversation.messages.aggregate(newest=Max("id"))["newest"] or 0
    length = PAGE_LENGTH
    if shown := before and conversation.messages.filter(pk=before).first():
        later = Q(created_at__gt=shown.created_at) | Q(created_at=shown.created_at, id__gte=shown.pk)
        length += min(conversation.messages.filter(later).count(), MOST_ON_A_PAGE)
    messages = list(rows(conversation).order_by("-created_at", "-id")[: length + 1])
    return _page(conversation, viewer, now, messages, length=length, newest=newest)


def older(
    conversation: Conversation, viewer: Agent, now: datetime, *, than: Message, until: int | None = None
) -> Page:
    """The fifty before `than`; or with `until` all back to that message, which a quote points to."""
    earlier = Q(created_at__lt=than.created_at) | Q(created_at=than.created_at, id__lt=than.pk)
    found = rows(conversation).filter(earlier).order_by("-created_at", "-id")
    length = PAGE_LENGTH
    if target := conversation.messages.filter(pk=until).first():
        between = conversation.messages.filter(earlier, created_at__gte=target.created_at)
        length = min(max(between.count(), PAGE_LENGTH), MOST_AT_ONCE)
    return _page(conversation, viewer, now, list(found[: length + 1]), length=length, than=than)


def news(
    conversation: Conversation, viewer: Agent, now: datetime, *, after: int, event: int, shown: dict[int, str]
) -> tuple[Page, list[Bubble]]:
    """What the page lacks, and the bubbles on it that look different by now.

    :param shown: the last bubbles on the page, id → version.
    """
    wanted = Q(pk__gt=after) | Q(created_at__gt=now - LATE) | Q(pk__in=shown)
    messages = list(rows(conversation).filter(wanted).order_by("created_at", "id")[:MOST_AT_ONCE])
    bubbles = _bubbles(conversation, messages, viewer, now)
    new = [b for b in bubbles if b.message.pk not in shown]
    changed = [b for b in bubbles if shown.get(b.message.pk, b.version) != b.version]
    deeds = _deeds(conversation, viewer, pk__gt=event)
    newest = max((b.message.pk for b in new), default=after)
    page = Page(
        _merged(new, deeds, now),
        new,
        after=max(after, newest),
        event=max([event, *(d.newest for d in deeds)]),
    )
    return page, changed


def bubble(message: Message, viewer: Agent, now: datetime) -> Bubble:
    """One message, fetched anew with what its bubble needs."""
    (found,) = rows(message.conversation).filter(pk=message.pk)
    return _bubbles(message.conversation, [found], viewer, now)[0]


def _page(
    conversation: Conversation,
    viewer: Agent,
    now: datetime,
    messages: list[Message],
    *,
    length: int = PAGE_LENGTH,
    than: Message | None = None,
    newest: int = 0,
) -> Page:
    """From rows newest first, one more than `length` when there are older ones."""
    has_older = len(messages) > length
    messages = messages[:length][::-1]
    span = {}
    if has_older:
        span["created_at__gte"] = messages[0].created_at
    if than:
        span["created_at__lt"] = than.created_at
    bubbles = _bubbles(conversation, messages, viewer, now)
    deeds = _deeds(conversation, viewer, **span)
    return Page(
        _merged(bubbles, deeds, now),
        bubbles,
        before=messages[0].pk if has_older else None,
        after=newest,
        event=max((deed.newest for deed in deeds), default=0),
    )


def _bubbles(
    conversation: Conversation, messages: Iterable[Message], viewer: Agent, now: datetime
) -> list[Bubble]:
    for message in messages:
        message.conversation = conversation
    return [Bubble(message, viewer, now) for message in messages]


def _deeds(conversation: Conversation, viewer: Agent, **span: object) -> list[Deed]:
    found = Event.objects.filter(conversation=conversation, verb__in=SHOWN, **span)
    events = list(found.select_related("actor").order_by("-id")[:MOST_AT_ONCE])[::-1]
    people = {event.data.get("to") for event in events} - {None}
    names = Agent.objects.in_bulk(people) if people else {}
    return Deed.told(events, names, viewer)


def _merged(bubbles: list[Bubble], deeds: list[Deed], now: datetime) -> list[Line]:
    return list(_with_days(sorted([*bubbles, *deeds], key=lambda line: line.at), now))


def _with_days(lines: Iterable[Bubble | Deed], now: datetime) -> Iterator[Line]:
    before = None
    for line in lines:
        if (day := timezone.localdate(line.at)) != before:
            yield Day(line.at, now)
            before = day
        yield line
