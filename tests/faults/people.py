"""An agent at a desk: signs in as a browser does, and posts the forms that the pages have."""

from __future__ import annotations

import re
import uuid
from http.cookies import SimpleCookie
from urllib.parse import urlencode

import urllib3

from tests.faults.cluster import PASSWORD, Cluster


class Desk:
    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self.cookies: dict[str, str] = {}

    def get(self, path: str) -> urllib3.BaseHTTPResponse:
        return self._ask("GET", path)

    def post(self, path: str, *, htmx: bool = True, **fields: str) -> urllib3.BaseHTTPResponse:
        headers = {"X-CSRFToken": self.cookies["csrftoken"]} | ({"HX-Request": "true"} if htmx else {})
        return self._ask("POST", path, fields, headers)

    def _ask(
        self,
        method: str,
        path: str,
        fields: dict[str, str] | None = None,
        headers: dict[str, str] | None = None,
    ) -> urllib3.BaseHTTPResponse:
        cookie = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        sent = {"Content-Type": "application/x-www-form-urlencoded", "Cookie": cookie, **(headers or {})}
        answer = self.cluster.pool.request(
            method, f"{self.cluster.url}{path}", body=urlencode(fields or {}), redirect=False, headers=sent
        )
        for line in answer.headers.getlist("Set-Cookie"):
            self.cookies |= {name: morsel.value for name, morsel in SimpleCookie(line).items()}
        return answer

    def sign_in(self, username: str) -> None:
        self.get("/login/")
        answer = self.post("/login/", htmx=False, login=username, password=PASSWORD)
        assert answer.status == 302, re.sub(rb"<[^>]+>|\s+", b" ", answer.data)[-1500:]

    # What an agent does

    def conversation_with(self, address: str) -> int:
        return self.cluster.one(
            """
            SELECT c.id FROM inbox_conversation c JOIN inbox_address a ON a.contact_id = c.contact_id
            WHERE a.value = %s ORDER BY c.id DESC LIMIT 1
            """, address,
        )  # fmt: skip

    def write(
        self, conversation: int, body: str, *, seen: int | None = None, client_id: str = ""
    ) -> urllib3.BaseHTTPResponse:
        fields = {"body": body, "client_id": client_id or uuid.uuid4().hex, "mode": "reply"}
        fields |= {} if seen is None else {"seen": str(seen)}
        return self.post(f"/conversations/{conversation}/messages/", **fields)

    def say_that_it_did_not_arrive(self, message: int) -> None:
        assert self.post(f"/messages/{message}/settlement/", arrived="0").status == 200

    def retry(self, message: int) -> None:
        assert self.post(f"/messages/{message}/retry/").status == 200


def signed_in(cluster: Cluster, username: str) -> Desk:
    desk = Desk(cluster)
    desk.sign_in(username)
    return desk
