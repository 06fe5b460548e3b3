"""A template as its phone shows it, with the variables marked. Pure.

What is read is what the customer reads: the words are those of `Content.shown`, to the letter.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby

from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from inbox import formatting
from inbox.showing import Showing, ShownButton, ShownCard, ShownFile, ShownItem, ShownPlace
from templates_mgmt import placeholders
from templates_mgmt.content import Button, Card, Content, Place, Shown

_FILLED, _EMPTY = SafeString('<span class="var">'), SafeString('<span class="var var--empty">')
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
        return _joined(
            node
            for words, name in placeholders.segments(text, self.values)
            for node in ((self._start(name), words, _END) if name else (words,))
        )

    def marked(self, text: str) -> SafeString:
        """With WhatsApp's markup as the customer sees it, which a value may carry too."""
        return _joined(self._nodes(text))

    def _start(self, name: str) -> SafeString:
        return _FILLED if name in self.values else _EMPTY

    def _nodes(self, text: str) -> Iterator[str]:
        """The formatted words with the variables' own letters wrapped, never across another tag."""
        letters, position = list(self._letters(text)), 0
        for node in formatting.nodes("".join(letter for letter, _ in letters)):
            if isinstance(node, SafeString):
                yield node
                continue
            places = []
            for letter in node:
                position = _next(letters, position, letter)
                places.append(letters[position - 1][1])
            yield from self._wrapped(node, places)

    def _letters(self, text: str) -> Iterator[tuple[str, str]]:
        """Each letter with the place it belongs to, `3:name`, or ''."""
        for number, (words, name) in enumerate(placeholders.segments(text, self.values)):
            yield from ((letter, f"{number}:{name}" if name else "") for letter in words)

    def _wrapped(self, words: str, places: list[str]) -> Iterator[str]:
        for place, run in groupby(zip(words, places, strict=True), key=lambda pair: pair[1]):
            piece = "".join(letter for letter, _ in run)
            yield from (self._start(place.partition(":")[2]), piece, _END) if place else (piece,)

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
        coordinates = self.plain(place.coordinates)
        return ShownPlace(self.plain(place.label), self.plain(place.address), coordinates)


def _next(letters: list[tuple[str, str]], position: int, wanted: str) -> int:
    """Behind where this letter stands: formatted text is the text without some of its marks."""
    while letters[position][0] != wanted:
        position += 1
    return position + 1


def _joined(nodes: Iterable[str]) -> SafeString:
    return format_html_join("", "{}", ((node,) for node in nodes))
