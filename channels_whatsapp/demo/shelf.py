"""The shop's templates, in Twilio's shapes (`types` of the Content API), as WhatsApp left them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.apps import apps

from channels_whatsapp.demo import files
from channels_whatsapp.models import Account

UTILITY, MARKETING, AUTHENTICATION = "UTILITY", "MARKETING", "AUTHENTICATION"
FOOTER = "Bramblecart · STOP to opt out"
FIRST_NAME = ("First name", "contact.first_name")


@dataclass(frozen=True)
class Sheet:
    """One template in one language. `fields`: what each variable means and where its value comes from."""

    name: str
    types: dict[str, Any]
    samples: tuple[str, ...] = ()
    fields: tuple[tuple[str, str], ...] = ()
    category: str = UTILITY
    language: str = "en"
    status: str = "approved"
    reason: str = ""
    more: dict[str, Any] = field(default_factory=dict)

    @property
    def sid(self) -> str:
        return sid_of(self.name, self.language)

    @property
    def variables(self) -> dict[str, str]:
        return {str(number): sample for number, sample in enumerate(self.samples, 1)}

    @property
    def meanings(self) -> dict[str, dict[str, str]]:
        return {
            str(number): {"means": means, "source": source}
            for number, (means, source) in enumerate(self.fields, 1)
        }


def sid_of(name: str, language: str = "en") -> str:
    """The same each time."""
    return "HX" + files.digest(name if language == "en" else f"{name} {language}")[:32]


def replies(body: str, *titles: str) -> dict[str, Any]:
    actions = [{"type": "QUICK_REPLY", "title": title, "id": title.casefold()} for title in titles]
    return {"twilio/quick-reply": {"body": body, "actions": actions}, "twilio/text": {"body": body}}


def card(body: str, *titles: str) -> dict[str, Any]:
    actions = replies(body, *titles)["twilio/quick-reply"]["actions"]
    shape = {"body": body, "footer": FOOTER, "actions": actions}
    return {"whatsapp/card": shape, "twilio/text": {"body": body}}


ORDER, DAY = ("Order number", "typed"), ("Day of delivery", "typed")
SHIPPED = (FIRST_NAME, ORDER, DAY)
SHEETS = (
    Sheet(
        "order_shipped",
        replies(
            "Hi {{1}}, order {{2}} leaves our workshop today and should reach you on {{3}}, 10:00 to 14:00.",
            "Track order", "Leave with a neighbour",
        ),
        ("Grace", "BC-20417", "Tuesday 16 June"), SHIPPED,
    ),
    Sheet(
        "order_shipped",
        replies(
            "Bonjour {{1}}, la commande {{2}} quitte notre atelier et devrait arriver le {{3}} dans la matinée.",
            "Suivre le colis", "Chez un voisin",
        ),
        ("Grace", "BC-20417", "mardi 16 juin"), SHIPPED, language="fr",
    ),
    Sheet(
        "order_shipped",
        replies("مرحباً {{1}}، طلبك رقم {{2}} غادر ورشتنا اليوم ويصلك يوم {{3}} صباحاً.", "تتبع الطلب", "عند الجار"),
        ("أمينة", "BC-20417", "الثلاثاء"), SHIPPED, language="ar",
    ),
    Sheet(
        "back_in_stock",
        card(
            "Good news, {{1}}! The {{2}} you asked about is back. We have kept one aside until {{3}} for you.",
            "Keep it for me", "No longer needed",
        ),
        ("Grace", "Rowan side table", "Sunday 14 June"),
        (FIRST_NAME, ("Product", "typed"), ("Kept until", "typed")), category=MARKETING,
    ),
    Sheet(
        "follow_up_question",
        replies("Hi {{1}}, we have an answer about {{2}}. Shall we carry on here?", "Yes, please", "Not now"),
        ("Grace", "your oak table"), (FIRST_NAME, ("What they asked about", "typed")),
    ),
    Sheet(
        "carry_on_here",
        replies("Hi {{1}}, {{2}} from Bramblecart here. We have news for you. Shall we carry on here?", "Yes, please"),
        ("Grace", "Tomasz"), (FIRST_NAME, ("Your first name", "agent.first_name")),
    ),
    Sheet(
        "appointment_reminder",
        replies(
            "Reminder: your visit to the repair bench is on {{1}} at {{2}}, Mill Lane 4.", "I will be there", "Move it"
        ),
        ("Saturday 20 June", "10:30"), (("Day", "typed"), ("Time", "typed")),
    ),
    Sheet(
        "repair_ready",
        replies("Hi {{1}}, repair {{2}} is ready. When will you collect it?", "This week", "Next week"),
        ("Eleni", "R-0771"), (FIRST_NAME, ("Repair number", "typed")),
    ),
    Sheet(
        "repair_ready",
        replies("Hallo {{1}}, reparatie {{2}} is klaar. Wanneer kom je hem ophalen?", "Deze week", "Volgende week"),
        ("Eleni", "R-0771"), (FIRST_NAME, ("Repair number", "typed")), language="nl", status="pending",
    ),
    Sheet(
        "spring_lamps", card("Hi {{1}}, our spring lamps are here. Come and see them.", "Show me"),
        ("Siobhan",), (FIRST_NAME,), category=MARKETING,
    ),
    Sheet(
        "spring_sale_2026", card("Hi {{1}}, everything in oak is 15% off this week.", "Show me"),
        ("Grace",), (FIRST_NAME,), category=MARKETING, status="paused",
        more={"pauses": 1, "paused_for": timedelta(hours=2, minutes=40)},
    ),
    Sheet(
        "winter_offer", replies("Winter is coming, {{1}}", "Show me"), ("Grace",), (FIRST_NAME,),
        category=MARKETING, status="rejected", reason="Variables can't be at the start or end of the template.",
    ),
    Sheet(
        "sign_in_code",
        {
            "whatsapp/authentication": {
                "add_security_recommendation": True, "code_expiration_minutes": 5,
                "actions": [{"type": "COPY_CODE", "copy_code_text": "Copy code"}],
            }
        },
        ("123456",), (("Code", "typed"),), category=AUTHENTICATION,
    ),
    Sheet(
        "which_wood",
        {
            "twilio/list-picker": {
                "body": "Which wood would you like, {{1}}?", "button": "Choose a wood",
                "items": [
                    {"id": "oak", "item": "Oak", "description": "Light, oiled"},
                    {"id": "walnut", "item": "Walnut", "description": "Dark, waxed"},
                    {"id": "ash", "item": "Ash", "description": "Pale, lacquered"},
                ],
            },
            "twilio/text": {"body": "Which wood would you like, {{1}}?"},
        },
        ("Grace",), (FIRST_NAME,), category="", status="unsubmitted", more={"wants_approval": False},
    ),
    Sheet(
        "where_we_are",
        {
            "twilio/location": {
                "latitude": 51.5079, "longitude": -0.0877, "label": "Bramblecart", "address": "4 Mill Lane",
            }
        },
        category="", status="unsubmitted", more={"wants_approval": False},
    ),
)  # fmt: skip
_BY_NAME = {sheet.name: sheet for sheet in SHEETS if sheet.language == "en"}


def payload(name: str, body: str, variables: dict[str, str]) -> dict[str, Any]:
    """What a message sent from one of these keeps; `body` is what the customer read."""
    sheet = _BY_NAME[name]
    shape = next(iter(sheet.types.values()))
    buttons = [{"kind": a["type"], "title": a["title"]} for a in shape.get("actions", [])]
    return {
        "content_sid": sheet.sid,
        "content_variables": variables,
        "name": name,
        "language": sheet.language,
        "category": sheet.category.lower(),
        "approved": True,
        "shown": {"body": body, "footer": shape.get("footer", ""), "buttons": buttons},
    }


def fill(account: Account, now: datetime) -> None:
    """The rows, as the first comparison with Twilio would have left them."""
    families, templates = (apps.get_model("templates_mgmt", name) for name in ("Family", "Template"))
    names = dict.fromkeys(sheet.name for sheet in SHEETS)
    of_name = {name: families.objects.create(account=account, name=name) for name in names}
    templates.objects.bulk_create(
        templates(**_columns(sheet, of_name[sheet.name], now)) for sheet in ordered()
    )
    sync = apps.get_model("templates_mgmt", "Sync")
    sync.objects.update_or_create(
        account=account, defaults={"started_at": now, "finished_at": now, "count": len(SHEETS)}
    )


def ordered() -> Iterable[Sheet]:
    """Oldest first: what is in review and what went wrong came last."""
    return sorted(SHEETS, key=lambda sheet: sheet.status != "approved")


def _columns(sheet: Sheet, family: Any, now: datetime) -> dict[str, Any]:
    more = dict(sheet.more)
    if paused_for := more.pop("paused_for", None):
        more["paused_until"] = now + paused_for
    return {
        "family": family,
        "language": sheet.language,
        "category": sheet.category,
        "types": sheet.types,
        "variables": sheet.variables,
        "fields": sheet.meanings,
        "content_sid": sheet.sid,
        "status": sheet.status,
        "rejection_reason": sheet.reason,
        "submission": "done",
        "created_at": now - timedelta(days=40),
        "edited_at": now - timedelta(days=40),
        "submitted_at": now - timedelta(minutes=25)
        if sheet.status == "pending"
        else now - timedelta(days=39),
        "decided_at": None if sheet.status in ("pending", "unsubmitted") else now - timedelta(days=2),
        "synced_at": now,
        **more,
    }
