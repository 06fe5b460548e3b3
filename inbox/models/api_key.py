from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from datetime import timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib.postgres.expressions import ArraySubquery
from django.db import models, transaction
from django.db.models import OuterRef, Q
from django.db.models.functions import Now
from django.db.models.signals import pre_delete
from django.dispatch import receiver
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from inbox.models.channel import Channel
from inbox.models.event import Event

if TYPE_CHECKING:
    from inbox.models.agent import Agent

PREFIX = "fan_"
NOTED_EVERY = timedelta(minutes=1)


class ApiKey(models.Model):
    """Lets a program act as one agent. The key is shown once; here is only its SHA-256.

    A fast hash is enough: the key holds 256 random bits, so there is nothing to guess.
    """

    class Scope(models.TextChoices):
        READ = "read", _("Read")
        WRITE = "write", _("Read and write")

    agent = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="api_keys")
    name = models.CharField(_("name"), max_length=80, blank=True)
    start = models.CharField(_("starts with"), max_length=12)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    scope = models.CharField(_("scope"), max_length=8, choices=Scope, default=Scope.WRITE)
    # Without any it reaches what its agent reaches.
    channels = models.ManyToManyField(
        "inbox.Channel", blank=True, related_name="+", verbose_name=_("only these channels")
    )
    created_at = models.DateTimeField(_("created"), db_default=Now())
    expires_at = models.DateTimeField(_("expires"), null=True, blank=True)
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True)
    last_used_at = models.DateTimeField(_("last used"), null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("API key")
        verbose_name_plural = _("API keys")

    def __str__(self) -> str:
        return self.name or f"{self.start}…"

    @classmethod
    @transaction.atomic
    def issue(
        cls,
        agent: Agent,
        *,
        channels: Iterable[Channel] = (),
        by: Agent | None = None,
        **fields: object,
    ) -> tuple[ApiKey, str]:
        """A new key and its text, which nobody can read again."""
        text = PREFIX + secrets.token_urlsafe(32)
        key = cls.objects.create(agent=agent, start=text[:10], digest=digest(text), **fields)
        key.channels.set(channels)
        key._record("key.issued", by, scope=key.scope)
        return key, text

    @transaction.atomic
    def revoke(self, *, by: Agent | None) -> bool:
        """It stops working at once."""
        if not ApiKey.objects.filter(pk=self.pk, revoked_at=None).update(revoked_at=Now()):
            return False
        self._record("key.revoked", by)
        return True

    def _record(self, verb: str, by: Agent | None, **more: str) -> None:
        Event.record(verb, by=by, key=self.pk, name=str(self), agent=self.agent.username, **more)

    @classmethod
    def find(cls, text: str) -> ApiKey | None:
        """The usable key behind this text: neither revoked nor expired, its agent active.

        Looked up by its hash alone, so that the time it takes tells nothing about any key. Its agent
        carries the key's channels as `only_channels`.
        """
        usable = cls.objects.filter(
            Q(expires_at__isnull=True) | Q(expires_at__gt=Now()),
            revoked_at__isnull=True,
            agent__is_active=True,
        )
        limits = cls.channels.through.objects.filter(apikey=OuterRef("pk")).values("channel")
        rows = usable.select_related("agent").annotate(limits=ArraySubquery(limits))
        key = rows.filter(digest=digest(text)).first()
        if key is not None and key.limits:
            key.agent.only_channels = frozenset(key.limits)
        return key

    def note_use(self) -> None:
        """Keep when it was used, to the minute: a busy program is no reason for a write a request."""
        now = timezone.now()
        if self.last_used_at is None or not timedelta(0) <= now - self.last_used_at < NOTED_EVERY:
            ApiKey.objects.filter(pk=self.pk).update(last_used_at=now)


@receiver(pre_delete, sender=Channel)
def revoke_keys_of_nothing_else(sender: type[Channel], instance: Channel, **_: object) -> None:
    """A key whose last channel goes must not become one for all channels."""
    here = ApiKey.objects.filter(channels=instance, revoked_at__isnull=True)
    others = ApiKey.channels.through.objects.exclude(channel=instance).values("apikey")
    for key in list(here.exclude(pk__in=others).select_related("agent")):
        key.revoke(by=None)


def digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
