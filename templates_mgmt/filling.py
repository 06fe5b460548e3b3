"""Fills a template's variables, and refuses what WhatsApp would refuse or a customer should not get.

Twilio sends the sample for every variable without a value, so blanks are refused here, whoever sends.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from inbox.gateways import FilledTemplate, Prices
from inbox.models import Agent, Channel, Conversation, Message
from inbox.refusals import Refused
from templates_mgmt import placeholders, syncing
from templates_mgmt.content import Content, Shown
from templates_mgmt.economics import Economics, Recipient
from templates_mgmt.models import Price, Template
from templates_mgmt.sendable import must_be_sendable

TYPED = "typed"


@dataclass(frozen=True)
class Source:
    """Where a value comes from; `hint` stands below the field that it filled."""

    label: str | Promise
    hint: str | Promise = ""
    icon: str = ""
    read: Callable[[Conversation, Agent | None], str] = lambda conversation, by: ""


def first_name(name: str) -> str:
    """The first word with a letter or digit in it: people put pictures around their names."""
    return next((word for word in name.split() if any(letter.isalnum() for letter in word)), "")


def _contact_name(conversation: Conversation, by: Agent | None) -> str:
    return conversation.contact.name or conversation.contact.profile_name


def _agent_name(conversation: Conversation, by: Agent | None) -> str:
    return by.name if by else ""


_FROM_CONTACT = {"hint": gettext_lazy("From the contact"), "icon": "user-round"}
_FROM_AGENT = {"hint": gettext_lazy("From you"), "icon": "square-user-round"}
SOURCES: dict[str, Source] = {
    TYPED: Source(gettext_lazy("Typed when sending")),
    "contact.first_name": Source(
        gettext_lazy("Contact’s first name"),
        read=lambda c, by: first_name(_contact_name(c, by)),
        **_FROM_CONTACT,
    ),
    "contact.name": Source(gettext_lazy("Contact’s name"), read=_contact_name, **_FROM_CONTACT),
    "agent.first_name": Source(
        gettext_lazy("Agent’s first name"),
        read=lambda c, by: (by.first_name if by else "") or first_name(_agent_name(c, by)),
        **_FROM_AGENT,
    ),
    "agent.name": Source(gettext_lazy("Agent’s name"), read=_agent_name, **_FROM_AGENT),
    "channel.name": Source(
        gettext_lazy("Channel’s name"),
        hint=gettext_lazy("From the channel"),
        icon="smartphone",
        read=lambda c, by: c.channel.name,
    ),
}


def source_of(template: Template, name: str) -> Source:
    """One that is not known here counts as typed."""
    said = template.fields.get(name)
    return SOURCES.get(str(said.get("source", TYPED)) if isinstance(said, dict) else TYPED, SOURCES[TYPED])


def meaning_of(template: Template, name: str) -> str:
    """What the variable stands for, as its author wrote it; else ''."""
    said = template.fields.get(name)
    means = said.get("means") if isinstance(said, dict) else ""
    return means.strip() if isinstance(means, str) else ""


def values_for(
    template: Template, conversation: Conversation, given: Mapping[str, str], by: Agent | None
) -> dict[str, str]:
    """Of every variable in reading order: what was given, also when that is blank, else from its source."""
    return {
        name: given[name] if name in given else _sourced(template, name, conversation, by)
        for name in template.content.names
    }


def _sourced(template: Template, name: str, conversation: Conversation, by: Agent | None) -> str:
    value = source_of(template, name).read(conversation, by)
    return " ".join(value.split())


def problems(values: Mapping[str, str]) -> dict[str, str]:
    """A sentence for each value that cannot go out, with the fix."""
    found = {name: _("Fill this in to send. A variable cannot be empty.") for name in blanks(values)}
    return found | {
        name: said
        for name, value in values.items()
        if name not in found and (said := placeholders.problem(value))
    }


def blanks(values: Mapping[str, str]) -> list[str]:
    return placeholders.missing(values, values)


class KnownTemplates:
    """See `inbox.gateways.Templates`."""

    def fill(
        self,
        conversation: Conversation,
        content_sid: str,
        variables: Mapping[str, str],
        by: Agent | None = None,
    ) -> FilledTemplate:
        given = {str(name): str(value) for name, value in variables.items()}
        template = template_behind(conversation, content_sid)
        if template is None:
            # Made at Twilio a moment ago, or by somebody else: Twilio knows it, or says that it does not.
            _must_be_fillable(given, {})
            return FilledTemplate(content_sid, given)
        must_be_sendable(template)
        _must_be_known(given, template.content)
        values = values_for(template, conversation, given, by)
        _must_be_fillable(values, {name: meaning_of(template, name) for name in values})
        return filled(template, values)

    def complete(self, message: Message) -> None:
        sid = str(message.payload.get("content_sid") or "")
        if not sid or message.payload.get("name"):
            return
        conversation = message.conversation
        if template_behind(conversation, sid) is None:
            syncing.learn(conversation.channel.sender.account, sid)
        if template_behind(conversation, sid):
            variables = message.payload.get("content_variables") or {}
            message.complete(self.fill(conversation, sid, variables, message.author))

    def as_of_now(self, conversation: Conversation, payload: Mapping[str, Any]) -> Mapping[str, Any]:
        template = template_behind(conversation, payload["content_sid"])
        if template is None:
            return payload
        must_be_sendable(template)
        return {**payload, "category": template.category.lower(), "approved": template.is_approved}

    def prices(self, conversation: Conversation) -> Prices:
        return Economics(Recipient.at(conversation.address.value), False, Price.rates()).prices

    def picker_url(self, conversation: Conversation) -> str:
        return reverse("templates_mgmt:picker", args=[conversation.pk])

    def start_url(self, channel: Channel, address: str) -> str:
        return reverse("templates_mgmt:start", args=[channel.pk, address])


def template_behind(conversation: Conversation, content_sid: str) -> Template | None:
    """
    :raises Refused: it is there, in another account than the one that would send it.
    """
    rows = Template.objects.select_related("family").filter(content_sid=content_sid)
    template = rows.first()
    sender = getattr(conversation.channel, "sender", None)
    if template and sender and template.family.account_id != sender.account_id:
        raise Refused(
            "other_account",
            _("“%(name)s” belongs to another Twilio account than this channel.") % {"name": template.name},
            _("Choose a template of this channel’s account."),
        )
    return template


def filled(template: Template, values: Mapping[str, str]) -> FilledTemplate:
    shown = template.content.shown(values)
    return FilledTemplate(
        content_sid=template.content_sid or "",
        variables=dict(values),
        name=template.name,
        language=template.language,
        category=template.category.lower(),
        is_approved=template.is_approved,
        text=shown.text,
        shown=kept_of(shown),
    )


def kept_of(shown: Shown) -> dict[str, Any]:
    """What a message keeps for its bubble, without what is empty."""
    told = asdict(shown) | {"body": shown.body or shown.preset, "preset": ""}
    return {key: value for key, value in told.items() if value}


def _must_be_known(given: Mapping[str, str], content: Content) -> None:
    if unknown := [name for name in given if name not in content.names]:
        raise Refused(
            "unknown_variable",
            _("This template has no variable %(name)s.") % {"name": f"{{{{{unknown[0]}}}}}"},
            _("It has: %(names)s.") % {"names": ", ".join(f"{{{{{name}}}}}" for name in content.names)}
            if content.names
            else _("Send it without variables."),
        )


def _must_be_fillable(values: Mapping[str, str], meanings: Mapping[str, str]) -> None:
    """:raises Refused: the first of `problems`, with the name of the variable."""
    empty = blanks(values)
    for name, sentence in problems(values).items():
        called = " ".join(filter(None, [meanings.get(name, ""), f"{{{{{name}}}}}"]))
        code = "blank_variable" if name in empty else "bad_variable"
        raise Refused(code, f"{called}: {sentence}")
