from __future__ import annotations

from typing import Any

import pytest
from django.conf import settings
from django.test import override_settings

from config import checks

GOOD: dict[str, Any] = {
    "TWILIO_ACCOUNT_SID": "AC" + "a1" * 16,
    "TWILIO_AUTH_TOKEN": ["f3" * 16],
    "TWILIO_WHATSAPP_FROM": "whatsapp:+14155238886",
    "WHATSAPP_BUSINESS_PHONE_NUMBER": "+14155238886",
    "TWILIO_API_BASE_URL": "",
    "PUBLIC_BASE_URL": "https://inbox.example",
    "ALLOWED_HOSTS": ["inbox.example", "localhost"],
    "DEBUG": False,
    "DEMO": False,
    "PORT": 8000,
    "SIMULATOR_PORT": 8001,
}


def found(**changes: Any) -> list[str]:
    with override_settings(**GOOD | changes):
        return [message.id.partition(".")[2] for message in checks.check_settings()]


def test_a_complete_set_up_is_fine() -> None:
    assert found() == []


def test_nothing_set_at_all_is_fine() -> None:
    empty = dict.fromkeys(
        ("TWILIO_ACCOUNT_SID", "TWILIO_WHATSAPP_FROM", "WHATSAPP_BUSINESS_PHONE_NUMBER"), ""
    )
    assert found(**empty, TWILIO_AUTH_TOKEN=[], PUBLIC_BASE_URL="", ALLOWED_HOSTS=["localhost"]) == []


@pytest.mark.parametrize(
    ("number", "changes"),
    [
        ("E001", {"TWILIO_ACCOUNT_SID": "SK" + "a1" * 16}),
        ("E001", {"TWILIO_ACCOUNT_SID": "AC123"}),
        ("E002", {"TWILIO_AUTH_TOKEN": []}),
        ("E003", {"TWILIO_ACCOUNT_SID": ""}),
        ("E004", {"TWILIO_WHATSAPP_FROM": "+14155238886"}),
        ("E004", {"TWILIO_WHATSAPP_FROM": "whatsapp:14155238886"}),
        ("E005", {"WHATSAPP_BUSINESS_PHONE_NUMBER": "0415 5238886"}),
        ("E006", {"WHATSAPP_BUSINESS_PHONE_NUMBER": "+14155238887"}),
        ("E007", {"PUBLIC_BASE_URL": "inbox.example"}),
        ("E007", {"PUBLIC_BASE_URL": "https://inbox.example/app"}),
        ("E007", {"PUBLIC_BASE_URL": "https://[half"}),
        ("E008", {"PUBLIC_BASE_URL": "https://my_inbox.example", "ALLOWED_HOSTS": ["my_inbox.example"]}),
        ("E009", {"PUBLIC_BASE_URL": "http://inbox.example"}),
        ("E010", {"DEBUG": True}),
        ("E011", {"ALLOWED_HOSTS": ["localhost"]}),
        ("E012", {"ALLOWED_HOSTS": ["*"]}),
        ("E013", {"PORT": 80000}),
        ("E014", {"DEMO": True, "SIMULATOR_PORT": 8000, "TWILIO_ACCOUNT_SID": settings.DEMO_ACCOUNT_SID}),
        ("E015", {"DEMO": True}),
        ("E016", {"WEB_THREADS": 0}),
        ("E016", {"RECEIPT_DAYS": -1}),
        ("W002", {"TWILIO_WHATSAPP_FROM": "", "WHATSAPP_BUSINESS_PHONE_NUMBER": ""}),
        ("W001", {"PUBLIC_BASE_URL": ""}),
    ],
)
def test_it_names_what_is_wrong(number: str, changes: dict[str, Any]) -> None:
    assert found(**changes) == [number]


@pytest.mark.parametrize(
    ("missing", "version", "fsync", "number"),
    [(set(), 140009, "on", "E020"), ({"pg_trgm"}, 180003, "on", "E021"), (set(), 150000, "off", "E022")],
)
def test_it_judges_the_database(missing: set[str], version: int, fsync: str, number: str) -> None:
    assert [message.id for message in checks.judge_database(missing, version, fsync)] == [
        f"fanlight.{number}"
    ]


@pytest.mark.django_db
def test_the_database_of_the_tests_is_fine() -> None:
    assert checks.check_database(databases=["default"]) == []
