"""Submitting over the pretend Twilio: once, whatever happens to the answer."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db.models import F
from procrastinate.contrib.django.models import ProcrastinateJob

from channels_whatsapp.simulator import Simulator
from inbox.models import Event
from inbox.refusals import Refused
from templates_mgmt import content as kinds
from templates_mgmt import content_api, submitting, syncing
from templates_mgmt.models import Template
from tests.jobs import run_due_jobs
from tests.templates_mgmt.shop import ASK, CREATE, SAMPLES, Write

LOST = ["error_after", "reset_after", "hang_after"]
NEVER = ["error_before", "reset_before"]


def again(template: Template) -> Template:
    return Template.objects.select_related("family__account").get(pk=template.pk)


def made(sim: Simulator) -> list[str]:
    return [c.friendly_name for c in sim.twilio.contents.values() if c.friendly_name.startswith("order_")]


def verbs(template: Template) -> list[str]:
    rows = Event.objects.filter(data__template=template.pk).order_by("pk")
    return [verb.removeprefix("template.") for verb in rows.values_list("verb", flat=True)]


def let_minutes_pass(minutes: int) -> None:
    for name in ("called_at", "submitted_at"):
        Template.objects.filter(**{f"{name}__isnull": False}).update(
            **{name: F(name) - timedelta(minutes=minutes)}
        )


@pytest.fixture
def manual(sim: Simulator) -> Simulator:
    """WhatsApp waits for the test to decide."""
    sim.rest.content.approvals = "manual"
    return sim


def test_a_template_is_made_and_approval_asked_for(manual: Simulator, write: Write) -> None:
    template = write()
    assert template.submit(by=None) is True
    assert template.submit(by=None) is False
    run_due_jobs()
    template = again(template)
    assert (template.submission, template.status) == ("done", "received")
    content = manual.twilio.contents[template.content_sid]
    assert (content.friendly_name, content.language, content.variables) == ("order_shipped", "en", SAMPLES)
    assert content.types == template.types
    assert (content.approval.name, content.approval.category) == ("order_shipped", "UTILITY")
    assert verbs(template) == ["created", "submitted", "accepted", "status"]
    with pytest.raises(Refused, match="cannot be changed"):
        template.edit(by=None, types=kinds.text("other"))


@pytest.mark.parametrize("types", [
    kinds.text("Your order left today."),
    kinds.media("Here it is", ["https://bramblecart.example/lamp.png"]),
    kinds.quick_reply("Is it here?", [("Yes", "yes"), ("No", "no")]),
    kinds.call_to_action("See it", [kinds.link("Open", "https://bramblecart.example/{{1}}"),
                                    kinds.call("Call us", "+442079460000")]),
    kinds.card("Lamp", "Oak", buttons=[kinds.reply("Ok")]),
    kinds.whatsapp_card("It is here.", header="Order", footer="Bye", buttons=[kinds.reply("Ok")]),
    kinds.carousel("Look", [kinds.Card("Lamp", "Oak", ("https://bramblecart.example/1.png",),
                                       (kinds.reply("Ok"),))] * 2),
    kinds.authentication("Copy", minutes=10),
])  # fmt: skip
def test_every_type_that_is_built_here_is_taken(manual: Simulator, write: Write, types: dict) -> None:
    category = "AUTHENTICATION" if "whatsapp/authentication" in types else "UTILITY"
    template = write(types=types, variables={"1": "4711"}, category=category)
    template.submit(by=None)
    run_due_jobs()
    template = again(template)
    assert (template.submission, template.submission_error, template.status) == ("done", "", "received")
    assert manual.twilio.contents[template.content_sid].types == types


@pytest.mark.parametrize("types", [
    kinds.list_picker("Choose one", "Open", [kinds.Item("a", "Lamp", "Oak")]),
    kinds.location(51.5, -0.12, "Workshop", "1 Lane"),
    kinds.quick_reply("Is it here?", [("Yes", "yes")]),
])  # fmt: skip
def test_content_for_open_windows_needs_no_approval(manual: Simulator, write: Write, types: dict) -> None:
    template = write(types=types, variables={}, category="")
    template.submit(by=None, for_approval=False)
    run_due_jobs()
    template = again(template)
    assert (template.submission, template.status) == ("done", "unsubmitted")
    assert template.content_sid in manual.twilio.contents
    assert manual.calls("POST", "ApprovalRequests") == 0


def test_what_works_in_open_windows_can_be_handed_to_whatsapp_later(manual: Simulator, write: Write) -> None:
    template = write(types=kinds.quick_reply("Is it here?", [("Yes", "yes")]), variables={})
    template.submit(by=None, for_approval=False)
    run_due_jobs()
    assert again(template).submit(by=None) is True
    run_due_jobs()
    assert (again(template).status, len(made(manual))) == ("received", 1)


@pytest.mark.parametrize("fault", LOST)
@pytest.mark.parametrize("call", [CREATE, ASK])
def test_a_lost_answer_is_found_out_and_nothing_is_made_twice(
    manual: Simulator, write: Write, fault: str, call: str
) -> None:
    manual.faults.add(fault, on=call, seconds=1.5)
    template = write()
    template.submit(by=None)
    run_due_jobs()
    assert again(template).submission == "unknown"
    submitting.sweep()
    run_due_jobs()
    template = again(template)
    assert (template.submission, template.status, made(manual)) == ("done", "received", ["order_shipped"])
    assert manual.calls("POST", "ApprovalRequests") == 1


@pytest.mark.parametrize("fault", LOST)
def test_a_sync_that_is_first_finds_it_too(manual: Simulator, write: Write, fault: str) -> None:
    manual.faults.add(fault, on=CREATE, seconds=1.5)
    template = write()
    template.submit(by=None)
    run_due_jobs()
    syncing.sync(template.family.account)
    run_due_jobs()
    template = again(template)
    assert (template.submission, template.status) == ("done", "received")
    assert Template.objects.filter(family=template.family).count() == 1


@pytest.mark.parametrize("fault", NEVER)
@pytest.mark.parametrize("call", [CREATE, ASK])
def test_what_twilio_surely_has_not_is_said_after_minutes(
    manual: Simulator, write: Write, fault: str, call: str
) -> None:
    manual.faults.add(fault, on=call)
    template = write()
    template.submit(by=None)
    run_due_jobs()
    for _ in range(4):
        submitting.sweep()
    assert again(template).submission == "unknown"
    let_minutes_pass(11)
    submitting.sweep()
    run_due_jobs()
    template = again(template)
    assert template.submission == "failed"
    assert "Submit it again" in template.submission_error
    template.submit(by=None)
    run_due_jobs()
    template = again(template)
    assert (template.submission, template.status, made(manual)) == ("done", "received", ["order_shipped"])


def test_a_look_that_fails_does_not_count(manual: Simulator, write: Write) -> None:
    manual.faults.add("reset_after", on=CREATE)
    template = write()
    template.submit(by=None)
    run_due_jobs()
    let_minutes_pass(30)
    manual.faults.add("error_before", on="GET /v1/ContentAndApprovals", times=5)
    for _ in range(5):
        submitting.sweep()
    assert again(template).submission == "unknown"
    submitting.sweep()
    run_due_jobs()
    assert (again(template).submission, len(made(manual))) == ("done", 1)


def test_one_that_was_deleted_meanwhile_keeps_nobody_waiting(manual: Simulator, write: Write) -> None:
    gone, found = (write(name) for name in ("gone", "found"))
    for number, template in enumerate((gone, found)):
        sid = manual.twilio.add_content(template.name, template.types, approved="UTILITY").sid
        Template.objects.filter(pk=template.pk).update(content_sid=sid, submission="unknown")
        if not number:
            manual.twilio.delete_content(sid)
    submitting.resolve()
    assert (again(gone).is_gone, again(gone).submission) == (True, "done")
    assert (again(found).status, again(found).submission) == ("approved", "done")


def test_what_is_not_ours_is_not_taken_for_it(manual: Simulator, write: Write) -> None:
    manual.twilio.add_content("order_shipped", kinds.text("Something else"), {})
    manual.twilio.add_content("order_shipped", kinds.text("Hi"), {}, language="de")
    manual.faults.add("error_before", on=CREATE)
    template = write()
    template.submit(by=None)
    run_due_jobs()
    submitting.sweep()
    assert (again(template).submission, again(template).content_sid) == ("unknown", None)


def test_a_refusal_is_said_in_words_and_can_be_mended(manual: Simulator, write: Write) -> None:
    manual.faults.add("refuse", on=CREATE, code=20001, status=400)
    template = write()
    template.submit(by=None)
    run_due_jobs()
    template = again(template)
    assert (template.submission, template.content_sid, template.is_draft) == ("failed", None, True)
    assert template.submission_error == "Twilio did not accept it: Invalid parameter"
    assert verbs(template)[-1] == "failed"
    assert template.edit(by=None, types=kinds.text("Your order left today."), variables={})
    assert again(template).submission_error == ""
    again(template).submit(by=None)
    run_due_jobs()
    assert again(template).status == "received"


def test_a_wrong_token_says_whom_to_ask(manual: Simulator, write: Write) -> None:
    manual.faults.add("refuse", on=CREATE, code=20003, status=401)
    template = write()
    template.submit(by=None)
    run_due_jobs()
    assert "Ask an admin" in again(template).submission_error


@pytest.mark.parametrize("call", [CREATE, ASK])
def test_too_many_requests_waits_and_goes_on(manual: Simulator, write: Write, call: str) -> None:
    manual.faults.add("throttle", on=call, retry_after=30)
    template = write()
    template.submit(by=None)
    run_due_jobs()
    job = ProcrastinateJob.objects.get(task_name="submit_template", status="todo")
    assert job.scheduled_at is not None
    assert (again(template).submission, again(template).status) == ("queued", "unsubmitted")
    run_due_jobs(later=True)
    assert (again(template).status, len(made(manual))) == ("received", 1)
    assert manual.calls("POST", "ApprovalRequests") == (2 if call == ASK else 1)


def test_a_lost_job_is_found(manual: Simulator, write: Write) -> None:
    template = write()
    template.submit(by=None)
    ProcrastinateJob.objects.all().delete()
    submitting.sweep()
    assert run_due_jobs() == 0  # it is young; its job may be about to be written
    let_minutes_pass(2)
    submitting.sweep()
    submitting.sweep()
    assert run_due_jobs() == 1
    assert again(template).status == "received"


def test_a_worker_that_died_in_the_call_leaves_no_second_template(manual: Simulator, write: Write) -> None:
    template = write()
    template.submit(by=None)
    ProcrastinateJob.objects.all().delete()
    row = again(template)
    row.claim()
    content_api.create(row.family.account, name="order_shipped", language="en",
                       types=row.types, variables=row.variables)  # fmt: skip
    let_minutes_pass(2)
    submitting.sweep()
    submitting.sweep()
    run_due_jobs()
    assert (again(template).submission, again(template).status, len(made(manual))) == ("done", "received", 1)


def test_a_sync_in_the_middle_of_the_call_brings_in_no_second_row(manual: Simulator, write: Write) -> None:
    template = write()
    template.submit(by=None)
    row = again(template)
    row.claim()
    account = row.family.account
    sid = content_api.create(account, name="order_shipped", language="en", types=row.types,
                             variables=row.variables)  # fmt: skip
    syncing.sync(account)
    assert not Template.objects.filter(content_sid=sid).exists()
    row.take_sid(sid)
    assert Template.objects.get(content_sid=sid).pk == template.pk


def test_a_new_version_has_a_name_of_its_own_at_twilio(sim: Simulator, write: Write) -> None:
    """WhatsApp takes a name once in a language, and a rejected one not again for 30 days."""
    sim.rest.content.approvals = "manual"
    template = write()
    template.submit(by=None)
    run_due_jobs()
    sim.decide(again(template).content_sid, "rejected", "Variables can't be at the end")
    sim.wait_idle()
    newer = again(template).new_version(by=None)
    newer.submit(by=None)
    run_due_jobs()
    assert (again(newer).status, again(newer).name_at_twilio) == ("received", "order_shipped_2")
    assert again(newer).name == "order_shipped"
    german = write("order_shipped", "de")
    german.submit(by=None)
    run_due_jobs()
    assert (again(german).status, again(german).name_at_twilio) == ("received", "order_shipped_2")


def test_a_numbered_name_that_another_template_has_is_passed_over(manual: Simulator, write: Write) -> None:
    other = write("order_2")
    other.submit(by=None)
    first = write("order")
    first.submit(by=None)
    run_due_jobs()
    version = again(first).new_version(by=None, types=kinds.text("Hi {{1}}, order {{2}} is on its way now."))
    version.submit(by=None)
    assert [again(t).name_at_twilio for t in (other, first, version)] == ["order_2", "order", "order_3"]


def test_what_is_submitted_is_what_was_looked_at(manual: Simulator, write: Write) -> None:
    """Somebody else saves between our look and the row that is queued."""
    template = write()
    Template.objects.get(pk=template.pk).edit(by=None, types=kinds.text("{{1}}"))
    with pytest.raises(Refused, match="cannot start with a variable"):
        template.submit(by=None)
    template.archive(by=None)
    with pytest.raises(Refused, match="archived"):
        template.submit(by=None)
    assert again(template).submission == ""


def test_a_name_that_whatsapp_blocks_is_said(manual: Simulator, write: Write) -> None:
    old = manual.twilio.add_content("order_shipped", kinds.text("x"), approved="UTILITY")
    manual.decide(old.sid, "rejected")
    template = write()
    template.submit(by=None)
    run_due_jobs()
    assert again(template).submission == "failed"
    assert "within the last 30 days" in again(template).submission_error


def test_rules_are_asked_before_twilio(manual: Simulator, write: Write) -> None:
    template = write(types=kinds.text("{{1}} is here"))
    with pytest.raises(Refused, match="cannot start"):
        template.submit(by=None)
    assert manual.calls("POST", "Content") == 0
