"""Templates of the shop, drafts and approved ones."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from channels_whatsapp.models import Account
from templates_mgmt import content as kinds
from templates_mgmt.models import Template

BODY = "Hi {{1}}, your order {{2}} left our workshop today."
SAMPLES = {"1": "Eleni", "2": "4711"}
CREATE = "POST /v1/Content"
ASK = "POST /v1/Content/*/ApprovalRequests/whatsapp"

Write = Callable[..., Template]


def draft(account: Account, name: str = "order_shipped", language: str = "en", **fields: Any) -> Template:
    words = {"category": "UTILITY", "types": kinds.text(BODY), "variables": SAMPLES} | fields
    return Template.write(account, name, language, by=None, **words)


def at_twilio(account: Account, name: str = "order_shipped", **fields: Any) -> Template:
    """One that Twilio has and WhatsApp approved."""
    template = draft(account, name, fields.pop("language", "en"))
    number = f"{template.pk:032x}"
    changes = {"content_sid": f"HX{number}", "status": "approved", "submission": "done"} | fields
    Template.objects.filter(pk=template.pk).update(**changes)
    template.refresh_from_db()
    return template
