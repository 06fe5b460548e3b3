"""Two implementations that know nothing of each other show the same: ours, and the customer's phone."""

from __future__ import annotations

from datetime import UTC, datetime
from html.parser import HTMLParser
from typing import Any

import pytest
from django.template.loader import render_to_string
from hypothesis import given
from hypothesis import strategies as st

from channels_whatsapp.simulator import bubbles, content, control, messages, records
from inbox import showing
from templates_mgmt import content as kinds
from templates_mgmt import filling
from templates_mgmt.content import Button, Content, Shown
from templates_mgmt.preview import Preview
from tests.templates_mgmt.test_content import built

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
VOID = frozenset({"img", "input", "br", "rect", "circle", "path", "line", "polyline"})
# What the parts of a message are called on both pages.
PARTS = {
    "template-title": "title",
    "bubble-text": "text",
    "template-foot": "foot",
    "place-name": "place",
    "place-address": "place",
    "template-item": "item",
    "bubble-action": "button",
    "reply-button": "button",
}

words = st.text("aé👋ع<&>'\" *_~`{}1\n", max_size=12)
values = st.dictionaries(st.sampled_from(["1", "2", "3"]), words)
strange = st.recursive(
    st.none() | st.booleans() | st.integers(0, 9) | words,
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(
            st.sampled_from(["body", "title", "items", "cards", "actions", "media", "type", "x", "button"]),
            inner,
            max_size=3,
        )
    ),
    max_leaves=6,
)
others = st.one_of(
    st.builds(lambda w, b: {"whatsapp/flows": {"body": w, "button_text": b}}, words, words),
    st.builds(lambda w, t: {"twilio/catalog": {"title": t, "body": w}}, words, words),
    st.builds(lambda shape: {"twilio/new-kind": shape}, strange),
    st.builds(lambda w: {"twilio/new-kind": {"steps": [{"say": w}]}}, words),
)


def on_the_phone(types: dict[str, Any], samples: dict[str, str], values: dict[str, str]) -> records.Message:
    customer = records.Customer("whatsapp:+447700900911", "whatsapp:GB.1", "Anna")
    sender = records.Sender("XE1", "whatsapp:+447700900142", "Shop")
    message = records.Message(
        "SM1", "outbound-api", customer, sender, customer.address, sender.address, "", "sent", NOW, NOW,
        variables=values,
    )  # fmt: skip
    messages._show(message, records.Content("HX1", "a_name", "en", types, samples, NOW, NOW))
    return message


class Page(HTMLParser):
    """The words of each part, in the order of the page: [(part, words)]."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[list[str]] = []
        self.stack: list[list[str] | None] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        if tag in VOID:
            return
        names = (dict(attributes).get("class") or "").split()
        part = next((PARTS[name] for name in names if name in PARTS), None)
        entry = [part, ""] if part else (self.stack[-1] if self.stack else None)
        if part:
            self.found.append(entry)  # type: ignore[arg-type]
        self.stack.append(entry)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            self.stack.pop()

    def handle_data(self, data: str) -> None:
        if self.stack and self.stack[-1] is not None:
            self.stack[-1][1] += data

    @property
    def parts(self) -> dict[str, list[str]]:
        told: dict[str, list[str]] = {}
        for part, said in self.found:
            trimmed = said.strip(" \n") if part in ("button",) else said
            if trimmed:
                told.setdefault(part, []).append(trimmed)
        return told


def as_phone(button: Button) -> dict[str, str]:
    kept = {"title": button.title, "id": button.id, "url": button.url, "phone": button.phone}
    return {"type": button.kind, **kept, "code": button.code}


def in_phones_words(shown: Shown) -> dict[str, Any]:
    told: dict[str, Any] = {
        "header": shown.header,
        "footer": shown.footer,
        "buttons": [as_phone(button) for button in shown.buttons],
        "list_button": shown.list_button,
        "template": "",
        "cards": [
            {
                "title": card.title,
                "body": card.body,
                "media_urls": list(card.media_urls),
                "buttons": [as_phone(button) for button in card.buttons],
            }
            for card in shown.cards
        ],
    }
    if shown.kind == kinds.LIST_PICKER:
        told["choices"] = [{"id": i.id, "item": i.title, "description": i.description} for i in shown.items]
    if shown.place:
        told["place"] = vars(shown.place)
    return told


@given(built | others, values, values)
def test_what_is_shown_is_what_the_phone_shows(
    types: dict[str, Any], samples: dict[str, str], values: dict[str, str]
) -> None:
    shown = Content(types, samples).shown(values, samples=True)
    message = on_the_phone(types, samples, values)
    told = control.message_json(message)
    assert shown.kind == told["kind"]
    assert (shown.body or shown.preset) == told["body"]
    assert list(shown.media_urls) == message.media_urls
    assert in_phones_words(shown) == told["shown"]


@given(built | others, st.dictionaries(st.sampled_from(["1", "2", "3"]), words.filter(str.strip)))
def test_the_preview_and_the_sent_bubble_read_as_the_phone_does(
    types: dict[str, Any], values: dict[str, str]
) -> None:
    content = Content(types)
    bubble = bubbles.Bubble(on_the_phone(types, {}, values), True, None)
    phone = Page(render_to_string("simulator/_bubble.html", {"bubble": bubble})).parts
    preview = render_to_string("templates_mgmt/_shown.html", {"shown": Preview.of(content, values)})
    assert Page(preview).parts == phone
    kept = filling.kept_of(content.shown(values))
    sent = render_to_string("inbox/_shown.html", {"shown": showing.kept(kept)})
    assert Page(sent).parts == phone


@pytest.mark.parametrize("kind", [pytest.param(kind, id=kind) for kind in kinds.RICHNESS])
def test_the_richest_type_is_chosen_as_the_phone_does(kind: str) -> None:
    assert kinds.RICHNESS == content.RICHNESS
    assert Content({kinds.TEXT: {"body": "Hi"}, kind: {"body": "Hi"}}).kind == kind
