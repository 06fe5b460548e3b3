"""Customers, found by name or address."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from inbox import numbers, search
from inbox.admin.base import ReadOnlyAdmin
from inbox.models import Address, ConsentEntry, Contact


class AddressInline(admin.TabularInline):
    model = Address
    extra = 0
    can_delete = False
    readonly_fields = ("kind", "value", "created_at")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class ConsentInline(admin.TabularInline):
    model = ConsentEntry
    extra = 0
    fields = ("given_at", "channel", "action", "category", "source", "actor")

    def get_queryset(self, request: HttpRequest) -> QuerySet[ConsentEntry]:
        return super().get_queryset(request).select_related("channel", "actor")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    has_change_permission = has_delete_permission = has_add_permission


@admin.register(Contact)
class ContactAdmin(ReadOnlyAdmin):
    list_display = ("display_name", "readable_phone", "language", "created_at")
    fields = ("name", "profile_name", "language", "attributes", "created_at")
    readonly_fields = ("profile_name", "created_at")
    inlines = (AddressInline, ConsentInline)
    # Says that there is a search field; get_search_results does the work, on the index.
    search_fields = ("name",)
    search_help_text = _("Words of the name, or an address like whatsapp:+447700900318")

    @admin.display(description=_("phone"))
    def readable_phone(self, contact: Contact) -> str:
        return numbers.readable(contact.phone)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.is_superuser

    def get_queryset(self, request: HttpRequest) -> QuerySet[Contact]:
        return super().get_queryset(request).defer("search").prefetch_related("addresses")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Contact], search_term: str
    ) -> tuple[QuerySet[Contact], bool]:
        words = search.query(search_term)
        if words is None:
            return queryset, False
        owners = Address.objects.filter(value__startswith=search_term.strip().replace("\x00", ""))
        return queryset.filter(Q(search=words) | Q(pk__in=owners.values("contact"))), False


@admin.register(ConsentEntry)
class ConsentEntryAdmin(ReadOnlyAdmin):
    """The ledger, over all customers."""

    list_display = ("given_at", "contact", "channel", "action", "category", "source", "actor")
    list_filter = ("action", "category", "channel")
    list_select_related = ("contact", "channel", "actor")
    fields = (
        "contact", "channel", "action", "category", "source", "text", "proof", "evidence_id", "actor",
        "given_at", "created_at",
    )  # fmt: skip
    readonly_fields = ("evidence_id",)
    # Says that there is a search field; get_search_results does the work, on the index.
    search_fields = ("contact",)
    search_help_text = _("The beginning of an address, like whatsapp:+447700900318")
    change_list_template = "admin/inbox/consententry/change_list.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[ConsentEntry]:
        return super().get_queryset(request).prefetch_related("contact__addresses")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[ConsentEntry], search_term: str
    ) -> tuple[QuerySet[ConsentEntry], bool]:
        if not (words := search_term.strip().replace("\x00", "")):
            return queryset, False
        owners = Address.objects.filter(value__startswith=words)
        return queryset.filter(contact__in=owners.values("contact")), False
