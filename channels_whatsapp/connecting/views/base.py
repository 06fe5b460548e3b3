"""What all connect pages share: whom they are for, and how they say no."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from channels_whatsapp.models import Sender
from inbox.refusals import Refused

View = Callable[..., HttpResponse]


def admins_only(view: View) -> View:
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.user.is_admin:
            raise Http404
        response = view(request, *args, **kwargs)
        response["Cache-Control"] = "no-store"
        return response

    return guarded


def refused(form: Any, refusal: Refused) -> None:
    """On the form that asked for it."""
    form.add_error(None, f"{refusal.sentence} {refusal.next_step}".strip())


def told(request: HttpRequest, act: Callable[[], object], done: str) -> bool:
    """Do it and say so, or say why not. True when it was done."""
    try:
        act()
    except Refused as refusal:
        messages.error(request, str(refusal))
        return False
    messages.success(request, done)
    return True


def to_connect(sender: Sender | None = None, *, anchor: str = "") -> HttpResponse:
    query = f"?sender={sender.pk}" if sender else ""
    return redirect(f"{reverse('channels_whatsapp:connect')}{query}{anchor}")


def to_sender(sender: Sender) -> HttpResponse:
    return redirect("channels_whatsapp:sender", sender.pk)
