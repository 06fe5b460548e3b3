"""Nothing that people write is a program: texts with variables are filled once, and only by their own."""

from __future__ import annotations

import ast
import html
import itertools
import json
from typing import Any

import pytest
from django.conf import settings
from django.core.cache import cache
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from inbox.models import Agent, ApiKey, Attachment, Contact, Conversation, Message
from templates_mgmt import content as kinds
from templates_mgmt import placeholders
from tests import world
from tests.channels_whatsapp.posting import post_signed
from tests.security.conftest import signed_in
from tests.security.test_code import APPS, calls, sources
from tests.templates_mgmt import shelf

HOSTILE = (
    "{{ settings.SECRET_KEY }}", "{{settings.SECRET_KEY}}", "{{ user.password }}", "{{ request.user }}",
    "{% load i18n %}", "{% include 'help/index.html' %}", "{% debug %}", "{# gone #}", "{0.__class__}",
    "{0.__class__.__mro__}", "{self.payload}", "{}", "%s", "%(name)s", "%%", "${7*7}", "#{7*7}", "{{7*7}}",
    "{{ 7|add:42 }}", "{{1}}", "{{2}}", "{{name}}", "{{{{1}}}}", "{{{1}}}", "{{1", "1}}", "\\g<0>", "\\1",
    "$1", "__import__('os')", "<% 7*7 %>", "[[7*7]]", "&#123;&#123;1&#125;&#125;",
)  # fmt: skip
# No part of these is a variable of a template, so that what belongs where is known without reading it.
PLAIN = tuple(text for text in HOSTILE if not placeholders.names(text) and not text.endswith(("{", "{{1")))
# WhatsApp itself takes underscores for italics, and so does the thread.
UNFORMATTED = tuple(text for text in HOSTILE if "_" not in text.replace("SECRET_KEY", ""))
SECRETS = (settings.SECRET_KEY, "<class '", "&lt;class ")
NOUR = "whatsapp:+447700900318"


def text_of(page: bytes) -> str:
    return html.unescape(page.decode())


def must_be_literal(page: bytes, *texts: str) -> None:
    found = text_of(page)
    assert [text for text in texts if text not in found] == []
    assert not any(secret in page.decode() for secret in SECRETS)


# One pass

values = st.dictionaries(st.sampled_from(["1", "2", "3", "name"]), st.sampled_from(HOSTILE), min_size=4)
pieces = st.lists(st.sampled_from([*PLAIN, ("1",), ("2",), ("3",), ("name",), "plain words"]), max_size=12)


@given(pieces, values)
def test_a_text_is_filled_once_and_with_its_own_variables_only(
    written: list[Any], filled: dict[str, str]
) -> None:
    text = " ".join(f"{{{{{piece[0]}}}}}" if isinstance(piece, tuple) else piece for piece in written)
    expected = " ".join(filled[piece[0]] if isinstance(piece, tuple) else piece for piece in written)
    assert placeholders.fill(text, filled) == expected
    assert "".join(part for part, _name in placeholders.segments(text, filled)) == expected


@pytest.mark.parametrize("value", HOSTILE)
def test_every_part_of_a_template_takes_a_value_as_it_is(value: str) -> None:
    buttons = [kinds.reply("Yes {{1}}"), kinds.link("Look", "https://a.example/{{2}}")]
    types = kinds.whatsapp_card("Hi {{1}} and {{2}}.", header="For {{1}}", footer="Shop", buttons=buttons)
    shown = kinds.Content(types, {}).shown({"1": value, "2": value})
    assert (shown.body, shown.header, shown.text) == (f"Hi {value} and {value}.", f"For {value}", shown.text)
    assert shown.buttons[0].title == f"Yes {value}"


# Over HTTP


@pytest.fixture
def talk(db: None) -> Conversation:
    cache.clear()
    return world.conversation(world.contact("Nour", NOUR), world.channel())


@pytest.fixture
def boss(db: None) -> Agent:
    return Agent.objects.create_superuser("boss", "boss@inbox.example", "a long enough secret")


@pytest.mark.parametrize("value", HOSTILE)
def test_a_variable_sent_by_a_program_arrives_as_it_is(talk: Conversation, boss: Agent, value: str) -> None:
    template = shelf.template(body="Hi {{1}}, it is about {{2}} today.")
    asked = {"to": NOUR, "content_sid": template.content_sid, "content_variables": {"1": value, "2": "{{1}}"}}
    _key, text = ApiKey.issue(boss)
    headers = {"Authorization": f"Bearer {text}"}
    answer = Client().post("/api/whatsapp/send", asked, "application/json", headers=headers)
    assert answer.status_code == 202, answer.json()
    message = Message.objects.get(pk=answer.json()["id"])
    expected = f"Hi {value}, it is about {{{{1}}}} today."
    assert message.body == expected
    assert message.payload["content_variables"] == {"1": value, "2": "{{1}}"}
    client = signed_in(boss)
    page = client.get(f"/conversations/{talk.pk}/")
    shown = client.get(f"/api/v1/messages/{message.pk}/", headers=headers).json()
    assert shown["body"] == expected
    for part in (value, "{{1}}"):
        must_be_literal(page.content, part)
    assert settings.SECRET_KEY not in json.dumps(shown)


def test_texts_samples_and_names_of_templates_are_only_shown(talk: Conversation, boss: Agent) -> None:
    client, body = signed_in(boss), " ".join(PLAIN)
    template = shelf.template(
        PLAIN[0], body=f"{{{{1}}}} {body}", variables={"1": HOSTILE[0], "2": "{% debug %}"},
        rejection_reason=body, status="rejected",
    )  # fmt: skip
    for path in ("/templates/", f"/templates/{template.pk}/", "/templates/?q={{7*7}}"):
        page = client.get(path)
        assert page.status_code == 200, path
        assert not any(secret in page.content.decode() for secret in SECRETS), path
    must_be_literal(client.get(f"/templates/{template.pk}/").content, PLAIN[0], "{% debug %}", "${7*7}")


def test_what_customers_write_and_are_called_is_only_shown(talk: Conversation, boss: Agent) -> None:
    client = signed_in(boss)
    for number, value in enumerate(HOSTILE):
        told = {"From": NOUR, "To": talk.channel.address, "ProfileName": value}
        sid = f"SM{number:032x}"
        assert post_signed("inbound/text", **told, MessageSid=sid, Body=value).status_code == 200
    assert Contact.objects.get().profile_name == HOSTILE[-1]
    page = client.get(f"/conversations/{talk.pk}/")
    assert page.status_code == 200
    must_be_literal(page.content, *UNFORMATTED)
    Contact.objects.update(name="", profile_name=HOSTILE[0])
    for path in ("/", f"/conversations/{talk.pk}/details/", "/list/", "/admin/inbox/contact/",
                 f"/admin/inbox/contact/{talk.contact_id}/change/"):  # fmt: skip
        must_be_literal(client.get(path).content, HOSTILE[0])
    must_be_literal(client.get("/admin/inbox/message/").content)


def test_places_are_only_shown(talk: Conversation, boss: Agent) -> None:
    for number, value in enumerate(HOSTILE):
        place = {"Label": value, "Address": value, "From": NOUR, "To": talk.channel.address}
        assert post_signed("inbound/location", **place, MessageSid=f"SM{number:032x}").status_code == 200
    must_be_literal(signed_in(boss).get(f"/conversations/{talk.pk}/").content, *HOSTILE)


@pytest.mark.parametrize("end", ["messages", "notes"])
def test_what_colleagues_write_is_shown_as_it_is(talk: Conversation, boss: Agent, end: str) -> None:
    client, path = signed_in(boss), f"/conversations/{talk.pk}"
    for value in HOSTILE:
        assert client.post(f"{path}/{end}/", {"body": value}).status_code in (200, 302)
    assert list(talk.messages.order_by("pk").values_list("body", flat=True)) == list(HOSTILE)
    client.post(f"{path}/tags/", {"name": "{{7*7}}"})
    client.post(f"{path}/draft/", {"body": "{% debug %}"})
    must_be_literal(client.get(f"{path}/").content, *UNFORMATTED)


def test_names_of_files_are_only_shown(talk: Conversation, boss: Agent) -> None:
    for value in HOSTILE:
        message = world.message(talk, kind="document")
        Attachment.objects.create(
            conversation=talk, message=message, filename=f"{value}.pdf", state="stored",
            content_type="application/pdf",
        )  # fmt: skip
    page = signed_in(boss).get(f"/conversations/{talk.pk}/")
    must_be_literal(page.content, *(f"{value}.pdf" for value in HOSTILE))


def test_a_name_that_is_a_program_fills_a_variable_as_a_name(talk: Conversation, boss: Agent) -> None:
    """The contact's name is a source of variables: what it holds is not filled again."""
    for value in ("{{2}}", "{{ settings.SECRET_KEY }}", "{0.__class__}"):
        Contact.objects.update(name=value)
        talk.contact.refresh_from_db()
        template = shelf.template(sources={"1": "contact.name"})
        [message] = talk.reply(
            template={"content_sid": template.content_sid, "content_variables": {"2": "BC-1"}}, by=boss
        )
        assert message.body == f"Hi {value}, order BC-1 leaves today."


# In the code


def test_no_template_and_no_format_is_made_of_a_value() -> None:
    """`str.format`, `format_map`, `from_string` and the like only on words of this very code."""
    found = []
    for name, tree in sources(*APPS):
        for called, call in calls(tree):
            if called in (
                "from_string",
                "format_map",
                "Formatter",
                "vformat",
                "safe_substitute",
                "substitute",
            ):
                found.append(f"{name}:{call.lineno}")
            is_method = called == "format" and isinstance(call.func, ast.Attribute)
            if is_method and not is_of_this_code(call.func.value):  # type: ignore[attr-defined]
                found.append(f"{name}:{call.lineno}")
    assert found == []


def is_of_this_code(receiver: ast.expr) -> bool:
    """A constant, a constant's name, or psycopg's own composition of SQL."""
    is_sql = isinstance(receiver, ast.Call) and getattr(receiver.func, "attr", "") == "SQL"
    is_named = isinstance(receiver, ast.Name) and receiver.id.isupper()
    return isinstance(receiver, ast.Constant) or is_named or is_sql


def test_the_list_of_attacks_is_as_long_as_it_says() -> None:
    assert len(set(HOSTILE)) == len(HOSTILE) > 30
    assert all(not placeholders.names(a + " " + b) for a, b in itertools.product(PLAIN, PLAIN))
