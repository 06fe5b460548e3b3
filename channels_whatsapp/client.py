"""The only place that builds a Twilio client, and the one way its many failures are told apart."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import requests
from django.conf import settings
from twilio.base.exceptions import TwilioException, TwilioRestException, TwilioServiceException
from twilio.rest import Client

from channels_whatsapp.models import Account
from channels_whatsapp.transport import Throttled, Transport, WrongHost, was_sent

TOO_MANY = 429
# An auth token; a SID has two letters in front of the same digits.
_SDKS_WORDS = re.compile(r"^Unable to \w+ record: ")
_TOKEN = re.compile(r"(?<![0-9A-Za-z])[0-9a-fA-F]{32}(?![0-9A-Za-z])")


def without_secrets(text: str) -> str:
    """Twilio's own words may repeat what it was sent."""
    return _TOKEN.sub("••••", text)


@dataclass(eq=False)
class CallFailed(Exception):
    """A call to Twilio that gave no result.

    :ivar status: the HTTP status, or None when there was no readable answer.
    :ivar code: Twilio's error code, or None.
    :ivar was_sent: False when the call never left this machine, so nothing can have happened.
    :ivar retry_after: seconds that Twilio asked to wait, or None.
    """

    status: int | None = None
    code: int | None = None
    detail: str = ""
    was_sent: bool = True
    retry_after: float | None = None

    def __post_init__(self) -> None:
        self.detail = without_secrets(self.detail)

    def __str__(self) -> str:
        return self.detail

    @property
    def is_harmless(self) -> bool:
        """Nothing was created, for certain, and the call may be made again."""
        return self.status == TOO_MANY or not self.was_sent

    @property
    def is_refusal(self) -> bool:
        """Twilio said no. Of anything else but success nobody knows what came of it (Twilio, 20500)."""
        return self.status is not None and 400 <= self.status < 500 and self.status != TOO_MANY


def current_account() -> Account | None:
    """The account of the settings, else the first one entered here."""
    accounts = Account.objects.order_by("pk")
    return accounts.filter(sid=settings.TWILIO_ACCOUNT_SID).first() or accounts.first()


def for_account(account: Account) -> Client:
    """A client that speaks for this account. Make calls inside `told_apart`.

    :raises CallFailed: when the account has no token to sign in with.
    """
    if not account.sending_token:
        raise CallFailed(401, 20003, "The account has no auth token.")
    return signed_in(account.sid, account.sending_token)


def signed_in(sid: str, token: str) -> Client:
    """With credentials that belong to no account of ours yet. Make calls inside `told_apart`."""
    return Client(sid, token, http_client=transport())


@functools.cache
def transport() -> Transport:
    return Transport()


@contextmanager
def told_apart() -> Iterator[None]:
    """Turn whatever the SDK and the network raise into CallFailed.

    The SDK raises two unrelated exceptions for refusals, a bare third one for list pages, and lets
    those of requests and of its JSON parser through.
    """
    try:
        yield
    except Throttled as error:
        raise CallFailed(TOO_MANY, 20429, str(error), retry_after=error.retry_after) from error
    except TwilioRestException as error:
        detail = _SDKS_WORDS.sub("", str(error.msg))
        raise CallFailed(error.status, known_code(error.code), detail[:300]) from error
    except TwilioServiceException as error:
        detail = error.detail or error.title
        raise CallFailed(error.status, known_code(error.code), str(detail)[:300]) from error
    except TwilioException as error:
        status = next((s for arg in error.args if (s := getattr(arg, "status_code", None))), None)
        raise CallFailed(status, None, str(error.args[0] if error.args else "")[:300]) from error
    except requests.RequestException as error:
        raise CallFailed(None, None, type(error).__name__, was_sent=was_sent(error)) from error
    except WrongHost as error:
        raise CallFailed(None, None, str(error), was_sent=False) from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise CallFailed(None, None, "Twilio's answer could not be read.") from error


def known_code(code: object) -> int | None:
    """Twilio's codes have five digits; the SDK puts the HTTP status where an answer had none."""
    return code if isinstance(code, int) and code >= 10_000 else None
