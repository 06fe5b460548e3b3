"""What was done in a conversation, as lines between its messages: few, and in words."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from inbox.models import Agent, ConsentEntry, Event

ALL = ConsentEntry.Category.ALL

# verb: icon, who did it, nobody did it. Names are isolated, so that none turns the sentence around.
SHOWN: dict[str, tuple[str, str | Promise, str | Promise]] = {
    "conversation.assigned": (
        "user-round-check", lazy("%(actor)s assigned this to %(to)s"), lazy("assigned to %(to)s")
    ),
    "conversation.resolved": ("check", lazy("%(actor)s resolved this"), lazy("resolved")),
    "conversation.reopened": ("rotate-cw", lazy("%(actor)s opened this again"), lazy("opened again")),
    "conversation.pending": ("hourglass", lazy("%(actor)s set this to pending"), lazy("set to pending")),
    "conversation.opened": ("rotate-cw", lazy("%(actor)s set this to open"), lazy("set to open")),
    "conversation.tagged": ("tag", lazy("%(actor)s added the tag %(tag)s"), lazy("tag %(tag)s added")),
    "conversation.untagged": ("tag", lazy("%(actor)s removed the tag %(tag)s"), lazy("tag %(tag)s removed")),
    "contact.opted_out": (
        "ban", lazy("%(actor)s noted that the customer opted out"), lazy("The customer opted out")
    ),
    "contact.opted_in": (
        "shield-check", lazy("%(actor)s noted that the customer opted in"), lazy("The customer opted in")
    ),
    "contact.opt_out_taken_back": (
        "shield", lazy("%(actor)s took the opt-out back"), lazy("took the opt-out back")
    ),
    "contact.asked": (
        "shield", lazy("%(actor)s asked whether offers may be sent"), lazy("asked whether offers may be sent")
    ),
    "contact.stayed": (
        "shield", lazy("%(actor)s noted that the customer did not ask to stop"), lazy("did not ask to stop")
    ),
    "contact.wrote_again": ("shield-check", "", lazy("The customer wrote again, so answers may go out")),
    "contact.merged": ("user-round-plus", "", lazy("Two customers turned out to be one, and were joined")),
    "message.settled": (
        "circle-check", lazy("%(actor)s settled whether a message arrived"), lazy("a message settled")
    ),
}  # fmt: skip
# The same of one category of messages only.
OF_A_CATEGORY: dict[str, tuple[str | Promise, str | Promise]] = {
    "contact.opted_out": (
        lazy("%(actor)s noted that the customer opted out of %(category)s messages"),
        lazy("The customer opted out of %(category)s messages"),
    ),
    "contact.opted_in": (
        lazy("%(actor)s noted that the customer opted in to %(category)s messages"),
        lazy("The customer opted in to %(category)s messages"),
    ),
}
TOGETHER = timedelta(minutes=3)


class Deed:
    """One line: an event, or several of one person in a row."""

    template_name = "inbox/_deed.html"

    def __init__(self, event: Event, sentence: str, icon: str) -> None:
        self.at: datetime = event.created_at
        self.icon = icon
        self.sentences = [sentence]
        self.actor_id = event.actor_id
        self.first = self.newest = event.pk

    @property
    def position(self) -> str:
        return f"{self.at.timestamp():.6f}"

    @classmethod
    def told(cls, events: list[Event], names: dict[int, Agent], viewer: Agent) -> list[Deed]:
        deeds: list[Deed] = []
        for event in events:
            last = deeds[-1] if deeds else None
            if last and last._takes(event):
                last.sentences.append(_sentence(event, names, viewer, is_first=False))
                last.newest = event.pk
            else:
                deeds.append(cls(event, _sentence(event, names, viewer), SHOWN[event.verb][0]))
        return deeds

    def _takes(self, event: Event) -> bool:
        return (
            event.actor_id == self.actor_id
            and event.created_at - self.at < TOGETHER
            and len(self.sentences) < 4
        )


def _sentence(event: Event, names: dict[int, Agent], viewer: Agent, *, is_first: bool = True) -> str:
    """Who did it is said once a line."""
    says_who = event.actor and is_first
    if event.verb == "conversation.assigned" and event.data.get("to") is None:
        form = _("%(actor)s unassigned this") if says_who else _("unassigned")
    else:
        by_somebody, by_nobody = _forms(event)
        form = str((by_somebody if says_who else by_nobody) or by_nobody or by_somebody)
    to = names.get(event.data.get("to", 0))
    return form % {
        "actor": _name(event.actor, viewer, _("You")),
        "to": _name(to, viewer, _("you")),
        "tag": _isolated(str(event.data.get("tag", ""))),
        "category": _category(event),
    }


def _forms(event: Event) -> tuple[str | Promise, str | Promise]:
    if event.verb in OF_A_CATEGORY and event.data.get("category", ALL) != ALL:
        return OF_A_CATEGORY[event.verb]
    return SHOWN[event.verb][1:]


def _category(event: Event) -> str:
    return str(dict(ConsentEntry.Category.choices).get(event.data.get("category"), "")).lower()


def _name(person: Agent | None, viewer: Agent, you: str) -> str:
    if person is None:
        return _("somebody")
    return you if person.pk == viewer.pk else _isolated(person.name)


def _isolated(name: str) -> str:
    return f"\u2068{name}\u2069"
