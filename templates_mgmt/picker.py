"""The picker as one person sees it: a shelf of templates, one of them being filled. Asks, changes nothing."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from django.utils.translation import gettext as _

from inbox import clock, consent
from inbox.models import Agent, Conversation
from inbox.refusals import Refused
from inbox.showing import Showing
from templates_mgmt import notices
from templates_mgmt.economics import Economics, Recipient
from templates_mgmt.filling import meaning_of, problems, source_of, values_for
from templates_mgmt.models import Price, Template
from templates_mgmt.picking import Offer, Shelf, Wish
from templates_mgmt.preview import Preview
from templates_mgmt.sendable import refusal_of

VALUE = "value-"  # what the name of a variable's field begins with
ALL_FIELDS = "picker-send"  # was pressed


@dataclass(frozen=True)
class Field:
    """One variable as a form field. `hint` says where the value came from; `icon` stands before it."""

    name: str
    label: str
    value: str
    sample: str = ""
    problem: str = ""
    hint: str = ""
    icon: str = ""

    @property
    def key(self) -> str:
        return f"{VALUE}{self.name}"

    @property
    def written(self) -> str:
        return f"{{{{{self.name}}}}}"


@dataclass
class Picker:
    """`url` shows and sends, `preview_url` fills.

    `conversation` need not be saved: then the customer was never written to.
    """

    conversation: Conversation
    agent: Agent
    url: str
    preview_url: str
    back_url: str
    wish: Wish = field(default_factory=Wish)
    given: Mapping[str, str] = field(default_factory=dict)
    client_id: uuid.UUID = field(default_factory=uuid.uuid4)
    seen: int = 0
    judged: str = ""  # the field whose blank is told of; those that nobody touched wait for Send
    refusal: Refused | None = None
    is_page: bool = False  # on its own, not in the composer

    @property
    def categories(self) -> list[tuple[str, str]]:
        return [(code, str(label)) for code, label in Template.Category.choices]

    @cached_property
    def shelf(self) -> Shelf:
        return Shelf(self.conversation, self.agent, self.wish)

    @property
    def offer(self) -> Offer | None:
        return self.shelf.chosen

    @property
    def template(self) -> Template | None:
        return self.offer.template if self.offer else None

    @property
    def is_another(self) -> bool:
        """The search does not list what was being filled."""
        return self.template is not None and self.template.pk != self.wish.chosen

    # Filling

    @cached_property
    def values(self) -> dict[str, str]:
        if self.template is None:
            return {}
        return values_for(self.template, self.conversation, self.given, self.agent)

    @cached_property
    def problems(self) -> dict[str, str]:
        return problems(self.values)

    @property
    def fields(self) -> list[Field]:
        return [self._field(self.template, name) for name in self.values] if self.template else []

    def _field(self, template: Template, name: str) -> Field:
        source, value = source_of(template, name), self.values[name]
        is_sourced = name not in self.given and bool(value)
        return Field(
            name=name,
            label=meaning_of(template, name) or _("Variable"),
            value=value,
            sample=template.variables.get(name, ""),
            problem=self.problems.get(name, "") if self._is_judged(name) else "",
            hint=str(source.hint) if is_sourced else "",
            icon=source.icon if is_sourced else "",
        )

    def _is_judged(self, name: str) -> bool:
        is_blank = not self.values[name].strip()
        return not is_blank or bool(self.refusal) or self.judged in (ALL_FIELDS, f"{VALUE}{name}")

    @cached_property
    def preview(self) -> Showing | None:
        return Preview.of(self.template.content, self.values) if self.template else None

    # What is said before sending

    @cached_property
    def blocked(self) -> Refused | None:
        """Why it cannot go to this customer now, however it is filled."""
        if self.template is None:
            return None
        return refusal_of(self.template) or self.shelf.gate(self.template)

    @property
    def lacks_consent(self) -> bool:
        """Their opt-in is the way out."""
        refusal = self.refusal or self.blocked
        return bool(self.conversation.pk and refusal and refusal.code in ("no_opt_in", "opted_out"))

    @property
    def is_ready(self) -> bool:
        return self.template is not None and not self.problems and self.blocked is None

    @property
    def category_words(self) -> str:
        if self.template is None:
            return ""
        if not self.template.is_approved:
            return _("Not approved: goes out while the window is open")
        words = {
            Template.Category.UTILITY: _("Utility template"),
            Template.Category.MARKETING: _("Marketing template"),
            Template.Category.AUTHENTICATION: _("Authentication template"),
        }
        return words.get(self.template.category, _("Template of a category that is not known here"))

    @cached_property
    def consent_words(self) -> str:
        """ "Grace opted in on 3 May 2026": for marketing, which needs it."""
        is_marketing = self.template and self.template.category == Template.Category.MARKETING
        if not is_marketing or self.blocked or self.conversation.contact_id is None:
            return ""
        return consent.standing_of(self.conversation)["marketing"].sentence

    @cached_property
    def economics(self) -> Economics:
        recipient = Recipient.at(self.conversation.address.value)
        return Economics(recipient, self.shelf.is_open, Price.rates())

    @property
    def priced(self) -> str:
        """The category as money counts: nothing for what WhatsApp has not approved."""
        is_priced = self.template is not None and self.template.is_approved
        return self.template.category if is_priced else ""  # type: ignore[union-attr]

    @property
    def price(self) -> str:
        return self.economics.price_of(self.priced)

    @property
    def moved(self) -> str:
        """What a category that Meta changed lately means for the price."""
        template = self.template
        if not template or not self.priced or not notices.is_moved_lately(template, clock.now()):
            return ""
        was, became = template.previous_category, template.category
        costs = self.economics.cost(was), self.economics.cost(became)
        words = {"before": notices.label(was), "now": notices.label(became)}
        if None in costs:
            return _("WhatsApp changed its category from %(before)s to %(now)s.") % words
        words |= {"cost_before": str(costs[0]), "cost_now": str(costs[1])}
        sentence = _(
            "WhatsApp changed its category: %(before)s (%(cost_before)s) is now %(now)s (%(cost_now)s)."
        )
        return sentence % words

    @property
    def advice(self) -> str:
        return self.economics.advice(self.priced)

    @property
    def warning(self) -> str:
        return self.economics.warning(self.priced)
