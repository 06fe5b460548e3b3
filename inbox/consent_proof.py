"""The ledger of one contact as proof: for the page that is printed, and as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from datetime import UTC, datetime

from django.db.models import QuerySet

from inbox.access import consent_for, messages_for
from inbox.consent_card import source_words
from inbox.models import Agent, ConsentEntry, Conversation

MOST_SHOWN = 50
# The first eight are what an import takes.
COLUMNS = ("phone", "channel", "action", "category", "source", "text", "proof", "given_at", "recorded_at",
           "recorded_by", "message_sid", "message_at", "message_text")  # fmt: skip
# A spreadsheet takes what begins so for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


class Line:
    """An entry with what a page or a file says of it."""

    def __init__(self, entry: ConsentEntry, may_see_evidence: bool) -> None:
        self.entry = entry
        self.evidence = entry.evidence if may_see_evidence else None

    @property
    def source(self) -> str:
        return source_words(self.entry.source)

    @property
    def may_be_taken_back(self) -> bool:
        """It was read out of a sentence, and is not taken back yet."""
        said = self.evidence.payload.get("asks_to_stop") if self.evidence else None
        return self.entry.is_opt_out and said == "yes"

    @property
    def address(self) -> str:
        """E.164, or the user ID of a customer who hides the number."""
        contact = self.entry.contact
        return contact.phone or next((each.number for each in contact.addresses.all()), "")

    @property
    def row(self) -> list[str]:
        entry, said = self.entry, self.evidence
        told = [self.address, entry.channel.address, entry.action, entry.category, entry.source]
        told += [entry.text, entry.proof, moment(entry.given_at), moment(entry.created_at)]
        told += [entry.actor.name if entry.actor else ""]
        return told + ([said.sid or "", moment(said.created_at), said.body] if said else ["", "", ""])


def rows(conversation: Conversation, viewer: Agent) -> QuerySet[ConsentEntry]:
    """Of this contact over every channel that the viewer sees, the latest word first."""
    found = consent_for(viewer).filter(contact=conversation.contact_id).latest_first()
    found = found.select_related("contact", "channel", "actor", "evidence").defer("evidence__search")
    return found.prefetch_related("contact__addresses")


def lines(entries: Iterable[ConsentEntry], viewer: Agent) -> list[Line]:
    entries = list(entries)
    asked = [entry.evidence_id for entry in entries if entry.evidence_id]
    seen = set(messages_for(viewer).filter(pk__in=asked).values_list("pk", flat=True)) if asked else set()
    return [Line(entry, entry.evidence_id in seen) for entry in entries]


def as_csv(found: Iterable[Line]) -> str:
    """With a byte order mark, so that spreadsheets read it as UTF-8."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    writer.writerows([harmless(cell) for cell in line.row] for line in found)
    return "\ufeff" + out.getvalue()


def harmless(cell: str) -> str:
    """What a spreadsheet takes for text, whatever a customer wrote."""
    return f"'{cell}" if cell.startswith(_FORMULA) else cell


def moment(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
