"""`Idempotency-Key`: the same act asked for twice is done once.

Key and caller make the message's `client_id`, which the database keeps unique; there is no second
store that could forget. What was refused left no message, so asking again tries again.
"""

from __future__ import annotations

import uuid
from typing import Any

from django.utils.translation import gettext as _
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

from inbox.access import messages_for
from inbox.api.throttles import caller
from inbox.models import Message
from inbox.models.replying import digest_of
from inbox.refusals import Refused

NAMESPACE = uuid.UUID("6f3a2a58-5c1f-4d39-9f5e-0d7a3f1c9b42")
MAX_LENGTH = 255


def client_id_of(request: Request) -> uuid.UUID | None:
    """The message number that this request's `Idempotency-Key` stands for; None without one."""
    key = request.headers.get("Idempotency-Key", "")
    if not key:
        return None
    if len(key) > MAX_LENGTH:
        raise ValidationError({"Idempotency-Key": [_("At most 255 characters.")]})
    return uuid.uuid5(NAMESPACE, f"{caller(request)} {key}")


def done_before(request: Request, client_id: uuid.UUID | None) -> Message | None:
    """The message that this key made the first time."""
    if client_id is None:
        return None
    rows = messages_for(request.user).select_related("conversation__channel")
    return rows.filter(client_id=client_id).first()


def must_be_same(message: Message, asked: dict[str, Any]) -> None:
    """
    :param asked: `body`, `media_url`, `template` as given to `Conversation.reply`.
    :raises Refused: the key was used for another text.
    """
    if message.payload.get("act") != digest_of(**asked):
        raise other_request()


def other_request() -> Refused:
    return Refused(
        "client_id_used",
        _("This Idempotency-Key was already used for another request."),
        _("Use a new key for each message."),
    )
