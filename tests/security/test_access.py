"""Who reaches what: every address, every method, every role. A new address needs a line here."""

from __future__ import annotations

import uuid

import pytest

from inbox.models import Attachment, Message
from tests import world
from tests.security.conftest import signed_in
from tests.security.routes import SECRET_BODY, SECRET_NAME, Orders, checksum, differences, patterns
from tests.security.test_routes import OPEN, UNSAFE

# About one thing: not there for whoever may not see it.
THINGS = {
    "conversations/<int:pk>/", "conversations/<int:pk>/messages/", "conversations/<int:pk>/notes/",
    "conversations/<int:pk>/composer/", "conversations/<int:pk>/details/", "conversations/<int:pk>/draft/",
    "conversations/<int:pk>/uploads/", "uploads/<uuid:key>/", "messages/<int:pk>/",
    "messages/<int:pk>/retry/", "messages/<int:pk>/settlement/", "media/<uuid:key>/",
    "media/<uuid:key>/thumb/", "media/<uuid:key>/fetch/", "conversations/<int:pk>/assignment/",
    "conversations/<int:pk>/resolution/", "conversations/<int:pk>/status/", "conversations/<int:pk>/seen/",
    "conversations/<int:pk>/unread/", "conversations/<int:pk>/tags/",
    "conversations/<int:pk>/tags/<int:tag_pk>/", "conversations/<int:pk>/name/",
    "conversations/<int:pk>/consent/", "conversations/<int:pk>/consent/question/",
    "conversations/<int:pk>/consent/proof/", "conversations/<int:pk>/consent/proof.csv",
    "messages/<int:pk>/stop/",
    "conversations/<int:pk>/templates/", "conversations/<int:pk>/templates/preview/",
    "channels/<int:pk>/start/<str:address>/", "channels/<int:pk>/start/<str:address>/preview/",
    "api/v1/contacts/<int:pk>", "api/v1/conversations/<int:pk>", "api/v1/conversations/<int:pk>/messages",
    "api/v1/conversations/<int:pk>/assign", "api/v1/conversations/<int:pk>/resolve",
    "api/v1/conversations/<int:pk>/reopen", "api/v1/messages/<int:pk>", "api/v1/messages/<int:pk>/retry",
    "templates/<int:pk>/", "api/v1/templates/<int:pk>", "api/v1/templates/<int:pk>/submit",
    "templates/<int:pk>/archive/", "templates/<int:pk>/languages/", "templates/<int:pk>/versions/",
    "templates/<int:pk>/submission/", "templates/<int:pk>/deletion/",
}  # fmt: skip
# Agents may look at the thing, and do this to it not.
FOR_LEADS = {"api/v1/templates/<int:pk>/submit"}
# About many: shows each person their own part.
LISTS = {
    "", "list/", "views/", "start/", "rows/<str:pks>/", "api/v1/channels", "api/v1/contacts",
    "api/v1/conversations", "api/v1/messages", "api/whatsapp/send", "templates/", "templates/badges/",
    "templates/sync/",
    "api/v1/templates", "api/v1/templates/sync",
}  # fmt: skip
# The same for everybody who is signed in.
SHARED = {
    "events/", "logout/", "api/schema/", "api/docs/", "account/reauthenticate/", "account/password/change/",
    "account/password/set/", "help/", "help/<slug:slug>/",
    "templates/new/", "templates/form/",
}  # fmt: skip
ADMIN = "admin/"
# How Twilio is connected, files of consent, and costs: not there for anybody but admins.
CONNECT = ("connect/", "consent/", "templates/costs/")


def written(pattern: str) -> str:
    """The API's addresses with and without their slash are one."""
    return pattern.removesuffix("/") if pattern.startswith(("api/v1/", "api/whatsapp/")) else pattern


THING_PATTERNS = [p for p in patterns() if written(p) in THINGS]
LIST_PATTERNS = [p for p in patterns() if written(p) in LISTS]


def test_every_address_has_its_line() -> None:
    found = {written(pattern) for pattern in patterns() if not pattern.startswith((ADMIN, *CONNECT))}
    assert found == THINGS | LISTS | SHARED | OPEN


def test_a_thing_is_not_there_for_another_team(orders: Orders) -> None:
    outsider, before = signed_in(orders.outsider), checksum()
    for pattern in THING_PATTERNS:
        for method in ("get", *UNSAFE):
            answer = getattr(outsider, method)(orders.address(pattern), content_type="application/json")
            assert answer.status_code in (404, 405), (method, pattern)
    assert differences(before, checksum()) == ["inbox_agent"] or differences(before, checksum()) == []


@pytest.mark.parametrize("role", ["agent", "lead", "admin"])
def test_a_thing_is_there_for_whoever_may_see_it(orders: Orders, role: str) -> None:
    client = signed_in(getattr(orders, role))
    for pattern in THING_PATTERNS:
        # What waits in a tray belongs to one person, whoever else may see the conversation.
        if written(pattern) == "uploads/<uuid:key>/":
            continue
        address = orders.address(pattern)
        answers = {client.get(address).status_code, client.post(address).status_code}
        if role == "agent" and written(pattern) in FOR_LEADS:
            assert 403 in answers, pattern
            continue
        assert answers - {404, 405, 403, 500}, pattern
        assert not answers & {403, 500}, pattern


@pytest.mark.parametrize("role", ["agent", "lead"])
def test_the_connect_pages_are_there_for_admins_only(orders: Orders, role: str) -> None:
    client, before = signed_in(getattr(orders, role)), checksum()
    addresses = [orders.address(pattern) for pattern in patterns() if pattern.startswith(CONNECT)]
    assert len(addresses) > 10
    for address in addresses:
        for method in ("get", *UNSAFE):
            assert getattr(client, method)(address).status_code in (404, 405), (method, address)
    assert set(differences(before, checksum())) <= {"inbox_agent"}
    admin = signed_in(orders.admin)
    assert {200, 302, 404, 405} >= {admin.get(address).status_code for address in addresses}


def test_a_list_shows_nothing_of_another_team(orders: Orders) -> None:
    client = signed_in(orders.outsider)
    queries = ("", "q=Nour", "q=sentence", "q=0318", "q=%2B447700900318", "search=Nour", "status=open",
               "address=whatsapp:%2B447700900318", "direction=inbound",
               f"channel={orders.channel.pk}")  # fmt: skip
    for pattern in LIST_PATTERNS:
        for query in queries:
            answer = client.get(f"{orders.address(pattern)}?{query}")
            assert answer.status_code in (200, 204, 400, 405), (pattern, query)
            for secret in (SECRET_NAME, SECRET_BODY, f'id="conversation-{orders.talk.pk}"'):
                assert secret not in answer.content.decode(), (pattern, query, secret)


@pytest.mark.parametrize("role", ["agent", "lead"])
def test_the_back_office_is_closed_to_all_but_admins(orders: Orders, role: str) -> None:
    client, before = signed_in(getattr(orders, role)), checksum()
    for pattern in patterns():
        if pattern.startswith(ADMIN):
            for method in ("get", "post"):
                answer = getattr(client, method)(orders.address(pattern), follow=True)
                assert answer.status_code in (403, 404, 405), (method, pattern)
    assert differences(before, checksum()) == []


def test_rights_end_when_the_team_does(orders: Orders) -> None:
    client, addresses = signed_in(orders.agent), [orders.address(p) for p in THING_PATTERNS]
    assert client.get(f"/conversations/{orders.talk.pk}/").status_code == 200
    orders.agent.teams.clear()
    assert {client.get(address).status_code for address in addresses} <= {404, 405}
    orders.agent.teams.set([orders.team])
    orders.agent.is_active = False
    orders.agent.save()
    assert client.get(f"/conversations/{orders.talk.pk}/").status_code == 302


def test_things_of_another_team_cannot_be_brought_in_by_their_numbers(orders: Orders) -> None:
    """Related ids in a form: a file, an assignee, a message to read on from, a sender."""
    elsewhere = world.conversation(None, world.channel("Repairs", "whatsapp:+447700900999", orders.repairs))
    client, talk = signed_in(orders.outsider), f"/conversations/{elsewhere.pk}"
    client.post(f"{talk}/messages/", {"body": "mine", "files": str(orders.upload.key)})
    client.post(f"{talk}/messages/", {"files": str(orders.file.key)})
    assert list(elsewhere.messages.values_list("body", flat=True)) == ["mine"]
    assert not Attachment.objects.filter(message__conversation=elsewhere).exists()
    assert client.post(f"{talk}/assignment/", {"assignee": orders.agent.pk}).status_code == 404
    assert client.get(f"{talk}/messages/", {"before": orders.message.pk}).status_code == 404
    older = client.get(f"{talk}/messages/", {"after": 0, "shown": f"{orders.message.pk}:received"})
    assert SECRET_BODY not in older.content.decode()
    body = {"to": "whatsapp:+447700900318", "message": "hi", "from": orders.channel.address}
    assert client.post("/api/whatsapp/send", body, "application/json").status_code == 400
    assert Message.objects.filter(conversation=orders.talk).count() == 2


def test_a_file_that_waits_in_a_tray_is_only_its_owners_to_send_or_discard(orders: Orders) -> None:
    lead = signed_in(orders.lead)
    assert lead.delete(f"/uploads/{orders.upload.key}/").status_code == 404
    lead.post(f"/conversations/{orders.talk.pk}/messages/", {"files": str(orders.upload.key)})
    orders.upload.refresh_from_db()
    assert orders.upload.message_id is None


def test_a_form_changes_only_what_it_is_for(orders: Orders) -> None:
    """Mass assignment: names of columns, sent along with every form."""
    extra = {
        "is_superuser": "1", "is_staff": "1", "role": "admin", "teams": orders.repairs.pk, "sid": "SM1",
        "direction": "inbound", "author": orders.admin.pk, "channel": 999, "contact": 1, "status": "open",
        "unread_count": 99, "error": "x", "conversation": 1, "uploaded_by": orders.admin.pk,
    }  # fmt: skip
    client, talk = signed_in(orders.agent), f"/conversations/{orders.talk.pk}"
    for end, words in {
        "messages": {"body": "hello"},
        "notes": {"body": "a note"},
        "name": {"name": "Nour H."},
    }.items():
        client.post(f"{talk}/{end}/", extra | words)
    client.post(
        f"/api/v1{talk}/messages/", {"body": "by api", **extra, "direction": "outbound"}, "application/json"
    )
    orders.agent.refresh_from_db()
    orders.talk.refresh_from_db()
    assert (orders.agent.role, orders.agent.is_superuser, orders.agent.is_staff) == ("agent", False, False)
    assert (orders.talk.channel_id, orders.talk.contact_id) == (orders.channel.pk, orders.customer.pk)
    mine = Message.objects.filter(author=orders.agent).values_list("direction", "body", "sid").order_by("pk")
    assert list(mine) == [("outbound", "hello", None), ("note", "a note", None), ("outbound", "by api", None)]


def test_ten_thousand_guesses_find_no_file(orders: Orders) -> None:
    known = set(Attachment.objects.values_list("key", flat=True))
    assert all(key.version == 4 for key in known)
    guesses = [uuid.uuid4() for _ in range(10_000)]
    assert not Attachment.objects.filter(key__in=guesses).exists()
    client = signed_in(orders.agent)
    assert {client.get(f"/media/{key}/").status_code for key in guesses[:50]} == {404}
