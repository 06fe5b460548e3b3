"""Every address that the product answers, read from the URLconf and filled with things that exist."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator

from django.core.files.base import ContentFile
from django.db import connection
from django.urls import URLPattern, URLResolver, get_resolver

from inbox.models import Agent, Attachment, Channel, Conversation, Message, Tag, Team
from templates_mgmt import content
from templates_mgmt.models import Template
from tests import world

# Written by looking, not by doing: sessions and counters.
EPHEMERAL = {"django_session", "cache"}
SECRET_NAME = "Nour of the Orders"
SECRET_BODY = "the sentence that only Orders may read"


def patterns(resolver: URLResolver | None = None, start: str = "") -> Iterator[str]:
    """As written, without anchors: "conversations/<int:pk>/tags/"."""
    for entry in (resolver or get_resolver()).url_patterns:
        route = start + str(entry.pattern).removeprefix("^").removesuffix("$")
        if isinstance(entry, URLResolver):
            yield from patterns(entry, route)
        elif isinstance(entry, URLPattern):
            yield route


class Orders:
    """One team's corner: a channel, a customer, a conversation with one of everything."""

    def __init__(self) -> None:
        self.team = Team.objects.create(name="Orders")
        self.channel: Channel = world.channel("Orders", world.SHOP, self.team)
        self.customer = world.contact(SECRET_NAME, "whatsapp:+447700900318")
        self.talk: Conversation = world.conversation(self.customer, self.channel, unread_count=1)
        self.message = world.message(self.talk, SECRET_BODY, sid="SM" + "a" * 32)
        self.failed: Message = world.message(self.talk, "it failed", "outbound", status="failed")
        self.tag = Tag.objects.create(name="refund")
        self.talk.tags.add(self.tag)
        self.file = self._file(message=self.message)
        self.agent: Agent = world.agent("insider", "agent", self.team)
        self.upload = self._file(uploaded_by=self.agent)
        self.template = Template.write(
            self.channel.sender.account, "order_shipped", "en", by=None, types=content.text(SECRET_BODY)
        )
        self.repairs = Team.objects.create(name="Repairs")
        self.outsider: Agent = world.agent("outsider", "agent", self.repairs)
        self.lead: Agent = world.agent("lead", "lead")
        self.admin: Agent = Agent.objects.create_superuser(
            "admin", "admin@inbox.example", "a long enough secret"
        )

    def _file(self, **fields: object) -> Attachment:
        row = Attachment(
            conversation=self.talk, state="stored", content_type="application/pdf", filename="a.pdf", size=4,
            **fields,
        )  # fmt: skip
        row.file.save("", ContentFile(b"%PDF"), save=False)
        row.thumbnail.save("", ContentFile(b"RIFF0000WEBP"), save=False)
        row.save()
        return row

    def address(self, pattern: str) -> str:
        """Of these very things. What is no object of ours is filled with something harmless."""
        things = {
            "uploads/<uuid:key>": f"uploads/{self.upload.key}",
            "media/<uuid:key>": f"media/{self.file.key}",
            "channels/<int:pk>/start": f"channels/{self.channel.pk}/start",
            "<str:address>": "whatsapp:+447700900777",
            "rows/<str:pks>": f"rows/{self.talk.pk}",
            "conversations/<int:pk>": f"conversations/{self.talk.pk}",
            "messages/<int:pk>/retry": f"messages/{self.failed.pk}/retry",
            "messages/<int:pk>": f"messages/{self.message.pk}",
            "contacts/<int:pk>": f"contacts/{self.customer.pk}",
            "templates/<int:pk>": f"templates/{self.template.pk}",
            "connect/senders/<int:pk>": f"connect/senders/{self.channel.sender.pk}",
            "connect/accounts/<int:pk>": f"connect/accounts/{self.channel.sender.account_id}",
            "checks/<slug:key>": "checks/worker",
            "<int:tag_pk>": str(self.tag.pk),
            "(?:/fallback)?/?": "/",
            "/?": "/",
            "(?P<key>.+)": "abc-0123456789",
            "(?P<url>.*)": "nowhere/",
        }
        path = pattern.replace("/^", "/")
        for written, filled in things.items():
            path = path.replace(written, filled)
        path = re.sub(r"\(\?P<\w+>(?:[^()\[\]]|\[[^\]]*\])*\)", "inbox", path)
        path = re.sub(r"<uuid:\w+>", str(uuid.UUID(int=7)), path)
        path = re.sub(r"<(path:)?content_type_id>", "1", path)
        return "/" + re.sub(r"<(\w+:)?\w+>", "1", path)


def checksum() -> dict[str, str]:
    """Of every row of every table but the ephemeral ones."""
    found = {}
    with connection.cursor() as cursor:
        for table in sorted(set(connection.introspection.table_names(cursor)) - EPHEMERAL):
            cursor.execute(
                f"SELECT md5(coalesce(string_agg(t::text, ';' ORDER BY t::text), '')) FROM \"{table}\" t"
            )
            found[table] = cursor.fetchone()[0]
    return found


def differences(before: dict[str, str], after: dict[str, str]) -> list[str]:
    return [table for table, digest in before.items() if after[table] != digest]
