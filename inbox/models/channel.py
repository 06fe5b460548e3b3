from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from inbox import numbers
from inbox.models.agent import Team


class Channel(models.Model):
    """A number the team answers."""

    class Kind(models.TextChoices):
        WHATSAPP = "whatsapp", "WhatsApp"

    name = models.CharField(_("name"), max_length=80)
    kind = models.CharField(_("kind"), max_length=16, choices=Kind, default=Kind.WHATSAPP)
    # As the carrier writes it, for example "whatsapp:+447700900142".
    address = models.CharField(_("address"), max_length=160, unique=True)
    # Without a team everybody sees it.
    teams = models.ManyToManyField(Team, blank=True, related_name="channels", verbose_name=_("teams"))
    is_active = models.BooleanField(_("active"), default=True)
    # Tell the customer that somebody writes; on WhatsApp that also marks their message as read.
    shows_typing = models.BooleanField(_("show typing and read receipts to customers"), default=False)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        ordering = ("name", "pk")
        verbose_name = _("channel")
        verbose_name_plural = _("channels")

    def __str__(self) -> str:
        return self.name

    @property
    def number(self) -> str:
        return self.address.partition(":")[2] or self.address

    @property
    def readable(self) -> str:
        """The number in groups."""
        return numbers.readable(self.number)
