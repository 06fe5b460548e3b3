"""How the inbox shows people, times and windows: small, shared by every screen."""

from __future__ import annotations

import zlib
from datetime import datetime

from django import template
from django.forms import BoundField
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from lucide.templatetags.lucide import lucide

from inbox import finding, listing, moments, statuses, windows
from inbox.listing import Filters
from inbox.models import Address, Conversation, Message

register = template.Library()

HUES = ("rose", "clay", "sand", "moss", "sea", "sky", "iris", "plum")


@register.simple_tag
def icon(name: str, classes: str = "", **attributes: object) -> SafeString:
    """A Lucide icon, `{% icon "inbox" "icon--sm" %}`, for the eye only: say beside it what it means."""
    return lucide(name, size=None, **{"class": f"icon {classes}".strip(), "aria_hidden": "true"} | attributes)


@register.simple_tag
def screen(route: str, name: str, may_open: object = True) -> SafeString:
    """A link to a screen; its name alone for whoever may not open it, and where its app is not installed."""
    try:
        address = reverse(route) if may_open else ""
    except NoReverseMatch:
        address = ""
    return format_html('<a href="{}">{}</a>', address, name) if address else format_html("<b>{}</b>", name)


@register.filter
def hue(thing: object) -> str:
    """One of eight hues, always the same one for the same person, channel or tag."""
    word = f"{type(thing).__name__}{pk}" if (pk := getattr(thing, "pk", None)) else str(thing)
    return f"hue-{HUES[zlib.crc32(word.encode()) % len(HUES)]}"


# The 24-hour window


@register.filter
def window(conversation: Conversation, now: datetime) -> windows.Remaining:
    return conversation.window(now)


@register.filter
def dash(remaining: windows.Remaining, percent_of: int = 100) -> str:
    """`stroke-dasharray` of a ring with pathLength 100; a full stop in every language."""
    return f"{remaining.percent:.1f} {percent_of}"


@register.filter
def percent(remaining: windows.Remaining) -> str:
    """Width of the fuse, "7.8%"; a full stop in every language."""
    return f"{remaining.percent:.1f}%"


@register.filter
def time_left(remaining: windows.Remaining) -> str:
    """Minutes under four hours, whole hours above: "38m", "1h 52m", "23h"."""
    hours, minutes = divmod(remaining.minutes, 60)
    if not hours:
        return _("%(minutes)dm") % {"minutes": minutes}
    if remaining.left <= windows.SOON:
        return _("%(hours)dh %(minutes)02dm") % {"hours": hours, "minutes": minutes}
    return _("%(hours)dh") % {"hours": hours}


@register.filter
def epoch(moment: datetime | None) -> str:
    """Milliseconds since 1970 for scripts; empty for None."""
    return str(int(moment.timestamp() * 1000)) if moment else ""


# Times


register.filter("clock_time", moments.clock_time)
register.filter("day_and_time", moments.day_and_time)
register.filter("full_time", moments.full_time)


@register.filter
def when(moment: datetime, now: datetime | None = None) -> str:
    """Something past, for lists: "14:48", "Wed 15:26" for yesterday, "Tue", "5 Jun", "Dec 2025"."""
    moment, now = timezone.localtime(moment), timezone.localtime(now)
    days = (now.date() - moment.date()).days
    if days <= 0:
        return date_format(moment, "H:i")
    if days < 7:
        return date_format(moment, "D H:i" if days == 1 else "D")
    return date_format(moment, "j M" if moment.year == now.year else "M Y")


@register.filter
def day_heading(moment: datetime, now: datetime | None = None) -> str:
    """Such as "Today", "Yesterday", "Wednesday", "5 June", "5 June 2025"."""
    moment, now = timezone.localtime(moment), timezone.localtime(now)
    days = (now.date() - moment.date()).days
    if days == 0:
        return _("Today")
    if days == 1:
        return _("Yesterday")
    if 0 < days < 7:
        return date_format(moment, "l")
    return date_format(moment, "j F" if moment.year == now.year else "j F Y")


# What a message is, at a glance

KIND_ICONS = {
    "image": "image",
    "video": "video",
    "audio": "mic",
    "document": "file-text",
    "location": "map-pin",
    "contacts": "contact-round",
    "sticker": "sticker",
    "button": "pointer",
    "list": "list-checks",
    "interactive": "clipboard-list",
    "template": "layout-template",
    "unsupported": "circle-question-mark",
}
STATUS_ICONS = {
    "queued": "clock-3",
    "sending": "clock-3",
    "unknown": "circle-question-mark",
    "accepted": "check",
    "sent": "check",
    "delivered": "check-check",
    "read": "check-check",
    "undelivered": "circle-alert",
    "failed": "circle-alert",
    "canceled": "circle-alert",
}


@register.filter
def kind_icon(kind: str) -> str:
    """Lucide name for what is not plain text; empty for text."""
    return KIND_ICONS.get(kind, "")


@register.filter
def status_icon(status: str) -> str:
    """Lucide name of the tick, clock or mark; empty for what was received."""
    return STATUS_ICONS.get(status, "")


@register.filter
def is_failure(status: str) -> bool:
    return status in statuses.FAILURES


@register.filter
def tick_class(status: str) -> str:
    """Colours the tick of what was read and the mark of what failed."""
    if status in statuses.FAILURES:
        return "icon--bad"
    return "icon--read" if status == statuses.READ else ""


@register.filter
def kind_label(kind: str) -> str:
    """Such as "Photo" and "Voice message"; empty for plain text."""
    return "" if kind == Message.Kind.TEXT else str(dict(Message.Kind.choices).get(kind, ""))


@register.filter
def status_label(status: str) -> str:
    return str(dict(Message.Status.choices).get(status, ""))


# The list


@register.simple_tag
def query(filters: Filters, **changes: object) -> str:
    """The address's "?…" for these filters with some of them changed."""
    return filters.but(**changes).query


@register.simple_tag
def query_after(filters: Filters, cursor: listing.Cursor) -> str:
    """The address's "?…" of the page after this one."""
    return f"{filters.query}{'&' if filters.query else '?'}after={cursor}"


@register.filter
def customer_name(conversation: Conversation) -> str:
    """As `Contact.display_name`, without a query for the addresses."""
    contact, address = conversation.contact, conversation.address
    number = address.readable if address.kind == Address.Kind.PHONE else ""
    return contact.name or contact.profile_name or number or _("Unknown customer")


@register.filter
def rank(conversation: Conversation, section: str) -> str:
    """Place within a section as a number that rises downwards, for scripts that insert a row."""
    micros = int(listing.rank(conversation, section).timestamp() * 1_000_000)
    return str(micros if section == listing.SOON else -micros)


@register.filter
def snippet(message: Message, text: str) -> list[tuple[str, bool]]:
    return finding.snippet(message.body, text)


@register.filter
def as_input(field: BoundField) -> SafeString:
    """A form's field as our stylesheet draws it; Django adds what screen readers need."""
    return field.as_widget(attrs={"class": "input"})
