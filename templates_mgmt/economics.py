"""What a message costs, and the cheapest one that is allowed now. Pure.

Twilio asks $0.005 for each message either way. WhatsApp asks for every marketing and authentication
template, for utility templates outside the window, and nothing for free text (Twilio, "WhatsApp pricing").
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

import phonenumbers
from django.utils.translation import gettext as _

from inbox.gateways import Prices

TWILIO = Decimal("0.005")
FREE = Decimal(0)
UTILITY, MARKETING, AUTHENTICATION = "UTILITY", "MARKETING", "AUTHENTICATION"
CATEGORIES = (MARKETING, UTILITY, AUTHENTICATION)

# Dollars for CATEGORIES by calling code, "" for everywhere else. List prices of July 2025 by the table of
# sent.dm and, for single countries, from memory: estimates, until an admin enters what the contract says
# (Price).
_LIST = {
    "": ("0.0604", "0.0077", "0.0077"),
    "1": ("0.0250", "0.0040", "0.0040"),
    "27": ("0.0379", "0.0076", "0.0076"),
    "31": ("0.1597", "0.0500", "0.0500"),
    "33": ("0.0859", "0.0300", "0.0300"),
    "34": ("0.0615", "0.0200", "0.0200"),
    "39": ("0.0691", "0.0300", "0.0300"),
    "43": ("0.0592", "0.0171", "0.0171"),
    "44": ("0.0529", "0.0220", "0.0220"),
    "49": ("0.1365", "0.0550", "0.0550"),
    "52": ("0.0436", "0.0085", "0.0085"),
    "54": ("0.0618", "0.0289", "0.0289"),
    "55": ("0.0625", "0.0068", "0.0068"),
    "61": ("0.0732", "0.0113", "0.0113"),
    "62": ("0.0411", "0.0250", "0.0250"),
    "90": ("0.0109", "0.0053", "0.0053"),
    "91": ("0.0107", "0.0014", "0.0014"),
}


@dataclass(frozen=True)
class Rate:
    amount: Decimal
    currency: str = "USD"

    def __str__(self) -> str:
        """ "$0.0274": as many digits as there are, two at least."""
        digits = f"{self.amount.normalize():f}"
        whole, _point, cents = digits.partition(".")
        written = f"{whole}.{cents.ljust(2, '0')}"
        return f"${written}" if self.currency == "USD" else f"{written} {self.currency}"


Rates = Mapping[tuple[str, str], Rate]  # by calling code and category

LISTED: Rates = {
    (code, category): Rate(Decimal(amount))
    for code, amounts in _LIST.items()
    for category, amount in zip(CATEGORIES, amounts, strict=True)
}


def rates_of(prices: Iterable[tuple[str, str, Decimal, str]]) -> Rates:
    """From rows of (calling code, category, amount, currency)."""
    return {(code, category): Rate(amount, currency) for code, category, amount, currency in prices}


@dataclass(frozen=True)
class Recipient:
    """Of whom only the country matters. `digits` are those of the number, calling code first."""

    digits: str
    region: str

    @classmethod
    def at(cls, address: str) -> Recipient:
        """:param address: ``whatsapp:+447700900318``, or ``whatsapp:GB.1349``, a user ID with its country."""
        number = address.partition(":")[2] or address
        if number.startswith("+"):
            return cls(number.removeprefix("+"), _region(number))
        region = number.partition(".")[0]
        return cls(str(phonenumbers.country_code_for_region(region) or ""), region)

    @property
    def is_american(self) -> bool:
        """Marketing to numbers of the USA is not delivered (Twilio, error 63049)."""
        return self.region == "US"


def _region(number: str) -> str:
    try:
        return phonenumbers.region_code_for_number(phonenumbers.parse(number)) or ""
    except phonenumbers.NumberParseException:
        return ""


@dataclass(frozen=True)
class Economics:
    recipient: Recipient
    is_open: bool  # the 24-hour window
    rates: Rates  # what an admin entered

    def rate(self, category: str) -> Rate | None:
        """WhatsApp's price: of the longest calling code that fits, else of everywhere else.

        The list price only where what an admin entered says nothing.
        """
        digits = self.recipient.digits
        keys = [(digits[:length], category) for length in range(len(digits), -1, -1)]
        return next((rates[key] for rates in (self.rates, LISTED) for key in keys if key in rates), None)

    def cost(self, category: str) -> Rate | None:
        """In all. `category` is '' for free text and for content that WhatsApp has not approved."""
        if not category or (category == UTILITY and self.is_open):
            return Rate(TWILIO)
        rate = self.rate(category)
        if rate is None or rate.currency != "USD":
            return rate
        return Rate(rate.amount + TWILIO)

    def price_of(self, category: str) -> str:
        """One phrase, for what was chosen."""
        cost = self.cost(category)
        if cost is None:
            return _("Price not known here")
        if cost.amount == TWILIO:
            return _("%(price)s, Twilio’s fee alone") % {"price": cost}
        if cost.currency != "USD":
            return _("About %(price)s and Twilio’s fee") % {"price": cost}
        return _("About %(price)s with Twilio’s fee") % {"price": cost}

    def advice(self, category: str) -> str:
        """The cheapest that is allowed, in one sentence, when what was chosen is not it."""
        if self.is_open and category not in ("", UTILITY):
            return _("Cheaper now: free text or a utility template, %(price)s.") % {"price": self.cost("")}
        utility = self.cost(UTILITY)
        if not self.is_open and category == MARKETING and utility and self._is_dearer(category, utility):
            return _("A utility template would cost %(price)s, if this offers nothing.") % {"price": utility}
        return ""

    @property
    def cheapest(self) -> str:
        """Before anything is chosen."""
        if self.is_open:
            return _("Cheapest now: free text, %(price)s.") % {"price": self.cost("")}
        utility = self.cost(UTILITY)
        if utility is None:
            return _("Cheapest now: a utility template.")
        return _("Cheapest now: a utility template, about %(price)s.") % {"price": utility}

    @property
    def prices(self) -> Prices:
        """In an open window now, and outside it; no price of what WhatsApp does not deliver."""
        later = replace(self, is_open=False)
        marketing = None if self.warning(MARKETING) else later.cost(MARKETING)
        return Prices(str(self.cost("")), str(later.cost(UTILITY) or ""), str(marketing or ""))

    def warning(self, category: str) -> str:
        """What WhatsApp will not do although it may be sent."""
        if category == MARKETING and self.recipient.is_american:
            return _("WhatsApp does not deliver marketing templates to numbers in the USA.")
        return ""

    def _is_dearer(self, category: str, than: Rate) -> bool:
        cost = self.cost(category)
        return cost is not None and cost.currency == than.currency and cost.amount > than.amount
