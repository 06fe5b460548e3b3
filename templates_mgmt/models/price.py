from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from templates_mgmt.economics import Rates, rates_of
from templates_mgmt.models.template import Template


class Price(models.Model):
    """What WhatsApp asks for one template message; the longest calling code that fits counts."""

    # "44", or empty for everywhere else.
    calling_code = models.CharField(_("calling code"), max_length=8, blank=True)
    category = models.CharField(_("category"), max_length=24, choices=Template.Category)
    amount = models.DecimalField(_("price"), max_digits=9, decimal_places=5)
    currency = models.CharField(_("currency"), max_length=3, default="USD")

    class Meta:
        verbose_name = _("price")
        verbose_name_plural = _("prices")
        ordering = ("calling_code", "category")
        constraints = [models.UniqueConstraint(fields=["calling_code", "category"], name="price_once")]

    def __str__(self) -> str:
        return f"+{self.calling_code} {self.category}"

    @classmethod
    def rates(cls) -> Rates:
        return rates_of(cls.objects.values_list("calling_code", "category", "amount", "currency"))
