"""The gate: every way to send × every state of consent × the window, against the tables below."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.test import Client
from django.urls import reverse

from channels_whatsapp import sending
from inbox import clock, consent, gateways, statuses
from inbox.models import Agent, Conversation, Message, Window
from inbox.refusals import Refused
from tests import world
from tests.inbox.api.conftest import Api
from tests.templates_mgmt import shelf

pytestmark = pytest.mark.django_db

# What the ledger lets pass. `text`: free text, files and content without a category.
# `unknown`: an approved template whose category nobody told us.
LEDGER = """
state                          | text      | utility   | marketing | authentication | unknown
nothing said                   | ok        | ok        | no_opt_in | ok             | ok
opted in to all                | ok        | ok        | ok        | ok             | ok
opted in to marketing          | ok        | ok        | ok        | ok             | ok
opted out of all               | opted_out | opted_out | opted_out | opted_out      | opted_out
opted out of marketing         | ok        | ok        | opted_out | ok             | opted_out
opted out of utility           | ok        | opted_out | no_opt_in | ok             | opted_out
opted out of service           | opted_out | ok        | no_opt_in | ok             | ok
STOP, then wrote again         | ok        | opted_out | opted_out | opted_out      | opted_out
STOP, then START               | ok        | ok        | ok        | ok             | ok
STOP, then in to marketing     | opted_out | opted_out | ok        | opted_out      | opted_out
old opt-in told after a STOP   | opted_out | opted_out | opted_out | opted_out      | opted_out
old STOP told after an opt-in  | ok        | ok        | ok        | ok             | ok
"""
# What is added when the ledger lets it pass. What is not approved is judged by its category too.
WINDOW = """
window | text          | approved | unapproved
never  | window_closed | ok       | window_closed
open   | ok            | ok       | ok
closed | window_closed | ok       | window_closed
"""
LEFT = {"never": None, "open": timedelta(hours=20), "closed": timedelta(hours=-3)}
CATEGORIES = ("utility", "marketing", "authentication", "unknown")
SID = "HX" + "0" * 32
NOW, YESTERDAY = timedelta(0), timedelta(days=-1)


def table(text: str) -> dict[str, dict[str, str]]:
    head, *rows = [[cell.strip() for cell in line.split("|")] for line in text.strip().splitlines()]
    return {row[0]: dict(zip(head[1:], row[1:], strict=True)) for row in rows}


def expected(content: str, *, is_approved: bool = True) -> dict[tuple[str, str], str]:
    """Outcome by state and window."""
    column = "text" if content == "text" else "approved" if is_approved else "unapproved"
    return {
        (state, window): row[content] if row[content] != "ok" else after[column]
        for state, row in table(LEDGER).items()
        for window, after in table(WINDOW).items()
    }


# How each state comes about: what was done, about what, how long after the present.
STATES: dict[str, list[tuple[str, str, timedelta]]] = {
    "nothing said": [],
    "opted in to all": [("in", "all", NOW)],
    "opted in to marketing": [("in", "marketing", NOW)],
    "opted out of all": [("out", "all", NOW)],
    "opted out of marketing": [("out", "marketing", NOW)],
    "opted out of utility": [("out", "utility", NOW)],
    "opted out of service": [("out", "service", NOW)],
    "STOP, then wrote again": [("out", "all", NOW), ("wrote", "", NOW)],
    "STOP, then START": [("out", "all", NOW), ("in", "all", NOW)],
    "STOP, then in to marketing": [("out", "all", NOW), ("in", "marketing", NOW)],
    "old opt-in told after a STOP": [("out", "all", NOW), ("in", "all", YESTERDAY)],
    "old STOP told after an opt-in": [("in", "all", NOW), ("out", "all", YESTERDAY)],
}


def say(talk: Conversation, state: str) -> None:
    for way, category, ago in STATES[state]:
        at = clock.now() + ago
        if way == "wrote":
            consent.lift(talk.pk)
        else:
            verb = {"in": consent.opt_in, "out": consent.opt_out}[way]
            verb(talk.pk, "phone", category=category, at=at if ago else None)


class Shop:
    """Everybody who may send, each by their own door, and one customer. Every way answers with a code."""

    def __init__(self) -> None:
        self.admin = Agent.objects.create_superuser("boss", "b@inbox.example", "a long enough secret")
        self.browser = Client()
        self.browser.force_login(self.admin)
        self.api = Api(self.admin)
        over = world.channel()
        self.talk = world.conversation(world.contact("Nour", "whatsapp:+447700900318"), over)
        self.template: dict[str, Any] = {"content_sid": SID, "content_variables": {}}

    # By hand

    def composer(self, **fields: Any) -> str:
        form = {"client_id": str(uuid.uuid4()), "mode": "reply", **fields}
        path = f"/conversations/{self.talk.pk}/messages/"
        answer = self.browser.post(path, form, headers={"HX-Request": "true"})
        return answer.headers.get("X-Refused") or self.ok(answer.status_code == 200)

    def composer_text(self) -> str:
        return self.composer(body="Hello")

    def composer_file(self) -> str:
        return self.composer(file=SimpleUploadedFile("a.pdf", b"%PDF-1.4 %%EOF", "application/pdf"))

    def note(self) -> str:
        form = {"body": "For us", "client_id": str(uuid.uuid4()), "mode": "note"}
        answer = self.browser.post(f"/conversations/{self.talk.pk}/notes/", form, headers={"HX-Request": "1"})
        assert Message.objects.filter(direction="note").count() == 1
        return answer.headers.get("X-Refused", "ok")

    def composer_template(self) -> str:
        return self.code_of(lambda: self.talk.reply(by=self.admin, template=self.template))

    def pressed(self, path: str, **fields: Any) -> str:
        """A form of a page, sent without scripts."""
        answer = self.browser.post(path, {"client_id": str(uuid.uuid4()), **fields})
        return answer.headers.get("X-Refused") or self.ok(answer.status_code == 302)

    def picker(self) -> str:
        return self.pressed(f"/conversations/{self.talk.pk}/templates/", template=shelf.template(sid=SID).pk)

    def start_page(self) -> str:
        """To a customer of whom there is no conversation any more."""
        Conversation.objects.filter(pk=self.talk.pk).delete()
        path = f"/channels/{self.talk.channel_id}/start/whatsapp:+447700900318/"
        return self.pressed(path, template=shelf.template(sid=SID).pk)

    def question(self) -> str:
        """The question about offers; that content of it is made is not asked here."""
        path = f"/conversations/{self.talk.pk}/consent/question/"
        answer = self.browser.post(path, {"client_id": str(uuid.uuid4())}, headers={"HX-Request": "true"})
        return answer.headers.get("X-Refused") or self.ok(answer.status_code == 200)

    def admins_test(self) -> str:
        path = reverse("admin:channels_whatsapp_sender_test", args=[self.talk.channel.sender.pk])
        page = self.browser.post(path, {"to": "+447700900318", "body": "A test"}).content.decode()
        said = {"to stop writing": "opted_out", "window is closed": "window_closed", "waiting to be": "ok"}
        return next(code for words, code in said.items() if words in page)

    # By program

    def answered(self, path: str, body: dict[str, Any]) -> str:
        status, answer = self.api.post(path, body)
        code = answer.get("code", "ok")
        assert status == {"ok": status, "window_closed": 409, "opted_out": 403, "no_opt_in": 403}[code]
        assert answer.get("next_step", "-") != ""
        return self.ok(status < 300) if code == "ok" else code

    def send(self, **body: Any) -> str:
        return self.answered("/api/whatsapp/send", {"to": "+447700900318", **body})

    def send_text(self) -> str:
        return self.send(message="Hello")

    def send_media(self) -> str:
        return self.send(media_url="https://shop.example/a.pdf")

    def send_template(self) -> str:
        return self.send(**self.template)

    def v1(self, **body: Any) -> str:
        return self.answered(f"/api/v1/conversations/{self.talk.pk}/messages", body)

    def v1_text(self) -> str:
        return self.v1(body="Hello")

    def v1_template(self) -> str:
        return self.v1(**self.template)

    # Again, and at last

    def retry_text(self) -> str:
        failed = world.message(self.talk, "Hello", "outbound", status="failed")
        return self.code_of(lambda: failed.retry(by=self.admin))

    def retry_template(self) -> str:
        kept = gateways.templates().fill(self.talk, SID, {}, None).payload
        failed = world.message(self.talk, "", "outbound", status="failed", kind="template", payload=kept)
        return self.code_of(lambda: failed.retry(by=self.admin))

    def worker(self, **fields: Any) -> str:
        """It was queued when it was allowed; the worker looks once more."""
        waiting = world.message(self.talk, direction="outbound", **fields)
        message = sending.next_queued(self.talk.pk)
        assert message == waiting
        sending.send(message)
        waiting.refresh_from_db()
        if waiting.status != statuses.FAILED:
            return "ok"
        said = {"asked us on": "opted_out", "opted out of": "opted_out", "agreed to": "no_opt_in",
                "window is closed": "window_closed"}  # fmt: skip
        return next(code for words, code in said.items() if words in waiting.error)

    def worker_text(self) -> str:
        return self.worker(body="Hello")

    def worker_template(self) -> str:
        kept = gateways.templates().fill(self.talk, SID, {}, None).payload
        return self.worker(kind="template", payload=kept)

    def code_of(self, act: Callable[[], Any]) -> str:
        try:
            return self.ok(bool(act()))
        except Refused as refused:
            assert refused.next_step
            return refused.code

    @staticmethod
    def ok(is_ok: bool) -> str:
        assert is_ok
        return "ok"


@pytest.fixture
def shop(monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    monkeypatch.setattr(sending, "call", lambda attempt, sender: None)
    monkeypatch.setattr(sending, "turn_of", lambda sender: 0)
    monkeypatch.setattr("channels_whatsapp.pages.WAIT_SECONDS", 0)
    cache.clear()
    yield Shop()
    cache.clear()


@pytest.fixture
def template_of(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """What the templates are known to be."""

    def use(category: str, *, is_approved: bool = True) -> None:
        class Known(gateways._NoTemplates):
            def fill(self, talk: Conversation, sid: str, *more: Any) -> gateways.FilledTemplate:
                told = "" if category == "unknown" else category
                return gateways.FilledTemplate(sid, category=told, is_approved=is_approved, text="Hi")

        monkeypatch.setattr(gateways, "_templates", Known())

    return use


class Undo(Exception):
    """One case, one transaction, of which nothing is left."""


def outcomes(shop: Shop, way: str) -> dict[tuple[str, str], str]:
    found: dict[tuple[str, str], str] = {}
    for state in table(LEDGER):
        for window, left in LEFT.items():
            try:
                with transaction.atomic():
                    at = {"closes_at": None, "last_inbound_at": None}
                    if left is not None:
                        closes = clock.now() + left
                        at = {"closes_at": closes, "last_inbound_at": closes - timedelta(hours=24)}
                    Window.objects.update(**at)
                    say(shop.talk, state)
                    found[state, window] = getattr(shop, way)()
                    raise Undo
            except Undo:
                pass
    return found


TEXT_WAYS = ("composer_text", "composer_file", "admins_test", "send_text", "send_media", "v1_text",
             "retry_text", "worker_text")  # fmt: skip
TEMPLATE_WAYS = (
    "composer_template",
    "picker",
    "start_page",
    "send_template",
    "v1_template",
    "retry_template",
    "worker_template",
)


@pytest.mark.parametrize("way", TEXT_WAYS)
def test_free_text_and_files(shop: Shop, way: str) -> None:
    assert outcomes(shop, way) == expected("text")


@pytest.mark.parametrize("category", CATEGORIES)
@pytest.mark.parametrize("way", TEMPLATE_WAYS)
def test_templates(shop: Shop, template_of: Callable[..., None], way: str, category: str) -> None:
    template_of(category)
    assert outcomes(shop, way) == expected(category)


@pytest.mark.parametrize("category", ["utility", "marketing", "MARKETING"])
def test_templates_that_are_not_approved(shop: Shop, template_of: Callable[..., None], category: str) -> None:
    template_of(category, is_approved=False)
    assert outcomes(shop, "composer_template") == expected(category.lower(), is_approved=False)


def test_the_question_about_offers(
    shop: Shop, template_of: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    template_of("", is_approved=False)

    class Made:
        def for_conversation(self, talk: Conversation, by: Agent) -> gateways.FilledTemplate:
            return gateways.FilledTemplate(SID, is_approved=False, text="May we?")

    monkeypatch.setattr(gateways, "_opt_in_question", Made())
    assert outcomes(shop, "question") == {
        # Who cannot be written to at all is not asked first whether they are silent.
        key: "window_closed" if key[1] != "open" else code
        for key, code in expected("text").items()
    }


def test_content_without_a_category(shop: Shop, template_of: Callable[..., None]) -> None:
    template_of("", is_approved=False)
    assert outcomes(shop, "composer_template") == expected("text")


def test_a_note_passes_no_gate(shop: Shop) -> None:
    assert set(outcomes(shop, "note").values()) == {"ok"}


@pytest.mark.parametrize("state", ["nothing said", "opted out of all", "opted out of marketing"])
def test_the_refusal_names_who_when_and_the_way_out(
    shop: Shop, template_of: Callable[..., None], state: str
) -> None:
    template_of("marketing")
    say(shop.talk, state)
    with pytest.raises(Refused) as refused:
        shop.talk.reply(by=None, template=shop.template)
    assert "Nour" in refused.value.sentence
    assert str(clock.now().year) in refused.value.sentence or state == "nothing said"
    assert "opt-in" in refused.value.next_step


@pytest.mark.parametrize("is_template", [False, True])
def test_a_stop_that_comes_while_a_message_waits_for_its_turn(
    shop: Shop, template_of: Callable[..., None], monkeypatch: pytest.MonkeyPatch, is_template: bool
) -> None:
    template_of("utility")
    Window.objects.update(closes_at=clock.now() + timedelta(hours=20))
    kept = gateways.templates().fill(shop.talk, SID, {}, None).payload if is_template else {}
    waiting = world.message(shop.talk, "Hello", "outbound", payload=kept)
    called: list[object] = []
    monkeypatch.setattr(sending, "call", lambda attempt, sender: called.append(attempt))
    monkeypatch.setattr(sending, "turn_of", lambda sender: consent.opt_out(shop.talk.pk, "keyword") and 0)
    message = sending.next_queued(shop.talk.pk)
    assert message == waiting
    sending.send(message)
    waiting.refresh_from_db()
    assert (waiting.status, called) == (statuses.FAILED, [])
    assert "Nour" in waiting.error
