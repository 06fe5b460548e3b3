"""From an empty installation to a number that answers, through the pages."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from django.test import Client

from channels_whatsapp import checklist, hooks
from channels_whatsapp.connecting import choosing
from channels_whatsapp.models import Account, Sender
from channels_whatsapp.simulator import Simulator
from inbox import clock
from inbox.models import Agent, Channel, Event, Message, Team
from inbox.refusals import Refused
from tests import world
from tests.channels_whatsapp.connecting.conftest import OTHER, SHOP, TOKEN, words
from tests.conftest import ACCOUNT_SID
from tests.jobs import run_due_jobs
from tests.threads import accidents, at_once

GIVEN = {"sid": ACCOUNT_SID, "token": TOKEN}


def test_from_nothing_to_there_and_back(twilio: Simulator, page: Client) -> None:
    assert "Account SID" in words(page.get("/connect/"))
    assert page.post("/connect/account/", GIVEN).status_code == 302
    account = Account.objects.get()
    assert (account.sid, account.name, account.auth_token) == (ACCOUNT_SID, "Simulated account", TOKEN)

    listed = words(page.get(f"/connect/accounts/{account.pk}/senders/"))
    assert (
        "+44 7700 900142 · Bramblecart Registered and online · Quality: High · 1,000 customers a day"
        in listed
    )
    team = Team.objects.create(name="Orders")
    chosen = {"address": SHOP, "label": "Shop UK", "team": team.pk}
    page.post(f"/connect/accounts/{account.pk}/senders/", chosen)
    sender = Sender.objects.select_related("channel").get()
    assert (sender.address, sender.channel.name, sender.status) == (SHOP, "Shop UK", "ONLINE")
    assert (sender.quality, sender.messaging_limit) == ("HIGH", "1K Customers/24hr")
    assert list(sender.channel.teams.all()) == [team]

    page.post(f"/connect/senders/{sender.pk}/webhooks/", {"connect": "1"})
    assert twilio.twilio.senders[SHOP].webhook == hooks.wanted()
    assert "#rc=5&rp=5xx,ct,rt" in hooks.wanted()["callback_url"]

    page.post(f"/connect/senders/{sender.pk}/hello/")
    run_due_jobs()
    anna = twilio.customer("+447700900911", name="Anna")
    anna.send_text("Hello")
    assert twilio.wait_idle()
    assert "Anna : Hello" in words(page.get(f"/connect/senders/{sender.pk}/hello/"))
    run_due_jobs(later=True)
    assert twilio.wait_idle()
    run_due_jobs(later=True)
    assert "It works, there and back." in words(page.get(f"/connect/senders/{sender.pk}/hello/"))
    assert [message.body for message in anna.received] == [Message.objects.get(direction="outbound").body]
    assert 'data-state="todo"' not in page.get("/connect/").content.decode()
    verbs = set(Event.objects.values_list("verb", flat=True))
    assert {"account.connected", "sender.connected", "sender.webhooks_set"} <= verbs


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"token": "0" * 32}, "Twilio does not accept this SID with this token."),
        ({"sid": "SK" + "0" * 32}, "This is an API key."),
        ({"sid": "AC12"}, "An account SID is AC and 32 digits"),
        ({"token": "two words"}, "letters and digits only"),
        ({"token": ""}, "This field is required."),
    ],
)
def test_what_is_wrong_with_credentials_is_said(
    twilio: Simulator, page: Client, given: dict[str, str], said: str
) -> None:
    answer = page.post("/connect/account/", GIVEN | given)
    assert answer.status_code == 422
    assert said in words(answer)
    assert not Account.objects.exists()
    assert page.get("/connect/account/").headers["Location"] == "/connect/"


@pytest.mark.parametrize(
    ("fault", "options", "said"),
    [
        ("reset_before", {}, "Twilio gave no answer, so nothing was stored."),
        ("throttle", {}, "Twilio asks for fewer calls."),
        ("error_before", {}, "Twilio gave no answer, so nothing was stored."),
        ("delay", {"seconds": 3}, "Twilio gave no answer, so nothing was stored."),
    ],
)
def test_a_twilio_that_does_not_answer_well_stores_nothing(
    twilio: Simulator, page: Client, fault: str, options: dict[str, Any], said: str
) -> None:
    twilio.twilio.faults.add(fault, on="GET /2010-04-01/Accounts/*", **options)
    assert said in words(page.post("/connect/account/", GIVEN))
    assert not Account.objects.exists()


def test_an_unreachable_twilio_is_told(twilio: Simulator, page: Client, settings: Any) -> None:
    settings.TWILIO_API_BASE_URL = "http://127.0.0.1:9"
    assert "Twilio cannot be reached from here" in words(page.post("/connect/account/", GIVEN))


def test_the_settings_can_be_used(twilio: Simulator, page: Client, settings: Any) -> None:
    settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN = ACCOUNT_SID, [TOKEN]
    assert "Use the settings" in words(page.get("/connect/"))
    page.post("/connect/account/settings/")
    account = Account.objects.get()
    assert account.auth_token == "", "the token stays in the settings"
    assert account.is_from_settings


def test_the_sandbox_is_entered_with_its_code(twilio: Simulator, account: Account, page: Client) -> None:
    given = {"address": "+1 (415) 523-8886", "code": "join autumn-lamp", "label": "Trial"}
    page.post(f"/connect/accounts/{account.pk}/sandbox/", given)
    sender = Sender.objects.get()
    assert (sender.kind, sender.address, sender.join_code) == (
        "sandbox", "whatsapp:+14155238886", "autumn-lamp",
    )  # fmt: skip
    shown = page.get("/connect/")
    assert "join autumn-lamp" in words(shown)
    assert 'class="qr"' in shown.content.decode()
    assert "Sandbox settings" in words(shown)
    page.post(f"/connect/senders/{sender.pk}/webhooks/", {"connect": "1"})
    assert "cannot set the addresses of the sandbox" in words(page.get("/connect/"))


def test_a_number_in_a_messaging_service_is_set_there_too(
    twilio: Simulator, account: Account, page: Client
) -> None:
    service = twilio.twilio.add_service("Shop", InboundRequestUrl="https://elsewhere.example/")
    twilio.twilio.senders[OTHER].service_sid = service.sid
    assert "in the Messaging Service Shop" in words(page.get(f"/connect/accounts/{account.pk}/senders/"))
    page.post(f"/connect/accounts/{account.pk}/senders/", {"address": OTHER})
    sender = Sender.objects.get()
    assert sender.messaging_service_sid == service.sid
    page.post(f"/connect/senders/{sender.pk}/webhooks/")
    assert service.settings["InboundRequestUrl"] == hooks.wanted()["callback_url"]
    assert service.settings["FallbackUrl"] == hooks.wanted()["fallback_url"]
    assert service.settings["StatusCallback"] == hooks.wanted()["status_callback_url"]


def test_a_number_that_is_connected_cannot_be_picked_again(
    twilio: Simulator, sender: Sender, page: Client
) -> None:
    url = f"/connect/accounts/{sender.account_id}/senders/"
    assert "+44 7700 900142" not in words(page.get(url))
    page.post(url, {"address": SHOP})
    assert "connected already, as Shop UK" in words(page.get("/connect/"))
    assert Sender.objects.count() == 1


def test_a_number_of_a_form_that_twilio_does_not_list_is_not_taken(
    twilio: Simulator, account: Account, page: Client
) -> None:
    page.post(f"/connect/accounts/{account.pk}/senders/", {"address": "whatsapp:+447700900999"})
    assert not Channel.objects.exists()


def test_two_who_pick_a_number_at_once_get_one_and_a_sentence(
    twilio: Simulator, account: Account, admin: Agent
) -> None:
    acts = [partial(choosing.adopt, account, SHOP, f"Shop {n}", None, by=admin) for n in range(4)]
    assert [type(each) for each in accidents(at_once(*acts))] == [Refused] * 3
    assert Event.objects.filter(verb="sender.connected").count() == 1


def test_a_messaging_service_that_does_not_answer_stops_nothing(
    twilio: Simulator, account: Account, page: Client
) -> None:
    service = twilio.twilio.add_service("Shop", InboundRequestUrl="https://elsewhere.example/")
    twilio.twilio.senders[OTHER].service_sid = service.sid
    twilio.twilio.faults.add("error_before", on=f"GET /v1/Services/{service.sid}", times=None)
    assert page.post(f"/connect/accounts/{account.pk}/senders/", {"address": OTHER}).status_code == 302
    sender = Sender.objects.get()
    assert (sender.messaging_service_sid, sender.webhook["callback_url"]) == (
        service.sid, "https://elsewhere.example/",
    )  # fmt: skip
    changed = {"name": "Bramblecart Repairs", "about": "We mend"}
    assert page.post(f"/connect/senders/{sender.pk}/profile/", changed).status_code == 302


def test_the_last_of_many_services_is_found(twilio: Simulator, account: Account, page: Client) -> None:
    for number in range(25):
        service = twilio.twilio.add_service(f"Service {number}")
    twilio.twilio.senders[OTHER].service_sid = service.sid
    page.post(f"/connect/accounts/{account.pk}/senders/", {"address": OTHER})
    assert Sender.objects.get().messaging_service_sid == service.sid


def test_what_is_wrong_is_said_beside_what_is_connected_already(
    twilio: Simulator, sender: Sender, page: Client
) -> None:
    other = {"sid": "AC" + "9" * 32, "token": "0" * 32}
    assert "does not accept this SID" in words(page.post("/connect/account/", other))
    sandbox = {"address": "123", "code": "autumn-lamp"}
    url = f"/connect/accounts/{sender.account_id}/"
    assert "with its country code" in words(page.post(f"{url}sandbox/", sandbox))
    page.post(f"{url}senders/", {"address": OTHER, "label": "x" * 81})
    assert "at most 80 characters" in words(page.get("/connect/"))


def test_an_account_that_is_connected_again_gets_the_token(
    twilio: Simulator, account: Account, page: Client
) -> None:
    account.take_token("0" * 32)
    account.refused_since = clock.now()
    account.save()
    page.post("/connect/account/", GIVEN)
    account.refresh_from_db()
    assert (account.auth_token, account.is_locked_out) == (TOKEN, False)
    assert Event.objects.filter(verb="account.token_changed").count() == 1


# The doctor, one by one


def test_every_check_is_its_own_request_and_says_how_long_it_took(
    twilio: Simulator, sender: Sender, page: Client
) -> None:
    shown = page.get("/connect/").content.decode()
    for check in checklist.checks():
        assert f'hx-get="/connect/checks/{check.key}/"' in shown
        answer = page.get(f"/connect/checks/{check.key}/")
        assert answer.status_code == 200
        assert " ms" in words(answer), check.key
    assert page.get("/connect/checks/nothing/").status_code == 404


def test_the_page_itself_asks_twilio_nothing(twilio: Simulator, sender: Sender, page: Client) -> None:
    twilio.twilio.faults.add("delay", on="*", times=None, seconds=5)
    before = dict(twilio.log.calls)
    assert page.get("/connect/").status_code == 200
    assert page.get("/connect/senders/").status_code == 200
    assert dict(twilio.log.calls) == before


def test_a_wrong_address_is_found_and_set_right_by_one_press(
    twilio: Simulator, sender: Sender, page: Client
) -> None:
    twilio.twilio.senders[SHOP].webhook["callback_url"] = "https://old-desk.example/wa"
    answer = page.get(f"/connect/checks/inbound-{sender.pk}/")
    assert "https://old-desk.example/wa" in words(answer)
    assert "Set the right address" in words(answer)
    page.post(f"/connect/senders/{sender.pk}/webhooks/", {"connect": "1"})
    assert "Its messages come here." in words(page.get(f"/connect/checks/inbound-{sender.pk}/"))


def test_without_scripts_all_checks_are_made_at_once(twilio: Simulator, sender: Sender, page: Client) -> None:
    assert "It is online." in words(page.get("/connect/?checks=all"))


def test_pages_are_for_admins(twilio: Simulator, sender: Sender) -> None:
    for role in ("agent", "lead"):
        client = Client()
        client.force_login(world.agent(role, role), backend="django.contrib.auth.backends.ModelBackend")
        assert client.get("/connect/").status_code == 404
        assert client.get(f"/connect/senders/{sender.pk}/").status_code == 404
        assert client.post("/connect/account/", GIVEN).status_code == 404


def test_labels_team_and_typing_are_changed_on_the_senders_page(
    twilio: Simulator, sender: Sender, page: Client
) -> None:
    team = Team.objects.create(name="Orders")
    given = {"label": "Shop", "team": team.pk, "shows_typing": "on"}
    assert page.post(f"/connect/senders/{sender.pk}/", given).status_code == 302
    channel = Channel.objects.get()
    assert (channel.name, channel.shows_typing, list(channel.teams.all())) == ("Shop", True, [team])
    page.post(f"/connect/senders/{sender.pk}/", given)
    assert Event.objects.filter(verb="sender.changed").count() == 1, "nothing changed the second time"
    assert "Shop" in words(page.get("/connect/senders/"))


def test_nothing_is_ticked_that_nobody_could_look_at(twilio: Simulator, sender: Sender, page: Client) -> None:
    Sender.objects.update(kind=Sender.Kind.SANDBOX)
    keys = {check.key for check in checklist.checks()}
    assert f"online-{sender.pk}" in keys
    assert not {f"inbound-{sender.pk}", f"status-{sender.pk}"} & keys
    Sender.objects.update(kind=Sender.Kind.PRODUCTION)
    twilio.twilio.senders.clear()
    for name in ("online", "inbound", "status"):
        assert 'data-level="ok"' not in page.get(f"/connect/checks/{name}-{sender.pk}/").content.decode()
