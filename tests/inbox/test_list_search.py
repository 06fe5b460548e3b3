from __future__ import annotations

import re

import pytest
from django.test import Client

from inbox import finding
from inbox.models import Agent
from tests import world
from tests.inbox.test_list import shown

pytestmark = pytest.mark.django_db


@pytest.fixture
def lead(client: Client) -> Agent:
    person = world.agent("ines", "lead")
    client.force_login(person)
    return person


def search(client: Client, text: str) -> str:
    return client.get("/list/", {"q": text}).content.decode()


@pytest.mark.parametrize("text", ["fontoura", "FONT", "ana fon", "áná", "beatriz ana", "  Ana  "])
def test_it_finds_people_by_the_beginnings_of_their_names(client: Client, lead: Agent, text: str) -> None:
    wanted = world.conversation(world.contact("Ana Beatriz Fontoura"), status="resolved")
    world.conversation(world.contact("Grace Tamblyn"))
    assert shown(search(client, text)) == [wanted.pk]


@pytest.mark.parametrize("text", ["Żółć", "Muller", "MÜLLER", "อรุณ", "田中", "أمينة"])
def test_it_minds_neither_accents_nor_scripts(client: Client, lead: Agent, text: str) -> None:
    for name in ("Żółć Müller", "อรุณ 田中", "أمينة الخطيب"):
        world.conversation(world.contact(name))
    assert len(shown(search(client, text))) == 1


@pytest.mark.parametrize(
    "text",
    ["+447700900318", "+44 7700 900318", "447700", "900318", "0318", "07700 900318", "(07700) 900-318"],
)
def test_it_finds_numbers_by_their_first_or_last_digits(client: Client, lead: Agent, text: str) -> None:
    wanted = world.conversation(world.contact("", "whatsapp:+447700900318"))
    world.conversation(world.contact("", "whatsapp:+12025550173"))
    html = search(client, text)
    assert shown(html) == [wanted.pk]
    assert "+44 7700 900318" in html


def test_two_digits_and_digits_among_letters_are_no_number(client: Client, lead: Agent) -> None:
    world.conversation(world.contact("", "whatsapp:+447700900318"))
    assert shown(search(client, "18")) == []
    assert shown(search(client, "order 318")) == []


def test_it_finds_what_was_written_and_marks_it(client: Client, lead: Agent) -> None:
    talk = world.conversation(world.contact("Nour Haddadine"))
    message = world.message(talk, "The crème brûlée set BC-20417 arrived cracked")
    for text, marked in (("creme", "crème"), ("20417", "20417"), ("crack", "cracked")):
        html = search(client, text)
        assert f"/conversations/{talk.pk}/?q={text}#message-{message.pk}" in html
        assert f"<mark>{marked}</mark>" in html


@pytest.mark.parametrize(
    "text",
    [
        "'",
        "';--",
        "\\",
        "%",
        "_",
        "a&b|!c",
        "<->",
        ":*",
        "(((",
        "\0",
        "\ud800",
        "a" * 5000,
        "<script>",
        "\u202e",
        "🙏",
        "0000",
    ],
    ids=repr,
)
def test_whatever_is_typed_is_only_text(client: Client, lead: Agent, text: str) -> None:
    world.message(world.conversation(), "100% sure_thing")
    answer = client.get("/list/", {"q": text.encode("utf-8", "surrogatepass")})
    assert answer.status_code == 200
    assert "<script>" not in answer.content.decode()


def test_nothing_found_says_how_search_works(client: Client, lead: Agent) -> None:
    html = search(client, "zzz")
    assert "No match for “zzz”" in html
    assert "beginnings of words" in html


def test_answers_are_bounded(client: Client, lead: Agent, django_assert_max_num_queries: object) -> None:
    for n in range(finding.MOST + 3):
        world.message(world.conversation(world.contact(f"Anna {n}")), "Anna writes")
    session_agent_clock_and_counts = 4
    with django_assert_max_num_queries(6 + session_agent_clock_and_counts):  # type: ignore[operator]
        html = search(client, "anna")
    assert len(shown(html)) == finding.MOST
    assert len(re.findall(r"#message-\d+", html)) == finding.MOST


@pytest.mark.parametrize("recent", [1, 10_000])
def test_it_finds_the_newest_messages_by_either_way(
    client: Client, lead: Agent, monkeypatch: pytest.MonkeyPatch, recent: int
) -> None:
    monkeypatch.setattr(finding, "RECENT", recent)
    monkeypatch.setattr(finding, "MOST", 2)
    talk = world.conversation(world.contact("Nour Haddadine"))
    messages = [world.message(talk, f"parcel {number}") for number in range(3)]
    world.message(talk, "nothing of that")
    found = re.findall(r"#message-(\d+)", search(client, "parcel"))
    assert list(dict.fromkeys(map(int, found))) == [messages[2].pk, messages[1].pk]


def test_the_page_itself_can_be_asked_to_search(client: Client, lead: Agent) -> None:
    wanted = world.conversation(world.contact("Nour Haddadine"))
    assert shown(client.get("/?q=nour").content.decode()) == [wanted.pk]


@pytest.mark.parametrize(
    ("body", "text", "pieces"),
    [
        ("Hello", "zzz", [("Hello", False)]),
        ("Hello there", "hello", [("Hello", True), (" there", False)]),
        ("BC-20417 left", "20417", [("BC-", False), ("20417", True), (" left", False)]),
        ("", "x", []),
    ],
)
def test_a_snippet_is_the_message_in_pieces(body: str, text: str, pieces: list[tuple[str, bool]]) -> None:
    assert finding.snippet(body, text) == pieces


def test_a_snippet_starts_shortly_before_the_match() -> None:
    pieces = finding.snippet("x " * 500 + "needle" + " y" * 500, "needle")
    text = "".join(piece for piece, _ in pieces)
    assert ("needle", True) in pieces
    assert text.startswith("…")
    assert len(text) < finding.SNIPPET + 60
