from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from inbox.refusals import Refused
from inbox.views.fragments import marked


def toast(request: HttpRequest, refusal: Refused) -> HttpResponse:
    """A refusal that belongs to no place on the page."""
    response = render(request, "inbox/_refusal_toast.html", {"refusal": refusal})
    response["HX-Reswap"] = "none"
    return marked(response, refusal)
