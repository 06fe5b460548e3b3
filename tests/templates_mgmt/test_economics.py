from __future__ import annotations

from decimal import Decimal

import pytest

from templates_mgmt.economics import LISTED, Economics, Recipient, rates_of

BRITISH, AMERICAN, CANADIAN = "whatsapp:+447700900318", "whatsapp:+12025550134", "whatsapp:+16135550134"
RATES = rates_of(
    [
        ("", "UTILITY", Decimal("0.01"), "USD"),
        ("", "MARKETING", Decimal("0.06"), "USD"),
        ("44", "UTILITY", Decimal("0.0220"), "USD"),
        ("44", "MARKETING", Decimal("0.0529"), "USD"),
        ("4477", "MARKETING", Decimal("0.5"), "EUR"),
        ("44", "AUTHENTICATION", Decimal("0.0220"), "USD"),
    ]
)


def to(address: str = "whatsapp:+441632960000", *, is_open: bool = False) -> Economics:
    return Economics(Recipient.at(address), is_open, RATES)


@pytest.mark.parametrize(
    ("category", "is_open", "cost"),
    [
        pytest.param("", True, "$0.005", id="free text"),
        pytest.param("UTILITY", True, "$0.005", id="utility inside is free of WhatsApp’s price"),
        pytest.param("UTILITY", False, "$0.027", id="utility outside"),
        pytest.param("MARKETING", True, "$0.0579", id="marketing inside"),
        pytest.param("MARKETING", False, "$0.0579", id="marketing outside"),
        pytest.param("AUTHENTICATION", True, "$0.027", id="a code inside"),
        pytest.param("AUTHENTICATION", False, "$0.027", id="a code outside"),
    ],
)
def test_what_a_message_costs(category: str, is_open: bool, cost: str) -> None:
    assert str(to(is_open=is_open).cost(category)) == cost


@pytest.mark.parametrize(
    ("address", "rate"),
    [
        pytest.param("whatsapp:+441632960000", "$0.0529", id="the country"),
        pytest.param(BRITISH, "0.50 EUR", id="the longest code that fits"),
        pytest.param("whatsapp:+33612345678", "$0.06", id="everywhere else"),
        pytest.param("whatsapp:GB.1349", "$0.0529", id="a user ID names its country"),
        pytest.param("whatsapp:XX.1349", "$0.06", id="a country that is none"),
    ],
)
def test_the_longest_calling_code_counts(address: str, rate: str) -> None:
    assert str(to(address).rate("MARKETING")) == rate


def test_a_price_that_is_not_known_is_said_as_such() -> None:
    assert to("whatsapp:+33612345678").cost("NEWS") is None
    assert to("whatsapp:+33612345678").price_of("NEWS") == "Price not known here"


@pytest.mark.parametrize(
    ("category", "is_open", "sentence"),
    [
        pytest.param("", True, "", id="free text is the cheapest"),
        pytest.param("UTILITY", True, "", id="and so is utility inside"),
        pytest.param(
            "MARKETING", True, "Cheaper now: free text or a utility template, $0.005.", id="marketing inside"
        ),
        pytest.param("UTILITY", False, "", id="utility is the cheapest outside"),
        pytest.param(
            "MARKETING", False, "A utility template would cost $0.027, if this offers nothing.", id="outside"
        ),
        pytest.param("AUTHENTICATION", False, "", id="a code is what it is"),
    ],
)
def test_the_cheapest_that_is_allowed_is_named(category: str, is_open: bool, sentence: str) -> None:
    assert to(is_open=is_open).advice(category) == sentence


def test_the_cheapest_before_anything_is_chosen() -> None:
    assert to(is_open=True).cheapest == "Cheapest now: free text, $0.005."
    assert to().cheapest == "Cheapest now: a utility template, about $0.027."


@pytest.mark.parametrize(
    ("address", "prices"),
    [
        pytest.param("whatsapp:+441632960000", ("$0.005", "$0.027", "$0.0579"), id="Britain"),
        pytest.param(AMERICAN, ("$0.005", "$0.015", ""), id="no marketing to the USA"),
    ],
)
def test_what_the_composer_says(address: str, prices: tuple[str, str, str]) -> None:
    told = to(address, is_open=True).prices
    assert (told.now, told.utility, told.marketing) == prices


@pytest.mark.parametrize(
    ("address", "category", "warns"),
    [
        pytest.param(AMERICAN, "MARKETING", True, id="marketing to the USA"),
        pytest.param(AMERICAN, "UTILITY", False, id="utility to the USA"),
        pytest.param(CANADIAN, "MARKETING", False, id="marketing to Canada"),
        pytest.param(BRITISH, "MARKETING", False, id="marketing to Britain"),
        pytest.param("whatsapp:US.1349", "MARKETING", True, id="a user ID of the USA"),
    ],
)
def test_what_whatsapp_will_not_deliver_is_said_before(address: str, category: str, warns: bool) -> None:
    assert bool(to(address).warning(category)) is warns


def test_list_prices_stand_in_where_nobody_entered_one() -> None:
    french = "whatsapp:+33612345678"
    assert to(french).rate("AUTHENTICATION") == LISTED["33", "AUTHENTICATION"]
    # An admin's price for everywhere is one for France, too.
    assert str(to(french).rate("MARKETING")) == "$0.06"


def test_another_currency_is_not_added_to_dollars() -> None:
    assert to(BRITISH).price_of("MARKETING") == "About 0.50 EUR and Twilio’s fee"
