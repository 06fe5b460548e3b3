"""What an agent's browser asks for, and how to read what comes back."""

from __future__ import annotations

import html
import re
import uuid

from django.test import Client

from inbox.models import Conversation, Message

HTMX = {"HX-Request": "true"}


def thread(client: Client, conversation: Conversation) -> str:
    answer = client.get(f"/conversations/{conversation.pk}/")
    assert answer.status_code == 200
    return answer.content.decode()


def bubble(client: Client, message: Message) -> str:
    answer = client.get(f"/messages/{message.pk}/", headers=HTMX)
    assert answer.status_code == 200
    return answer.content.decode()


def words(markup: str) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", markup)).split())


def ids(markup: str, kind: str = "message") -> list[int]:
    return [int(pk) for pk in re.findall(rf' id="{kind}-(\d+)"', markup)]


def news(client: Client, conversation: Conversation, **asked: object) -> str:
    query = {"after": 0, "event": 0, "state": "open", **asked}
    answer = client.get(f"/conversations/{conversation.pk}/messages/", query, headers=HTMX)
    assert answer.status_code == 200
    return answer.content.decode()


def send(
    client: Client, conversation: Conversation, body: str, *, htmx: bool = True, **fields: object
) -> object:
    form = {"body": body, "client_id": str(uuid.uuid4()), "mode": "reply", **fields}
    return client.post(f"/conversations/{conversation.pk}/messages/", form, headers=HTMX if htmx else {})


def composer(client: Client, conversation: Conversation, query: str = "") -> str:
    answer = client.get(f"/conversations/{conversation.pk}/composer/{query}", headers=HTMX)
    assert answer.status_code == 200
    return answer.content.decode()


def client_id(markup: str) -> str:
    return re.search(r'name="client_id" value="([^"]+)"', markup)[1]


def bodies() -> list[str]:
    return list(Message.objects.order_by("id").values_list("body", flat=True))
