"""API keys: issued, shown once, revoked."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.db.models.functions import Now
from django.forms import CheckboxSelectMultiple, ModelForm
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from inbox.models import ApiKey


class ApiKeyForm(ModelForm):
    class Meta:
        model = ApiKey
        fields = ("agent", "name", "scope", "channels", "expires_at")
        widgets = {"channels": CheckboxSelectMultiple}
        help_texts = {
            "agent": _("Whom it acts as. It sees and does what this person may."),
            "name": _("What it is for, so that you know later which one to revoke."),
            "channels": _("Choose some to keep it to these. Without any it reaches all that its agent sees."),
            "expires_at": _("When it stops working by itself. Empty: when it is revoked."),
        }

    def clean_expires_at(self) -> datetime | None:
        expires_at = self.cleaned_data["expires_at"]
        if expires_at and expires_at <= timezone.now():
            raise ValidationError(_("This time has passed. Choose a later one, or leave it empty."))
        return expires_at


@admin.register(ApiKey)
class ApiKeyAdmin(admin.ModelAdmin):
    form = ApiKeyForm
    list_display = (
        "__str__",
        "agent",
        "scope",
        "reach",
        "start",
        "created_at",
        "expires_at",
        "revoked_at",
        "last_used_at",
    )
    list_select_related = ("agent",)
    list_filter = ("scope", ("revoked_at", admin.EmptyFieldListFilter))
    fields = ("agent", "name", "scope", "channels", "expires_at")
    actions = ("revoke",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[ApiKey]:
        return super().get_queryset(request).prefetch_related("channels")

    @admin.display(description=_("channels"))
    def reach(self, key: ApiKey) -> str:
        return ", ".join(map(str, key.channels.all())) or str(_("all that its agent sees"))

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
