"""The few calls of Twilio's Content API, as plain values.

Lists follow `meta.next_page_url`, and ask for smaller pages when one would be over Twilio's 1 MB.
`approval_requests` is flat in Twilio's OpenAPI files and keyed by the channel in the wild: both are read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from channels_whatsapp import client
from channels_whatsapp.models import Account

UNSUBMITTED = "unsubmitted"
# The largest that Twilio advises first.
PAGE_SIZES = (500, 200, 50, 10, 1)
MOST_PAGES = 2000
TOO_LARGE = (400, 413)
NOT_FOUND = 404


@dataclass(frozen=True)
class Approval:
    """Twilio's words as they are; a status that is not known here is one all the same."""

    status: str = UNSUBMITTED
    name: str = ""
    category: str = ""
    reason: str = ""

    @property
    def is_asked_for(self) -> bool:
        return self.status != UNSUBMITTED

    @classmethod
    def read(cls, told: Any) -> Approval:
        """From either shape; anything else means that nobody asked."""
        found = told.get("whatsapp", told) if isinstance(told, Mapping) else None
        if not isinstance(found, Mapping):
            return cls()
        words = {key: str(found.get(key) or "").strip() for key in ("status", "name", "category")}
        words["status"] = words["status"].lower() or UNSUBMITTED
        return cls(**words, reason=str(found.get("rejection_reason") or "").strip())


@dataclass(frozen=True)
class Listed:
    """A content as Twilio's list has it."""

    sid: str
    name: str  # the friendly name
    language: str
    types: dict[str, Any] = field(default_factory=dict)
    variables: dict[str, str] = field(default_factory=dict)
    approval: Approval = Approval()

    @classmethod
    def read(cls, record: Any) -> Listed:
        types = record.types if isinstance(record.types, dict) else {}
        samples = record.variables if isinstance(record.variables, dict) else {}
        return cls(
            sid=str(record.sid or ""),
            name=str(record.friendly_name or "").strip(),
            language=str(record.language or "").strip(),
            # The SDK's models would spell out every type that is not there.
            types={kind: shape for kind, shape in types.items() if shape is not None},
            variables={str(name): "" if value is None else str(value) for name, value in samples.items()},
            approval=Approval.read(getattr(record, "approval_requests", None)),
        )


@dataclass(frozen=True)
class _Body:
    """What the SDK sends, without the nulls that its own request classes put in for what is not there."""

    values: dict[str, Any]

    def to_dict(self) -> dict[str, Any]:
        return self.values


def create(
    account: Account, *, name: str, language: str, types: Mapping[str, Any], variables: Mapping[str, str]
) -> str:
    """Returns the Content SID.

    :raises client.CallFailed: also for an answer without a SID.
    """
    body = {"friendly_name": name, "language": language, "variables": variables, "types": types}
    with client.told_apart():
        made = client.for_account(account).content.v1.contents.create(_Body(body))
    if not made.sid:
        raise client.CallFailed(detail="Twilio's answer has no SID.")
    return made.sid


def ask_for_approval(account: Account, sid: str, *, name: str, category: str) -> Approval:
    """:raises client.CallFailed:"""
    body = _Body({"name": name, "category": category})
    with client.told_apart():
        content = client.for_account(account).content.v1.contents(sid)
        made = content.approval_create.create(body)
    told = {"status": made.status, "name": made.name, "category": made.category}
    return Approval.read(told | {"rejection_reason": made.rejection_reason})


def approval(account: Account, sid: str) -> Approval:
    """:raises client.CallFailed: status 404 when Twilio has no such content."""
    with client.told_apart():
        found = client.for_account(account).content.v1.contents(sid).approval_fetch().fetch()
    return Approval.read(found.whatsapp)


def one(account: Account, sid: str) -> Listed:
    """A single content with its approval.

    :raises client.CallFailed: status 404 when Twilio has no such content.
    """
    with client.told_apart():
        found = Listed.read(client.for_account(account).content.v1.contents(sid).fetch())
    return replace(found, approval=approval(account, sid))


def delete(account: Account, sid: str) -> bool:
    """Twilio's copy. False when it was not there any more.

    :raises client.CallFailed:
    """
    try:
        with client.told_apart():
            client.for_account(account).content.v1.contents(sid).delete()
    except client.CallFailed as failure:
        if failure.status == NOT_FOUND:
            return False
        raise
    return True


def everything(account: Account) -> list[Listed]:
    """All contents with their approvals, each SID once.

    :raises client.CallFailed: one page could not be read, so that nothing is known about what is missing.
    """
    for size in PAGE_SIZES:
        try:
            return _read(account, size)
        except client.CallFailed as failure:
            if failure.status not in TOO_LARGE or size == PAGE_SIZES[-1]:
                raise
    raise AssertionError("the last size returns or raises")


def _read(account: Account, size: int) -> list[Listed]:
    found: dict[str, Listed] = {}
    seen: set[str] = set()
    with client.told_apart():
        page = client.for_account(account).content.v1.content_and_approvals.page(page_size=size)
        while True:
            found.update({each.sid: each for each in map(Listed.read, page) if each.sid})
            url = page.next_page_url
            if not url:
                return list(found.values())
            if url in seen or len(seen) >= MOST_PAGES:
                raise client.CallFailed(detail="Twilio's list of templates has no end.")
            seen.add(url)
            page = page.next_page()
