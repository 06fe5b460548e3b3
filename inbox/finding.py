"""Searching from the list pane: people by name or number, and what was written. Always a bounded answer."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from django.db.models import F, Max, Q, QuerySet
from django.db.models.functions import Reverse

from inbox import search
from inbox.access import contacts_for, messages_for
from inbox.listing import Filters, for_list, with_tags
from inbox.models import Address, Agent, Channel, Contact, Conversation, Message

MOST = 20
# People looked at before their conversations are asked for; a search this wide wants more letters.
MOST_PEOPLE = 200
# How many of the last messages are looked through one by one.
RECENT = 10_000
MIN_DIGITS = 3
BEFORE_MATCH = 40  # characters of a message shown before the first match
SNIPPET = 160
_WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True)
class Found:
    """What a search shows: rows for people, and messages cut around the words that were found."""

    conversations: list[Conversation]
    messages: list[Message]

    def __bool__(self) -> bool:
        return bool(self.conversations or self.messages)


def find(filters: Filters, agent: Agent) -> Found:
    return Found(_conversations(filters, agent), _messages(filters, agent))


def people(text: str, agent: Agent) -> list[Contact]:
    """Customers by name or number, with their addresses; the first 20."""
    rows = contacts_for(agent).filter(pk__in=_like(text)).defer("search").prefetch_related("addresses")
    return list(rows.order_by("name", "profile_name", "pk")[:MOST])


def _conversations(filters: Filters, agent: Agent) -> list[Conversation]:
    people = contacts_for(agent).filter(pk__in=_like(filters.q)).values_list("pk", flat=True)[:MOST_PEOPLE]
    rows = filters.scope(agent).filter(contact__in=list(people)).order_by("-last_message_at", "-id")
    found = list(for_list(rows)[:MOST])
    with_tags(found)
    return found


def _like(text: str) -> list[int]:
    """Contacts: names by the beginnings of their words; numbers by their first or last digits.

    One question each: an OR of both would read all contacts.
    """
    like: list[int] = []
    if words := search.query(text):
        like += Contact.objects.filter(search=words).values_list("pk", flat=True)[:MOST_PEOPLE]
    digits = "".join(c for c in text if c.isdecimal())
    # Text with letters in it is no number: "order 417" must not find everybody on 417.
    if len(digits) >= MIN_DIGITS and not any(c.isalpha() for c in text):
        like += _with_number(digits)
    return like


def _with_number(digits: str) -> list[int]:
    """Contacts whose number begins or ends so; "07700 900318" as people say it ends with 7700900318."""
    begins = Q()
    for kind in Channel.Kind.values:
        begins |= Q(value__startswith=f"{kind}:+{digits}")
    ends = Q(reversed__startswith=digits.lstrip("0")[::-1]) if digits.strip("0") else Q()
    rows = Address.objects.filter(kind=Address.Kind.PHONE).alias(reversed=Reverse("value"))
    return list(rows.filter(begins | ends).values_list("contact", flat=True)[:MOST_PEOPLE])


def _messages(filters: Filters, agent: Agent) -> list[Message]:
    words = search.query(filters.q)
    if not words:
        return []
    rows = messages_for(agent).filter(search=words).exclude(direction=Message.Direction.SYSTEM)
    if filters.channel:
        rows = rows.filter(conversation__channel=filters.channel)
    rows = rows.select_related(
        "conversation__contact", "conversation__address", "conversation__channel", "author"
    ).defer("search", "conversation__contact__search")
    return _newest(rows)


def _newest(rows: QuerySet[Message]) -> list[Message]:
    """The newest of them by whichever way is short: what is common is found among the last messages, what is
    rare through the search index.

    Left to itself PostgreSQL takes every beginning of a word for common, and reads all messages backwards for
    a word that nobody wrote (a second in a million).
    """
    last = Message.objects.aggregate(last=Max("id"))["last"] or 0
    recent = list(rows.filter(id__gt=last - RECENT).order_by("-id")[:MOST])
    if len(recent) == MOST:
        return recent
    # The sum keeps it from walking the primary key.
    return list(rows.order_by((F("id") + 0).desc())[:MOST])


def snippet(body: str, text: str) -> list[tuple[str, bool]]:
    """The message around its first match, in pieces: (text, whether it was asked for).

    >>> snippet("Your order BC-20417 left", "20417")
    [('Your order BC-', False), ('20417', True), (' left', False)]
    """
    asked = tuple(_WORD.findall(_plain(text)))
    hits = [w.span() for w in _WORD.finditer(body) if asked and _plain(w.group()).startswith(asked)]
    start = max(0, hits[0][0] - BEFORE_MATCH) if hits else 0
    pieces, at = [("…", False)] if start else [], start
    for begin, end in hits:
        if begin >= start + SNIPPET:
            break
        pieces += [(body[at:begin], False), (body[begin:end], True)]
        at = end
    pieces.append((body[at : max(at, start + SNIPPET)], False))
    return [piece for piece in pieces if piece[0]]


def _plain(text: str) -> str:
    folded = unicodedata.normalize("NFKD", text.casefold())
    return "".join(c for c in folded if not unicodedata.combining(c))
