"""A number's way to WhatsApp and back."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.test import Client

from channels_whatsapp import hooks
from channels_whatsapp.connecting import profiles, registering
from channels_whatsapp.connecting.sender_forms import ProfileForm, name_of
from channels_whatsapp.models import Account, Sender
from channels_whatsapp.simulator import Simulator
from inbox import clock
from inbox.models import Agent, Channel, Conversation, Event
from inbox.refusals import Refused
from tests import world
from tests.channels_whatsapp.connecting.conftest import SHOP, words
from tests.jobs import run_due_jobs
from tests.threads import accidents, at_once

NEW = "whatsapp:+447700900555"
GIVEN = {"number": "+44 7700 900555", "name": "Bramblecart Spares", "waba": "12345678912345", "method": "sms",
         "label": "Spares"}  # fmt: skip


def url_of(account: Account) -> str:
    return f"/connect/accounts/{account.pk}/registration/"


def last() -> Sender:
    return Sender.objects.select_related("channel").latest("pk")


def settle(twilio: Simulator) -> Sender:
    assert twilio.wait_idle()
    registering.follow_all()
    return last()


def test_a_number_is_registered_verified_and_online(
    twilio: Simulator, account: Account, page: Client
) -> None:
    assert page.post(url_of(account), GIVEN).status_code == 302
    record = twilio.twilio.senders[NEW]
    assert record.configuration == {"verification_method": "sms", "waba_id": "12345678912345"}
    assert record.webhook == hooks.wanted()
    assert record.profile["name"] == "Bramblecart Spares"
    sender = last()
    assert (sender.channel.name, sender.sid) == ("Spares", record.sid)

    sender = settle(twilio)
    assert sender.status == "PENDING_VERIFICATION"
    here = f"/connect/senders/{sender.pk}/"
    assert "WhatsApp has sent a code to this number." in words(page.get(here))
    wrong = page.post(f"{here}verification/", {"code": "999 999"})
    assert wrong.status_code == 422
    said = "The verification code is wrong or too old. Ask for a new code, and enter it within ten minutes."
    assert said in words(wrong)
    assert 'id="id_code_error"' in wrong.content.decode(), "at its field"
    assert "A code has six digits." in words(page.post(f"{here}verification/", {"code": "x"}))
    assert page.get(f"{here}verification/").headers["Location"] == here
    page.post(f"{here}verification/", {"method": "voice"})
    assert record.configuration["verification_method"] == "voice"
    page.post(f"{here}verification/", {"code": "123-456"})
    sender = settle(twilio)
    assert (sender.status, sender.asked_at) == ("ONLINE", None)
    assert "Online" in words(page.get(f"{here}state/"))
    verbs = set(Event.objects.values_list("verb", flat=True))
    assert {"sender.registering", "sender.code_entered", "sender.code_asked", "sender.registered"} <= verbs


def test_the_job_follows_it_by_itself(twilio: Simulator, account: Account, page: Client) -> None:
    page.post(url_of(account), GIVEN)
    assert twilio.wait_idle()
    run_due_jobs(later=True)
    assert last().status == "PENDING_VERIFICATION"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"number": "07700 900555"}, "with its country code"),
        ({"name": "Bramble 🚚"}, "no emoji"),
        ({"name": "WhatsApp Help"}, "does not allow its own name"),
        ({"name": "24/7"}, "needs letters"),
        ({"waba": "abc"}, "digits only"),
        ({"number": "+447700900142"}, "This account has the number already."),
    ],
)
def test_what_whatsapp_would_not_take_is_said_before(
    twilio: Simulator, account: Account, page: Client, given: dict[str, str], said: str
) -> None:
    answer = page.post(url_of(account), GIVEN | given)
    assert answer.status_code == 422
    assert said in words(answer)
    assert "POST /v2/Channels/Senders" not in twilio.log.calls
    assert not Sender.objects.exists()


@pytest.mark.parametrize("name", ["Bramblecart", "Café Łódź & Söhne", "متجر برامبل", "北京烤鸭"])
def test_names_of_every_script_are_taken(name: str) -> None:
    assert name_of(f"  {name} ") == name


def test_a_refusal_leaves_nothing_behind(twilio: Simulator, account: Account, page: Client) -> None:
    twilio.twilio.max_senders = 2
    answer = page.post(url_of(account), GIVEN)
    assert "as many WhatsApp numbers as it may have" in words(answer)
    assert not Sender.objects.exists() and not Channel.objects.exists()


@pytest.mark.parametrize("fault", ["reset_after", "error_after"])
def test_an_answer_that_never_came_is_looked_for_and_not_asked_for_twice(
    twilio: Simulator, account: Account, page: Client, fault: str
) -> None:
    twilio.twilio.faults.add(fault, on="POST /v2/Channels/Senders")
    assert page.post(url_of(account), GIVEN).status_code == 302
    sender = last()
    assert sender.is_outcome_unknown
    here = f"/connect/senders/{sender.pk}/"
    assert "Twilio gave no answer when it was asked to register" in words(page.get(here))
    page.post(f"{here}registration/")
    assert last().sid == twilio.twilio.senders[NEW].sid
    assert twilio.log.calls["POST /v2/Channels/Senders"] == 1


def test_one_that_never_arrived_is_asked_for_again_by_hand(
    twilio: Simulator, account: Account, page: Client
) -> None:
    twilio.twilio.faults.add("error_before", on="POST /v2/Channels/Senders")
    page.post(url_of(account), GIVEN)
    sender = settle(twilio)
    assert sender.is_outcome_unknown
    assert NEW not in twilio.twilio.senders
    page.post(f"/connect/senders/{sender.pk}/registration/")
    assert "may be about to list it" in words(page.get(f"/connect/senders/{sender.pk}/"))
    assert NEW not in twilio.twilio.senders
    a_minute_later()
    page.post(f"/connect/senders/{sender.pk}/registration/")
    assert last().sid == twilio.twilio.senders[NEW].sid
    assert twilio.twilio.senders[NEW].profile["name"] == "Bramblecart Spares"


def a_minute_later() -> None:
    Sender.objects.update(asked_at=clock.now() - timedelta(seconds=61))


def test_two_who_ask_again_ask_once(twilio: Simulator, account: Account, page: Client, admin: Agent) -> None:
    twilio.twilio.faults.add("error_before", on="POST /v2/Channels/Senders")
    page.post(url_of(account), GIVEN)
    a_minute_later()
    twilio.twilio.faults.add("delay", on="GET /v2/*", times=2, seconds=0.2)
    rows = [Sender.objects.select_related("account", "channel").get() for _ in range(2)]
    results = at_once(*[partial(registering.ask_again, row, by=admin) for row in rows])
    assert [type(each) for each in accidents(results)] == [Refused]
    assert twilio.log.calls["POST /v2/Channels/Senders"] == 2
    assert Event.objects.filter(verb="sender.registering").count() == 2


def test_two_who_register_a_number_at_once_ask_once(
    twilio: Simulator, account: Account, admin: Agent
) -> None:
    wanted = registering.Application(NEW, "Bramblecart Spares")
    twilio.twilio.faults.add("delay", on="GET /v2/*", times=2, seconds=0.2)
    results = at_once(*[partial(registering.register, account, wanted, by=admin)] * 2)
    assert [type(each) for each in accidents(results)] == [Refused]
    assert twilio.log.calls["POST /v2/Channels/Senders"] == 1
    assert last().sid == twilio.twilio.senders[NEW].sid


def test_a_refusal_keeps_a_channel_that_was_there(twilio: Simulator, account: Account, page: Client) -> None:
    Channel.objects.create(name="Spares", address=NEW)
    twilio.twilio.max_senders = 2
    page.post(url_of(account), GIVEN)
    assert (Channel.objects.get().address, Sender.objects.count()) == (NEW, 0)


def test_several_that_follow_tell_a_step_once(twilio: Simulator, account: Account, page: Client) -> None:
    page.post(url_of(account), GIVEN)
    twilio.twilio.senders[NEW].status = "ONLINE"
    twilio.twilio.faults.add("delay", on="GET /v2/*", times=3, seconds=0.2)
    assert accidents(at_once(*[registering.follow_all] * 3)) == []
    assert Event.objects.filter(verb="sender.registered").count() == 1


# Its profile


PROFILE = {"name": "Bramblecart", "about": "Lamps", "description": "We mend & sell lamps.",
           "address": "1 Canal St", "vertical": "Shopping and Retail", "emails": "hello@shop.example",
           "websites": "https://shop.example\nhttps://help.shop.example", "logo_url": ""}  # fmt: skip


@pytest.fixture
def here(sender: Sender, page: Client) -> str:
    page.post(f"/connect/senders/{sender.pk}/refresh/")
    return f"/connect/senders/{sender.pk}/profile/"


def test_only_what_changed_is_sent(twilio: Simulator, here: str, page: Client) -> None:
    assert page.post(here, PROFILE).status_code == 302
    record = twilio.twilio.senders[SHOP]
    assert record.profile["emails"] == [{"email": "hello@shop.example", "label": "Email"}]
    assert [each["website"] for each in record.profile["websites"]] == PROFILE["websites"].split("\n")
    assert twilio.wait_idle()
    run_due_jobs()
    assert profiles.changed(last(), cleaned(PROFILE)) == {}
    page.post(here, PROFILE | {"about": ""})
    assert record.profile["about"] == ""
    assert Event.objects.filter(verb="sender.profile_changed").last().data["fields"] == ["about"]
    shown = page.get(here).content.decode()
    assert "We mend &amp; sell lamps." in shown


def cleaned(given: dict[str, str]) -> dict[str, Any]:
    form = ProfileForm(given)
    assert form.is_valid()
    return form.cleaned_data


def test_a_new_name_is_looked_at_first(twilio: Simulator, here: str, sender: Sender, page: Client) -> None:
    page.post(here, PROFILE | {"name": "Bramblecart & Sons"})
    shown = f"/connect/senders/{sender.pk}/"
    assert "Bramblecart & Sons · WhatsApp looks at it" in words(page.get(shown))
    twilio.twilio.decide_name(SHOP, "DECLINED")
    registering.follow_all()
    assert "Bramblecart & Sons · declined" in words(page.get(shown))


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"about": "x" * 140}, "at most 139"),
        ({"emails": "not one"}, "Enter a valid email address."),
        ({"emails": "a@x.example\nb@x.example\nc@x.example"}, "At most 2."),
        ({"websites": "shop"}, "Enter a valid URL."),
        ({"logo_url": "http://shop.example/a.png"}, "Enter a valid URL."),
        ({"vertical": "Weapons"}, "Select a valid choice."),
    ],
)
def test_limits_of_a_profile(
    twilio: Simulator, here: str, page: Client, given: dict[str, str], said: str
) -> None:
    answer = page.post(here, PROFILE | given)
    assert answer.status_code == 422
    assert said in words(answer)


def test_what_whatsapp_has_taken_may_stay(twilio: Simulator, here: str, page: Client) -> None:
    record = twilio.twilio.senders[SHOP]
    record.name = "24/7 WhatsApp"
    record.profile = {"name": "24/7 WhatsApp", "vertical": "Space Travel"}
    page.post(here.replace("profile", "refresh"))
    assert "Space Travel" in page.get(here).content.decode()
    known = dict.fromkeys(PROFILE, "") | record.profile
    assert page.post(here, known | {"about": "Lamps"}).status_code == 302
    assert record.profile == {"name": "24/7 WhatsApp", "vertical": "Space Travel", "about": "Lamps"}
    assert page.post(here, known | {"name": "24/8"}).status_code == 422


# Its end


def test_removing_asks_and_keeps_the_conversations(twilio: Simulator, sender: Sender, page: Client) -> None:
    talk = world.conversation(None, sender.channel)
    here = f"/connect/senders/{sender.pk}/removal/"
    assert "its quality rating, its limit" in words(page.get(here))
    assert page.post(here, {"at_twilio": "on", "number": "+447700900187"}).status_code == 422
    assert SHOP in twilio.twilio.senders
    assert page.post(here, {"at_twilio": "on", "number": "+44 7700 900142"}).status_code == 302
    assert SHOP not in twilio.twilio.senders
    assert not Sender.objects.exists()
    channel = Channel.objects.get()
    assert not channel.is_active
    assert Conversation.objects.get().pk == talk.pk
    assert page.get(f"/conversations/{talk.pk}/").status_code == 200


def test_removing_here_only_leaves_twilio_alone(twilio: Simulator, sender: Sender, page: Client) -> None:
    page.post(f"/connect/senders/{sender.pk}/removal/", {"number": "+447700900142"})
    assert SHOP in twilio.twilio.senders
    assert not Sender.objects.exists()
    page.post(f"/connect/accounts/{sender.account_id}/senders/", {"address": SHOP, "label": "Shop UK"})
    assert Channel.objects.get().is_active, "it goes on where it was"


def test_what_twilio_refuses_to_remove_stays(twilio: Simulator, sender: Sender, page: Client) -> None:
    twilio.twilio.faults.add("error_before", on="DELETE /v2/*")
    here = f"/connect/senders/{sender.pk}/removal/"
    assert page.post(here, {"at_twilio": "on", "number": "+447700900142"}).status_code == 422
    assert Sender.objects.exists()


def test_nothing_is_removed_while_messages_wait(twilio: Simulator, sender: Sender, page: Client) -> None:
    world.message(world.conversation(None, sender.channel), "Hi", "outbound")
    here = f"/connect/senders/{sender.pk}/removal/"
    assert "1 message is still waiting" in words(page.post(here, {"number": "+447700900142"}))
    assert Sender.objects.exists()
