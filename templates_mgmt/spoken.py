"""Which languages the customers read, so that these are offered first."""

from __future__ import annotations

from django.db.models import Count

from inbox.access import contacts_for
from inbox.models import Agent, Contact
from templates_mgmt import languages

LATEST, MOST = 2000, 20


def spoken_to(agent: Agent) -> list[str]:
    """WhatsApp's codes of them, the most frequent first, of the contacts that came last."""
    latest = contacts_for(agent).order_by("-pk").values("pk")[:LATEST]
    rows = Contact.objects.filter(pk__in=latest).exclude(language="").values_list("language")
    counted = rows.annotate(count=Count("pk")).order_by("-count", "language")[:MOST]
    codes = (languages.known_as(language) for language, _count in counted)
    return list(dict.fromkeys(code for code in codes if code))
