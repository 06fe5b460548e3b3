"""The Content API: templates, their filtered lists, and approval requests."""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING, Any

from . import resources
from .content import verdict_of_whatsapp
from .errors import TwilioError
from .records import Content
from .web import Answer, Request, Router

if TYPE_CHECKING:
    from .running import Simulator

#: The newer lists are limited to 1 MB a page.
BIGGEST_PAGE = 1024 * 1024


class ContentApi:
    def __init__(self, sim: Simulator) -> None:
        self.sim = sim
        self.twilio = sim.twilio
        #: "auto" lets WhatsApp decide after `pace.approval` seconds; "manual" waits for `decide`.
        self.approvals = "auto"
        #: Of `approval_requests` in lists: "flat" or "keyed".
        self.approval_shape = "flat"

    def add_routes(self, router: Router) -> None:
        router.add("POST", "/v1/Content", self.create, "Content.create")
        router.add("GET", "/v1/Content", self.list_all, "Content.list")
        router.add("GET", "/v2/Content", self.list_all, "Content.list")
        router.add("GET", "/v1/ContentAndApprovals", self.list_with_approvals, "ContentAndApprovals.list")
        router.add("GET", "/v2/ContentAndApprovals", self.list_with_approvals, "ContentAndApprovals.list")
        router.add("GET", "/v1/Content/{sid}", self.fetch, "Content.fetch")
        router.add("PUT", "/v1/Content/{sid}", self.update, "Content.update")
        router.add("DELETE", "/v1/Content/{sid}", self.delete, "Content.delete")
        router.add("GET", "/v1/Content/{sid}/ApprovalRequests", self.approval, "ApprovalRequests.fetch")
        router.add(
            "POST", "/v1/Content/{sid}/ApprovalRequests/whatsapp", self.submit, "ApprovalRequests.create"
        )

    def _one(self, record: Content) -> dict[str, Any]:
        return resources.content(self.twilio.account, record, self.sim.url)

    def create(self, request: Request) -> Answer:
        return Answer.json(self._one(self.twilio.create_content(json_body(request))), 201)

    def fetch(self, request: Request) -> Answer:
        return Answer.json(self._one(self.twilio.content(request.args["sid"])))

    def update(self, request: Request) -> Answer:
        return Answer.json(self._one(self.twilio.update_content(request.args["sid"], json_body(request))))

    def delete(self, request: Request) -> Answer:
        self.twilio.delete_content(request.args["sid"])
        return Answer(204)

    def list_all(self, request: Request) -> Answer:
        return self._page(request, [self._one(c) for c in self._filtered(request.query)])

    def list_with_approvals(self, request: Request) -> Answer:
        rows = [
            resources.content_and_approvals(self.twilio.account, c, self.approval_shape)
            for c in self._filtered(request.query)
        ]
        return self._page(request, rows)

    def _page(self, request: Request, rows: list[dict[str, Any]]) -> Answer:
        items, number, size, more = resources.page(rows, request.query)
        url = f"{self.sim.url}{request.path}"
        answer = Answer.json(resources.page_meta("contents", url, items, request.query, (number, size, more)))
        if len(answer.body) > BIGGEST_PAGE:
            raise TwilioError(20001, "The answer exceeds 1 MB; ask for a smaller PageSize")
        return answer

    def _filtered(self, query: dict[str, str]) -> list[Content]:
        with self.twilio.lock:
            found = list(self.twilio.contents.values())
        for name, wanted in query.items():
            found = [c for c in found if _matches(c, name, wanted)]
        newest_first = query.get("SortByDate", "desc").lower() != "asc"
        found.sort(key=lambda c: c.created, reverse=newest_first)
        if order := query.get("SortByContentName"):
            found.sort(key=lambda c: c.friendly_name, reverse=order.lower() == "desc")
        return found

    def approval(self, request: Request) -> Answer:
        record = self.twilio.content(request.args["sid"])
        return Answer.json(
            {
                "sid": record.sid,
                "account_sid": self.twilio.account.sid,
                "whatsapp": {"type": "whatsapp"} | resources.approval(record.approval),
                "url": f"{self.sim.url}/v1/Content/{record.sid}/ApprovalRequests",
            }
        )

    def submit(self, request: Request) -> Answer:
        sid = request.args["sid"]
        approval = self.twilio.submit(sid, json_body(request))
        answer = Answer.json(resources.approval(approval), 201)
        if self.approvals == "auto":
            answer.after = lambda: self.sim.scheduler.after(
                self.sim.journeys.pace.approval / 3, lambda: self._review(sid)
            )
        return answer

    def _review(self, sid: str) -> None:
        self.sim.decide(sid, "pending")
        self.sim.scheduler.after(self.sim.journeys.pace.approval, lambda: self._conclude(sid))

    def _conclude(self, sid: str) -> None:
        content = self.twilio.content(sid)
        if content.approval and content.approval.status == "pending":
            reason = verdict_of_whatsapp(content)
            self.sim.decide(sid, "rejected" if reason else "approved", reason)


def json_body(request: Request) -> dict[str, Any]:
    if request.content_type != "application/json":
        raise TwilioError(20001, "Content-Type must be application/json", 415)
    try:
        return request.json()
    except ValueError:
        raise TwilioError(20001, "The body is not a JSON object") from None


def _matches(content: Content, name: str, wanted: str) -> bool:
    if name == "ContentName":
        return wanted.lower() in content.friendly_name.lower()
    if name == "Content":
        return wanted.lower() in json.dumps(content.types, ensure_ascii=False).lower()
    if name == "Language":
        return content.language in wanted.split(",")
    if name == "ContentType":
        return any(kind in content.types for kind in wanted.split(","))
    if name == "ChannelEligibility":
        return _eligibility(content) in wanted.split(",")
    if name == "DateCreatedAfter":
        return content.created > _moment(wanted)
    return name != "DateCreatedBefore" or content.created < _moment(wanted)


def _eligibility(content: Content) -> str:
    return f"whatsapp:{content.approval.status if content.approval else 'unsubmitted'}"


def _moment(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        raise TwilioError(20001, f"Invalid date: {text}") from None
