"""Prices in the back office: what an admin entered, then the list prices that stand in for the rest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import phonenumbers
from django import forms
from django.contrib import admin
from django.core.validators import RegexValidator
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from templates_mgmt.economics import CATEGORIES, LISTED, Economics, Rate, Recipient
from templates_mgmt.models import Price, Template


class PriceForm(forms.ModelForm):
    calling_code = forms.CharField(
        label=_("Calling code"),
        max_length=8,
        required=False,
        help_text=_("Like 44, or 441534 for a part of it. Empty: everywhere else."),
    )
    currency = forms.CharField(
        label=_("Currency"),
        initial="USD",
        validators=[RegexValidator("^[A-Za-z]{3}$", _("Like USD or EUR."))],
    )

    class Meta:
        model = Price
        fields = ("calling_code", "category", "amount", "currency")

    def clean_calling_code(self) -> str:
        code = self.cleaned_data["calling_code"].replace(" ", "").removeprefix("+")
        if code and not (code.isascii() and code.isdecimal()):
            raise forms.ValidationError(_("Digits only, like 44."))
        return code

    def clean_currency(self) -> str:
        return self.cleaned_data["currency"].upper()


@dataclass(frozen=True)
class ListPrice:
    """One of the prices that come with the product. `mine` counts instead of it."""

    code: str
    category: str
    rate: Rate
    mine: Rate | None

    @property
    def path(self) -> str:
        """The form for a price of one's own, filled with this one."""
        filled = {"calling_code": self.code, "category": self.category, "amount": self.rate.amount}
        return f"{reverse('admin:templates_mgmt_price_add')}?{urlencode(filled)}"


def place_of(code: str) -> str:
    if not code:
        return _now("everywhere else")
    return f"+{code} {phonenumbers.region_code_for_country_code(int(code))}"


def list_prices() -> dict[str, list[ListPrice]]:
    """By place, for every category in the order of `CATEGORIES`."""
    entered = Price.rates()
    found: dict[str, list[ListPrice]] = {}
    for (code, category), listed in LISTED.items():
        counts = Economics(Recipient(code, ""), False, entered).rate(category)
        mine = None if counts is listed else counts
        found.setdefault(place_of(code), []).append(ListPrice(code, category, listed, mine))
    return found


class PriceAdmin(admin.ModelAdmin):
    form = PriceForm
    list_display = ("place", "category", "amount", "currency")
    list_editable = ("amount",)
    list_filter = ("category",)
    search_fields = ("calling_code",)

    @admin.display(description=_("calling code"), ordering="calling_code")
    def place(self, price: Price) -> str:
        return f"+{price.calling_code}" if price.calling_code else _now("everywhere else")

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "amount":
            kwargs["min_value"] = 0
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        labels = dict(Template.Category.choices)
        extra = {"listed": list_prices(), "categories": [labels[category] for category in CATEGORIES]}
        return super().changelist_view(request, extra | (extra_context or {}))
