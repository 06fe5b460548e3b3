"""The demo's messages, and everything that a message leaves behind."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.files.base import ContentFile
from django.utils.translation import gettext as _

from channels_whatsapp.demo import files
from channels_whatsapp.demo.script import IMAGE, Line, Story
from channels_whatsapp.models import Receipt
from inbox import statuses, windows
from inbox.models import (
    Agent,
    Attachment,
    ConsentEntry,
    Conversation,
    Event,
    Message,
    SendAttempt,
    Window,
)
from inbox.models.conversation import preview

if TYPE_CHECKING:
    from channels_whatsapp.demo.build import Scene

Written = tuple["Scene", Line, Message]
# How long after a message was written it was sent, delivered and read.
STEPS = {
    "sent_at": timedelta(seconds=1),
    "delivered_at": timedelta(seconds=3),
    "read_at": timedelta(seconds=50),
}
REACHED = {
    statuses.SENT: ("sent_at",),
    statuses.DELIVERED: ("sent_at", "delivered_at"),
    statuses.READ: ("sent_at", "delivered_at", "read_at"),
}
_SHOWN = (
    "last_message",
    "last_message_at",
    "last_message_preview",
    "last_message_direction",
    "last_message_kind",
    "last_message_status",
    "unread_count",
    "waiting_since",
    "window_closes_at",
)


class Letters:
    def __init__(self, now: datetime, scenes: list[Scene], agents: Mapping[str, Agent]) -> None:
        self.now, self.scenes, self.agents = now, scenes, agents

    def write(self) -> None:
        written = self.messages()
        self.quote()
        Attachment.objects.bulk_create(self.attachments(written))
        SendAttempt.objects.bulk_create(self.attempts(written))
        Event.objects.bulk_create(sorted(self.events(written), key=lambda event: event.created_at))
        Receipt.objects.bulk_create(self.receipts(written))
        Window.objects.bulk_create(window for scene in self.scenes if (window := self.window_of(scene)))
        ConsentEntry.objects.bulk_create(entry for scene in self.scenes for entry in self.consents(scene))
        for scene in self.scenes:
            self.show_on_row(scene)
        Conversation.objects.bulk_update([scene.conversation for scene in self.scenes], _SHOWN)

    def messages(self) -> list[Written]:
        """All of them in the order in which they were written, as their ids would be."""
        lines = [(scene, line) for scene in self.scenes for line in scene.story.lines]
        lines.sort(key=lambda pair: (pair[1].ago, pair[1].recovered), reverse=True)
        messages = Message.objects.bulk_create(self.message_of(*pair) for pair in lines)
        written = [(scene, line, message) for (scene, line), message in zip(lines, messages, strict=True)]
        for scene, _line, message in written:
            scene.messages.append(message)
        return written

    def message_of(self, scene: Scene, line: Line) -> Message:
        at = self.now - line.ago
        times = {name: at + STEPS[name] for name in REACHED.get(line.status, ())}
        if line.error_code:
            times["failed_at"] = at + STEPS["delivered_at"]
        sid = "" if line.direction == "note" or line.status == statuses.UNKNOWN else sid_of(scene.story, line)
        return Message(
            conversation=scene.conversation,
            direction=line.direction,
            kind=line.kind,
            body=line.body,
            payload=dict(line.payload),
            status=line.status,
            error_code=line.error_code,
            error=line.error,
            sid=sid or None,
            author=self.agents.get(line.by),
            recovered=line.recovered,
            created_at=at,
            **times,
        )

    def quote(self) -> None:
        answers = []
        for scene in self.scenes:
            for line, message in zip(scene.story.lines, scene.messages, strict=True):
                if line.reply_to is not None:
                    message.reply_to = scene.messages[line.reply_to]
                    message.reply_to_sid = message.reply_to.sid or ""
                    answers.append(message)
        Message.objects.bulk_update(answers, ["reply_to", "reply_to_sid"])

    def attachments(self, written: list[Written]) -> Iterator[Attachment]:
        for scene, line, message in written:
            if line.file:
                attachment = Attachment(
                    message=message,
                    conversation=scene.conversation,
                    declared_type=line.file.content_type,
                    content_type=line.file.content_type,
                    filename=line.file.name,
                    created_at=message.created_at,
                    state=Attachment.State.FAILED if line.file.error else Attachment.State.STORED,
                    error=line.file.error,
                )
                if line.file.content:
                    keep(attachment, line.file.content)
                yield attachment

    def attempts(self, written: list[Written]) -> Iterator[SendAttempt]:
        """What was refused came back by callback, as most refusals do: Twilio had taken it first."""
        for _scene, line, message in written:
            if line.direction == "outbound":
                is_unknown = line.status == statuses.UNKNOWN
                outcome = SendAttempt.Outcome.UNKNOWN if is_unknown else SendAttempt.Outcome.ACCEPTED
                yield SendAttempt(
                    message=message,
                    outcome=outcome,
                    sid=message.sid,
                    detail=_("Twilio did not answer within 10 seconds.") if is_unknown else "",
                    started_at=message.created_at,
                    finished_at=message.created_at + timedelta(seconds=10 if is_unknown else 1),
                )

    def events(self, written: list[Written]) -> Iterator[Event]:
        verbs = {"inbound": "message.received", "outbound": "conversation.replied", "note": "note.added"}
        for scene, line, message in written:
            actor = self.agents.get(line.by)
            yield event(scene, verbs[line.direction], message.created_at, actor, message)
            if message.has_failed:
                yield event(scene, f"message.{message.status}", message.failed_at, None, message)
        for scene in self.scenes:
            for act in scene.story.acts:
                # An assignment names its agent by number.
                data = {k: self.agents[v].pk if k == "to" else v for k, v in act.data.items()}
                yield event(scene, act.verb, self.now - act.ago, self.agents[act.by], data=data)
            if scene.story.stopped:
                at = self.now - scene.story.stopped
                yield event(scene, "contact.opted_out", at, data={"source": "keyword", "category": "all"})

    def receipts(self, written: list[Written]) -> Iterator[Receipt]:
        """The webhooks of what customers wrote; what was recovered came without one."""
        for scene, line, message in written:
            if line.direction == "inbound" and not line.recovered:
                params = parameters(scene, line, message)
                yield Receipt(
                    kind=Receipt.Kind.INBOUND,
                    account_sid=settings.TWILIO_ACCOUNT_SID,
                    key=message.sid,
                    sid=message.sid,
                    params=params,
                    received_at=message.created_at,
                )

    def window_of(self, scene: Scene) -> Window | None:
        inbound = [m.created_at for m in scene.messages if m.is_inbound]
        if not inbound:
            return None
        stopped = scene.story.stopped
        return Window(
            address=scene.address,
            channel=scene.conversation.channel,
            last_inbound_at=max(inbound),
            closes_at=windows.closes_at(max(inbound)),
            opted_out_at=self.now - stopped if stopped else None,
        )

    def consents(self, scene: Scene) -> Iterator[ConsentEntry]:
        who = {"contact": scene.contact, "channel": scene.conversation.channel}
        if {"vip", "restock"}.intersection(scene.story.tags):
            at = self.now - timedelta(days=120)
            text = _("Send me offers and news by WhatsApp. I can stop it at any time.")
            shown = {"category": "marketing", "source": "web form", "text": text}
            yield ConsentEntry(action="opt_in", given_at=at, created_at=at, **shown, **who)
        if stopped := scene.story.stopped:
            said, at = scene.messages[-1], self.now - stopped
            yield ConsentEntry(
                action="opt_out", source="keyword", evidence=said, given_at=at, created_at=at, **who
            )

    def show_on_row(self, scene: Scene) -> None:
        """The copies on the conversation, as its verbs keep them (inbox/models/conversation.py)."""
        row = scene.conversation
        for message in scene.messages:
            if message.is_inbound:
                row.window_closes_at = windows.closes_at(message.created_at)
                row.waiting_since = row.waiting_since or message.created_at
                row.unread_count += 1
            if message.direction == Message.Direction.OUTBOUND:
                row.waiting_since, row.unread_count = None, 0
            if message.direction != Message.Direction.NOTE:
                show_last(row, message)
        if row.is_resolved:
            row.waiting_since = None
        if row.is_resolved or scene.story.seen:
            row.unread_count = 0


def show_last(row: Conversation, message: Message) -> None:
    row.last_message = message
    row.last_message_at = message.created_at
    row.last_message_preview = preview(message.body)
    row.last_message_direction = message.direction
    row.last_message_kind = message.kind
    row.last_message_status = message.status


def keep(attachment: Attachment, content: bytes) -> None:
    """Store the file, and for a picture what the thread shows of it."""
    attachment.size = len(content)
    attachment.sha256 = hashlib.sha256(content).hexdigest()
    attachment.file.save("file", ContentFile(content), save=False)
    if attachment.content_type in (IMAGE, "image/webp"):
        small, attachment.width, attachment.height = files.thumbnail(content)
        attachment.thumbnail.save("thumbnail", ContentFile(small), save=False)


def event(
    scene: Scene,
    verb: str,
    at: datetime,
    actor: Agent | None = None,
    message: Message | None = None,
    data: dict[str, Any] | None = None,
) -> Event:
    return Event(
        verb=verb,
        conversation=scene.conversation,
        channel=scene.conversation.channel,
        message=message,
        actor=actor,
        data=data or {},
        created_at=at,
    )


def sid_of(story: Story, line: Line) -> str:
    """The same each time, and shaped as Twilio's: MM with a file, SM without."""
    text = f"{story.channel} {story.phone}{story.user_id} {line.ago} {line.body}"
    return ("MM" if line.file else "SM") + hashlib.sha256(text.encode()).hexdigest()[:32]


def parameters(scene: Scene, line: Line, message: Message) -> dict[str, Any]:
    """As Twilio would have posted it (Twilio, "Webhook request")."""
    return {
        "MessageSid": message.sid,
        "SmsMessageSid": message.sid,
        "AccountSid": settings.TWILIO_ACCOUNT_SID,
        "From": scene.address.value,
        "To": scene.conversation.channel.address,
        "Body": line.body,
        "ProfileName": scene.story.name,
        "NumMedia": str(int(line.file is not None)),
        "MessageType": line.kind,
        "SmsStatus": "received",
        "ApiVersion": "2010-04-01",
        **line.payload,
    }
