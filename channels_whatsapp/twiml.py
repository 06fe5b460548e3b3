"""TwiML, Twilio's answers to a webhook, where a rule asks for one. The inbox itself replies by REST.

Twilio, "TwiML for Messaging": at most 64 kB, `text/xml`; a reply this way has no SID for us and
counts against 15 in 30 seconds (error 14107).
"""

from __future__ import annotations

from collections.abc import Iterable

from django.http import HttpResponse
from twilio.twiml.messaging_response import MessagingResponse

EMPTY = '<?xml version="1.0" encoding="UTF-8"?><Response/>'


def empty() -> str:
    """Nothing to do."""
    return EMPTY


def message(body: str = "", media: Iterable[str] = (), **attributes: str) -> str:
    """One message back.

    :param media: public addresses of files.
    :param attributes: of `<Message>`: ``to``, ``from_``, ``action``, ``method``, ``status_callback``.
    """
    response = MessagingResponse()
    reply = response.message(**attributes)
    if body:
        reply.body(body)
    for address in media:
        reply.media(address)
    return str(response)


def redirect(url: str, method: str = "POST") -> str:
    """Let Twilio ask another address what to do."""
    response = MessagingResponse()
    response.redirect(url, method=method)
    return str(response)


def answer(text: str = EMPTY, status: int = 200) -> HttpResponse:
    """With its length, because no middleware adds that to a webhook's answer."""
    response = HttpResponse(text, status=status, content_type="text/xml; charset=utf-8")
    response["Content-Length"] = str(len(response.content))
    return response
