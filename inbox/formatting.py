"""WhatsApp's markup as HTML. Pure: text in, escaped nodes out, in one pass.

    *bold*  _italic_  ~struck~  `inline`  ```code```  - item  * item  > quote  https://…

Source: Twilio, "Message features"; lists, quotes and inline code as the WhatsApp apps show them.
Only inline elements come out, so that the result may stand inside a paragraph.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString

# Literal tags; everything else in the result goes through conditional_escape.
_TAGS = {
    "*": (SafeString("<strong>"), SafeString("</strong>")),
    "_": (SafeString("<em>"), SafeString("</em>")),
    "~": (SafeString("<s>"), SafeString("</s>")),
}
_QUOTE = SafeString('<span class="wa-quote">'), SafeString("</span>")
_LIST = SafeString('<span class="wa-list" role="list">'), SafeString("</span>")
_ITEM = SafeString('<span class="wa-item" role="listitem">'), SafeString("</span>")
_CODE = SafeString("<code>"), SafeString("</code>")
_BLOCK = SafeString('<code class="wa-code">'), SafeString("</code>")

_FENCE = "```"
# An address ends before white space, quotes, brackets and anything that turns the reading direction.
_TOKEN = re.compile(
    r"(?P<url>https?://[^\s<>\"'`\u0000-\u001f\u200b-\u200f\u202a-\u202e\u2060-\u2069]+)"
    r"|(?P<code>`[^`\n]+`)"
    r"|(?P<mark>[*_~])",
    re.IGNORECASE,
)
_BULLET = re.compile(r"[-*] +(?=\S)")
_AFTER_URL = ".,;:!?*_~"


def to_html(text: str) -> SafeString:
    """`text` with its markup shown; the words themselves are never lost or changed."""
    return SafeString("".join(conditional_escape(node) for node in nodes(text)))


def nodes(text: str) -> Iterator[str]:
    """Tags as SafeString, and between them the words, still to be escaped."""
    return (node for node in _blocks(text) if node)


def _blocks(text: str) -> Iterator[str]:
    """Cut out what stands between fences; the rest is read line by line."""
    start = 0
    while (opening := text.find(_FENCE, start)) >= 0:
        closing = text.find(_FENCE, opening + 3)
        if closing < 0:
            break
        yield from _lines(text[start:opening])
        code = text[opening + 3 : closing]
        yield from (_BLOCK[0], code, _BLOCK[1]) if code.strip() else (_FENCE + code + _FENCE,)
        start = closing + 3
    yield from _lines(text[start:])


def _lines(text: str) -> Iterator[str]:
    """Quotes and lists are runs of lines; between other lines the line break stays."""
    kind = "text"
    for number, line in enumerate(text.split("\n")):
        before, kind = kind, _kind(line)
        if before != kind and before != "text":
            yield _LIST[1] if before == "item" else _QUOTE[1]
        if before == kind == "text" and number:
            yield "\n"
        if before != kind and kind != "text":
            yield _LIST[0] if kind == "item" else _QUOTE[0]
        elif before == kind == "quote":
            yield "\n"
        yield from _line(line, kind)
    if kind != "text":
        yield _LIST[1] if kind == "item" else _QUOTE[1]


def _kind(line: str) -> str:
    if line.startswith("> "):
        return "quote"
    return "item" if _BULLET.match(line) else "text"


def _line(line: str, kind: str) -> Iterator[str]:
    if kind == "quote":
        yield from _inline(line[2:])
    elif kind == "item":
        yield _ITEM[0]
        yield from _inline(line[_BULLET.match(line).end() :])  # type: ignore[union-attr]
        yield _ITEM[1]
    else:
        yield from _inline(line)


def _inline(line: str) -> list[str]:
    """One pass. `opened` holds marks that wait for their twin: a mark without one stays as typed."""
    if not line:
        return []
    nodes: list[str] = []
    opened: list[tuple[str, int, int]] = []  # mark, its place in nodes, its end in line
    position = 0
    for token in _TOKEN.finditer(line):
        nodes.append(line[position : token.start()])
        position = token.end()
        if token["url"]:
            address = token["url"].rstrip(_AFTER_URL)
            nodes += _link(address)
            position = token.start() + len(address)
        elif token["code"]:
            nodes += _CODE[0], token["code"][1:-1], _CODE[1]
        else:
            _mark(line, token, nodes, opened)
    nodes.append(line[position:])
    return nodes


def _mark(line: str, token: re.Match[str], nodes: list[str], opened: list[tuple[str, int, int]]) -> None:
    mark = token["mark"]
    before, after = line[token.start() - 1 : token.start()], line[token.end() : token.end() + 1]
    twin = next((n for n in range(len(opened)) if opened[n][0] == mark), None)
    if twin is not None and not before.isspace() and not after.isalnum() and opened[twin][2] < token.start():
        nodes[opened[twin][1]] = _TAGS[mark][0]
        nodes.append(_TAGS[mark][1])
        del opened[twin:]
        return
    nodes.append(mark)
    if twin is None and after and not after.isspace() and not before.isalnum():
        opened.append((mark, len(nodes) - 1, token.end()))


def _link(address: str) -> tuple[str, ...]:
    start = format_html('<a href="{}" target="_blank" rel="noopener noreferrer nofollow ugc"><bdi>', address)
    return start, address, SafeString("</bdi></a>")
