"""Conversations of Repairs: the workshop's bench."""

from __future__ import annotations

from channels_whatsapp.demo.cast import REPAIRS
from channels_whatsapp.demo.script import (
    AUDIO,
    File,
    Story,
    ago,
    assigned,
    chose,
    failed,
    note,
    paper,
    photo,
    resolved,
    sent_photo,
    tagged,
    template,
    them,
    us,
    voice,
)  # fmt: skip

STORIES = (
    Story(
        "Annegret Wolkenstein", REPAIRS, phone="+447700900502", language="de", assignee="admin",
        tags=("warranty", "vip", "damaged"), seen=True, lines=(
            photo("3h 40m", "broken chair", "Das Bein ist einfach abgebrochen."),
            us("3h 20m", "Oje! Das ist ein Garantiefall, wir holen den Stuhl ab.", by="admin"),
            them("58m", "Haftpflichtversicherungsbescheinigung brauche ich noch 🙏"),
        ),
        acts=(assigned("3h 25m", "admin"), tagged("3h 24m", "warranty")),
    ),
    Story(
        "Eleni Papathanou", REPAIRS, phone="+447700900509", language="el", assignee="agent", lines=(
            them("6h 10m", "Is my reading chair ready?"),
            sent_photo("5h 30m", "chair", "Ready, with new webbing underneath."),
            them("5h 2m", "Beautiful! I come on Saturday at eleven."),
            us("4h 45m", "Perfect, see you Saturday ☀️"),
        ),
    ),
    Story(
        "Сніжана Коваленко-Річ", REPAIRS, phone="+447700900516", language="uk", assignee="admin", seen=True,
        lines=(
            them("5d 9h", "Добрий день! Чи можна відремонтувати абажур?"),
            us("5d 8h", "Добрий день! Так, привозьте, подивимося разом.", by="admin"),
            them("5d 7h", "Дякую! Чекаю на повідомлення 💛"),
        ),
    ),
    Story(
        "Constantine Abernathy-Ravenscroft-Montgomery the Younger", REPAIRS, phone="+447700900521", lines=(
            them("21h 15m", "My grandmother’s chaise longue needs springs, horsehair and, I fear, patience."),
            photo("21h 10m", "chair", "Before the war it was rust red."),
            them("21h 5m", "What would that cost, roughly, and how long would it take?"),
        ),
    ),
    Story(
        "Yusuf Demirtaş", REPAIRS, phone="+447700900528", language="tr", assignee="jonah", lines=(
            voice("14h 20m", 41),
            us("13h 50m", "Anladım, kablonun değişmesi gerekiyor. Yarın getirebilir misiniz?", by="jonah"),
            them("12h 30m", "Yarın öğleden sonra olur mu?"),
        ),
        acts=(assigned("14h", "jonah"),),
    ),
    Story(
        "Beatrix van der Loo", REPAIRS, phone="+447700900533", language="nl", lines=(
            them("23h 55m", "Hallo, mijn lamp flikkert sinds gisteren. Kan ik langskomen?"),
        ),
    ),
    Story(
        "Callum Strathearn", REPAIRS, phone="+447700900540", seen=True, assignee="jonah", lines=(
            template(
                "8h", "repair_ready", "Hi Callum, repair R-0771 is ready. When will you collect it?", "jonah",
                variables={"1": "Callum", "2": "R-0771"},
            ),
            chose("7h 40m", "Saturday morning", "10:00 to 12:00"),
            us("7h 30m", "Booked: Saturday, 10:00 to 12:00.", by="jonah", status="read"),
        ),
    ),
    Story(
        "Meera Chandrasekhar", REPAIRS, phone="+447700900547", status="pending", assignee="jonah", seen=True,
        lines=(
            photo("2d", "table", "Can this ring come off the table?"),
            us("1d 23h", "Probably. I am asking our finisher and write again.", by="jonah", status="read"),
            note("1d 22h", "Shellac, not oil. Needs half a day, quote £60.", "jonah"),
        ),
    ),
    Story(
        "Ottoline Greaves", REPAIRS, phone="+447700900552", lines=(
            them("40m", kind="audio", file=File(
                AUDIO, error="Twilio no longer has this file (404). Ask the customer to send it again."
            )),
            them("38m", "Did my voice note arrive?"),
        ),
    ),
    Story(
        "Pádraig Mac Giolla", REPAIRS, phone="+447700900559", status="resolved", assignee="jonah", lines=(
            them("7d 4h", "The dimmer hums."),
            us("7d 3h", "Try it with the bulb that came with it; others hum.", by="jonah"),
            them("7d 1h", "You are a magician. Silence!"),
        ),
        acts=(resolved("7d", "jonah"),),
        tags=("warranty",),
    ),
    Story(
        "Ngozi Umeadi", REPAIRS, phone="+447700900566", assignee="admin", lines=(
            paper("1d 3h", "warranty-card.pdf", "Warranty card", "Juniper desk lamp, 2024"),
            us("1d 2h", "Thank you, it is covered. Please send it to us with this label.", by="admin"),
            failed("20h", "Has the parcel left you already?", 63024, "admin"),
        ),
        tags=("warranty",),
    ),
    Story(
        "Isolde Brandvik", REPAIRS, phone="+447700900571", language="no", stopped=ago("4d"), seen=True, lines=(
            them("4d 2h", "Please stop writing to me about the sofa, it is sold."),
            us("4d 1h", "Of course. If you reply STOP, nobody here can write to you any more.", by="admin"),
            them("4d", "Stop"),
        ),
    ),
)  # fmt: skip
