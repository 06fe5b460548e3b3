from __future__ import annotations

import hashlib
from datetime import timedelta

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from channels_whatsapp import hooks, ratings
from channels_whatsapp.replaying import Replaying
from channels_whatsapp.sealed import SealedField
from channels_whatsapp.turns import Turns
from inbox import clock
from inbox.models import Channel

# How long the token before goes on verifying.
CHANGING = timedelta(hours=24)


def digest_of(token: str) -> str:
    """A fast hash without a key is enough: a token holds 128 random bits, and SECRET_KEY may change."""
    return hashlib.sha256(token.encode()).hexdigest() if token else ""


class Account(models.Model):
    """A Twilio account. From the settings, or entered here and then kept encrypted."""

    sid = models.CharField(_("account SID"), max_length=34, unique=True)
    name = models.CharField(_("name"), max_length=80, blank=True)
    # Sends, and verifies signatures.
    auth_token = SealedField(_("auth token"), blank=True)
    # Verifies signatures too, for a day: time enough to change it at Twilio.
    previous_auth_token = SealedField(_("previous auth token"), blank=True)
    # Twilio's SHA-256 webhook keys, public beta: id and secret.
    shared_key_id = models.CharField(_("shared key ID"), max_length=64, blank=True)
    shared_key_secret = SealedField(_("shared key secret"), blank=True)
    # Of the settings' token that the one entered here stands in for; empty when none was there.
    instead_of = models.CharField(max_length=64, blank=True, editable=False)
    # Since when Twilio refuses our token (20003), and signs with one that we do not know.
    refused_since = models.DateTimeField(null=True, editable=False)
    unsigned_since = models.DateTimeField(null=True, editable=False)
    # When the token was entered.
    token_at = models.DateTimeField(null=True, editable=False)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("account")
        verbose_name_plural = _("accounts")

    def __str__(self) -> str:
        return self.name or self.sid

    @property
    def sending_token(self) -> str:
        """The settings' for their own account, so that a token need not be in the database at all.

        One that was entered here since stands in for it until the settings change.
        """
        given = self._token_of_settings
        if given and not (self.auth_token and self.instead_of == digest_of(given)):
            return given
        return self.auth_token

    @property
    def _token_of_settings(self) -> str:
        is_ours = self.sid == settings.TWILIO_ACCOUNT_SID and settings.TWILIO_AUTH_TOKEN
        return settings.TWILIO_AUTH_TOKEN[0] if is_ours else ""

    @property
    def is_from_settings(self) -> bool:
        """Its token stands in the settings and nothing was entered in its stead."""
        return bool(self._token_of_settings) and self.sending_token == self._token_of_settings

    @property
    def short_sid(self) -> str:
        return f"{self.sid[:4]}…{self.sid[-4:]}"

    @property
    def is_locked_out(self) -> bool:
        """Twilio and we do not agree about the token: nothing goes, or nothing comes."""
        return bool(self.refused_since or self.unsigned_since)

    def take_token(self, token: str) -> None:
        """Send and verify with this one from now on; the one before still verifies. Saved by the caller."""
        if token != self.auth_token:
            self.previous_auth_token = self.auth_token or self.previous_auth_token
            self.auth_token = token
        self.instead_of = digest_of(self._token_of_settings)
        self.refused_since = self.unsigned_since = None
        self.token_at = clock.now()

    @property
    def verifying_tokens(self) -> list[str]:
        """The one before is one that somebody may have changed because others know it: not for ever."""
        is_changing = not self.token_at or clock.now() - self.token_at < CHANGING
        tokens = (self.auth_token, self.previous_auth_token) if is_changing else (self.auth_token,)
        return [token for token in tokens if token]


STATUSES = {
    "CREATING": _("Being made"),
    "PENDING_VERIFICATION": _("Waits for its code"),
    "VERIFYING": _("Code is checked"),
    "TWILIO_REVIEW": _("Twilio looks at it"),
    "ONLINE": _("Online"),
    "ONLINE:UPDATING": _("Online, changing"),
    "OFFLINE": _("Offline"),
    "DRAFT": _("Draft"),
    "STUBBED": _("Not set up"),
}
# Differences from Twilio (drift.py) over which nothing comes or nothing goes.
CUTTING_OFF = ("webhook", "status", "missing")
MOVING = ("CREATING", "VERIFYING", "TWILIO_REVIEW", "ONLINE:UPDATING")
REVIEWS = {
    "PENDING_REVIEW": _("WhatsApp looks at it"),
    "APPROVED": _("approved"),
    "DECLINED": _("declined"),
    "PIN_MISMATCH": _("the two-step PIN was wrong"),
    "REGISTRATION_FAILED": _("its registration failed"),
    "EXPIRED": _("the review ran out"),
    "COMPLETED": _("done"),
}


def status_words(status: str) -> str:
    return str(STATUSES.get(status, status))


class Sender(Turns, models.Model):
    """The WhatsApp side of a channel at Twilio."""

    class Kind(models.TextChoices):
        SANDBOX = "sandbox", _("Sandbox")
        PRODUCTION = "production", _("Production")

    channel = models.OneToOneField(Channel, models.CASCADE, related_name="sender", verbose_name=_("channel"))
    account = models.ForeignKey(Account, models.PROTECT, related_name="senders", verbose_name=_("account"))
    kind = models.CharField(_("kind"), max_length=10, choices=Kind, default=Kind.PRODUCTION)
    # "whatsapp:+447700900142"; the same as the channel's address.
    address = models.CharField(_("address"), max_length=160, unique=True)
    messaging_service_sid = models.CharField(_("messaging service SID"), max_length=34, blank=True)
    sid = models.CharField(_("sender SID"), max_length=34, blank=True)
    # Twilio's words, as they came: ONLINE, OFFLINE, …
    status = models.CharField(_("status at Twilio"), max_length=40, blank=True)
    quality = models.CharField(_("quality rating"), max_length=40, blank=True)
    messaging_limit = models.CharField(_("messaging limit"), max_length=40, blank=True)
    # What Twilio told last: {"callback_url": …}, {"name": …, "about": …}, [{"code": …, "message": …}].
    webhook = models.JSONField(default=dict, editable=False)
    profile = models.JSONField(default=dict, editable=False)
    offline_reasons = models.JSONField(default=list, editable=False)
    pending_name = models.CharField(_("display name in review"), max_length=255, blank=True)
    pending_name_status = models.CharField(_("state of that review"), max_length=40, blank=True)
    # When Twilio was asked to register it. Without a SID nobody knows yet whether it did.
    asked_at = models.DateTimeField(null=True, editable=False)
    # Of the WhatsApp Business Account that it was asked for in.
    waba_id = models.CharField(max_length=40, blank=True, editable=False)
    checked_at = models.DateTimeField(_("compared with Twilio"), null=True, editable=False)
    # Differences between Twilio and us, see drift.py: [{"what": "webhook", "was": "…", "now": "…"}].
    drift = models.JSONField(default=list, editable=False)
    # What customers write after "join" in the sandbox; Twilio shows it in its Console only.
    join_code = models.CharField(_("join code"), max_length=60, blank=True)
    # The round trip: since when we wait for a "hello", and the number of the one answer to it.
    hello_at = models.DateTimeField(null=True, editable=False)
    hello_key = models.UUIDField(null=True, editable=False)
    # The newest time up to which Twilio's list and ours were compared and found equal.
    complete_until = models.DateTimeField(_("complete until"), null=True, editable=False)
    # Until when Twilio asked us to slow down.
    paused_until = models.DateTimeField(null=True, editable=False)
    # The earliest moment the next message may leave: the rate, kept in the database.
    next_send_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        verbose_name = _("sender")
        verbose_name_plural = _("senders")

    def __str__(self) -> str:
        return f"{self.channel} ({self.address})"

    @property
    def number(self) -> str:
        return self.address.partition(":")[2]

    @property
    def is_sandbox(self) -> bool:
        return self.kind == self.Kind.SANDBOX

    @property
    def is_online(self) -> bool:
        return self.status.startswith("ONLINE")

    @property
    def is_outcome_unknown(self) -> bool:
        """Twilio was asked to register it, and nobody knows yet whether it did."""
        return bool(self.asked_at) and not self.sid

    @property
    def is_settling(self) -> bool:
        """A job finds out more about it soon, so a page should look again."""
        return self.is_outcome_unknown or self.status in MOVING

    @property
    def are_webhooks_ours(self) -> bool:
        """By what Twilio said last."""
        return bool(hooks.address()) and hooks.is_inbound_ours(self.webhook)

    @property
    def is_cut_off(self) -> bool:
        """Nothing comes or goes over it, by what Twilio said last."""
        return self.account.is_locked_out or any(each["what"] in CUTTING_OFF for each in self.drift)

    @property
    def status_words(self) -> str:
        return status_words(self.status)

    @property
    def quality_words(self) -> str:
        return ratings.quality_words(self.quality)

    @property
    def limit_words(self) -> str:
        return ratings.limit_words(self.messaging_limit)

    @property
    def review_words(self) -> str:
        return str(REVIEWS.get(self.pending_name_status, self.pending_name_status))


class Receipt(Replaying, models.Model):
    """A verified webhook, as it came, with what became of it. Kept for replay, expires by setting."""

    class Kind(models.TextChoices):
        INBOUND = "inbound", _("Message")
        STATUS = "status", _("Status")
        EVENT = "event", _("Event")

    class Outcome(models.TextChoices):
        APPLIED = "applied", _("Applied")
        # It speaks of a message that we do not have yet; applied when that appears.
        PARKED = "parked", _("Parked")
        # No sender of ours has this address; assign one and replay.
        UNMATCHED = "unmatched", _("Unmatched")
        # Our own fault: processing raised. Retried, and replayable by hand.
        FAILED = "failed", _("Failed")
        REJECTED = "rejected", _("Rejected")

    kind = models.CharField(_("kind"), max_length=8, choices=Kind)
    account_sid = models.CharField(_("account SID"), max_length=34)
    # What makes it the same webhook again: the MessageSid; for a status with the status behind it.
    key = models.CharField(max_length=100)
    sid = models.CharField(_("message SID"), max_length=40, blank=True)
    # Of the call that a status belongs to; from the query of our own callback address.
    ref = models.UUIDField(null=True)
    params = models.JSONField(_("parameters"))
    outcome = models.CharField(_("outcome"), max_length=10, choices=Outcome, default=Outcome.APPLIED)
    detail = models.CharField(_("detail"), max_length=300, blank=True)
    # How often Twilio brought it beyond the first time.
    duplicates = models.PositiveIntegerField(_("duplicates"), default=0)
    tries = models.PositiveSmallIntegerField(_("tries"), default=0)
    received_at = models.DateTimeField(_("received"), db_default=Now())

    class Meta:
        verbose_name = _("receipt")
        verbose_name_plural = _("receipts")
        constraints = [
            models.UniqueConstraint(fields=["account_sid", "kind", "key"], name="receipt_once"),
        ]
        indexes = [
            models.Index(fields=["received_at"], name="receipt_by_time"),
            models.Index(fields=["sid"], name="receipt_parked_sid", condition=Q(outcome="parked")),
            models.Index(fields=["ref"], name="receipt_parked_ref", condition=Q(outcome="parked")),
            models.Index(
                fields=["received_at"],
                name="receipt_attention",
                condition=Q(outcome__in=["failed", "unmatched"]),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.sid or self.key}"


class BadSignature(models.Model):
    """A webhook that was refused: what is needed to say why, and nothing of its content.

    Kept few: one row a minute and path, counted up (forgeries.py).
    """

    minute = models.DateTimeField()
    path = models.CharField(max_length=200)
    account_sid = models.CharField(max_length=34, blank=True)
    count = models.PositiveIntegerField(default=1)
    # What would have verified it: "http for https", "other port", …; empty when nothing did.
    diagnosis = models.CharField(max_length=200, blank=True)
    last_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("wrong signature")
        verbose_name_plural = _("wrong signatures")
        constraints = [
            models.UniqueConstraint(fields=["minute", "path", "account_sid"], name="bad_signature_once")
        ]

    def __str__(self) -> str:
        return f"{self.minute:%Y-%m-%d %H:%M} {self.path}"

    @property
    def is_of_unknown_token(self) -> bool:
        """Signed in the name of an account of ours, and nothing that we tried makes that signature."""
        return bool(self.account_sid) and not self.diagnosis
