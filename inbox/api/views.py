"""/api/v1/: lists by keyset pages, and the same verbs that the inbox uses."""

from __future__ import annotations

from typing import Any

from django.db.models import Prefetch, QuerySet
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import generics, serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from inbox import access, clock, search
from inbox.api import forms
from inbox.api.idempotency import client_id_of, done_before, must_be_same, other_request
from inbox.api.pagination import LatestActivity, LatestAdded, NewestFirst
from inbox.api.serializers import (
    ChannelSerializer,
    ContactSerializer,
    ConversationSerializer,
    ErrorSerializer,
    MessageSerializer,
)
from inbox.models import Attachment, Contact, Conversation, Message
from inbox.refusals import Refused

PROBLEMS = {code: ErrorSerializer for code in (400, 401, 403, 404, 409, 429)}
ASKED_BADLY = {code: ErrorSerializer for code in (400, 401, 404, 429)}


def checked(form: type[serializers.Serializer], data: Any) -> dict[str, Any]:
    filled = form(data=data)
    filled.is_valid(raise_exception=True)
    return filled.validated_data


def with_row(rows: QuerySet[Conversation]) -> QuerySet[Conversation]:
    """What `ConversationSerializer` shows, in a fixed number of queries."""
    return rows.select_related("contact", "channel", "assignee").prefetch_related(
        "contact__addresses", "tags"
    )


def with_parts(rows: QuerySet[Message]) -> QuerySet[Message]:
    files = Prefetch("attachments", Attachment.objects.defer("file", "thumbnail"))
    return rows.select_related("author").defer("search").prefetch_related(files)


def shown(conversation: Conversation) -> Response:
    row = with_row(Conversation.objects.filter(pk=conversation.pk)).get()
    return Response(ConversationSerializer(row, context={"now": clock.now()}).data)


@extend_schema(tags=["channels"], responses=ASKED_BADLY | {200: ChannelSerializer(many=True)})
class ChannelList(generics.ListAPIView):
    """The numbers that the caller may see."""

    serializer_class = ChannelSerializer
    pagination_class = LatestAdded

    def get_queryset(self) -> QuerySet[Any]:
        return access.channels_for(self.request.user)


@extend_schema(
    tags=["contacts"],
    parameters=[forms.ContactFilter],
    responses=ASKED_BADLY | {200: ContactSerializer(many=True)},
)
class ContactList(generics.ListAPIView):
    """Customers, those added last first."""

    serializer_class = ContactSerializer
    pagination_class = LatestAdded

    def get_queryset(self) -> QuerySet[Contact]:
        asked = checked(forms.ContactFilter, self.request.query_params.dict())
        rows = access.contacts_for(self.request.user).defer("search").prefetch_related("addresses")
        if "address" in asked:
            rows = rows.filter(addresses__value=asked["address"])
        if words := search.query(asked.get("search", "")):
            rows = rows.filter(search=words)
        return rows


@extend_schema(tags=["contacts"], responses=ASKED_BADLY | {200: ContactSerializer})
class ContactDetail(APIView):
    def get(self, request: Request, pk: int) -> Response:
        rows = access.contacts_for(request.user).prefetch_related("addresses")
        return Response(ContactSerializer(get_object_or_404(rows, pk=pk)).data)


@extend_schema(
    tags=["conversations"],
    parameters=[forms.ConversationFilter],
    responses=ASKED_BADLY | {200: ConversationSerializer(many=True)},
)
class ConversationList(generics.ListAPIView):
    """Conversations, the one written in last first."""

    serializer_class = ConversationSerializer
    pagination_class = LatestActivity

    def get_queryset(self) -> QuerySet[Conversation]:
        asked = checked(forms.ConversationFilter, self.request.query_params.dict())
        columns = {
            "address": "contact__addresses__value",
            "status": "status",
            "assignee": "assignee__username",
            "channel": "channel",
        }
        wanted = {columns[name]: value for name, value in asked.items()}
        return with_row(access.conversations_for(self.request.user).filter(**wanted))

    def get_serializer_context(self) -> dict[str, Any]:
        return super().get_serializer_context() | {"now": clock.now()}


@extend_schema(tags=["conversations"], responses=ASKED_BADLY | {200: ConversationSerializer})
class ConversationDetail(APIView):
    def get(self, request: Request, pk: int) -> Response:
        return shown(access.conversation_for(request.user, pk))


@extend_schema(tags=["conversations"], request=None, responses=PROBLEMS | {200: ConversationSerializer})
class Resolve(APIView):
    def post(self, request: Request, pk: int) -> Response:
        conversation = access.conversation_for(request.user, pk)
        conversation.resolve(by=request.user)
        return shown(conversation)


@extend_schema(tags=["conversations"], request=None, responses=PROBLEMS | {200: ConversationSerializer})
class Reopen(APIView):
    def post(self, request: Request, pk: int) -> Response:
        conversation = access.conversation_for(request.user, pk)
        if not conversation.reopen(by=request.user) and conversation.is_resolved:
            raise Refused(
                "other_open",
                _("Another conversation with this customer is already open."),
                _("Answer there."),
            )
        return shown(conversation)


@extend_schema(
    tags=["conversations"], request=forms.AssignForm, responses=PROBLEMS | {200: ConversationSerializer}
)
class Assign(APIView):
    def post(self, request: Request, pk: int) -> Response:
        conversation = access.conversation_for(request.user, pk)
        username = checked(forms.AssignForm, request.data)["assignee"]
        agent = None
        if username is not None:
            agent = (
                access.colleagues_for(request.user, conversation.channel).filter(username=username).first()
            )
            if agent is None:
                raise serializers.ValidationError(
                    {"assignee": [_("Nobody of that name may see this channel.")]}
                )
        conversation.assign_to(agent, by=request.user)
        return shown(conversation)


@extend_schema(tags=["messages"])
class ConversationMessages(generics.ListAPIView):
    """The messages of one conversation, newest first; POST writes one."""

    serializer_class = MessageSerializer
    pagination_class = NewestFirst

    def get_queryset(self) -> QuerySet[Message]:
        conversation = access.conversation_for(self.request.user, self.kwargs["pk"])
        return with_parts(conversation.messages.all())

    @extend_schema(responses=ASKED_BADLY | {200: MessageSerializer(many=True)})
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)

    @extend_schema(
        request=forms.WriteForm, responses=PROBLEMS | {201: MessageSerializer, 200: MessageSerializer}
    )
    def post(self, request: Request, pk: int) -> Response:
        conversation = access.conversation_for(request.user, pk)
        form = forms.WriteForm(data=request.data)
        form.is_valid(raise_exception=True)
        client_id = client_id_of(request)
        before = done_before(request, client_id)
        here = (conversation.pk, form.validated_data["direction"])
        if before is not None and (before.conversation_id, before.direction) != here:
            raise other_request()
        message = before or self._write(conversation, form, client_id)
        must_be_same(message, form.content)
        message = with_parts(conversation.messages.all()).get(pk=message.pk)
        return Response(MessageSerializer(message).data, status=200 if before else 201)

    def _write(self, conversation: Conversation, form: forms.WriteForm, client_id: Any) -> Message:
        agent, asked = self.request.user, form.validated_data
        if asked["direction"] == Message.Direction.NOTE:
            return conversation.add_note(asked["body"], by=agent, client_id=client_id)
        seen = asked.get("seen")
        return conversation.reply(**form.content, by=agent, client_id=client_id, seen=seen)[0]


@extend_schema(
    tags=["messages"],
    parameters=[forms.MessageFilter],
    responses=ASKED_BADLY | {200: MessageSerializer(many=True)},
)
class MessageList(generics.ListAPIView):
    """The messages of all conversations, those stored last first."""

    serializer_class = MessageSerializer
    pagination_class = LatestAdded

    def get_queryset(self) -> QuerySet[Message]:
        asked = checked(forms.MessageFilter, self.request.query_params.dict())
        columns = {
            "address": "conversation__contact__addresses__value",
            "direction": "direction",
            "status": "status",
        }
        wanted = {columns[name]: value for name, value in asked.items()}
        return with_parts(access.messages_for(self.request.user).filter(**wanted))


@extend_schema(tags=["messages"], responses=ASKED_BADLY | {200: MessageSerializer})
class MessageDetail(APIView):
    def get(self, request: Request, pk: int) -> Response:
        rows = with_parts(access.messages_for(request.user))
        return Response(MessageSerializer(get_object_or_404(rows, pk=pk)).data)


@extend_schema(tags=["messages"], request=None, responses=PROBLEMS | {200: MessageSerializer})
class Retry(APIView):
    def post(self, request: Request, pk: int) -> Response:
        message = access.message_for(request.user, pk)
        if not message.retry(by=request.user):
            raise Refused(
                "not_failed", _("Only a message that failed can be sent again."), _("Write a new one.")
            )
        return Response(MessageSerializer(message).data)
