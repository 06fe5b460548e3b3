from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from inbox.models import Channel, Contact, Conversation, Message, Team
from templates_mgmt.models import Template
from tests import world
from tests.templates_mgmt import shelf

pytestmark = pytest.mark.django_db
NEW = "whatsapp:+447700900777"


@pytest.fixture
def shop() -> Channel:
    return world.channel()


@pytest.fixture
def client() -> Client:
    client = Client()
    client.force_login(world.agent(first_name="Tomasz"))
    return client


@pytest.fixture
def hello(shop: Channel) -> Template:
    return shelf.template("hello", "Hi {{1}}, {{2}} here.", sources={"2": "agent.first_name"})


def url(shop: Channel, address: str = NEW) -> str:
    return f"/channels/{shop.pk}/start/{address}/"


def send(
    client: Client, shop: Channel, template: Template, address: str = NEW, **values: Any
) -> HttpResponse:
    return client.post(url(shop, address), {"template": template.pk, "client_id": str(uuid.uuid4())} | values)


def find(client: Client, **query: Any) -> str:
    return client.get(
        "/start/", query, headers={"HX-Request": "true", "HX-Target": "people"}
    ).content.decode()


def test_looking_makes_nothing(client: Client, shop: Channel, hello: Template) -> None:
    assert f'href="{url(shop)}"' in find(client, q="+44 7700 900777")
    page = client.get(url(shop)).content.decode()
    assert "+44 7700 900777" in page and 'value="Tomasz"' in page
    client.post(f"{url(shop)}preview/", {"template": hello.pk, "value-1": "Ann"})
    assert not Contact.objects.exists() and not Conversation.objects.exists()


def test_sending_makes_contact_conversation_and_message(
    client: Client, shop: Channel, hello: Template
) -> None:
    answer = send(client, shop, hello, **{"value-1": "Ann"})
    made = Conversation.objects.get()
    assert answer["Location"] == f"/conversations/{made.pk}/"
    assert made.address.value == NEW
    assert Message.objects.get().body == "Hi Ann, Tomasz here."


def test_a_refusal_makes_nothing(client: Client, shop: Channel, hello: Template) -> None:
    answer = send(client, shop, hello, **{"value-1": ""})
    assert (answer.status_code, answer["X-Refused"]) == (422, "blank_variable")
    assert not Contact.objects.exists() and not Conversation.objects.exists()


def test_nobody_unknown_gets_marketing(client: Client, shop: Channel) -> None:
    sale = shelf.template("sale", "Hello there, come and see.", category="MARKETING")
    assert (
        "Nothing shows that +44 7700 900777 agreed"
        in client.get(url(shop), {"template": sale.pk}).content.decode()
    )
    assert send(client, shop, sale)["X-Refused"] == "no_opt_in"
    assert not Contact.objects.exists()


def test_the_same_press_twice_sends_once(client: Client, shop: Channel, hello: Template) -> None:
    act = {"client_id": str(uuid.uuid4()), "value-1": "Ann"}
    answers = {send(client, shop, hello, **act)["Location"] for _ in range(2)}
    assert len(answers) == 1 and Message.objects.count() == 1
    assert "nothing was sent" not in client.get(answers.pop()).content.decode()


def test_a_conversation_that_is_there_is_opened_instead(
    client: Client, shop: Channel, hello: Template
) -> None:
    talk = world.conversation(world.contact("Nour", NEW), shop)
    assert client.get(url(shop))["Location"] == f"/conversations/{talk.pk}/"
    assert f'href="/conversations/{talk.pk}/"' in find(client, q="Nour")
    assert "nothing was sent" not in client.get(url(shop), follow=True).content.decode()
    assert send(client, shop, hello, **{"value-1": "Ann"})["Location"] == f"/conversations/{talk.pk}/"
    assert "began meanwhile, so nothing was sent" in client.get(f"/conversations/{talk.pk}/").content.decode()
    assert not Message.objects.exists()


def test_a_customer_of_another_channel_is_found_and_written_to(
    client: Client, shop: Channel, hello: Template
) -> None:
    nour = world.contact("Nour Haddadine", NEW)
    world.conversation(nour, world.channel("Repairs", "whatsapp:+447700900187"))
    page = find(client, q="Nour", channel=shop.pk)
    assert f'href="{url(shop)}"' in page and "Write to this number" not in page
    send(client, shop, hello, **{"value-1": "Nour"})
    assert nour.conversations.filter(channel=shop).exists() and Contact.objects.count() == 1


def test_what_may_not_be_seen_is_not_found(client: Client, shop: Channel) -> None:
    theirs = world.channel("Orders", "whatsapp:+447700900199", Team.objects.create(name="Orders"))
    world.conversation(world.contact("Secret Nour", NEW), theirs)
    assert "Secret" not in find(client, q="Nour")
    assert "Secret" not in client.get(url(shop)).content.decode()
    assert client.get(url(theirs)).status_code == 404


@pytest.mark.parametrize(
    "address", ["whatsapp:+44", "whatsapp:GB.1234", "+447700900777", "sms:+447700900777", "x"]
)
def test_what_is_no_address_is_not_there(client: Client, shop: Channel, address: str) -> None:
    assert client.get(url(shop, address)).status_code == 404


@pytest.mark.parametrize("words", ["07700 900777", "zebra", "+", "+44 7"])
def test_nobody_found_says_how_to_write_a_number(client: Client, shop: Channel, words: str) -> None:
    assert "Type the number with its country code" in find(client, q=words)


def test_a_channel_that_is_off_is_not_offered(client: Client, shop: Channel) -> None:
    Channel.objects.update(is_active=False)
    assert client.get(url(shop)).status_code == 404
    assert "There is no channel to write from." in client.get("/start/").content.decode()
