from __future__ import annotations

import hashlib
import secrets

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

PREFIX = "fan_"


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
    def issue(cls, agent: models.Model, **fields: object) -> tuple[ApiKey, str]:
        """A new key and its text, which nobody can read again."""
        text = PREFIX + secrets.token_urlsafe(32)
        key = cls.objects.create(agent=agent, start=text[:10], digest=digest(text), **fields)
        return key, text

    @classmethod
    def find(cls, text: str) -> ApiKey | None:
        """The usable key behind this text: neither revoked nor expired, its agent active."""
        usable = cls.objects.filter(
            Q(expires_at__isnull=True) | Q(expires_at__gt=Now()),
            revoked_at__isnull=True,
            agent__is_active=True,
        )
        return usable.select_related("agent").filter(digest=digest(text)).first()


def digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
