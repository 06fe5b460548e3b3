from __future__ import annotations

import re

import pytest
from django.conf import LazySettings
from django.core.cache import cache
from django.test import Client

from tests import world

pytestmark = pytest.mark.django_db
PASSWORD = "a long enough secret"


@pytest.fixture(autouse=True)
def _fresh() -> None:
    cache.clear()
    world.agent("tomasz", email="tomasz@shop.example")


def sign_in(client: Client, login: str = "tomasz", password: str = PASSWORD, **more: str) -> object:
    return client.post("/login/", {"login": login, "password": password, **more})


def test_the_fields_have_the_promised_names(client: Client) -> None:
    html = client.get("/login/").content.decode()
    for words in (">Username or email</label>", ">Password</label>", ">Sign in</button>"):
        assert words in html
    assert "style=" not in html
    assert "onclick" not in html


@pytest.mark.parametrize("login", ["tomasz", "tomasz@shop.example"])
def test_name_and_email_both_sign_in(client: Client, login: str) -> None:
    answer = sign_in(client, login)
    assert (answer.status_code, answer["Location"]) == (302, "/")
    assert client.get("/").status_code == 200


@pytest.mark.parametrize(
    ("login", "password"), [("tomasz", "wrong"), ("nobody", PASSWORD), ("no@one.example", "x")]
)
def test_a_wrong_pair_is_answered_in_words_that_tell_nothing(
    client: Client, login: str, password: str
) -> None:
    answer = sign_in(client, login, password)
    assert "Name and password do not match" in answer.content.decode()
    assert client.get("/").status_code == 302


def test_after_five_wrong_tries_even_the_right_password_waits(client: Client) -> None:
    for _ in range(5):
        sign_in(client, password="wrong")
    assert "Too many wrong tries" in sign_in(client).content.decode()
    assert client.get("/").status_code == 302


@pytest.mark.parametrize(
    "url", ["https://evil.example/", "//evil.example", "javascript:alert(1)", "/\\evil.example", "http:evil"]
)
def test_next_leads_nowhere_but_here(client: Client, url: str) -> None:
    assert sign_in(client, next=url)["Location"] == "/"


def test_next_leads_back_to_the_page_that_was_wanted(client: Client) -> None:
    wanted = client.get("/conversations/7/?view=mine")["Location"]
    assert wanted == "/login/?next=/conversations/7/%3Fview%3Dmine"
    answer = sign_in(client, next="/conversations/7/?view=mine")
    assert answer["Location"] == "/conversations/7/?view=mine"


def test_signing_out_takes_a_post(client: Client) -> None:
    sign_in(client)
    client.get("/logout/")
    assert client.get("/").status_code == 200
    assert client.post("/logout/")["Location"] == "/login/"
    assert client.get("/").status_code == 302


def test_the_sign_in_form_needs_its_token() -> None:
    strict = Client(enforce_csrf_checks=True)
    answer = strict.post("/login/", {"login": "tomasz", "password": PASSWORD})
    assert answer.status_code == 403
    assert "This page was open too long" in answer.content.decode()


def test_nobody_signs_themselves_up(client: Client) -> None:
    html = client.get("/account/signup/").content.decode()
    assert "Nobody signs themselves up here" in html
    assert "<form" not in html


def test_an_inactive_account_stays_out(client: Client) -> None:
    world.agent("gone", is_active=False)
    sign_in(client, "gone")
    assert client.get("/").status_code == 302


def test_a_reset_says_the_same_about_every_address(client: Client) -> None:
    pages = [
        client.post("/account/password/reset/", {"email": email}, follow=True).content.decode()
        for email in ("tomasz@shop.example", "nobody@shop.example")
    ]
    assert "Look into your mail" in pages[0]
    same = [re.sub(r'"X-CSRFToken": "\w+"', "", page) for page in pages]
    assert same[0] == same[1]


@pytest.mark.parametrize(
    "path", ["/account/password/reset/", "/account/password/reset/key/x-y/", "/account/inactive/"]
)
def test_the_other_account_pages_look_like_ours(client: Client, path: str) -> None:
    html = client.get(path).content.decode()
    assert 'class="sign-in-form"' in html
    assert "Menu:" not in html


def test_changing_the_password_has_a_page_and_says_what_is_wrong(client: Client) -> None:
    sign_in(client)
    asked = {"oldpassword": "wrong", "password1": "short", "password2": "other"}
    html = client.post("/account/password/change/", asked).content.decode()
    assert html.count('role="alert"') >= 2
    assert 'aria-invalid="true"' in html


def test_the_demo_names_its_people_and_never_their_password(client: Client, settings: LazySettings) -> None:
    assert "This is a demo" not in client.get("/login/").content.decode()
    settings.DEMO, settings.DEMO_PASSWORD = True, "visible to nobody"
    html = client.get("/login/").content.decode()
    for name in ("<b>agent</b>", "<b>lead</b>", "<b>admin</b>"):
        assert name in html
    assert "visible to nobody" not in html
