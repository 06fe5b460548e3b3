"""/api/v1/templates/ as programs script against it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext
from procrastinate.contrib.django.models import ProcrastinateJob

from channels_whatsapp.models import Account
from inbox.models import Event
from templates_mgmt import content as kinds
from templates_mgmt.models import Template
from tests import world
from tests.inbox.api.conftest import Api
from tests.templates_mgmt.shop import at_twilio, draft

PATH = "/api/v1/templates/"
BODY = "Hi {{1}}, your order {{2}} left our workshop today."
ASKED = {
    "name": "order_shipped", "language": "en", "category": "UTILITY", "type": "text", "body": BODY,
    "variables": {"1": "Eleni", "2": "4711"},
}  # fmt: skip
PNG = "https://bramblecart.example/lamp.png"


@pytest.fixture(autouse=True)
def nobody_counted_yet(db: None) -> Iterator[None]:
    cache.clear()
    yield


@pytest.fixture
def account() -> Account:
    return world.channel().sender.account


@pytest.fixture
def lead(account: Account) -> Api:
    return Api(world.agent("lead", "lead"))


def test_a_template_is_written_looked_at_and_submitted(lead: Api) -> None:
    status, made = lead.post(PATH, ASKED)
    assert status == 201
    shown = {
        "name": "order_shipped", "language": "en", "category": "UTILITY", "type": "twilio/text",
        "status": "unsubmitted", "content_sid": None, "rejection_reason": "", "body": BODY,
        "variables": {"1": "Eleni", "2": "4711"},
    }  # fmt: skip
    assert shown.items() <= made.items()
    one = f"{PATH}{made['id']}/"
    assert lead.get(one) == (200, made)
    status, submitted = lead.post(f"{one}submit/")
    assert (status, submitted["submission"]) == (202, "queued")
    assert ProcrastinateJob.objects.filter(task_name="submit_template").count() == 1
    status, refused = lead.post(f"{one}submit/")
    assert (status, refused["code"]) == (409, "submitted")
    template = Template.objects.get()
    assert template.author == lead.agent


@pytest.mark.parametrize("end", ["", "/"])
def test_addresses_work_with_and_without_their_slash(lead: Api, end: str) -> None:
    pk = lead.post(f"/api/v1/templates{end}", ASKED)[1]["id"]
    assert lead.get(f"/api/v1/templates{end}")[0] == 200
    assert lead.get(f"/api/v1/templates/{pk}{end}")[0] == 200
    assert lead.post(f"/api/v1/templates/{pk}/submit{end}")[0] == 202
    assert lead.post(f"/api/v1/templates/sync{end}")[0] == 202


@pytest.mark.parametrize(("change", "count", "words"), [
    ({"body": "{{1}} and your {{2}} are here, thank you."}, 1, "cannot start with a variable"),
    ({"body": "Order {{1}} {{2}} is yours now, thank you."}, 1, "next to each other"),
    ({"name": "Order Shipped!"}, 1, "letters a to z"),
    ({"language": ""}, 1, "no language"),
    ({"category": "NEWS"}, 1, "no category"),
    ({"variables": {"1": "Eleni"}}, 1, "Variable 2 has no sample"),
    ({"variables": {"1": "Eleni", "2": ""}}, 1, "Variable 2 has no sample"),
    ({"body": "", "variables": {}}, 1, "no text yet"),
    ({"name": "A B", "category": "", "body": "{{1}}{{3}}"}, 7, ""),
    ({"type": "quick-reply"}, 1, "no button yet"),
    ({"type": "media"}, 1, "no file yet"),
    ({"body": "Line one\n" + "x" * 1100, "variables": {}}, 1, "1024 are allowed"),
])  # fmt: skip
def test_each_broken_rule_is_a_sentence(lead: Api, change: dict[str, Any], count: int, words: str) -> None:
    status, answer = lead.post(PATH, ASKED | change)
    assert (status, answer["success"], answer["code"]) == (400, False, "template_rules")
    assert len(answer["errors"]) >= count if count > 1 else len(answer["errors"]) == count
    assert words in answer["errors"][0]
    assert all(sentence.rstrip("”").endswith(".") for sentence in answer["errors"])
    assert not Template.objects.exists()


@pytest.mark.parametrize("change", [
    {"name": 5}, {"body": ["x"]}, {"type": "hologram"}, {"variables": {"1": 5}}, {"variables": "x"},
    {"variables": {"a b": "x"}}, {"buttons": "x"}, {"buttons": [{"title": "x", "type": "blink"}]},
    {"body": "a\u0000b"}, {"types": {"twilio/text": {"body": "a\u0000b"}}}, {"types": {}},
    {"types": {"a": 1}}, {"types": {"twilio/text": {"body": "\ud800"}}}, {"name": "\ud800"},
    {"media_urls": "x"}, {"types": json.loads('{"a":' * 40 + "{}" + "}" * 40)},
])  # fmt: skip
def test_what_cannot_be_read_is_said_too(lead: Api, change: dict[str, Any]) -> None:
    status, answer = lead.post(PATH, ASKED | change)
    assert (status, answer["code"]) == (400, "invalid")
    assert answer["errors"] and answer["fields"]
    assert not Template.objects.exists()


@pytest.mark.parametrize(("asked", "types"), [
    ({"type": "twilio/text"}, kinds.text(BODY)),
    ({"type": "quick-reply", "buttons": [{"title": "Yes", "id": "yes"}, {"title": "No"}]},
     kinds.quick_reply(BODY, [("Yes", "yes"), ("No", "")])),
    ({"type": "quick_reply", "buttons": [{"title": "Yes"}]}, kinds.quick_reply(BODY, [("Yes", "")])),
    ({"type": "quick_reply", "buttons": ["Yes"]}, kinds.quick_reply(BODY, [("Yes", "")])),
    ({"type": "call-to-action", "buttons": [{"title": "See", "url": "https://a.example/{{1}}"},
                                            {"title": "Call", "type": "phone", "phone": "+442079460000"}]},
     kinds.call_to_action(BODY, [kinds.link("See", "https://a.example/{{1}}"),
                                 kinds.call("Call", "+442079460000")])),
    ({"type": "media", "media_urls": [PNG]}, kinds.media(BODY, [PNG])),
    ({"type": "whatsapp/card", "header": "Order", "footer": "Bye"},
     kinds.whatsapp_card(BODY, header="Order", footer="Bye")),
    ({"type": "card", "footer": "Oak"}, kinds.card(BODY, "Oak")),
    ({"type": "list-picker", "category": "", "list_button": "Open", "items": [{"id": "a", "title": "Lamp"}]},
     kinds.list_picker(BODY, "Open", [kinds.Item("a", "Lamp")])),
    ({"type": "authentication", "category": "authentication", "variables": {},
      "buttons": [{"title": "Copy code"}]}, kinds.authentication("Copy code")),
    ({"types": kinds.carousel(BODY, [kinds.Card("Lamp", "Oak", (PNG,), (kinds.reply("Ok"),))] * 2)},
     kinds.carousel(BODY, [kinds.Card("Lamp", "Oak", (PNG,), (kinds.reply("Ok"),))] * 2)),
])  # fmt: skip
def test_every_type_is_made(lead: Api, asked: dict[str, Any], types: dict[str, Any]) -> None:
    status, made = lead.post(PATH, ASKED | asked)
    assert (status, made.get("errors")) == (201, None)
    assert made["types"] == types
    assert made["type"] == Template.objects.get().content.kind


def test_the_list_is_filtered_and_paged(lead: Api, account: Account) -> None:
    first, german = at_twilio(account), at_twilio(account, language="de", status="rejected")
    promo = at_twilio(account, "winter", category="MARKETING", types=kinds.text("Warm wool for winter."))
    at_twilio(account, "old").archive(by=None)
    names = {pk: pk for pk in (first.pk, german.pk, promo.pk)}

    def found(**query: Any) -> set[int]:
        status, answer = lead.get(PATH, **query)
        assert status == 200
        return {row["id"] for row in answer["results"]}

    assert found() == set(names)
    assert found(status="rejected") == {german.pk}
    assert found(language="de") == {german.pk}
    assert found(category="MARKETING") == {promo.pk}
    assert found(search="WINT") == {promo.pk}
    assert found(search="warm wool") == {promo.pk}
    assert found(search="nothing") == set()
    assert len(found(archived="true")) == 1
    page = lead.get(PATH, page_size=2)[1]
    assert [row["id"] for row in page["results"]] == [promo.pk, german.pk]
    rest = lead.get(page["next"])[1]
    assert [row["id"] for row in rest["results"]] == [first.pk]
    assert lead.get(PATH, category="x")[0] == 400


def test_the_list_costs_the_same_however_long_it_is(lead: Api, account: Account) -> None:
    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert lead.get(PATH)[0] == 200
        return len(queries)

    at_twilio(account)
    cost()  # the use of a key is written down once a minute
    few = cost()
    for number in range(30):
        at_twilio(account, f"t{number}")
    assert cost() == few


def test_sync_is_queued_once(lead: Api) -> None:
    for _ in range(2):
        assert lead.post(f"{PATH}sync/") == (202, {"success": True, "status": "queued"})
    assert ProcrastinateJob.objects.filter(task_name="sync_templates").count() == 1
    assert Event.objects.get(verb="templates.sync_requested").actor == lead.agent


def test_agents_look_and_do_not_write(account: Account) -> None:
    agent, template = Api(world.agent("agent")), draft(account)
    assert agent.get(PATH)[1]["results"][0]["id"] == template.pk
    for path in (PATH, f"{PATH}sync/", f"{PATH}{template.pk}/submit/"):
        status, answer = agent.post(path, ASKED)
        assert (status, answer["code"]) == (403, "not_allowed")


def test_a_key_that_may_only_read_changes_nothing(account: Account) -> None:
    reader, template = Api(world.agent("lead", "lead"), scope="read"), draft(account)
    assert reader.get(PATH)[0] == 200
    for path in (PATH, f"{PATH}sync/", f"{PATH}{template.pk}/submit/"):
        assert reader.post(path, ASKED)[0] == 403
    assert Template.objects.count() == 1


def test_a_key_for_one_channel_sees_its_account_alone(account: Account) -> None:
    other = Account.objects.create(sid="AC" + "9" * 32)
    mine, theirs = at_twilio(account), at_twilio(other)
    key = Api(world.agent("lead", "lead"), channels=[account.senders.get().channel])
    assert [row["id"] for row in key.get(PATH)[1]["results"]] == [mine.pk]
    assert key.get(f"{PATH}{theirs.pk}/")[0] == 404
    assert key.post(f"{PATH}{theirs.pk}/submit/")[0] == 404
    status, answer = key.post(PATH, ASKED | {"account": other.sid})
    assert (status, answer["code"]) == (400, "no_account")


def test_without_an_account_nothing_is_written(db: None) -> None:
    status, answer = Api(world.agent("lead", "lead")).post(PATH, ASKED)
    assert (status, answer["code"]) == (400, "no_account")


def test_a_draft_that_breaks_rules_is_not_submitted(lead: Api, account: Account) -> None:
    template = draft(account, types=kinds.text("{{1}}"), variables={})
    status, answer = lead.post(f"{PATH}{template.pk}/submit/")
    assert (status, len(answer["errors"])) == (400, 4)
