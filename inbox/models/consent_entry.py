from __future__ import annotations

from typing import Any, NoReturn

from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from inbox.models.channel import Channel
from inbox.models.contact import Contact

# The source of the entry that says of an opt-out with the same evidence: that was a slip.
TAKEN_BACK = "taken back"


class Ledger(models.QuerySet["ConsentEntry"]):
    """Reads and adds. The database holds the same line (migration 0006), also against raw SQL."""

    def delete(self) -> NoReturn:
        raise TypeError("A consent entry goes only with its contact or channel.")

    def between(self, contact_id: int, channel_id: int) -> Ledger:
        """What still counts: no opt-out that was taken back, nor the entry that says so."""
        rows = self.filter(contact=contact_id, channel=channel_id)
        back = rows.filter(source=TAKEN_BACK, evidence=OuterRef("evidence"), pk__gt=OuterRef("pk"))
        return rows.exclude(Exists(back), action=ConsentEntry.Action.OPT_OUT).exclude(source=TAKEN_BACK)

    def latest_first(self) -> Ledger:
        return self.order_by("-given_at", "-pk")


class ConsentEntry(models.Model):
    """One line of the consent ledger. Written, never changed: a merge moves it, an erasure takes it along."""

    class Action(models.TextChoices):
        OPT_IN = "opt_in", _("Opted in")
        OPT_OUT = "opt_out", _("Opted out")

    class Category(models.TextChoices):
        """What kind of message it speaks of; `ALL` speaks of every one."""

        ALL = "all", _("All")
        SERVICE = "service", _("Service")
        UTILITY = "utility", _("Utility")
        MARKETING = "marketing", _("Marketing")
        AUTHENTICATION = "authentication", _("Authentication")

    contact = models.ForeignKey(
        Contact, models.CASCADE, related_name="consent_entries", db_index=False, verbose_name=_("contact")
    )
    channel = models.ForeignKey(Channel, models.CASCADE, related_name="+", verbose_name=_("channel"))
    action = models.CharField(_("action"), max_length=8, choices=Action)
    category = models.CharField(_("category"), max_length=16, choices=Category, default=Category.ALL)
    # Where it came from, for example "keyword" or "error 21610".
    source = models.CharField(_("source"), max_length=40)
    # What the customer read when they agreed, as far as somebody kept it.
    text = models.TextField(_("text shown"), blank=True)
    # Where the proof lies when it is not a message here: a form's number, an address, a file.
    proof = models.CharField(_("proof"), max_length=300, blank=True)
    evidence = models.ForeignKey(
        "inbox.Message", models.SET_NULL, null=True, related_name="+", verbose_name=_("evidence")
    )
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", verbose_name=_("recorded by")
    )
    # When it was said, which for an import is long before it was written down here.
    given_at = models.DateTimeField(_("given"), db_default=Now())
    created_at = models.DateTimeField(_("recorded"), db_default=Now())

    objects = Ledger.as_manager()

    class Meta:
        verbose_name = _("consent entry")
        verbose_name_plural = _("consent entries")
        indexes = [models.Index(fields=["contact", "channel", "-given_at", "-id"], name="consent_latest")]

    def __str__(self) -> str:
        return f"{self.contact}: {self.get_action_display()}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise TypeError("A consent entry is written once. Write another one.")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise TypeError("A consent entry goes only with its contact or channel.")

    @property
    def is_opt_in(self) -> bool:
        return self.action == self.Action.OPT_IN

    @property
    def is_opt_out(self) -> bool:
        return self.action == self.Action.OPT_OUT

    @property
    def speaks_of(self) -> list[str]:
        """The categories that it decides."""
        every = [c for c in self.Category.values if c != self.Category.ALL]
        return every if self.category == self.Category.ALL else [self.category]

    @classmethod
    def last(cls, contact_id: int, channel_id: int, category: str) -> ConsentEntry | None:
        """What the customer said last about this category, or about all of them."""
        rows = cls.objects.between(contact_id, channel_id).filter(category__in=[category, cls.Category.ALL])
        return rows.latest_first().first()

    @classmethod
    def last_of_each(cls, contact_id: int, channel_id: int) -> dict[str, ConsentEntry]:
        """As `last`, of every category about which anything was said, in one query."""
        rows = cls.objects.between(contact_id, channel_id).order_by("category", "-given_at", "-pk")
        found: dict[str, ConsentEntry] = {}
        for entry in sorted(rows.distinct("category"), key=lambda entry: (entry.given_at, entry.pk)):
            found |= dict.fromkeys(entry.speaks_of, entry)
        return found
