"""What changes behind our back: numbers, and tokens (R9)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from channels_whatsapp import checklist, doctor, drift, forgeries, hooks, reconcile, signature
from channels_whatsapp.client import CallFailed
from channels_whatsapp.connecting.told import facts
from channels_whatsapp.models import Account, BadSignature, Receipt, Sender
from channels_whatsapp.simulator import Simulator
from inbox import clock
from inbox.models import Agent, Event, Message
from tests import world
from tests.channels_whatsapp.connecting.conftest import SHOP, TOKEN, words
from tests.channels_whatsapp.posting import PATH, fixture, post_fields
from tests.jobs import run_due_jobs
from tests.threads import accidents, at_once

NEW_TOKEN = "decaf0" * 5 + "22"


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
    assert "WhatsApp has taken +44 7700 900142 off line: OFFLINE." in shown
    assert "Not verified" in shown
    record.status, record.offline_reasons = "ONLINE", []
    assert check().drift == []
    assert verbs() == ["sender.drifted", "sender.mended"]


@pytest.mark.parametrize(
    ("column", "was", "now", "said"),
    [
        ("quality", "HIGH", "LOW", "quality rating of +44 7700 900142 fell from HIGH to LOW"),
        ("limit", "10K Customers/24hr", "1K Customers/24hr", "was lowered from 10K"),
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
    assert drift.is_lowered(before, after, drift.limit_of) is lowered


def test_a_number_that_twilio_does_not_list_any_more(
    twilio: Simulator, sender: Sender, check: Any, page: Client
) -> None:
    del twilio.twilio.senders[SHOP]
    check()
    assert "Twilio does not list +44 7700 900142 any more." in words(page.get("/"))
    result = checklist.run(next(each for each in checklist.checks() if each.key == "drift"))
    assert result.level == doctor.Level.BAD


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
    assert "does not list" in alarm.sentence


def test_facts_survive_what_twilio_leaves_out() -> None:
    class Bare:
        sid = status = properties = webhook = profile = offline_reasons = None
        pending_display_name = pending_display_name_status = None

    assert facts(Bare())["webhook"] == {}


# Tokens


@pytest.mark.parametrize("rest_refuses", [True, False])
def test_a_rotated_token_is_noticed_explained_and_everything_comes_back(
    twilio: Simulator, sender: Sender, page: Client, client: Client, rest_refuses: bool
) -> None:
    """R9. Promotion kills the old token for REST too; either way nothing of 100 messages is lost."""
    anna = twilio.customer("+447700900911", name="Anna")
    anna.send_text("before")
    assert twilio.wait_idle()
    twilio.twilio.account.tokens = [NEW_TOKEN] if rest_refuses else [NEW_TOKEN, TOKEN]
    for number in range(100):
        twilio.customer(f"+4477009{number:05d}").send_text(f"refused {number}")
    assert twilio.wait_idle(60)
    assert Message.objects.count() == 1
    assert sum(BadSignature.objects.values_list("count", flat=True)) >= 64

    drift.watch_signatures()  # every minute; Twilio is asked before anything is said
    run_due_jobs()
    drift.watch_signatures()
    account = Account.objects.get()
    assert account.unsigned_since
    assert bool(account.refused_since) is rest_refuses
    said = "Twilio refuses the token" if rest_refuses else "Twilio signs with a token we do not know"
    assert said in words(page.get("/"))
    assert said.split(" the ")[0].split(" with ")[0] in words(page.get("/connect/"))
    assert "token" in client.get("/readyz").json()["warnings"][0]
    checked = page.get("/connect/checks/signatures/")
    assert "Was the primary token changed? Enter the new one." in words(checked)
    if rest_refuses:
        assert "Enter the new token" in words(page.get(f"/connect/checks/token-{account.pk}/"))

    url = f"/connect/accounts/{account.pk}/token/"
    assert "does not accept" in words(page.post(url, {"token": "0" * 32}))
    assert page.post(url, {"token": NEW_TOKEN}).status_code == 302
    account.refresh_from_db()
    assert (account.auth_token, account.previous_auth_token) == (NEW_TOKEN, TOKEN)
    run_due_jobs(later=True)
    assert Message.objects.count() == 101
    assert Message.objects.filter(recovered=True).count() == 100
    drift.watch_signatures()
    assert said not in words(page.get("/"))

    signature.accounts.forget()
    anna.send_text("after")
    assert twilio.wait_idle()
    assert Message.objects.count() == 102


def test_the_old_token_goes_on_verifying_beside_the_new(
    twilio: Simulator, sender: Sender, page: Client
) -> None:
    twilio.twilio.account.tokens = [TOKEN, NEW_TOKEN]
    page.post(f"/connect/accounts/{sender.account_id}/token/", {"token": NEW_TOKEN})
    twilio.customer("+447700900911").send_text("signed with the old one")
    assert twilio.wait_idle()
    assert Message.objects.count() == 1
    assert not BadSignature.objects.exists()


def test_a_forged_webhook_in_our_name_raises_no_alarm(
    twilio: Simulator, sender: Sender, page: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forgeries, "counter", forgeries.Counter())
    for _ in range(5):
        assert post_fields(fixture("inbound/text", To=SHOP), token="f" * 32).status_code == 403
        drift.watch_signatures()
        run_due_jobs()
    drift.watch_signatures()
    assert Account.objects.get().unsigned_since is None
    assert "written by a stranger" in words(page.get("/connect/checks/signatures/"))
    assert not [each for each in doctor.signatures() if each.level == doctor.Level.BAD]
    assert twilio.log.calls["GET /2010-04-01/Accounts/{account}/Messages.json"] == 2, "Twilio was asked once"


def test_one_good_webhook_ends_the_alarm(twilio: Simulator, sender: Sender) -> None:
    forgeries.write(PATH, sender.account.sid, 1, "")
    twilio.twilio.add_history("whatsapp:+447700900911", SHOP, "hello", at=clock.now())
    drift.watch_signatures()
    run_due_jobs()
    drift.watch_signatures()
    assert Account.objects.get().unsigned_since
    twilio.customer("+447700900911").send_text("hi")
    assert twilio.wait_idle()
    assert Receipt.objects.exists()
    drift.watch_signatures()
    assert Account.objects.get().unsigned_since is None


def test_the_token_before_verifies_for_a_day_only(twilio: Simulator, sender: Sender, page: Client) -> None:
    page.post(f"/connect/accounts/{sender.account_id}/token/", {"token": TOKEN})
    Account.objects.update(previous_auth_token=NEW_TOKEN, token_at=clock.now() - timedelta(hours=23))
    assert Account.objects.get().verifying_tokens == [TOKEN, NEW_TOKEN]
    Account.objects.update(token_at=clock.now() - timedelta(hours=25))
    assert Account.objects.get().verifying_tokens == [TOKEN]


def test_a_token_entered_here_stands_in_for_the_settings_until_they_change(
    twilio: Simulator, sender: Sender, page: Client, settings: Any
) -> None:
    settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN = sender.account.sid, ["an old one"]
    Account.objects.update(auth_token="")
    account = Account.objects.get()
    assert account.sending_token == "an old one"
    page.post(f"/connect/accounts/{account.pk}/token/", {"token": TOKEN})
    assert Account.objects.get().sending_token == TOKEN
    settings.TWILIO_AUTH_TOKEN = ["the newest"]
    assert Account.objects.get().sending_token == "the newest"
