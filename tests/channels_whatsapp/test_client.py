from __future__ import annotations

import logging
import ssl
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import requests
from urllib3.exceptions import MaxRetryError, NewConnectionError, ProtocolError

from channels_whatsapp import client, transport
from channels_whatsapp.models import Account, Sender
from channels_whatsapp.setup import ensure_from_settings
from channels_whatsapp.simulator import Simulator
from channels_whatsapp.transport import Throttled, Transport, WrongHost
from inbox.models import Channel
from tests.conftest import ACCOUNT_SID, AUTH_TOKEN

MESSAGES = f"https://api.twilio.com/2010-04-01/Accounts/{ACCOUNT_SID}/Messages.json"


@pytest.fixture
def answering(settings: Any) -> Iterator[Callable[..., None]]:
    """A place that answers every call with what the test says."""
    answer: dict[str, Any] = {}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            self.send_response(answer["status"])
            for name, value in answer["headers"].items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer["body"])))
            self.end_headers()
            self.wfile.write(answer["body"])

        do_POST = do_GET

        def log_message(self, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=lambda: server.serve_forever(0.02), daemon=True).start()
    settings.TWILIO_API_BASE_URL = f"http://127.0.0.1:{server.server_address[1]}"

    def say(status: int, body: bytes = b"{}", **headers: str) -> None:
        answer.update(status=status, body=body, headers={n.replace("_", "-"): v for n, v in headers.items()})

    yield say
    server.shutdown()
    server.server_close()


@pytest.fixture
def account() -> Account:
    return Account(sid=ACCOUNT_SID)


def create(account: Account) -> Any:
    with client.told_apart():
        return client.for_account(account).messages.create(to="whatsapp:+447700900911", from_="x", body="hi")


def failure_of(account: Account) -> client.CallFailed:
    with pytest.raises(client.CallFailed) as caught:
        create(account)
    return caught.value


@pytest.mark.parametrize(
    ("status", "body", "code", "is_refusal"),
    [
        (400, b'{"code": 21211, "message": "bad To", "status": 400}', 21211, True),
        (400, b'{"type": "about:x", "title": "Bad", "status": 400, "code": 21656}', 21656, True),
        (404, b"<html>no</html>", None, True),
        (500, b'{"code": 20500, "message": "oops"}', 20500, False),
        (502, b"<html>bad gateway</html>", None, False),
        (201, b"not json", None, False),
        (201, b"[]", None, False),
        (302, b"", None, False),
    ],
)
def test_every_failing_answer_becomes_one_kind_of_failure(
    account: Account,
    answering: Callable[..., None],
    status: int,
    body: bytes,
    code: int | None,
    is_refusal: bool,
) -> None:
    answering(status, body)
    failure = failure_of(account)
    assert (failure.code, failure.is_refusal, failure.is_harmless) == (code, is_refusal, False)


@pytest.mark.parametrize(
    ("header", "seconds"), [({"Retry_After": "12"}, 12.0), ({}, None), ({"Retry_After": "soon"}, None)]
)
def test_too_many_calls_is_harmless_and_says_how_long_to_wait(
    account: Account, answering: Callable[..., None], header: dict[str, str], seconds: float | None
) -> None:
    answering(429, b'{"code": 20429}', **header)
    failure = failure_of(account)
    assert (failure.is_harmless, failure.retry_after, failure.code) == (True, seconds, 20429)


def test_a_list_page_that_fails_is_told_apart_too(account: Account, answering: Callable[..., None]) -> None:
    answering(503, b"")
    with pytest.raises(client.CallFailed) as caught, client.told_apart():
        client.for_account(account).messages.list()
    assert caught.value.status == 503


def test_a_call_that_never_left_is_known_to_be_harmless(account: Account, settings: Any) -> None:
    settings.TWILIO_API_BASE_URL = "http://127.0.0.1:9"
    failure = failure_of(account)
    assert (failure.was_sent, failure.is_harmless) == (False, True)


@pytest.mark.parametrize(
    ("error", "sent"),
    [
        (requests.ConnectionError(MaxRetryError(None, "/", NewConnectionError(None, "refused"))), False),
        (requests.ConnectionError(ProtocolError("aborted", ConnectionResetError(104, "reset"))), True),
        (requests.ReadTimeout("slow"), True),
        (
            requests.exceptions.SSLError(
                MaxRetryError(None, "/", ssl.SSLCertVerificationError(1, "expired"))
            ),
            False,
        ),
        (requests.exceptions.SSLError(ssl.SSLEOFError(8, "cut")), True),
        (requests.exceptions.ChunkedEncodingError("cut"), True),
    ],
)
def test_in_doubt_a_call_was_sent(error: Exception, sent: bool) -> None:
    assert transport.was_sent(error) is sent


def test_an_account_without_a_token_is_a_refusal(settings: Any) -> None:
    with pytest.raises(client.CallFailed) as caught:
        client.for_account(Account(sid="AC" + "1" * 32))
    assert (caught.value.code, caught.value.is_refusal) == (20003, True)


@pytest.mark.parametrize(
    "uri",
    [
        "https://evil.example/v2/Content",
        "http://api.twilio.com/2010-04-01/x",
        "https://api.twilio.com.evil.example/x",
        "https://eviltwilio.com/x",
    ],
)
def test_credentials_go_to_twilio_only(settings: Any, uri: str) -> None:
    settings.TWILIO_API_BASE_URL = ""
    with pytest.raises(WrongHost):
        transport.address(uri)


def test_the_override_replaces_scheme_and_host_and_nothing_else(settings: Any) -> None:
    settings.TWILIO_API_BASE_URL = "http://127.0.0.1:8001"
    for host in ("api", "content", "messaging", "api.dublin.ie1"):
        assert (
            transport.address(f"https://{host}.twilio.com/v2/x?a=b%20c")
            == "http://127.0.0.1:8001/v2/x?a=b%20c"
        )
    assert transport.address("https://lookups.twilio.com/v2/x") == "https://lookups.twilio.com/v2/x"
    assert transport.address("http://127.0.0.1:8001/v1/y?Page=1") == "http://127.0.0.1:8001/v1/y?Page=1"


def test_a_call_has_a_time_limit(sim: Simulator, account: Account, settings: Any) -> None:
    settings.TWILIO_TIMEOUT = 0.3
    sim.faults.add("hang_after", on="GET */Messages.json", seconds=3)
    with pytest.raises(client.CallFailed) as caught, client.told_apart():
        client.for_account(account).messages.list()
    assert (caught.value.status, caught.value.was_sent) == (None, True)


def test_logs_hold_neither_numbers_nor_words_nor_credentials(
    account: Account, answering: Callable[..., None], caplog: pytest.LogCaptureFixture
) -> None:
    answering(201, b'{"sid": "SM1"}')
    with caplog.at_level(logging.DEBUG):
        create(account)
        Transport().request("GET", MESSAGES, params={"To": "whatsapp:+447700900911"}, auth=("a", AUTH_TOKEN))
    ours = [record.getMessage() for record in caplog.records if record.name.startswith("channels_whatsapp")]
    assert any("Messages.json: 201" in line for line in ours)
    assert not any("447700900911" in line or AUTH_TOKEN in line or "hi" in line.split() for line in ours)


def test_nothing_is_repeated_by_itself(account: Account, answering: Callable[..., None]) -> None:
    answering(429, b"")
    with pytest.raises(Throttled):
        Transport().request("POST", MESSAGES, data={"Body": "x"})


@pytest.mark.django_db
def test_the_settings_become_rows_without_their_token(settings: Any) -> None:
    settings.TWILIO_WHATSAPP_FROM = "whatsapp:+14155238886"
    sender = ensure_from_settings()
    assert ensure_from_settings() == sender
    assert sender.is_sandbox
    assert Channel.objects.get().address == sender.address == "whatsapp:+14155238886"
    account = Account.objects.get()
    assert (account.auth_token, account.sending_token) == ("", AUTH_TOKEN)
    assert client.current_account() == account


@pytest.mark.django_db
def test_the_business_number_serves_when_no_sender_is_named(settings: Any) -> None:
    settings.TWILIO_WHATSAPP_FROM, settings.WHATSAPP_BUSINESS_PHONE_NUMBER = "", "+44 7700 900142"
    sender = ensure_from_settings()
    assert (sender.address, sender.is_sandbox) == ("whatsapp:+447700900142", False)


@pytest.mark.django_db
def test_settings_without_a_number_make_the_account_alone(settings: Any) -> None:
    settings.TWILIO_WHATSAPP_FROM = ""
    assert ensure_from_settings() is None
    assert Account.objects.get().sid == ACCOUNT_SID
    assert not Sender.objects.exists()


def test_what_an_answer_repeats_of_our_credentials_is_hidden_and_a_sid_stays_whole() -> None:
    token = "0123456789abcdef" * 2
    page = f"/2010-04-01/Accounts/AC{token}/Messages.json"
    said = f'{{"message": "\\n{token} is wrong", "next_page_uri": "{page}"}}'
    kept = transport.without_credentials(said, (f"AC{token}", token))
    assert f"\\n{token}" not in kept
    assert page in kept
