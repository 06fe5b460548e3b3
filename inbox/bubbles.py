"""A message as one agent sees it: everything its partial needs, and nothing it must work out."""

from __future__ import annotations

from datetime import datetime
from functools import cached_property

from django.utils.functional import Promise
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from inbox import contents, formatting, gateways, showing, statuses, vcards
from inbox.models import Agent, Attachment, Conversation, Message

Kind = Message.Kind

STATUS_WORDS: dict[str, str | Promise] = {
    statuses.QUEUED: gettext_lazy("Queued"),
    statuses.SENDING: gettext_lazy("Sending"),
    statuses.UNKNOWN: gettext_lazy("Checking with WhatsApp"),
    statuses.ACCEPTED: gettext_lazy("On its way"),
    statuses.SENT: gettext_lazy("Sent"),
    statuses.DELIVERED: gettext_lazy("Delivered"),
    statuses.READ: gettext_lazy("Read"),
    statuses.UNDELIVERED: gettext_lazy("Not delivered"),
    statuses.FAILED: gettext_lazy("Not sent"),
    statuses.CANCELED: gettext_lazy("Canceled"),
}
_SHAPES = {Kind.BUTTON: "choice", Kind.LIST: "choice"}
_MEDIA = (Kind.IMAGE, Kind.VIDEO, Kind.AUDIO, Kind.DOCUMENT, Kind.STICKER, Kind.CONTACTS)
_VISUAL = (Kind.IMAGE, Kind.VIDEO, Kind.STICKER, Kind.LOCATION)


class Bubble:
    """Wraps a message fetched with `timeline.rows`; asks the database nothing more."""

    def __init__(self, message: Message, viewer: Agent, now: datetime) -> None:
        self.message = message
        self.viewer = viewer
        self.now = now

    @property
    def at(self) -> datetime:
        return self.message.created_at

    @property
    def position(self) -> str:
        """Seconds since 1970 with six digits: bubbles stand in this order, however late they came."""
        return f"{self.at.timestamp():.6f}"

    @property
    def version(self) -> str:
        """Changes when the bubble has to look different: what the page has is compared with it."""
        files = ",".join(file.state for file in self.files)
        doubt = "?" if self.asks_to_stop else ""
        return f"{self.message.status}{'!' if self.must_decide else ''}{doubt}{files and '.'}{files}"

    # Who and how

    @property
    def template_name(self) -> str:
        is_system = self.message.direction == Message.Direction.SYSTEM
        return "inbox/_system.html" if is_system else "inbox/_message.html"

    @property
    def side(self) -> str:
        return {"inbound": "in", "outbound": "out"}.get(self.message.direction, "note")

    @property
    def is_note(self) -> bool:
        return self.message.direction == Message.Direction.NOTE

    @property
    def author(self) -> str:
        writer = self.message.author
        if writer is None:
            return ""
        return _("You") if writer.pk == self.viewer.pk else writer.first_name or writer.name

    @property
    def shape(self) -> str:
        """Name of the partial for the inside of the bubble."""
        if self.is_note:
            return "inbox/_bubble_note.html"
        kind = _SHAPES.get(Kind(self.message.kind), self.message.kind)
        if kind in _MEDIA and not self.files:
            kind = "missing"
        elif kind == Kind.LOCATION and self.place is None:
            kind = "unsupported"
        return f"inbox/_bubble_{kind}.html"

    @property
    def is_visual(self) -> bool:
        """Pictures and maps fill the bubble to its edge."""
        return self.message.kind in _VISUAL and "unsupported" not in self.shape

    @property
    def status_word(self) -> str:
        return str(STATUS_WORDS.get(self.message.status, ""))

    @property
    def tick(self) -> str:
        return f"tick tick--{'failed' if self.message.has_failed else self.message.status}"

    @property
    def must_decide(self) -> bool:
        """Nobody could find out whether it arrived, so the sentence is there and a person has to say."""
        return self.message.status == statuses.UNKNOWN and bool(self.message.error)

    @property
    def asks_to_stop(self) -> bool:
        """It may ask us to stop writing, and nobody has said yet whether it does."""
        return self.message.is_inbound and self.message.payload.get("asks_to_stop") is True

    @property
    def answered(self) -> str:
        """``STOP``, ``START`` or ``HELP`` when the carrier has answered it by itself."""
        return contents.text(self.message.payload, "answered") if self.message.is_inbound else ""

    @cached_property
    def failure(self) -> gateways.Explanation | None:
        """What happened and the way out, for a message that failed."""
        if not self.message.has_failed:
            return None
        channel = self.message.conversation.channel
        said = gateways.carrier(channel).explain(self.message.error_code, channel)
        if self.message.error_code:
            return gateways.Explanation(self.message.error or said.sentence, said.next_step, said.retryable)
        step = _("Press Retry to send it again.")
        return gateways.Explanation(self.message.error or said.sentence, step, retryable=True)

    # What is in it

    @cached_property
    def html(self) -> SafeString:
        return formatting.to_html(self.message.body)

    @cached_property
    def files(self) -> list[Attachment]:
        return list(self.message.attachments.all())

    @property
    def file(self) -> Attachment | None:
        return self.files[0] if self.files else None

    @property
    def caption(self) -> str:
        """What was written beside the file. WhatsApp repeats a document's name there."""
        is_name = self.file is not None and self.message.body == self.file.filename
        return "" if is_name else self.message.body

    @cached_property
    def shown(self) -> showing.Showing | None:
        """A template with all its parts, when they were kept; else its text is all there is."""
        kept = self.message.payload.get("shown")
        return showing.kept(kept) if isinstance(kept, dict) else None

    @cached_property
    def place(self) -> contents.Place | None:
        return contents.place(self.message.payload)

    @property
    def referral(self) -> contents.Referral | None:
        return contents.referral(self.message.payload)

    @property
    def forwarded(self) -> str:
        """``once``, ``often``, or empty."""
        return contents.text(self.message.payload, "forwarded")

    @property
    def answers(self) -> list[tuple[str, str]]:
        return contents.answers(self.message.payload)

    @property
    def kept(self) -> list[tuple[str, str]]:
        return contents.kept(self.message.payload)

    @property
    def choice_hint(self) -> str:
        return contents.text(self.message.payload, "ListDescription")

    @cached_property
    def cards(self) -> list[vcards.Card]:
        """Read from the stored file; empty while it is not there."""
        if not (self.file and self.file.is_stored):
            return []
        try:
            with self.file.file.open("rb") as stored:
                return vcards.parse(stored.read(vcards.MOST_BYTES))
        except FileNotFoundError:
            return []

    # What it answers

    @cached_property
    def quote(self) -> Quote | None:
        if not (self.message.reply_to_id or self.message.reply_to_sid):
            return None
        return Quote(self.message.reply_to, self.viewer, self.message.conversation)


class Quote:
    """The message that is answered, or the fact that we do not have it."""

    def __init__(self, message: Message | None, viewer: Agent, conversation: Conversation) -> None:
        self.message = message
        self.viewer = viewer
        self.conversation = conversation

    @property
    def who(self) -> str:
        if self.message is None:
            return ""
        if self.message.is_inbound:
            return self.conversation.contact.display_name
        writer = self.message.author
        if writer is None:
            return self.conversation.channel.name
        return _("You") if writer.pk == self.viewer.pk else writer.name

    @property
    def text(self) -> str:
        if self.message is None:
            return _("A message that is not in this inbox")
        return self.message.body[:200] or self.message.get_kind_display()

    @property
    def thumbnail(self) -> Attachment | None:
        files = self.message.attachments.all() if self.message else ()
        return next((file for file in files if file.thumbnail), None)
