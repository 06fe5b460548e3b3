from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import models, transaction
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from channels_whatsapp.models import Account
from inbox import clock
from inbox.models import Event
from inbox.refusals import Refused
from templates_mgmt import policy
from templates_mgmt.content import Content
from templates_mgmt.models.family import Family
from templates_mgmt.models.standing import Standing
from templates_mgmt.models.submission import Submitting

if TYPE_CHECKING:
    from datetime import datetime

    from inbox.models import Agent


class TemplateQuerySet(models.QuerySet["Template"]):
    def seen(self, at: datetime) -> None:
        """Twilio had them at that time; what was found or made to be gone later stays so."""
        older = Q(synced_at=None) | Q(synced_at__lt=at)
        self.filter(older, Q(gone_at=None) | Q(gone_at__lt=at)).update(synced_at=at, gone_at=None)


class Template(Submitting, Standing, models.Model):
    """One text in one language: a draft here, or what Twilio knows under one Content SID."""

    class Category(models.TextChoices):
        UTILITY = policy.UTILITY, _("Utility")
        MARKETING = policy.MARKETING, _("Marketing")
        AUTHENTICATION = policy.AUTHENTICATION, _("Authentication")

    class Submission(models.TextChoices):
        """How far our own calls to Twilio have come."""

        NONE = "", _("Not asked for")
        QUEUED = "queued", _("Queued")
        CALLING = "calling", _("Being submitted")
        # Twilio gave no answer: found out from its list, never repeated blindly.
        UNKNOWN = "unknown", _("Not confirmed")
        DONE = "done", _("Done")
        FAILED = "failed", _("Refused by Twilio")

    _IDLE = (Submission.NONE, Submission.FAILED, Submission.DONE)

    # What Twilio says (Twilio, "WhatsApp template approvals and statuses"); others are kept as they come.
    UNSUBMITTED, RECEIVED, PENDING, APPROVED = "unsubmitted", "received", "pending", "approved"
    REJECTED, PAUSED, DISABLED = "rejected", "paused", "disabled"

    family = models.ForeignKey(Family, models.CASCADE, related_name="templates", verbose_name=_("family"))
    # WhatsApp's code: "en", "pt_BR".
    language = models.CharField(_("language"), max_length=16)
    # What WhatsApp and Twilio call it; versions after the first get a number, since WhatsApp takes a name
    # only once in a language, and a rejected one not again for 30 days. Empty for a draft.
    name_at_twilio = models.CharField(
        _("name at Twilio"), max_length=512, blank=True, default="", editable=False
    )
    # Empty while WhatsApp was never asked.
    category = models.CharField(_("category"), max_length=24, choices=Category, blank=True)
    types = models.JSONField(_("types"), default=dict)  # Twilio's `types`, as they are
    variables = models.JSONField(_("samples"), default=dict, blank=True)  # name → sample
    # name → {"means": what it stands for, "source": where its value comes from (filling.SOURCES)}
    fields = models.JSONField(_("variables"), default=dict, blank=True)
    content_sid = models.CharField(_("Content SID"), max_length=34, null=True, unique=True, editable=False)
    status = models.CharField(_("status"), max_length=40, default=UNSUBMITTED, editable=False)
    # The newest moment of which we know the status, and the category.
    status_at = models.DateTimeField(null=True, editable=False)
    category_at = models.DateTimeField(null=True, editable=False)
    # Before Meta changed it, and when it did.
    previous_category = models.CharField(max_length=24, blank=True, default="", editable=False)
    recategorised_at = models.DateTimeField(null=True, editable=False)
    # Meta's word about how customers take it, as it came.
    quality = models.CharField(_("quality"), max_length=40, blank=True, default="", editable=False)
    rejection_reason = models.TextField(_("reason"), blank=True, editable=False)
    pauses = models.PositiveSmallIntegerField(default=0, editable=False)
    paused_until = models.DateTimeField(_("paused until"), null=True, editable=False)
    # False: content for open windows only, which WhatsApp need not approve.
    wants_approval = models.BooleanField(default=True, editable=False)
    submission = models.CharField(max_length=8, choices=Submission, default=Submission.NONE, editable=False)
    called_at = models.DateTimeField(null=True, editable=False)
    # How often the step at hand was put off, or looked for in vain.
    tries = models.PositiveSmallIntegerField(default=0, editable=False)
    submission_error = models.CharField(max_length=300, blank=True, editable=False)
    replaces = models.ForeignKey(
        "self",
        models.SET_NULL,
        null=True,
        related_name="replaced_by",
        verbose_name=_("replaces"),
        editable=False,
    )
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", editable=False
    )
    created_at = models.DateTimeField(_("created"), db_default=Now(), editable=False)
    edited_at = models.DateTimeField(_("edited"), db_default=Now(), editable=False)
    submitted_at = models.DateTimeField(_("submitted"), null=True, editable=False)
    decided_at = models.DateTimeField(_("decided"), null=True, editable=False)
    synced_at = models.DateTimeField(_("seen at Twilio"), null=True, editable=False)
    # When it was found to be no longer at Twilio; it stays here.
    gone_at = models.DateTimeField(_("gone from Twilio"), null=True, editable=False)
    archived_at = models.DateTimeField(_("archived"), null=True, editable=False)

    objects = TemplateQuerySet.as_manager()

    class Meta:
        verbose_name = _("template")
        verbose_name_plural = _("templates")
        indexes = [
            models.Index(fields=["family", "language", "-id"], name="template_versions"),
            models.Index(
                fields=["status", "-id"], name="template_current", condition=Q(archived_at__isnull=True)
            ),
            models.Index(
                fields=["submission"],
                name="template_submitting",
                condition=Q(submission__in=["queued", "calling", "unknown"]),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.family.name} ({self.language})"

    @property
    def name(self) -> str:
        return self.family.name

    @property
    def content(self) -> Content:
        return Content(self.types, self.variables)

    @property
    def draft(self) -> policy.Draft:
        """As the rules of policy.py look at it."""
        return policy.Draft(self._name_to_ask, self.language, self.category, self.content)

    @property
    def _name_to_ask(self) -> str:
        # What was made in Twilio's console may be called anything; WhatsApp gets a name that it takes.
        return policy.plain_name(self.name_at_twilio or self.name) if self.content_sid else self.name

    @property
    def is_draft(self) -> bool:
        """Only here, and so still free to change."""
        return self.content_sid is None and self.submission in (self.Submission.NONE, self.Submission.FAILED)

    @property
    def may_be_submitted(self) -> bool:
        """Twilio has it, and WhatsApp was not asked, or not with success."""
        is_idle = self.submission in self._IDLE and self.status == self.UNSUBMITTED
        return bool(self.content_sid) and is_idle and not (self.is_gone or self.is_archived)

    @property
    def is_approved(self) -> bool:
        return self.status == self.APPROVED

    @property
    def is_in_review(self) -> bool:
        return self.status in (self.RECEIVED, self.PENDING)

    @property
    def is_gone(self) -> bool:
        return self.gone_at is not None

    @property
    def is_archived(self) -> bool:
        return self.archived_at is not None

    # Verbs

    @classmethod
    @transaction.atomic
    def write(
        cls, account: Account, name: str, language: str, *, by: Agent | None, **fields: Any
    ) -> Template:
        """A new draft; `fields` are category, types, variables and fields."""
        family, _new = Family.objects.get_or_create(account=account, name=name)
        template = cls.objects.create(family=family, language=language, author=by, **fields)
        template.refresh_from_db(fields=["created_at", "edited_at"])
        Event.record("template.created", by=by, template=template.pk, name=name, language=language)
        return template

    @transaction.atomic
    def edit(self, *, by: Agent | None, name: str = "", **changes: Any) -> bool:
        """Change a draft; `changes` are language, category, types, variables and fields.

        :raises Refused: it was submitted, and what WhatsApp looked at stays as it is.
        """
        locked = Template.objects.select_for_update().select_related("family").get(pk=self.pk)
        if not locked.is_draft:
            raise Refused(
                "not_draft",
                _now("What was submitted cannot be changed."),
                _now("Make a new version and change that."),
            )
        if name and name != locked.family.name:
            changes["family"], _new = Family.objects.get_or_create(account=locked.family.account, name=name)
        changes = {key: value for key, value in changes.items() if getattr(locked, key) != value}
        if not changes:
            return False
        changes |= {"edited_at": clock.now(), "submission": self.Submission.NONE, "submission_error": ""}
        Template.objects.filter(pk=self.pk).update(**changes)
        self.refresh_from_db()
        return True

    @transaction.atomic
    def new_version(self, *, by: Agent | None, **changes: Any) -> Template:
        """A draft that takes this one's place once it is approved. The same draft when there is one."""
        Family.objects.select_for_update().get(pk=self.family_id)
        others = Template.objects.filter(replaces=self.pk, content_sid=None, archived_at=None)
        if known := others.first():
            return known
        kept = {name: getattr(self, name) for name in ("category", "types", "variables", "fields")}
        template = Template.objects.create(
            family=self.family, language=self.language, author=by, replaces=self, **(kept | changes)
        )
        template.refresh_from_db(fields=["created_at", "edited_at"])
        Event.record("template.created", by=by, template=template.pk, name=self.name, replaces=self.pk)
        return template

    @transaction.atomic
    def in_language(self, language: str, *, by: Agent | None) -> Template:
        """A draft in another language that starts with this text; the one that is there when there is one."""
        Family.objects.select_for_update().get(pk=self.family_id)
        same = self.family.templates.filter(language=language, archived_at=None).order_by("-pk")
        return same.first() or Template.write(
            self.family.account, self.name, language, by=by, category=self.category,
            types=self.types, variables=self.variables, fields=self.fields,
        )  # fmt: skip

    @transaction.atomic
    def submit(self, *, by: Agent | None, for_approval: bool = True, category: str = "") -> bool:
        """Queue it for Twilio: created there, and with `for_approval` handed to WhatsApp.

        :param category: for content of Twilio's console, which has none before WhatsApp is asked.
        :raises Refused: it is archived, or a rule of policy.py is broken; `code` is ``template_rules``.
        """
        # Names are given one after the other.
        Account.objects.select_for_update(no_key=True).get(pk=self.family.account_id)
        locked = self._locked()
        locked.category = locked.category or category
        if locked.is_archived:
            raise Refused("archived", _now("This template is archived."), _now("Restore it first."))
        if broken := [f for f in policy.check(locked.draft, for_approval=for_approval) if f.is_error]:
            raise Refused("template_rules", broken[0].sentence, broken[0].fix)
        if locked.submission not in self._IDLE or locked.status != self.UNSUBMITTED:
            return False
        self._change({
            "submission": self.Submission.QUEUED,
            "submission_error": "",
            "wants_approval": for_approval,
            "submitted_at": clock.now(),
            "name_at_twilio": locked._next_name(),
            "category": locked.category,
            "tries": 0,
        })  # fmt: skip
        Event.record("template.submitted", by=by, template=self.pk, name=self.name, approval=for_approval)
        from templates_mgmt.tasks import submit_template

        submit_template.defer(template_id=self.pk)
        return True

    def _next_name(self) -> str:
        """The first that WhatsApp is free to take: a rejected one is not for 30 days, in any language."""
        name = self._name_to_ask
        others = Template.objects.filter(family__account=self.family.account_id).exclude(pk=self.pk)
        others = others.filter(Q(language=self.language) | Q(status=self.REJECTED))
        others = others.filter(name_at_twilio__startswith=name[:500])
        taken = set(others.values_list("name_at_twilio", flat=True))
        numbered = (f"{name[:500]}_{n}" for n in range(2, len(taken) + 3))
        return next(name for name in (name, *numbered) if name not in taken)

    @transaction.atomic
    def archive(self, *, by: Agent | None) -> bool:
        """Out of the lists and not offered any more; Twilio's copy stays, and so does what was sent."""
        if not Template.objects.filter(pk=self.pk, archived_at=None).update(archived_at=clock.now()):
            return False
        self.refresh_from_db(fields=["archived_at"])
        Event.record("template.archived", by=by, template=self.pk, name=self.name)
        return True

    @transaction.atomic
    def restore(self, *, by: Agent | None) -> bool:
        if not Template.objects.filter(pk=self.pk, archived_at__isnull=False).update(archived_at=None):
            return False
        self.refresh_from_db(fields=["archived_at"])
        Event.record("template.restored", by=by, template=self.pk, name=self.name)
        return True
