"""/api/v1/templates/: the list, one by one, written, submitted and synced."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet, TextField
from django.db.models.functions import Cast
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema, inline_serializer
from rest_framework import generics, serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from channels_whatsapp import client
from channels_whatsapp.models import Account
from inbox.api.errors import body_of
from inbox.api.pagination import LatestAdded
from inbox.api.serializers import ErrorSerializer
from inbox.api.views import ASKED_BADLY, PROBLEMS, checked
from inbox.refusals import Refused
from templates_mgmt import access, policy, syncing
from templates_mgmt.api.forms import TemplateFilter, TemplateForm
from templates_mgmt.content import Content
from templates_mgmt.models import Template
from templates_mgmt.policy import Draft, Finding


class TemplateSerializer(serializers.ModelSerializer):
    name = serializers.CharField(read_only=True)
    type = serializers.CharField(source="content.kind", read_only=True, help_text="the richest one")
    body = serializers.SerializerMethodField()
    variables = serializers.DictField(child=serializers.CharField(), read_only=True, help_text="samples")
    account = serializers.CharField(source="family.account.sid", read_only=True)
    replaces = serializers.IntegerField(source="replaces_id", read_only=True, allow_null=True)

    class Meta:
        model = Template
        fields = (
            "id", "name", "language", "category", "type", "status", "content_sid", "rejection_reason", "body",
            "variables", "types", "submission", "submission_error", "paused_until", "previous_category",
            "quality", "account", "replaces", "created_at", "submitted_at", "decided_at", "synced_at",
            "gone_at", "archived_at",
        )  # fmt: skip
        read_only_fields = fields

    def get_body(self, template: Template) -> str:
        return template.content.body or template.content.as_written.preset


class BrokenRulesSerializer(ErrorSerializer):
    """`errors` holds one sentence for each broken rule, with the way out."""

    errors = serializers.ListField(child=serializers.CharField(), required=False)  # type: ignore[assignment]


REFUSED = PROBLEMS | {400: BrokenRulesSerializer}
QUEUED = inline_serializer(
    "SyncQueued", {"success": serializers.BooleanField(), "status": serializers.CharField()}
)


def rows(request: Request) -> QuerySet[Template]:
    return access.templates_for(request.user).select_related("family__account")


def shown(template: Template, status: int = 200) -> Response:
    return Response(TemplateSerializer(template).data, status=status)


def broken(findings: list[Finding]) -> Response:
    """All that stands in the way, each rule in one sentence."""
    sentences = [f"{finding.sentence} {finding.fix}" for finding in findings]
    fields: dict[str, list[str]] = {}
    for finding, sentence in zip(findings, sentences, strict=True):
        fields.setdefault(finding.field, []).append(sentence)
    body = {"success": False, "error": " ".join(sentences), "code": "template_rules"}
    return Response(body | {"errors": sentences, "fields": fields}, status=400)


def broken_rules(draft: Draft) -> list[Finding]:
    for_approval = not draft.content.is_session_only
    return [finding for finding in policy.check(draft, for_approval=for_approval) if finding.is_error]


@extend_schema(tags=["templates"])
class TemplateList(generics.ListAPIView):
    """Templates, those added last first; POST writes a draft."""

    serializer_class = TemplateSerializer
    pagination_class = LatestAdded

    def get_queryset(self) -> QuerySet[Template]:
        asked = checked(TemplateFilter, self.request.query_params.dict())
        found = rows(self.request).filter(archived_at__isnull=not asked["archived"])
        exact = {name: asked[name] for name in ("status", "language", "category") if name in asked}
        if words := asked.get("search", ""):
            found = found.annotate(words=Cast("types", TextField()))
            found = found.filter(Q(family__name__icontains=words) | Q(words__icontains=words))
        return found.filter(**exact)

    @extend_schema(parameters=[TemplateFilter], responses=ASKED_BADLY | {200: TemplateSerializer(many=True)})
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)

    @extend_schema(request=TemplateForm, responses=REFUSED | {201: TemplateSerializer})
    def post(self, request: Request) -> Response:
        access.must_manage(request.user)
        form = TemplateForm(data=request.data)
        try:
            form.is_valid(raise_exception=True)
        except serializers.ValidationError as error:
            body = body_of(error, error.detail)
            return Response(body | {"errors": [body["error"]]}, status=400)
        asked = form.validated_data
        content = Content(form.twilio_types, asked["variables"])
        draft = Draft(asked["name"], asked["language"], asked["category"], content)
        if findings := broken_rules(draft):
            return broken(findings)
        fields = {"category": draft.category, "types": content.types, "variables": content.variables}
        account = account_for(request, asked.get("account", ""))
        template = Template.write(account, draft.name, draft.language, by=request.user, **fields)
        return shown(template, 201)


def account_for(request: Request, sid: str) -> Account:
    """The named one, else that of the settings, else the first.

    :raises Refused: there is none.
    """
    accounts = access.accounts_for(request.user).order_by("pk")
    if sid:
        found = accounts.filter(sid=sid).first()
    else:
        current = client.current_account()
        found = accounts.filter(pk=current.pk if current else 0).first() or accounts.first()
    if found is None:
        raise Refused("no_account", _("There is no such Twilio account."), _("Ask an admin to connect it."))
    return found


@extend_schema(tags=["templates"], responses=ASKED_BADLY | {200: TemplateSerializer})
class TemplateDetail(APIView):
    def get(self, request: Request, pk: int) -> Response:
        return shown(access.template_for(request.user, pk))


@extend_schema(tags=["templates"], request=None, responses=REFUSED | {202: TemplateSerializer})
class Submit(APIView):
    """Hands it to WhatsApp, or what works in open windows only to Twilio alone."""

    def post(self, request: Request, pk: int) -> Response:
        template = access.template_for(request.user, pk)
        access.must_manage(request.user)
        if findings := broken_rules(template.draft):
            return broken(findings)
        if not template.submit(by=request.user, for_approval=not template.content.is_session_only):
            raise Refused("submitted", _("This was submitted already."), _("Make a new version of it."))
        return shown(template, 202)


@extend_schema(tags=["templates"], request=None, responses=PROBLEMS | {202: QUEUED})
class SyncTemplates(APIView):
    """Compares with Twilio's list now, also what was made in its console."""

    def post(self, request: Request) -> Response:
        access.must_manage(request.user)
        for account in access.accounts_for(request.user):
            if account.sending_token:
                syncing.request(account, by=request.user)
        return Response({"success": True, "status": "queued"}, status=202)
