"""The customer's phone: a page, its fragments and the events that tell it to pull them."""

from __future__ import annotations

import mimetypes
import queue
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from . import bubbles, reviews, stories
from .web import Answer, Request, Router, multipart

if TYPE_CHECKING:
    from .people import CustomerHandle
    from .running import Simulator

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
    "media-src 'self' blob:; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
SAFE = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
#: Switch on the page -> the fault it sets.
SWITCHES: dict[str, dict[str, Any]] = {
    "slow": {"kind": "hold", "times": None},
    "fail": {"kind": "fail", "on": "POST */Messages.json", "times": 1, "code": 63024},
    "twice": {"kind": "duplicate", "times": None, "gap": 2},
    "disorder": {"kind": "reorder", "on": "POST */Messages.json", "times": None},
    "signature": {"kind": "wrong_signature", "times": None},
    "lost": {"kind": "drop", "times": None},
    "cut": {"kind": "reset_after", "on": "POST */Messages.json", "times": None},
}
ACTS = ("people", "send", "tap", "story", "clock", "faults", "reviews", "again", "clear", "restart")
SOON = timedelta(minutes=50)
INLINE = ("image/", "audio/", "video/")


class Page:
    def __init__(self, sim: Simulator) -> None:
        self.sim = sim

    def add_routes(self, router: Router) -> None:
        router.add("GET HEAD", "/", self.show)
        router.add("GET", "/phone/changes", self.changes)
        router.add("GET", "/phone/log", self.log)
        router.add("GET", "/phone/quote", self.quote)
        router.add("GET", "/phone/events", self.events)
        router.add("GET", "/phone/media/{sid}", self.media)
        router.add("GET HEAD", "/static/{path:path}", self.static)
        router.add("GET", "/phone/reviews", self.submitted)
        for name in ACTS:
            router.add("POST", f"/phone/{name}", getattr(self, name))

    # Looking

    def show(self, request: Request) -> Answer:
        if self.sim.refresh:
            self.sim.refresh(self.sim)
        scene = bubbles.Scene.of(self.sim, request.query)
        new: list[bubbles.Bubble] = []
        if scene.customer and scene.sender:
            new, _ = bubbles.bubbles(self.sim, scene.customer, scene.sender.address)
        show = request.query.get("show", "")
        context = scene.context() | {
            "bubbles": new,
            "people": bubbles.choices(bubbles.people(self.sim), scene.customer),
            "senders": bubbles.choices(list(self.sim.twilio.senders.values()), scene.sender),
            "lines": bubbles.log_lines(self.sim, show=show),
            "last": self.sim.log.last,
            "show": show,
            "theme": request.query.get("theme", "")
            if request.query.get("theme") in ("light", "dark")
            else "",
            "app_url": self.sim.app_url,
            "quoted": self.sim.twilio.messages.get(request.query.get("quote", "")),
            "faults": self._faults(),
            "submitted": reviews.submitted(self.sim),
        }
        return _html("page", context)

    def changes(self, request: Request) -> Answer:
        """What is new since a revision, to append, and what changed, to swap out of band."""
        scene = bubbles.Scene.of(self.sim, request.query)
        context = scene.context()
        if scene.customer and scene.sender:
            since = _number(request.query.get("since"))
            context["new"], context["changed"] = bubbles.bubbles(
                self.sim, scene.customer, scene.sender.address, since=since
            )
        return _html("_changes", context | {"faults": self._faults()})

    def log(self, request: Request) -> Answer:
        show, since = request.query.get("show", ""), _number(request.query.get("log_since"))
        last = self.sim.log.last
        lines = bubbles.log_lines(self.sim, since=since, show=show)
        return _html("_log_changes", {"lines": lines, "last": last, "sweep": last < since})

    def quote(self, request: Request) -> Answer:
        return _html("_quote", {"quoted": self.sim.twilio.messages.get(request.query.get("quote", ""))})

    def submitted(self, request: Request) -> Answer:
        context = {"submitted": reviews.submitted(self.sim), "chosen": request.query.get("sid", "")}
        return _html("_submitted", context)

    def events(self, request: Request) -> Answer:
        return Answer(
            200,
            content_type="text/event-stream",
            headers={"Cache-Control": "no-store"},
            stream=self._stream(request),
        )

    def _stream(self, request: Request) -> Iterator[bytes]:
        """Names of what changed, each at most once a moment; while it lasts, this phone is looked at."""
        scene = bubbles.Scene.of(self.sim, request.query)
        if scene.customer is None or scene.sender is None:
            return
        self.sim.journeys.watch(scene.customer, scene.sender.address)
        try:
            with self.sim.twilio.feed.subscribe() as news:
                yield b"retry: 1000\n\nevent: phone\ndata: \n\nevent: log\ndata: \n\n"
                while not self.sim.stopping.is_set():
                    names = _gathered(news)
                    yield (
                        b"".join(f"event: {name}\ndata: \n\n".encode() for name in names)
                        or b": still here\n\n"
                    )
        finally:
            self.sim.journeys.unwatch(scene.customer, scene.sender.address)

    def media(self, request: Request) -> Answer:
        """A file on the phone, shown only when a browser may safely show it."""
        media = self.sim.twilio.media.get(request.args["sid"])
        if media is None:
            return Answer(404, b"", "text/plain")
        kind = media.content_type.partition(";")[0]
        shown = kind.startswith(INLINE) and "svg" not in kind
        headers = SAFE | {"Accept-Ranges": "bytes", "Cache-Control": "private, max-age=3600"}
        headers["Content-Disposition"] = "inline" if shown else "attachment"
        answer = Answer(200, media.data, kind if shown else "application/octet-stream", headers)
        return _part(answer, str(request.headers.get("Range", "")))

    def static(self, request: Request) -> Answer:
        """Static files through Django's finders, with or without the hash a manifest puts in names."""
        from django.contrib.staticfiles import finders

        name = request.args["path"]
        if ".." in name:
            return Answer(404, b"", "text/plain")
        path = finders.find(name) or finders.find(re.sub(r"\.[0-9a-f]{12}(?=\.\w+$)", "", name))
        if not path:
            return Answer(404, b"", "text/plain")
        kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
        return Answer(
            200,
            Path(str(path)).read_bytes(),
            f"{kind}; charset=utf-8" if kind.startswith("text/") else kind,
            dict(SAFE),
        )

    # Doing

    def people(self, request: Request) -> Answer:
        fields, _ = multipart(request)
        customer = self.sim.customer(
            name=fields.get("name", "").strip(), hidden=bool(fields.get("hidden"))
        ).customer
        return Answer.redirect("/?" + urlencode({"as": customer.address, "to": fields.get("to", "")}))

    def send(self, request: Request) -> Answer:
        fields, files = multipart(request)
        scene = bubbles.Scene.of(self.sim, fields)
        if scene.handle and scene.sender:
            _write(scene.handle, scene.sender.address, fields, files.get("file"))
        return self._done(request, fields, "_quote")

    def tap(self, request: Request) -> Answer:
        fields, _ = multipart(request)
        scene = bubbles.Scene.of(self.sim, fields)
        if scene.handle and "item" in fields:
            scene.handle.choose(fields["sid"], fields["item"])
        elif scene.handle:
            scene.handle.tap(fields["sid"], fields["title"])
        return self._done(request, fields)

    def story(self, request: Request) -> Answer:
        fields, _ = multipart(request)
        scene = bubbles.Scene.of(self.sim, fields)
        if scene.handle and scene.sender:
            stories.play(fields.get("story", ""), scene.handle, scene.sender.address)
        return self._done(request, fields)

    def clock(self, request: Request) -> Answer:
        fields, _ = multipart(request)
        scene = bubbles.Scene.of(self.sim, fields)
        if scene.customer and scene.sender:
            left = self.sim.twilio.window_left(scene.customer, scene.sender.address)
            jumps = {"hour": timedelta(hours=1), "soon": left - SOON, "closed": left + timedelta(minutes=1)}
            jump = jumps.get(fields.get("jump", ""), timedelta())
            if left and jump > timedelta():
                self.sim.twilio.pass_time(scene.customer, scene.sender.address, jump)
        return self._done(request, fields)

    def faults(self, request: Request) -> Answer:
        """Set exactly the faults whose switches are on."""
        fields, _ = multipart(request)
        for name, switch in SWITCHES.items():
            self.sim.faults.remove(switch["kind"])
            if fields.get(name):
                self.sim.faults.add(
                    **switch | ({"seconds": _number(fields.get("seconds"))} if name == "slow" else {})
                )
        return self._done(request, fields)

    def reviews(self, request: Request) -> Answer:
        fields, _ = multipart(request)
        reviews.decide(self.sim, fields.get("sid", ""), fields.get("decision", ""))
        answer = self._done(request, fields)
        answer.headers["HX-Trigger"] = "decided"
        return answer

    def _faults(self) -> dict[str, Any]:
        active = {name: self.sim.faults.active(switch["kind"]) for name, switch in SWITCHES.items()}
        slow = active["slow"]
        return {name: bool(fault) for name, fault in active.items()} | {
            "seconds": slow.options["seconds"] if slow else 4
        }

    def again(self, request: Request) -> Answer:
        fields, _ = multipart(request)
        if entry := self.sim.log.entry(_number(fields.get("id"))):
            self.sim.courier.again(entry)
        return self._done(request, fields)

    def clear(self, request: Request) -> Answer:
        self.sim.log.clear()
        return self._done(request, multipart(request)[0])

    def restart(self, request: Request) -> Answer:
        self.sim.reset()
        return Answer.redirect("/")

    def _done(self, request: Request, fields: dict[str, str], fragment: str = "") -> Answer:
        """Nothing for htmx, whose page pulls the change by itself; a redirect back for a plain form."""
        if request.headers.get("HX-Request"):
            return _html(fragment, {"quoted": None, "oob": True}) if fragment else Answer(204)
        scene = {name: value for name, value in fields.items() if name in ("as", "to")}
        return Answer.redirect(f"/?{urlencode(scene)}")


def _write(who: CustomerHandle, to: str, fields: dict[str, str], file: tuple[str, str, bytes] | None) -> None:
    body, kind = fields.get("body", "").strip(), fields.get("kind", "text")
    if file:
        name, content_type, data = file
        kind = {"image": "image", "audio": "audio", "video": "video"}.get(
            content_type.partition("/")[0], "document"
        )
        who.send(
            kind, name if kind == "document" else body, to=to, data=data, content_type=content_type, name=name
        )
    elif kind == "location":
        who.send_location(label="London Bridge", address="London SE1 9RT", to=to)
    elif kind == "contacts":
        who.send_contact(to=to)
    elif kind in ("image", "video"):
        who.send(kind, body, to=to)
    elif kind in ("audio", "document", "sticker"):
        who.send(kind, to=to)
    elif body and fields.get("quote"):
        who.reply(fields["quote"], body, to=to)
    elif body:
        who.send_text(body, to=to)


def _gathered(news: queue.Queue[str]) -> list[str]:
    """The names of the next moment without repeats; empty after two quiet seconds."""
    names: dict[str, None] = {}
    try:
        while len(names) < 20:
            names[news.get(timeout=0.03 if names else 2)] = None
    except queue.Empty:
        pass
    return list(names)


def _part(answer: Answer, wanted: str) -> Answer:
    """The bytes a player asked for: without them it cannot tell how long a voice message is."""
    found, size = re.fullmatch(r"bytes=(\d+)-(\d*)", wanted), len(answer.body)
    if found and int(found[1]) < size:
        start, end = int(found[1]), min(int(found[2] or size - 1), size - 1)
        answer.status, answer.body = 206, answer.body[start : end + 1]
        answer.headers["Content-Range"] = f"bytes {start}-{end}/{size}"
    return answer


def _number(text: str | None) -> int:
    return int(text) if text and text.isdigit() else 0


def _html(template: str, context: dict[str, Any]) -> Answer:
    from django.template.loader import render_to_string

    body = render_to_string(f"simulator/{template}.html", context)
    return Answer(200, body.encode(), "text/html; charset=utf-8", dict(SAFE))
