"""One process type, one port: `/events/` on the event loop, everything else on a fixed thread pool.

Synchronous pages under Django's own ASGI handler cost two to three times the CPU per request.
"""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from types import FrameType

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

from django.core.asgi import get_asgi_application
from django.core.wsgi import get_wsgi_application

streams = get_asgi_application()

from django.conf import settings  # noqa: E402

from config.bridge import Bridge, Receive, Scope, Send  # noqa: E402
from inbox.live import hub  # noqa: E402

pages = Bridge(get_wsgi_application(), settings.WEB_THREADS, settings.WEB_MAX_BODY)


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "lifespan":
        await _lifespan(receive, send)
    elif scope["type"] == "http":
        await (streams if scope["path"] == "/events/" else pages)(scope, receive, send)
    else:
        await send({"type": "websocket.close", "code": 1000})


async def _lifespan(receive: Receive, send: Send) -> None:
    await receive()
    _close_streams_on_signal()
    await send({"type": "lifespan.startup.complete"})
    await receive()
    hub.close()
    await send({"type": "lifespan.shutdown.complete"})


def _close_streams_on_signal() -> None:
    """A server waits for open responses before it stops, and streams never end by themselves."""
    if threading.current_thread() is not threading.main_thread():
        return
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        previous = signal.getsignal(number)

        def handle(number: int, frame: FrameType | None, previous: object = previous) -> None:
            loop.call_soon_threadsafe(hub.close)
            if callable(previous):
                previous(number, frame)

        signal.signal(number, handle)
