from __future__ import annotations

from collections.abc import AsyncIterator

from asgiref.sync import sync_to_async
from django.db import connection
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.views.decorators.http import require_GET

from inbox import live


@require_GET
async def events(request: HttpRequest) -> HttpResponse:
    """The names of what changes, as server-sent events. Anonymous readers are sent to sign in."""
    rights = await live.in_database_thread(live.rights_of, request.session.session_key)
    if rights is None:
        return HttpResponse(status=403)
    frames = _without_connection(live.stream(request.session.session_key, *rights))
    response = StreamingHttpResponse(frames, content_type="text/event-stream")
    response["Cache-Control"] = "no-store"
    response["X-Accel-Buffering"] = "no"
    return response


async def _without_connection(frames: AsyncIterator[str]) -> AsyncIterator[str]:
    """Give back the database connection that the middlewares used: a stream may stay open for days."""
    await sync_to_async(_close_connection)()
    async for text in frames:
        yield text


def _close_connection() -> None:
    if not connection.in_atomic_block:
        connection.close()
