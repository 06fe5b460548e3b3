"""The Twilio side of the back office: accounts, senders, and every webhook as it came."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from channels_whatsapp import hooks
from channels_whatsapp.models import Account, BadSignature, Receipt, Sender
from channels_whatsapp.pages import send_test
from channels_whatsapp.sealed import Unreadable
from inbox import clock
from inbox.admin.base import ReadOnlyAdmin
from inbox.admin.history import Entry, MessageAdmin
from inbox.admin.people import ChannelAdmin
from inbox.models import Channel, Message

SID = re.compile(r"AC[0-9a-fA-F]{32}")
SECRETS = ("auth_token", "previous_auth_token", "shared_key_secret")


class AccountForm(forms.ModelForm):
    """Secrets go in and never come out: an empty field keeps what is there, "-" removes it."""

    class Meta:
        model = Account
        fields = ("sid", "name", "shared_key_id", *SECRETS)
        widgets = {name: forms.PasswordInput(attrs={"autocomplete": "new-password"}) for name in SECRETS}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.kept = {name: getattr(self.instance, name) for name in SECRETS}
        for name in SECRETS:
            self.initial.pop(name, None)
            self.fields[name].required = False
            if self.kept[name]:
                self.fields[name].help_text = _(
                    "One is kept. Leave this empty to keep it, write - to remove it."
                )
            elif isinstance(self.kept[name], Unreadable):
                self.fields[name].help_text = _(
                    "What is kept here cannot be read with this SECRET_KEY. Paste it again, or put the key"
                    " of then into SECRET_KEY_FALLBACKS."
                )

    def clean_sid(self) -> str:
        sid = self.cleaned_data["sid"].strip()
        if not SID.fullmatch(sid):
            raise forms.ValidationError(
                _("An account SID is AC and 32 digits or letters from a to f; the Twilio Console shows it.")
            )
        return sid

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        for name in SECRETS:
            given = cleaned.get(name, "").strip()
            cleaned[name] = "" if given == "-" else given or self.kept[name]
        return cleaned


@admin.register(Account)
class AccountAdmin(admin.ModelAdmin):
    form = AccountForm
    list_display = ("__str__", "sid", "created_at")
    fieldsets = (
        (None, {"fields": ("sid", "name")}),
        (_("Tokens"), {"fields": ("auth_token", "previous_auth_token")}),
        (_("Webhook key (Twilio's public beta)"), {"fields": ("shared_key_id", "shared_key_secret")}),
    )

    def save_model(self, request: HttpRequest, obj: Account, form: AccountForm, change: bool) -> None:
        """A token entered here stands in for the settings', as on the connect page."""
        token = obj.auth_token
        if token and token != form.kept["auth_token"]:
            previous = obj.previous_auth_token
            obj.auth_token = form.kept["auth_token"]
            obj.take_token(token)
            if previous != form.kept["previous_auth_token"]:
                obj.previous_auth_token = previous
        elif obj.previous_auth_token != form.kept["previous_auth_token"]:
            obj.token_at = clock.now()
        super().save_model(request, obj, form, change)


class SenderForm(forms.ModelForm):
    def clean_channel(self) -> Channel:
        """The address comes from the channel, so the form's own check for doubles does not see it."""
        channel = self.cleaned_data["channel"]
        other = Sender.objects.filter(address=channel.address).exclude(pk=self.instance.pk).first()
        if other:
            raise forms.ValidationError(
                _("%(sender)s already has this address. Change that sender, or choose another channel."),
                params={"sender": other},
            )
        return channel


@admin.register(Sender)
class SenderAdmin(admin.ModelAdmin):
    form = SenderForm
    list_display = ("channel", "address", "kind", "status", "quality", "messaging_limit", "complete_until")
    list_select_related = ("channel",)
    change_form_template = "admin/channels_whatsapp/sender/change_form.html"
    fieldsets = (
        (
            None,
            {
                "fields": (
                    "channel",
                    "address",
                    "account",
                    "kind",
                    "messaging_service_sid",
                    "sid",
                    "join_code",
                )
            },
        ),
        (
            _("At Twilio"),
            {
                "fields": (
                    "status",
                    "quality",
                    "messaging_limit",
                    "checked_at",
                    "complete_until",
                    "paused_until",
                )
            },
        ),
        (
            _("Addresses to paste at Twilio"),
            {"fields": ("inbound_address", "fallback_address", "status_address")},
        ),
    )
    readonly_fields = (
        "address", "status", "quality", "messaging_limit", "checked_at", "complete_until", "paused_until",
        "inbound_address", "fallback_address", "status_address",
    )  # fmt: skip

    def save_model(self, request: HttpRequest, obj: Sender, form: forms.ModelForm, change: bool) -> None:
        obj.address = obj.channel.address
        super().save_model(request, obj, form, change)

    @admin.display(description=_("when a message comes in"))
    def inbound_address(self, sender: Sender) -> str:
        return to_paste(hooks.address("", hooks.RETRIES))

    @admin.display(description=_("if that fails"))
    def fallback_address(self, sender: Sender) -> str:
        return to_paste(hooks.address("/fallback", hooks.RETRIES))

    @admin.display(description=_("status callback"))
    def status_address(self, sender: Sender) -> str:
        return to_paste(hooks.address("/status"))

    def get_urls(self) -> list[URLPattern]:
        test = self.admin_site.admin_view(self.test_view)
        return [path("<int:pk>/test/", test, name="channels_whatsapp_sender_test"), *super().get_urls()]

    def test_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        return send_test(request, pk, self.admin_site.each_context(request) | {"opts": self.opts})


def to_paste(address: str) -> str:
    if not address:
        return str(_("Set PUBLIC_BASE_URL first: Twilio must know where to reach this inbox."))
    return format_html('<code class="paste">{}</code>', address)


@admin.register(Receipt)
class ReceiptAdmin(ReadOnlyAdmin):
    list_display = ("received_at", "kind", "outcome", "detail", "sid", "duplicates", "tries")
    list_filter = ("outcome", "kind")
    search_fields = ("=sid",)
    search_help_text = _("A whole message SID")
    actions = ("replay", "assign")
    fields = (
        "received_at", "kind", "outcome", "detail", "account_sid", "sid", "ref", "duplicates", "tries",
        "message_link", "pretty_params",
    )  # fmt: skip
    readonly_fields = ("message_link", "pretty_params")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Receipt], search_term: str
    ) -> tuple[QuerySet[Receipt], bool]:
        sid = search_term.strip().replace("\x00", "")
        return (queryset.filter(sid=sid) if sid else queryset), False

    @admin.display(description=_("parameters"))
    def pretty_params(self, receipt: Receipt) -> str:
        text = json.dumps(receipt.params, indent=2, ensure_ascii=False, sort_keys=True)
        return format_html('<pre class="pretty">{}</pre>', text)

    @admin.display(description=_("message"))
    def message_link(self, receipt: Receipt) -> str:
        pk = receipt.sid and Message.objects.filter(sid=receipt.sid).values_list("pk", flat=True).first()
        if not pk:
            return "–"
        return format_html('<a href="{}">{}</a>', reverse("admin:inbox_message_change", args=[pk]), pk)

    @admin.action(description=_("Replay"))
    def replay(self, request: HttpRequest, queryset: QuerySet[Receipt]) -> None:
        tell(request, [(receipt, receipt.replay()) for receipt in queryset.order_by("pk")])

    @admin.action(description=_("Assign to a channel and replay"))
    def assign(self, request: HttpRequest, queryset: QuerySet[Receipt]) -> HttpResponse | None:
        """Asks which channel first; the answer comes back as the same action."""
        receipts = queryset.filter(kind=Receipt.Kind.INBOUND, outcome=Receipt.Outcome.UNMATCHED).order_by(
            "pk"
        )
        if not receipts:
            messages.warning(request, _("Only messages without a channel can be assigned to one."))
            return None
        chosen = request.POST.get("channel", "")
        if channel := Channel.objects.filter(pk=chosen).first() if chosen.isdecimal() else None:
            tell(request, [(receipt, receipt.assign_to(channel)) for receipt in receipts])
            return None
        context = {"title": _("Assign to a channel"), "receipts": receipts, "channels": Channel.objects.all()}
        context |= self.admin_site.each_context(request) | {"opts": self.opts}
        return TemplateResponse(request, "admin/channels_whatsapp/receipt/assign.html", context)


def tell(request: HttpRequest, outcomes: list[tuple[Receipt, str]]) -> None:
    """One sentence for each outcome, with the first reason."""
    for outcome in Receipt.Outcome:
        receipts = [receipt for receipt, became in outcomes if became == outcome]
        if receipts:
            level = messages.SUCCESS if outcome == Receipt.Outcome.APPLIED else messages.WARNING
            sentence = _("%(outcome)s: %(count)d. %(detail)s") % {
                "outcome": outcome.label,
                "count": len(receipts),
                "detail": receipts[0].detail,
            }
            messages.add_message(request, level, sentence.strip())


@admin.register(BadSignature)
class BadSignatureAdmin(ReadOnlyAdmin):
    list_display = ("minute", "path", "account_sid", "count", "diagnosis")


admin.site.unregister([Channel, Message])


@admin.register(Channel)
class ChannelWithSenderAdmin(ChannelAdmin):
    """The inbox's page of a channel, which keeps the address that its sender has at Twilio."""

    def get_readonly_fields(self, request: HttpRequest, obj: Channel | None = None) -> Sequence[str]:
        fields = super().get_readonly_fields(request, obj)
        has_sender = obj is not None and Sender.objects.filter(channel=obj).exists()
        return (*fields, "address") if has_sender else fields


@admin.register(Message)
class MessageWithReceiptsAdmin(MessageAdmin):
    """The inbox's page of a message, with the webhooks that spoke of it."""

    def timeline(self, message: Message) -> Iterable[Entry]:
        yield from super().timeline(message)
        if message.sid:
            # There is an index on the time, and none that every webhook would pay for on the SID.
            since = message.created_at - timedelta(days=1)
            for receipt in Receipt.objects.filter(sid=message.sid, received_at__gte=since):
                what = f"{_('Webhook')}: {receipt.get_kind_display()}, {receipt.get_outcome_display()}"
                url = reverse("admin:channels_whatsapp_receipt_change", args=[receipt.pk])
                detail = receipt.params.get("MessageStatus") or receipt.detail
                yield Entry(receipt.received_at, what, detail, url)
