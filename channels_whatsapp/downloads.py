"""One download: to known hosts at public addresses, with a limit on bytes and on time."""

from __future__ import annotations

import ipaddress
import socket
import time
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import Message as Headers
from typing import IO
from urllib.parse import SplitResult, urljoin, urlsplit
from urllib.request import getproxies, proxy_bypass

import certifi
import urllib3
from django.conf import settings
from django.utils.translation import gettext as _

from channels_whatsapp.limits import MB

MAX_BYTES = 25 * MB  # WhatsApp's 16 and a margin, for what Twilio's pages disagree about
MAX_SECONDS = 60.0
MAX_REDIRECTS = 3
TIMEOUT = urllib3.Timeout(connect=5, read=15)
CHUNK = 64 * 1024

Credentials = tuple[str, str]


class NotAllowed(Exception):
    """It is not to be fetched, now or later. The sentence is for people."""


class NotNow(Exception):
    """It could not be had; later it may."""


def download(url: str, credentials: Credentials, file: IO[bytes]) -> str:
    """Write what is at `url` into `file`. Returns the name that the server gave it, or empty.

    The first request goes to Twilio's API and carries the credentials; no redirect does.

    :raises NotAllowed: an address that is not trusted, or more bytes than WhatsApp carries.
    :raises NotNow: not found, no answer, too slow.
    """
    deadline = time.monotonic() + MAX_SECONDS
    headers = {"Authorization": "Basic " + b64encode(":".join(credentials).encode()).decode()}
    try:
        for _hop in range(MAX_REDIRECTS + 1):
            with _opened(url, headers) as answer:
                if target := answer.get_redirect_location():
                    url, headers = _next_hop(url, target), {}
                    continue
                _must_be_there(answer)
                _copy(answer, file, deadline)
                return _name(answer.headers.get("Content-Disposition", ""))
    except (urllib3.exceptions.HTTPError, OSError) as error:
        raise NotNow(_("Twilio's file server did not answer.")) from error
    raise NotNow(_("Twilio's file server only sent us elsewhere."))


def _copy(answer: urllib3.BaseHTTPResponse, file: IO[bytes], deadline: float) -> None:
    declared = answer.headers.get("Content-Length", "0")
    size = 0
    if declared.isdigit() and int(declared) > MAX_BYTES:
        raise NotAllowed(_("It is larger than WhatsApp's limit."))
    # read1, because read would wait for a whole chunk from a server that sends a byte a second.
    while chunk := answer.read1(CHUNK):
        size += len(chunk)
        if size > MAX_BYTES:
            raise NotAllowed(_("It is larger than WhatsApp's limit."))
        if time.monotonic() > deadline:
            raise NotNow(_("Twilio's file server was too slow."))
        file.write(chunk)


def _must_be_there(answer: urllib3.BaseHTTPResponse) -> None:
    if answer.status in (401, 403):
        raise NotNow(_("Twilio refused our credentials for this file."))
    if answer.status != 200:
        raise NotNow(_("Twilio does not have this file (HTTP %(status)s).") % {"status": answer.status})


def _name(disposition: str) -> str:
    headers = Headers()
    headers["Content-Disposition"] = disposition.replace("\r", " ").replace("\n", " ")
    return headers.get_filename() or ""


# Where to


def _next_hop(url: str, target: str) -> str:
    """:raises NotAllowed: the address is not trusted, or none at all."""
    try:
        url = urljoin(url, target)
        _must_be_trusted(urlsplit(url))
    except ValueError:  # which addresses Python takes for one differs between its versions
        raise NotAllowed(_("Twilio sent us to an address that is not trusted.")) from None
    return url


def _must_be_trusted(url: SplitResult) -> None:
    """:raises NotAllowed: only https and Twilio's file hosts; beside the simulator, also this machine."""
    host = (url.hostname or "").lower()
    if _is_simulated() and _is_loopback(host) and url.scheme == "http":
        return
    known = host == "s3-external-1.amazonaws.com" or host.endswith((".twiliocdn.com", ".twilio.com"))
    if url.scheme != "https" or not known or url.username or url.port not in (None, 443):
        raise NotAllowed(_("Twilio sent us to an address that is not trusted."))


def _is_simulated() -> bool:
    return _is_loopback(urlsplit(settings.TWILIO_API_BASE_URL).hostname or "")


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


@contextmanager
def _opened(url: str, headers: dict[str, str]) -> Iterator[urllib3.BaseHTTPResponse]:
    parts = urlsplit(url)
    path = parts.path + (f"?{parts.query}" if parts.query else "")
    with _pool(parts) as (pool, prefix):
        answer = pool.request(
            "GET", prefix + path, headers={"Host": parts.netloc, "Accept-Encoding": "identity", **headers},
            preload_content=False, redirect=False, retries=False, timeout=TIMEOUT,
        )  # fmt: skip
        try:
            yield answer
        finally:
            answer.close()


@contextmanager
def _pool(url: SplitResult) -> Iterator[tuple[urllib3.HTTPConnectionPool | urllib3.ProxyManager, str]]:
    """A connection, and what its request line begins with: nothing, or through a proxy the whole origin."""
    host = url.hostname or ""
    proxy = "" if _is_loopback(host) or proxy_bypass(host) else getproxies().get(url.scheme, "")
    if proxy:
        with urllib3.ProxyManager(proxy, ca_certs=certifi.where()) as through:
            yield through, f"{url.scheme}://{url.netloc}"
    elif url.scheme == "https":
        # Connected to the very address that was judged: a name may mean something else the next moment.
        options = {"server_hostname": host, "assert_hostname": host, "ca_certs": certifi.where()}
        with urllib3.HTTPSConnectionPool(
            _address(host), url.port or 443, cert_reqs="REQUIRED", **options
        ) as pool:
            yield pool, ""
    else:
        with urllib3.HTTPConnectionPool(_address(host), url.port or 80) as pool:
            yield pool, ""


def _address(host: str) -> str:
    """The host's address, if it is public.

    :raises NotAllowed: it lies in a private network, or on this machine without a simulator.
    """
    found = {str(row[4][0]) for row in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)}
    for address in sorted(found, key=lambda a: ":" in a):
        ip = ipaddress.ip_address(address.partition("%")[0])
        mapped = getattr(ip, "ipv4_mapped", None) or ip
        if not (mapped.is_global or (mapped.is_loopback and _is_simulated())):
            raise NotAllowed(_("Twilio sent us to an address that is not trusted."))
    return min(found, key=lambda a: ":" in a)
