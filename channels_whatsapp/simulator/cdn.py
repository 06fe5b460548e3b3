"""The second host that media redirects lead to: signed addresses, no credentials, slow on demand."""

from __future__ import annotations

import hashlib
import hmac
import os
import threading
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

from .faults import MEDIA_KINDS, Fault
from .records import Media
from .web import Answer, Request, Router

if TYPE_CHECKING:
    from .twilio import Twilio

MEGABYTE = 1024 * 1024


class Cdn:
    """`leaks` counts the downloads that carried an Authorization header: there must be none."""

    def __init__(self, twilio: Twilio, stopping: threading.Event) -> None:
        self.twilio = twilio
        self.stopping = stopping
        self.leaks = 0
        self.downloads = 0
        self._key = os.urandom(32)

    def add_routes(self, router: Router) -> None:
        router.add("GET HEAD", "/cdn/{media}", self.serve, "cdn")

    def signed_path(self, media: Media, seconds: int) -> str:
        expires = int(self.twilio.now().timestamp()) + seconds
        return f"/cdn/{media.sid}?Expires={expires}&Signature={self._signature(media.sid, expires)}"

    def _signature(self, sid: str, expires: int) -> str:
        return hmac.new(self._key, f"{sid} {expires}".encode(), hashlib.sha256).hexdigest()

    def serve(self, request: Request) -> Answer:
        self.downloads += 1
        self.leaks += "Authorization" in request.headers
        media = self.twilio.media.get(request.args["media"])
        if media is None:
            return Answer(404, b"", "text/plain")
        if not self._admitted(request, media):
            return Answer(403, b"", "text/plain")
        return self._answer(media, self.twilio.faults.take(media.sid, MEDIA_KINDS[1:]))

    def _admitted(self, request: Request, media: Media) -> bool:
        expires, signature = request.query.get("Expires", ""), request.query.get("Signature", "")
        if not expires.isdigit() or int(expires) < self.twilio.now().timestamp():
            return False
        return hmac.compare_digest(signature, self._signature(media.sid, int(expires)))

    def _answer(self, media: Media, faults: dict[str, Fault]) -> Answer:
        answer = Answer(200, media.data, media.content_type)
        if media.name:
            answer.headers["Content-Disposition"] = f'inline; filename="{media.name}"'
        if "media_delay" in faults:
            self.stopping.wait(float(faults["media_delay"].options.get("seconds", 5)))
        if "media_trickle" in faults:
            answer.stream, answer.length = self._trickle(media.data), len(media.data)
        if "media_huge" in faults:
            # Declares a kilobyte and keeps sending: only a cap on the stream itself stops it.
            answer.stream = self._flood(int(faults["media_huge"].options.get("megabytes", 200)))
            answer.length = 1024 if faults["media_huge"].options.get("declared", True) else None
        return answer

    def _trickle(self, data: bytes) -> Iterator[bytes]:
        for byte in data:
            if self.stopping.is_set():
                return
            yield bytes([byte])
            time.sleep(1)

    def _flood(self, megabytes: int) -> Iterator[bytes]:
        for _ in range(megabytes):
            if self.stopping.is_set():
                return
            yield bytes(MEGABYTE)
