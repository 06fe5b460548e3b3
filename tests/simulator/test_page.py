from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
import requests
from django.conf import settings

from channels_whatsapp.simulator import SENDER, Simulator
from tests.simulator.conftest import CUSTOMER, App

pytestmark = pytest.mark.skipif(not settings.configured, reason="the page is rendered by Django")
HTMX = {"HX-Request": "true"}
SCENE = {"as": CUSTOMER, "to": SENDER}


@pytest.fixture
def anna(sim: Simulator) -> Any:
    return sim.customer(CUSTOMER, name="Anna <Ash>")


def page(sim: Simulator, path: str = "/", **query: str) -> str:
    answer = requests.get(sim.url + path, params=query, timeout=10)
    assert answer.status_code == 200, answer.text
    return answer.text


def post(sim: Simulator, path: str, data: dict[str, Any], **options: Any) -> requests.Response:
    options.setdefault("headers", HTMX)
    answer = requests.post(
        f"{sim.url}/phone/{path}", data=SCENE | data, timeout=10, allow_redirects=False, **options
    )
    assert answer.status_code in (200, 204, 303), answer.text
    return answer


def test_the_page_is_strict_and_escapes(sim: Simulator, anna: Any) -> None:
    anna.send_text("<b>no</b>")
    answer = requests.get(sim.url, timeout=10)
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "<b>no</b>" not in answer.text
    assert "Anna &lt;Ash&gt;" in answer.text
    assert not re.search(r"\sstyle=|\son\w+=|<script(?! src)|<style", answer.text)


def test_the_contract_hooks_are_there_once(sim: Simulator, anna: Any) -> None:
    html = page(sim)
    assert html.count('aria-label="Message"') == 1
    assert html.count('aria-label="Send"') == 1
    assert 'id="phone-log"' in html
    assert 'id="webhook-log"' in html
    assert not re.search(r">\s*(Send|Message)\s*<", html)


def test_writing_works_without_javascript(sim: Simulator, anna: Any, app: App) -> None:
    answer = post(sim, "send", {"body": "hello"}, headers={})
    assert answer.status_code == 303
    sim.wait_idle()
    assert app.calls[0].params["Body"] == "hello"
    assert "hello" in page(sim, answer.headers["Location"])


@pytest.mark.parametrize("kind", ["image", "audio", "video", "document", "location", "contacts", "sticker"])
def test_every_attachment_shows(sim: Simulator, anna: Any, app: App, kind: str) -> None:
    assert post(sim, "send", {"kind": kind}).status_code == 200
    sim.wait_idle()
    assert f'data-kind="{kind}"' in page(sim)
    for found in set(re.findall(r"/phone/media/ME\w+", page(sim))):
        assert requests.get(sim.url + found, timeout=10).status_code == 200


def test_a_file_of_ones_own(sim: Simulator, anna: Any, app: App) -> None:
    post(sim, "send", {}, files={"file": ("a.pdf", b"%PDF-1.4 mine", "application/pdf")})
    sim.wait_idle()
    assert (app.calls[0].params["Body"], app.calls[0].params["MediaContentType0"]) == (
        "a.pdf",
        "application/pdf",
    )


def test_a_quote_a_tap_and_a_choice(sim: Simulator, anna: Any, app: App, send: Callable[..., Any]) -> None:
    anna.send_text("hi")
    quick = {"body": "When?", "actions": [{"title": "Morning", "id": "am"}]}
    wood = {
        "body": "Which?",
        "button": "Choose",
        "items": [{"id": "o", "item": "Oak", "description": "light"}],
    }
    first = send(None, content_sid=sim.twilio.add_content("slot", {"twilio/quick-reply": quick}).sid)
    second = send(None, content_sid=sim.twilio.add_content("wood", {"twilio/list-picker": wood}).sid)
    sim.wait_idle()
    html = page(sim)
    assert "Morning" in html
    assert "Oak" in html
    assert "When?" in page(sim, "/phone/quote", quote=first.sid)
    post(sim, "send", {"body": "soon", "quote": first.sid})
    post(sim, "tap", {"sid": first.sid, "title": "Morning"})
    post(sim, "tap", {"sid": second.sid, "item": "o"})
    sim.wait_idle()
    told = [c.params for c in app.calls if "OriginalRepliedMessageSid" in c.params]
    assert {p["Body"] for p in told} == {"soon", "Morning", "Oak"}
    assert "disabled" in page(sim, "/phone/changes", since="0", **SCENE)


def test_changes_bring_what_is_new_and_swap_what_changed(sim: Simulator, anna: Any) -> None:
    message = anna.send_text("one")
    sim.wait_idle()
    before = sim.twilio.revision
    sim.twilio.start_typing(message.sid)
    anna.send_text("two")
    html = page(sim, "/phone/changes", since=str(before), **SCENE)
    assert re.search(rf'id="bubble-{message.sid}"[^>]*hx-swap-oob', html)
    assert "two" in html
    assert "typing…" in html
    assert '<p class="bubble-line" dir="auto"><span class="bubble-text">one' in html


def test_the_log_shows_filters_repeats_and_clears(
    sim: Simulator, anna: Any, app: App, send: Callable[..., Any]
) -> None:
    anna.send_text("hi")
    send()
    sim.wait_idle()
    assert page(sim, "/phone/log").count("<details") == 4
    assert page(sim, "/phone/log", show="statuses").count("<details") == 2
    assert page(sim, "/phone/log", show="errors").count("<details") == 0
    entry = sim.log.entries(kind="message")[0]
    post(sim, "again", {"id": str(entry.id)})
    sim.wait_idle()
    assert app.calls[-1].headers["X-Twilio-Signature"] == app.calls[0].headers["X-Twilio-Signature"]
    html = page(sim, "/phone/log")
    assert "Duplicate" in html
    assert "curl -X POST" in unescape(html)
    post(sim, "clear", {})
    assert "<details" not in page(sim, "/phone/log")


def test_switches_set_faults_and_the_clock_jumps(sim: Simulator, anna: Any) -> None:
    anna.send_text("hi")
    post(sim, "faults", {"slow": "1", "seconds": "9", "fail": "1"})
    assert {f["kind"]: f["options"] for f in sim.faults.as_json()} == {
        "hold": {"seconds": 9},
        "fail": {"code": 63024},
    }
    post(sim, "faults", {})
    assert sim.faults.as_json() == []
    for jump, state in (("hour", "open"), ("soon", "urgent"), ("closed", "closed")):
        post(sim, "clock", {"jump": jump})
        assert f'data-window="{state}"' in page(sim)


def test_stories_and_newcomers(sim: Simulator, app: App) -> None:
    answer = post(sim, "people", {"name": "Robin", "hidden": "1"}, headers={})
    (robin,) = sim.twilio.everyone()
    assert robin.phone_hidden
    assert "hidden number" in page(sim, answer.headers["Location"])
    post(sim, "story", {"as": robin.address, "story": "stop"})
    sim.wait_idle()
    assert app.calls[0].params["Body"] == "STOP"
    assert "Someone new" in page(sim, **{"as": "new"})
    post(sim, "restart", {})
    assert sim.twilio.everyone() == []
    assert "Someone new" in page(sim)


def test_looking_at_a_conversation_reads_it(
    sim: Simulator, anna: Any, app: App, send: Callable[..., Any]
) -> None:
    anna.send_text("hi")
    send()
    sim.wait_idle()
    with requests.get(f"{sim.url}/phone/events", params=SCENE, stream=True, timeout=10) as stream:
        assert b"event: phone" in next(stream.iter_content(64))
        sim.wait_idle()
    assert app.statuses() == ["sent", "delivered", "read"]


def test_static_files_come_with_and_without_a_hash(sim: Simulator) -> None:
    for name in ("js/phone.js", "js/phone.0123456789ab.js", "django_htmx/htmx-2.min.js"):
        assert (
            requests.get(f"{sim.url}/static/{name}", timeout=10)
            .headers["Content-Type"]
            .startswith("text/javascript")
        )
    assert requests.get(f"{sim.url}/static/../settings.py", timeout=10).status_code == 404


def test_players_may_ask_for_a_part(sim: Simulator, anna: Any) -> None:
    media = anna.send_voice().media[0]
    part = requests.get(f"{sim.url}/phone/media/{media.sid}", headers={"Range": "bytes=4-7"}, timeout=10)
    assert (part.status_code, part.content) == (206, media.data[4:8])
    assert part.headers["Content-Range"] == f"bytes 4-7/{len(media.data)}"


@pytest.mark.parametrize(("decision", "status", "category"), [
    ("approve", "approved", "UTILITY"), ("reject", "rejected", "UTILITY"), ("pause", "paused", "UTILITY"),
    ("marketing", "received", "MARKETING"), ("burn", "received", "UTILITY"),
])  # fmt: skip
def test_whoever_looks_decides_about_templates(
    sim: Simulator, anna: Any, decision: str, status: str, category: str
) -> None:
    content = sim.twilio.add_content("order <b>", {"twilio/text": {"body": "Hello"}})
    assert content.sid not in page(sim)
    sim.twilio.submit(content.sid, {"name": "order", "category": "UTILITY"})
    assert f'value="{content.sid}"' in page(sim, "/phone/reviews")
    post(sim, "reviews", {"sid": content.sid, "decision": decision})
    post(sim, "reviews", {"sid": "HX0", "decision": decision})
    approval = content.approval
    assert approval and (approval.status, approval.category) == (status, category)


def test_a_template_that_is_decided_twice_is_no_duplicate(sim: Simulator, app: App) -> None:
    sim.twilio.account.events_url = f"{app.url}/events"
    sid = sim.twilio.add_content("order", {"twilio/text": {"body": "Hello"}}, approved="UTILITY").sid
    sim.decide(sid, "pending")
    sim.decide(sid, "approved")
    sim.wait_idle()
    told = sim.log.entries(way="in", kind="event")
    assert [entry.remark for entry in told] == ["", ""]
