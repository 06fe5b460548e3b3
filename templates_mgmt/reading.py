"""A template as the editor's form shows it, read from the row. Pure."""

from __future__ import annotations

from templates_mgmt import content as kinds
from templates_mgmt import policy
from templates_mgmt.content import Card, Content, Item
from templates_mgmt.models import Template
from templates_mgmt.written import (
    DOCUMENT,
    IMAGE,
    NONE,
    TEXT,
    ButtonRow,
    CardRow,
    ItemRow,
    VariableRow,
    Written,
)  # fmt: skip

_DOCUMENTS = (".pdf", ".doc", ".docx", ".xls", ".xlsx", ".ppt", ".pptx")


def written_of(template: Template) -> Written:
    """Made here or at Twilio."""
    content, fields = template.content, template.fields
    shown, shape = content.as_written, content.shape
    url = shown.media_urls[0] if shown.media_urls else ""
    is_card = content.kind == kinds.AUTHENTICATION
    place = shown.place
    return Written(
        name=template.name,
        language=template.language,
        category=template.category or policy.UTILITY,
        kind=content.kind if content.is_built else kinds.TEXT,
        header_kind=_header_kind(shown.header, url),
        header=shown.header,
        body=shown.body,
        footer=shown.footer,
        media=url,
        buttons=() if is_card else tuple(ButtonRow.of(button) for button in shown.buttons),
        list_button=shown.list_button,
        items=tuple(_item_row(item) for item in shown.items),
        cards=tuple(_card_row(card) for card in shown.cards),
        latitude=place.latitude if place else "",
        longitude=place.longitude if place else "",
        label=place.label if place else "",
        address=place.address if place else "",
        code_title=shown.buttons[0].title if is_card and shown.buttons else "",
        minutes=str(shape.get("code_expiration_minutes") or ""),
        advice=bool(shape.get("add_security_recommendation", True)),
        variables=tuple(_variable_row(name, content, fields) for name in content.names),
    )


def _header_kind(header: str, url: str) -> str:
    if header:
        return TEXT
    if not url:
        return NONE
    return DOCUMENT if url.lower().partition("?")[0].endswith(_DOCUMENTS) else IMAGE


def _item_row(item: Item) -> ItemRow:
    return ItemRow(item.title, item.description, item.id if item.id != item.title else "")


def _card_row(card: Card) -> CardRow:
    rows = [*(ButtonRow.of(button) for button in card.buttons[:2]), ButtonRow(), ButtonRow()]
    return CardRow(card.title, card.body, card.media_urls[0] if card.media_urls else "", (rows[0], rows[1]))


def _variable_row(name: str, content: Content, fields: dict[str, dict[str, str]]) -> VariableRow:
    told = fields.get(name)
    told = told if isinstance(told, dict) else {}
    sample = content.variables.get(name, "")
    return VariableRow(name, str(told.get("means", "")), str(sample), str(told.get("source") or "typed"))
