"""The floor of ingestion: one statement on a bare server, with the same checks and the same rows as ours.

uvicorn benchmarks.floor:application      # FLOOR_DATABASE, FLOOR_HOST
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import asyncpg

from benchmarks.installation import AUTH_TOKEN, PUBLIC_BASE_URL

CONNECTIONS = 8
HEADERS = [(b"content-type", b"text/xml"), (b"content-length", b"11")]
SQL = Path(__file__).with_suffix(".sql").read_text()

pool: Any = None


async def application(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] == "lifespan":
        await _lifespan(receive, send)
        return
    body, more = b"", True
    while more:
        message = await receive()
        body, more = body + message.get("body", b""), message.get("more_body", False)
    params = dict(parse_qsl(body.decode(), keep_blank_values=True))
    is_ours = hmac.compare_digest(
        _signature(scope["path"], params), dict(scope["headers"]).get(b"x-twilio-signature")
    )
    if is_ours:
        await _store(params)
    await send({"type": "http.response.start", "status": 200 if is_ours else 403, "headers": HEADERS})
    await send({"type": "http.response.body", "body": b"<Response/>"})


async def _lifespan(receive: Any, send: Any) -> None:
    global pool
    await receive()
    pool = await asyncpg.create_pool(
        host=os.environ["FLOOR_HOST"], database=os.environ["FLOOR_DATABASE"], user=os.environ["FLOOR_USER"],
        min_size=CONNECTIONS, max_size=CONNECTIONS,
    )  # fmt: skip
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await pool.close()
    await send({"type": "lifespan.shutdown.complete"})


def _signature(path: str, params: dict[str, str]) -> bytes:
    text = PUBLIC_BASE_URL + path + "".join(name + params[name] for name in sorted(params))
    return base64.b64encode(hmac.new(AUTH_TOKEN.encode(), text.encode(), hashlib.sha1).digest())


async def _store(params: dict[str, str]) -> None:
    words = (
        params["AccountSid"], params["MessageSid"], json.dumps(params), params["From"],
        params["ExternalUserId"], params["ProfileName"], params["To"], params["Body"],
    )  # fmt: skip
    async with pool.acquire() as connection:
        await connection.execute(SQL, *words)
