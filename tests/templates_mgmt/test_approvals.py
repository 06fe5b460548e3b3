"""What WhatsApp decides: by event, by poll, from failures; and old news undoes nothing."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from channels_whatsapp import troubles
from channels_whatsapp.models import Account, Receipt, Sender
from channels_whatsapp.simulator import Simulator
from inbox import clock
from inbox.models import Event
from templates_mgmt import approvals, notices
from templates_mgmt.models import Template
from templates_mgmt.usage import Usage
from tests import world
from tests.channels_whatsapp.posting import post_json
from tests.conftest import ACCOUNT_SID
from tests.jobs import run_due_jobs
from tests.templates_mgmt.shop import Write, at_twilio, draft
from tests.templates_mgmt.test_submitting import again, verbs


@pytest.fixture
def account(db: None) -> Account:
    return world.channel().sender.account


@pytest.fixture
def submitted(sim: Simulator, write: Write) -> Template:
    """In review, and WhatsApp waits for the test to decide."""
    sim.rest.content.approvals = "manual"
    template = write()
    template.submit(by=None)
    run_due_jobs()
    return again(template)


def test_approved_by_event(sim: Simulator, submitted: Template) -> None:
    sim.decide(submitted.content_sid, "approved")
    assert sim.wait_idle()
    template = again(submitted)
    assert (template.status, template.is_approved) == ("approved", True)
    assert template.decided_at is not None
    assert verbs(template)[-1] == "approved"
    assert Receipt.objects.filter(kind="event", outcome="applied").count() == 1


def test_rejected_by_event_with_the_reason_asked_for(sim: Simulator, submitted: Template) -> None:
    sim.decide(submitted.content_sid, "rejected", "Variables can't be at the end of the template.")
    assert sim.wait_idle()
    run_due_jobs()
    template = again(submitted)
    assert (template.status, template.rejection_reason) == (
        "rejected",
        "Variables can't be at the end of the template.",
    )
    assert verbs(template).count("rejected") == 1


def test_the_whole_way_by_itself(sim: Simulator, write: Write) -> None:
    template = write()
    template.submit(by=None)
    run_due_jobs()
    assert sim.wait_idle()
    assert again(template).status == "approved"
    # Events can overtake one another; the ladder may so be shorter.
    assert set(verbs(template)) <= {"created", "submitted", "accepted", "status", "approved"}


def test_one_that_twilio_cannot_tell_keeps_nobody_else_waiting(sim: Simulator, write: Write) -> None:
    first, second = (write(name) for name in ("first", "second"))
    for template in (first, second):
        sid = sim.twilio.add_content(template.name, template.types, approved="UTILITY").sid
        Template.objects.filter(pk=template.pk).update(content_sid=sid, status="pending", submission="done")
    sim.faults.add("error_before", on=f"GET /v1/Content/{again(first).content_sid}/ApprovalRequests")
    approvals.poll()
    assert [again(template).status for template in (first, second)] == ["pending", "approved"]


@pytest.mark.parametrize("drop", [True, False])
def test_the_clock_asks_too(sim: Simulator, submitted: Template, drop: bool) -> None:
    if drop:
        sim.faults.add("drop", on="event *", times=None)
    sim.decide(submitted.content_sid, "approved")
    assert sim.wait_idle()
    approvals.poll()
    template = again(submitted)
    assert template.status == "approved"
    assert verbs(template).count("approved") == 1
    assert template.synced_at is not None or not drop


def test_paused_three_hours_then_six_then_disabled(sim: Simulator, submitted: Template) -> None:
    sim.decide(submitted.content_sid, "approved")
    assert sim.wait_idle()
    for hours in (3, 6):
        before = clock.now()
        sim.pause(submitted.content_sid)
        assert sim.wait_idle()
        template = again(submitted)
        assert template.status == "paused"
        assert timedelta(0) <= template.paused_until - before - timedelta(hours=hours) < timedelta(seconds=5)
        sim.decide(submitted.content_sid, "approved")
        assert sim.wait_idle()
        assert again(submitted).paused_until is None
    sim.pause(submitted.content_sid)
    assert sim.wait_idle()
    template = again(submitted)
    assert (template.status, template.pauses) == ("disabled", 2)
    assert verbs(template).count("paused") == 2
    assert verbs(template)[-1] == "disabled"


def test_a_pause_that_should_be_over_is_asked_about(sim: Simulator, submitted: Template) -> None:
    sim.decide(submitted.content_sid, "approved")
    sim.pause(submitted.content_sid)
    assert sim.wait_idle()
    sim.faults.add("drop", on="event *", times=None)
    sim.advance(hours=4)
    assert sim.wait_idle()
    approvals.poll()
    assert again(submitted).status == "paused"  # by our clock it is not over
    Template.objects.update(paused_until=clock.now() - timedelta(minutes=1))
    approvals.poll()
    assert again(submitted).status == "approved"


@pytest.mark.parametrize("drop", [True, False])
def test_another_category_by_event_or_by_poll(sim: Simulator, submitted: Template, drop: bool) -> None:
    if drop:
        sim.faults.add("drop", on="event *", times=None)
    sim.decide(submitted.content_sid, "approved")
    sim.recategorise(submitted.content_sid, "MARKETING")
    assert sim.wait_idle()
    run_due_jobs()
    approvals.poll()
    template = again(submitted)
    assert (template.category, template.previous_category) == ("MARKETING", "UTILITY")
    event = Event.objects.get(verb="template.recategorised")
    assert (event.data["before"], event.data["category"]) == ("UTILITY", "MARKETING")
    [notice] = notices.about(template, Usage(sent=12))
    assert notice.sentence == (
        "WhatsApp changed the category: this now bills as marketing, no longer as utility."
    )
    assert notice.next_step == "Used 12 times in 30 days."


# Events as they may come


def told(
    template: Template, value: str, *, kind: str = "status_update", minutes: float = 0, id: str = ""
) -> dict[str, Any]:
    at = clock.now() + timedelta(minutes=minutes)
    return {
        "specversion": "1.0",
        "type": "com.twilio.messaging.template.approval.updated",
        "id": id or f"EZ{value}{kind}{minutes}",
        "time": at.isoformat().replace("+00:00", "Z"),
        "data": {
            "type": kind,
            "accountSid": ACCOUNT_SID,
            "template": {"sid": template.content_sid, "previousValue": "", "currentValue": value},
        },
    }


def test_late_and_repeated_events_undo_nothing(account: Account) -> None:
    template = at_twilio(account, status="pending")
    approved, paused = told(template, "approved", minutes=-1), told(template, "paused", minutes=-5)
    for batch in ([approved], [paused], [approved], [approved | {"id": "EZother"}]):
        assert post_json(batch).status_code == 200
    assert (again(template).status, again(template).pauses) == ("approved", 0)
    assert verbs(template) == ["created", "approved"]


def test_a_category_told_in_the_wrong_order_stays_the_newest(account: Account) -> None:
    template = at_twilio(account)
    newest = told(template, "utility", kind="category_update", minutes=-1)
    older = told(template, "marketing", kind="category_update", minutes=-2)
    post_json([newest, older])
    assert again(template).category == "UTILITY"
    assert "recategorised" not in verbs(template)


def test_a_clock_that_is_ahead_does_not_stop_the_news(account: Account) -> None:
    template = at_twilio(account)
    post_json([told(template, "paused", minutes=600)])
    post_json([told(template, "approved")])
    assert again(template).status == "approved"


@pytest.mark.parametrize("status", ["in_appeal", "PENDING_DELETION", "x" * 90])
def test_a_status_that_nobody_knows_is_shown_as_it_is(account: Account, status: str) -> None:
    template = at_twilio(account)
    post_json([told(template, status)])
    template = again(template)
    assert template.status == status.lower()[:40]
    assert verbs(template)[-1] == "status"


@pytest.mark.parametrize("change", [
    {"data": None}, {"data": {}}, {"data": {"type": "status_update", "template": "HX"}},
    {"data": {"type": "status_update", "template": {"sid": 7, "currentValue": None}}},
    {"time": "yesterday"}, {"time": "2026-99-99T00:00:00Z"}, {"time": None},
])  # fmt: skip
def test_an_event_of_another_shape_breaks_nothing(account: Account, change: dict[str, Any]) -> None:
    template = at_twilio(account)
    assert post_json([told(template, "paused") | change]).status_code == 200
    assert Receipt.objects.get().outcome == "applied"
    assert again(template).status in ("approved", "paused")


def test_another_kind_of_news_is_kept(account: Account) -> None:
    template = at_twilio(account)
    post_json([told(template, "YELLOW", kind="quality_update"), told(template, "x", kind="new_kind")])
    assert again(template).quality == "YELLOW"
    assert [r.outcome for r in Receipt.objects.all()] == ["applied", "applied"]


def test_one_accounts_event_says_nothing_about_anothers_template(account: Account) -> None:
    other = Account.objects.create(sid="AC" + "9" * 32, auth_token="y" * 32)
    template = at_twilio(other)
    post_json([told(template, "disabled")])
    assert again(template).status == "approved"


def test_an_event_about_one_that_is_not_here_asks_for_the_list(sim: Simulator, shop: Sender) -> None:
    content = sim.twilio.add_content("from_the_console", {"twilio/text": {"body": "Hi"}}, approved="UTILITY")
    sim.decide(content.sid, "paused")
    assert sim.wait_idle()
    assert run_due_jobs() == 1
    assert Template.objects.get(content_sid=content.sid).status == "paused"


# Learned from failures


@pytest.mark.parametrize(("status", "code"), [("rejected", 63040), ("paused", 63041), ("disabled", 63042)])
def test_a_message_that_fails_tells_about_its_template(
    sim: Simulator, talk: Any, submitted: Template, status: str, code: int
) -> None:
    sim.decide(submitted.content_sid, "approved")
    assert sim.wait_idle()
    sim.faults.add("drop", on="event *", times=None)
    sim.decide(submitted.content_sid, status, "Because")
    template = {"content_sid": submitted.content_sid, "content_variables": {"1": "Anna", "2": "4711"}}
    [message] = talk().reply(by=None, template=template)
    run_due_jobs()
    assert sim.wait_idle()
    message.refresh_from_db()
    assert message.error_code == code
    assert again(submitted).status == status
    run_due_jobs()
    assert again(submitted).rejection_reason == ("Because" if status == "rejected" else "")
    assert verbs(submitted).count(status) == 1


def test_a_template_that_is_gone_is_marked_and_stays(sim: Simulator, talk: Any, submitted: Template) -> None:
    sim.decide(submitted.content_sid, "approved")
    assert sim.wait_idle()
    sim.twilio.delete_content(submitted.content_sid)
    template = {"content_sid": submitted.content_sid, "content_variables": {"1": "Anna", "2": "4711"}}
    talk().reply(by=None, template=template)
    run_due_jobs()
    template = again(submitted)
    assert (template.is_gone, template.status) == (True, "approved")
    assert verbs(template)[-1] == "gone"


def test_a_late_failure_does_not_undo_what_came_after(account: Account) -> None:
    template = at_twilio(account)
    template.note_status("pending", at=clock.now())
    template.note_status("approved", at=clock.now())
    message = world.message(world.conversation(), "x", "outbound", kind="template",
                            payload={"content_sid": template.content_sid})  # fmt: skip
    troubles.tell(message, 63041, clock.now() - timedelta(hours=1))
    assert again(template).status == "approved"
    troubles.tell(message, 63041, clock.now())
    assert again(template).status == "paused"


# For people


def test_a_paused_one_says_when_it_returns_and_what_to_send(account: Account) -> None:
    at_twilio(account, "of_other_category", category="MARKETING")
    at_twilio(account, "of_other_language", language="de")
    template = at_twilio(account)
    template.note_status("paused", at=clock.now())
    [notice] = notices.about(template)
    assert notice.sentence.startswith("WhatsApp paused this template until ")
    assert notice.next_step.startswith("No other approved template in this language")
    at_twilio(account, "order_update")
    assert notices.about(template)[0].next_step == "Send order_update instead."
    used = at_twilio(account, "order_news")
    at_twilio(account, "order_unused")
    world.message(world.conversation(), "x", "outbound", kind="template", status="read",
                  payload={"content_sid": used.content_sid})  # fmt: skip
    assert notices.about(template)[0].next_step == "Send order_news instead."
    newer = at_twilio(account, "order_shipped")
    assert notices.about(template)[0].next_step == "Send order_shipped instead."
    assert list(notices.instead_of(template))[0] == newer


def test_a_failed_and_a_lost_submission_say_what_to_do(account: Account) -> None:
    template = draft(account)
    Template.objects.update(submission="failed", submission_error="Twilio did not accept it: no")
    assert notices.about(again(template))[0].next_step == "Change it and submit it again."
    Template.objects.update(submission="unknown")
    assert "not submitted twice" in notices.about(again(template))[0].next_step


def test_an_event_proves_what_a_lost_answer_did_not(account: Account) -> None:
    template = at_twilio(account, status="unsubmitted", submission="unknown")
    post_json([told(template, "received")])
    assert (again(template).status, again(template).submission) == ("received", "done")


def test_a_list_that_lags_behind_does_not_take_a_submission_back(account: Account) -> None:
    template = at_twilio(account, status="received")
    assert template.note_status("unsubmitted", at=clock.now()) is False
    assert again(template).status == "received"


def test_the_shape_of_an_event_is_the_simulators(sim: Simulator, submitted: Template) -> None:
    sim.recategorise(submitted.content_sid, "MARKETING")
    assert sim.wait_idle()
    receipt = Receipt.objects.get(kind="event")
    expected = json.loads(json.dumps(told(submitted, "marketing", kind="category_update")))["data"]
    expected["template"]["previousValue"] = "utility"
    assert receipt.params["data"] == expected
