"""How consent is shown: the card in the details, and the words for where it came from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from django.utils.functional import Promise
from django.utils.text import get_text_list
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from inbox.consent import Consent, standing_of
from inbox.models import ConsentEntry, Conversation
from inbox.models.consent_entry import TAKEN_BACK

# What a person may choose.
SOURCES: dict[str, str | Promise] = {
    "asked in chat": gettext_lazy("asked in chat"),
    "phone": gettext_lazy("phone"),
    "web form": gettext_lazy("web form"),
    "paper": gettext_lazy("paper"),
    "other": gettext_lazy("other"),
}
# What is written by itself; anything else is shown as it is.
_BY_ITSELF: dict[str, str | Promise] = {
    "keyword": gettext_lazy("keyword"),
    "twilio": gettext_lazy("told by Twilio"),
    "error 21610": gettext_lazy("told by Twilio"),
    TAKEN_BACK: gettext_lazy("opt-out taken back"),
}


def source_words(source: str) -> str:
    return str(SOURCES.get(source) or _BY_ITSELF.get(source, source))


@dataclass(frozen=True)
class Card:
    """One line about a conversation's consent. `tone` is ``in``, ``out`` or ``none``.

    :ivar silenced_since: when they asked for silence, if they have not written since.
    """

    consents: Sequence[Consent]
    silenced_since: datetime | None = None

    @classmethod
    def of(cls, conversation: Conversation, silenced_since: datetime | None) -> Card:
        return cls(list(standing_of(conversation).values()), silenced_since)

    @cached_property
    def refused(self) -> list[Consent]:
        return [each for each in self.consents if each.is_refused]

    @cached_property
    def given(self) -> list[Consent]:
        return [each for each in self.consents if each.is_given]

    @property
    def tone(self) -> str:
        if self.silenced_since or self.refused:
            return "out"
        return "in" if self.given else "none"

    @property
    def icon(self) -> str:
        return {"out": "shield-off", "in": "shield-check", "none": "shield"}[self.tone]

    @property
    def title(self) -> str:
        if self.tone == "none":
            return _("No opt-in noted")
        shown = self.refused if self.tone == "out" else self.given
        if self.silenced_since or len(shown) == len(self.consents):
            return _("Opted out") if self.tone == "out" else _("Opted in")
        names = get_text_list([each.label.lower() for each in shown], _("and"))
        form = _("Opted out of %(categories)s") if self.tone == "out" else _("Opted in to %(categories)s")
        return form % {"categories": names}

    @property
    def last(self) -> ConsentEntry | None:
        """What made it so."""
        entries = [each.entry for each in (self.refused or self.given) if each.entry]
        return max(entries, key=lambda entry: (entry.given_at, entry.pk), default=None)

    @property
    def at(self) -> datetime | None:
        return self.silenced_since or (self.last and self.last.given_at)

    @property
    def source(self) -> str:
        return source_words(self.last.source) if self.last else ""

    @property
    def hint(self) -> str:
        if self.tone == "none":
            return _("Answers may go out while the window is open.")
        if self.silenced_since and self.given:
            names = get_text_list([each.label.lower() for each in self.given], _("and"))
            form = _(
                "Answers may not go out until they write again. An opt-in to %(categories)s is recorded "
                "beside it, so such templates may."
            )
            return form % {"categories": names}
        is_back = not self.silenced_since and len(self.refused) == len(self.consents)
        return _("They wrote again, so answers may go out. Templates may not.") if is_back else ""

    @property
    def version(self) -> list[int | None]:
        return [each.entry and each.entry.pk for each in self.consents]
