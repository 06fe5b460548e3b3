"""What the apps above the inbox offer it.

The inbox knows channels and messages and not who carries them. An upper app registers a
carrier for its kind of channel in `AppConfig.ready()`; the inbox asks for it here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from inbox.models import Attachment, Channel, Conversation, Message


@dataclass(frozen=True)
class FileLimit:
    """What a channel takes of one kind of file."""

    kind: str  # Message.Kind value
    max_bytes: int
    extension: str
    caption: bool = False  # may the text travel with the file


@dataclass(frozen=True)
class Limits:
    """What a channel takes; the composer and the server both ask here."""

    body: int = 1600  # characters in one message
    files: Mapping[str, FileLimit] = field(default_factory=dict)  # by content type

    def file(self, content_type: str) -> FileLimit | None:
        return self.files.get(content_type)


class Carrier(Protocol):
    """Carries messages of one kind of channel."""

    def dispatch(self, message: Message) -> None:
        """Arrange, in the current transaction, that this queued message is sent."""

    def fetch(self, attachment: Attachment) -> None:
        """Arrange, in the current transaction, that this pending attachment is fetched."""

    def limits(self, channel: Channel) -> Limits: ...

    def show_typing(self, conversation: Conversation) -> None:
        """Show the customer that somebody is writing, where the channel can."""

    def explain(self, code: int | None) -> Explanation:
        """A provider's error code in plain words."""


@dataclass(frozen=True)
class Explanation:
    """A failure for people: what happened and the next step."""

    sentence: str
    next_step: str = ""
    retryable: bool = False  # may a person usefully press Retry


_carriers: dict[str, Carrier] = {}


def register(kind: str, carrier: Carrier) -> None:
    _carriers[kind] = carrier


def carrier(channel: Channel) -> Carrier:
    """The carrier of this channel.

    :raises LookupError: when no installed app carries this kind of channel.
    """
    try:
        return _carriers[channel.kind]
    except KeyError:
        raise LookupError(f"No installed app carries channels of kind {channel.kind!r}.") from None
