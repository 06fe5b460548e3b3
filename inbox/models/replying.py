"""Writing to the customer: what a conversation refuses, and what it queues."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from inbox import gateways, splitting, statuses
from inbox.models import gate
from inbox.models.attachment import Attachment
from inbox.models.contact import Window
from inbox.models.event import Event
from inbox.models.message import Message
from inbox.refusals import Refused

if TYPE_CHECKING:
    from inbox.models.agent import Agent


class Replying:
    """The part of a conversation that writes. One WhatsApp message per file, each with its own status."""

    def reply(
        self,
        body: str = "",
        *,
        by: Agent | None,
        files: Sequence[Attachment] = (),
        template: dict[str, Any] | None = None,
        media_url: str = "",
        client_id: uuid.UUID | None = None,
        seen: int | None = None,
        split: bool = False,
    ) -> list[Message]:
        """Queue what an agent or a program writes; the worker sends it.

        :param template: ``{"content_sid": "HX…", "content_variables": {"1": "…"}}``, alone.
        :param media_url: a public address the carrier fetches the file from, instead of `files`.
        :param client_id: the writer's own number for this act. The same one again is answered with
            the messages that it made the first time.
        :param seen: the last message the writer had on screen; refused when a newer one is there.
        :param split: a text too long for one message goes as several, in order.
        :raises Refused: with a code, a sentence and the next step.
        """
        act = _Act(body.strip(), tuple(files), template, media_url, client_id or uuid.uuid4(), split)
        if done := self._already(act):
            return done
        try:
            with transaction.atomic():
                return self._queue(act, by, seen)
        except IntegrityError:
            # The same act at the same moment: whoever came second gets the first one's messages.
            if done := self._already(act):
                return done
            raise

    @transaction.atomic
    def add_note(self, body: str, *, by: Agent, client_id: uuid.UUID | None = None) -> Message:
        """Write for colleagues only."""
        if not body.strip():
            raise Refused("empty", _("There is nothing in this note."), _("Write something first."))
        act = _Act(body.strip(), client_id=client_id or uuid.uuid4())
        self._lock()
        if done := self._already(act):
            return done[0]
        note = Message.objects.create(
            conversation=self,
            direction=Message.Direction.NOTE,
            body=act.body,
            payload={"act": act.digest},
            status=statuses.RECEIVED,
            author=by,
            client_id=act.client_id,
        )
        note.refresh_from_db(fields=["created_at"])
        Event.record("note.added", conversation=self, message=note, by=by)
        return note

    def must_take(self, message: Message | None = None) -> None:
        """Refuse what may not go out now: this message, or without one any free text.

        A template is judged as it is now: its category may be another one since the message was written.

        :raises Refused: see gate.must_allow and gateways.Templates.as_of_now.
        """
        payload: Mapping[str, Any] = message.payload if message else {}
        if payload.get("content_sid"):
            payload = gateways.templates().as_of_now(self, payload)
        gate.must_allow(self, gate.Outgoing.of(payload))

    @property
    def is_opted_out(self) -> bool:
        rows = Window.objects.filter(address__contact=self.contact_id, channel=self.channel_id)
        return rows.filter(opted_out_at__isnull=False).exists()

    def _already(self, act: _Act) -> list[Message]:
        """What this act made before; nothing if it is new.

        :raises Refused: the number was used for something else, which must not pass for sent.
        """
        first = Message.objects.filter(client_id=act.client_id).first()
        if first is None:
            return []
        if first.conversation_id != self.pk or first.payload.get("act") != act.digest:
            raise Refused(
                "client_id_used",
                _("This was already sent, with another text."),
                _("Reload to see what was sent, then send your change as a new message."),
            )
        others = [act.part_id(n) for n in range(1, first.payload.get("parts", 1))]
        return [first, *Message.objects.filter(client_id__in=others).order_by("id")]

    def _queue(self, act: _Act, by: Agent | None, seen: int | None) -> list[Message]:
        # One writer at a time in a conversation: the check for newer messages and the insert are one step.
        self._lock()
        # Asked again behind the lock. An insert left to fail would wait for whoever changes the first one's
        # status, and those wait for this lock: a deadlock.
        if done := self._already(act):
            return done
        self._must_be_sendable(act)
        filled = self._filled(act, by)
        gate.must_allow(self, gate.Outgoing.of(filled))
        self._must_have_seen(seen, by)
        self._must_be_active(by)
        parts = self._parts(act, filled)
        messages = [self._insert(act, n, part, len(parts), by) for n, part in enumerate(parts)]
        ids = [message.pk for message in messages]
        Event.record("conversation.replied", conversation=self, message=messages[0], by=by, messages=ids)
        self.note_last(messages[-1])
        return messages

    def _lock(self) -> None:
        type(self).objects.select_for_update(no_key=True).get(pk=self.pk)

    def _must_be_active(self, by: Agent | None) -> None:
        """Writing in a resolved conversation opens it again."""
        if self.is_resolved and not self.reopen(by=by):
            raise Refused(
                "not_active",
                _("Another conversation with this customer is open."),
                _("Write there instead."),
            )

    def _must_be_sendable(self, act: _Act) -> None:
        if not (act.body or act.files or act.template or act.media_url):
            raise Refused("empty", _("There is nothing to send."), _("Write something, or attach a file."))
        limits = gateways.carrier(self.channel).limits(self.channel)
        over = len(act.body) - limits.body
        if over > 0 and not act.split:
            raise Refused(
                "too_long",
                ngettext(
                    "This is %(over)d character longer than WhatsApp takes in one message.",
                    "This is %(over)d characters longer than WhatsApp takes in one message.",
                    over,
                )
                % {"over": over},
                _("Shorten it, or let it be split into several messages."),
            )
        for file in act.files:
            must_fit(file, limits)

    def _must_have_seen(self, seen: int | None, by: Agent | None) -> None:
        if seen is None:
            return
        newer = self.messages.filter(id__gt=seen).exclude(direction=Message.Direction.SYSTEM)
        newer = newer.exclude(direction__in=[Message.Direction.OUTBOUND, Message.Direction.NOTE], author=by)
        if newer.exists():
            raise Refused(
                "newer_messages",
                _("Someone wrote here since you started."),
                _("Read it, then press Send again if your text still fits."),
            )

    def _filled(self, act: _Act, by: Agent | None) -> dict[str, Any]:
        """The payload of a template, with everything about it that is kept with the message for ever.

        :raises Refused: a variable is blank, or the template is one that cannot be sent.
        """
        if act.template is None:
            return {}
        sid, variables = act.template["content_sid"], act.template.get("content_variables") or {}
        return gateways.templates().fill(self, sid, variables, by).payload

    def _parts(self, act: _Act, filled: dict[str, Any]) -> list[dict[str, Any]]:
        """What becomes one WhatsApp message each, in order."""
        if act.template is not None:
            return [{"kind": Message.Kind.TEMPLATE, "body": filled.pop("text", ""), "payload": filled}]
        if act.media_url:
            payload = {"media_url": act.media_url}
            return [{"kind": Message.Kind.DOCUMENT, "body": act.body, "payload": payload}]
        limits = gateways.carrier(self.channel).limits(self.channel)
        texts = splitting.split(act.body, limits.body)
        parts: list[dict[str, Any]] = []
        for file in act.files:
            limit = limits.files[file.content_type]  # must_fit has looked
            caption = texts.pop(0) if limit.caption and texts and not parts else ""
            parts.append({"kind": limit.kind, "file": file, "body": caption})
        return parts + [{"kind": Message.Kind.TEXT, "body": text} for text in texts]

    def _insert(self, act: _Act, n: int, part: dict[str, Any], count: int, by: Agent | None) -> Message:
        message = Message.objects.create(
            conversation=self,
            direction=Message.Direction.OUTBOUND,
            kind=part["kind"],
            body=part.get("body", ""),
            payload={**part.get("payload", {}), "parts": count, "act": act.digest},
            status=statuses.QUEUED,
            author=by,
            client_id=act.part_id(n),
        )
        message.refresh_from_db(fields=["created_at"])
        if file := part.get("file"):
            taken = Attachment.objects.filter(pk=file.pk, message__isnull=True).update(message=message)
            if not taken:
                raise Refused("file_used", _("This file was already sent."), _("Attach it again."))
        gateways.carrier(self.channel).dispatch(message)
        return message


@dataclass(frozen=True)
class _Act:
    """One press of Send."""

    body: str
    files: tuple[Attachment, ...] = ()
    template: dict[str, Any] | None = None
    media_url: str = ""
    client_id: uuid.UUID = field(default_factory=uuid.uuid4)
    split: bool = False

    @property
    def digest(self) -> str:
        """Tells a repeated act from a changed one under the same number."""
        content = [self.body, [str(f.key) for f in self.files], self.template, self.media_url]
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:16]

    def part_id(self, n: int) -> uuid.UUID:
        return self.client_id if n == 0 else uuid.uuid5(self.client_id, str(n))


def digest_of(body: str = "", template: dict[str, Any] | None = None, media_url: str = "") -> str:
    """Of an act as `Conversation.reply` was asked for it, without files; kept as `act` in the payload."""
    return _Act(body.strip(), template=template, media_url=media_url).digest


def must_fit(file: Attachment, limits: gateways.Limits) -> None:
    """Refuse a file that WhatsApp would refuse.

    :raises Refused: its type is not taken, or it is too large.
    """
    limit = limits.file(file.content_type)
    if limit is None:
        raise Refused(
            "file_type",
            _("WhatsApp does not take files like %(name)s.") % {"name": file.filename},
            _("Send it as JPEG, PNG, MP4, MP3, PDF or an Office document."),
        )
    if (file.size or 0) > limit.max_bytes:
        raise Refused(
            "file_size",
            _("%(name)s has %(size).1f MB; WhatsApp takes %(max)d MB.")
            % {
                "name": file.filename,
                "size": (file.size or 0) / 1_000_000,
                "max": limit.max_bytes // 1_000_000,
            },
            _("Send a smaller file."),
        )
