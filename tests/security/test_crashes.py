"""What is told when our own code breaks, with private words in hand."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pytest

from channels_whatsapp import client as twilio
from channels_whatsapp.models import Account
from inbox.models import Message
from tests.channels_whatsapp.posting import fixture, post_fields
from tests.security.canaries import CUSTOMER, NUMBER, PRIVATE, SECRETS, SID, Shop, jobs, must_hold_none


def crashes(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> list[Callable[[], Any]]:
    """Ways to an exception in the middle of our code, with private words in hand."""

    def broken(self: Any, *words: Any, **named: Any) -> None:
        secret = twilio.current_account().sending_token
        raise RuntimeError(f"broken with {len(secret)} characters for {CUSTOMER}")

    monkeypatch.setattr("inbox.models.replying.Replying.reply", broken)
    monkeypatch.setattr("inbox.models.replying.Replying.add_note", broken)
    monkeypatch.setattr(Account, "save", broken)
    shop.customer_writes()
    talk = Message.objects.get().conversation
    account = f"/admin/channels_whatsapp/account/{shop.account.pk}/change/"
    kept = {
        "sid": SID,
        "name": "",
        "shared_key_id": "",
        "auth_token": SECRETS["auth token"],
        "previous_auth_token": SECRETS["previous token"],
        "shared_key_secret": SECRETS["shared key"],
    }
    template = {"content_sid": "HX" + "1" * 32, "content_variables": {"1": PRIVATE["a variable"]}}
    page = f"/conversations/{talk.pk}"
    return [
        lambda: shop.client.post(f"{page}/messages/", {"body": PRIVATE["what an agent wrote"]}),
        lambda: shop.client.post(f"{page}/notes/?q={NUMBER}", {"body": PRIVATE["a note"]}),
        lambda: shop.client.post(
            f"{page}/notes/", {"body": PRIVATE["a note"]},
            headers={"Accept": "text/plain", "Referer": f"/list/?q={NUMBER}"},
        ),
        lambda: shop.by_api(message=PRIVATE["what an agent wrote"]),
        lambda: shop.by_api(**template),
        lambda: shop.client.post(account, kept),
    ]  # fmt: skip


@pytest.mark.parametrize("debug", [False, True], ids=["in production", "with DEBUG"])
def test_a_crash_tells_neither_secrets_nor_what_people_wrote(
    shop: Shop, settings: Any, monkeypatch: pytest.MonkeyPatch, written: io.StringIO, debug: bool
) -> None:
    acts = crashes(shop, monkeypatch)
    settings.DEBUG = debug
    for act in acts:
        answer = act()
        page = answer.content.decode()
        assert answer.status_code == 500
        assert ("RuntimeError" in page) is debug and ("Traceback" in page or not debug)
        must_hold_none(page, shop.secrets | PRIVATE | {"SECRET_KEY": settings.SECRET_KEY})
    assert "RuntimeError" in written.getvalue()
    must_hold_none(written.getvalue(), shop.secrets | PRIVATE | {"SECRET_KEY": settings.SECRET_KEY})


def test_a_webhook_that_breaks_us_tells_nothing(
    shop: Shop, settings: Any, monkeypatch: pytest.MonkeyPatch, written: io.StringIO
) -> None:
    def broken(*words: Any, **named: Any) -> None:
        raise RuntimeError(f"broken by {CUSTOMER}")

    places = {"channels_whatsapp.webhooks.keep": 500, "channels_whatsapp.inbound.settle": 200}
    for number, (place, status) in enumerate(places.items()):
        for debug in (False, True):
            settings.DEBUG = debug
            with monkeypatch.context() as patch:
                patch.setattr(place, broken)
                answer = shop.customer_writes(MessageSid=f"SM{number}{debug:d}" + "0" * 30)
            assert answer.status_code in (status, 503), place
            must_hold_none(answer.content.decode(), shop.secrets | PRIVATE)
    assert "RuntimeError" in written.getvalue()
    forged = fixture("inbound/text", Body=PRIVATE["what a customer wrote"], From=CUSTOMER)
    assert post_fields(forged, token="f" * 32).status_code == 403
    must_hold_none(written.getvalue(), shop.secrets | PRIVATE)
    must_hold_none(jobs(), shop.secrets | PRIVATE)
