"""The round trip, live."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from channels_whatsapp.access import sender_for
from channels_whatsapp.connecting import hello as trip
from channels_whatsapp.connecting import qr
from channels_whatsapp.connecting.views.base import admins_only, to_connect, told


@require_http_methods(["GET", "POST"])
@admins_only
def hello(request: HttpRequest, pk: int) -> HttpResponse:
    """GET: how far it is. POST: begin."""
    sender = sender_for(request.user, pk)
    if request.method == "POST":
        trip.begin(sender, by=request.user)
        if not request.htmx:
            return to_connect(sender, anchor="#step-hello")
    context = {"hello": trip.state(sender), "sender": sender, "greeting": qr.chat(sender.number, "hello")}
    return render(request, "channels_whatsapp/_hello.html", context)


@require_POST
@admins_only
def answer(request: HttpRequest, pk: int) -> HttpResponse:
    """Send the answer by hand: what somebody wrote was no plain hello."""
    sender = sender_for(request.user, pk)
    told(request, lambda: trip.answer(sender, by=request.user), _("The answer is on its way."))
    return to_connect(sender, anchor="#step-hello")
