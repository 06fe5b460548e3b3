"""Content SIDs in the back office."""

from __future__ import annotations

import json
import re
from html import unescape
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from procrastinate.contrib.django.models import ProcrastinateJob

from channels_whatsapp.models import Account
from channels_whatsapp.simulator import Simulator
from templates_mgmt import content as kinds
from templates_mgmt.economics import CATEGORIES, LISTED
from templates_mgmt.models import Price, Sync, Template
from tests import world
from tests.jobs import run_due_jobs
from tests.templates_mgmt.shop import SAMPLES, Write, at_twilio, draft

LIST = reverse("admin:templates_mgmt_template_changelist")
ADD = reverse("admin:templates_mgmt_template_add")


@pytest.fixture
def office(db: None) -> Client:
    client = Client()
    client.force_login(world.agent("boss", "admin", is_staff=True, is_superuser=True))
    return client


@pytest.fixture
def account(db: None) -> Account:
    return world.channel().sender.account


def page_of(template: Template) -> str:
    return reverse("admin:templates_mgmt_template_change", args=[template.pk])


def act(office: Client, name: str, *templates: Template, **more: Any) -> str:
    chosen = {"action": name, "_selected_action": [t.pk for t in templates]}
    return office.post(LIST, chosen | more, follow=True).content.decode()


def fields(**changes: Any) -> dict[str, Any]:
    types = kinds.text("Hi {{1}}, your order {{2}} left our workshop today.")
    words = {"name": "order_shipped", "language": "en", "category": "UTILITY"}
    return words | {"types": json.dumps(types), "variables": json.dumps(SAMPLES)} | changes


def test_the_list_says_what_matters(office: Client, account: Account) -> None:
    template = at_twilio(account, types=kinds.text("<b>Hi</b> there, your order left."))
    at_twilio(account, "winter_sale", status="rejected", category="MARKETING", language="he")
    at_twilio(account, "odd", status="in_appeal")
    talk = world.conversation()
    for _ in range(2):
        world.message(talk, "x", "outbound", kind="template", status="read",
                      payload={"content_sid": template.content_sid})  # fmt: skip
    html = office.get(LIST).content.decode()
    for words in (template.content_sid, "order_shipped", "&lt;b&gt;Hi&lt;/b&gt; there", "Approved",
                  "Rejected", "in_appeal", '<td class="field-sent">2</td>', "Marketing"):  # fmt: skip
        assert words in html
    assert "winter_sale" not in office.get(LIST, {"status": "approved"}).content.decode()
    assert "winter_sale" not in office.get(LIST, {"language": "en"}).content.decode()


@pytest.mark.parametrize(("words", "count"), [
    ("winter", 1), ("WARM WOOL", 1), ("nothing", 0), ("HX" + "9" * 32, 0), ("\x00", 2), ("%", 0),
])  # fmt: skip
def test_search_finds_names_texts_and_sids(office: Client, account: Account, words: str, count: int) -> None:
    at_twilio(account)
    at_twilio(account, "winter_sale", types=kinds.text("Warm wool"))
    assert office.get(LIST, {"q": words}).context["cl"].result_count == count
    sid = Template.objects.last().content_sid
    assert office.get(LIST, {"q": sid}).context["cl"].result_count == 1


def test_the_list_costs_the_same_however_long_it_is(office: Client, account: Account) -> None:
    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            office.get(LIST)
        return len(queries)

    at_twilio(account)
    few = cost()
    for number in range(20):
        at_twilio(account, f"t{number}")
    assert cost() <= few


def test_a_draft_is_written_and_changed_with_its_checks_beside_it(office: Client, account: Account) -> None:
    bad = json.dumps(kinds.text("{{1}} is here, thank you."))
    given = fields(account=account.pk, types=bad, variables="{}", _continue="1")
    html = office.post(ADD, given, follow=True).content.decode()
    template = Template.objects.get()
    assert (template.name, template.author.username) == ("order_shipped", "boss")
    assert "The text cannot start with a variable." in html
    assert "Variable 1 has no sample." in html
    assert 'id="preview"' in html
    html = office.post(
        page_of(template), fields(name="order_left", _continue="1"), follow=True
    ).content.decode()
    template.refresh_from_db()
    assert (template.name, template.variables) == ("order_left", SAMPLES)
    assert "✓ Starts and ends with words" in html
    assert "Eleni" in html
    assert "cannot start" not in html


@pytest.mark.parametrize("change", [
    {"types": "[]"}, {"types": "{}"}, {"types": "x"}, {"types": '{"twilio/text": 5}'},
    {"types": '{"twilio/text": {"body": "a\\u0000"}}'}, {"types": '{"twilio/text": {"body": "\\ud800"}}'},
    {"variables": '{"1": 5}'}, {"variables": "[1]"}, {"variables": '{"1": "\\u0000"}'}, {"name": ""},
    {"language": "x" * 20},
])  # fmt: skip
def test_what_cannot_be_kept_is_refused(office: Client, account: Account, change: dict[str, str]) -> None:
    answer = office.post(ADD, fields(account=account.pk, **change))
    assert (answer.status_code, Template.objects.count()) == (200, 0)
    assert answer.context["errors"]


def test_what_was_submitted_is_only_looked_at(office: Client, account: Account) -> None:
    template = at_twilio(account, rejection_reason="Too short", status="rejected")
    html = office.get(page_of(template)).content.decode()
    assert "Too short" in html
    assert template.content_sid in html
    assert 'name="types"' not in html
    assert 'id="checks"' not in html
    given = fields(types=json.dumps(kinds.text("changed")))
    assert office.post(page_of(template), given).status_code == 403
    before = template.types
    template.refresh_from_db()
    assert template.types == before


def test_submitted_meanwhile_says_so(
    office: Client, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    template = draft(account)
    edit = Template.edit

    def late(self: Template, **changes: Any) -> bool:
        Template.objects.update(submission="queued")
        return edit(self, **changes)

    monkeypatch.setattr(Template, "edit", late)
    html = office.post(page_of(template), fields(name="other"), follow=True).content.decode()
    assert "What was submitted cannot be changed." in html


@pytest.mark.parametrize("language", ["ar", "he"])
def test_a_paused_one_says_what_to_send(office: Client, account: Account, language: str) -> None:
    at_twilio(account, "other", language=language)
    template = at_twilio(account, status="paused", language=language)
    assert "Send other instead." in office.get(page_of(template)).content.decode()


@pytest.mark.parametrize("kind", [
    {"twilio/hologram": {"beam": "x"}}, {},
    kinds.carousel("Look", [kinds.Card("A", "B", ("https://a.example/x.png",))]),
    kinds.location(51.5, -0.1, "Here"), kinds.list_picker("Choose", "Open", [kinds.Item("a", "Lamp")]),
    kinds.authentication("Copy"), kinds.media("", ["https://a.example/a.pdf"]),
])  # fmt: skip
def test_every_type_has_a_page(office: Client, account: Account, kind: dict[str, Any]) -> None:
    assert office.get(page_of(at_twilio(account, types=kind))).status_code == 200
    assert office.get(page_of(draft(account, "other", types=kind))).status_code == 200
    assert office.get(LIST).status_code == 200


# Actions


def test_submitting_says_which_rule_is_broken(office: Client, account: Account) -> None:
    good, bad = draft(account), draft(account, "bad", types=kinds.text("{{1}}"))
    html = act(office, "submit", good, bad)
    assert "1 template is submitted." in html
    assert "Bad (en): The text cannot start with a variable." in html
    assert ProcrastinateJob.objects.filter(task_name="submit_template").count() == 1
    assert "There was nothing to do." in act(office, "submit", good)


def test_archiving_and_back(office: Client, account: Account) -> None:
    template = at_twilio(account)
    assert "1 template is archived." in act(office, "archive", template)
    assert "archived" in office.get(LIST).content.decode()
    assert "1 template is back." in act(office, "restore", template)
    template.refresh_from_db()
    assert not template.is_archived


def test_archiving_says_first_what_uses_it(office: Client, account: Account) -> None:
    template = at_twilio(account)
    template.new_version(by=None)
    html = act(office, "archive", template)
    assert "1 draft is to replace it." in html
    template.refresh_from_db()
    assert not template.is_archived
    sure = {"action": "archive", "_selected_action": [template.pk], "sure": "1"}
    office.post(LIST, sure)
    template.refresh_from_db()
    assert template.is_archived


def test_refreshing_asks_twilio(sim: Simulator, office: Client, write: Write) -> None:
    sim.rest.content.approvals = "manual"
    template = write()
    template.submit(by=None)
    run_due_jobs()
    template.refresh_from_db()
    sim.faults.add("drop", on="event *", times=None)
    sim.decide(template.content_sid, "approved")
    assert sim.wait_idle()
    assert "Twilio is asked about 1 template." in act(office, "refresh", template)
    run_due_jobs()
    template.refresh_from_db()
    assert template.status == "approved"


def test_deleting_asks_first_and_says_what_uses_it(sim: Simulator, office: Client, write: Write) -> None:
    template = write()
    assert "Only what is at Twilio" in act(office, "delete_at_twilio", template)
    template.submit(by=None)
    run_due_jobs()
    assert sim.wait_idle()
    template.refresh_from_db()
    world.message(world.conversation(), "x", "outbound", kind="template", status="read",
                  payload={"content_sid": template.content_sid})  # fmt: skip
    html = act(office, "delete_at_twilio", template)
    assert "It was sent 1 time in 30 days." in html
    assert sim.calls("DELETE") == 0
    assert "1 template is deleted at Twilio and archived here." in act(
        office, "delete_at_twilio", template, sure="1"
    )
    template.refresh_from_db()
    assert template.is_gone and template.is_archived
    assert sim.calls("DELETE") == 1


def test_rows_are_never_deleted(office: Client, account: Account) -> None:
    template = at_twilio(account)
    path = reverse("admin:templates_mgmt_template_delete", args=[template.pk])
    assert office.post(path, {"post": "yes"}).status_code == 403
    assert Template.objects.exists()


def test_syncs_are_looked_at_and_asked_for(office: Client, account: Account) -> None:
    sync = Sync.begin(account)
    sync.fail("Twilio gave no answer.")
    path = reverse("admin:templates_mgmt_sync_changelist")
    assert "Twilio gave no answer." in office.get(path).content.decode()
    office.post(path, {"action": "sync_now", "_selected_action": [sync.pk]})
    assert ProcrastinateJob.objects.filter(task_name="sync_templates").count() == 1


def test_prices_are_edited(office: Client) -> None:
    path = reverse("admin:templates_mgmt_price_add")
    price = {"calling_code": "44", "category": "MARKETING", "amount": "0.0529", "currency": "USD"}
    office.post(path, price)
    assert str(Price.objects.get().amount) == "0.05290"
    html = office.get(reverse("admin:templates_mgmt_price_changelist")).content.decode()
    assert "+44" in html


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        pytest.param({"calling_code": "+44 ", "currency": "eur"}, ("44", "EUR"), id="as people write it"),
        pytest.param({"calling_code": "GB"}, None, id="no digits"),
        pytest.param({"amount": "-1"}, None, id="less than nothing"),
        pytest.param({"currency": "€"}, None, id="no currency"),
    ],
)
def test_a_price_is_kept_as_it_is_looked_up(
    office: Client, typed: dict[str, str], kept: tuple[str, str] | None
) -> None:
    price = {"calling_code": "44", "category": "MARKETING", "amount": "0.05", "currency": "USD"}
    office.post(reverse("admin:templates_mgmt_price_add"), price | typed)
    assert Price.objects.values_list("calling_code", "currency").first() == kept


def test_list_prices_are_shown_until_one_is_entered(office: Client) -> None:
    path = reverse("admin:templates_mgmt_price_changelist")
    assert f'href="{path}"' in office.get(reverse("templates_mgmt:costs")).content.decode()
    html = office.get(path).content.decode()
    found = re.search(r'href="([^"]*calling_code=44&amp;category=MARKETING[^"]*)">\$0.0529<', html)
    assert found
    form = office.get(unescape(found[1])).content.decode()
    assert 'name="amount" value="0.0529"' in form
    Price.objects.create(calling_code="44", category="MARKETING", amount="0.04")
    html = office.get(path).content.decode()
    assert "<s>$0.0529</s> yours: $0.04" in html
    Price.objects.create(calling_code="", category="UTILITY", amount="0.03")
    assert office.get(path).content.decode().count("yours: $0.03") == len(LISTED) / len(CATEGORIES)
