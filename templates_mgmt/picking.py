"""Which templates are offered in a conversation, and which one first.

One row for each family, in the version that the customer can read best. Suggested is what this agent
and this channel sent lately and what may go to this customer now.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import cached_property

from django.db.models import Count, Q
from django.db.models.fields.json import KT
from django.utils.translation import gettext as _

from inbox import clock
from inbox.models import Agent, Conversation, Message
from inbox.models.contact import open_window_of
from inbox.models.gate import Outgoing, must_allow
from inbox.refusals import Refused
from templates_mgmt import usage
from templates_mgmt.models import Template
from templates_mgmt.sendable import paused, refusal_of
from templates_mgmt.usage import Usage

LATELY = timedelta(days=30)
SUGGESTIONS, MOST_SHOWN, MOST_READ = 3, 60, 2000
MINE = 3  # times as telling as what others on the channel sent


@dataclass(frozen=True)
class Wish:
    """What the person asked to see. Empty words ask for everything."""

    words: str = ""
    category: str = ""
    language: str = ""
    chosen: int = 0

    @property
    def is_narrow(self) -> bool:
        return bool(self.words or self.category or self.language)

    def is_met_by(self, template: Template) -> bool:
        if self.category and template.category != self.category:
            return False
        if self.language and template.language != self.language:
            return False
        shown = template.content.as_written
        text = f"{template.name} {template.name.replace('_', ' ')} {shown.header} {shown.text}".casefold()
        return all(word in text for word in self.words.casefold().split())


@dataclass(frozen=True)
class Offer:
    """One row: a family in the version chosen for this customer, and its other languages."""

    template: Template
    others: tuple[Template, ...] = ()
    uses: int = 0
    usage: Usage = field(default_factory=Usage)

    @property
    def reply_words(self) -> str:
        """ "64% reply", where it was sent often enough to tell."""
        rate = self.usage.reply_rate
        return "" if rate is None else _("%(percent)d%% reply") % {"percent": round(100 * rate)}

    @property
    def is_paused(self) -> bool:
        return self.template.status == Template.PAUSED

    @property
    def pause_words(self) -> str:
        return paused(self.template)

    @property
    def versions(self) -> list[Template]:
        return sorted((self.template, *self.others), key=lambda template: template.language)


@dataclass
class Shelf:
    """Everything that can be sent here now; paused ones too, so that nobody looks for them in vain."""

    conversation: Conversation
    agent: Agent
    wish: Wish = field(default_factory=Wish)

    @cached_property
    def is_open(self) -> bool:
        contact, channel = self.conversation.contact_id, self.conversation.channel_id
        return contact is not None and open_window_of(contact, channel) is not None

    @cached_property
    def suggested(self) -> list[Offer]:
        used = [offer for offer in self._found if offer.uses and self.may_go(offer.template)]
        best = sorted(used, key=lambda offer: -offer.uses)[:SUGGESTIONS]
        fared = usage.of(offer.template.content_sid for offer in best)
        return [replace(offer, usage=fared.get(offer.template.content_sid or "", Usage())) for offer in best]

    @cached_property
    def others(self) -> list[Offer]:
        """By name, those that cannot go now last."""
        suggested = {offer.template.pk for offer in self.suggested}
        rest = [offer for offer in self._found if offer.template.pk not in suggested]
        return sorted(rest, key=lambda offer: (not self.may_go(offer.template), offer.template.name))

    @property
    def shown(self) -> list[Offer]:
        return self.others[:MOST_SHOWN]

    @property
    def hidden_count(self) -> int:
        return len(self.others) - len(self.shown)

    @cached_property
    def chosen(self) -> Offer | None:
        """What was asked for and is listed, else the first that may go, else the first."""
        if self.wish.chosen and (asked := self._asked()) and self._lists(asked):
            return asked
        everything = [*self.suggested, *self.others]
        sendable = (offer for offer in everything if self.may_go(offer.template))
        return next(sendable, next((offer for offer in everything if not offer.is_paused), None))

    @cached_property
    def languages(self) -> list[str]:
        return sorted({template.language for template in self._sendable})

    @cached_property
    def is_empty(self) -> bool:
        """Nothing is there at all, whatever was asked for."""
        return not self._sendable

    def may_go(self, template: Template) -> bool:
        return template.status != Template.PAUSED and self.gate(template) is None

    def gate(self, template: Template) -> Refused | None:
        """Why the inbox would not let it through to this customer now."""
        key = (template.category, template.is_approved)
        if key not in self._gates:
            category, is_approved = key
            told = {"content_sid": "-", "category": category.lower(), "approved": is_approved}
            try:
                must_allow(self.conversation, Outgoing.of(told))
            except Refused as refusal:
                self._gates[key] = refusal
            else:
                self._gates[key] = None
        return self._gates[key]

    # From the database

    _gates: dict[tuple[str, bool], Refused | None] = field(default_factory=dict)

    @cached_property
    def _sendable(self) -> list[Template]:
        return self._read()

    def _read(self, **which: int) -> list[Template]:
        sender = getattr(self.conversation.channel, "sender", None)
        if sender is None:
            return []
        rows = Template.objects.filter(
            family__account=sender.account_id,
            archived_at=None,
            gone_at=None,
            content_sid__isnull=False,
            **which,
        )
        if not self.is_open:
            rows = rows.filter(status__in=[Template.APPROVED, Template.PAUSED])
        found = rows.select_related("family").order_by("-pk")[:MOST_READ]
        return [t for t in found if t.status == Template.PAUSED or refusal_of(t) is None]

    @cached_property
    def _uses(self) -> Counter[str]:
        """Content SID → how telling its recent use is."""
        sids = [template.content_sid for template in self._sendable]
        rows = Message.objects.annotate(sid_of_content=KT("payload__content_sid")).filter(
            kind=Message.Kind.TEMPLATE,
            direction=Message.Direction.OUTBOUND,
            created_at__gt=clock.now() - LATELY,
            sid_of_content__in=sids,
        )
        here = Q(conversation__channel=self.conversation.channel_id)
        counted = rows.filter(here | Q(author=self.agent.pk)).order_by().values("sid_of_content")
        counted = counted.annotate(all=Count("pk"), mine=Count("pk", filter=Q(author=self.agent.pk)))
        return Counter({row["sid_of_content"]: row["all"] + (MINE - 1) * row["mine"] for row in counted})

    @cached_property
    def _usual(self) -> str:
        """The account's language: that of most of its templates."""
        counted = Counter(template.language for template in self._sendable)
        return min(counted, key=lambda language: (-counted[language], language), default="")

    @cached_property
    def _found(self) -> list[Offer]:
        families: dict[int, list[Template]] = {}
        for template in self._sendable:
            if self.wish.is_met_by(template):
                families.setdefault(template.family_id, []).append(template)
        return [self._offer(versions) for versions in families.values()]

    def _offer(self, versions: list[Template]) -> Offer:
        best = latest_of_each(versions)
        chosen = best_for(best, self.conversation.contact.language, self._usual)
        uses = sum(self._uses[template.content_sid or ""] for template in versions)
        return Offer(chosen, but(best, chosen.language), uses)

    def _lists(self, asked: Offer) -> bool:
        """A search that finds nothing leaves what is being filled."""
        if not self.wish.is_narrow or not self._found:
            return True
        return any(offer.template.family_id == asked.template.family_id for offer in self._found)

    def _asked(self) -> Offer | None:
        """Without a look at all the others: it is asked for with every letter of a value."""
        versions = self._read(family__templates=self.wish.chosen)
        asked = next((t for t in versions if t.pk == self.wish.chosen), None)
        return asked and Offer(asked, but(latest_of_each(versions), asked.language))


def but(versions: Iterable[Template], language: str) -> tuple[Template, ...]:
    return tuple(template for template in versions if template.language != language)


def latest_of_each(versions: Iterable[Template]) -> list[Template]:
    """One for each language: approved before anything else, then the newest."""
    found: dict[str, Template] = {}
    for template in sorted(versions, key=lambda t: (not t.is_approved, t.status == Template.PAUSED, -t.pk)):
        found.setdefault(template.language, template)
    return list(found.values())


def best_for(versions: list[Template], language: str, usual: str) -> Template:
    """In the customer's language, else in another form of it, else in the account's usual one, else in any.

    :param language: of the contact, ``pt_BR`` or ``pt-BR`` or empty.
    """

    def rank(template: Template) -> tuple[bool, bool, bool, bool, str]:
        theirs, ours = plain(language), plain(template.language)
        same_base = bool(theirs) and base(ours) == base(theirs)
        exact_base = same_base and ours == base(theirs)
        is_usual = template.language == usual
        return (ours != theirs, not exact_base, not same_base, not is_usual, template.language)

    return min(versions, key=rank)


def plain(language: str) -> str:
    return language.replace("-", "_").casefold()


def base(language: str) -> str:
    return language.partition("_")[0]
