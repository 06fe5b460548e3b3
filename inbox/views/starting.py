"""Starting a conversation: over which channel, and with whom. What is sent is chosen after that."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_GET

from inbox import gateways, numbers
from inbox.access import channels_for, conversations_for
from inbox.finding import people
from inbox.models import Address, Agent, Channel, Contact
from inbox.views.fragments import number

LONGEST = 100


@dataclass(frozen=True)
class Person:
    """Somebody found; `url` leads to their conversation, or to where one begins."""

    contact: Contact
    address: Address
    url: str
    has_conversation: bool


@require_GET
def start(request: HttpRequest) -> HttpResponse:
    """The page, or for htmx who was found by name or number."""
    channels = list(channels_for(request.user).filter(is_active=True))
    asked = number(request.GET.get("channel"))
    channel = next((c for c in channels if c.pk == asked), channels[0] if channels else None)
    words = request.GET.get("q", "")[:LONGEST].strip()
    address = numbers.address(words, channel.kind) if channel and words else ""
    found = _found(request.user, channel, words) if channel and words else []
    is_known = any(a.value == address for person in found for a in person.contact.addresses.all())
    context = {
        "channels": channels,
        "channel": channel,
        "q": words,
        "found": found,
        "number": numbers.readable(address.partition(":")[2]) if address and not is_known else "",
        "number_url": gateways.templates().start_url(channel, address) if address and channel else "",
    }
    is_fragment = request.htmx.target == "people"
    response = render(request, "inbox/_people.html" if is_fragment else "inbox/start.html", context)
    patch_vary_headers(response, ["HX-Request", "HX-Target"])
    return response


def _found(agent: Agent, channel: Channel, words: str) -> list[Person]:
    contacts = people(words, agent)
    rows = conversations_for(agent).filter(channel=channel, contact__in=contacts).order_by("pk")
    # The open one last, so that it is the one that stays.
    newest = sorted(rows.values_list("status", "pk", "contact"), key=lambda row: row[0] != "resolved")
    known = {contact: pk for _status, pk, contact in newest}
    return [person for each in contacts if (person := _person(each, channel, known.get(each.pk)))]


def _person(contact: Contact, channel: Channel, conversation: int | None) -> Person | None:
    addresses = sorted(contact.addresses.all(), key=lambda a: a.kind != Address.Kind.PHONE)
    if not addresses:
        return None
    url = (
        reverse("inbox:conversation", args=[conversation])
        if conversation
        else gateways.templates().start_url(channel, addresses[0].value)
    )
    return Person(contact, addresses[0], url, conversation is not None)
