"""The back office: people, teams, channels, keys, and what happened to a message. For admins."""

from __future__ import annotations

import allauth.account.admin  # noqa: F401 (registers what is taken away below)
from allauth.account.models import EmailAddress
from django.contrib import admin
from django.contrib.auth.models import Group
from django.utils.translation import gettext_lazy as _

from inbox.admin import customers, history, keys, people

__all__ = ["customers", "history", "keys", "people"]

admin.site.site_header = "Fanlight"
admin.site.site_title = "Fanlight"
admin.site.index_title = _("Set up and look closer")
# Roles say who may do what, and an agent has one address: no second way to say either.
admin.site.unregister([Group, EmailAddress])
