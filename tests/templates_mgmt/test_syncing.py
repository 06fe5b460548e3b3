"""Twilio's list and ours: both ways, whole, in few queries, and nothing lost."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from procrastinate.contrib.django.models import ProcrastinateJob

from channels_whatsapp import checklist, client, doctor
from channels_whatsapp.models import Account, Sender
from channels_whatsapp.retries import TryAgain
from channels_whatsapp.simulator import Simulator
from channels_whatsapp.simulator.content import SANDBOX_TEMPLATES
from inbox import clock
from inbox.models import Event
from templates_mgmt import content as kinds
from templates_mgmt import content_api, deleting, health, states, syncing
from templates_mgmt.content_api import Approval
from templates_mgmt.models import Family, Sync, Template
from templates_mgmt.tasks import poll_templates, sync_all_templates
from tests import world
from tests.jobs import run_due_jobs
from tests.templates_mgmt.shop import at_twilio
from tests.templates_mgmt.test_submitting import again, verbs

LIST = "GET /v1/ContentAndApprovals"


@pytest.fixture
def account(sim: Simulator, shop: Sender) -> Account:
    """Of an empty list: without the sandbox's own."""
    sim.twilio.contents.clear()
    return shop.account


def add(sim: Simulator, name: str, **fields: Any) -> str:
    types = fields.pop("types", kinds.text("Hi {{1}}, welcome."))
    return sim.twilio.add_content(name, types, {"1": "Anna"}, **({"approved": "UTILITY"} | fields)).sid


@pytest.mark.parametrize("shape", ["flat", "keyed"])
def test_what_was_made_in_the_console_comes_in(sim: Simulator, account: Account, shape: str) -> None:
    sim.rest.content.approval_shape = shape
    sid = add(sim, "welcome")
    german = add(sim, "welcome", language="de", approved="MARKETING")
    sim.twilio.contents[german].approval.status = "rejected"
    sim.twilio.contents[german].approval.rejection_reason = "Too short"
    idle = add(sim, "only_in_windows", approved="")
    sync = syncing.sync(account)
    assert (sync.count, sync.error, sync.is_running) == (3, "", False)
    rows = {row.content_sid: row for row in Template.objects.select_related("family")}
    one = rows[sid]
    assert (one.name, one.language, one.category, one.status) == ("welcome", "en", "UTILITY", "approved")
    assert (one.types, one.variables) == (kinds.text("Hi {{1}}, welcome."), {"1": "Anna"})
    assert one.is_draft is False
    assert rows[german].family_id == one.family_id
    assert (rows[german].status, rows[german].rejection_reason) == ("rejected", "Too short")
    assert (rows[idle].status, rows[idle].category, rows[idle].wants_approval) == ("unsubmitted", "", False)
    assert Event.objects.get(verb="templates.synced").data["found"] == 3


@pytest.mark.parametrize(("types", "word"), [
    (kinds.quick_reply("Shall we?", [("Yes", "")]), "session"),
    ({"twilio/carousel": {"body": "Look", "cards": []}}, "unsubmitted"),
    ({"whatsapp/flows": {"body": "Fill it in", "flow_id": "7"}}, "unsubmitted"),
])  # fmt: skip
def test_only_what_may_go_unapproved_is_for_open_conversations(
    sim: Simulator, account: Account, types: dict, word: str
) -> None:
    add(sim, "idle", approved="", types=types)
    syncing.sync(account)
    assert states.state_of(Template.objects.get()).word == word


def test_a_reason_beside_an_approval_is_not_looked_at_again_and_again(
    sim: Simulator, account: Account
) -> None:
    sid = add(sim, "welcome")
    sim.twilio.contents[sid].approval.rejection_reason = "NONE"
    syncing.sync(account)
    assert Template.objects.get().rejection_reason == ""
    with CaptureQueriesContext(connection) as queries:
        syncing.sync(account)
    assert not [query for query in queries if '"templates_mgmt_template"."id" = ' in query["sql"]]


def test_a_second_sync_changes_nothing_and_says_nothing(sim: Simulator, account: Account) -> None:
    add(sim, "welcome")
    syncing.sync(account)
    before = Template.objects.get()
    syncing.sync(account)
    after = Template.objects.get()
    assert after.synced_at > before.synced_at
    assert Event.objects.filter(verb="templates.synced").count() == 1


def test_the_name_is_the_approvals_else_the_friendly_one_else_the_sid(
    sim: Simulator, account: Account
) -> None:
    sid = add(sim, "Friendly words")
    sim.twilio.contents[sid].approval.name = "friendly_words"
    nameless = add(sim, "", approved="")
    add(sim, "Not asked for", approved="")
    syncing.sync(account)
    assert set(Family.objects.values_list("name", flat=True)) == {
        "friendly_words", "Not asked for", nameless,
    }  # fmt: skip


@pytest.mark.parametrize("types", [
    {"whatsapp/flows": {"body": "Fill it in", "flow_id": "7"}},
    {"twilio/flows": {"body": "Fill it in", "pages": []}},
    {"twilio/catalog": {"body": "Our lamps", "id": "7", "items": []}},
    {"twilio/hologram": {"beam": "bright"}},
    {"twilio/hologram": None, "twilio/text": {"body": "Hi"}},
    {"twilio/hologram": "text", "whatsapp/another": {"deep": [{"er": ["x"]}]}},
])  # fmt: skip
def test_types_that_are_not_known_here_survive(sim: Simulator, account: Account, types: dict) -> None:
    sid = add(sim, "odd", types=types)
    syncing.sync(account)
    syncing.sync(account)
    template = Template.objects.get(content_sid=sid)
    assert template.types == {kind: shape for kind, shape in types.items() if shape is not None}
    assert template.content.as_written.text
    assert Event.objects.filter(verb="templates.synced").count() == 1


@pytest.mark.parametrize("status", ["in_appeal", "Limit_Exceeded", "s" * 60])
def test_statuses_that_are_not_known_here_survive(sim: Simulator, account: Account, status: str) -> None:
    sid = add(sim, "odd")
    sim.twilio.contents[sid].approval.status = status
    syncing.sync(account)
    syncing.sync(account)
    assert Template.objects.get().status == status.lower()[:40]
    assert Event.objects.filter(verb__startswith="template.").count() == 0


def test_an_approved_one_is_never_hidden(sim: Simulator, account: Account) -> None:
    """Same name and language, twice; and in another category than Twilio's three."""
    first, second = add(sim, "welcome"), add(sim, "welcome")
    third = add(sim, "welcome")
    sim.twilio.contents[third].approval.category = "SERVICE"
    syncing.sync(account)
    rows = Template.objects.filter(status="approved", archived_at=None)
    assert set(rows.values_list("content_sid", flat=True)) == {first, second, third}


def test_what_changed_at_twilio_is_noted(sim: Simulator, account: Account) -> None:
    sid = add(sim, "welcome")
    syncing.sync(account)
    sim.faults.add("drop", on="event *", times=None)
    sim.decide(sid, "paused")
    sim.recategorise(sid, "MARKETING")
    sim.twilio.contents[sid].types = kinds.text("Hello {{1}}, welcome.")
    syncing.sync(account)
    template = Template.objects.get()
    assert (template.status, template.category) == ("paused", "MARKETING")
    assert template.content.body == "Hello {{1}}, welcome."
    assert verbs(template) == ["paused", "recategorised"]
    assert Event.objects.filter(verb="templates.synced").last().data["changed"] == 1


def test_what_is_gone_at_twilio_is_marked_and_stays(sim: Simulator, account: Account) -> None:
    sid = add(sim, "welcome")
    syncing.sync(account)
    content = sim.twilio.contents.pop(sid)
    syncing.sync(account)
    syncing.sync(account)
    template = Template.objects.get()
    assert template.is_gone
    assert verbs(template) == ["gone"]
    sim.twilio.contents[sid] = content
    syncing.sync(account)
    assert not again(template).is_gone


def test_one_that_falls_between_two_pages_is_not_gone(
    sim: Simulator, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While the list is read somebody deletes one of a page that was read, and the rest moves up."""
    for number in range(4):
        add(sim, f"t{number}")
    syncing.sync(account)
    monkeypatch.setattr(content_api, "PAGE_SIZES", (2,))
    read, seen = content_api.Listed.read, []

    def reading(record: Any) -> content_api.Listed:
        seen.append(record.sid)
        if len(seen) == 2:
            sim.twilio.delete_content(record.sid)
        return read(record)

    monkeypatch.setattr(content_api.Listed, "read", reading)
    syncing.sync(account)
    assert len(seen) == 3
    assert not Template.objects.exclude(gone_at=None).exists()
    syncing.sync(account)
    assert [row.content_sid for row in Template.objects.exclude(gone_at=None)] == [seen[1]]


def test_what_is_deleted_while_the_list_is_read_stays_gone(
    sim: Simulator, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(sim, "welcome")
    syncing.sync(account)
    [template] = Template.objects.select_related("family__account")
    read = content_api.everything

    def reading(of: Account) -> list[content_api.Listed]:
        found = read(of)
        deleting.delete_at_twilio(template, by=None)
        return found

    monkeypatch.setattr(content_api, "everything", reading)
    syncing.sync(account)
    assert again(template).is_gone


def test_a_list_that_breaks_off_marks_nothing_as_gone(sim: Simulator, account: Account) -> None:
    for number in range(3):
        add(sim, f"t{number}")
    syncing.sync(account)
    finished = Sync.objects.get().finished_at
    sim.twilio.contents.clear()
    sim.faults.add("error_before", on=LIST)
    with pytest.raises(client.CallFailed):
        syncing.sync(account)
    assert Template.objects.filter(gone_at=None).count() == 3
    row = Sync.objects.get()
    assert (row.error, row.finished_at) == ("Twilio gave no answer. Try again in a few minutes.", finished)


def test_twelve_hundred_templates_come_whole_and_in_few_queries(sim: Simulator, account: Account) -> None:
    for number in range(1200):
        add(sim, f"template_{number}", language=("en", "de")[number % 2])
    with CaptureQueriesContext(
        connection,
    ) as first:
        syncing.sync(account)
    assert Template.objects.count() == 1200
    assert sim.calls("GET", "ContentAndApprovals") == 3  # 500 a page
    with CaptureQueriesContext(connection) as second:
        syncing.sync(account)
    assert len(first) < 40
    assert len(second) < 20
    assert Template.objects.filter(gone_at=None).count() == 1200


def test_pages_over_a_megabyte_are_asked_for_smaller(sim: Simulator, account: Account) -> None:
    for number in range(300):
        add(sim, f"template_{number}", types=kinds.text("x" * 5000))
    assert syncing.sync(account).count == 300
    assert Template.objects.count() == 300


def test_a_list_without_end_is_given_up(
    sim: Simulator, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(4):
        add(sim, f"t{number}")
    monkeypatch.setattr(content_api, "PAGE_SIZES", (1,))
    monkeypatch.setattr(content_api, "MOST_PAGES", 2)
    with pytest.raises(client.CallFailed, match="no end"):
        content_api.everything(account)


def test_the_sandbox_brings_its_own(sim: Simulator, account: Account) -> None:
    account.senders.update(kind="sandbox")
    syncing.sync(account)
    [sid] = SANDBOX_TEMPLATES
    template = Template.objects.get()
    assert (template.content_sid, template.status, template.name) == (
        sid,
        "approved",
        "appointment_reminders",
    )
    syncing.sync(account)
    assert not Template.objects.get().is_gone


def test_archived_ones_stay_archived(sim: Simulator, account: Account) -> None:
    add(sim, "welcome")
    syncing.sync(account)
    Template.objects.get().archive(by=None)
    syncing.sync(account)
    assert Template.objects.get().is_archived


def test_anothers_template_is_left_alone(sim: Simulator, account: Account) -> None:
    other = Account.objects.create(sid="AC" + "9" * 32, auth_token="y" * 32)
    theirs = at_twilio(other)
    add(sim, "welcome", sid=theirs.content_sid)
    syncing.sync(account)
    assert Template.objects.get() == theirs
    assert not again(theirs).is_gone


# When


def test_sync_now_waits_once(sim: Simulator, account: Account) -> None:
    add(sim, "welcome")
    assert syncing.request(account, by=None) is True
    assert syncing.request(account, by=None) is False
    assert run_due_jobs() == 1
    assert Template.objects.count() == 1
    assert syncing.request(account, by=None) is True


def test_too_many_requests_wait_as_long_as_asked(sim: Simulator, account: Account) -> None:
    sim.faults.add("throttle", on=LIST, retry_after=40)
    with pytest.raises(TryAgain) as waited:
        syncing.sync(account)
    assert waited.value.after_seconds == 40


def test_every_account_with_a_token_is_compared_by_the_clock(sim: Simulator, account: Account) -> None:
    Account.objects.create(sid="AC" + "8" * 32)
    sync_all_templates()
    assert ProcrastinateJob.objects.filter(task_name="sync_templates", status="todo").count() == 1


def test_a_new_account_does_not_wait_for_the_hour(sim: Simulator, account: Account) -> None:
    add(sim, "welcome")
    poll_templates()
    assert run_due_jobs() == 1
    assert Template.objects.count() == 1
    poll_templates()
    assert run_due_jobs() == 0


# The doctor


def looked() -> doctor.Finding:
    [check] = health.checks()
    [finding] = check.run()
    return finding


@pytest.mark.django_db
def test_the_doctor_looks_at_the_age() -> None:
    account = world.channel().sender.account
    never = looked()
    assert (never.level, "never compared" in never.detail) == (doctor.Level.WARN, True)
    sync = Sync.begin(account)
    sync.finish(12)
    fresh = looked()
    assert (fresh.level, fresh.detail) == (doctor.Level.OK, f"In sync with Twilio: 12 of {account}.")
    Sync.objects.update(
        finished_at=clock.now() - timedelta(days=9, minutes=5), error="Twilio gave no answer."
    )
    stale = looked()
    assert stale.level == doctor.Level.WARN
    assert stale.detail.endswith("9 days ago. Twilio gave no answer.")
    assert "Templates are in sync" in [check.title for check in checklist.checks()]


# Shapes


@pytest.mark.parametrize(("told", "expected"), [
    (None, Approval()),
    ({}, Approval()),
    ([], Approval()),
    ("approved", Approval()),
    ({"whatsapp": None}, Approval()),
    ({"status": None}, Approval()),
    ({"status": "Approved", "name": "a", "category": "UTILITY"}, Approval("approved", "a", "UTILITY")),
    ({"whatsapp": {"status": "rejected", "rejection_reason": "No", "new": 1}},
     Approval("rejected", reason="No")),
])  # fmt: skip
def test_approvals_are_read_in_either_shape(told: Any, expected: Approval) -> None:
    assert Approval.read(told) == expected
