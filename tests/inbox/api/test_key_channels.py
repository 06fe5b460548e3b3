"""A key for some channels reaches those, and through no address anything else."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from inbox import access
from inbox.models import Agent, ApiKey, Attachment, Channel, ConsentEntry, Conversation, Message, Team, Window
from tests import world
from tests.inbox.api.conftest import Api

SEND = "/api/whatsapp/send"
US, REPAIRS = "whatsapp:+12025550134", "whatsapp:+447700900999"
NOUR, ZOFIA = "whatsapp:+447700900318", "whatsapp:+447700900319"


class Shop:
    """Two channels with a customer each, and a third customer who wrote to both."""

    def __init__(self) -> None:
        self.uk, self.us = world.channel(), world.channel("Shop US", US)
        self.here = world.conversation(world.contact("Nour", NOUR), self.uk)
        self.there = world.conversation(world.contact("Zofia", ZOFIA), self.us)
        world.message(self.here, "of the UK")
        self.secret = world.message(self.there, "of the US", "outbound", status="failed")
        both = world.contact("Both")
        self.both_here = world.conversation(both, self.uk)
        self.both_there = world.conversation(both, self.us)


@pytest.fixture
def shop() -> Shop:
    return Shop()


@pytest.fixture
def keyed(shop: Shop) -> Api:
    return Api(world.agent("boss", "admin"), channels=[shop.uk])


def ids(api: Api, path: str, **query: Any) -> set[int]:
    status, answer = api.get(f"/api/v1/{path}/", **query)
    assert status == 200
    return {row["id"] for row in answer["results"]}


def test_its_lists_hold_only_its_channels(keyed: Api, shop: Shop) -> None:
    assert ids(keyed, "channels") == {shop.uk.pk}
    assert ids(keyed, "conversations") == {shop.here.pk, shop.both_here.pk}
    assert ids(keyed, "contacts") == {shop.here.contact_id, shop.both_here.contact_id}
    assert ids(keyed, "messages") == {shop.here.messages.get().pk}
    for path in ("contacts", "conversations", "messages"):
        assert ids(keyed, path, address=ZOFIA) == set()
    assert ids(keyed, "conversations", channel=shop.us.pk) == set()


def test_a_thing_of_another_channel_does_not_exist(keyed: Api, shop: Shop) -> None:
    talk, message = f"/api/v1/conversations/{shop.there.pk}", f"/api/v1/messages/{shop.secret.pk}"
    seen = (f"{talk}/", f"{talk}/messages/", f"{message}/", f"/api/v1/contacts/{shop.there.contact_id}/")
    assert {keyed.get(path)[0] for path in seen} == {404}
    deeds = (
        *(f"{talk}/{deed}/" for deed in ("messages", "assign", "resolve", "reopen")),
        f"{message}/retry/",
    )
    assert {keyed.post(path, {"body": "x", "assignee": None})[0] for path in deeds} == {404}
    assert list(shop.there.messages.all()) == [shop.secret]
    shop.there.refresh_from_db()
    assert shop.there.status == Conversation.Status.OPEN


def test_the_one_door_keeps_files_and_consent_too(shop: Shop) -> None:
    boss = world.agent("boss", "admin")
    said = [
        ConsentEntry.objects.create(
            contact=talk.contact, channel=talk.channel, action="opt_in", source="form"
        )
        for talk in (shop.here, shop.there)
    ]
    mine, theirs = (Attachment.objects.create(conversation=talk) for talk in (shop.here, shop.there))
    assert set(access.attachments_for(boss)) == {mine, theirs}
    boss.only_channels = frozenset([shop.uk.pk])
    assert set(access.attachments_for(boss)) == {mine}
    assert set(access.consent_for(boss)) == {said[0]}
    assert access.visible_channel_ids(boss) == {shop.uk.pk}


def test_it_sends_from_its_channels_only(keyed: Api, shop: Shop) -> None:
    status, answer = keyed.post(SEND, {"to": ZOFIA, "message": "x", "from": US})
    assert (status, list(answer["fields"])) == (400, ["from"])
    # Zofia's window is open at the other channel alone, which this key does not reach.
    status, answer = keyed.post(SEND, {"to": ZOFIA, "message": "x"})
    assert (status, answer["code"]) == (409, "window_closed")
    assert Message.objects.filter(body="x").count() == 0
    status, answer = keyed.post(SEND, {"to": NOUR, "message": "x"})
    assert (status, Message.objects.get(pk=answer["id"]).conversation) == (202, shop.here)


def test_it_does_not_choose_a_default_that_it_does_not_reach(keyed: Api, shop: Shop, settings: Any) -> None:
    settings.TWILIO_WHATSAPP_FROM = US
    Window.objects.filter(channel=shop.uk, address__value=NOUR).update(closes_at=None)
    status, answer = keyed.post(SEND, {"to": NOUR, "message": "x"})
    assert (status, answer["code"]) == (409, "window_closed")
    assert Api(keyed.agent).post(SEND, {"to": ZOFIA, "message": "x"})[0] == 202


def test_two_keys_do_not_find_each_others_repeats(keyed: Api, shop: Shop) -> None:
    other = Api(keyed.agent, channels=[shop.us])
    body = {"to": "+447700900777", "content_sid": "HX" + "1" * 32}
    first, second = keyed.post(SEND, body, Idempotency_Key="1"), other.post(SEND, body, Idempotency_Key="1")
    assert (first[0], second[0]) == (202, 202)
    sent = Message.objects.filter(pk__in=[first[1]["id"], second[1]["id"]])
    assert {message.conversation.channel for message in sent} == {shop.uk, shop.us}


def test_it_reaches_no_more_than_its_agent(shop: Shop) -> None:
    shop.us.teams.add(Team.objects.create(name="Repairs"))
    outsider = Api(world.agent("outsider"), channels=[shop.uk, shop.us])
    assert ids(outsider, "channels") == {shop.uk.pk}
    assert ids(outsider, "conversations") == {shop.here.pk, shop.both_here.pk}
    nowhere = Api(outsider.agent, channels=[shop.us])
    for path in ("channels", "contacts", "conversations", "messages"):
        assert ids(nowhere, path) == set()


def test_the_limit_is_the_keys_and_not_its_agents(keyed: Api, shop: Shop) -> None:
    ids(keyed, "channels")
    assert ids(Api(keyed.agent), "channels") == {shop.uk.pk, shop.us.pk}
    assert Agent.objects.get(pk=keyed.agent.pk).only_channels is None


def test_a_key_whose_channel_is_deleted_ends(shop: Shop) -> None:
    boss, spare = world.agent("boss", "admin"), Channel.objects.create(name="Spare", address="whatsapp:+1")
    alone, shared = Api(boss, channels=[spare]), Api(boss, channels=[spare, shop.uk])
    Channel.objects.filter(pk=spare.pk).delete()
    assert alone.get("/api/v1/channels/")[0] == 401
    assert ids(shared, "channels") == {shop.uk.pk}


@pytest.mark.parametrize("path", ["channels", "contacts", "conversations", "messages"])
def test_it_asks_the_database_no_more_often(keyed: Api, shop: Shop, path: str) -> None:
    free = Api(keyed.agent)
    ids(free, path), ids(keyed, path)  # so that both were used within this minute
    with CaptureQueriesContext(connection) as without:
        ids(free, path)
    with CaptureQueriesContext(connection) as limited:
        ids(keyed, path)
    assert len(limited) == len(without)
    assert [q["sql"] for q in limited if q["sql"].startswith('UPDATE "inbox_apikey"')] == []


def test_the_lookup_is_by_hash_alone(keyed: Api, shop: Shop) -> None:
    """Nothing compares the text or a part of it, so nothing can be learnt from how long it takes."""
    with CaptureQueriesContext(connection) as queries:
        assert ApiKey.find(keyed.text) == keyed.key
    (query,) = queries.captured_queries
    assert f"\"digest\" = '{keyed.key.digest}'" in query["sql"]
    assert keyed.text not in query["sql"] and f"'{keyed.text[:10]}" not in query["sql"]


def test_a_key_is_256_bits_and_never_the_same(shop: Shop) -> None:
    boss = world.agent("boss", "admin")
    texts = {ApiKey.issue(boss)[1] for _ in range(50)}
    assert len(texts) == 50
    assert {len(text.removeprefix("fan_")) for text in texts} == {43}  # 32 bytes in base64


def test_part_of_a_key_or_another_case_opens_nothing(keyed: Api) -> None:
    for text in (keyed.text[:-1], keyed.text + "A", keyed.text.upper(), keyed.text.removeprefix("fan_"),
                 keyed.key.start, keyed.key.digest, str(keyed.key.pk), "%", "null", "None"):  # fmt: skip
        assert ApiKey.find(text) is None, text


@pytest.mark.parametrize(
    "header", ["Bearer", "Bearer ", "Basic {}", "bearer{}", "{}", "Token {}", "Bearer {} x"]
)
def test_a_key_stands_in_one_kind_of_header(keyed: Api, header: str) -> None:
    answer = Client().get("/api/v1/channels/", headers={"Authorization": header.format(keyed.text)})
    assert answer.status_code == 401


def test_a_key_opens_no_page_and_no_admin(keyed: Api) -> None:
    for path in ("/", "/admin/", "/events/", f"/api/v1/channels/?key={keyed.text}"):
        answer = Client().get(path, headers={} if "key=" in path else keyed.headers())
        assert answer.status_code in (302, 401), path


def command(*words: str) -> ApiKey:
    out = StringIO()
    call_command("create_api_key", *words, stdout=out)
    key = ApiKey.find(out.getvalue().splitlines()[-1])
    assert key is not None
    return key


@pytest.mark.parametrize("words", ["+44 7700 900142", "whatsapp:+447700900142", "447700900142", "Shop UK"])
def test_the_command_takes_channels_as_people_write_them(shop: Shop, words: str) -> None:
    world.agent("lead", "lead")
    key = command("lead", "--channel", words, "--read-only", "--days", "30")
    assert (list(key.channels.all()), key.scope) == ([shop.uk], "read")
    assert key.expires_at is not None
    two = command("lead", "--channel", words, "--channel", "Shop US")
    assert (set(two.channels.all()), two.scope) == ({shop.uk, shop.us}, "write")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--channel", "Nowhere"], "There is no channel Nowhere. Known are: "),
        (["--channel", ""], "There is no channel without a name"),
        (["--channel", "Twin"], "More than one channel is called Twin. Give its number instead."),
        (["--channel", "Shop UK", "--channel", "Nowhere"], "There is no channel Nowhere."),
        (["--read-only", "--scope", "write"], "not allowed with"),
    ],
)
def test_the_command_makes_no_key_of_a_wrong_channel(shop: Shop, words: list[str], sentence: str) -> None:
    world.agent("lead", "lead")
    Channel.objects.create(name="Twin", address="whatsapp:+1")
    Channel.objects.create(name="Twin", address="whatsapp:+2")
    with pytest.raises(CommandError, match=sentence):
        call_command("create_api_key", "lead", *words)
    assert not ApiKey.objects.exists()


@pytest.fixture
def office(client: Client) -> Callable[..., Any]:
    boss = Agent.objects.create_superuser("boss", "boss@inbox.example", "a long enough secret")
    client.force_login(boss)
    blank = {"agent": boss.pk, "name": "ERP", "scope": "write", "expires_at_0": "", "expires_at_1": ""}
    return lambda **fields: client.post("/admin/inbox/apikey/add/", blank | fields).content.decode()


def test_the_admin_makes_keys_for_channels(office: Callable[..., Any], client: Client, shop: Shop) -> None:
    page = office(channels=[shop.us.pk])
    key = ApiKey.objects.get()
    text = page.split("fan_")[1].split("<")[0]
    assert ApiKey.find(f"fan_{text}") == key
    assert list(key.channels.all()) == [shop.us]
    office(name="All")
    rows = client.get("/admin/inbox/apikey/").content.decode()
    assert '<td class="field-reach">Shop US</td>' in rows
    assert '<td class="field-reach">all that its agent sees</td>' in rows


def test_the_admin_makes_no_key_that_has_ended(office: Callable[..., Any], db: None) -> None:
    assert "This time has passed." in office(expires_at_0="2020-01-01", expires_at_1="12:00")
    assert not ApiKey.objects.exists()


def test_the_admin_says_of_each_key_whether_it_works(
    office: Callable[..., Any], client: Client, db: None
) -> None:
    boss, now = Agent.objects.get(), timezone.now()
    for name, fields in {
        "Forever": {},
        "Week": {"expires_at": now + timedelta(days=7)},
        "Old": {"expires_at": now - timedelta(days=7)},
        "Leaked": {"revoked_at": now},
    }.items():
        ApiKey.issue(boss, name=name, **fields)

    def shown(query: str = "") -> dict[str, str]:
        page = client.get(f"/admin/inbox/apikey/{query}").content.decode()
        names = re.findall(r'field-__str__"><a [^>]*>([^<]+)', page)
        return dict(zip(names, re.findall(r'field-state">([A-Z][a-z]+ ?[a-z]*)', page), strict=True))

    works = {"Forever": "Works", "Week": "Works until"}
    ended = {"Old": "Ended on", "Leaked": "Revoked on"}
    assert (shown(), shown("?ended=0"), shown("?ended=1")) == (works | ended, works, ended)


def test_it_notes_its_use_once_a_minute(keyed: Api, shop: Shop) -> None:
    def used() -> Any:
        assert keyed.get("/api/v1/channels/")[0] == 200
        return ApiKey.objects.get(pk=keyed.key.pk).last_used_at

    first = used()
    assert first is not None and used() == first
    ApiKey.objects.filter(pk=keyed.key.pk).update(last_used_at=first.replace(year=first.year - 1))
    assert used() >= first
