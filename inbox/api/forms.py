"""What the API takes: query strings and bodies, checked before anything is looked up."""

from __future__ import annotations

import json
import re
from typing import Any

from django.core.validators import RegexValidator, URLValidator
from django.utils.translation import gettext as _
from rest_framework import serializers

from inbox.models import Conversation, Message

MAX_BODY = 10_000  # characters; what the channel takes is less and refused with its own words
VARIABLE = re.compile(r"[A-Za-z0-9_]{1,16}")


class Text(serializers.CharField):
    """A JSON string. The framework's own field also takes numbers, which is a caller's mistake."""

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class Number(serializers.IntegerField):
    """A JSON number without a fraction."""

    def to_internal_value(self, data: Any) -> int:
        if type(data) is not int:
            self.fail("invalid")
        return super().to_internal_value(data)


class Variables(serializers.DictField):
    """An object of texts, or the same as one JSON string, which is how Twilio takes it."""

    child = Text(max_length=1600, trim_whitespace=False)

    def to_internal_value(self, data: Any) -> dict[str, str]:
        if isinstance(data, str):
            try:
                data = json.loads(data)
            except (ValueError, RecursionError):
                self.fail("not_a_dict", input_type="str")
        return super().to_internal_value(data)


class AddressFilter(serializers.Serializer):
    address = serializers.CharField(
        required=False, max_length=160, help_text="the customer's, for example `whatsapp:+447700900318`"
    )

    def validate_address(self, address: str) -> str:
        # A plus that was not encoded arrives as a space; addresses have none.
        return address.replace(" ", "+")


class ConversationFilter(AddressFilter):
    status = serializers.ChoiceField(Conversation.Status.choices, required=False)
    assignee = serializers.CharField(required=False, max_length=150, help_text="a username")
    channel = serializers.IntegerField(required=False, min_value=1, max_value=2**62)


class MessageFilter(AddressFilter):
    direction = serializers.ChoiceField(Message.Direction.choices, required=False)
    status = serializers.ChoiceField(Message.Status.choices, required=False)


class ContactFilter(AddressFilter):
    search = serializers.CharField(required=False, max_length=200, help_text="words of the name")


class AssignForm(serializers.Serializer):
    assignee = Text(max_length=150, allow_null=True, help_text="a username, or null for nobody")


class ContentFields(serializers.Serializer):
    """A file by its public address, or a template by its Content SID."""

    media_url = Text(required=False, max_length=500, validators=[URLValidator(["https", "http"])])
    content_sid = Text(
        required=False,
        max_length=34,
        validators=[RegexValidator(r"\AHX[0-9a-fA-F]{32}\Z", "HX and 32 hex digits.")],
    )
    content_variables = Variables(required=False)

    def validate_content_variables(self, variables: dict[str, str]) -> dict[str, str]:
        if len(variables) > 100 or not all(VARIABLE.fullmatch(name) for name in variables):
            raise serializers.ValidationError(_("At most 100, named by up to 16 letters, digits or _."))
        return variables

    def validate(self, asked: dict[str, Any]) -> dict[str, Any]:
        has_template = "content_sid" in asked
        if "content_variables" in asked and not has_template:
            raise serializers.ValidationError({"content_variables": [_("They need a content_sid.")]})
        if has_template and (asked.get(self.TEXT) or "media_url" in asked):
            raise serializers.ValidationError({"content_sid": [_("A template is sent alone.")]})
        return asked

    TEXT = "body"

    @property
    def content(self) -> dict[str, Any]:
        """As `Conversation.reply` takes it: `body`, `media_url`, `template`."""
        asked = self.validated_data
        template = None
        if "content_sid" in asked:
            variables = asked.get("content_variables", {})
            template = {"content_sid": asked["content_sid"], "content_variables": variables}
        return {
            "body": asked.get(self.TEXT, ""),
            "media_url": asked.get("media_url", ""),
            "template": template,
        }


class WriteForm(ContentFields):
    """A reply to the customer, or with `direction` "note" a private note."""

    direction = serializers.ChoiceField(("outbound", "note"), default="outbound")
    body = Text(required=False, allow_blank=True, max_length=MAX_BODY)
    seen = Number(
        required=False, min_value=0, max_value=2**62,
        help_text="the last message the writer knew; refused with 409 when a newer one is there",
    )  # fmt: skip

    def validate(self, asked: dict[str, Any]) -> dict[str, Any]:
        asked = super().validate(asked)
        needed = ("body",) if asked["direction"] == "note" else ("body", "media_url", "content_sid")
        if not any(asked.get(name) for name in needed):
            raise serializers.ValidationError({"body": [_("This field is required.")]})
        if asked["direction"] == "note" and ("media_url" in asked or "content_sid" in asked):
            raise serializers.ValidationError({"direction": [_("A note is text alone.")]})
        return asked
