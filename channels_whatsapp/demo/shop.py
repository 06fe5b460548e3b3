"""Conversations of Shop UK: orders, deliveries, returns."""

from __future__ import annotations

from channels_whatsapp.demo.cast import UK
from channels_whatsapp.demo.script import (
    Story,
    ago,
    assigned,
    card,
    failed,
    note,
    paper,
    photo,
    place,
    resolved,
    sent_paper,
    sent_photo,
    sticker,
    tagged,
    tapped,
    template,
    them,
    us,
    voice,
)  # fmt: skip

NOUR = Story(
    "Nour Haddadine", UK, phone="+447700900318", assignee="agent", tags=("damaged", "vip"), seen=True,
    lines=(
        template(
            "2d 5h", "order_shipped",
            "Hi Nour, order BC-20417 (Alder floor lamp, brass) leaves our workshop today and should reach you "
            "on Tuesday, 10:00 to 14:00. Reply STOP to opt out.",
            variables={"1": "Nour", "2": "BC-20417"},
        ),
        tapped("2d 4h", "Leave with a neighbour", reply_to=0),
        place("2d 4h", "Flat 2, Larkspur Mews", "18 Larkspur Mews, Harrowfield", "51.5079", "-0.0877"),
        card("2d 4h", "Idris Haddadine", "+44 7700 900455"),
        us("2d 3h", "All set. The courier will ring Idris at flat 2 first.", by="lead"),
        photo("23h 50m", "cracked lamp", "The shade arrived cracked 😕"),
        voice("23h 40m", 23),
        them("23h 35m", "كنت أتمنى أن يصل قبل عيد ميلاد أمي يوم السبت 🎂"),
        us("23h 20m", "Oh no, so sorry! Let me check what we have in the workshop.", by="lead"),
        sent_paper(
            "23h 10m", "replacement-form-BC-20417.pdf", "Replacement form", "Order BC-20417",
            "Alder floor lamp, brass: linen shade", by="lead", status="delivered",
        ),
        them("22h 8m", "No hurry with the form. Could the new one be black instead of brass? Can you show me both?"),
        note("5h 50m", "@Tomasz second cracked shade from batch 0526, so a new one and no return needed.", "lead"),
        us("16m", "A new lamp leaves today, free of charge.", reply_to=5),
        sent_photo("14m", "two lamps", "Brass left, black right.", status="failed", error_code=63019),
        sent_photo("9m", "two lamps", "The photo was too big, this one is smaller. Brass left, black right."),
        us("7m", "Same size, same linen shade. Which one would your mum like?", status="delivered"),
    ),
    acts=(assigned("5h 52m", "agent"), tagged("5h 52m", "damaged")),
)  # fmt: skip

STORIES = (
    NOUR,
    Story(
        "Mehmet Yıldızhan", UK, phone="+447700900322", language="tr", tags=("billing",), lines=(
            them("1d 2h", "Merhaba, BC-20388 numaralı siparişin faturasını alabilir miyim?"),
            sent_paper("1d 1h", "fatura-BC-20388.pdf", "Fatura BC-20388", "1 x Alder masa lambasi", by="lead"),
            them("20h 40m", "Fatura adresini değiştirebilir misiniz?"),
        ),
    ),
    Story(
        "أمينة الخطيب", UK, phone="+447700900331", language="ar", tags=("delivery",), lines=(
            them("3h 10m", "السلام عليكم، طلبت كرسيين الأسبوع الماضي برقم BC-20402"),
            us("2h 30m", "وعليكم السلام أمينة، الطلب مع شركة التوصيل منذ صباح اليوم."),
            them("34m", "شكراً، متى يصل الطلب إلى المنزل؟"),
        ),
    ),
    Story(
        "Grace Tamblyn-Ito", UK, phone="+447700900346", assignee="agent", tags=("restock",), seen=True, lines=(
            them("5d 4h", "Is the round oak table coming back? It says sold out."),
            us("5d 3h", "It is! A new batch is drying right now, about three weeks.", status="delivered"),
            them("5d 2h", "Perfect, tell me when the table is back!"),
            note("5d 2h", "On the restock list for the Fennel table, 120 cm."),
        ),
    ),
    Story(
        "Oluwadamilola Bankole", UK, phone="+447700900353", assignee="lead", tags=("returns",), lines=(
            them("3d 6h", "I returned the two stools on Monday, has the money left you yet?"),
            us("3d 5h", "They arrived this morning. I will tell accounts today.", by="lead"),
            failed("1d 22h", "Your refund of £118.00 left us today, banks take three to five days.", 63016, "lead"),
        ),
    ),
    Story(
        "Hanako Ishimori", UK, phone="+447700900360", language="ja", seen=True, assignee="agent", lines=(
            them("9h", "こんにちは。ランプの電球は交換できますか？"),
            us("8h 40m", "はい、E27の電球でしたらどれでも使えます。"),
            sticker("8h 30m"),
        ),
    ),
    Story(
        "Giorgos Antoniadis", UK, phone="+447700900366", language="el", lines=(
            them("2h 2m", "Καλησπέρα, το δέμα φαίνεται ότι παραδόθηκε αλλά δεν το έχω."),
            photo("2h 1m", "crushed parcel", "Βρήκα μόνο αυτό στον διάδρομο"),
        ),
        tags=("delivery", "damaged"),
    ),
    Story(
        "", UK, user_id="whatsapp:GB.4815162342001776", lines=(
            them("50m", "Hi, do you deliver to the Isle of Wight?"),
        ),
    ),
    Story(
        "Maja Kowalczyk-Nowak", UK, phone="+447700900371", language="pl", seen=True, assignee="agent", lines=(
            them("22h 55m", "Dzień dobry, czy mogę odebrać zamówienie w sobotę?"),
            us("22h 50m", "Tak, w sobotę jesteśmy od 10 do 15. Proszę tylko o numer zamówienia."),
            them("22h 45m", "BC-20431, dziękuję!"),
            us("30m", "Gotowe do odbioru. Do zobaczenia w sobotę!", status="delivered"),
        ),
    ),
    Story(
        "Rosalind Achterberg", UK, phone="+447700900377", status="pending", assignee="lead", seen=True, lines=(
            them("1d 6h", "The velvet on my armchair has a different green than the sample."),
            photo("1d 5h", "chair"),
            us("1d 4h", "Thank you for the photo. I am asking the upholsterer which roll it came from.", "lead"),
        ),
        acts=(assigned("1d 5h", "lead"),),
    ),
    Story(
        "Dev Raghunathan", UK, phone="+447700900382", language="hi", lines=(
            them("6h 20m", "नमस्ते, क्या आप उपहार के लिए पैकिंग करते हैं?"),
            us("6h", "जी हाँ, उपहार की पैकिंग £4 में होती है।", status="read"),
            them("5h 44m", "बहुत बढ़िया, कृपया दोनों लैंप के लिए कर दीजिए 🎁"),
        ),
        tags=("presale",),
    ),
    Story(
        "Siobhan O’Dwyer", UK, phone="+447700900389", stopped=ago("2d 1h"), seen=True, lines=(
            template("2d 3h", "spring_lamps", "Hi Siobhan, our spring lamps are here. Reply STOP to opt out.", "lead"),
            them("2d 1h", "STOP"),
        ),
    ),
    Story(
        "Tariq Benmansour", UK, phone="+447700900394", language="fr", assignee="agent", lines=(
            them("4h 30m", "Bonjour, pouvez-vous m’envoyer l’étiquette de retour ?"),
            us("4h 12m", "Bonjour Tariq, je vous la prépare tout de suite.", status="delivered"),
            sent_paper("4h 10m", "retour-BC-20377.pdf", "Etiquette de retour", "BC-20377", status="unknown"),
        ),
        tags=("returns",),
    ),
    Story(
        "Penelope Fitzwarren", UK, phone="+447700900401", lines=(
            photo("1h 25m", "parcel", "This came today but I never ordered anything?"),
            them("1h 24m", "The name on the label is mine, the street is wrong", recovered=True),
        ),
    ),
    Story(
        "Luca Ferrantini", UK, phone="+447700900408", status="resolved", assignee="agent", language="it", lines=(
            template(
                "6d 5h", "carry_on_here",
                "Hi Luca, Tomasz from Bramblecart here. We have news for you. Shall we carry on here?",
                variables={"1": "Luca", "2": "Tomasz"},
            ),
            tapped("6d 4h", "Yes, please", reply_to=0),
            them("6d 3h", "Ciao, il paralume si può lavare?"),
            us("6d 2h", "Ciao Luca, solo con una spazzola asciutta, per favore."),
            them("6d 2h", "Grazie mille!"),
        ),
        acts=(resolved("6d 1h"),),
    ),
    Story(
        "Wilhelmina Strand", UK, phone="+447700900413", status="resolved", assignee="lead", lines=(
            template(
                "4d 9h", "carry_on_here",
                "Hi Wilhelmina, Ines from Bramblecart here. We have news for you. Shall we carry on here?", "lead",
                variables={"1": "Wilhelmina", "2": "Ines"},
            ),
            tapped("4d 8h 30m", "Yes, please", reply_to=0),
            them("4d 8h", "Could I have the assembly sheet for the Fennel table again?"),
            sent_paper("4d 7h", "fennel-table.pdf", "Fennel table", "Four legs, eight bolts, one key", by="lead"),
            them("4d 6h", "Built! It does not even wobble."),
            us("4d 6h", "Our favourite sentence ☀️", by="lead"),
        ),
        acts=(resolved("4d 5h", "lead"),),
        tags=("delivery",),
    ),
    Story(
        "Ayesha Siddiqa", UK, phone="+447700900419", assignee="agent", seen=True, lines=(
            them("7h 15m", "Can I pay in two parts?"),
            us("7h", "Yes, half now and half on delivery. Shall I send a payment link?", status="sent"),
        ),
        tags=("billing", "presale"),
    ),
    Story(
        "Bartłomiej Wiśniewski", UK, phone="+447700900424", lines=(
            them("18h 5m", "Where do I find the serial number of my lamp?"),
            paper("18h", "receipt-BC-19982.pdf", "Receipt BC-19982", "1 x Juniper desk lamp"),
        ),
    ),
    Story(
        "Joaquín Larrañaga", UK, phone="+447700900430", language="es", status="snoozed", assignee="lead",
        seen=True, lines=(
            them("11h", "¿Me avisan el lunes si llega la tela azul?"),
            us("10h 50m", "Claro que sí, Joaquín. El lunes le escribo.", by="lead", status="delivered"),
        ),
    ),
)  # fmt: skip
