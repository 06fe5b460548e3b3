"""What changed, told to open pages. The stream carries names, not HTML: the page then asks for the fragment.

a verb → announce() → NOTIFY on commit → one Hub per web process → one Client per open page
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
import uuid
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import psycopg
from django.conf import settings
from django.contrib import auth
from django.contrib.sessions.backends.db import SessionStore
from django.db import Error as DatabaseError
from django.db import close_old_connections, connection, connections
from django.http import HttpRequest

CHANNEL = "fanlight"
BOOT_ID = uuid.uuid4().hex
BACKLOG = 500  # events a slow reader may owe before it is told to reload instead
PING_SECONDS = 15.0
RIGHTS_SECONDS = 60.0
RETRY_SECONDS = (0.1, 0.3, 1.0, 3.0)
RESYNC = "event: resync\ndata: \n\n"
PING = ": ping\n\n"

logger = logging.getLogger(__name__)


def announce(kind: str, pk: int, *, conversation: int | None = None, channel: int | None = None) -> None:
    """Tell open pages, when the current transaction commits, that this thing looks different now.

    PostgreSQL sends equal announcements of one transaction once. Without `channel` everybody hears it,
    except kind `agent`, which only that agent hears.
    """
    payload = json.dumps({"kind": kind, "id": pk, "conversation": conversation, "channel": channel})
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify(%s, %s)", [CHANNEL, payload])


@dataclass(frozen=True)
class Announcement:
    """A parsed notification and the text that goes to every page that may hear it."""

    kind: str
    pk: int
    channel: int | None
    frames: str

    @classmethod
    def parse(cls, payload: str) -> Announcement:
        heard = json.loads(payload)
        kind, pk = heard["kind"], heard["id"]
        data = json.dumps({"conversation": heard.get("conversation"), "id": pk})
        frames = f"event: {kind}-{pk}\ndata: {data}\n\nevent: {kind}\ndata: {pk}\n\n"
        return cls(kind, pk, heard.get("channel"), frames)


@dataclass(eq=False)
class Client:
    """One open page: who looks, what they may hear, and what they have not been sent yet."""

    session_key: str
    agent_id: int
    channels: set[int]
    checked_at: float = field(default_factory=time.monotonic)
    is_closed: bool = False
    _pending: dict[str, None] = field(default_factory=dict)  # ordered, and each text once
    _woken: asyncio.Event = field(default_factory=asyncio.Event)

    def may_hear(self, heard: Announcement) -> bool:
        if heard.channel is not None:
            return heard.channel in self.channels
        return heard.kind != "agent" or heard.pk == self.agent_id

    def put(self, frames: str) -> None:
        if len(self._pending) >= BACKLOG:
            self._pending = {RESYNC: None}
        self._pending[frames] = None
        self._woken.set()

    def close(self) -> None:
        self.is_closed = True
        self._woken.set()

    async def frames(self) -> AsyncIterator[str]:
        """Everything pending as one text each time, until the client is closed."""
        while not self.is_closed:
            await self._woken.wait()
            self._woken.clear()
            pending, self._pending = self._pending, {}
            if pending:
                yield "".join(pending)


class Hub:
    """The web process's one LISTEN connection, kept while anybody looks, and the pages it feeds."""

    def __init__(self) -> None:
        self.clients: set[Client] = set()
        self._tasks: list[asyncio.Task[None]] = []
        self._listening = asyncio.Event()

    async def join(self, client: Client) -> None:
        """Returns when nothing can be missed any more, or at once while the database is away."""
        self.clients.add(client)
        if not self._tasks:
            self._listening = asyncio.Event()
            self._tasks = [asyncio.create_task(self._listen()), asyncio.create_task(self._look_after())]
        try:
            await asyncio.wait_for(self._listening.wait(), 5)
        except TimeoutError:
            logger.warning("live updates: no connection to the database yet")

    def leave(self, client: Client) -> None:
        self.clients.discard(client)
        if not self.clients:
            for task in self._tasks:
                task.cancel()
            self._tasks = []

    def close(self) -> None:
        """End every stream: the process is about to stop."""
        for client in self.clients:
            client.close()

    def publish(self, payload: str) -> None:
        try:
            heard = Announcement.parse(payload)
        except (ValueError, KeyError, TypeError):
            logger.warning("live updates: a notification that is not ours")
            return
        for client in self.clients:
            if client.may_hear(heard):
                client.put(heard.frames)

    async def _listen(self) -> None:
        """Listen for ever. After a gap nobody knows what was missed, so every page reloads."""
        failures = 0
        while True:
            try:
                async with await psycopg.AsyncConnection.connect(**_address(), autocommit=True) as listener:
                    await listener.execute(f"LISTEN {CHANNEL}")
                    if failures:
                        self._resync()
                    failures = 0
                    self._listening.set()
                    await self._hear(listener)
            except (psycopg.Error, OSError) as error:
                logger.warning("live updates: lost the database (%s)", type(error).__name__)
            failures += 1
            await asyncio.sleep(RETRY_SECONDS[min(failures, len(RETRY_SECONDS)) - 1])

    async def _hear(self, listener: psycopg.AsyncConnection[Any]) -> None:
        while True:
            async for notification in listener.notifies(timeout=30):
                self.publish(notification.payload)
            await listener.execute("SELECT 1")  # a connection that died silently fails here

    def _resync(self) -> None:
        for client in self.clients:
            client.checked_at = 0
            client.put(RESYNC)

    async def _look_after(self) -> None:
        """Keep proxies from closing quiet streams, and end those of people who may look no longer."""
        pinged = time.monotonic()
        while True:
            await asyncio.sleep(1)
            now = time.monotonic()
            for client in [c for c in self.clients if now - c.checked_at > RIGHTS_SECONDS]:
                client.checked_at = now
                await self._check(client)
            if now - pinged >= PING_SECONDS:
                pinged = now
                for client in self.clients:
                    client.put(PING)

    async def _check(self, client: Client) -> None:
        try:
            rights = await in_database_thread(rights_of, client.session_key)
        except (DatabaseError, psycopg.Error):
            return  # asked again in a minute
        if rights is None or rights[0] != client.agent_id:
            client.close()
        else:
            client.channels = rights[1]


hub = Hub()


async def stream(session_key: str, agent_id: int, channels: set[int]) -> AsyncIterator[str]:
    """Server-sent events for one page, from `ready` until the page, the session or the process ends."""
    client = Client(session_key, agent_id, channels)
    await hub.join(client)
    try:
        yield f"retry: 2000\nevent: ready\ndata: {BOOT_ID}\n\n"
        async for frames in client.frames():
            yield frames
    finally:
        hub.leave(client)


# --- The database, as seen from the event loop ------------------------------------------------

# One thread and so one connection for all streams of the process. Django's own way would keep a
# thread and a connection open per stream.
_database_thread = ThreadPoolExecutor(1, thread_name_prefix="live")


async def in_database_thread(function: Any, *arguments: Any) -> Any:
    def call() -> Any:
        close_old_connections()
        try:
            return function(*arguments)
        finally:
            close_old_connections()

    return await asyncio.get_running_loop().run_in_executor(_database_thread, call)


def rights_of(session_key: str) -> tuple[int, set[int]] | None:
    """Agent and visible channels behind a session, or None when it is over or the agent inactive."""
    from inbox.access import visible_channel_ids  # the models import this module

    request = HttpRequest()
    request.session = SessionStore(session_key)
    agent = auth.get_user(request)
    return (agent.pk, visible_channel_ids(agent)) if agent.is_authenticated else None


def _address() -> dict[str, Any]:
    """LISTEN needs a connection of its own: a transaction-pooling proxy would swallow it."""
    if settings.DATABASE_DIRECT_URL:
        return {"conninfo": settings.DATABASE_DIRECT_URL}
    parameters = connections["default"].get_connection_params()
    return {name: value for name, value in parameters.items() if name not in {"cursor_factory", "context"}}
