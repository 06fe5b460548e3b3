"""What the thread's forms send. What is missing may be a browser without scripts; it is never an error."""

from __future__ import annotations

import uuid
from typing import Any

from django import forms
from django.utils.translation import gettext as _

from inbox.models import Conversation
from inbox.refusals import Refused

LONGEST = 20_000  # characters; twelve WhatsApp messages, and as a note a long one
LONGEST_NAME = 160


class Text(forms.CharField):
    """As typed: browsers send CR LF, which would count double, and PostgreSQL keeps no NUL."""

    def __init__(self, **options: Any) -> None:
        super().__init__(required=False, strip=False, **options)

    def to_python(self, value: Any) -> str:
        text = super().to_python(str(value or "").replace("\0", ""))
        return text.replace("\r\n", "\n").replace("\r", "\n")


class ReplyForm(forms.Form):
    body = Text()
    client_id = forms.UUIDField(required=False)
    seen = forms.IntegerField(required=False, min_value=0)
    split = forms.BooleanField(required=False)
    anyway = forms.BooleanField(required=False)
    mode = forms.CharField(required=False)

    @property
    def text(self) -> str:
        return self.cleaned_data.get("body", "")

    @property
    def act(self) -> uuid.UUID:
        """The composer's number for this press of Send."""
        return self.cleaned_data.get("client_id") or uuid.uuid4()

    @property
    def last_seen(self) -> int | None:
        return None if self.cleaned_data.get("anyway") else self.cleaned_data.get("seen")

    def must_be_short(self) -> None:
        over = len(self.text) - LONGEST
        if over > 0:
            raise Refused(
                "far_too_long",
                _("This is %(over)d characters longer than we keep in one piece.") % {"over": over},
                _("Send it as a document instead."),
            )


class DraftForm(forms.Form):
    body = Text()
    mode = forms.CharField(required=False)
    client_id = forms.UUIDField(required=False)

    def is_sent(self, conversation: Conversation) -> bool:
        act = self.cleaned_data.get("client_id")
        return bool(act) and conversation.messages.filter(client_id=act).exists()


class NameForm(forms.Form):
    name = forms.CharField(required=False, max_length=LONGEST_NAME)


class TagForm(forms.Form):
    name = forms.CharField(max_length=40)
