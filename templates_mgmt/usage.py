"""How often templates were sent, and what became of it: one query, over the index `message_of_template`."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection
from django.db.models import Count, Max, Q, QuerySet
from django.db.models.fields.json import KT
from django.db.models.functions import Now

from inbox import statuses
from inbox.models import Agent, Message
from templates_mgmt.models import Family, Template

DAYS = 30
REPLY_DAYS = 3
TELLING = 5


@dataclass(frozen=True)
class Usage:
    """Within 30 days. `replied`: the customer wrote within 3 days after it."""

    sent: int = 0
    delivered: int = 0
    read: int = 0
    replied: int = 0

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            self.sent + other.sent,
            self.delivered + other.delivered,
            self.read + other.read,
            self.replied + other.replied,
        )

    @property
    def read_rate(self) -> float | None:
        """Of those delivered, 0 to 1; None when none was."""
        return self.read / self.delivered if self.delivered else None

    @property
    def reply_rate(self) -> float | None:
        """Of those sent, 0 to 1; None while they are too few to tell anything."""
        return self.replied / self.sent if self.sent >= TELLING else None


_USAGE = f"""
SELECT m.payload ->> 'content_sid', count(*),
    count(*) FILTER (WHERE m.status IN ('{statuses.DELIVERED}', '{statuses.READ}')),
    count(*) FILTER (WHERE m.status = '{statuses.READ}'),
    count(*) FILTER (WHERE EXISTS (
        SELECT 1 FROM inbox_message r JOIN inbox_conversation rc ON rc.id = r.conversation_id
        WHERE rc.contact_id = c.contact_id AND rc.channel_id = c.channel_id AND r.direction = 'inbound'
          AND r.created_at > m.created_at
          AND r.created_at <= m.created_at + make_interval(days => {REPLY_DAYS})
    ))
FROM inbox_message m JOIN inbox_conversation c ON c.id = m.conversation_id
WHERE m.kind = 'template' AND m.payload ->> 'content_sid' = ANY(%(sids)s)
  AND m.created_at > clock_timestamp() - make_interval(days => %(days)s)
  AND m.direction = 'outbound' AND m.status = ANY(%(arrived)s)
GROUP BY 1
"""  # noqa: S608 (constants)
_ARRIVED = [statuses.ACCEPTED, statuses.SENT, statuses.DELIVERED, statuses.READ]


def of(sids: Iterable[str | None], *, days: int = DAYS) -> dict[str, Usage]:
    """By Content SID; those that were not sent are left out."""
    wanted = [sid for sid in sids if sid]
    if not wanted:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(_USAGE, {"sids": wanted, "days": days, "arrived": _ARRIVED})
        return {row[0]: Usage(*row[1:]) for row in cursor.fetchall()}


def of_families(families: Collection[Family], *, days: int = DAYS) -> dict[int, Usage]:
    """By the key of the family, all its versions and languages together: two queries."""
    rows = Template.objects.filter(family__in=families, content_sid__isnull=False)
    family_of = dict(rows.values_list("content_sid", "family_id"))
    total: dict[int, Usage] = {}
    for sid, usage in of(family_of, days=days).items():
        pk = family_of[sid]
        total[pk] = total.get(pk, Usage()) + usage
    return total


@dataclass(frozen=True)
class Recent:
    """How one agent used a template lately."""

    count: int
    last_at: datetime


def recent(agent: Agent, sids: Iterable[str | None], *, days: int = DAYS) -> dict[str, Recent]:
    """By Content SID, of those that this agent sent."""
    sent = _sent(sids, days).filter(author=agent)
    rows = sent.values_list("of").annotate(count=Count("pk"), last=Max("created_at"))
    return {sid: Recent(count, last) for sid, count, last in rows}


def by_programs(sids: Iterable[str | None], *, days: int = DAYS) -> int:
    """How many were sent as somebody who holds a usable API key."""
    keys = Q(author__api_keys__isnull=False, author__api_keys__revoked_at=None)
    return _sent(sids, days).filter(keys).values("pk").distinct().count()


def _sent(sids: Iterable[str | None], days: int) -> QuerySet[Message]:
    rows = Message.objects.filter(kind=Message.Kind.TEMPLATE, created_at__gt=Now() - timedelta(days=days))
    rows = rows.annotate(of=KT("payload__content_sid")).filter(of__in=[sid for sid in sids if sid])
    return rows.filter(direction=Message.Direction.OUTBOUND, status__in=_ARRIVED)
