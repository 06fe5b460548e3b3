"""Error codes that our table lacks: told to the admins, once a day for each."""

from __future__ import annotations

import logging
from datetime import timedelta

from django.db.models import Q
from django.db.models.functions import Now

from channels_whatsapp import errors
from inbox.models import Event, Message

logger = logging.getLogger(__name__)


def note(message: Message, code: int | None, status: int | None = None, detail: str = "") -> None:
    """:param status: of the HTTP answer, when it was the call itself that Twilio refused."""
    if code in errors.BY_CODE:
        return
    logger.warning("twilio: code %s (HTTP status %s) is not in our table", code, status)
    today = Q(created_at__gt=Now() - timedelta(days=1), data__code=code)
    if not Event.objects.filter(today, verb="error.unseen").exists():
        Event.record(
            "error.unseen", message=message, channel=message.conversation.channel,
            code=code, status=status, detail=detail,
        )  # fmt: skip
