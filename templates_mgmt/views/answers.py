"""Answers that several of the templates' views give."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from inbox.refusals import Refused
from inbox.views.toasts import toast


def refused(request: HttpRequest, refusal: Refused) -> HttpResponse:
    """A sentence where the person is: as a toast, or without scripts on the list."""
    if request.htmx:
        return toast(request, refusal)
    messages.error(request, str(refusal))
    return redirect("templates_mgmt:templates")
