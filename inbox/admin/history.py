"""What happened to messages, and the jobs behind it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from procrastinate.contrib.django.admin import ProcrastinateJobAdmin
from procrastinate.contrib.django.models import ProcrastinateJob

from inbox.admin.base import ReadOnlyAdmin
from inbox.models import Event, Message, SendAttempt

# The library registers its own list, which shows every lock there ever was.
admin.site.unregister(ProcrastinateJob)


@dataclass(frozen=True)
class Entry:
    """One line of a message's timeline."""

    at: datetime
    what: str
    detail: str = ""
    url: str = ""


@admin.register(Message)
class MessageAdmin(ReadOnlyAdmin):
    list_display = ("pk", "created_at", "direction", "kind", "status", "error_code", "sid", "conversation_id")
    list_filter = ("direction", "status", "recovered")
    search_fields = ("=sid",)
    search_help_text = _("A whole message SID")
    exclude = ("search", "conversation", "reply_to")
    change_form_template = "admin/inbox/message/change_form.html"

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Message], search_term: str
    ) -> tuple[QuerySet[Message], bool]:
        # Exactly, by the unique index; the admin's own "exact" ignores case and with it the index.
        term = search_term.strip().replace("\x00", "")
        return (queryset.filter(sid=term) if term else queryset), False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Message]:
        return super().get_queryset(request).defer("search").select_related("author")

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        message = self.get_object(request, object_id)
        context = {"timeline": sorted(self.timeline(message), key=lambda e: e.at) if message else []}
        return super().change_view(request, object_id, form_url, (extra_context or {}) | context)

    def timeline(self, message: Message) -> Iterable[Entry]:
        for attempt in message.attempts.all():
            detail = " · ".join(filter(None, [attempt.sid, attempt.detail, str(attempt.error_code or "")]))
            yield Entry(attempt.started_at, f"{_('Send attempt')}: {attempt.get_outcome_display()}", detail)
        for event in message.events.select_related("actor"):
            url = reverse("admin:inbox_event_change", args=[event.pk])
            yield Entry(event.created_at, event.verb, str(event.actor or ""), url)


@admin.register(SendAttempt)
class SendAttemptAdmin(ReadOnlyAdmin):
    list_display = ("started_at", "outcome", "error_code", "detail", "sid", "message_id")
    list_filter = ("outcome",)
    raw_id_fields = ("message",)


@admin.register(Event)
class EventAdmin(ReadOnlyAdmin):
    list_display = ("created_at", "verb", "conversation_id", "message_id", "actor")
    list_select_related = ("actor",)
    fields = ("created_at", "verb", "conversation_id", "message_id", "channel", "actor", "data")
    readonly_fields = ("conversation_id", "message_id")


@admin.register(ProcrastinateJob)
class JobAdmin(ProcrastinateJobAdmin):
    """The library's own, less what lists every lock there ever was, and less its inline styles."""

    show_full_result_count = False
    ordering = ("-pk",)
    list_display = ("pk", "task_name", "args", "status", "attempts", "scheduled_at", "lock")
    list_filter = ("status", "queue_name")
    fields = (
        "pk",
        "task_name",
        "args",
        "status",
        "queue_name",
        "lock",
        "queueing_lock",
        "priority",
        "scheduled_at",
        "attempts",
    )
