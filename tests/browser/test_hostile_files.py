"""Files that would act: as a page, a script, a style, a worker or a frame. None of them does."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from playwright.sync_api import Page

from tests.browser.stack import Stack

SCRIPT = b"window.pwned=1;try{parent.pwned=1}catch(e){}"
FILES = {
    "script.js": (SCRIPT, "text/javascript"),
    "page.html": (b"<!doctype html><script>" + SCRIPT + b"</script>", "text/html"),
    "picture.svg": (b"<svg xmlns='http://www.w3.org/2000/svg' onload='window.pwned=1'><script>window.pwned=1</script></svg>", "image/svg+xml"),
    # A GIF for the sniffer, a script for the browser that would believe it.
    "polyglot.gif": (b"GIF89a/*" + b"\0" * 8 + b"*/=1;" + SCRIPT, "image/gif"),
    "polyglot.jpg": (b"\xff\xd8\xff\xe0/*\xff\xd9*/=1;" + SCRIPT, "image/jpeg"),
    "polyglot.mp3": (b"ID3=1;" + SCRIPT, "audio/mpeg"),
    "polyglot.pdf": (b"%PDF-1;" + SCRIPT + b"//", "application/pdf"),
    "card.vcf": (b"BEGIN:VCARD\nFN:<script>window.pwned=1</script>\nEND:VCARD", "text/vcard"),
    "style.css": (b"*{display:none!important}", "text/css"),
    "module.mjs": (b"export default 1;" + SCRIPT, "application/javascript"),
    "data.xml": (b"<?xml version='1.0'?><x:script xmlns:x='http://www.w3.org/1999/xhtml'>window.pwned=1</x:script>", "text/xml"),
}  # fmt: skip
_STORE = """
import io, json
from channels_whatsapp import media
from inbox.models import Attachment, Message
message = Message.objects.filter(direction="inbound", attachments__isnull=True).order_by("-pk").first()
files = json.load(open({path!r}))
for position, (name, (content, declared)) in enumerate(files.items(), 50):
    row = Attachment.objects.create(message=message, conversation=message.conversation, position=position, declared_type=declared)
    media.store(row, io.BytesIO(content.encode("latin-1")), name)
    row.refresh_from_db()
    assert row.is_stored
    print("made", name, row.key, row.content_type)
"""


@pytest.fixture(scope="module")
def kept(live: Stack) -> dict[str, str]:
    """name → address of the file, stored by the very code that stores what customers send."""
    path = live.data_dir / "files.json"
    path.write_text(
        json.dumps({name: (content.decode("latin-1"), kind) for name, (content, kind) in FILES.items()})
    )
    done = live.manage("shell", "-v0", "-c", _STORE.format(path=str(path)))
    assert done.returncode == 0, done.stderr
    lines = [line.split() for line in done.stdout.splitlines() if line.startswith("made ")]
    assert len(lines) == len(FILES)
    return {name: f"/media/{key}/" for _made, name, key, _kind in lines}


@pytest.fixture
def signed_in(sign_in: Callable[..., Page], page: Page) -> Page:
    sign_in("admin")
    return page


# Puts one element into our own page, as an attacker would who found a way past the escaping, and waits.
_INJECT = """async ([tag, attribute, address, more]) => {
    const element = Object.assign(document.createElement(tag), more);
    const done = new Promise(resolve => { element.onload = () => resolve('load'); element.onerror = () => resolve('error'); });
    element.setAttribute(attribute, address);
    document.body.append(element);
    const late = new Promise(resolve => setTimeout(() => resolve('nothing'), 1500));
    return [await Promise.race([done, late]), typeof window.pwned];
}"""
WAYS = {
    "script": ("script", "src", {}),
    "module": ("script", "src", {"type": "module"}),
    "stylesheet": ("link", "href", {"rel": "stylesheet"}),
    "frame": ("iframe", "src", {}),
    "object": ("object", "data", {}),
    "embed": ("embed", "src", {}),
}
# What a style would have hidden is still there, and what a file would have set is not set.
_WORKER = """async address => {
    const register = await navigator.serviceWorker.register(address).then(() => 'registered', () => 'refused');
    const worker = await new Promise(resolve => {
        try {
            const made = new Worker(address);
            made.onerror = () => resolve('refused');
            setTimeout(() => resolve('refused'), 700);
            made.onmessage = () => resolve('ran');
        } catch { resolve('refused'); }
    });
    const imported = await import(address).then(() => 'ran', () => 'refused');
    return [register, worker, imported, typeof window.pwned];
}"""


@pytest.mark.parametrize("way", list(WAYS))
def test_injected_into_our_own_page_it_does_nothing(
    signed_in: Page, kept: dict[str, str], page_errors: list[str], way: str
) -> None:
    tag, attribute, more = WAYS[way]
    for name, address in kept.items():
        _outcome, seen = signed_in.evaluate(_INJECT, [tag, attribute, address, more])
        assert seen == "undefined", name
        assert signed_in.locator("#conversation-list").is_visible(), name
    # The browser says what it refused; that it did is the point here.
    page_errors.clear()


def test_no_file_becomes_a_worker_or_a_module(
    signed_in: Page, kept: dict[str, str], page_errors: list[str]
) -> None:
    for name, address in kept.items():
        assert signed_in.evaluate(_WORKER, address) == ["refused", "refused", "refused", "undefined"], name
    page_errors.clear()


@pytest.mark.parametrize("name", list(FILES))
def test_opened_by_its_address_it_is_downloaded_or_played_and_runs_nothing(
    signed_in: Page, kept: dict[str, str], page_errors: list[str], name: str
) -> None:
    answer = signed_in.request.get(kept[name])
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-security-policy"] == "sandbox; default-src 'none'"
    is_played = answer.headers["content-type"].startswith(("audio/", "video/"))
    assert is_played or answer.headers["content-disposition"].startswith("attachment")
    assert not answer.headers["content-type"].startswith(
        ("text/html", "image/svg", "text/javascript", "text/xml")
    )
    if is_played:
        signed_in.goto(kept[name])
        assert signed_in.evaluate("typeof window.pwned") == "undefined"
        assert signed_in.evaluate("window.origin") == "null"  # the sandbox: not our origin
    page_errors.clear()
