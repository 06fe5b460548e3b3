"""What the API takes of a template, and Twilio's `types` made from it."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from rest_framework import serializers

from inbox.api.forms import VARIABLE, Text, Variables
from templates_mgmt import content as kinds
from templates_mgmt import shapes
from templates_mgmt.content import Button, Item
from templates_mgmt.models import Template

LONGEST = 4096  # characters; what WhatsApp takes is less and refused with its own words
SHORT = {kind.partition("/")[2]: kind for kind in reversed(kinds.BUILT) if kind != kinds.WHATSAPP_CARD}
# By a word of their own, as Twilio has them, or told by what the button holds.
BUTTON_WORDS = {
    "reply": kinds.REPLY, "quick_reply": kinds.REPLY, "url": kinds.URL, "link": kinds.URL,
    "phone": kinds.PHONE, "phone_number": kinds.PHONE, "call": kinds.PHONE, "code": kinds.COPY_CODE,
    "copy_code": kinds.COPY_CODE,
}  # fmt: skip


class TemplateFilter(serializers.Serializer):
    status = serializers.CharField(required=False, max_length=40, help_text="as Twilio has it")
    language = serializers.CharField(required=False, max_length=16)
    category = serializers.ChoiceField(Template.Category.choices, required=False)
    search = serializers.CharField(required=False, max_length=200, help_text="part of the name or the text")
    archived = serializers.BooleanField(required=False, default=False, help_text="archived ones instead")


class Samples(Variables):
    """A blank one is a broken rule, told beside the others."""

    child = Text(max_length=1600, trim_whitespace=False, allow_blank=True)


class ButtonForm(serializers.Serializer):
    """`type` may be left out: a button with `url` is a link, one with `phone` calls, others reply.

    A text instead of an object is the title of a reply.
    """

    type = Text(required=False, max_length=20, help_text="`reply`, `url`, `phone` or `code`")
    title = Text(max_length=LONGEST, allow_blank=True)
    id = Text(required=False, max_length=LONGEST)
    url = Text(required=False, max_length=LONGEST)
    phone = Text(required=False, max_length=40)
    code = Text(required=False, max_length=100)

    def to_internal_value(self, data: Any) -> Any:
        return super().to_internal_value({"title": data} if isinstance(data, str) else data)

    def validate_type(self, kind: str) -> str:
        if known := BUTTON_WORDS.get(kind.lower()):
            return known
        raise serializers.ValidationError(_("One of reply, url, phone and code."))


class ItemForm(serializers.Serializer):
    """One line of a list."""

    id = Text(max_length=LONGEST, allow_blank=True)
    title = Text(max_length=LONGEST, allow_blank=True)
    description = Text(required=False, max_length=LONGEST, allow_blank=True, default="")


class TemplateForm(serializers.Serializer):
    """Lengths and shapes that WhatsApp does not take are broken rules, told under `errors`."""

    name = Text(required=False, allow_blank=True, default="", max_length=600)
    language = Text(required=False, allow_blank=True, default="", max_length=16)
    category = Text(
        required=False, allow_blank=True, default="", max_length=24,
        help_text="`UTILITY`, `MARKETING` or `AUTHENTICATION`; may be empty for what needs no approval",
    )  # fmt: skip
    type = Text(
        required=False, default=kinds.TEXT, max_length=40, help_text="`text`, or in full `twilio/text`"
    )
    body = Text(required=False, allow_blank=True, default="", max_length=LONGEST)
    variables = Samples(required=False, default=dict, help_text="a sample for each: `{'1': 'Eleni'}`")
    buttons = ButtonForm(many=True, required=False, max_length=20)
    header = Text(required=False, allow_blank=True, default="", max_length=LONGEST)
    footer = Text(required=False, allow_blank=True, default="", max_length=LONGEST)
    media_urls = serializers.ListField(child=Text(max_length=2000), required=False, max_length=10)
    list_button = Text(required=False, allow_blank=True, default="", max_length=LONGEST)
    items = ItemForm(many=True, required=False, max_length=20)
    types = serializers.DictField(required=False, help_text="Twilio's own `types` instead of all these")
    account = Text(required=False, max_length=34, help_text="its SID, where there are several")

    def validate_category(self, category: str) -> str:
        return category.upper()

    def validate_type(self, kind: str) -> str:
        plain = kind.lower().replace("_", "-")
        found = SHORT.get(plain, plain)
        if found not in MAKERS:
            known = ", ".join(kind for kind in kinds.BUILT if kind in MAKERS)
            raise serializers.ValidationError(_("One of %(known)s; others under types.") % {"known": known})
        return found

    def validate_variables(self, variables: dict[str, str]) -> dict[str, str]:
        if len(variables) > 200 or not all(VARIABLE.fullmatch(name) for name in variables):
            raise serializers.ValidationError(_("At most 100, named by up to 16 letters, digits or _."))
        return variables

    def validate_types(self, types: dict[str, Any]) -> dict[str, Any]:
        if problem := shapes.problem(types):
            raise serializers.ValidationError(problem)
        return types

    @property
    def twilio_types(self) -> dict[str, Any]:
        asked = self.validated_data
        return asked.get("types") or MAKERS[asked["type"]](asked)


def _buttons(asked: dict[str, Any]) -> list[Button]:
    return [_button(given) for given in asked.get("buttons", [])]


def _button(given: dict[str, str]) -> Button:
    told = {"url": kinds.URL, "phone": kinds.PHONE, "code": kinds.COPY_CODE}
    guess = next((kind for name, kind in told.items() if given.get(name)), kinds.REPLY)
    words = {name: given.get(name, "") for name in ("url", "phone", "code")}
    return Button(given.get("type", guess), given["title"], given.get("id") or given["title"], **words)


def _replies(asked: dict[str, Any]) -> dict[str, Any]:
    return kinds.quick_reply(asked["body"], [(button.title, button.id) for button in _buttons(asked)])


def _card(asked: dict[str, Any]) -> dict[str, Any]:
    title, subtitle = asked["header"] or asked["body"], asked["footer"]
    return kinds.card(title, subtitle, urls=asked.get("media_urls", ()), buttons=_buttons(asked))


def _whatsapp_card(asked: dict[str, Any]) -> dict[str, Any]:
    edges = {"header": asked["header"], "footer": asked["footer"]}
    urls = asked.get("media_urls", ())
    return kinds.whatsapp_card(asked["body"], **edges, urls=urls, buttons=_buttons(asked))


def _list_picker(asked: dict[str, Any]) -> dict[str, Any]:
    return kinds.list_picker(asked["body"], asked["list_button"], [Item(**i) for i in asked.get("items", [])])


def _authentication(asked: dict[str, Any]) -> dict[str, Any]:
    return kinds.authentication("".join(button.title for button in _buttons(asked)[:1]))


MAKERS = {
    kinds.TEXT: lambda asked: kinds.text(asked["body"]),
    kinds.MEDIA: lambda asked: kinds.media(asked["body"], asked.get("media_urls", ())),
    kinds.QUICK_REPLY: _replies,
    kinds.CALL_TO_ACTION: lambda asked: kinds.call_to_action(asked["body"], _buttons(asked)),
    kinds.LIST_PICKER: _list_picker,
    kinds.CARD: _card,
    kinds.WHATSAPP_CARD: _whatsapp_card,
    kinds.AUTHENTICATION: _authentication,
}
