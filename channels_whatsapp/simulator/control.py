"""The control API under `/_sim/`: JSON in, JSON out, for other processes.

A question mark stands behind what may be left out.

| call | body or query | does |
|---|---|---|
| `GET /_sim/state` | | figures, customers, senders, messages per customer, faults, counters |
| `GET /_sim/messages` | `customer`, `sender` | messages, oldest first |
| `GET /_sim/log` | `way` (in, out), `kind` | webhooks and calls, oldest first |
| `POST /_sim/customers` | `address name hidden reads blocked on_whatsapp` (all ?) | create or change one |
| `POST /_sim/send` | `from`, ? `to kind body params data` (base64) `content_type name` | write |
| `POST /_sim/tap` | `from`, `sid`, and `title` or `item` | tap a button, choose from a list |
| `POST /_sim/faults` | `kind`, `on`?, `times`?, `chance`?, options | or `plan`: {kind: odds} |
| `DELETE /_sim/faults` | `kind`? | remove faults |
| `POST /_sim/clock` | `seconds`, or with `customer` and `sender` for one conversation | let time pass |
| `POST /_sim/read` | `customer`, `sender`, or `auto` true/false | read what was delivered |
| `POST /_sim/decide` | `sid`, `status`, `reason`? | WhatsApp's verdict on a template |
| `POST /_sim/approvals` | `mode`? auto or manual, `shape`? flat or keyed | who decides, how lists tell |
| `POST /_sim/pause` | `sid` | paused for 3 hours, then for 6, then disabled |
| `POST /_sim/recategorise` | `sid`, `category` | Meta bills a template under another category |
| `POST /_sim/history` | `messages`: [{`customer sender body at inbound? status?`}] | without webhooks |
| `POST /_sim/wait` | `seconds`? | wait until idle: `{"idle": true}` |
| `POST /_sim/reset` | | forget everything but account and senders |
"""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from .errors import TwilioError
from .records import Customer, Message
from .web import Answer, Request, Router

if TYPE_CHECKING:
    from .running import Simulator

Act = Callable[[dict[str, Any]], Any]


class Control:
    def __init__(self, sim: Simulator) -> None:
        self.sim = sim

    def add_routes(self, router: Router) -> None:
        router.add("GET", "/_sim/state", lambda request: Answer.json(self.state()))
        router.add("GET", "/_sim/messages", self.messages)
        router.add("GET", "/_sim/log", self.log)
        router.add("DELETE", "/_sim/faults", self.remove_faults)
        for name in (
            "customers",
            "send",
            "tap",
            "faults",
            "clock",
            "read",
            "decide",
            "approvals",
            "pause",
            "recategorise",
            "history",
            "wait",
            "reset",
        ):
            router.add("POST", f"/_sim/{name}", self._posted(getattr(self, name)))

    def _posted(self, act: Act) -> Callable[[Request], Answer]:
        def view(request: Request) -> Answer:
            try:
                return Answer.json(act(request.json()))
            except (KeyError, ValueError, TypeError) as mistake:
                return Answer.json({"error": f"{type(mistake).__name__}: {mistake}"}, 400)

        return view

    # Looking

    def state(self) -> dict[str, Any]:
        sim = self.sim
        with sim.twilio.lock:
            messages = list(sim.twilio.messages.values())
            senders = [
                {"address": s.address, "name": s.name, "status": s.status}
                for s in sim.twilio.senders.values()
            ]
        log = sim.log.entries(way="in")
        return {
            "now": sim.twilio.now().isoformat(),
            "account_sid": sim.twilio.account.sid,
            "senders": senders,
            "customers": [customer_json(c) for c in sim.twilio.everyone()],
            "messages": {"total": len(messages), "inbound": sum(m.inbound for m in messages)},
            "sent_to": Counter(m.customer.address for m in messages if not m.inbound),
            "written_by": Counter(m.customer.address for m in messages if m.inbound),
            "statuses": Counter(m.status for m in messages if not m.inbound),
            "webhooks": {"total": len(log), "accepted": sum(e.ok for e in log)},
            "calls": sim.log.calls,
            "peak_concurrent_calls": sim.log.peak,
            "media": {"downloads": sim.cdn.downloads, "authorization_leaks": sim.cdn.leaks},
            "faults": sim.faults.as_json(),
        }

    def messages(self, request: Request) -> Answer:
        query = request.query
        with self.sim.twilio.lock:
            found = list(self.sim.twilio.messages.values())
        if "customer" in query:
            found = [m for m in found if query["customer"] in (m.customer.phone, m.customer.user_id)]
        if "sender" in query:
            found = [m for m in found if m.sender.address == query["sender"]]
        return Answer.json({"messages": [message_json(m) for m in found]})

    def log(self, request: Request) -> Answer:
        entries = self.sim.log.entries(way=request.query.get("way", ""), kind=request.query.get("kind", ""))
        return Answer.json({"entries": [e.as_json() for e in entries]})

    # Doing

    def customers(self, data: dict[str, Any]) -> dict[str, Any]:
        handle = self.sim.customer(
            data.get("address", ""), data.get("name", ""), hidden=bool(data.get("hidden"))
        )
        for name in ("reads", "blocked", "on_whatsapp"):
            if name in data:
                setattr(handle.customer, name, bool(data[name]))
        return customer_json(handle.customer)

    def send(self, data: dict[str, Any]) -> dict[str, Any]:
        file = base64.b64decode(data["data"]) if "data" in data else None
        message = self.sim.customer(data["from"]).send(
            data.get("kind", "text"),
            data.get("body", ""),
            to=data.get("to", ""),
            data=file,
            content_type=data.get("content_type", ""),
            name=data.get("name", ""),
            params=data.get("params"),
        )
        return message_json(message)

    def tap(self, data: dict[str, Any]) -> dict[str, Any]:
        handle = self.sim.customer(data["from"])
        tapped = (
            handle.choose(data["sid"], data["item"])
            if "item" in data
            else handle.tap(data["sid"], data["title"])
        )
        return message_json(tapped)

    def faults(self, data: dict[str, Any]) -> dict[str, Any]:
        if "plan" in data:
            self.sim.faults.plan(data["plan"], on=data.get("on", "*/Messages.json"))
            return {"plan": data["plan"]}
        return self.sim.faults.add(data.pop("kind"), **data).as_json()

    def remove_faults(self, request: Request) -> Answer:
        self.sim.faults.remove(request.query.get("kind"))
        return Answer.json({"faults": self.sim.faults.as_json()})

    def clock(self, data: dict[str, Any]) -> dict[str, Any]:
        delta = timedelta(seconds=float(data["seconds"]))
        if "customer" in data:
            self.sim.twilio.pass_time(self._customer(data["customer"]), data["sender"], delta)
        else:
            self.sim.advance(seconds=delta.total_seconds())
        return {"now": self.sim.twilio.now().isoformat()}

    def read(self, data: dict[str, Any]) -> dict[str, Any]:
        if "auto" in data:
            self.sim.journeys.auto_read = bool(data["auto"])
        else:
            self.sim.journeys.read(self._customer(data["customer"]), data["sender"])
        return {"auto": self.sim.journeys.auto_read}

    def decide(self, data: dict[str, Any]) -> dict[str, Any]:
        self.sim.decide(data["sid"], data["status"], data.get("reason", ""))
        return {"sid": data["sid"], "status": data["status"]}

    def approvals(self, data: dict[str, Any]) -> dict[str, Any]:
        content = self.sim.rest.content
        for name, words in {"mode": ("auto", "manual"), "shape": ("flat", "keyed")}.items():
            if data.get(name, words[0]) not in words:
                raise ValueError(f"{name} is one of {', '.join(words)}")
        content.approvals = data.get("mode", content.approvals)
        content.approval_shape = data.get("shape", content.approval_shape)
        return {"mode": content.approvals, "shape": content.approval_shape}

    def pause(self, data: dict[str, Any]) -> dict[str, Any]:
        return {"sid": data["sid"], "status": self.sim.pause(data["sid"])}

    def recategorise(self, data: dict[str, Any]) -> dict[str, Any]:
        self.sim.recategorise(data["sid"], data["category"])
        return {"sid": data["sid"], "category": data["category"]}

    def history(self, data: dict[str, Any]) -> dict[str, Any]:
        sids = []
        for row in data["messages"]:
            at = datetime.fromisoformat(row["at"].replace("Z", "+00:00"))
            message = self.sim.twilio.add_history(
                row["customer"],
                row["sender"],
                row["body"],
                at=at,
                inbound=row.get("inbound", True),
                status=row.get("status", ""),
            )
            sids.append(message.sid)
        return {"sids": sids}

    def wait(self, data: dict[str, Any]) -> dict[str, Any]:
        return {"idle": self.sim.wait_idle(float(data.get("seconds", 10)))}

    def reset(self, data: dict[str, Any]) -> dict[str, Any]:
        self.sim.reset()
        return {"reset": True}

    def _customer(self, address: str) -> Customer:
        customer = self.sim.twilio.find_customer(address)
        if customer is None:
            raise TwilioError(20404)
        return customer


def customer_json(customer: Customer) -> dict[str, Any]:
    return {
        "address": customer.address,
        "phone": customer.phone,
        "user_id": customer.user_id,
        "name": customer.name,
        "phone_hidden": customer.phone_hidden,
        "last_inbound": {sender: at.isoformat() for sender, at in customer.last_inbound.items()},
    }


def message_json(message: Message) -> dict[str, Any]:
    return {
        "sid": message.sid,
        "direction": message.direction,
        "kind": message.kind,
        "customer": message.customer.address,
        "sender": message.sender.address,
        "body": message.body,
        "status": message.status,
        "error_code": message.error_code,
        "content_sid": message.content_sid,
        "created": message.created.isoformat(),
        "shown": message.shown,
        "media": [{"sid": m.sid, "content_type": m.content_type, "size": len(m.data)} for m in message.media],
    }
