"""The forms of the connect pages. Secrets go in and are never shown again."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from channels_whatsapp.connecting.accounts import SID
from channels_whatsapp.setup import SANDBOX
from inbox.models import Channel, Team

NUMBER = re.compile(r"\+[1-9]\d{6,14}")
# Numbers, SIDs and addresses run from left to right in every language.
LATIN = {"dir": "ltr"}
_SEPARATORS = re.compile(r"[\s().\-]+")


class TokenForm(forms.Form):
    token = forms.CharField(
        label=gettext_lazy("Auth token"),
        max_length=128,
        widget=forms.PasswordInput(attrs=LATIN | {"autocomplete": "off", "spellcheck": "false"}),
        help_text=gettext_lazy("Kept encrypted and never shown again."),
    )

    def clean_token(self) -> str:
        token = self.cleaned_data["token"]
        if not token.isascii() or not token.isalnum():
            raise forms.ValidationError(
                _("A token has letters and digits only. Copy it again, without spaces.")
            )
        return token


class AccountForm(TokenForm):
    sid = forms.CharField(
        label=gettext_lazy("Account SID"),
        max_length=40,
        widget=forms.TextInput(
            attrs=LATIN | {"autocomplete": "off", "spellcheck": "false", "placeholder": "AC…"}
        ),
        help_text=gettext_lazy("On the front page of the Twilio Console, beside the token."),
    )
    field_order = ("sid", "token")

    def clean_sid(self) -> str:
        sid = self.cleaned_data["sid"]
        if sid.startswith("SK"):
            raise forms.ValidationError(
                _("This is an API key. Webhooks are signed with the account's auth token: use AC… and that.")
            )
        if not SID.fullmatch(sid):
            raise forms.ValidationError(
                _("An account SID is AC and 32 digits or letters from a to f; the Twilio Console shows it.")
            )
        return sid


class LabelForm(forms.Form):
    """How the team knows a number, and who answers it."""

    label = forms.CharField(
        label=gettext_lazy("Label in the inbox"),
        max_length=80,
        required=False,
        help_text=gettext_lazy("Agents see this on every conversation"),
    )
    team = forms.ModelChoiceField(
        Team.objects.none(),
        label=gettext_lazy("Team"),
        required=False,
        empty_label=gettext_lazy("Everybody"),
    )

    def __init__(self, *args: Any, teams: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["team"].queryset = teams


class PickForm(LabelForm):
    address = forms.ChoiceField(label=gettext_lazy("Number"))
    field_order = ("address", "label", "team")

    def __init__(self, *args: Any, addresses: list[tuple[str, str]] | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if addresses is None:  # what was chosen is compared with Twilio's list anyway
            self.fields["address"] = forms.CharField(max_length=160)
        else:
            self.fields["address"].choices = addresses


class SandboxForm(LabelForm):
    address = forms.CharField(
        label=gettext_lazy("Sandbox number"),
        max_length=40,
        initial=SANDBOX.partition(":")[2],
        widget=forms.TextInput(LATIN),
    )
    code = forms.CharField(
        label=gettext_lazy("Join code"),
        max_length=60,
        widget=forms.TextInput(LATIN),
        help_text=gettext_lazy(
            "The two words after “join” in the Twilio Console under Messaging, Try it out, "
            "Send a WhatsApp message. Twilio tells them nowhere else."
        ),
    )
    field_order = ("address", "code", "label", "team")

    def clean_address(self) -> str:
        return address_of(self.cleaned_data["address"])

    def clean_code(self) -> str:
        return code_of(self.cleaned_data["code"])


class ChannelForm(LabelForm):
    """What may be changed about a number at any time."""

    shows_typing = forms.BooleanField(
        label=gettext_lazy("Show customers that somebody writes, and that their message was read"),
        required=False,
        help_text=gettext_lazy(
            "Twilio does both in one call. It is a beta, and not for health data (HIPAA)."
        ),
        widget=forms.CheckboxInput(attrs={"class": "switch"}),
    )
    code = forms.CharField(
        label=gettext_lazy("Join code"), max_length=60, required=False, widget=forms.TextInput(LATIN)
    )

    def __init__(self, *args: Any, channel: Channel, is_sandbox: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.channel = channel
        self.fields["label"].required = True
        if not is_sandbox:
            del self.fields["code"]

    def clean_code(self) -> str:
        return code_of(self.cleaned_data["code"])


def address_of(text: str) -> str:
    """ "+44 7700 900142" as "whatsapp:+447700900142".

    :raises forms.ValidationError:
    """
    number = _SEPARATORS.sub("", text.strip().removeprefix("whatsapp:"))
    if not NUMBER.fullmatch(number):
        raise forms.ValidationError(_("Write the number with its country code, like +447700900142."))
    return f"whatsapp:{number}"


def code_of(text: str) -> str:
    """What stands behind "join"."""
    return re.sub(r"^\s*join\s+", "", text, flags=re.IGNORECASE).strip()
