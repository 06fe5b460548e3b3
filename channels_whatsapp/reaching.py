"""Whether the public address leads here: our own webhook address, called as Twilio would."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import requests
from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from channels_whatsapp import hooks, transport
from channels_whatsapp.doctor import Finding, bad, ok, warn

SECONDS = 5
SOON = timedelta(days=14)


def reachable() -> Iterator[Finding]:
    """From here only: a network may let nobody out and in again, so a silent one is no proof."""
    title, url = _("Way to this site"), hooks.address()
    if not url:
        return
    mend = _('Open %(url)s in a browser from elsewhere. It must show {"status": "ok"}.') % {"url": url}
    try:
        answer = requests.get(url, timeout=SECONDS, allow_redirects=False)
    except requests.RequestException as error:
        if any(isinstance(cause, ssl.SSLCertVerificationError) for cause in transport.causes(error)):
            renew = _("Renew the certificate, or let a proxy such as Caddy take care of it.")
            yield bad(title, _("Its certificate is not valid, so Twilio calls nobody."), renew)
        else:
            yield warn(
                title, _("From here nothing answers there: %(why)s.") % {"why": type(error).__name__}, mend
            )
        return
    if answer.is_redirect:
        to = answer.headers.get("Location", "")[:100]
        yield bad(
            title, _("It leads on to %(url)s, and Twilio loses the message on the way.") % {"url": to}, mend
        )
    elif '"ok"' not in answer.text[:200]:
        yield bad(
            title, _("Something else answers there (HTTP %(status)d).") % {"status": answer.status_code}, mend
        )
    else:
        yield certificate(title)


def certificate(title: str) -> Finding:
    parts = urlsplit(settings.PUBLIC_BASE_URL)
    if parts.scheme != "https":
        return ok(title, _("It answers."))
    try:
        left = expiry(parts.hostname or "", parts.port or 443) - datetime.now(UTC)
    except (OSError, ValueError):
        return ok(title, _("It answers."))
    detail = ngettext("Certificate valid for %(n)d day", "Certificate valid for %(n)d days", left.days)
    detail %= {"n": left.days}
    return ok(title, detail) if left > SOON else warn(title, detail, _("See that it is renewed in time."))


def expiry(host: str, port: int) -> datetime:
    """:raises OSError:"""
    context = ssl.create_default_context()
    plain = socket.create_connection((host, port), SECONDS)
    with plain, context.wrap_socket(plain, server_hostname=host) as secure:
        end = str((secure.getpeercert() or {}).get("notAfter", ""))
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(end), UTC)
