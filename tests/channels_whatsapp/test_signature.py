from __future__ import annotations

import base64
import hashlib
import hmac
import time
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from django.http import QueryDict
from django.test import Client
from django.urls import get_resolver
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings
from twilio.request_validator import RequestValidator

from channels_whatsapp import forms, middleware, signature
from channels_whatsapp.models import Account, BadSignature, Receipt, Sender
from inbox.models import Channel, Message
from tests import world
from tests.channels_whatsapp.posting import (
    BASE,
    FORM,
    PATH,
    fixture,
    headers,
    post_fields,
    post_json,
)
from tests.conftest import ACCOUNT_SID, AUTH_TOKEN

pytestmark = pytest.mark.django_db
OTHER = "AC" + "b" * 32
OTHER_TOKEN = "f" * 32


@pytest.fixture(autouse=True)
def forgotten() -> None:
    """What earlier tests left in this process."""
    signature.accounts.forget()
    signature.accounts._read_at = -1000.0


def text(**changes: Any) -> dict[str, Any]:
    return fixture("inbound/text", **changes)


def post(
    fields: dict[str, Any],
    path: str = PATH,
    *,
    body: bytes | None = None,
    content_type: str = FORM,
    signed_for: str = "",
    token: str = AUTH_TOKEN,
    signature_header: str | None = None,
    **extra: Any,
) -> Any:
    sent = headers(signed_for or f"{BASE}{path}", fields, token)
    if signature_header is not None:
        sent["X-Twilio-Signature"] = signature_header
    sent |= extra.pop("headers", {})
    body = urlencode(fields, doseq=True).encode() if body is None else body
    return Client().generic("POST", path, body, content_type=content_type, headers=sent, **extra)


# The one function, against the SDK

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
fields_of = st.dictionaries(texts, st.lists(texts, min_size=1, max_size=3), max_size=6)
addresses = st.builds(
    lambda scheme, host, port, path, query: f"{scheme}://{host}{port}/{path}{'?' if query else ''}{query}",
    st.sampled_from(["https", "http"]),
    st.sampled_from(["inbox.example", "localhost", "127.0.0.1"]),
    st.sampled_from(["", ":443", ":80", ":8443"]),
    st.text("abz/-_%20", max_size=10),
    st.text("ab=&%20+", min_size=0, max_size=8).map(lambda q: q.strip("?#")),
)


@given(texts.filter(bool), addresses, fields_of, st.sampled_from(["HMAC_SHA1", "HMAC_SHA256"]))
def test_it_signs_exactly_as_the_sdk_does(
    token: str, url: str, fields: dict[str, list[str]], algorithm: str
) -> None:
    posted = QueryDict(mutable=True)
    for name, values in fields.items():
        posted.setlist(name, values)
    expected = RequestValidator(token).compute_signature(url, posted, algorithm)
    assert signature.sign(token, url, fields, algorithm) == expected
    assert RequestValidator(token).validate(url, posted, expected, algorithm)
    assert signature.matches(expected, token, url, fields, algorithm)


@given(fields_of)
def test_a_form_is_read_as_django_reads_it(fields: dict[str, list[str]]) -> None:
    body = urlencode(fields, doseq=True)
    assert forms.read(body.encode()) == dict(QueryDict(body).lists())


def test_it_makes_the_signature_of_twilios_own_example() -> None:
    fields = {
        "CallSid": ["CA1234567890ABCDE"], "Caller": ["+14158675310"], "Digits": ["1234"],
        "From": ["+14158675310"], "To": ["+18005551212"],
    }  # fmt: skip
    url = "https://example.com/myapp.php?foo=1&bar=2"
    assert signature.sign("12345", url, fields) == "L/OH5YylLD5NRKLltdqwSvS0BnU="


# Forged, bent, replayed

EVIL = "https://evil.example"
FORGED: dict[str, dict[str, Any]] = {
    "no header": {"signature_header": ""},
    "garbage header": {"signature_header": "nonsense"},
    "header that is no ASCII": {"signature_header": "sïgnature"},
    "very long header": {"signature_header": "A" * 5000},
    "wrong token": {"token": "wrong"},
    "empty token": {"token": ""},
    "changed body": {"body": urlencode(text(Body="something else")).encode()},
    "added field": {"body": urlencode(text() | {"OptOutType": "STOP"}).encode()},
    "missing field": {"body": urlencode(text(Body=None)).encode()},
    "empty body": {"body": b""},
    "signed for http": {"signed_for": f"http://inbox.example{PATH}"},
    "signed for another host": {"signed_for": f"{EVIL}{PATH}"},
    "signed for another port": {"signed_for": f"https://inbox.example:8443{PATH}"},
    "signed for the slash": {"signed_for": f"{BASE}{PATH}/"},
    "signed for another path": {"signed_for": f"{BASE}{PATH}/status"},
    "signed with a query": {"signed_for": f"{BASE}{PATH}?ref=1"},
    "sent with a query": {"path": f"{PATH}?ref=1", "signed_for": f"{BASE}{PATH}"},
    "another host header": {"signed_for": f"{EVIL}{PATH}", "headers": {"Host": "evil.example"}},
    "forwarded host": {"signed_for": f"{EVIL}{PATH}", "headers": {"X-Forwarded-Host": "evil.example"}},
    "forwarded proto": {
        "signed_for": f"http://inbox.example{PATH}", "headers": {"X-Forwarded-Proto": "http"},
    },
    "forwarded port": {
        "signed_for": f"https://inbox.example:8443{PATH}", "headers": {"X-Forwarded-Port": "8443"},
    },
    "double slash": {"path": f"{PATH}//", "signed_for": f"{BASE}{PATH}"},
    "dots in the path": {"path": f"{PATH}/status/../", "signed_for": f"{BASE}{PATH}"},
    "escaped path": {"path": f"{PATH}%2fstatus", "signed_for": f"{BASE}{PATH}"},
    "json": {"body": b'{"Body": "hi"}', "content_type": "application/json"},
    "multipart": {"content_type": "multipart/form-data; boundary=x"},
    "plain text": {"content_type": "text/plain"},
    "no content type": {"content_type": ""},
    "utf-16": {"content_type": f"{FORM}; charset=utf-16"},
    "latin-1": {"content_type": f"{FORM}; charset=iso-8859-1"},
    "unknown charset": {"content_type": f"{FORM}; charset=klingon"},
    "two accounts": {"body": urlencode([*text().items(), ("AccountSid", OTHER)]).encode()},
    "no account": {"fields": text(AccountSid=None)},
    "an account that is not ours": {"fields": text(AccountSid=OTHER)},
    "shared key that we do not have": {
        "headers": {"X-Twilio-Webhooks-Signature-Settings": "key=abc,algorithm=HMAC_SHA256"},
    },
    "sha256 without a key": {"headers": {"X-Twilio-Webhooks-Signature-Settings": "algorithm=HMAC_SHA256"}},
    "unknown algorithm": {"headers": {"X-Twilio-Webhooks-Signature-Settings": "key=abc,algorithm=HMAC_MD5"}},
    "settings that say nothing": {"headers": {"X-Twilio-Webhooks-Signature-Settings": "hello"}},
    "too large": {"fields": text(Body="x" * 300_000)},
    "all folded into the address": {
        "signed_for": f"{BASE}{PATH}{''.join(k + v for k, v in sorted(text().items()))}", "body": b"",
    },
    "folded into one parameter": {
        "body": urlencode(
            {"AccountSid": ACCOUNT_SID + "".join(k + v for k, v in sorted(text().items()))[len("AccountSid") + 34 :]}  # noqa: E501
        ).encode()
    },
}  # fmt: skip


@pytest.mark.parametrize("name", FORGED)
def test_it_refuses_what_is_not_signed_for_this_very_request(name: str) -> None:
    world.channel()
    case = dict(FORGED[name])
    answer = post(case.pop("fields", text()), **case)
    assert answer.status_code in (400, 403, 413, 415), answer.content
    assert not Receipt.objects.exists()
    assert not Message.objects.exists()


def test_a_wrong_signature_is_answered_in_the_words_that_others_script_against() -> None:
    answer = post(text(), token="wrong")
    assert (answer.status_code, answer.json()) == (403, {"error": "Invalid signature"})


def test_fields_cannot_be_cut_elsewhere_under_one_signature() -> None:
    """The signed text has no separators, so letters can move between a name and its value."""
    world.channel()
    fields = text()
    good = headers(f"{BASE}{PATH}", fields)["X-Twilio-Signature"]
    bent = [
        {"Bod": "y" + fields["Body"]},  # harmless here: Body is then empty
        {"MessageSi": "d" + fields["MessageSid"]},
        {"Fro": "m" + fields["From"]},
        {"T": "o" + fields["To"]},
        {"AccountSi": "d" + fields["AccountSid"]},
    ]
    codes = []
    for shape in bent:
        name = next(iter(shape))
        whole = next(key for key in fields if key.startswith(name) and len(key) == len(name) + 1)
        parts = {key: value for key, value in fields.items() if key != whole} | shape
        codes.append(post(parts, signature_header=good).status_code)
    assert codes[1:] == [400, 400, 400, 403]


@pytest.mark.parametrize("name", ["MessageSid", "From", "To"])
def test_a_repeated_parameter_that_says_who_or_what_is_refused(name: str) -> None:
    """Repeated equal values are signed once, so one signature covers both shapes."""
    world.channel()
    fields = text()
    body = urlencode([*fields.items(), (name, fields[name])]).encode()
    assert post(fields, body=body).status_code == 400
    assert not Receipt.objects.exists()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MessageSid", "SM123"), ("MessageSid", "XX" + "0" * 32), ("MessageSid", "SM" + "g" * 32),
        ("From", "+447700900318"), ("From", "whatsapp:"), ("From", "whatsapp:+44 7700"),
        ("From", "whatsapp:" + "1" * 151), ("To", "sms:+447700900142"), ("To", "whatsapp:+44\x007"),
        ("From", "whatsapp:+447700900318\n"), ("MessageSid", None), ("To", None),
    ],
)  # fmt: skip
def test_a_signed_parameter_in_another_form_is_refused_and_noted(name: str, value: str | None) -> None:
    world.channel()
    assert post(text(**{name: value})).status_code == 400
    assert not Receipt.objects.exists()


def test_a_replay_a_hundred_times_is_one_message() -> None:
    world.channel()
    assert {post(text()).status_code for _ in range(100)} == {200}
    assert Message.objects.count() == 1
    assert Receipt.objects.get().duplicates == 99


# Which secret


def account(sid: str = OTHER, **secrets: str) -> Account:
    row, _ = Account.objects.update_or_create(sid=sid, defaults=secrets)
    signature.accounts.forget()
    signature.accounts._read_at = -1000.0
    return row


def test_every_token_of_the_settings_verifies(settings: Settings) -> None:
    settings.TWILIO_AUTH_TOKEN = ["next", AUTH_TOKEN]
    world.channel()
    assert post(text(), token="next").status_code == 200
    assert post(text(), token=AUTH_TOKEN).status_code == 200
    assert post(text(), token="third").status_code == 403


def test_the_tokens_of_an_account_in_the_database_verify_while_one_is_rotated() -> None:
    owner = account(auth_token=OTHER_TOKEN, previous_auth_token="before")
    address = "whatsapp:+447700900999"
    over = Channel.objects.create(name="Second", address=address)
    Sender.objects.create(channel=over, account=owner, address=address)
    theirs = text(AccountSid=OTHER, To=address)
    assert post(theirs, token=OTHER_TOKEN).status_code == 200
    assert post(theirs, token="before").status_code == 200
    assert post(theirs, token=AUTH_TOKEN).status_code == 403


def test_one_accounts_token_cannot_post_for_anothers_number() -> None:
    world.channel()
    account(auth_token=OTHER_TOKEN)
    assert post(text(AccountSid=OTHER), token=OTHER_TOKEN).status_code == 403
    assert not Receipt.objects.exists()
    assert not Message.objects.exists()


def test_an_account_without_any_secret_verifies_nothing(settings: Settings) -> None:
    settings.TWILIO_AUTH_TOKEN = []
    world.channel()
    for token in ("", AUTH_TOKEN):
        assert post(text(), token=token).status_code == 403


def shared(fields: dict[str, Any], secret: str, key: str = "key_1") -> Any:
    made = RequestValidator(secret).compute_signature(f"{BASE}{PATH}", fields, "HMAC_SHA256")
    named = {"X-Twilio-Webhooks-Signature-Settings": f"key={key},algorithm=HMAC_SHA256"}
    return post(fields, signature_header=made, headers=named)


def test_a_shared_key_verifies_by_its_name_only() -> None:
    world.channel()
    account(ACCOUNT_SID, shared_key_id="key_1", shared_key_secret="a secret")
    assert shared(text(), "a secret").status_code == 200
    assert shared(text(), "a secret", key="key_2").status_code == 403
    # No falling back between the schemes: a named key never means the token, nor the other way round.
    assert shared(text(), AUTH_TOKEN).status_code == 403
    assert post(text(), token="a secret").status_code == 403


def test_a_token_changed_a_moment_ago_is_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    world.channel()
    owner = account(auth_token=OTHER_TOKEN)
    assert post(text(AccountSid=OTHER), token="newer").status_code == 403
    owner.auth_token = "newer"
    owner.save()
    monkeypatch.setattr(signature, "LEAST_SECONDS", 0.0)
    Sender.objects.update(account=owner)
    assert post(text(AccountSid=OTHER), token="newer").status_code == 200


# The address


@pytest.mark.parametrize("path", [PATH, f"{PATH}/", f"{PATH}/fallback", f"{PATH}/fallback/"])
def test_it_answers_with_and_without_the_slash_and_never_redirects(path: str) -> None:
    world.channel()
    assert post(text(), path).status_code == 200


def test_the_port_may_be_in_the_signed_address_or_not() -> None:
    world.channel()
    assert post(text(), signed_for=f"https://inbox.example:443{PATH}").status_code == 200


def test_a_port_of_our_own_address_may_be_signed_or_left_out(settings: Settings) -> None:
    settings.PUBLIC_BASE_URL = "https://inbox.example:8443"
    world.channel()
    assert post(text(), signed_for=f"https://inbox.example:8443{PATH}").status_code == 200
    assert post(text(), signed_for=f"https://inbox.example{PATH}").status_code == 200


def test_the_query_is_signed_as_it_was_written() -> None:
    path = f"{PATH}/status?note={quote('a b/ü')}&ref=nothing+here"
    assert post_fields(fixture("status/sent"), path).status_code == 200


def test_without_a_public_address_only_this_machine_is_believed(settings: Settings) -> None:
    settings.PUBLIC_BASE_URL = ""
    world.channel()
    local = {"signed_for": f"http://localhost:8000{PATH}", "headers": {"Host": "localhost:8000"}}
    assert post(text(), **local).status_code == 200
    assert post(text(), REMOTE_ADDR="203.0.113.7", **local).status_code == 403
    elsewhere = {"signed_for": f"http://evil.example{PATH}", "headers": {"Host": "evil.example"}}
    assert post(text(), **elsewhere).status_code == 403


def test_a_get_says_that_somebody_is_there_and_needs_no_signature() -> None:
    for path in (PATH, f"{PATH}/"):
        answer = Client().get(path)
        assert (answer.status_code, answer.json()) == (200, {"status": "ok"})
    assert Client().get(f"{PATH}/status").status_code == 405
    assert Client().delete(PATH).status_code == 405


def test_nothing_under_the_prefix_is_reached_without_a_signature() -> None:
    """Walks the URLconf, so that a webhook added later is in it."""
    found = [
        str(pattern.pattern)
        for pattern in get_resolver("channels_whatsapp.urls").url_patterns
        if "webhooks" in str(pattern.pattern)
    ]
    assert len(found) == 3
    names = ["", "/fallback", "/status", "/events", "/anything", "/status/more", "/events/x"]
    for path in [f"{PATH}{name}{slash}" for name in names for slash in ("", "/")]:
        for method in ("post", "put"):
            answer = getattr(Client(), method)(path, urlencode(text()), content_type=FORM)
            assert answer.status_code == 403, path
        for method in ("patch", "delete", "options", "trace"):
            assert getattr(Client(), method)(path).status_code == 405


def test_a_signed_request_to_no_webhook_of_ours_is_not_found() -> None:
    assert post(text(), f"{PATH}/anything").status_code == 404


def test_a_put_counts_as_a_post() -> None:
    world.channel()
    answer = Client().put(
        PATH, urlencode(text()), content_type=FORM, headers=headers(f"{BASE}{PATH}", text())
    )
    assert answer.status_code == 200


# Limits


def test_more_than_two_hundred_fields_are_refused() -> None:
    many = text() | {f"f{n}": "1" for n in range(10_000)}
    assert post(many).status_code == 400
    assert not Receipt.objects.exists()


def test_a_body_over_256_kb_is_refused_unread() -> None:
    answer = post(text(), body=b"Body=" + b"x" * 10_000_000)
    assert answer.status_code == 413


def test_sixteen_hundred_emoji_are_an_ordinary_message() -> None:
    world.channel()
    assert post(text(Body="🧡" * 1600)).status_code == 200
    assert len(Message.objects.get().body) == 1600


# Refused ones are counted and explained


@pytest.mark.parametrize(
    ("signed_for", "diagnosis"),
    [
        (f"http://inbox.example{PATH}", "http for https"),
        (f"{BASE}{PATH}/", "trailing slash"),
        (f"https://inbox.example:8443{PATH}", "other port"),
        (f"https://testserver{PATH}", "other host: testserver"),
        (f"http://testserver{PATH}", "other host: testserver, http for https"),
        (f"https://nobody.example{PATH}", ""),
    ],
)
def test_the_doctor_is_told_what_would_have_verified_it(signed_for: str, diagnosis: str) -> None:
    from channels_whatsapp import forgeries

    forgeries.counter.__init__()  # type: ignore[misc]
    assert post(text(), signed_for=signed_for, headers={"Host": "testserver"}).status_code == 403
    noted = BadSignature.objects.get()
    assert (noted.path, noted.account_sid, noted.diagnosis) == (PATH, ACCOUNT_SID, diagnosis)


def test_the_token_of_another_account_is_named() -> None:
    from channels_whatsapp import forgeries

    forgeries.counter.__init__()  # type: ignore[misc]
    account(auth_token=OTHER_TOKEN)
    assert post(text(), token=OTHER_TOKEN).status_code == 403
    assert BadSignature.objects.get().diagnosis == f"token of {OTHER}"


def test_a_flood_of_forgeries_writes_few_rows_rarely(
    django_assert_max_num_queries: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from channels_whatsapp import forgeries

    # A row a minute: within one, whatever the hour.
    now = time.time()
    monkeypatch.setattr(forgeries, "time", SimpleNamespace(time=lambda: now))
    forgeries.counter.__init__()  # type: ignore[misc]
    post(text(), token="wrong")
    monkeypatch.setattr(signature, "LEAST_SECONDS", 600.0)
    with django_assert_max_num_queries(60):
        for n in range(127):
            post(text(AccountSid=f"AC{n:032x}"), f"{PATH}/{n}", token="wrong")
            post(text(), token="wrong")
    assert BadSignature.objects.count() <= 4
    ours = BadSignature.objects.filter(account_sid=ACCOUNT_SID)
    assert sum(ours.values_list("count", flat=True)) == 128


def test_the_signature_appears_in_no_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    given = headers(f"{BASE}{PATH}", text(), "wrong")["X-Twilio-Signature"]
    post(text(), token="wrong")
    assert given not in caplog.text


# Event Streams


def event(**changes: Any) -> dict[str, Any]:
    data = {"accountSid": ACCOUNT_SID, "template": {"sid": "HX" + "1" * 32}}
    return {
        "type": "com.twilio.messaging.template.approval.updated",
        "id": "EZ" + "1" * 32,
        "data": data,
    } | changes


def test_a_batch_of_events_is_verified_by_the_digest_in_its_address() -> None:
    assert post_json([event(), event(id="EZ2")]).status_code == 200
    assert Receipt.objects.filter(kind="event", outcome="applied").count() == 2
    assert post_json([event()]).status_code == 200
    assert Receipt.objects.count() == 2


def test_a_batch_that_was_changed_is_refused() -> None:
    digest = hashlib.sha256(b"[]").hexdigest()
    assert post_json([event()], digest=digest).status_code == 403
    assert post_json([event()], token="wrong").status_code == 403
    assert post_json([event(data={"accountSid": OTHER})]).status_code == 403
    assert not Receipt.objects.exists()


@pytest.mark.parametrize("body", [b" ", b"not json", b"[1, 2]", b'"text"', b"[" * 100_000, b"\xff\xfe"])
def test_a_batch_that_is_no_list_of_events_is_refused(body: bytes) -> None:
    assert post_json(None, body=body).status_code == 400


def test_events_reach_whoever_listens_for_their_type(monkeypatch: pytest.MonkeyPatch) -> None:
    from channels_whatsapp import events

    heard: list[Any] = []
    monkeypatch.setattr(events, "_listeners", {})
    events.listen("com.twilio.messaging.template.", lambda account, told: heard.append((account, told["id"])))
    post_json([event(), event(id="EZ3", type="com.twilio.other")])
    assert heard == [(ACCOUNT_SID, "EZ" + "1" * 32)]
    assert set(Receipt.objects.values_list("outcome", flat=True)) == {"applied", "parked"}


def test_our_hmac_is_the_standard_one() -> None:
    plain = base64.b64encode(hmac.new(b"k", b"https://a.example", hashlib.sha1).digest()).decode()
    assert signature.sign("k", "https://a.example", {}) == plain
    assert middleware.MAX_BODY == 262_144
