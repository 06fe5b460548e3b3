"""The one door to Twilio's network: time limits, pooled connections, the address override, silent logs.

The SDK's own client has no time limit and logs query strings, which hold customers' numbers.
"""

from __future__ import annotations

import logging
import re
import ssl
import time
from base64 import b64encode
from collections.abc import Iterator
from http.cookiejar import DefaultCookiePolicy
from typing import Any
from urllib.parse import urlsplit

import requests
from django.conf import settings
from requests.adapters import HTTPAdapter
from twilio.http import HttpClient
from twilio.http.response import Response
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

logger = logging.getLogger(__name__)

OVERRIDDEN = ("api.", "content.", "messaging.")
CONNECTIONS = 16
HIDDEN = "•••"


class Throttled(Exception):
    """429: Twilio did not process the call (error 20429). `retry_after` in seconds, None when not said."""

    def __init__(self, retry_after: float | None) -> None:
        super().__init__("Twilio asks for fewer calls")
        self.retry_after = retry_after


class WrongHost(ValueError):
    """An address that is not Twilio's would have got our credentials."""


class Transport(HttpClient):
    """Carries the SDK's calls. One for the whole process; no call is ever repeated here."""

    def __init__(self) -> None:
        super().__init__(logger, False, settings.TWILIO_TIMEOUT)
        self.session = requests.Session()
        self.session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        # An override names the place to call: no proxy of the environment stands in between.
        self.session.trust_env = not settings.TWILIO_API_BASE_URL
        for scheme in ("https://", "http://"):
            self.session.mount(scheme, HTTPAdapter(pool_maxsize=CONNECTIONS, max_retries=0))

    def request(
        self,
        method: str,
        uri: str,
        params: dict[str, object] | None = None,
        data: dict[str, object] | None = None,
        headers: dict[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        timeout: float | None = None,
        allow_redirects: bool = False,
    ) -> Response:
        """
        :raises Throttled: Twilio answered 429.
        :raises WrongHost: the address is not Twilio's.
        :raises requests.RequestException: no answer; `was_sent` says whether the call can have had effect.
        """
        url, limit = address(uri), timeout or settings.TWILIO_TIMEOUT
        is_json = "json" in (headers or {}).get("Content-Type", "")
        body: dict[str, Any] = {"json" if is_json else "data": data}
        began = time.monotonic()
        answer = self.session.request(
            method, url, params=params, headers=headers, auth=auth,
            timeout=(limit, limit), allow_redirects=allow_redirects, **body,
        )  # fmt: skip
        took = (time.monotonic() - began) * 1000
        logger.info("twilio: %s %s: %d in %.0f ms", method, urlsplit(url).path, answer.status_code, took)
        if answer.status_code == 429:
            raise Throttled(seconds(answer.headers.get("Retry-After")))
        return Response(answer.status_code, without_credentials(answer.text, auth), answer.headers)


def without_credentials(text: str, auth: tuple[str, str] | None) -> str:
    """The answer as it may be kept and shown: whoever answered may repeat what we signed in with.

    A SID stays whole, even one with the same digits: the address of a list's next page has one in it.
    """
    if auth and auth[1]:
        basic = b64encode(":".join(auth).encode()).decode()
        text = text.replace(basic, HIDDEN)
        text = re.sub(rf"(?<![A-Z]{{2}}){re.escape(auth[1])}", HIDDEN, text)
    return text


def address(uri: str) -> str:
    """Where to call: Twilio itself, or the place that TWILIO_API_BASE_URL puts in its stead.

    :raises WrongHost: also for a next page that Twilio's answer would lead elsewhere.
    """
    parts, override = urlsplit(uri), settings.TWILIO_API_BASE_URL
    if override and uri.startswith(f"{override}/"):
        return uri
    host = parts.hostname or ""
    if parts.scheme != "https" or not host.endswith(".twilio.com"):
        raise WrongHost(f"{host} is not Twilio's.")
    if not override or not host.startswith(OVERRIDDEN):
        return uri
    return f"{override}{parts.path}" + (f"?{parts.query}" if parts.query else "")


def seconds(retry_after: str | None) -> float | None:
    """A Retry-After header; Twilio sends seconds, and anything else says nothing."""
    return float(retry_after) if retry_after and retry_after.strip().isdigit() else None


def was_sent(error: BaseException) -> bool:
    """Whether a call that ended so can have reached Twilio. In doubt it has."""
    never = (NewConnectionError, ConnectTimeoutError, ssl.SSLCertVerificationError)
    return not any(isinstance(cause, never) for cause in causes(error))


def causes(error: BaseException) -> Iterator[BaseException]:
    """The error and what it wraps: requests and urllib3 put it in the arguments, `reason` or the context."""
    waiting, seen = [error], set()
    while waiting:
        each = waiting.pop()
        if id(each) not in seen:
            seen.add(id(each))
            yield each
            inner = [*each.args, getattr(each, "reason", None), each.__cause__]
            waiting += [thing for thing in inner if isinstance(thing, BaseException)]
