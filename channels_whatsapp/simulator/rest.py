"""Twilio's three hosts behind one door: credentials, limits, faults, then the API itself."""

from __future__ import annotations

import base64
import binascii
import hmac
import logging
import time
from typing import TYPE_CHECKING

from .api_content import ContentApi
from .api_messages import MessagesApi
from .api_senders import SendersApi
from .control import Control
from .errors import TwilioError
from .faults import CALL_KINDS, MESSAGE_KINDS, Fault
from .log import Entry
from .page import Page
from .web import LOOPBACK, Answer, Request, Route, Router

if TYPE_CHECKING:
    from .running import Simulator

logger = logging.getLogger(__name__)

API = ("/2010-04-01/", "/v1/", "/v2/", "/v3/")


class Rest:
    """Answers every request that reaches the simulator's port."""

    def __init__(self, sim: Simulator) -> None:
        self.sim = sim
        self.router = Router()
        self.content = ContentApi(sim)
        for part in (MessagesApi(sim), self.content, SendersApi(sim), sim.cdn, Control(sim), Page(sim)):
            part.add_routes(self.router)

    def answer(self, request: Request) -> Answer:
        try:
            if request.path.startswith(API):
                return self._api(request)
            return self._other(request)
        except TwilioError as refusal:
            return _refused(refusal)
        except Exception:
            logger.exception("simulator: %s %s", request.method, request.path)
            return _refused(TwilioError(20500))

    def _other(self, request: Request) -> Answer:
        """The phone page and the control API: no credentials, so this machine only."""
        if (
            request.host.partition(":")[0] not in LOOPBACK
            or request.headers.get("Sec-Fetch-Site") == "cross-site"
        ):
            return Answer(403, b"The simulator answers this machine only.", "text/plain")
        return self._route(request).view(request)

    def _route(self, request: Request) -> Route:
        route, request.args, known = self.router.find(request.method, request.path)
        if route is None:
            raise TwilioError(
                20405 if known else 20404, f"The requested resource {request.path} was not found"
            )
        return route

    def _api(self, request: Request) -> Answer:
        route = self._route(request)
        began = time.monotonic()
        self.sim.log.begin_call(f"{request.method} {route.pattern}")
        try:
            answer = self._guarded(request, route)
        finally:
            self.sim.log.end_call()
        self._note(request, route, answer, began)
        if answer.after:
            answer.after = self.sim.scheduler.promised(answer.after)
        return answer

    def _guarded(self, request: Request, route: Route) -> Answer:
        try:
            self._authenticate(request)
            limit = self.sim.twilio.max_concurrent
            if limit is not None and self.sim.log.in_flight > limit:
                return _throttled(1)
            return self._with_faults(request, route)
        except TwilioError as refusal:
            return _refused(refusal)

    def _authenticate(self, request: Request) -> None:
        scheme, _, encoded = str(request.headers.get("Authorization", "")).partition(" ")
        try:
            user, _, password = base64.b64decode(encoded).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            raise TwilioError(20003) from None
        account = self.sim.twilio.account
        known = any(hmac.compare_digest(password, token) for token in account.tokens)
        if scheme != "Basic" or user != account.sid or not known:
            raise TwilioError(20003)
        if request.args.get("account", account.sid) != account.sid:
            raise TwilioError(20404, f"The requested resource {request.path} was not found")

    def _with_faults(self, request: Request, route: Route) -> Answer:
        subject = f"{request.method} {request.path}"
        faults = self.sim.twilio.faults.take(subject, CALL_KINDS + MESSAGE_KINDS)
        request.context["faults"] = faults
        return self._before(faults) or self._after(route.view(request), faults)

    def _before(self, faults: dict[str, Fault]) -> Answer | None:
        """The faults that strike before anything happened."""
        if "delay" in faults:
            self.sim.stopping.wait(float(faults["delay"].options.get("seconds", 1)))
        if "throttle" in faults:
            return _throttled(int(faults["throttle"].options.get("retry_after", 1)))
        if "refuse" in faults:
            options = faults["refuse"].options
            return _refused(TwilioError(int(options.get("code", 20001)), "", options.get("status")))
        if "error_before" in faults:
            return _refused(TwilioError(20500))
        return Answer(reset=True) if "reset_before" in faults else None

    def _after(self, answer: Answer, faults: dict[str, Fault]) -> Answer:
        """The faults that strike when the call took effect already."""
        if answer.status >= 400:
            return answer
        if "error_after" in faults:
            broken = _refused(TwilioError(20500))
            broken.after = answer.after
            return broken
        answer.reset = bool({"reset_after", "hang_after"} & set(faults))
        if "hang_after" in faults:
            # Twilio goes on by itself: the callbacks leave while the caller still waits.
            going_on, answer.after = answer.after, None
            if going_on:
                going_on()
            self.sim.stopping.wait(float(faults["hang_after"].options.get("seconds", 30)))
        return answer

    def _note(self, request: Request, route: Route, answer: Answer, began: float) -> None:
        log, now = self.sim.log, self.sim.twilio.now()
        params = [(name, value) for name, values in request.form().items() for value in values] or list(
            request.query.items()
        )
        is_json = request.content_type == "application/json"
        log.add(
            Entry(
                log.new_id(),
                "out",
                route.name,
                str(request.context.get("subject", "")),
                "",
                now,
                request.path,
                [] if is_json else params,
                request.body.decode(errors="replace") if is_json else "",
                code=None if answer.reset else answer.status,
                problem="cut off" if answer.reset else "",
                took_ms=round((time.monotonic() - began) * 1000),
            )
        )


def _refused(refusal: TwilioError) -> Answer:
    answer = Answer.json(refusal.as_json(), refusal.status)
    if refusal.status == 401:
        answer.headers["WWW-Authenticate"] = 'Basic realm="Twilio API"'
    return answer


def _throttled(seconds: int) -> Answer:
    answer = _refused(TwilioError(20429))
    answer.headers["Retry-After"] = str(seconds)
    return answer
