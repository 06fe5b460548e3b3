"""What the apps above the inbox offer it.

The inbox knows channels and messages and not who carries them. An upper app registers a
carrier for its kind of channel in `AppConfig.ready()`; the inbox asks for it here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from django.utils.translation import gettext as _

from inbox.refusals import Refused

if TYPE_CHECKING:
    from inbox.models import Agent, Attachment, Channel, Conversation, Message


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

    def explain(self, code: int | None, channel: Channel | None = None) -> Explanation:
        """A provider's error code in plain words; the channel may have a better next step."""

    def session(self, conversation: Conversation, *, if_pressing: bool = False) -> str:
        """What an agent should know about reaching this customer over a channel for trying out, or empty.

        :param if_pressing: only when it ends soon, or has ended.
        """


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


@dataclass(frozen=True)
class FilledTemplate:
    """A template with its variables filled, as the customer will see it.

    :ivar category: ``utility``, ``marketing`` or ``authentication``; empty when it is not known here.
    :ivar is_approved: it may go out while the window is closed.
    :ivar text: the words, for the bubble, search and notifications; empty when they are not known here.
    :ivar shown: what a phone shows: header, body, footer, buttons, items, cards, media_urls, place
        (inbox/showing.py reads it).
    """

    content_sid: str
    variables: Mapping[str, str] = field(default_factory=dict)
    name: str = ""
    language: str = ""
    category: str = ""
    is_approved: bool = True
    text: str = ""
    shown: Mapping[str, Any] = field(default_factory=dict)

    @property
    def payload(self) -> dict[str, Any]:
        """What a message keeps of it. Empty words are left out, so that "not known" stays visible as such."""
        told = {"name": self.name, "language": self.language, "category": self.category}
        told |= {"shown": dict(self.shown), "text": self.text}
        required = {"content_sid": self.content_sid, "content_variables": dict(self.variables)}
        return (
            required | {key: value for key, value in told.items() if value} | {"approved": self.is_approved}
        )


@dataclass(frozen=True)
class Prices:
    """What one message to a customer costs, as text; empty where that is not known or not delivered.

    :ivar now: the cheapest that may be sent while the window is open.
    :ivar utility: such a template after that; and so `marketing`.
    """

    now: str = ""
    utility: str = ""
    marketing: str = ""


class Templates(Protocol):
    """Knows the templates. Whoever sends one, now or later, fills it here."""

    def fill(
        self,
        conversation: Conversation,
        content_sid: str,
        variables: Mapping[str, str],
        by: Agent | None = None,
    ) -> FilledTemplate:
        """With these values; what has a source of its own (the contact's name) may be left out.

        :param by: whose name a variable may ask for.
        :raises Refused: a variable is blank, or the template is paused, rejected or archived.
        """

    def complete(self, message: Message) -> None:
        """Before it goes out: find out what was not known of its template when it was queued.

        :raises Refused: as `fill`.
        """

    def as_of_now(self, conversation: Conversation, payload: Mapping[str, Any]) -> Mapping[str, Any]:
        """What a message kept of its template, with the category and approval that it has by now.

        :raises Refused: it is paused, rejected or archived since.
        """

    def prices(self, conversation: Conversation) -> Prices:
        """To the customer whose window is open."""

    def picker_url(self, conversation: Conversation) -> str:
        """Where a person chooses one for this conversation: a fragment for htmx, else a page; or ''."""

    def start_url(self, channel: Channel, address: str) -> str:
        """Where a person writes first, to an address without a conversation; or ''."""


class _NoTemplates:
    """Without an app that knows them, a template goes out as it is asked for."""

    def fill(
        self,
        conversation: Conversation,
        content_sid: str,
        variables: Mapping[str, str],
        by: Agent | None = None,
    ) -> FilledTemplate:
        return FilledTemplate(content_sid, variables)

    def complete(self, message: Message) -> None:
        pass

    def as_of_now(self, conversation: Conversation, payload: Mapping[str, Any]) -> Mapping[str, Any]:
        return payload

    def prices(self, conversation: Conversation) -> Prices:
        return Prices()

    def picker_url(self, conversation: Conversation) -> str:
        return ""

    def start_url(self, channel: Channel, address: str) -> str:
        return ""


_templates: Templates = _NoTemplates()


def register_templates(known: Templates) -> None:
    global _templates
    _templates = known


def templates() -> Templates:
    return _templates


class OptInQuestion(Protocol):
    """Has the question about marketing messages, with its two buttons (inbox/consent_questions.py)."""

    def for_conversation(self, conversation: Conversation, by: Agent | None) -> FilledTemplate:
        """In the customer's language. What is missing is made.

        :raises Refused: ``preparing``: it is being made; or nobody here can make it.
        """


class _NoQuestion:
    def for_conversation(self, conversation: Conversation, by: Agent | None) -> FilledTemplate:
        raise Refused(
            "no_question",
            _("Questions with buttons cannot be sent over this channel."),
            _("Ask in your own words, then record the answer."),
        )


_opt_in_question: OptInQuestion = _NoQuestion()


def register_opt_in_question(question: OptInQuestion) -> None:
    global _opt_in_question
    _opt_in_question = question


def opt_in_question() -> OptInQuestion:
    return _opt_in_question


@dataclass(frozen=True)
class Alarm:
    """Something about the way to the customers that somebody must put right. `action` leads to `url`.

    :ivar mend: what one press does about it, posted to `mend_url`; empty when it takes more.
    """

    sentence: str
    url: str
    action: str
    mend_url: str = ""
    mend: str = ""


def _no_alarms(agent: Agent) -> list[Alarm]:
    return []


_alarms: Callable[[Agent], list[Alarm]] = _no_alarms


def register_alarms(ask: Callable[[Agent], list[Alarm]]) -> None:
    global _alarms
    _alarms = ask


def alarms(agent: Agent) -> list[Alarm]:
    """What this person should see at the top of every page."""
    return _alarms(agent)
