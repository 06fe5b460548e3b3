"""Conversations in the running product, made and written to from outside the browser."""

from __future__ import annotations

import json
import textwrap
import uuid

from tests.browser.stack import Stack

_MAKE = """
from datetime import timedelta
from inbox import clock
from inbox.models import Address, Channel, Contact, Conversation, Message, Window
channel = Channel.objects.filter(teams__isnull=True).first() or Channel.objects.first()
closes = clock.now() + timedelta(hours={hours})
contact = Contact.objects.create(name={name!r})
address = Address.objects.create(contact=contact, kind="phone", value={address!r})
Window.objects.create(address=address, channel=channel, closes_at=closes)
row = Conversation.objects.create(
    contact=contact, channel=channel, address=address, window_closes_at=closes, last_message_preview="x"
)
for n in range({messages}):
    Message.objects.create(conversation=row, direction="inbound", status="received", body=f"Message {{n}}",
        created_at=clock.now() - timedelta(minutes={messages} - n))
print("made", row.pk, channel.pk)
"""
_ARRIVE = """
import json
from inbox.arrivals import Arrival, receive
for body in json.loads({bodies!r}):
    import uuid
    receive(Arrival(channel_id={channel}, sid=uuid.uuid4().hex, address={address!r}, kind="text", body=body))
print("arrived")
"""


class Customer:
    """A customer with a conversation of their own, so that tests do not meet in one."""

    def __init__(
        self, live: Stack, *, hours: float = 20, messages: int = 3, name: str = "Test Customer"
    ) -> None:
        self.live = live
        self.address = f"whatsapp:+447{uuid.uuid4().int % 10**9:09d}"
        made = self._run(_MAKE, hours=hours, name=name, address=self.address, messages=messages)
        self.pk, self.channel = map(int, made.rpartition("made ")[2].split())

    @property
    def path(self) -> str:
        return f"/conversations/{self.pk}/"

    def writes(self, *bodies: str) -> None:
        self._run(_ARRIVE, bodies=json.dumps(bodies), channel=self.channel, address=self.address)

    def _run(self, code: str, **words: object) -> str:
        done = self.live.manage("shell", "-v0", "-c", textwrap.dedent(code.format(**words)))
        assert done.returncode == 0, done.stderr
        return done.stdout
