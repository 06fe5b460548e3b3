"""What changes behind our back: numbers, and tokens (R9)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from channels_whatsapp import checklist, doctor, drift, hooks, ratings, reconcile
from channels_whatsapp.client import CallFailed
from channels_whatsapp.connecting.told import facts
from channels_whatsapp.models import Sender
from channels_whatsapp.simulator import Simulator
from inbox.models import Agent, Event
from tests import world
from tests.channels_whatsapp.connecting.conftest import SHOP, words
from tests.threads import accidents, at_once


def verbs() -> list[str]:
    return list(Event.objects.filter(verb__startswith="sender.").values_list("verb", flat=True))


@pytest.fixture
def check(sender: Sender) -> Callable[[], Sender]:
    """As the job does; the sender as it is then."""

    def check() -> Sender:
        drift.check_all()
        return Sender.objects.get()

    assert check().drift == []
    return check


def test_an_address_changed_at_twilio_is_told_and_put_right_by_one_press(
    twilio: Simulator, sender: Sender, check: Any, page: Client
) -> None:
    twilio.twilio.senders[SHOP].webhook["callback_url"] = "https://old-desk.example/wa"
    assert [each["what"] for each in check().drift] == ["webhook"]
    check()
    assert verbs() == ["sender.drifted"], "told once"
    home = page.get("/")
    assert "Messages to +44 7700 900142 do not come here any more. Point it here again" in words(home)
    assert f'<form method="post" action="/connect/senders/{sender.pk}/webhooks/">' in home.content.decode()
    assert "https://old-desk.example/wa" in words(page.get(f"/connect/senders/{sender.pk}/"))
    page.post(f"/connect/senders/{sender.pk}/webhooks/")
    assert twilio.twilio.senders[SHOP].webhook == hooks.wanted()
    assert "do not come here any more" not in words(page.get("/"))


def test_what_twilio_puts_right_itself_is_over_by_itself(
    twilio: Simulator, sender: Sender, check: Any, page: Client
) -> None:
    record = twilio.twilio.senders[SHOP]
    record.status, record.offline_reasons = "OFFLINE", [{"code": "63020", "message": "Not verified"}]
    check()
    shown = words(page.get(f"/connect/senders/{sender.pk}/"))
    assert "+44 7700 900142 is not online at WhatsApp any more. Its status: Offline." in shown
    assert "The reasons below are Twilio’s." in shown
    assert "Not verified" in shown
    record.status, record.offline_reasons = "ONLINE", []
    assert check().drift == []
    assert verbs() == ["sender.drifted", "sender.mended"]


@pytest.mark.parametrize(
    ("column", "was", "now", "said"),
    [
        ("quality", "HIGH", "LOW", "quality rating of +44 7700 900142 fell from High to Low"),
        ("limit", "10K Customers/24hr", "1K Customers/24hr", "lowered from 10,000 customers a day to 1,000"),
    ],
)
def test_what_was_lowered_stays_until_it_was_seen(
    twilio: Simulator, sender: Sender, page: Client, column: str, was: str, now: str, said: str
) -> None:
    record = twilio.twilio.senders[SHOP]
    setattr(record, column, was)
    drift.check_all()
    setattr(record, column, now)
    drift.check_all()
    drift.check_all()
    assert said in words(page.get("/"))
    page.post(f"/connect/senders/{sender.pk}/seen/")
    drift.check_all()
    assert said not in words(page.get("/"))
    setattr(record, column, was)
    drift.check_all()
    assert Sender.objects.get().drift == [], "better is no news"


@pytest.mark.parametrize(
    ("before", "after", "lowered"),
    [
        ("10K Customers/24hr", "2K Customers/24hr", True),
        ("2K", "10K", False),
        ("Unlimited", "100K", True),
        ("250 Customers/24hr", "1K", False),
        ("", "1K", False),
        ("1K", "", False),
        ("TIER_NEW", "1K", False),
    ],
)
def test_limits_are_compared_by_what_they_say(before: str, after: str, lowered: bool) -> None:
    assert ratings.is_lowered(before, after, ratings.limit_of) is lowered


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("1K Customers/24hr", "1,000 customers a day"),
        ("250 Customers/24hr", "250 customers a day"),
        ("Unlimited", "Unlimited"),
        ("TIER_NEW", "TIER_NEW"),
        ("", ""),
    ],
)
def test_limits_are_said_for_people(text: str, said: str) -> None:
    assert ratings.limit_words(text) == said


def test_a_banner_says_all_that_is_wrong_with_a_number(
    twilio: Simulator, sender: Sender, check: Any, page: Client
) -> None:
    record = twilio.twilio.senders[SHOP]
    record.status, record.webhook["callback_url"] = "OFFLINE", "https://old-desk.example/wa"
    check()
    offline = "+44 7700 900142 is not online at WhatsApp any more. Its status: Offline."
    elsewhere = "Messages to +44 7700 900142 do not come here any more."
    assert f"{offline} {elsewhere} Point it here again Look at it" in words(page.get("/"))
    shown = words(page.get(f"/connect/senders/{sender.pk}/"))
    assert "Twilio gives no reason" in shown and "The reasons below" not in shown


def test_a_number_that_twilio_does_not_list_any_more(
    twilio: Simulator, sender: Sender, check: Any, page: Client
) -> None:
    del twilio.twilio.senders[SHOP]
    check()
    assert "Twilio does not list +44 7700 900142 any more." in words(page.get("/"))
    result = checklist.run(next(each for each in checklist.checks() if each.key == f"drift-{sender.pk}"))
    assert result.level == doctor.Level.BAD
    shown = page.get(f"/connect/checks/drift-{sender.pk}/").content.decode()
    assert f'href="/connect/senders/{sender.pk}/"' in shown


def test_a_service_it_was_put_into_at_twilio_is_noticed_by_its_messages(
    twilio: Simulator, sender: Sender, check: Any, page: Client
) -> None:
    service = twilio.twilio.add_service("Shop", InboundRequestUrl="https://elsewhere.example/")
    twilio.twilio.senders[SHOP].service_sid = service.sid
    assert check().drift == []
    twilio.customer("+447700900911").send_text("hello?")
    assert twilio.wait_idle()
    reconcile.everything()
    assert [each["what"] for each in check().drift] == ["webhook"]
    page.post(f"/connect/senders/{sender.pk}/webhooks/")
    assert service.settings["InboundRequestUrl"] == hooks.wanted()["callback_url"]
    assert check().drift == []
    twilio.twilio.services.clear()
    assert (check().messaging_service_sid, check().drift) == ("", [])


def test_what_somebody_has_seen_is_written_down_once(twilio: Simulator, sender: Sender, page: Client) -> None:
    Sender.objects.update(quality="HIGH", drift=[{"what": "quality", "was": "HIGH", "now": "LOW"}])
    for _ in range(2):
        page.post(f"/connect/senders/{sender.pk}/seen/")
    assert verbs() == ["sender.seen"]
    assert (Sender.objects.get().quality, Sender.objects.get().drift) == ("LOW", [])


def test_two_comparisons_at_once_tell_a_change_once(twilio: Simulator, sender: Sender) -> None:
    twilio.twilio.senders[SHOP].webhook["callback_url"] = "https://old-desk.example/wa"
    twilio.twilio.faults.add("delay", on="GET /v2/*", times=2, seconds=0.2)
    assert accidents(at_once(drift.check_all, drift.check_all)) == []
    assert verbs() == ["sender.drifted"]


def test_a_messaging_services_address_counts(twilio: Simulator, sender: Sender) -> None:
    service = twilio.twilio.add_service("Shop", InboundRequestUrl="https://elsewhere.example/")
    Sender.objects.update(messaging_service_sid=service.sid)
    drift.check_all()
    assert [each["what"] for each in Sender.objects.get().drift] == ["webhook"]


def test_it_costs_one_list_for_each_account(twilio: Simulator, sender: Sender) -> None:
    row = world.Channel.objects.create(name="Repairs", address="whatsapp:+447700900187")
    Sender.objects.create(channel=row, account=sender.account, address=row.address)
    before = sum(twilio.log.calls.values())
    drift.check_all()
    assert sum(twilio.log.calls.values()) - before == 1


def test_a_twilio_that_does_not_answer_is_no_drift(twilio: Simulator, sender: Sender) -> None:
    twilio.twilio.faults.add("error_before", on="GET /v2/*")
    with pytest.raises(CallFailed):  # so that the job looks again soon
        drift.check_all()
    assert Sender.objects.get().drift == []


def test_the_sandbox_is_left_alone(twilio: Simulator, sender: Sender) -> None:
    Sender.objects.update(kind=Sender.Kind.SANDBOX)
    twilio.twilio.senders.clear()
    drift.check_all()
    assert Sender.objects.get().drift == []


def test_banners_are_for_admins_and_cost_one_query(
    twilio: Simulator, sender: Sender, django_assert_num_queries: Any
) -> None:
    from inbox import gateways

    Sender.objects.update(drift=[{"what": "missing", "was": "", "now": ""}])
    assert gateways.alarms(world.agent("lead", "lead")) == []
    with django_assert_num_queries(1):
        [alarm] = gateways.alarms(Agent(role="admin"))
    assert alarm.sentence == "Twilio does not list \u2066+44 7700 900142\u2069 any more."


def test_facts_survive_what_twilio_leaves_out() -> None:
    class Bare:
        sid = status = properties = webhook = profile = offline_reasons = None
        pending_display_name = pending_display_name_status = None

    assert facts(Bare())["webhook"] == {}
