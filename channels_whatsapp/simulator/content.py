"""Content templates and their WhatsApp approval."""

from __future__ import annotations

import re
import threading
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from .errors import TwilioError
from .records import Approval, Content

if TYPE_CHECKING:
    from datetime import datetime

    from .feed import Feed

SANDBOX_TEMPLATES = {
    "HXb5b62575e6e4ff6129ad7c8efe1f983e": (
        "appointment_reminders",
        "Your appointment is coming up on {{1}} at {{2}}. "
        "If you need to change it, please reply back and let us know.",
        {"1": "12/1", "2": "3pm"},
    ),
}
#: Richest first: the type that WhatsApp gets when a content has several.
RICHNESS = (
    "whatsapp/card",
    "twilio/carousel",
    "twilio/card",
    "whatsapp/flows",
    "twilio/flows",
    "twilio/list-picker",
    "twilio/call-to-action",
    "twilio/quick-reply",
    "whatsapp/authentication",
    "twilio/catalog",
    "twilio/location",
    "twilio/media",
    "twilio/text",
)
#: Types that work in a session only and can never be approved.
SESSION_ONLY = ("twilio/list-picker", "twilio/location")
NAME = re.compile(r"[a-z0-9_]{1,512}")
CATEGORIES = ("UTILITY", "MARKETING", "AUTHENTICATION")
#: A rejected name is not taken again for so long.
BLOCKED = timedelta(days=30)
#: How long WhatsApp pauses a template, the first and the second time; after that it disables it.
PAUSES = (timedelta(hours=3), timedelta(hours=6))
VARIABLE = re.compile(r"\{\{(\w{1,16})\}\}")


class Contents:
    """The part of the account about templates."""

    lock: threading.RLock
    feed: Feed
    contents: dict[str, Content]

    if TYPE_CHECKING:

        def sid(self, prefix: str) -> str: ...
        def now(self) -> datetime: ...

    def clear_contents(self) -> None:
        """Only the sandbox's fixed templates, approved."""
        self.contents = {}
        for sid, (name, body, samples) in SANDBOX_TEMPLATES.items():
            self.add_content(name, {"twilio/text": {"body": body}}, samples, sid=sid, approved="UTILITY")

    def add_content(
        self,
        name: str,
        types: dict[str, Any],
        variables: dict[str, str] | None = None,
        *,
        language: str = "en",
        sid: str = "",
        approved: str = "",
    ) -> Content:
        """A template; `approved` names the category under which WhatsApp has approved it already."""
        with self.lock:
            now = self.now()
            content = Content(sid or self.sid("HX"), name, language, types, dict(variables or {}), now, now)
            if approved:
                content.approval = Approval(name, approved, richest(types), "approved")
            self.contents[content.sid] = content
            return content

    def create_content(self, data: dict[str, Any]) -> Content:
        """`POST /v1/Content`: needs a language and at least one known type."""
        _check_types(data)
        if not data.get("language"):
            raise TwilioError(20001, "Invalid Parameter: language is required")
        return self.add_content(
            data.get("friendly_name") or "", data["types"], data.get("variables"), language=data["language"]
        )

    def update_content(self, sid: str, data: dict[str, Any]) -> Content:
        """`PUT /v1/Content/{sid}`: only before it was submitted."""
        _check_types(data)
        with self.lock:
            content = self.content(sid)
            if content.approval:
                raise TwilioError(20409, "A content that was submitted for approval cannot be changed")
            content.types = data["types"]
            content.variables = data.get("variables", content.variables)
            content.friendly_name = data.get("friendly_name", content.friendly_name)
            content.updated = self.now()
            return content

    def content(self, sid: str) -> Content:
        with self.lock:
            if sid not in self.contents:
                raise TwilioError(20404)
            return self.contents[sid]

    def delete_content(self, sid: str) -> None:
        with self.lock:
            del self.contents[self.content(sid).sid]

    def submit(self, sid: str, data: dict[str, Any]) -> Approval:
        """Ask WhatsApp for approval; the answer is `received`, the verdict comes later."""
        name, category = str(data.get("name", "")), str(data.get("category", ""))
        if not NAME.fullmatch(name):
            raise TwilioError(
                20001, "Invalid Parameter: name may hold lowercase letters, digits and underscores"
            )
        if category not in CATEGORIES:
            raise TwilioError(
                20001, "Invalid Parameter: category must be UTILITY, MARKETING or AUTHENTICATION"
            )
        with self.lock:
            content = self.content(sid)
            if content.approval and content.approval.status not in ("rejected", "unsubmitted"):
                raise TwilioError(20409, "This content was submitted already")
            if self._is_blocked(name):
                raise TwilioError(20001, "Invalid Parameter: name was rejected within the last 30 days")
            content.approval = Approval(name, category, richest(content.types))
            return content.approval

    def decide(self, sid: str, status: str, reason: str = "") -> str:
        """Set the approval status as WhatsApp would; returns the previous one."""
        with self.lock:
            approval = self.content(sid).approval
            if approval is None:
                raise TwilioError(20409, "This content was not submitted")
            previous, approval.status, approval.rejection_reason = approval.status, status, reason
            approval.decided, approval.paused_until = self.now(), None
            return previous

    def pause(self, sid: str) -> str:
        """What WhatsApp does when customers complain: paused, paused again, disabled. Returns the status."""
        with self.lock:
            approval = self.content(sid).approval
            if approval is None:
                raise TwilioError(20409, "This content was not submitted")
            times, approval.pauses = approval.pauses, approval.pauses + 1
            approval.status = "paused" if times < len(PAUSES) else "disabled"
            approval.paused_until = self.now() + PAUSES[times] if times < len(PAUSES) else None
            return approval.status

    def over_pauses(self) -> list[str]:
        """The templates whose pause is over now."""
        with self.lock:
            paused = [(c.sid, c.approval.paused_until) for c in self.contents.values() if c.approval]
            return [sid for sid, until in paused if until and until <= self.now()]

    def recategorise(self, sid: str, category: str) -> str:
        """Meta bills it under another category; returns the previous one."""
        with self.lock:
            approval = self.content(sid).approval
            if approval is None or category not in CATEGORIES:
                raise TwilioError(20409, "This content has no category to change")
            previous, approval.category = approval.category, category
            return previous

    def _is_blocked(self, name: str) -> bool:
        since = self.now() - BLOCKED
        approvals = [c.approval for c in self.contents.values() if c.approval and c.approval.name == name]
        return any(a.status == "rejected" and a.decided and a.decided > since for a in approvals)


def _check_types(data: dict[str, Any]) -> None:
    types = data.get("types")
    if not isinstance(types, dict) or not types:
        raise TwilioError(20001, "Invalid Parameter: types is required")
    if unknown := set(types) - set(RICHNESS) - {"twilio/schedule"}:
        raise TwilioError(20001, f"Invalid Parameter: unknown type {sorted(unknown)[0]}")


def richest(types: dict[str, Any]) -> str:
    """The type that a phone gets: the richest known one, else the first unknown one."""
    return next((name for name in RICHNESS if name in types), next(iter(types), "twilio/text"))


def body_of(content: Content) -> str:
    shape = content.types.get(richest(content.types))
    return str(shape.get("body") or "") if isinstance(shape, dict) else ""


def approved(content: Content) -> bool:
    return content.approval is not None and content.approval.status == "approved"


def fill(text: str, variables: dict[str, str]) -> str:
    return VARIABLE.sub(lambda found: variables.get(found[1], found[0]), text)


def verdict_of_whatsapp(content: Content) -> str:
    """Why WhatsApp would reject this content, or an empty string."""
    body = body_of(content).strip()
    names = VARIABLE.findall(body)
    if richest(content.types) in SESSION_ONLY:
        return "This type works in a session only and cannot be approved."
    if re.match(r"\{\{\w+\}\}", body) or re.search(r"\{\{\w+\}\}\W*$", body):
        return "Variables can't be at the start or end of the template."
    if re.search(r"\}\}\s*\{\{", body):
        return "Variables can't stand next to each other."
    if sorted(set(names), key=_as_number) != [str(n + 1) for n in range(len(set(names)))]:
        return "Variables must be numbered from {{1}} without gaps."
    if names and len(VARIABLE.sub("", body).split()) < 2 * len(set(names)) + 1:
        return "This template has too many variables for its length."
    if missing := set(names) - set(content.variables):
        return f"Variable {sorted(missing)[0]} has no sample."
    return ""


def _as_number(name: str) -> int:
    return int(name) if name.isdigit() else 0
