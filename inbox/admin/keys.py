"""API keys: issued, shown once, revoked."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.db.models.functions import Now
from django.forms import CheckboxSelectMultiple, ModelForm
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from inbox import moments
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


class EndedFilter(admin.SimpleListFilter):
    title, parameter_name = _("state"), "ended"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("0", _("Works")), ("1", _("Revoked or ended"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[ApiKey]) -> QuerySet[ApiKey]:
        ended = Q(revoked_at__isnull=False) | Q(expires_at__lte=Now())
        return {"0": queryset.exclude(ended), "1": queryset.filter(ended)}.get(self.value() or "", queryset)


@admin.register(ApiKey)
class ApiKeyAdmin(admin.ModelAdmin):
    form = ApiKeyForm
    list_display = ("__str__", "agent", "scope", "reach", "state", "last_used_at", "start", "created_at")
    list_select_related = ("agent",)
    list_filter = ("scope", EndedFilter)
    fields = ("agent", "name", "scope", "channels", "expires_at")
    actions = ("revoke",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[ApiKey]:
        return super().get_queryset(request).prefetch_related("channels")

    @admin.display(description=_("channels"))
    def reach(self, key: ApiKey) -> str:
        return ", ".join(map(str, key.channels.all())) or str(_("all that its agent sees"))

    @admin.display(description=_("state"))
    def state(self, key: ApiKey) -> str:
        if key.revoked_at:
            return str(_("Revoked on %(day)s") % {"day": moments.day(key.revoked_at)})
        if key.expires_at is None:
            return str(_("Works"))
        words = _("Works until %(day)s") if key.expires_at > timezone.now() else _("Ended on %(day)s")
        return str(words % {"day": moments.day(key.expires_at)})

    def get_form(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> type[ModelForm]:
        form = super().get_form(request, obj, **kwargs)
        for field in form.base_fields.values():
            for button in ("add", "change", "delete", "view"):
                setattr(field.widget, f"can_{button}_related", False)
        return form

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: ApiKey, form: ModelForm, change: bool) -> None:
        key, text = ApiKey.issue(**form.cleaned_data, by=request.user)
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
        count = sum(key.revoke(by=request.user) for key in queryset)
        messages.success(request, _("Revoked: %d. They stop working at once.") % count)
