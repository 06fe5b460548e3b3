"""API keys: issued, shown once, revoked."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.db.models.functions import Now
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext_lazy as _

from inbox.models import ApiKey


@admin.register(ApiKey)
class ApiKeyAdmin(admin.ModelAdmin):
    list_display = (
        "__str__",
        "agent",
        "scope",
        "start",
        "created_at",
        "expires_at",
        "revoked_at",
        "last_used_at",
    )
    list_select_related = ("agent",)
    list_filter = ("scope",)
    fields = ("agent", "name", "scope", "expires_at")
    actions = ("revoke",)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: ApiKey, form: ModelForm, change: bool) -> None:
        key, text = ApiKey.issue(**form.cleaned_data)
        obj.pk, obj.start = key.pk, key.start
        request.issued_key = text  # type: ignore[attr-defined]

    def response_add(
        self, request: HttpRequest, obj: ApiKey, post_url_continue: str | None = None
    ) -> HttpResponse:
        """The key's only appearance: in this page, neither in a cookie nor in the database."""
        context = {**self.admin_site.each_context(request), "opts": self.opts, "title": _("The new key"),
                   "key": obj, "text": request.issued_key}  # type: ignore[attr-defined]  # fmt: skip
        return TemplateResponse(request, "admin/inbox/apikey/issued.html", context)

    @admin.action(description=_("Revoke"))
    def revoke(self, request: HttpRequest, queryset: QuerySet[ApiKey]) -> None:
        count = queryset.filter(revoked_at__isnull=True).update(revoked_at=Now())
        messages.success(request, _("Revoked: %d. They stop working at once.") % count)
