"""Who works here, and on which numbers."""

from __future__ import annotations

import re
from typing import Any

from allauth.account.models import EmailAddress
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.forms import AdminUserCreationForm, UserChangeForm
from django.core.exceptions import ValidationError
from django.forms import ModelForm
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from inbox.models import Agent, Channel, Tag, Team

NUMBER = re.compile(r"\+[1-9][0-9]{6,14}")


class AgentForm(UserChangeForm):
    #: Who is signed in; set by `AgentAdmin.get_form`.
    by: Agent

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        is_still_admin = cleaned.get("role") == Agent.Role.ADMIN and cleaned.get("is_active")
        if self.instance.pk == self.by.pk and not is_still_admin:
            raise ValidationError(_("You cannot take your own admin rights away. Ask another admin."))
        return cleaned


@admin.register(Agent)
class AgentAdmin(UserAdmin):
    form = AgentForm
    add_form = AdminUserCreationForm
    list_display = ("username", "first_name", "last_name", "role", "is_active", "last_login")
    list_filter = ("role", "is_active", "teams")
    filter_horizontal = ("teams",)
    fieldsets = (
        (None, {"fields": ("username", "password")}),
        (_("Who"), {"fields": ("first_name", "last_name", "email", "time_zone")}),
        (_("What they may do"), {"fields": ("role", "teams", "is_active")}),
    )
    add_fieldsets = (
        (None, {"fields": ("username", "usable_password", "password1", "password2")}),
        (_("Who"), {"fields": ("first_name", "last_name", "email")}),
        (_("What they may do"), {"fields": ("role", "teams")}),
    )

    def get_form(self, request: HttpRequest, obj: Agent | None = None, **kwargs: Any) -> type[ModelForm]:
        form = super().get_form(request, obj, **kwargs)
        return type(form.__name__, (form,), {"by": request.user})

    def save_model(self, request: HttpRequest, obj: Agent, form: ModelForm, change: bool) -> None:
        """One meaning of "admin": the role, which opens this place and everything in it."""
        obj.is_staff = obj.is_superuser = obj.role == Agent.Role.ADMIN
        super().save_model(request, obj, form, change)
        # Noted when a password was reset: an address that was theirs must not reset it once more.
        EmailAddress.objects.filter(user=obj).exclude(email__iexact=obj.email).delete()

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Their messages keep their name: take "active" away instead."""
        return False


class MemberInline(admin.TabularInline):
    model = Agent.teams.through
    extra = 0
    verbose_name, verbose_name_plural = _("member"), _("members")


@admin.register(Team)
class TeamAdmin(admin.ModelAdmin):
    inlines = (MemberInline,)


@admin.register(Tag)
class TagAdmin(admin.ModelAdmin):
    search_fields = ("name",)


class ChannelForm(ModelForm):
    def clean_address(self) -> str:
        """Typed with spaces or without "whatsapp:", it becomes what the carrier writes."""
        number = re.sub(r"[\s().-]", "", self.cleaned_data["address"]).removeprefix("whatsapp:")
        if not NUMBER.fullmatch(number):
            raise ValidationError(
                _("Write the number with + and its country code, like whatsapp:+447700900142.")
            )
        return f"whatsapp:{number}"


@admin.register(Channel)
class ChannelAdmin(admin.ModelAdmin):
    form = ChannelForm
    list_display = ("name", "address", "is_active")
    filter_horizontal = ("teams",)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Its conversations would go with it: switch it off instead."""
        return obj is None or not obj.conversations.exists()
