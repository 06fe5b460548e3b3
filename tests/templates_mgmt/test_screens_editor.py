"""The template editor through HTTP: every act, every refusal, with and without scripts."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from django.conf import settings
from django.test import Client

from channels_whatsapp.models import Account
from inbox import clock
from inbox.models import Agent, Event
from templates_mgmt import content, editing, languages, states
from templates_mgmt.models import Family, Template
from templates_mgmt.written import PARTS, Written
from tests import world
from tests.inbox.pages import HTMX, words
from tests.templates_mgmt.conftest import a_template

pytestmark = pytest.mark.django_db
BODY = "Hi {{1}}, order {{2}} leaves our workshop today. Thank you."
NASTY = '"><script>alert(1)</script><b hx-get="/x">'


@pytest.fixture(autouse=True)
def _shop(db: None) -> None:
    world.channel()


def form(**fields: Any) -> dict[str, Any]:
    """A form as a browser sends it."""
    return {
        "name": "order_shipped", "language": "en", "category": "UTILITY", "kind": content.TEXT, "body": BODY,
        "variable_name": ["1", "2"], "variable_means": ["First name", "Order"],
        "variable_sample": ["Nour", "BC-1042"], "variable_source": ["contact.first_name", "typed"], **fields,
    }  # fmt: skip


def write(client: Client, **fields: Any) -> Template:
    answer = client.post("/templates/new/", form(act="save", **fields))
    assert answer.status_code == 302, words(answer.content.decode())
    return Template.objects.latest("pk")


def page(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return answer.content.decode()


def fields_of(html: str) -> dict[str, list[str]]:
    """What a browser would send of the page's form: inputs, areas and chosen options."""
    found: dict[str, list[str]] = {}
    names = re.finditer(r'<input[^>]*\bname="(\w+)"[^>]*\bvalue="([^"]*)"', html)
    for name, value in (match.groups() for match in names):
        found.setdefault(name, []).append(value)
    return found


def test_a_form_becomes_a_draft(client: Client, lead: Agent) -> None:
    template = write(client)
    assert (template.name, template.language, template.category) == ("order_shipped", "en", "UTILITY")
    assert template.types == {"twilio/text": {"body": BODY}}
    assert template.variables == {"1": "Nour", "2": "BC-1042"}
    assert template.fields["1"] == {"means": "First name", "source": "contact.first_name"}
    assert template.author == lead
    html = page(client, f"/templates/{template.pk}/")
    assert "First name" in html
    assert "Submit for approval" in html


def test_without_a_name_it_gets_an_automatic_one(client: Client, lead: Agent) -> None:
    assert [write(client, name="").name for _ in range(3)] == ["untitled_1", "untitled_2", "untitled_3"]
    Template.objects.get(family__name="untitled_2").archive(by=lead)
    assert write(client, name="").name == "untitled_4"


@pytest.mark.parametrize("kind", sorted(PARTS))
def test_every_kind_goes_into_a_draft_and_back_unchanged(client: Client, lead: Agent, kind: str) -> None:
    everything = form(
        kind=kind, name=f"all_{kind.replace('/', '_').replace('-', '_')}",
        header_kind="text", header="Head {{1}}", footer="Foot", media="https://shop.example/a.jpg",
        button_kind=["QUICK_REPLY", "URL", "PHONE_NUMBER"], button_title=["Yes", "Look", "Call"],
        button_value=["", "https://shop.example/{{2}}", "+442079460000"], button_id=["yes", "", ""],
        list_button="Choose", item_title=["Oak", "Walnut"], item_description=["pale", ""], item_id=["", "w"],
        card_title=["One", "Two"], card_body=["The one", "The other"],
        card_media=["https://shop.example/1.jpg", "https://shop.example/2.jpg"],
        card_button_kind=["QUICK_REPLY", "QUICK_REPLY", "URL", "QUICK_REPLY"],
        card_button_title=["A", "", "B", ""], card_button_value=["", "", "https://shop.example", ""],
        card_button_id=["", "", "", ""], latitude="51.5", longitude="-0.12", label="Shop", address="High St",
        code_title="Copy", minutes="10", advice="1", act="save",
    )  # fmt: skip
    assert client.post("/templates/new/", everything).status_code == 302
    template = Template.objects.latest("pk")
    assert template.content.kind == kind
    before = template.types
    assert client.get(f"/templates/{template.pk}/").status_code == 200
    from templates_mgmt.reading import written_of

    assert written_of(template).types == before


def test_another_kind_keeps_what_was_written(client: Client, lead: Agent) -> None:
    buttons = {"button_kind": ["QUICK_REPLY"], "button_title": ["Yes please"], "button_value": [""]}
    asked = form(kind=content.TEXT, act="kind", header_kind="text", header="Kept", **buttons)
    html = client.post("/templates/form/", asked, headers=HTMX).content.decode()
    assert '<input type="hidden" name="button_title" value="Yes please">' in html
    assert '<input type="hidden" name="header" value="Kept">' in html
    asked = form(kind=content.QUICK_REPLY, act="kind", **buttons)
    html = client.post("/templates/form/", asked, headers=HTMX).content.decode()
    assert 'id="button-1-title" name="button_title" value="Yes please"' in html


def test_a_code_has_its_category_to_itself(client: Client, lead: Agent) -> None:
    answer = client.post("/templates/form/", form(kind=content.AUTHENTICATION, act="kind"), headers=HTMX)
    assert re.search(r'value="AUTHENTICATION" checked', answer.content.decode())


def test_preview_and_checks_follow_the_form(client: Client, lead: Agent) -> None:
    asked = form(body="{{1}}, your <b>repair</b> is *ready*. Bring {{2}} please.")
    html = client.post("/templates/form/", asked, headers=HTMX).content.decode()
    assert 'id="template-preview"' in html
    assert '<span class="var">Nour</span>, your &lt;b&gt;repair&lt;/b&gt; is <strong>ready</strong>' in html
    assert "1 to fix" in words(html)
    assert 'value="fix:starts_with_variable:body"' in html
    assert re.search(r'id="error-body" data-bad hx-swap-oob="true"', html)
    assert not Template.objects.exists()
    asked["shows"] = "variables"
    html = client.post("/templates/form/", asked, headers=HTMX).content.decode()
    assert '<span class="var var--empty">{{1}}</span>' in html


def checked(client: Client, **fields: Any) -> list[str]:
    """The lines of "Before you submit"."""
    html = client.post("/templates/form/", form(**fields), headers=HTMX).content.decode()
    panel = html[
        html.index('id="template-checks"') : html.index("</section>", html.index('id="template-checks"'))
    ]
    return [words(line) for line in re.findall(r"<li.*?</li>", panel, re.S)]


def test_a_title_stands_once_with_a_line_for_each_place(client: Client, lead: Agent) -> None:
    told = checked(client, body="{{1}}, it is ready for {{2}}")
    assert [line for line in told if "Starts and ends with words" in line] == [
        "Starts and ends with words The text cannot start with a variable. Put a word before {{1}}. "
        "A greeting works: “Hi {{1}}, …”. Put “Hi” before it The text cannot end with a variable. Put a few "
        "words after it; a full stop is not enough. For example: “Thank you.” Add “Thank you.”"
    ]
    blank = {"button_kind": ["QUICK_REPLY"] * 3, "button_title": ["", "Yes", ""], "button_value": [""] * 3}
    told = checked(client, kind=content.QUICK_REPLY, **blank)
    assert "A button has no words. Button 1: Write what it says. Button 3: Write what it says." in told


def test_what_is_no_number_stays_as_it_was_typed(client: Client, lead: Agent) -> None:
    template = write(client, kind=content.LOCATION, latitude="nan", longitude="1e999", label="Shop")
    place = template.content.as_written.place
    assert (place.latitude, place.longitude) == ("nan", "1e999")


def test_only_what_was_asked_is_ticked(client: Client, lead: Agent) -> None:
    ticks = ["Starts and ends with words", "Variables numbered in order", "Every variable has a sample",
             "Enough words around variables"]  # fmt: skip
    assert checked(client) == [*ticks, "No promotion in a utility text"]
    assert checked(client, category="MARKETING") == ticks
    assert checked(client, body="Your lamp is ready.") == ["No promotion in a utility text"]
    assert checked(client, kind=content.AUTHENTICATION, category="AUTHENTICATION", code_title="Copy") == []
    told = checked(client, kind=content.LOCATION, latitude="nan", longitude="1", label="Shop")
    assert told == ["The latitude is a number from -90 to 90. Write it in degrees, like 51.5072."]


def test_new_variables_get_their_rows(client: Client, lead: Agent) -> None:
    asked = form(body="Hi {{1}}, see {{2}} and {{3}} there.", variables_shown="1 2 ")
    html = client.post("/templates/form/", asked, headers=HTMX).content.decode()
    assert 'aria-label="Sample for variable 3"' in html
    asked["variables_shown"] = "1 2 3 "
    assert 'aria-label="Sample' not in client.post("/templates/form/", asked, headers=HTMX).content.decode()


def test_a_variable_that_left_the_text_is_remembered_in_the_form_only(client: Client, lead: Agent) -> None:
    html = client.post("/templates/form/", form(body="Hi {{1}} there.", act="kind"), headers=HTMX)
    assert '<input type="hidden" name="variable_sample" value="BC-1042">' in html.content.decode()
    assert write(client, body="Hi {{1}} there.").variables == {"1": "Nour"}


@pytest.mark.parametrize(
    ("act", "titles"),
    [
        ("button.add", ["a", "b", "c", ""]),
        ("button.remove:2", ["a", "c"]),
        ("button.up:2", ["b", "a", "c"]),
        ("button.down:2", ["a", "c", "b"]),
        ("button.up:1", ["a", "b", "c"]),
        ("button.down:3", ["a", "b", "c"]),
        ("button.remove:9", ["a", "b", "c"]),
        ("button.remove:-1", ["a", "b", "c"]),
        ("button.explode:1", ["a", "b", "c"]),
        ("nonsense", ["a", "b", "c"]),
    ],
)
@pytest.mark.parametrize("has_scripts", [True, False])
def test_buttons_are_added_removed_and_moved(
    client: Client, lead: Agent, act: str, titles: list[str], has_scripts: bool
) -> None:
    rows = {
        "button_kind": ["QUICK_REPLY"] * 3, "button_title": ["a", "b", "c"], "button_value": ["", "", ""],
        "button_id": ["", "", ""],
    }  # fmt: skip
    asked = form(kind=content.QUICK_REPLY, act=act, **rows)
    if has_scripts:
        html = client.post("/templates/form/", asked, headers=HTMX).content.decode()
        assert not Template.objects.exists()
    else:
        html = client.post("/templates/new/", asked, follow=True).content.decode()
        assert Template.objects.count() == 1
    assert re.findall(r'name="button_title" value="([^"]*)"', html) == titles


def test_header_items_and_cards_have_their_acts_too(client: Client, lead: Agent) -> None:
    asked = form(kind=content.WHATSAPP_CARD, act="header:image")
    assert 'id="media"' in client.post("/templates/form/", asked, headers=HTMX).content.decode()
    asked = form(kind=content.LIST_PICKER, act="item.remove:1", item_title=["a", "b"])
    html = client.post("/templates/form/", asked, headers=HTMX).content.decode()
    assert re.findall(r'name="item_title" value="([^"]*)"', html) == ["b"]
    assert "Make available in open conversations" in html
    asked = form(kind=content.CAROUSEL, act="card.add", card_title=["a", "b"], card_body=["x", "y"])
    html = client.post("/templates/form/", asked, headers=HTMX).content.decode()
    assert re.findall(r'name="card_title" value="([^"]*)"', html) == ["a", "b", ""]


def test_a_finding_is_mended_by_one_press(client: Client, lead: Agent) -> None:
    asked = form(body="{{1}}, it is ready for you now.", act="fix:starts_with_variable:body")
    answer = client.post("/templates/form/", asked, headers=HTMX)
    assert "\nHi {{1}}, it is ready for you now.</textarea>" in answer.content.decode()
    assert '"focus": "body"' in answer["HX-Trigger-After-Swap"]
    asked = form(name="Order shipped!", act="fix:name:name")
    assert 'value="order_shipped"' in client.post("/templates/form/", asked, headers=HTMX).content.decode()
    asked = form(variable_sample=["a\tb", "x"], act="fix:value:variables.1")
    assert 'value="a b"' in client.post("/templates/form/", asked, headers=HTMX).content.decode()


def test_renumbering_takes_samples_and_meanings_along(client: Client, lead: Agent) -> None:
    asked = form(
        body="Hi {{5}}, order {{2}} is on its way to you.", variable_name=["2", "5"],
        variable_means=["Order", "Name"], act="fix:numbering:body",
    )  # fmt: skip
    html = client.post("/templates/form/", asked, headers=HTMX).content.decode()
    assert "Hi {{1}}, order {{2}} is on its way" in html
    means = re.findall(r'name="variable_means" value="([^"]*)"', html)
    assert sorted(means) == ["Name", "Order"]
    assert re.search(
        r'value="1"></td>\s*<td[^>]*><input class="input" name="variable_means" value="Name"', html
    )


def test_autosave_makes_one_draft_and_goes_on_with_it(client: Client, lead: Agent) -> None:
    answer = client.post("/templates/new/", form(name="", act="auto"), headers=HTMX)
    template = Template.objects.get()
    assert answer["HX-Replace-Url"] == f"/templates/{template.pk}/"
    html = answer.content.decode()
    assert "Saved" in words(html)
    assert "untitled_1" in html
    kept = {name: values[0] for name, values in fields_of(html).items() if name in ("template", "stamp")}
    answer = client.post(
        "/templates/new/", form(name="", body="Other words.", act="auto", **kept), headers=HTMX
    )
    assert answer.status_code == 200
    assert Template.objects.get().content.body == "Other words."


@pytest.mark.parametrize("kind", sorted(PARTS))
def test_a_mere_choice_makes_no_draft(client: Client, lead: Agent, kind: str) -> None:
    rows = {"button_kind": ["URL"], "button_title": [""], "item_title": [" "], "card_title": ["", ""]}
    chosen = form(name="", body="", kind=kind, language="de", category="MARKETING", **rows)
    for name in ("name", "means", "sample", "source"):
        del chosen[f"variable_{name}"]
    assert client.post("/templates/new/", chosen | {"act": "auto"}, headers=HTMX).status_code == 204
    html = client.post("/templates/new/", chosen | {"act": "kind"}).content.decode()
    assert f'<option value="{kind}" selected>' in html
    assert not Template.objects.exists()
    chosen |= {"body": "H", "header": "H", "media": "H", "label": "H", "code_title": "H"}
    assert client.post("/templates/new/", chosen | {"act": "auto"}, headers=HTMX).status_code == 200
    assert Template.objects.count() == 1


def test_a_name_is_changed_for_all_languages_and_only_once(client: Client, lead: Agent) -> None:
    template = write(client)
    client.post(f"/templates/{template.pk}/languages/", {"language": "de"})
    stamp = template.edited_at.isoformat()
    client.post(f"/templates/{template.pk}/", form(name="sent_out", stamp=stamp, act="save"))
    assert list(Family.objects.values_list("name", flat=True)) == ["sent_out"]
    assert set(Template.objects.values_list("family__name", flat=True)) == {"sent_out"}


def test_a_name_that_is_taken_is_marked_and_leads_to_who_has_it(client: Client, lead: Agent) -> None:
    other = a_template("taken")
    for headers, mark in (({}, 'aria-invalid="true"'), (HTMX, 'id="error-name" data-bad hx-swap-oob="true"')):
        answer = client.post("/templates/new/", form(name="taken", act="auto"), headers=headers)
        html = answer.content.decode()
        assert (answer.status_code, mark in html) == (422, True)
        assert f'<a href="/templates/{other.pk}/" data-leaves>Open “taken”</a>' in html
        assert words(html).count("There is already a template called “taken”") == 2


def test_a_name_that_is_taken_or_fixed_is_refused(client: Client, lead: Agent) -> None:
    a_template("taken")
    answer = client.post("/templates/new/", form(name="taken", act="save"))
    assert answer.status_code == 422
    assert "There is already a template called “taken”" in words(answer.content.decode())
    assert BODY in answer.content.decode()
    draft = a_template("taken", status="", language="de")
    asked = form(name="other", language="de", stamp=draft.edited_at.isoformat(), act="save")
    assert "The name is fixed" in words(client.post(f"/templates/{draft.pk}/", asked).content.decode())
    assert "readonly" in page(client, f"/templates/{draft.pk}/")


def test_an_archived_name_may_be_taken_again(client: Client, lead: Agent) -> None:
    a_template("old", status="").archive(by=lead)
    draft = write(client, name="")
    asked = form(name="old", stamp=draft.edited_at.isoformat(), act="save")
    assert client.post(f"/templates/{draft.pk}/", asked).status_code == 302
    draft.refresh_from_db()
    assert draft.name == "old"


def test_what_somebody_else_saved_meanwhile_is_not_overwritten(client: Client, lead: Agent) -> None:
    template = write(client)
    stamp = template.edited_at.isoformat()
    other = world.agent("karim", "lead", first_name="Karim")
    template.edit(by=other, author=other, types=content.text("Karim’s words."))
    asked = form(body="My words.", stamp=stamp)
    for headers in ({}, HTMX):
        answer = client.post(f"/templates/{template.pk}/", asked | {"act": "auto"}, headers=headers)
        assert answer.status_code == 422
        assert "Karim changed this template at" in words(answer.content.decode())
    template.refresh_from_db()
    assert template.content.body == "Karim’s words."
    asked |= {"overwrite": "1", "act": "save"}
    assert client.post(f"/templates/{template.pk}/", asked).status_code == 302
    template.refresh_from_db()
    assert template.content.body == "My words."


def sent(**fields: Any) -> str:
    """A form as the page remembers that it was sent."""
    return urlencode(form(**fields), doseq=True)


@pytest.mark.parametrize("kind", [content.TEXT, content.QUICK_REPLY, content.AUTHENTICATION])
def test_a_save_whose_answer_was_lost_is_ones_own(client: Client, lead: Agent, kind: str) -> None:
    template = write(client, kind=kind, name="kept")
    opened = {"kind": kind, "name": "kept", "stamp": template.edited_at.isoformat(), "act": "auto"}
    address = f"/templates/{template.pk}/"
    client.post(address, form(body="One", code_title="One", **opened), headers=HTMX)
    earlier = [sent(kind=kind, body="On", code_title="On"), sent(kind=kind, body="One", code_title="One")]
    asked = form(body="One two", code_title="Two", **opened)
    assert client.post(address, asked, headers=HTMX).status_code == 422
    assert client.post(address, asked | {"earlier": earlier}, headers=HTMX).status_code == 200
    other = world.agent("karim", "lead", first_name="Karim")
    template.edit(by=other, author=other, types=content.text("Karim’s words."))
    answer = client.post(address, asked | {"earlier": [*earlier, "a=b&%00", "\0"]}, headers=HTMX)
    assert "Karim changed this template" in words(answer.content.decode())


def test_a_draft_whose_making_got_no_answer_is_gone_on_with(client: Client, lead: Agent) -> None:
    client.post("/templates/new/", form(name="", body="On", act="auto"), headers=HTMX)
    asked = form(name="", body="One", act="auto", earlier=[sent(name="", body="On")])
    assert client.post("/templates/new/", asked, headers=HTMX).status_code == 200
    assert Template.objects.get().content.body == "One"
    client.force_login(world.agent("karim", "lead"))
    client.post("/templates/new/", form(name="", body="X", act="auto", earlier=[sent(name="", body="One")]))
    assert Template.objects.count() == 2


def test_submitting_asks_the_rules_first(client: Client, lead: Agent) -> None:
    template = write(client, body="{{1}} is ready.")
    stamp = template.edited_at.isoformat()
    answer = client.post(
        f"/templates/{template.pk}/", form(body="{{1}} is ready.", stamp=stamp, act="submit")
    )
    assert answer.status_code == 422
    assert "The text cannot start with a variable." in words(answer.content.decode())
    template.refresh_from_db()
    assert template.submission == ""
    answer = client.post(f"/templates/{template.pk}/", form(stamp=stamp, act="submit"), follow=True)
    assert "WhatsApp usually answers within an hour" in words(answer.content.decode())
    template.refresh_from_db()
    assert (template.submission, template.wants_approval) == ("queued", True)
    assert Event.objects.filter(verb="template.submitted", actor=lead).count() == 1


def test_session_content_is_made_available_without_approval(client: Client, lead: Agent) -> None:
    items = {"list_button": "Choose", "item_title": ["Oak", "Walnut"], "item_description": ["", ""]}
    asked = form(kind=content.LIST_PICKER, act="session", **items)
    answer = client.post("/templates/new/", asked, follow=True)
    assert "can be sent in open conversations" in words(answer.content.decode())
    assert "WhatsApp is looking at it" not in words(answer.content.decode())
    template = Template.objects.get()
    assert (template.submission, template.wants_approval) == ("queued", False)


def test_what_was_submitted_is_read_only(client: Client, lead: Agent) -> None:
    template = a_template()
    html = page(client, f"/templates/{template.pk}/")
    assert 'id="editor"' not in html
    assert template.content_sid in html
    answer = client.post(f"/templates/{template.pk}/", form(body="Changed.", act="save", stamp="x"))
    assert answer.status_code == 422
    template.refresh_from_db()
    assert template.content.body == BODY


def console_made(**fields: Any) -> Template:
    """As a sync brings it in: a name of any kind, no category, nobody asked WhatsApp."""
    row = a_template("My welcome", status="unsubmitted", category="", wants_approval=False)
    Template.objects.filter(pk=row.pk).update(name_at_twilio="My welcome", **fields)
    row.refresh_from_db()
    return row


def test_what_was_made_in_the_console_is_submitted_from_here(client: Client, lead: Agent) -> None:
    row = console_made()
    html = page(client, f"/templates/{row.pk}/")
    assert "WhatsApp was not asked about it" in words(html)
    asked = client.post(f"/templates/{row.pk}/submission/", {"category": ""}, follow=True)
    assert "has no category" in words(asked.content.decode())
    asked = client.post(f"/templates/{row.pk}/submission/", {"category": "UTILITY"}, follow=True)
    assert "Submitted." in words(asked.content.decode())
    row.refresh_from_db()
    assert (row.name, row.name_at_twilio, row.category) == ("My welcome", "my_welcome", "UTILITY")
    assert (row.submission, row.wants_approval) == ("queued", True)
    client.post(f"/templates/{row.pk}/submission/", {"category": "MARKETING"})
    row.refresh_from_db()
    assert row.category == "UTILITY"
    assert Event.objects.filter(verb="template.submitted").count() == 1


def test_a_name_that_whatsapp_would_not_take_is_not_fixed(client: Client, lead: Agent) -> None:
    version = console_made().new_version(by=lead, category="UTILITY")
    html = page(client, f"/templates/{version.pk}/")
    assert "readonly" not in html
    assert "Call it my_welcome" in html
    asked = form(name="my_welcome", stamp=version.edited_at.isoformat(), act="submit")
    assert client.post(f"/templates/{version.pk}/", asked).status_code == 302
    version.refresh_from_db()
    assert (version.name, version.submission) == ("my_welcome", "queued")


def test_what_twilio_has_and_whatsapp_did_not_take_is_submitted_again(client: Client, lead: Agent) -> None:
    row = a_template(status="unsubmitted")
    Template.objects.update(submission="failed", submission_error="Twilio did not accept it: account")
    told = words(page(client, f"/templates/{row.pk}/"))
    assert "account Submit it again, or make a new version and change that." in told
    client.post(f"/templates/{row.pk}/submission/")
    row.refresh_from_db()
    assert row.submission == "queued"


def test_a_submission_of_an_archived_draft_is_no_submission(client: Client, lead: Agent) -> None:
    draft = write(client)
    draft.archive(by=lead)
    asked = form(stamp=draft.edited_at.isoformat(), act="submit")
    told = words(client.post(f"/templates/{draft.pk}/", asked).content.decode())
    assert "This template is archived. Restore it first." in told


@pytest.mark.django_db(transaction=True)
def test_two_who_begin_at_once_get_two_templates() -> None:
    from concurrent.futures import ThreadPoolExecutor

    from django.db import connection

    account, person = Account.objects.get(), world.agent("ines", "lead")

    def begin(number: int) -> str:
        try:
            return editing.create(Written(body=f"Text {number}."), account, by=person).name
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        names = list(pool.map(begin, range(4)))
    assert sorted(names) == [f"untitled_{number}" for number in range(1, 5)]


def test_a_rejected_one_gets_a_new_version_that_is_mended(client: Client, lead: Agent) -> None:
    reason = "INVALID_FORMAT: variable parameters cannot be placed at the start or end."
    old = a_template("ready", "{{1}}, come and get it before {{2}}.", "rejected", rejection_reason=reason)
    html = page(client, f"/templates/{old.pk}/")
    assert reason in html
    assert "Put a word before the first variable" in words(html)
    answer = client.post(f"/templates/{old.pk}/versions/")
    draft = Template.objects.get(replaces=old)
    assert answer["Location"] == f"/templates/{draft.pk}/"
    assert draft.content.body == "Hi {{1}}, come and get it before {{2}}. Thank you."
    html = page(client, f"/templates/{draft.pk}/")
    assert reason in html
    assert "Make a new version and submit it" not in words(html)
    assert "Ready" in words(html)
    client.post(f"/templates/{old.pk}/versions/")
    assert Template.objects.filter(replaces=old).count() == 1
    Template.objects.filter(pk=draft.pk).update(status="approved", content_sid="HX" + "f" * 32)
    told = words(page(client, f"/templates/{old.pk}/"))
    assert ("See the new version" in told, "Make new version" in told) == (True, False)


def test_a_changed_category_says_what_it_costs_now(client: Client, lead: Agent) -> None:
    row = a_template(category="MARKETING", previous_category="UTILITY", recategorised_at=clock.now())
    told = words(page(client, f"/templates/{row.pk}/"))
    assert "this now bills as marketing, no longer as utility" in told
    assert "Used 0 times in 30 days." in told
    assert "now costs $0.0579 to numbers of your country; before it was $0.027" in told


def test_a_paused_one_says_what_to_send_instead(client: Client, lead: Agent) -> None:
    other = a_template("other")
    row = a_template("tired", status="paused", paused_until=clock.now() + timedelta(hours=3))
    told = words(page(client, f"/templates/{row.pk}/"))
    assert "WhatsApp paused this template until" in told
    assert "Send other instead." in told
    assert f'href="/templates/{other.pk}/">Send other instead.</a>' in page(client, f"/templates/{row.pk}/")


def test_a_language_starts_with_a_copy(client: Client, lead: Agent) -> None:
    template = a_template()
    answer = client.post(f"/templates/{template.pk}/languages/", {"language": "ar"})
    copy = Template.objects.get(language="ar")
    assert answer["Location"] == f"/templates/{copy.pk}/"
    assert (copy.family, copy.types, copy.variables) == (template.family, template.types, template.variables)
    assert copy.is_draft
    client.post(f"/templates/{template.pk}/languages/", {"language": "ar"})
    client.post(f"/templates/{template.pk}/languages/", {"language": "xx"})
    assert Template.objects.count() == 2
    html = page(client, f"/templates/{copy.pk}/")
    assert 'lang="ar" aria-current="page"' in html
    assert "العربية" in html


def test_a_language_that_is_there_is_refused(client: Client, lead: Agent) -> None:
    template = a_template(status="")
    a_template(status="", language="de")
    asked = form(language="de", stamp=template.edited_at.isoformat(), act="save")
    answer = client.post(f"/templates/{template.pk}/", asked)
    assert "has this language already" in words(answer.content.decode())


def test_the_source_is_read_beside_what_is_written(client: Client, lead: Agent) -> None:
    source = a_template("ready", "Your <b>lamp</b> {{1}} is ready.", language="ar")
    draft = source.in_language("de", by=lead)
    source.new_version(by=lead, types=content.text("Your chair {{1}} is ready."))
    html = page(client, f"/templates/{draft.pk}/")
    beside = re.search(r'<details class="beside-source".*?</details>', html, re.S)
    assert beside and " open>" in beside[0]
    assert 'lang="ar" dir="rtl"' in beside[0]
    assert "Your chair {{1}} is ready." in words(beside[0])
    assert words(beside[0]).startswith("Source: العربية Draft")
    tabs = words(html[html.index('class="tabs"') : html.index("</nav>", html.index('class="tabs"'))])
    assert "Deutsch Draft" in tabs
    read_only = page(client, f"/templates/{source.pk}/")
    beside = re.search(r'<details class="beside-source".*?</details>', read_only, re.S)
    assert beside and " open>" not in beside[0] and "Deutsch" in beside[0]
    assert "beside-source" not in page(client, f"/templates/{write(client, name='alone').pk}/")


def test_a_language_added_by_mistake_is_removed_by_one_press(client: Client, lead: Agent) -> None:
    source = a_template()
    assert "remove-language" not in page(client, f"/templates/{write(client, name='alone').pk}/")
    client.post(f"/templates/{source.pk}/languages/", {"language": "af"})
    draft = Template.objects.get(language="af")
    html = page(client, f"/templates/{draft.pk}/")
    assert 'form="remove-language"' in html
    form_of_it = html[html.index('<form id="remove-language"') :]
    address = f"/templates/{draft.pk}/archive/"
    assert form_of_it.startswith(f'<form id="remove-language" method="post" action="{address}">')
    answer = client.post(address, {"then": "family"}, follow=True)
    assert answer.redirect_chain[-1][0] == f"/templates/{source.pk}/"
    assert "Archived." in words(answer.content.decode())
    draft.refresh_from_db()
    assert draft.is_archived


@pytest.mark.parametrize(("quality", "word"), [("HIGH", "High"), ("YELLOW", "Medium"), ("NEWISH", "NEWISH")])
def test_quality_is_said_in_words(client: Client, lead: Agent, quality: str, word: str) -> None:
    row = a_template()
    Template.objects.filter(pk=row.pk).update(quality=quality)
    assert f"Quality {word} " in words(page(client, f"/templates/{row.pk}/"))


@pytest.mark.parametrize(("code", "name"), [
    ("de", "Deutsch"), ("pt-BR", "Português (Brasil)"), ("pt", "Português"), ("de_AT", "Deutsch (AT)"),
    ("xx", "xx"), ("", "–"),
])  # fmt: skip
def test_languages_have_names(code: str, name: str) -> None:
    assert languages.name_of(code) == name


def test_languages_of_customers_are_offered_first(client: Client, lead: Agent) -> None:
    for language in ("pt", "tr-TR", "tr", "de", "xx", ""):
        contact = world.conversation().contact
        type(contact).objects.filter(pk=contact.pk).update(language=language)
    for row in (a_template(language="de"), a_template("draft", status="", language="de")):
        html = page(client, f"/templates/{row.pk}/")
        added = html[html.index('name="language" form="add-language"') :]
        assert re.findall(r'<option value="(\w+)"', added)[:4] == ["pt_BR", "tr", "af", "sq"]
        assert '<details class="dropdown"><summary' in html
    assert client.post(f"/templates/{row.pk}/languages/", {"language": "tr"}).status_code == 302


@pytest.mark.parametrize("has_scripts", [True, False])
def test_archiving_is_undone(client: Client, lead: Agent, has_scripts: bool) -> None:
    template = a_template()
    a_template(language="de")
    headers = HTMX if has_scripts else {}
    answer = client.post(f"/templates/{template.pk}/archive/", {"whole": "1"}, headers=headers)
    assert not Template.objects.filter(archived_at=None).exists()
    if has_scripts:
        assert answer["HX-Trigger"] == "fanlight:list"
        assert "Undo" in answer.content.decode()
    assert "Restore" in page(client, f"/templates/{template.pk}/")
    client.post(f"/templates/{template.pk}/archive/", {"_method": "DELETE"}, headers=headers)
    assert Template.objects.filter(archived_at=None).count() == 2


def test_agents_may_look_and_not_change(client: Client, lead: Agent) -> None:
    template, draft = a_template(), a_template("draft", status="")
    client.force_login(world.agent("tomasz"))
    for row in (template, draft):
        html = page(client, f"/templates/{row.pk}/")
        for word in ('id="editor"', "Archive", "Delete", "new version", "Add language"):
            assert word not in html
    assert "New template" not in page(client, "/templates/")
    before = list(Template.objects.order_by("pk").values())
    acts = ("", "archive/", "languages/", "versions/", "submission/", "deletion/")
    for path in ("new/", "form/", *(f"{row.pk}/{act}" for row in (template, draft) for act in acts)):
        answer = client.post(f"/templates/{path}", form(act="save"), headers=HTMX)
        assert (answer.status_code, answer["X-Refused"]) == (422, "not_allowed"), path
        assert "Only leads and admins" in words(answer.content.decode())
        answer = client.post(f"/templates/{path}", form(act="save"), follow=True)
        assert "Only leads and admins" in words(answer.content.decode())
    assert "Only leads and admins" in words(client.get("/templates/new/", follow=True).content.decode())
    assert list(Template.objects.order_by("pk").values()) == before


def test_what_is_not_there_is_not_found(client: Client, lead: Agent) -> None:
    for path in ("9/", "9/archive/", "9/languages/", "9/versions/", "9/deletion/"):
        assert client.post(f"/templates/{path}", form()).status_code == 404
    assert client.post("/templates/form/", form(template="9"), headers=HTMX).status_code == 404
    assert client.post("/templates/new/", form(template="9")).status_code == 404


def test_without_an_account_nothing_is_written(client: Client, lead: Agent) -> None:
    from channels_whatsapp.models import Account, Sender

    Sender.objects.all().delete()
    Account.objects.all().delete()
    for answer in (
        client.get("/templates/new/", follow=True),
        client.post("/templates/new/", form(), follow=True),
    ):
        assert "There is no Twilio account" in words(answer.content.decode())


def test_hostile_words_stay_words_everywhere(client: Client, lead: Agent) -> None:
    for kind in PARTS:
        asked = form(
            kind=kind, name="", body=NASTY + " {{1}}", header_kind="text", header=NASTY,
            footer=NASTY, media=NASTY,
            button_kind=["QUICK_REPLY", "URL"], button_title=[NASTY, NASTY], button_value=[NASTY, NASTY],
            list_button=NASTY, item_title=[NASTY], item_description=[NASTY], card_title=[NASTY],
            card_body=[NASTY], card_media=[NASTY], label=NASTY, address=NASTY, latitude=NASTY,
            code_title=NASTY, minutes=NASTY, variable_sample=[NASTY, NASTY], variable_means=[NASTY, NASTY],
            language=NASTY, category=NASTY, variable_source=[NASTY, NASTY], act="save",
        )  # fmt: skip
        answer = client.post("/templates/new/", asked, follow=True)
        live = client.post("/templates/form/", asked | {"act": ""}, headers=HTMX)
        shaped = client.post("/templates/form/", asked | {"act": "kind"}, headers=HTMX)
        for found in (answer, live, shaped):
            assert found.status_code == 200
            assert "<script>alert" not in found.content.decode()
            assert '<b hx-get="/x">' not in found.content.decode()
    assert "javascript:" not in client.post(
        "/templates/form/", form(kind=content.MEDIA, media="javascript:alert(1)"), headers=HTMX
    ).content.decode().replace('value="javascript:', "")


def test_content_of_another_make_is_shown_and_kept(client: Client, lead: Agent) -> None:
    row = a_template("flow", types={"twilio/flows": {"body": "Book a visit", "button_text": "Book"}})
    html = page(client, f"/templates/{row.pk}/")
    assert "Book a visit" in html
    answer = client.post(f"/templates/{row.pk}/versions/", headers=HTMX)
    assert answer["X-Refused"] == "not_built"


def test_the_editor_needs_few_queries(
    client: Client, lead: Agent, django_assert_max_num_queries: object
) -> None:
    draft = a_template(status="")
    for code in ("de", "fr", "es", "ar", "tr"):
        a_template(status="", language=code)
    client.get(f"/templates/{draft.pk}/")
    session_and_agent = 2
    with django_assert_max_num_queries(8 + session_and_agent):  # type: ignore[operator]
        client.get(f"/templates/{draft.pk}/")
    asked = form(template=str(draft.pk))
    with django_assert_max_num_queries(5 + session_and_agent):  # type: ignore[operator]
        client.post("/templates/form/", asked, headers=HTMX)


@pytest.mark.parametrize("has_scripts", [True, False])
def test_archiving_says_first_what_still_uses_it(client: Client, lead: Agent, has_scripts: bool) -> None:
    template, german = a_template(), a_template(language="de")
    german.new_version(by=lead)
    payload = {"content_sid": german.content_sid}
    world.message(world.conversation(), "x", "outbound", status="read", kind="template", payload=payload)
    headers = HTMX if has_scripts else {}
    address = f"/templates/{template.pk}/archive/"
    told = words(client.post(address, {"whole": "1"}, headers=headers).content.decode())
    assert "“order_shipped” is still used. It was sent 1 time in 30 days." in told
    assert "to replace it" not in told  # it goes with the others
    assert not Template.objects.exclude(archived_at=None).exists()
    told = words(client.post(f"/templates/{german.pk}/archive/", headers=headers).content.decode())
    assert "1 draft is to replace it. " in told
    client.post(address, {"whole": "1", "sure": "1"}, headers=headers)
    assert not Template.objects.filter(archived_at=None).exists()


def test_what_nothing_uses_is_archived_at_once_from_the_editor(client: Client, lead: Agent) -> None:
    draft = write(client)
    html = page(client, f"/templates/{draft.pk}/")
    menu = html[html.index('id="editor-menu"') :]
    assert re.search(rf'action="/templates/{draft.pk}/archive/">.*?Archive</button>', menu, re.S)
    assert client.post(f"/templates/{draft.pk}/archive/").status_code == 302
    draft.refresh_from_db()
    assert draft.is_archived
    assert 'id="editor-menu"></div>' in page(client, "/templates/new/")
    made = client.post("/templates/new/", form(name="", act="auto"), headers=HTMX).content.decode()
    assert 'id="editor-menu" hx-swap-oob="true"><details' in made


def test_help_names_what_is_on_the_pages(client: Client, lead: Agent) -> None:
    templates = Path(settings.BASE_DIR) / "templates"
    help_words = re.findall(r"“([^”]+)”", (templates / "help" / "templates.html").read_text())
    samples = {"Nour", "BC-2041", "test"}
    pages = "".join(path.read_text() for path in (templates / "templates_mgmt").glob("*.html"))
    pages += "".join(str(label) for label in states.GROUPS.values())
    assert len(set(help_words) - samples) >= 6
    assert [name for name in help_words if name not in samples and name not in pages] == []
