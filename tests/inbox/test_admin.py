from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib import admin
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from inbox import consent
from inbox.models import (
    Agent,
    ApiKey,
    Channel,
    ConsentEntry,
    Contact,
    Event,
    Message,
    SendAttempt,
    Team,
)
from tests import world

LISTS = [
    reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
    for model in sorted(admin.site._registry, key=lambda m: m._meta.label)
]


@pytest.fixture
def boss(db: None) -> Agent:
    return world.agent("boss", "admin", is_staff=True, is_superuser=True)


@pytest.fixture
def office(boss: Agent) -> Iterator[Client]:
    client = Client()
    client.force_login(boss)
    yield client


def agent_fields(agent: Agent, **changes: Any) -> dict[str, Any]:
    fields = {"username": agent.username, "role": agent.role, "is_active": "on", "first_name": "",
              "last_name": "", "email": "", "time_zone": "", "teams": []}  # fmt: skip
    return fields | changes


@pytest.mark.parametrize("path", LISTS)
def test_admins_see_every_list_and_others_none(office: Client, path: str) -> None:
    assert office.get(path).status_code == 200
    assert office.get(path, {"q": "\x00'%"}).status_code == 200
    for role in ("agent", "lead"):
        client = Client()
        client.force_login(Agent.objects.filter(username=role).first() or world.agent(role, role))
        assert client.get(path).status_code == 302


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.django_db(transaction=True)
def test_a_filter_that_the_database_cannot_read_is_a_bad_request(path: str) -> None:
    office = Client()
    office.force_login(world.agent("boss", "admin", is_staff=True, is_superuser=True))
    for field in office.get(path).context["cl"].list_filter:
        if isinstance(field, str):
            assert office.get(path, {f"{field}__exact": "\x00"}, follow=True).status_code in (200, 400)


def test_lists_do_not_ask_for_each_row(office: Client) -> None:
    counts = {path: queries_of(office, path) for path in LISTS}
    team = Team.objects.create(name="Orders")
    for n in range(6):
        world.channel(f"Shop {n}", f"whatsapp:+44770090081{n}", team)
        agent = world.agent(f"agent{n}", "agent", team)
        ApiKey.issue(agent)
        talk = world.conversation(assignee=agent)
        message = world.message(talk, "x", "outbound", author=agent)
        SendAttempt.objects.create(message=message)
        Event.record("note.added", conversation=talk, message=message, by=agent)
    for path, before in counts.items():
        assert queries_of(office, path) <= before + 3, path


def queries_of(client: Client, path: str) -> int:
    client.get(path)
    with CaptureQueriesContext(connection) as queries:
        client.get(path)
    return len(queries)


@pytest.mark.parametrize("role", ["agent", "lead", "admin"])
def test_the_role_alone_says_who_is_an_admin(office: Client, role: str) -> None:
    agent = world.agent("tomasz", "agent")
    path = reverse("admin:inbox_agent_change", args=[agent.pk])
    # Columns that are no fields of the form change nothing.
    office.post(path, agent_fields(agent, role=role, is_superuser="on", is_staff="on"))
    agent.refresh_from_db()
    is_admin = role == "admin"
    assert (agent.role, agent.is_staff, agent.is_superuser) == (role, is_admin, is_admin)
    office.post(path, agent_fields(agent, role="agent"))
    agent.refresh_from_db()
    assert (agent.role, agent.is_staff, agent.is_superuser) == ("agent", False, False)


@pytest.mark.parametrize("change", [{"role": "lead"}, {"is_active": ""}])
def test_nobody_locks_themselves_out(office: Client, boss: Agent, change: dict[str, str]) -> None:
    response = office.post(reverse("admin:inbox_agent_change", args=[boss.pk]), agent_fields(boss, **change))
    assert "Ask another admin" in response.content.decode()
    boss.refresh_from_db()
    assert (boss.role, boss.is_active) == ("admin", True)


def test_an_agent_is_made_with_a_team_and_a_password(office: Client) -> None:
    team = Team.objects.create(name="Orders")
    secret = "larkspur mews eighteen"
    fields = {"username": "ines", "usable_password": "true", "password1": secret, "password2": secret,
              "role": "lead", "teams": [team.pk], "first_name": "Ines"}  # fmt: skip
    office.post(reverse("admin:inbox_agent_add"), fields)
    ines = Agent.objects.get(username="ines")
    assert (ines.role, list(ines.teams.all()), ines.is_staff) == ("lead", [team], False)
    assert Client().login(username="ines", password=secret)


def test_a_key_is_shown_once_and_revoked(office: Client, boss: Agent) -> None:
    fields = {"agent": boss.pk, "name": "ERP", "scope": "read", "expires_at_0": "", "expires_at_1": ""}
    response = office.post(reverse("admin:inbox_apikey_add"), fields)
    key = ApiKey.objects.get()
    text = next(
        word
        for word in response.content.decode().replace("<", " ").replace(">", " ").split()
        if word.startswith("fan_")
    )
    assert ApiKey.find(text) == key
    assert "no-store" in response["Cache-Control"]
    pages = [
        office.get(reverse("admin:inbox_apikey_changelist")),
        office.get(f"/admin/inbox/apikey/{key.pk}/change/"),
    ]
    for page in pages:
        assert text not in page.content.decode()
        assert key.digest not in page.content.decode()
    for _again in range(2):
        revoked = {"action": "revoke", "_selected_action": [key.pk]}
        office.post(reverse("admin:inbox_apikey_changelist"), revoked)
    assert ApiKey.find(text) is None
    issued, gone = Event.objects.filter(verb__startswith="key.").order_by("pk")
    assert (issued.verb, issued.actor, issued.data["name"]) == ("key.issued", boss, "ERP")
    assert (gone.verb, gone.actor, gone.data["agent"]) == ("key.revoked", boss, boss.username)
    assert text not in str([issued.data, gone.data]) and key.digest not in str(issued.data)


def test_contacts_are_found_by_name_and_address(office: Client) -> None:
    world.contact("Nour Haddadine", "whatsapp:+447700900318")
    world.contact("Mehmet Yıldızhan", "whatsapp:GB.123")
    path = reverse("admin:inbox_contact_changelist")

    def found(q: str) -> list[str]:
        return [contact.name for contact in office.get(path, {"q": q}).context["cl"].result_list]

    assert found("nour") == ["Nour Haddadine"]
    assert found("whatsapp:+447700900318") == ["Nour Haddadine"]
    assert found("whatsapp:GB.123") == ["Mehmet Yıldızhan"]
    assert found("nobody at all") == []


def test_a_contact_keeps_its_addresses(office: Client) -> None:
    contact = world.contact("Nour", "whatsapp:+447700900318")
    path = reverse("admin:inbox_contact_change", args=[contact.pk])
    fields = {"name": "Nour H.", "language": "ar", "attributes": "{}", "profile_name": "hacked"}
    for inline in ("addresses", "consent_entries"):
        fields |= {f"{inline}-TOTAL_FORMS": "0", f"{inline}-INITIAL_FORMS": "0"}
    response = office.post(path, fields)
    assert response.status_code == 302, response.context["errors"]
    contact = Contact.objects.get()
    assert (contact.name, contact.profile_name, contact.phone) == ("Nour H.", "", "+447700900318")


def test_the_ledger_is_read_and_filtered_and_never_changed(office: Client) -> None:
    talk = world.conversation(world.contact("Nour", "whatsapp:+447700900318"))
    consent.opt_in(talk.pk, "web form", category="marketing", text="Offers?")
    consent.opt_out(world.conversation(world.contact("Ines")).pk, "keyword")
    path = reverse("admin:inbox_consententry_changelist")

    def found(**query: str) -> list[str]:
        return [entry.contact.name for entry in office.get(path, query).context["cl"].result_list]

    assert found() == ["Ines", "Nour"]
    assert found(category="marketing") == found(action="opt_in") == found(q="whatsapp:+4477009") == ["Nour"]
    assert found(q="nobody") == []
    assert reverse("inbox:consent_imports") in office.get(path).content.decode()
    entry = ConsentEntry.objects.get(category="marketing")
    change = reverse("admin:inbox_consententry_change", args=[entry.pk])
    assert "Offers?" in office.get(change).content.decode()
    for end in ("change", "delete"):
        forbidden = reverse(f"admin:inbox_consententry_{end}", args=[entry.pk])
        assert office.post(forbidden, {"source": "x", "post": "yes"}).status_code == 403
    assert ConsentEntry.objects.count() == 2


def test_a_message_shows_what_happened_and_cannot_be_changed(office: Client) -> None:
    talk = world.conversation()
    [message] = talk.reply("Good morning", by=Agent.objects.get())
    SendAttempt.objects.create(message=message, detail="Twilio did not answer.")
    path = reverse("admin:inbox_message_change", args=[message.pk])
    page = office.get(path).content.decode()
    assert "conversation.replied" in page
    assert "Twilio did not answer." in page
    assert reverse("inbox:conversation", args=[talk.pk]) in page
    assert office.post(path, {"body": "changed"}).status_code == 403
    assert office.get(reverse("admin:inbox_message_changelist"), {"q": "SM-none"}).status_code == 200
    assert Message.objects.get(pk=message.pk).body == "Good morning"


@pytest.mark.parametrize("name", ["message", "event", "sendattempt"])
def test_history_is_neither_added_nor_deleted(office: Client, name: str) -> None:
    assert office.get(reverse(f"admin:inbox_{name}_add")).status_code == 403
    list_ = office.get(reverse(f"admin:inbox_{name}_changelist")).content.decode()
    assert "delete_selected" not in list_


def test_a_channel_with_conversations_is_switched_off_not_deleted(office: Client) -> None:
    used = world.conversation().channel
    unused = Channel.objects.create(name="Unused", address="whatsapp:+447700900999")
    assert (
        office.post(reverse("admin:inbox_channel_delete", args=[used.pk]), {"post": "yes"}).status_code == 403
    )
    office.post(reverse("admin:inbox_channel_delete", args=[unused.pk]), {"post": "yes"})
    assert list(Channel.objects.all()) == [used]


@pytest.mark.parametrize(
    "typed", ["whatsapp:+447700900999", "+44 7700 900999", " whatsapp: +44 (7700) 900-999 ", "+447700900999"]
)
def test_a_channel_gets_the_address_that_the_carrier_writes(office: Client, typed: str) -> None:
    fields = {"name": "Shop", "kind": "whatsapp", "address": typed, "is_active": "on"}
    office.post(reverse("admin:inbox_channel_add"), fields)
    assert Channel.objects.get().address == "whatsapp:+447700900999"
    page = office.post(reverse("admin:inbox_channel_add"), fields).content.decode()
    assert "already exists" in page


@pytest.mark.parametrize(
    "typed",
    ["07700 900 999", "447700900999", "+0447700900999", "whatsapp:+44", "+4477009009990000", "+٤٤٧٧٠٠٩٠٠٩٩٩"],
)
def test_a_channel_with_an_address_that_is_none_is_refused(office: Client, typed: str) -> None:
    fields = {"name": "Shop", "kind": "whatsapp", "address": typed, "is_active": "on"}
    page = office.post(reverse("admin:inbox_channel_add"), fields).content.decode()
    assert "with + and its country code" in page
    assert not Channel.objects.exists()
