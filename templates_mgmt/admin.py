"""Content SIDs in the back office: looked at, checked, submitted; prices, and how old the comparison is."""

from __future__ import annotations

import json
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.db.models import Q, QuerySet, TextField
from django.db.models.functions import Cast
from django.forms.fields import InvalidJSONInput
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.html import format_html
from django.utils.text import Truncator
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from channels_whatsapp.models import Account
from inbox.admin.base import ReadOnlyAdmin
from inbox.refusals import Refused
from templates_mgmt import checking, deleting, notices, policy, shapes, states, syncing, usage
from templates_mgmt.models import Price, Sync, Template
from templates_mgmt.preview import Preview
from templates_mgmt.price_admin import PriceAdmin
from templates_mgmt.tasks import defer_refresh

LINE = 60  # characters of the text in the list


class AsTyped(forms.JSONField):
    """What is refused is shown again as it was typed: read, it may hold what no page can."""

    def bound_data(self, data: Any, initial: Any) -> Any:
        return InvalidJSONInput(data or "")

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, InvalidJSONInput):
            return value
        return json.dumps(value, ensure_ascii=False, indent=2)


class TemplateForm(forms.ModelForm):
    """A draft. What it says is judged beside it, not refused: only what cannot be kept is."""

    account = forms.ModelChoiceField(Account.objects.order_by("pk"), label=_("Account"))
    name = forms.CharField(label=_("Name"), max_length=512, help_text=_("Like order_shipped."))

    class Meta:
        model = Template
        fields = ("language", "category", "types", "variables")
        field_classes = {"types": AsTyped, "variables": AsTyped}
        widgets = {
            "types": forms.Textarea({"class": "vLargeTextField", "rows": 16}),
            "variables": forms.Textarea({"class": "vLargeTextField", "rows": 4}),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.fields.pop("account", None)
            self.initial["name"] = self.instance.name

    def clean_types(self) -> dict[str, Any]:
        types = self.cleaned_data["types"]
        if problem := shapes.problem(types):
            raise forms.ValidationError(problem)
        return types

    def clean_variables(self) -> dict[str, str]:
        samples = self.cleaned_data["variables"] or {}
        if not isinstance(samples, dict) or not all(isinstance(value, str) for value in samples.values()):
            raise forms.ValidationError(_now("A text for each variable, like {“1”: “Eleni”}."))
        if problem := shapes.problem_of_text(json.dumps(samples)):
            raise forms.ValidationError(problem)
        return samples


class WithUsage(ChangeList):
    """The page's rows, each with how often it was sent: one query for all of them."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        rows = list(self.result_list)
        used = usage.of(row.content_sid for row in rows)
        for row in rows:
            row.used = used.get(row.content_sid or "", usage.Usage())
        self.result_list = rows


@admin.register(Template)
class TemplateAdmin(admin.ModelAdmin):
    form = TemplateForm
    list_display = ("title_and_text", "badge", "category", "language", "content_sid", "sent")
    list_display_links = ("title_and_text",)
    list_filter = (
        "status",
        "category",
        "language",
        "submission",
        ("archived_at", admin.EmptyFieldListFilter),
    )
    list_select_related = ("family",)
    list_per_page = 50
    ordering = ("-pk",)
    show_full_result_count = False
    search_fields = ("family__name",)
    search_help_text = _("Part of the name or the text, or a whole Content SID")
    actions = ("submit", "refresh", "archive", "restore", "delete_at_twilio")
    change_form_template = "admin/templates_mgmt/template/change_form.html"

    # The list

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return WithUsage

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Template], search_term: str
    ) -> tuple[QuerySet[Template], bool]:
        words = search_term.strip().replace("\x00", "")
        if not words:
            return queryset, False
        if words.startswith("HX"):
            return queryset.filter(content_sid=words), False
        texts = queryset.annotate(words=Cast("types", TextField()))
        return texts.filter(Q(family__name__icontains=words) | Q(words__icontains=words)), False

    @admin.display(description=_("name"), ordering="family__name")
    def title(self, template: Template) -> str:
        return template.name

    @admin.display(description=_("template"), ordering="family__name")
    def title_and_text(self, template: Template) -> str:
        words = Truncator(template.content.as_written.text).chars(LINE)
        return format_html('<bdi>{}</bdi><span class="line" dir="auto">{}</span>', template.name, words)

    @admin.display(description=_("status"), ordering="status")
    def badge(self, template: Template) -> str:
        state = states.state_of(template)
        badge = format_html('<span class="status status--{}">{}</span>', state.tone or "plain", state.label)
        return format_html("{} · {}", badge, _now("archived")) if template.is_archived else badge

    @admin.display(description=_("sent in 30 days"))
    def sent(self, template: Template) -> int:
        return template.used.sent  # type: ignore[attr-defined]

    # One

    def get_fields(self, request: HttpRequest, obj: Template | None = None) -> tuple[str, ...]:
        if obj is None:
            return ("account", "name", "language", "category", "types", "variables")
        if obj.is_draft:
            return ("name", "language", "category", "types", "variables")
        return ("title", "language", "category", "types", "variables", *self.told)

    told = (
        "status", "content_sid", "name_at_twilio", "rejection_reason", "quality", "paused_until",
        "submission", "submission_error", "replaces", "author", "submitted_at", "decided_at", "synced_at",
        "gone_at", "archived_at",
    )  # fmt: skip

    def has_change_permission(self, request: HttpRequest, obj: Template | None = None) -> bool:
        return super().has_change_permission(request, obj) and (obj is None or obj.is_draft)

    def has_delete_permission(self, request: HttpRequest, obj: Template | None = None) -> bool:
        return False  # archived instead, with what was sent

    def save_model(self, request: HttpRequest, obj: Template, form: forms.ModelForm, change: bool) -> None:
        given = {name: form.cleaned_data[name] for name in TemplateForm.Meta.fields}
        name = form.cleaned_data["name"]
        if change:
            obj.edit(by=request.user, name=name, **given)
        else:
            made = Template.write(form.cleaned_data["account"], name, given.pop("language"),
                                  by=request.user, **given)  # fmt: skip
            obj.pk, obj.family = made.pk, made.family

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except Refused as refusal:
            # Submitted by somebody else while this form was open.
            messages.error(request, str(refusal))
            return self._response_post_save(request, None)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        if template := context.get("original"):
            context |= looked_at(template)
        return super().render_change_form(request, context, *args, **kwargs)

    # Done to several

    @admin.action(description=_("Submit to WhatsApp"))
    def submit(self, request: HttpRequest, queryset: QuerySet[Template]) -> None:
        done = 0
        for template in queryset.select_related("family"):
            try:
                for_approval = not template.content.is_session_only
                done += template.submit(by=request.user, for_approval=for_approval)
            except Refused as refusal:
                messages.error(request, f"{template}: {refusal}")
        self._say(request, done, ngettext("%d template is submitted.", "%d templates are submitted.", done))

    @admin.action(description=_("Refresh from Twilio"))
    def refresh(self, request: HttpRequest, queryset: QuerySet[Template]) -> None:
        done = 0
        for template in queryset.filter(content_sid__isnull=False):
            defer_refresh(template)
            done += 1
        self._say(request, done, ngettext("Twilio is asked about %d template.",
                                          "Twilio is asked about %d templates.", done))  # fmt: skip

    @admin.action(description=_("Archive"))
    def archive(self, request: HttpRequest, queryset: QuerySet[Template]) -> HttpResponse | None:
        """Says first what still uses them, if anything does."""
        found = list(queryset.filter(archived_at=None).select_related("family"))
        if any(deleting.uses(template).is_used for template in found) and not request.POST.get("sure"):
            return self._ask(request, "archive", found)
        done = sum(template.archive(by=request.user) for template in found)
        self._say(request, done, ngettext("%d template is archived.", "%d templates are archived.", done))
        return None

    @admin.action(description=_("Take out of the archive"))
    def restore(self, request: HttpRequest, queryset: QuerySet[Template]) -> None:
        done = sum(template.restore(by=request.user) for template in queryset.select_related("family"))
        self._say(request, done, ngettext("%d template is back.", "%d templates are back.", done))

    @admin.action(description=_("Delete at Twilio…"))
    def delete_at_twilio(self, request: HttpRequest, queryset: QuerySet[Template]) -> HttpResponse | None:
        """Says first what still uses them; the answer comes back as the same action."""
        found = list(queryset.filter(content_sid__isnull=False).select_related("family__account"))
        if not found:
            messages.warning(request, _now("Only what is at Twilio can be deleted there."))
            return None
        if not request.POST.get("sure"):
            return self._ask(request, "delete_at_twilio", found)
        done = 0
        for template in found:
            try:
                done += deleting.delete_at_twilio(template, by=request.user)
            except Refused as refusal:
                messages.error(request, f"{template}: {refusal}")
        self._say(request, done, ngettext("%d template is deleted at Twilio and archived here.",
                                          "%d templates are deleted at Twilio and archived here.",
                                          done))  # fmt: skip
        return None

    def _ask(self, request: HttpRequest, action: str, found: list[Template]) -> HttpResponse:
        """The answer comes back as the same action."""
        title = _now("Archive") if action == "archive" else _now("Delete at Twilio")
        uses = [(template, deleting.uses(template)) for template in found]
        context = {"title": title, "action": action, "found": uses, "opts": self.opts}
        context |= self.admin_site.each_context(request)
        return TemplateResponse(request, "admin/templates_mgmt/template/sure.html", context)

    def _say(self, request: HttpRequest, done: int, sentence: str) -> None:
        if done:
            messages.success(request, sentence % done)
        else:
            messages.warning(request, _now("There was nothing to do."))


def looked_at(template: Template) -> dict[str, Any]:
    """The preview and the checks of the editor."""
    content = template.content
    for_approval = not content.is_session_only
    findings = policy.check(template.draft, for_approval=for_approval) if template.is_draft else []
    checks = checking.checks(template.draft, findings, for_approval=for_approval)
    return {
        "shown": Preview.of(content, {}, samples=True),
        "notices": notices.about(template),
        "findings": findings,
        "passed": [check.title for check in checks if check.tone == "ok"],
        "is_draft": template.is_draft,
    }


@admin.register(Sync)
class SyncAdmin(ReadOnlyAdmin):
    list_display = ("account", "started_at", "finished_at", "count", "error")
    list_select_related = ("account",)
    actions = ("sync_now",)

    @admin.action(description=_("Compare with Twilio's list now"))
    def sync_now(self, request: HttpRequest, queryset: QuerySet[Sync]) -> None:
        for sync in queryset.select_related("account"):
            syncing.request(sync.account, by=request.user)
        messages.success(request, _now("They are compared now; it takes a few seconds."))


admin.site.register(Price, PriceAdmin)
