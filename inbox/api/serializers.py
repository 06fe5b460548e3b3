"""What the API shows, field by field. Nothing is written through these: changes are verbs (views.py)."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from inbox.models import Address, Agent, Attachment, Channel, Contact, Conversation, Message


class ChannelSerializer(serializers.ModelSerializer):
    class Meta:
        model = Channel
        fields = ("id", "name", "kind", "address", "is_active")
        read_only_fields = fields


class AddressSerializer(serializers.ModelSerializer):
    class Meta:
        model = Address
        fields = ("kind", "value")
        read_only_fields = fields


class ContactSerializer(serializers.ModelSerializer):
    addresses = AddressSerializer(many=True, read_only=True)
    display_name = serializers.CharField(read_only=True)
    phone = serializers.CharField(read_only=True, help_text="E.164; empty while the customer hides it")

    class Meta:
        model = Contact
        fields = (
            "id", "display_name", "name", "profile_name", "phone", "language", "attributes", "addresses",
            "created_at",
        )  # fmt: skip
        read_only_fields = fields


class AgentSerializer(serializers.ModelSerializer):
    name = serializers.CharField(read_only=True)

    class Meta:
        model = Agent
        fields = ("id", "username", "name")
        read_only_fields = fields


class WindowSerializer(serializers.Serializer):
    """The 24-hour reply window: while it is open, free text may be sent."""

    closes_at = serializers.DateTimeField(allow_null=True)
    is_open = serializers.BooleanField()


class LastMessageSerializer(serializers.Serializer):
    id = serializers.IntegerField(source="last_message_id", allow_null=True)
    direction = serializers.CharField(source="last_message_direction")
    kind = serializers.CharField(source="last_message_kind")
    status = serializers.CharField(source="last_message_status")
    preview = serializers.CharField(source="last_message_preview")
    created_at = serializers.DateTimeField(source="last_message_at")


class ConversationSerializer(serializers.ModelSerializer):
    """The context holds `now`, the database's time."""

    contact = ContactSerializer(read_only=True)
    channel = ChannelSerializer(read_only=True)
    assignee = AgentSerializer(read_only=True, allow_null=True)
    tags = serializers.SlugRelatedField(slug_field="name", many=True, read_only=True)
    window = serializers.SerializerMethodField()
    last_message = serializers.SerializerMethodField()

    class Meta:
        model = Conversation
        fields = (
            "id", "contact", "channel", "status", "assignee", "tags", "unread_count", "waiting_since",
            "window", "last_message", "created_at", "resolved_at",
        )  # fmt: skip
        read_only_fields = fields

    @extend_schema_field(WindowSerializer)
    def get_window(self, conversation: Conversation) -> dict[str, Any]:
        closes = conversation.window_closes_at
        is_open = closes is not None and closes > self.context["now"]
        return WindowSerializer({"closes_at": closes, "is_open": is_open}).data

    @extend_schema_field(LastMessageSerializer)
    def get_last_message(self, conversation: Conversation) -> dict[str, Any]:
        return LastMessageSerializer(conversation).data


class AttachmentSerializer(serializers.ModelSerializer):
    class Meta:
        model = Attachment
        fields = ("key", "state", "content_type", "filename", "size", "sha256", "width", "height", "error")
        read_only_fields = fields


class MessageSerializer(serializers.ModelSerializer):
    conversation = serializers.IntegerField(source="conversation_id", read_only=True)
    author = serializers.CharField(source="author.username", default=None, read_only=True, allow_null=True)
    reply_to = serializers.IntegerField(source="reply_to_id", read_only=True, allow_null=True)
    attachments = AttachmentSerializer(many=True, read_only=True)

    class Meta:
        model = Message
        fields = (
            "id", "conversation", "direction", "kind", "body", "status", "error_code", "error", "sid",
            "author", "reply_to", "recovered", "attachments", "created_at", "sent_at", "delivered_at",
            "read_at", "failed_at", "price", "price_unit", "payload",
        )  # fmt: skip
        read_only_fields = fields


class ErrorSerializer(serializers.Serializer):
    """See `inbox/api/errors.py`."""

    success = serializers.BooleanField(default=False)
    error = serializers.CharField()
    code = serializers.CharField()
    next_step = serializers.CharField(required=False)
    fields = serializers.DictField(required=False)  # type: ignore[assignment]
