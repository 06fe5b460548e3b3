"""Everything a browser fetches to show the inbox for the first time, as small as it goes over the wire."""

from __future__ import annotations

import gzip
import re
from html.parser import HTMLParser
from urllib.error import HTTPError
from urllib.parse import urljoin
from urllib.request import Request, urlopen

from benchmarks.installation import Installation, WrongCount
from benchmarks.population import Size, cookie_of, fill
from benchmarks.report import Figure, at_most

DATABASE = "first_load"
KB = 1000
STYLE_URL = re.compile(r"""@import\s+(?:url\()?["']?([^"')\s]+)|url\(\s*["']?([^"')]+)""")


class Links(HTMLParser):
    """Addresses of style sheets, scripts, icons and images."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        named = dict(attributes)
        if tag == "link" and {"stylesheet", "icon", "manifest", "preload"} & set(
            (named.get("rel") or "").split()
        ):
            self.found.append(named.get("href") or "")
        elif tag in ("script", "img"):
            self.found.append(named.get("src") or "")


def run(installation: Installation) -> list[Figure]:
    installation.database(DATABASE)
    with installation.using(DATABASE) as connection:
        fill(connection, Size(500, 2000))
        cookie = cookie_of()
    with installation.web(DATABASE) as web:
        sizes = load(f"http://127.0.0.1:{web.port}/", cookie)
    kinds: dict[str, int] = {}
    for address, size in sizes.items():
        kind = address.rpartition("/")[2].rpartition(".")[2] or "html"
        kinds[kind] = kinds.get(kind, 0) + size
    note = ", ".join(f"{kind} {size / KB:.0f}" for kind, size in kinds.items())
    return [Figure(f"first load of the inbox, {len(sizes)} files", [sum(sizes.values()) / KB], "KB",
                   at_most(150), at_most(100), note)]  # fmt: skip


def load(page: str, cookie: str) -> dict[str, int]:
    """Compressed size of the page and of everything that it names, by address."""
    waiting, sizes = [page], {}
    while waiting:
        address = waiting.pop()
        if address not in sizes:
            size, more = fetch(address, cookie)
            sizes[address] = size
            waiting += [
                urljoin(address, link) for link in more if link and not link.startswith(("data:", "#"))
            ]
    return sizes


def fetch(address: str, cookie: str) -> tuple[int, list[str]]:
    request = Request(address, headers={"Cookie": cookie, "Accept-Encoding": "gzip"})
    try:
        with urlopen(request, timeout=10) as response:
            body, headers = response.read(), response.headers
    except HTTPError as error:
        raise WrongCount(f"{address}: {error.code}") from error
    is_compressed = headers.get("Content-Encoding") == "gzip"
    plain = gzip.decompress(body) if is_compressed else body
    # A page leaves our process as it is and is compressed by the proxy in front.
    size = len(body) if is_compressed else min(len(body), len(gzip.compress(body, 6)))
    return size, links(headers.get_content_type(), plain)


def links(content_type: str, body: bytes) -> list[str]:
    if content_type == "text/css":
        return [one or other for one, other in STYLE_URL.findall(body.decode())]
    if content_type != "text/html":
        return []
    parser = Links()
    parser.feed(body.decode())
    return parser.found
