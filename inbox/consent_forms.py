"""What a person writes into the ledger."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from inbox import consent, moments
from inbox.consent_card import SOURCES
from inbox.forms import Text
from inbox.models import Agent, ConsentEntry, Conversation, Message

MOST_EVIDENCE = 20
LONGEST_TEXT = 4000
Category = ConsentEntry.Category
CATEGORIES = [
    (Category.ALL, _("All messages")),
    (Category.MARKETING, _("Marketing: offers and news")),
    (Category.UTILITY, _("Utility: orders and appointments")),
    (Category.SERVICE, _("Service: our answers")),
]

NOT_CHOSEN = ("", _("Choose…"))


class ConsentForm(forms.Form):
    action = forms.ChoiceField(label=_("The customer"), choices=[NOT_CHOSEN, *ConsentEntry.Action.choices])
    category = forms.ChoiceField(label=_("What about"), choices=[NOT_CHOSEN, *CATEGORIES])
    source = forms.ChoiceField(label=_("Where they said it"), choices=[NOT_CHOSEN, *SOURCES.items()])
    text = Text(
        label=_("What they read or were asked"),
        max_length=LONGEST_TEXT,
        widget=forms.Textarea(attrs={"rows": 2, "dir": "auto"}),
    )
    proof = forms.CharField(
        label=_("Where the proof lies"),
        required=False,
        max_length=300,
        widget=forms.TextInput(attrs={"dir": "auto"}),
    )
    evidence = forms.TypedChoiceField(
        label=_("The message that says it"), required=False, coerce=int, empty_value=None
    )

    def __init__(self, conversation: Conversation, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, prefix="consent", **kwargs)
        self.conversation = conversation
        inbound = conversation.messages.filter(direction=Message.Direction.INBOUND)
        self.messages = {m.pk: m for m in inbound.defer("search").order_by("-pk")[:MOST_EVIDENCE]}
        said = [(pk, _named(message)) for pk, message in self.messages.items()]
        self.fields["evidence"].choices = [("", _("None of them")), *said]

    def clean(self) -> dict[str, Any]:
        asked = super().clean() or self.cleaned_data
        if asked.get("action") != ConsentEntry.Action.OPT_IN:
            return asked
        if not any((asked.get("text") or "").strip() or asked.get(name) for name in ("proof", "evidence")):
            said = _("Write it down, name where the proof lies, or choose the message that says it.")
            self.add_error("text", said)
        return asked

    def record(self, *, by: Agent) -> None:
        asked = self.cleaned_data
        verb = consent.opt_in if asked["action"] == ConsentEntry.Action.OPT_IN else consent.opt_out
        evidence = self.messages.get(asked["evidence"])
        verb(
            self.conversation.pk,
            asked["source"],
            category=asked["category"],
            text=asked["text"].strip(),
            proof=asked["proof"],
            evidence=evidence and evidence.pk,
            at=evidence and evidence.created_at,
            by=by,
        )


def _named(message: Message) -> str:
    words = " ".join(message.body.split())[:60] or message.get_kind_display()
    return f"{moments.day_and_time(message.created_at)} · {words}"
