"""Lists, carousels and places."""

from __future__ import annotations

from django.utils.translation import gettext as _

from templates_mgmt import content as kinds
from templates_mgmt import placeholders
from templates_mgmt.policy.drafts import CARD_BUTTONS, CARDS, ITEMS, LONGEST_ID, Draft, Finding, Findings
from templates_mgmt.policy.sharing import too_long


def list_items(draft: Draft) -> Findings:
    if draft.content.kind != kinds.LIST_PICKER:
        return
    if len(draft.content.items) not in ITEMS:
        numbers = {"count": len(draft.content.items)}
        sentence = _("A list has 1 to 10 lines; this one has %(count)d.") % numbers
        yield Finding("list_items", sentence, _("Add or remove lines."), "items")
    yield from too_long("list_items", draft.content.as_written.list_button, 20, "list_button")
    for number, item in enumerate(draft.content.items, 1):
        yield from too_long("list_items", item.title, 24, f"items.{number}")
        yield from too_long("list_items", item.description, 72, f"items.{number}")
        yield from too_long("list_items", item.id, LONGEST_ID, f"items.{number}")


def list_blanks(draft: Draft) -> Findings:
    if draft.content.kind != kinds.LIST_PICKER:
        return
    if not draft.content.as_written.list_button.strip():
        sentence = _("The button that opens the list has no words.")
        yield Finding("list_blanks", sentence, _("Write what it says."), "list_button")
    for number, item in enumerate(draft.content.items, 1):
        if not (item.id.strip() and item.title.strip()):
            sentence = _("A line of the list has no words or no ID.")
            yield Finding("list_blanks", sentence, _("Fill it or remove the line."), f"items.{number}")


def list_twins(draft: Draft) -> Findings:
    seen: set[str] = set()
    for number, item in enumerate(draft.content.items, 1):
        if item.id and item.id in seen:
            sentence = _("Two lines of the list are the same: “%(id)s”.") % {"id": item.id}
            yield Finding("list_twins", sentence, _("Give each its own words and ID."), f"items.{number}")
        seen.add(item.id)


def carousel_count(draft: Draft) -> Findings:
    if draft.content.kind == kinds.CAROUSEL and len(draft.content.cards) not in CARDS:
        numbers = {"count": len(draft.content.cards)}
        sentence = _("A carousel has 2 to 10 cards; this one has %(count)d.") % numbers
        yield Finding("carousel_count", sentence, _("Add or remove cards."), "cards")


def carousel_cards(draft: Draft) -> Findings:
    for number, card in enumerate(draft.content.cards, 1):
        field = f"cards.{number}"
        if not (card.body.strip() and any(card.media_urls)):
            sentence = _("Every card needs a text and a photo or video.")
            yield Finding("carousel_cards", sentence, _("Fill in this card."), field)
        if not 1 <= len(card.buttons) <= CARD_BUTTONS:
            sentence = _("Every card needs one or two buttons.")
            yield Finding("carousel_cards", sentence, _("Add or remove buttons."), field)


def carousel_alike(draft: Draft) -> Findings:
    kinds_of = [[button.kind for button in card.buttons] for card in draft.content.cards]
    for number, found in enumerate(kinds_of, 1):
        if found != kinds_of[0]:
            sentence = _("This card has other buttons than the first one.")
            fix = _("Give every card as many buttons, of the same types and in the same order.")
            yield Finding("carousel_alike", sentence, fix, f"cards.{number}")


def place(draft: Draft) -> Findings:
    if not (place := draft.content.as_written.place):
        return
    if not _is_angle(place.latitude, 90):
        sentence = _("The latitude is a number from -90 to 90.")
        yield Finding("place", sentence, _("Write it in degrees, like 51.5072."), "latitude")
    if not _is_angle(place.longitude, 180):
        sentence = _("The longitude is a number from -180 to 180.")
        yield Finding("place", sentence, _("Write it in degrees, like -0.1276."), "longitude")


def _is_angle(degrees: str, most: int) -> bool:
    if placeholders.VARIABLE.fullmatch(degrees):
        return True
    try:
        return abs(float(degrees)) <= most
    except ValueError:
        return False
