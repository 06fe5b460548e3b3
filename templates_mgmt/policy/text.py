"""Its text, header, footer and files."""

from __future__ import annotations

import re

from django.utils.translation import gettext as _

from templates_mgmt import content as kinds
from templates_mgmt.policy.drafts import (
    APPROVED_BODY,
    BODY,
    LONGEST_EDGE,
    MANY_EMOJI,
    MOST_EMOJI,
    UTILITY,
    Draft,
    Finding,
    Findings,
)
from templates_mgmt.policy.sharing import file_problem, parts, too_long
from templates_mgmt.policy.words import GLUED, PROMOTION

_PERCENT = re.compile(r"\d+\s?[%٪]")
_WHATSAPP_LINK = re.compile(r"\b(wa\.me|api\.whatsapp\.com/send)\b", re.I)
_SHORT_LINK = re.compile(
    r"\b(bit\.ly|tinyurl\.com|goo\.gl|ow\.ly|is\.gd|t\.co|rb\.gy|cutt\.ly)/", re.IGNORECASE
)
# A flag, a keycap, or a picture with its skin tones and joined pictures counts as one.
_EMOJI = re.compile(
    r"[\U0001f1e6-\U0001f1ff]{2}|[0-9#*]\ufe0f?\u20e3|"
    r"[\u231a-\u23f3\u2600-\u27bf\u2b05-\u2b55\U0001f000-\U0001faff]"
    r"(?:[\ufe0f\U0001f3fb-\U0001f3ff]|\u200d[\u2600-\u27bf\U0001f000-\U0001faff])*"
)


def body_missing(draft: Draft) -> Findings:
    optional = (kinds.MEDIA, kinds.LOCATION, kinds.AUTHENTICATION)
    text, field = draft.main
    if draft.content.kind not in optional and not text.strip():
        yield Finding("body_missing", _("There is no text yet."), _("Write what the customer reads."), field)


def body_length(draft: Draft) -> Findings:
    text, field = draft.main
    yield from too_long("body_length", text, BODY.get(draft.content.kind, 1600), field)


def approved_length(draft: Draft) -> Findings:
    text, field = draft.main
    if BODY.get(draft.content.kind, 1600) > APPROVED_BODY:
        yield from too_long("approved_length", text, APPROVED_BODY, field)


def header_length(draft: Draft) -> Findings:
    if draft.content.kind != kinds.CARD:
        yield from too_long("header_length", draft.content.header, LONGEST_EDGE, "header")


def footer_length(draft: Draft) -> Findings:
    yield from too_long("footer_length", draft.content.footer, LONGEST_EDGE, "footer")


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
        yield from file_problem("media", url, "media")
    for number, card in enumerate(draft.content.cards, 1):
        for url in card.media_urls:
            yield from file_problem("media", url, f"cards.{number}")


def emoji(draft: Draft) -> Findings:
    text, field = draft.main
    count = len(_EMOJI.findall(text))
    if count >= MANY_EMOJI:
        sentence = _("The text has %(count)d emojis; WhatsApp takes 10 at most.") % {"count": count}
        yield Finding("emoji", sentence, _("Take some out."), field, is_error=count > MOST_EMOJI)


def whatsapp_link(draft: Draft) -> Findings:
    for field, text in parts(draft.content):
        if _WHATSAPP_LINK.search(text):
            sentence = _("WhatsApp does not approve links to WhatsApp itself (wa.me).")
            fix = _("Use a quick reply button, or a page of your own.")
            yield Finding("whatsapp_link", sentence, fix, field)


def short_link(draft: Draft) -> Findings:
    for field, text in parts(draft.content):
        if _SHORT_LINK.search(text):
            sentence = _("Shortened links hide where they lead, and WhatsApp rejects most of them.")
            fix = _("Use the full address on your own site.")
            yield Finding("short_link", sentence, fix, field, is_error=False)


def promotion(draft: Draft) -> Findings:
    if draft.category != UTILITY:
        return
    for field, text in parts(draft.content):
        if word := _promoting(text, draft.base_language):
            sentence = _("“%(word)s” sounds like an offer, and this is a utility template.") % {"word": word}
            fix = _("Take it out, or change the category to marketing; WhatsApp may do so by itself.")
            yield Finding("promotion", sentence, fix, field, is_error=False)


def _promoting(text: str, language: str) -> str:
    """The first promotional word in it, as it is written there, or ''."""
    if percent := _PERCENT.search(text):
        return percent[0]
    edge = "" if language in GLUED else r"\b"
    for stem in PROMOTION.get(language, "").split():
        if found := re.search(rf"{edge}{re.escape(stem)}\w*", text, re.I):
            return found[0]
    return ""
