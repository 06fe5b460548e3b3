"""A template as its phone shows it, with the variables marked. Pure.

What is read is what the customer reads: the words are those of `Content.shown`, to the letter.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping

from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString

from inbox import formatting
from inbox.showing import Showing, ShownButton, ShownCard, ShownFile, ShownItem, ShownPlace
from templates_mgmt import placeholders
from templates_mgmt.content import Button, Card, Content, Place, Shown

_PIECE = re.compile(r"<[^>]*>|&[#\w]+;|.", re.DOTALL)
_END = SafeString("</span>")


class Preview:
    """Marks what came from a variable, and as empty what has no value yet."""

    @classmethod
    def of(cls, content: Content, values: Mapping[str, str], *, samples: bool = False) -> Showing:
        """:param samples: fill with the samples where there is no value, as an editor does."""
        filled = {**content.variables, **values} if samples else values
        # A blank value is shown as missing: Twilio would send the sample in its place.
        filled = {name: value for name, value in filled.items() if value.strip()}
        return cls(filled)._showing(content.shown({}))

    def __init__(self, values: Mapping[str, str]) -> None:
        self.values = values

    def _showing(self, written: Shown) -> Showing:
        return Showing(
            header=self.plain(written.header),
            body=self.marked(written.body or written.preset),
            footer=self.plain(written.footer),
            files=self._files(written.media_urls),
            buttons=self._buttons(written.buttons),
            list_button=self.plain(written.list_button),
            items=tuple(ShownItem(self.plain(i.title), self.plain(i.description)) for i in written.items),
            cards=tuple(self._card(card) for card in written.cards),
            place=self._place(written.place) if written.place else None,
        )

    def plain(self, text: str) -> SafeString:
        """Without WhatsApp's markup, which headers, footers and buttons do not have."""
        pieces = placeholders.segments(text, self.values)
        return SafeString("".join(self._piece(words, name) for words, name in pieces))

    def marked(self, text: str) -> SafeString:
        """With WhatsApp's markup as the customer sees it, which a value may carry too."""
        return SafeString("".join(self._spans(text)))

    def _piece(self, words: str, name: str) -> str:
        return format_html("{}{}{}", self._start(name), words, _END) if name else conditional_escape(words)

    def _start(self, name: str) -> SafeString:
        is_empty = name not in self.values
        return SafeString('<span class="var var--empty">' if is_empty else '<span class="var">')

    def _spans(self, text: str) -> Iterator[str]:
        """The formatted words with the variables' own letters wrapped, never across another tag."""
        letters = [(letter, at) for letter, at in self._letters(text)]
        position, inside = 0, ""
        for piece in _PIECE.findall(formatting.to_html("".join(letter for letter, _ in letters))):
            place = ""
            if not piece.startswith("<"):
                position = _next(letters, position, html.unescape(piece))
                place = letters[position][1]
                position += 1
            if place != inside:
                yield _END if inside else ""
                yield self._start(place.partition(":")[2]) if place else ""
                inside = place
            yield piece
        yield _END if inside else ""

    def _letters(self, text: str) -> Iterator[tuple[str, str]]:
        """Each letter with the place it belongs to, `3:name`, or ''."""
        for number, (words, name) in enumerate(placeholders.segments(text, self.values)):
            yield from ((letter, f"{number}:{name}" if name else "") for letter in words)

    def _files(self, urls: tuple[str, ...]) -> tuple[ShownFile, ...]:
        return tuple(ShownFile.of(placeholders.fill(url, self.values)) for url in urls)

    def _buttons(self, buttons: tuple[Button, ...]) -> tuple[ShownButton, ...]:
        hints = (placeholders.fill(b.url or b.phone or b.code, self.values) for b in buttons)
        return tuple(
            ShownButton(self.plain(b.title), b.kind, hint) for b, hint in zip(buttons, hints, strict=True)
        )

    def _card(self, card: Card) -> ShownCard:
        files, buttons = self._files(card.media_urls), self._buttons(card.buttons)
        return ShownCard(self.plain(card.title), self.marked(card.body), files, buttons)

    def _place(self, place: Place) -> ShownPlace:
        coordinates = self.plain(f"{place.latitude}, {place.longitude}")
        return ShownPlace(self.plain(place.label), self.plain(place.address), coordinates)


def _next(letters: list[tuple[str, str]], position: int, wanted: str) -> int:
    """Where this letter stands: the formatted text is the text without some of its marks."""
    while letters[position][0] != wanted:
        position += 1
    return position
