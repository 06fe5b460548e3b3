from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from inbox.models import Conversation


def thread_context(request: HttpRequest, conversation: Conversation) -> dict[str, Any]:
    """What `_thread.html` and `_details.html` need, for the page that includes both."""
    return {"conversation": conversation}
