"""What WhatsApp and Twilio ask of a template, one function per rule, said with the way out. Pure.

Sources: Twilio's pages "Using variables with Content API", "WhatsApp template approvals and statuses" and
those of the content types; Meta's limits of template parts. Lengths are code points.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _later

from templates_mgmt import content as kinds
from templates_mgmt import placeholders
from templates_mgmt.content import Button, Content

UTILITY, MARKETING, AUTHENTICATION = "UTILITY", "MARKETING", "AUTHENTICATION"
CATEGORIES = (UTILITY, MARKETING, AUTHENTICATION)

NAME = re.compile(r"[a-z0-9_]{1,512}")
LANGUAGE = re.compile(r"[a-z]{2,3}([_-][A-Za-z]{2,4})?")
MOST_VARIABLES = 100
MOST_EMOJI, MANY_EMOJI = 10, 9
APPROVED_BODY = 1024
BODY = {
    kinds.TEXT: 1600,
    kinds.MEDIA: 1600,
    kinds.CALL_TO_ACTION: 640,
    kinds.QUICK_REPLY: 1024,
    kinds.LIST_PICKER: 1024,
    kinds.CARD: 1024,
    kinds.WHATSAPP_CARD: 1024,
    kinds.CAROUSEL: 1024,
}
LONGEST_EDGE = 60  # header and footer
LONGEST_TITLE, LONGEST_REPLY = 20, 25
LONGEST_ID, SAFE_ID = 200, 128
BUTTONS, SESSION_BUTTONS, CARD_BUTTONS = 10, 3, 2
MOST_OF_A_KIND = {kinds.URL: 2, kinds.PHONE: 1, kinds.COPY_CODE: 1}
ITEMS, CARDS = range(1, 11), range(2, 11)
CODE_MINUTES = range(1, 91)

# Shown as passed when none of the words beside it was found.
CHECKS: tuple[tuple[Promise, frozenset[str]], ...] = (
    (_later("Starts and ends with words"), frozenset({"starts_with_variable", "ends_with_variable"})),
    (_later("Variables numbered in order"), frozenset({"numbering", "braces", "adjacent"})),
    (_later("Every variable has a sample"), frozenset({"sample", "value"})),
    (_later("Enough words around variables"), frozenset({"few_words"})),
    (_later("No promotion in a utility text"), frozenset({"promotion"})),
)
GREETINGS = {
    "en": "Hi", "es": "Hola", "pt": "Olá", "de": "Hallo", "fr": "Bonjour", "it": "Ciao", "nl": "Hallo",
    "tr": "Merhaba", "id": "Halo", "pl": "Cześć", "ru": "Здравствуйте,", "ar": "مرحباً", "he": "שלום",
    "hi": "नमस्ते",
}  # fmt: skip
THANKS = {
    "en": "Thank you.", "es": "Gracias.", "pt": "Obrigado.", "de": "Vielen Dank.", "fr": "Merci.",
    "it": "Grazie.", "nl": "Bedankt.", "tr": "Teşekkürler.", "id": "Terima kasih.", "pl": "Dziękujemy.",
    "ru": "Спасибо.", "ar": "شكراً لكم.", "he": "תודה.", "hi": "धन्यवाद।",
}  # fmt: skip
# Beginnings of words, by language: "sale" sells in English and leaves the workshop in Spanish.
PROMOTION = {
    "en": "sale discount offer deals promo coupon voucher cashback bargain giveaway",
    "es": "descuento oferta rebaja promoci cupón cupon gratis",
    "pt": "desconto oferta promoç liquidaç cupom grátis",
    "de": "rabatt sonderangebot angebot gutschein aktion schlussverkauf gratis",
    "fr": "remise soldes promo réduction gratuit",
    "it": "sconto sconti offerta offerte saldi promo gratis",
    "nl": "korting aanbieding uitverkoop gratis",
    "tr": "indirim kampanya fırsat hediye",
    "id": "diskon promo gratis",
    "pl": "rabat promocj wyprzedaż zniżk",
    "ru": "скидк акци распродаж промокод",
    "ar": "خصم تخفيض عروض كوبون",
    "he": "מבצע הנחה קופון",
    "hi": "छूट ऑफर डिस्काउंट",
    "zh": "优惠 折扣 促销 優惠 促銷",
    "ja": "割引 セール クーポン",
}
# Scripts that glue small words on, or write without spaces: there a word is found anywhere.
_GLUED = frozenset({"ar", "he", "zh", "ja"})
_UNSPACED = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]")
_PERCENT = re.compile(r"\d+\s?[%٪]")
_MARKUP = " \t\r\n*_~`"
_BROKEN = re.compile(r"[{}]")
_NEARLY = re.compile(r"\{+\s*(\w{1,16})\s*\}+")
_ADJACENT = re.compile(r"\}\}\s*(?=\{\{)")
_WHATSAPP_LINK = re.compile(r"\b(wa\.me|api\.whatsapp\.com/send)\b", re.I)
_SHORT_LINK = re.compile(
    r"\b(bit\.ly|tinyurl\.com|goo\.gl|ow\.ly|is\.gd|t\.co|rb\.gy|cutt\.ly)/", re.IGNORECASE
)
_ADDRESS = re.compile(r"https?://[^\s{}]+(\{\{\w{1,16}\}\})?")
_VARIABLE_INSIDE = re.compile(r"\{\{\w{1,16}\}\}.")
_PHONE = re.compile(r"\+?[0-9][0-9 ()-]{5,20}")
# A flag, a keycap, or a picture with its skin tones and joined pictures counts as one.
_EMOJI = re.compile(
    r"[\U0001f1e6-\U0001f1ff]{2}|[0-9#*]\ufe0f?\u20e3|"
    r"[\u231a-\u23f3\u2600-\u27bf\u2b05-\u2b55\U0001f000-\U0001faff]"
    r"(?:[\ufe0f\U0001f3fb-\U0001f3ff]|\u200d[\u2600-\u27bf\U0001f000-\U0001faff])*"
)


@dataclass(frozen=True)
class Draft:
    """A template as it is being written; `language` is WhatsApp's code, such as en or pt_BR."""

    name: str
    language: str
    category: str
    content: Content

    @property
    def main(self) -> tuple[str, str]:
        """The text that reviewers read and its field; a card's title is its text."""
        has_body = self.content.body or self.content.kind != kinds.CARD
        return (self.content.body, "body") if has_body else (self.content.header, "header")

    @property
    def base_language(self) -> str:
        return re.split("[_-]", self.language)[0].lower()


@dataclass(frozen=True)
class Finding:
    """`field` counts from 1 (buttons.2) or names a variable (variables.2); `edit` replaces its whole text."""

    rule: str
    sentence: str
    fix: str
    field: str
    is_error: bool = True
    edit: str = ""


Findings = Iterator[Finding]


def check(draft: Draft, *, for_approval: bool = True) -> list[Finding]:
    """What stands in the way of submitting it, or else of sending it unapproved in an open window."""
    rules = (*ALWAYS, *(TO_SUBMIT if for_approval else IN_SESSION))
    return [finding for rule in rules for finding in rule(draft)]


def renumbered(content: Content) -> Content:
    """The same with variables 1, 2, 3 in reading order, samples moved along."""
    order = {name: str(number) for number, name in enumerate(content.names, 1)}
    swaps = {name: f"{{{{{number}}}}}" for name, number in order.items()}
    samples = {order[name]: value for name, value in content.variables.items() if name in order}
    return Content(_refilled(content.types, swaps), samples)


def _refilled(value: Any, swaps: dict[str, str]) -> Any:
    if isinstance(value, str):
        return placeholders.fill(value, swaps)
    if isinstance(value, dict):
        return {key: _refilled(each, swaps) for key, each in value.items()}
    return [_refilled(each, swaps) for each in value] if isinstance(value, list) else value


# The template as a whole


def name(draft: Draft) -> Findings:
    if NAME.fullmatch(draft.name):
        return
    plain = unicodedata.normalize("NFKD", draft.name).encode("ascii", "ignore").decode().lower()
    yield Finding(
        "name",
        _("The name may hold only the letters a to z, digits and underscores, and 512 of them."),
        _("Name it like order_shipped."),
        "name",
        edit=re.sub(r"[^a-z0-9]+", "_", plain).strip("_")[:512],
    )


def language(draft: Draft) -> Findings:
    if not LANGUAGE.fullmatch(draft.language):
        sentence = _("The template has no language that WhatsApp knows.")
        yield Finding("language", sentence, _("Choose the language it is written in."), "language")


def category(draft: Draft) -> Findings:
    if draft.category not in CATEGORIES:
        sentence = _("The template has no category.")
        yield Finding("category", sentence, _("Choose utility, marketing or authentication."), "category")


def authentication_type(draft: Draft) -> Findings:
    is_code = draft.content.kind == kinds.AUTHENTICATION
    if is_code and draft.category != AUTHENTICATION:
        sentence = _("A one-time code belongs in the category authentication.")
        yield Finding("authentication_type", sentence, _("Change the category."), "category")
    elif draft.category == AUTHENTICATION and not is_code:
        sentence = _("In the category authentication WhatsApp takes only one-time codes in its own words.")
        fix = _("Choose the type one-time code, or another category.")
        yield Finding("authentication_type", sentence, fix, "type")


def authentication_code(draft: Draft) -> Findings:
    if draft.content.kind != kinds.AUTHENTICATION:
        return
    minutes = draft.content.shape.get("code_expiration_minutes")
    if minutes is not None and minutes not in CODE_MINUTES:
        sentence = _("A code can be valid for 1 to 90 whole minutes.")
        yield Finding("authentication_code", sentence, _("Write another number of minutes."), "type")
    if not draft.content.buttons:
        sentence = _("A one-time code needs a button that copies it.")
        yield Finding("authentication_code", sentence, _("Write the words for the button."), "buttons")


def session_only(draft: Draft) -> Findings:
    if draft.content.is_session_only:
        sentence = _("Lists and locations work in an open window only and cannot be approved.")
        fix = _("Send it without approval while the window is open, or choose another type.")
        yield Finding("session_only", sentence, fix, "type")


def needs_approval(draft: Draft) -> Findings:
    if draft.content.needs_approval:
        sentence = _("WhatsApp takes this type only when it is approved, even in an open window.")
        yield Finding("needs_approval", sentence, _("Submit it for approval first."), "type")


# Text


def body_missing(draft: Draft) -> Findings:
    optional = (kinds.MEDIA, kinds.LOCATION, kinds.AUTHENTICATION)
    text, field = draft.main
    if draft.content.kind not in optional and not text.strip():
        yield Finding("body_missing", _("There is no text yet."), _("Write what the customer reads."), field)


def body_length(draft: Draft) -> Findings:
    text, field = draft.main
    yield from _too_long("body_length", text, BODY.get(draft.content.kind, 1600), field)


def approved_length(draft: Draft) -> Findings:
    text, field = draft.main
    if BODY.get(draft.content.kind, 1600) > APPROVED_BODY:
        yield from _too_long("approved_length", text, APPROVED_BODY, field)


def header_length(draft: Draft) -> Findings:
    if draft.content.kind != kinds.CARD:
        yield from _too_long("header_length", draft.content.header, LONGEST_EDGE, "header")


def footer_length(draft: Draft) -> Findings:
    yield from _too_long("footer_length", draft.content.footer, LONGEST_EDGE, "footer")


def one_header(draft: Draft) -> Findings:
    if draft.content.kind == kinds.WHATSAPP_CARD and draft.content.header and draft.content.media_urls:
        sentence = _("A card cannot have both a header text and a file above its text.")
        yield Finding("one_header", sentence, _("Keep one of them."), "header")


def media(draft: Draft) -> Findings:
    urls = draft.content.media_urls
    if draft.content.kind == kinds.MEDIA and not urls:
        yield Finding("media", _("There is no file yet."), _("Add the address of a photo or file."), "media")
    if len(urls) > 1:
        sentence = _("WhatsApp shows one file in a message and leaves the others out.")
        yield Finding("media", sentence, _("Keep the most important one."), "media", is_error=False)
    for url in urls:
        yield from _address_problem("media", url, "media")


def emoji(draft: Draft) -> Findings:
    text, field = draft.main
    count = len(_EMOJI.findall(text))
    if count >= MANY_EMOJI:
        sentence = _("The text has %(count)d emojis; WhatsApp takes 10 at most.") % {"count": count}
        yield Finding("emoji", sentence, _("Take some out."), field, is_error=count > MOST_EMOJI)


def whatsapp_link(draft: Draft) -> Findings:
    for field, text in _parts(draft.content):
        if _WHATSAPP_LINK.search(text):
            sentence = _("WhatsApp does not approve links to WhatsApp itself (wa.me).")
            fix = _("Use a quick reply button, or a page of your own.")
            yield Finding("whatsapp_link", sentence, fix, field)


def short_link(draft: Draft) -> Findings:
    for field, text in _parts(draft.content):
        if _SHORT_LINK.search(text):
            sentence = _("Shortened links hide where they lead, and WhatsApp rejects most of them.")
            fix = _("Use the full address on your own site.")
            yield Finding("short_link", sentence, fix, field, is_error=False)


def promotion(draft: Draft) -> Findings:
    if draft.category != UTILITY:
        return
    for field, text in _parts(draft.content):
        if word := _promoting(text, draft.base_language):
            sentence = _("“%(word)s” sounds like an offer, and this is a utility template.") % {"word": word}
            fix = _("Take it out, or change the category to marketing; WhatsApp may do so by itself.")
            yield Finding("promotion", sentence, fix, field, is_error=False)


# Variables


def braces(draft: Draft) -> Findings:
    for field, text in _parts(draft.content):
        if _BROKEN.search(placeholders.VARIABLE.sub("", text)):
            mended = _NEARLY.sub(r"{{\1}}", text) if field == draft.main[1] else ""
            is_whole = not _BROKEN.search(placeholders.VARIABLE.sub("", mended))
            sentence = _(
                "A variable is two braces, a number and two braces, and 16 characters at most inside."
            )
            fix = _("Write it as {{1}}.")
            yield Finding("braces", sentence, fix, field, edit=mended if is_whole else "")


def starts_with_variable(draft: Draft) -> Findings:
    text, field = draft.main
    found = placeholders.VARIABLE.match(text.lstrip(_MARKUP))
    if found:
        greeting = GREETINGS.get(draft.base_language, "")
        words = {"name": found[0], "greeting": greeting or GREETINGS["en"]}
        fix = _("Put a word before %(name)s. A greeting works: “%(greeting)s %(name)s, …”.") % words
        edit = f"{greeting} {text.lstrip()}" if greeting else ""
        sentence = _("The text cannot start with a variable.")
        yield Finding("starts_with_variable", sentence, fix, field, edit=edit)


def ends_with_variable(draft: Draft) -> Findings:
    text, field = draft.main
    if not re.search(r"\}\}\W*$", text):
        return
    thanks, kept = THANKS.get(draft.base_language, ""), text.rstrip()
    stop = "" if re.search(r"[.!?…。！？؟।]$", kept) else "."
    fix = _("Put a few words after it; a full stop is not enough. For example: “%(words)s”")
    yield Finding(
        "ends_with_variable",
        _("The text cannot end with a variable."),
        fix % {"words": thanks or THANKS["en"]},
        field,
        edit=f"{kept}{stop} {thanks}" if thanks else "",
    )


def adjacent(draft: Draft) -> Findings:
    text, field = draft.main
    if _ADJACENT.search(text):
        sentence = _("Two variables cannot stand next to each other, even with a space between them.")
        fix = _("Put a word or a comma between them, or make them one variable.")
        yield Finding("adjacent", sentence, fix, field, edit=_ADJACENT.sub("}}, ", text))


def numbering(draft: Draft) -> Findings:
    text, field = draft.main
    used, here = draft.content.names, placeholders.names(text)
    if not (_has_gaps(used) or _has_gaps(here)):
        return
    alone = renumbered(draft.content).body if used == here and field == "body" else ""
    if _has_gaps(used):
        sentence = _("Variables must be numbered from {{1}} without gaps.")
        yield Finding("numbering", sentence, _("Number them 1, 2, 3 as they are read."), field, edit=alone)
    else:
        sentence = _("The numbers in the text have a gap that the header or the buttons fill.")
        fix = _("Give the text the first numbers.")
        yield Finding("numbering", sentence, fix, field, is_error=False)


def few_words(draft: Draft) -> Findings:
    text, field = draft.main
    needed = 2 * len(placeholders.names(text)) + 1
    count = _word_count(text)
    if needed > 1 and count < needed:
        numbers = {"count": count, "needed": needed}
        sentence = (
            _("There are too many variables for %(count)d words; %(needed)d words are needed.") % numbers
        )
        fix = _("Write more around the variables, or use fewer of them.")
        # Without spaces between words the count is an estimate.
        yield Finding("few_words", sentence, fix, field, is_error=not _UNSPACED.search(text))


def sample(draft: Draft) -> Findings:
    if draft.content.kind == kinds.AUTHENTICATION:
        return
    for missing in placeholders.missing(draft.content.names, draft.content.variables):
        sentence = _("Variable %(name)s has no sample.") % {"name": missing}
        fix = _("Write one that could be real; reviewers read the message with it.")
        yield Finding("sample", sentence, fix, f"variables.{missing}")


def value(draft: Draft) -> Findings:
    for name, sample in draft.content.variables.items():
        if problem := placeholders.problem(sample):
            fix = _("Change the sample.")
            yield Finding("value", problem, fix, f"variables.{name}", edit=" ".join(sample.split())[:1600])


def variable_count(draft: Draft) -> Findings:
    if (count := len(draft.content.names)) > MOST_VARIABLES:
        sentence = _("There are %(count)d variables; 100 are allowed.") % {"count": count}
        yield Finding("variable_count", sentence, _("Use fewer variables."), draft.main[1])


# Buttons


def button_count(draft: Draft) -> Findings:
    buttons, kind = draft.content.buttons, draft.content.kind
    if kind in (kinds.QUICK_REPLY, kinds.CALL_TO_ACTION) and not buttons:
        yield Finding("button_count", _("There is no button yet."), _("Add a button."), "buttons")
    if len(buttons) > BUTTONS:
        yield _too_many("button_count", len(buttons), BUTTONS, "buttons")


def buttons_of_a_kind(draft: Draft) -> Findings:
    names = {kinds.URL: _("link"), kinds.PHONE: _("phone"), kinds.COPY_CODE: _("code")}
    for kind, most in MOST_OF_A_KIND.items():
        count = sum(button.kind == kind for button in draft.content.buttons)
        if count > most:
            numbers = {"count": count, "most": most, "kind": names[kind]}
            sentence = _("There are %(count)d buttons of the kind %(kind)s; %(most)d allowed.") % numbers
            yield Finding("buttons_of_a_kind", sentence, _("Remove a button."), "buttons")


def session_buttons(draft: Draft) -> Findings:
    if SESSION_BUTTONS < len(draft.content.buttons) <= BUTTONS:
        yield _too_many("session_buttons", len(draft.content.buttons), SESSION_BUTTONS, "buttons")


def button_titles(draft: Draft) -> Findings:
    for field, button in _every_button(draft.content):
        if not button.title.strip():
            yield Finding("button_titles", _("A button has no words."), _("Write what it says."), field)
        most = LONGEST_REPLY if button.kind == kinds.REPLY else LONGEST_TITLE
        yield from _too_long("button_titles", button.title, most, field)


def long_replies(draft: Draft) -> Findings:
    """Twilio's pages say 20 in one place and 25 in another."""
    for field, button in _every_button(draft.content):
        if button.kind == kinds.REPLY and LONGEST_TITLE < len(button.title) <= LONGEST_REPLY:
            yield from _too_long("long_replies", button.title, LONGEST_TITLE, field, is_error=False)


def session_replies(draft: Draft) -> Findings:
    for field, button in _every_button(draft.content):
        if button.kind == kinds.REPLY and LONGEST_TITLE < len(button.title) <= LONGEST_REPLY:
            yield from _too_long("session_replies", button.title, LONGEST_TITLE, field)


def duplicate_titles(draft: Draft) -> Findings:
    seen: set[str] = set()
    for number, button in enumerate(draft.content.buttons, 1):
        title = button.title.strip().casefold()
        if title and title in seen:
            sentence = _("Two buttons say “%(title)s”.") % {"title": button.title}
            yield Finding("duplicate_titles", sentence, _("Give each its own words."), f"buttons.{number}")
        seen.add(title)


def button_ids(draft: Draft) -> Findings:
    for field, button in _every_button(draft.content):
        if button.kind == kinds.REPLY and len(button.id) > SAFE_ID:
            is_error = len(button.id) > LONGEST_ID
            yield from _too_long("button_ids", button.id, SAFE_ID, field, is_error=is_error)


def button_addresses(draft: Draft) -> Findings:
    for field, button in _every_button(draft.content):
        if button.kind == kinds.URL:
            yield from _address_problem("button_addresses", button.url, field)


def button_phones(draft: Draft) -> Findings:
    for field, button in _every_button(draft.content):
        if button.kind == kinds.PHONE and not _PHONE.fullmatch(button.phone.strip()):
            sentence = _("A phone button needs a number with its country code.")
            yield Finding("button_phones", sentence, _("Write it like +44 20 7946 0000."), field)


# Lists and carousels


def list_items(draft: Draft) -> Findings:
    if draft.content.kind != kinds.LIST_PICKER:
        return
    if len(draft.content.items) not in ITEMS:
        numbers = {"count": len(draft.content.items)}
        sentence = _("A list has 1 to 10 lines; this one has %(count)d.") % numbers
        yield Finding("list_items", sentence, _("Add or remove lines."), "items")
    yield from _too_long("list_items", draft.content.as_written.list_button, 20, "list_button")
    for number, item in enumerate(draft.content.items, 1):
        yield from _too_long("list_items", item.title, 24, f"items.{number}")
        yield from _too_long("list_items", item.description, 72, f"items.{number}")
        yield from _too_long("list_items", item.id, LONGEST_ID, f"items.{number}")


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


# What the rules share


def _parts(content: Content) -> Iterator[tuple[str, str]]:
    """Every field in which words stand, with its words."""
    yield from (("header", content.header), ("body", content.body), ("footer", content.footer))
    yield "list_button", content.as_written.list_button
    yield from ((f"items.{n}", f"{i.title}\n{i.description}") for n, i in enumerate(content.items, 1))
    yield from ((f"cards.{n}", f"{c.title}\n{c.body}") for n, c in enumerate(content.cards, 1))
    yield from ((field, f"{button.title}\n{button.url}") for field, button in _every_button(content))


def _every_button(content: Content) -> Iterator[tuple[str, Button]]:
    yield from ((f"buttons.{number}", button) for number, button in enumerate(content.buttons, 1))
    for number, card in enumerate(content.cards, 1):
        yield from ((f"cards.{number}", button) for button in card.buttons)


def _too_long(rule: str, text: str, most: int, field: str, *, is_error: bool = True) -> Findings:
    if len(text) > most:
        numbers = {"count": len(text), "most": most, "over": len(text) - most}
        sentence = _("This has %(count)d characters, and %(most)d are allowed.") % numbers
        yield Finding(rule, sentence, _("Shorten it by %(over)d.") % numbers, field, is_error)


def _too_many(rule: str, count: int, most: int, field: str) -> Finding:
    numbers = {"count": count, "most": most}
    sentence = _("There are %(count)d buttons; %(most)d are allowed.") % numbers
    return Finding(rule, sentence, _("Remove some."), field)


def _address_problem(rule: str, url: str, field: str) -> Findings:
    if _VARIABLE_INSIDE.search(url):
        sentence = _("In an address a variable can stand only at the very end.")
        yield Finding(rule, sentence, _("Write it like https://example.com/orders/{{1}}."), field)
    elif not _ADDRESS.fullmatch(url):
        sentence = _("This is not a full web address.")
        yield Finding(rule, sentence, _("Start it with https:// and your own site."), field)


def _promoting(text: str, language: str) -> str:
    """The first promotional word in it, as it is written there, or ''."""
    if percent := _PERCENT.search(text):
        return percent[0]
    edge = "" if language in _GLUED else r"\b"
    for stem in PROMOTION.get(language, "").split():
        if found := re.search(rf"{edge}{re.escape(stem)}\w*", text, re.I):
            return found[0]
    return ""


def _has_gaps(names: list[str]) -> bool:
    return set(names) != {str(number + 1) for number in range(len(names))}


def _word_count(text: str) -> int:
    plain = placeholders.VARIABLE.sub("", text)
    glued = len(_UNSPACED.findall(plain)) // 2  # two characters are about a word
    return glued + sum(bool(re.search(r"\w", word)) for word in _UNSPACED.sub(" ", plain).split())


Rule = Callable[[Draft], Findings]

ALWAYS: tuple[Rule, ...] = (
    language, body_missing, body_length, header_length, footer_length, one_header, media, braces, value,
    variable_count, button_count, buttons_of_a_kind, button_titles, duplicate_titles, button_ids,
    button_addresses, button_phones, list_items, list_blanks, carousel_count, carousel_cards,
    authentication_code,
)  # fmt: skip
TO_SUBMIT: tuple[Rule, ...] = (
    name, category, authentication_type, session_only, approved_length, emoji, whatsapp_link, short_link,
    promotion, starts_with_variable, ends_with_variable, adjacent, numbering, few_words, sample,
    long_replies,
)  # fmt: skip
IN_SESSION: tuple[Rule, ...] = (needs_approval, session_buttons, session_replies)
