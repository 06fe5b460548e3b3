from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from inbox.models import Channel, Conversation
from templates_mgmt.costs import Costs, Line, Month
from tests import world

pytestmark = pytest.mark.django_db
NOVEMBER = datetime(2026, 11, 10, tzinfo=UTC)


@pytest.fixture
def talk() -> Conversation:
    return world.conversation(over=world.channel("Shop UK"))


def sent(talk: Conversation, price: str | None = None, unit: str = "USD", **fields: Any) -> None:
    sent.count = getattr(sent, "count", 0) + 1  # type: ignore[attr-defined]
    told = {"status": "delivered", "created_at": NOVEMBER, "sid": f"SM{sent.count:032x}"}  # type: ignore[attr-defined]
    amount = {"price": Decimal(price), "price_unit": unit} if price else {}
    world.message(talk, "x", "outbound", **(told | amount | fields))


def template(category: str, approved: bool = True) -> dict[str, Any]:
    return {"kind": "template", "payload": {"content_sid": "HX1", "category": category, "approved": approved}}


def lines(month: str = "2026-11") -> list[Line]:
    return Costs(world.agent("admin", "admin"), Month.of(month, date(2026, 11, 25))).lines


def test_prices_are_summed_by_channel_category_and_month(talk: Conversation) -> None:
    for price in ("0.0579", "0.0579", None):
        sent(talk, price, **template("marketing"))
    sent(talk, "0.005", **template("utility"))
    sent(talk, "0.005", **template("", approved=False))
    sent(talk, "0.005")
    sent(talk, "0.005", created_at=datetime(2026, 10, 31, 23, 59, tzinfo=UTC))
    other = world.conversation(world.contact(), world.channel("Repairs", "whatsapp:+447700900187"))
    sent(other, "0.03", "EUR")
    sent(other, "0.005", "USD")
    assert [(x.channel, x.category, x.count, x.unknown, x.sums) for x in lines()] == [
        ("Repairs", "free", 2, 0, ["0.03 EUR", "$0.005"]),
        ("Shop UK", "free", 1, 0, ["$0.005"]),
        ("Shop UK", "session", 1, 0, ["$0.005"]),
        ("Shop UK", "utility", 1, 0, ["$0.005"]),
        ("Shop UK", "marketing", 3, 1, ["$0.1158"]),
    ]


def test_two_channels_of_one_name_are_two(talk: Conversation) -> None:
    sent(talk, "0.005")
    other = world.conversation(world.contact(), world.channel("Shop UK", "whatsapp:+447700900187"))
    sent(other, "0.03")
    told = [(x.channel, x.number, x.sums) for x in lines()]
    assert told == [("Shop UK", "+44 7700 900142", ["$0.005"]), ("Shop UK", "+44 7700 900187", ["$0.03"])]


def test_what_never_left_is_not_counted(talk: Conversation) -> None:
    sent(talk, sid=None, status="failed")
    world.message(talk, "from them", sid="SMin", created_at=NOVEMBER)
    assert lines() == []


@pytest.mark.parametrize(
    ("text", "first"),
    [
        pytest.param("2026-02", date(2026, 2, 1), id="a month"),
        pytest.param("2026-13", date(2026, 11, 1), id="no month"),
        pytest.param("x", date(2026, 11, 1), id="nonsense"),
        pytest.param("9999-12", date(2026, 11, 1), id="far away"),
        pytest.param("0001-01", date(2026, 11, 1), id="long ago"),
    ],
)
def test_a_month_is_read_from_the_address(text: str, first: date) -> None:
    month = Month.of(text, date(2026, 11, 25))
    assert month.first == first
    assert month.before.first < first < month.after.first


def test_months_follow_each_other() -> None:
    month = Month(date(2026, 12, 1))
    assert (str(month.before), str(month.after)) == ("2026-11", "2027-01")


@pytest.mark.parametrize(("role", "status"), [("agent", 404), ("lead", 404), ("admin", 200)])
def test_the_page_is_there_for_admins(client: Client, talk: Conversation, role: str, status: int) -> None:
    sent(talk, "0.0579", **template("marketing"))
    sent(talk, **template("marketing"))
    client.force_login(world.agent(f"a_{role}", role))
    answer = client.get("/templates/costs/", {"month": "2026-11"})
    assert answer.status_code == status
    if status == 200:
        page = answer.content.decode()
        assert "Marketing templates" in page and "$0.0579" in page and "Price not known" in page
        assert (
            client.get("/templates/costs/", {"month": "2026-01"}).content.decode().count("Nothing was sent")
            == 1
        )
        assert {
            client.get("/templates/costs/", {"month": odd}).status_code for odd in ("9999-12", "0001-01")
        } == {200}


def test_a_channel_that_is_off_still_has_its_costs(talk: Conversation) -> None:
    sent(talk, "0.005")
    Channel.objects.update(is_active=False)
    assert len(lines()) == 1
