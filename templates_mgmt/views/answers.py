"""Answers that several of the templates' views give."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from inbox.refusals import Refused
from inbox.views.toasts import toast
from templates_mgmt.models import Template


def refused(request: HttpRequest, refusal: Refused, template: Template | None = None) -> HttpResponse:
    """A sentence where the person is: as a toast, or without scripts on the template's page, or the list."""
    if request.htmx:
        return toast(request, refusal)
    messages.error(request, str(refusal))
    if template:
        return redirect("templates_mgmt:template", template.pk)
    return redirect("templates_mgmt:templates")


def submitted_words(template: Template) -> str:
    if template.wants_approval:
        return _("Submitted. WhatsApp usually answers within an hour, at most within two days.")
    return _("It can be sent in open conversations in a moment.")
