from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from django.contrib.postgres.indexes import GinIndex, OpClass
from django.contrib.postgres.search import SearchVectorField
from django.db import models, transaction
from django.db.models import Q
from django.db.models.functions import Now, Reverse
from django.utils.translation import gettext_lazy as _

from inbox import numbers
from inbox.models.channel import Channel
from inbox.models.event import Event
from inbox.search import Searchable

if TYPE_CHECKING:
    from inbox.models.agent import Agent
    from inbox.models.conversation import Conversation


class Contact(models.Model):
    """A customer. Known by addresses, of which any may be missing; names are shown, never trusted."""

    name = models.CharField(_("name"), max_length=160, blank=True)
    profile_name = models.CharField(_("profile name"), max_length=160, blank=True)
    language = models.CharField(_("language"), max_length=16, blank=True)
    attributes = models.JSONField(_("attributes"), default=dict, blank=True)
    created_at = models.DateTimeField(_("created"), db_default=Now())
    search = models.GeneratedField(
        expression=Searchable("name", "profile_name"),
        output_field=SearchVectorField(),
        db_persist=True,
    )

    class Meta:
        verbose_name = _("contact")
        verbose_name_plural = _("contacts")
        indexes = [GinIndex(fields=["search"], name="contact_search")]

    def __str__(self) -> str:
        return self.display_name

    @property
    def display_name(self) -> str:
        return self.name or self.profile_name or numbers.readable(self.phone) or str(_("Unknown customer"))

    @property
    def phone(self) -> str:
        """E.164, or empty while the customer hides it."""
        phones = (a.number for a in self.addresses.all() if a.kind == Address.Kind.PHONE)
        return next(phones, "")

    @property
    def initials(self) -> str:
        words = [w for w in (self.name or self.profile_name).split() if w[0].isalnum()]
        return "".join(word[0] for word in (words[:1] + words[1:][-1:])).upper()

    @transaction.atomic
    def rename(self, name: str, *, conversation: Conversation, by: Agent | None) -> bool:
        """Call them what the team calls them; empty for what they call themselves."""
        if not Contact.objects.filter(pk=self.pk).exclude(name=name).update(name=name):
            return False
        self.name = name
        Event.record("contact.renamed", conversation=conversation, by=by)
        return True


class Address(models.Model):
    """One way to reach a contact: a phone number or a business-scoped user ID, as the carrier writes it."""

    class Kind(models.TextChoices):
        PHONE = "phone", _("Phone number")
        USER_ID = "user_id", _("User ID")

    contact = models.ForeignKey(Contact, models.CASCADE, related_name="addresses", verbose_name=_("contact"))
    kind = models.CharField(_("kind"), max_length=8, choices=Kind)
    # Opaque: "whatsapp:+447700900318" or "whatsapp:GB.1349…" (Twilio, "Key concepts": up to 140 characters).
    value = models.CharField(_("address"), max_length=160)
    created_at = models.DateTimeField(_("created"), db_default=Now())

    class Meta:
        verbose_name = _("address")
        verbose_name_plural = _("addresses")
        constraints = [models.UniqueConstraint(fields=["value"], name="address_value")]
        indexes = [
            models.Index(fields=["value"], name="address_prefix", opclasses=["varchar_pattern_ops"]),
            # People remember the end of a number.
            models.Index(OpClass(Reverse("value"), name="text_pattern_ops"), name="address_suffix"),
        ]

    def __str__(self) -> str:
        return self.value

    @property
    def number(self) -> str:
        return self.value.partition(":")[2] or self.value

    @property
    def readable(self) -> str:
        """A phone number in groups, a user ID as it is."""
        return numbers.readable(self.number) if self.kind == self.Kind.PHONE else self.number


class Window(models.Model):
    """What one address may be sent over one channel: the reply window and the opt-out."""

    address = models.ForeignKey(Address, models.CASCADE, related_name="windows")
    channel = models.ForeignKey(Channel, models.CASCADE, related_name="windows")
    last_inbound_at = models.DateTimeField(null=True)
    closes_at = models.DateTimeField(null=True)
    opted_out_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["address", "channel"], name="window_once")]

    def __str__(self) -> str:
        return f"{self.address} × {self.channel}"


def open_windows_with(address: str) -> models.QuerySet[Window]:
    """Over which channels whoever has this address may be sent free text now, the one open longest first."""
    rows = Window.objects.filter(address__contact__addresses__value=address, closes_at__gt=Now())
    return rows.order_by("-closes_at")


def open_window_of(contact_id: int, channel_id: int) -> datetime | None:
    """When free text to this contact over this channel ends, if it has not ended: any address counts."""
    rows = Window.objects.filter(
        Q(closes_at__gt=Now()), address__contact_id=contact_id, channel_id=channel_id
    )
    return rows.aggregate(latest=models.Max("closes_at"))["latest"]
