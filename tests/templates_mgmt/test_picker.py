from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from inbox import consent
from inbox.models import Conversation, Message
from templates_mgmt import content as kinds
from templates_mgmt.models import Template
from tests import world
from tests.templates_mgmt import shelf

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


@pytest.fixture
def talk() -> Conversation:
    return world.conversation(world.contact("Grace Tamblyn"), world.channel(), left=timedelta(days=-2))


@pytest.fixture
def client() -> Client:
    client = Client()
    client.force_login(world.agent(first_name="Tomasz"))
    return client


@pytest.fixture
def order() -> Template:
    template = shelf.template(sources={"1": "contact.first_name"})
    template.fields["2"] = {"means": "Order number", "source": "typed"}
    template.save()
    return template


def url(talk: Conversation, tail: str = "") -> str:
    return f"/conversations/{talk.pk}/templates/{tail}"


def get(client: Client, talk: Conversation, target: str = "picker", **query: Any) -> str:
    return client.get(url(talk), query, headers=HTMX | {"HX-Target": target}).content.decode()


def post(
    client: Client, talk: Conversation, template: Template, *, htmx: bool = True, **more: Any
) -> HttpResponse:
    data = {"template": template.pk, "client_id": str(uuid.uuid4())} | more
    return client.post(url(talk), data, headers=HTMX if htmx else {})


def preview(client: Client, talk: Conversation, template: Template, **values: str) -> str:
    data = {"template": template.pk} | values
    headers = HTMX | {"HX-Trigger-Name": "value-1"}
    return client.post(url(talk, "preview/"), data, headers=headers).content.decode()


def test_a_closed_conversation_loads_the_picker(client: Client, talk: Conversation) -> None:
    page = client.get(f"/conversations/{talk.pk}/").content.decode()
    assert f'hx-get="{url(talk)}" hx-trigger="load"' in page
    assert "An approved template can reopen the conversation." in page


def test_an_open_one_has_it_behind_a_button(client: Client, talk: Conversation) -> None:
    opened = world.conversation(over=talk.channel)
    page = client.get(f"/conversations/{opened.pk}/").content.decode()
    assert f'id="picker-open" href="{url(opened)}"' in page


def test_variables_are_filled_from_their_sources(client: Client, talk: Conversation, order: Template) -> None:
    page = get(client, talk)
    assert 'name="value-1" value="Grace"' in page and "From the contact" in page
    assert '<span class="var">Grace</span>' in page
    assert 'name="value-2" value=""' in page and "Order number" in page
    assert "Fill this in to send" not in page and 'aria-disabled="true"' in page
    assert '<span class="var var--empty">{{2}}</span>' in page
    assert 'id="picker-send" type="button" aria-disabled="true"' in page


def test_the_preview_follows_what_is_typed(client: Client, talk: Conversation, order: Template) -> None:
    page = preview(client, talk, order, **{"value-1": "Grace", "value-2": "BC-<1>"})
    assert '<span class="var">BC-&lt;1&gt;</span>' in page
    assert 'id="picker-foot" hx-swap-oob="true"' in page and 'aria-disabled="true"' not in page
    page = preview(client, talk, order, **{"value-1": "", "value-2": "a     b"})
    assert page.count("field-hint--bad") == 2 and "4 spaces" in page


def test_sending_shows_the_bubble_and_a_fresh_box(
    client: Client, talk: Conversation, order: Template
) -> None:
    answer = post(client, talk, order, **{"value-1": "Grace", "value-2": "BC-1"})
    page = answer.content.decode()
    message = Message.objects.get()
    assert answer.status_code == 200
    assert message.body == "Hi Grace, order BC-1 leaves today."
    assert f'id="message-{message.pk}"' in page and 'id="composer"' in page
    assert message.payload["content_variables"] == {"1": "Grace", "2": "BC-1"}


def test_the_same_press_twice_sends_once(client: Client, talk: Conversation, order: Template) -> None:
    act = {"client_id": str(uuid.uuid4()), "value-1": "Grace", "value-2": "BC-1"}
    for _ in range(2):
        assert post(client, talk, order, **act).status_code == 200
    assert Message.objects.count() == 1
    changed = post(client, talk, order, **act | {"value-2": "BC-2"})
    assert (changed.status_code, changed["X-Refused"]) == (422, "client_id_used")


@pytest.mark.parametrize("htmx", [True, False])
def test_a_blank_is_refused_in_its_place(
    client: Client, talk: Conversation, order: Template, htmx: bool
) -> None:
    answer = post(client, talk, order, htmx=htmx, **{"value-1": "Grace", "value-2": " "})
    page = answer.content.decode()
    assert (answer.status_code, answer["X-Refused"]) == (422, "blank_variable")
    assert 'role="alert"' in page and "Order number {{2}}: Fill this in to send." in page
    assert 'name="value-1" value="Grace"' in page
    assert ("<html" in page) is not htmx
    assert not Message.objects.exists()


def test_a_message_that_came_meanwhile_is_to_be_read_first(
    client: Client, talk: Conversation, order: Template
) -> None:
    seen = world.message(talk, "hello").pk
    world.message(talk, "wait")
    values = {"value-1": "Grace", "value-2": "BC-1", "seen": seen}
    answer = post(client, talk, order, **values)
    assert answer["X-Refused"] == "newer_messages" and "picker-anyway" in answer.content.decode()
    assert post(client, talk, order, **values, anyway="1").status_code == 200


# What is said before sending


def test_marketing_needs_an_opt_in_and_says_so_before(client: Client, talk: Conversation) -> None:
    sale = shelf.template("sale", "Hello there, come and see.", category="MARKETING")
    page = get(client, talk, template=sale.pk)
    assert "Nothing shows that Grace Tamblyn agreed to marketing messages." in page
    assert 'id="picker-send" type="button" disabled' in page
    at = datetime(2026, 5, 3, 12, tzinfo=UTC)
    consent.opt_in(talk.pk, "asked in chat", category="marketing", at=at)
    page = get(client, talk, template=sale.pk)
    assert "Marketing template · Grace Tamblyn opted in on 3 May 2026" in page
    assert "with Twilio’s fee" in page and "A utility template would cost" in page
    assert post(client, talk, sale).status_code == 200


@pytest.mark.parametrize(("days", "is_told"), [(6, True), (8, False)])
def test_a_category_that_meta_changed_is_told_with_both_prices(
    client: Client, talk: Conversation, days: int, is_told: bool
) -> None:
    moved = {"previous_category": "UTILITY", "recategorised_at": datetime.now(UTC) - timedelta(days=days)}
    sale = shelf.template("sale", "Hello there, come and see.", category="MARKETING", **moved)
    told = "WhatsApp changed its category: utility ($0.027) is now marketing ($0.0579)."
    assert (told in get(client, talk, template=sale.pk)) is is_told  # beside the lack of an opt-in
    consent.opt_in(talk.pk, "asked in chat", category="marketing")
    assert (told in get(client, talk, template=sale.pk)) is is_told


def test_marketing_to_the_usa_is_warned_of(client: Client, talk: Conversation) -> None:
    american = world.conversation(world.contact("Kenji", "whatsapp:+12025550158"), talk.channel, left=None)
    consent.opt_in(american.pk, "form", category="marketing")
    sale = shelf.template("sale", "Hello there, come and see.", category="MARKETING")
    assert "does not deliver marketing templates to numbers in the USA" in get(
        client, american, template=sale.pk
    )


def test_a_paused_one_is_listed_with_its_time_and_cannot_be_chosen(
    client: Client, talk: Conversation
) -> None:
    until = datetime(2099, 12, 4, 9, 30, tzinfo=UTC)
    paused = shelf.template("sale", status="paused", paused_until=until)
    page = get(client, talk)
    assert "for low quality until 4 December 2099, 09:30" in page
    assert f"picker-item-{paused.pk}" not in page and 'aria-disabled="true"' in page


def test_nothing_there_says_what_to_do(client: Client, talk: Conversation) -> None:
    assert "There is no approved template for this channel yet." in get(client, talk)


def test_a_search_brings_the_list_alone(client: Client, talk: Conversation, order: Template) -> None:
    shelf.template("repair_ready", "Hi {{1}}, come and collect.")
    page = get(client, talk, "picker-list", words="collect")
    assert "repair_ready" in page and "order_shipped" not in page
    assert page.lstrip().startswith('<div class="picker-list"')
    assert "Nothing fits." in get(client, talk, "picker-list", words="zebra")


def test_another_language_can_be_chosen(client: Client, talk: Conversation, order: Template) -> None:
    french = shelf.template(order.name, "Bonjour {{1}}, voilà.", language="fr")
    page = get(client, talk, "picker-fill", template=french.pk)
    assert "Bonjour" in page and 'lang="fr"' in page and 'aria-current="true" lang="fr"' in page
    assert 'id="picker-foot" hx-swap-oob="true"' in page


def test_content_for_open_windows_is_free_and_says_so(client: Client, talk: Conversation) -> None:
    opened = world.conversation(over=talk.channel)
    wood = shelf.template(
        "wood",
        types=kinds.list_picker("Which?", "Choose", [kinds.Item("o", "Oak")]),
        status="unsubmitted",
        category="",
    )
    page = get(client, opened, template=wood.pk)
    assert "Not approved: goes out while the window is open" in page and "Twilio’s fee alone" in page
    assert post(client, opened, wood).status_code == 200
    bubble = client.get(f"/messages/{Message.objects.get().pk}/").content.decode()
    assert "Choose" in bubble and "Oak" in bubble
    assert post(client, talk, wood)["X-Refused"] == "window_closed"


# Without scripts


def test_it_works_as_a_page_of_its_own(client: Client, talk: Conversation, order: Template) -> None:
    page = client.get(url(talk)).content.decode()
    assert "<html" in page and "Grace Tamblyn" in page
    assert 'id="picker-send" type="submit"' in page
    answer = post(client, talk, order, htmx=False, **{"value-1": "Grace", "value-2": "BC-1"})
    assert (answer.status_code, answer["Location"]) == (302, f"/conversations/{talk.pk}/")
    assert Message.objects.get().body == "Hi Grace, order BC-1 leaves today."


def test_a_template_that_may_not_be_seen_is_not_there(client: Client, talk: Conversation) -> None:
    elsewhere = shelf.template(at=shelf.account("AC" + "b" * 32))
    assert post(client, talk, elsewhere).status_code == 404
    assert get(client, talk, template=elsewhere.pk).count("order_shipped") == 0


def test_after_a_template_went_out_an_answer_is_waited_for(
    client: Client, talk: Conversation, order: Template
) -> None:
    sent = post(client, talk, order, **{"value-2": "4711"}).content.decode()
    page = client.get(f"/conversations/{talk.pk}/").content.decode()
    for shown in (sent, page):
        assert "<b>A template went out" in shown
        assert "Send another template" in shown
        assert 'hx-trigger="load" hx-target="this"' not in shown
    Conversation.objects.update(last_message_status="failed")
    assert "A template went out" not in client.get(f"/conversations/{talk.pk}/").content.decode()


def test_nothing_is_red_before_it_was_touched(client: Client, talk: Conversation, order: Template) -> None:
    assert "Fill this in" not in get(client, talk)
    blank = {"value-1": "", "value-2": ""}
    for judged, told in (("value-1", 1), ("picker-send", 2)):
        headers = HTMX | {"HX-Trigger-Name": judged}
        data = {"template": order.pk} | blank
        shown = client.post(url(talk, "preview/"), data, headers=headers).content.decode()
        assert shown.count("Fill this in to send") == told
        assert 'aria-disabled="true"' in shown


@pytest.mark.parametrize(("category", "is_offered"), [("service", True), ("all", False)])
def test_who_asked_for_silence_is_offered_what_they_still_agree_to(
    client: Client, talk: Conversation, order: Template, category: str, is_offered: bool
) -> None:
    consent.opt_out(talk.pk, "keyword", category=category)
    shown = client.get(f"/conversations/{talk.pk}/").content.decode()
    assert "asked us to stop on" in shown
    assert (url(talk) in shown) is is_offered
    assert post(client, talk, order, **{"value-2": "4711"}).status_code == (200 if is_offered else 422)


def test_a_search_chooses_its_first_hit_when_the_choice_is_not_among_them(
    client: Client, talk: Conversation, order: Template
) -> None:
    other = shelf.template("appointment", "Bench at {{1}}.", variables={"1": "ten"})
    ask = {"target": "picker-list", "template": order.pk}
    assert 'id="picker-fill"' not in get(client, talk, words="order", **ask)
    page = get(client, talk, words="appointment", **ask)
    assert 'id="picker-fill" hx-swap-oob="innerHTML"' in page
    assert f'name="template" value="{other.pk}"' in page
    assert 'id="picker-fill"' not in get(client, talk, words="nothing like it", **ask)


@pytest.mark.parametrize(("left", "asks"), [(-2, False), (2, True)])
def test_the_way_to_an_opt_in_fits_the_window(client: Client, left: int, asks: bool) -> None:
    talk = world.conversation(world.contact("Ann"), world.channel(), left=timedelta(days=left))
    offer = shelf.template("spring", "Lamps {{1}} off", category="MARKETING", variables={"1": "a"})
    page = get(client, talk, template=offer.pk)
    assert f'href="/conversations/{talk.pk}/consent/"' in page
    assert (f'hx-post="/conversations/{talk.pk}/consent/question/"' in page) is asks
    assert ("ask them for it now" in page) is asks
    assert ("ask them when they write again" in page) is not asks
