from __future__ import annotations

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.utils.translation import gettext_lazy as _


class Team(models.Model):
    name = models.CharField(_("name"), max_length=80, unique=True)

    class Meta:
        ordering = ("name",)
        verbose_name = _("team")
        verbose_name_plural = _("teams")

    def __str__(self) -> str:
        return self.name


class Agent(AbstractUser):
    """Someone who signs in. The role says what they may see and change (inbox/access.py)."""

    class Role(models.TextChoices):
        AGENT = "agent", _("Agent")
        LEAD = "lead", _("Lead")
        ADMIN = "admin", _("Admin")

    role = models.CharField(_("role"), max_length=8, choices=Role, default=Role.AGENT)
    teams = models.ManyToManyField(Team, blank=True, related_name="members", verbose_name=_("teams"))
    # IANA name, for example "Africa/Johannesburg"; empty follows the browser, then the server.
    time_zone = models.CharField(_("time zone"), max_length=64, blank=True)
    # No column: an API key for some channels only sets their ids while it acts as this agent.
    only_channels: frozenset[int] | None = None

    class Meta:
        verbose_name = _("agent")
        verbose_name_plural = _("agents")

    def __str__(self) -> str:
        return self.name

    def save(self, *args: object, **kwargs: object) -> None:
        # One meaning of "admin": whoever may open the Django admin in full.
        if self.is_superuser:
            self.role = self.Role.ADMIN
        super().save(*args, **kwargs)

    @property
    def name(self) -> str:
        return self.get_full_name() or self.username

    @property
    def initials(self) -> str:
        words = self.name.split()
        return "".join(word[0] for word in (words[0], words[-1])[: len(words)]).upper() if words else "?"

    @property
    def is_lead(self) -> bool:
        return self.role in (self.Role.LEAD, self.Role.ADMIN)

    @property
    def sees_all_channels(self) -> bool:
        return self.is_lead and self.only_channels is None

    @property
    def is_admin(self) -> bool:
        return self.role == self.Role.ADMIN
