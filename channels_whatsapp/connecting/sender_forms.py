"""Forms about one number at WhatsApp: its registration, its profile, its end."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import URLValidator, validate_email
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from channels_whatsapp.connecting.forms import LATIN, LabelForm, address_of
from channels_whatsapp.connecting.profiles import VERTICALS

METHODS = [("sms", gettext_lazy("By SMS")), ("voice", gettext_lazy("By a call"))]
# Emoji, arrows and other pictures; letters and marks of every script stay.
_PICTURES = re.compile("[\u2190-\u21ff\u2300-\u27bf\u2b00-\u2bff\U0001f000-\U0001faff\ufe0f]")
_is_url = URLValidator(schemes=["http", "https"])
_is_https = URLValidator(schemes=["https"])
LINES = {"rows": 2}


def name_of(text: str) -> str:
    """A display name that WhatsApp may approve (Meta, "Display name guidelines"; Twilio, 63124).

    :raises ValidationError: with what is wrong.
    """
    name = " ".join(text.split())
    if _PICTURES.search(name):
        raise ValidationError(_("WhatsApp takes no emoji and no symbols in a display name."))
    if "whatsapp" in name.casefold():
        raise ValidationError(_("WhatsApp does not allow its own name in a display name."))
    if not any(letter.isalpha() for letter in name):
        raise ValidationError(_("A display name needs letters: the name that customers know."))
    return name


class NameField(forms.CharField):
    def __init__(self, **options: Any) -> None:
        super().__init__(
            label=gettext_lazy("Display name"),
            max_length=255,
            help_text=gettext_lazy(
                "What customers read. The name of the business, without emoji; WhatsApp looks at every"
                " change, and takes ten in 30 days."
            ),
            **options,
        )


class RegistrationForm(LabelForm):
    number = forms.CharField(
        label=gettext_lazy("Number"),
        max_length=40,
        widget=forms.TextInput(attrs=LATIN | {"inputmode": "tel", "placeholder": "+44 7700 900142"}),
        help_text=gettext_lazy("Not in use on WhatsApp now, and able to take an SMS or a call."),
    )
    name = NameField()
    waba = forms.CharField(
        label=gettext_lazy("WhatsApp Business Account ID"),
        max_length=40,
        widget=forms.TextInput(LATIN),
        required=False,
        help_text=gettext_lazy(
            "The WABA, digits from Meta's Business Manager. One belongs to one Twilio account; leave it"
            " empty when the account has numbers already."
        ),
    )
    method = forms.ChoiceField(label=gettext_lazy("How the code comes"), choices=METHODS)
    field_order = ("number", "name", "waba", "method", "label", "team")

    def clean_number(self) -> str:
        return address_of(self.cleaned_data["number"])

    def clean_name(self) -> str:
        return name_of(self.cleaned_data["name"])

    def clean_waba(self) -> str:
        waba = self.cleaned_data["waba"].strip()
        if waba and not waba.isdecimal():
            raise ValidationError(_("A WABA ID has digits only."))
        return waba


class CodeForm(forms.Form):
    code = forms.CharField(
        label=gettext_lazy("Code"),
        max_length=12,
        widget=forms.TextInput(
            attrs=LATIN
            | {"class": "input input--code", "inputmode": "numeric", "autocomplete": "one-time-code"}
            | {"placeholder": "123456"}
        ),
    )

    def clean_code(self) -> str:
        code = re.sub(r"[\s-]+", "", self.cleaned_data["code"])
        if not re.fullmatch(r"[0-9]{4,8}", code):
            raise ValidationError(_("A code has six digits."))
        return code


class ProfileForm(forms.Form):
    """Lengths: Meta, "Business profiles"."""

    name = NameField()
    about = forms.CharField(
        label=gettext_lazy("About"), max_length=139, required=False,
        help_text=gettext_lazy("One line under the name, up to 139 characters."),
    )  # fmt: skip
    description = forms.CharField(
        label=gettext_lazy("Description"), max_length=512, required=False, widget=forms.Textarea(LINES)
    )
    address = forms.CharField(label=gettext_lazy("Address"), max_length=256, required=False)
    vertical = forms.ChoiceField(
        label=gettext_lazy("Line of business"), required=False,
        choices=[("", "–"), *((word, word) for word in VERTICALS)],
    )  # fmt: skip
    emails = forms.CharField(
        label=gettext_lazy("Email addresses"), required=False, widget=forms.Textarea(LINES | LATIN),
        help_text=gettext_lazy("One in a line."),
    )  # fmt: skip
    websites = forms.CharField(
        label=gettext_lazy("Websites"), required=False, widget=forms.Textarea(LINES | LATIN),
        help_text=gettext_lazy("One in a line, at most two, with https://"),
    )  # fmt: skip
    logo_url = forms.CharField(
        label=gettext_lazy("Address of the logo"), max_length=500, required=False,
        widget=forms.TextInput(LATIN),
        help_text=gettext_lazy("A square JPEG or PNG at a public https address; WhatsApp fetches it."),
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """What WhatsApp has taken already may stay, whatever our rules and list say."""
        super().__init__(*args, **kwargs)
        if (known := self.initial.get("vertical")) and known not in VERTICALS:
            self.fields["vertical"].choices += [(known, known)]

    def clean_name(self) -> str:
        name = self.cleaned_data["name"]
        return name if name == self.initial.get("name") else name_of(name)

    def clean_emails(self) -> list[str]:
        found = _lines(self.cleaned_data["emails"], most=2, longest=128)
        for each in found:
            validate_email(each)
        return found

    def clean_websites(self) -> list[str]:
        found = _lines(self.cleaned_data["websites"], most=2, longest=256)
        for each in found:
            _is_url(each)
        return found

    def clean_logo_url(self) -> str:
        url = self.cleaned_data["logo_url"]
        if url:
            _is_https(url)
        return url


def _lines(text: str, *, most: int, longest: int) -> list[str]:
    found = [line.strip() for line in text.splitlines() if line.strip()]
    if len(found) > most:
        raise ValidationError(_("At most %(most)d."), params={"most": most})
    if any(len(line) > longest for line in found):
        raise ValidationError(_("At most %(longest)d characters in one."), params={"longest": longest})
    return found


class RemovalForm(forms.Form):
    at_twilio = forms.BooleanField(
        label=gettext_lazy("Also remove it at Twilio and WhatsApp"), required=False
    )
    number = forms.CharField(
        label=gettext_lazy("Write the number to confirm"), max_length=40, widget=forms.TextInput(LATIN)
    )

    def __init__(self, *args: Any, address: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.address = address

    def clean_number(self) -> str:
        if address_of(self.cleaned_data["number"]) != self.address:
            raise ValidationError(_("This is not the number."))
        return self.address
