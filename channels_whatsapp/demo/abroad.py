"""Conversations of Shop US: orders from over the ocean, and shops that buy from the shop."""

from __future__ import annotations

from channels_whatsapp.demo.cast import US
from channels_whatsapp.demo.script import (
    Story,
    assigned,
    card,
    failed,
    note,
    paper,
    photo,
    place,
    resolved,
    sent_photo,
    tagged,
    tapped,
    template,
    them,
    us,
    voice,
)  # fmt: skip

STORIES = (
    Story(
        "Kwame Adjei-Mensah", US, phone="+12025550117", tags=("returns",), lines=(
            them("1d 1h", "The armchair is lovely but too wide for our door. I would like to return it."),
            us("1d", "No problem, Kwame. A courier collects it; the label comes by message.", by="lead"),
            them("23h 31m", "Great, which day?"),
            them("23h 22m", "Hello? The courier comes at three, I still have no label"),
        ),
    ),
    Story(
        "Ana Beatriz Fontoura", US, phone="+12025550122", language="pt", tags=("presale",), lines=(
            them("25m", "Oi! Vi o abajur no Instagram"),
            them("22m", "A cor é essa mesmo? 😍"),
            photo("21m", "lamp"),
        ),
    ),
    Story(
        "Bartholomew Featherstonehaugh-Vandersloot", US, phone="+12025550128", assignee="jonah",
        tags=("wholesale",), seen=True, lines=(
            them("2h 40m", "As discussed, our purchase order for the hotel lobby."),
            paper(
                "2h 20m", "purchase-order-BC-20398-revised-final.pdf", "Purchase order BC-20398",
                "24 x Alder floor lamp, black", "12 x Fennel side table",
            ),
        ),
        acts=(assigned("2h 30m", "jonah"), tagged("2h 30m", "wholesale")),
    ),
    Story(
        "", US, phone="+12025550173", lines=(
            place("3h 45m", "Dock 4, Larkspur Yard", "4 Larkspur Yard, Harrowfield", "38.9072", "-77.0369"),
        ),
    ),
    Story(
        "Leandro Quispe Sarmiento", US, phone="+12025550136", language="es", assignee="lead",
        seen=True, lines=(
            them("10h 10m", "Hola, ¿qué medidas tiene la mesa redonda?"),
            us("10h", "Hola Leandro, 120 cm de ancho y 74 cm de alto.", by="lead"),
            voice("9h 36m", 41),
        ),
    ),
    Story(
        "Zofia Maretti-Klein", US, user_id="whatsapp:US.7731900245518846", assignee="agent", lines=(
            them("1h 50m", "Hi, can you ship to Alaska?"),
            us("1h 35m", "We can, it takes about two weeks. Which item do you have in mind?"),
            them("1h 12m", "The juniper desk lamp, in pine green if you still have one"),
        ),
        tags=("presale", "delivery"),
    ),
    Story(
        "Trinh Bảo Anh", US, phone="+12025550141", language="vi", lines=(
            them("4h 5m", "Chào shop, mình muốn hỏi về đơn hàng BC-20409"),
            us("3h 55m", "Chào bạn, đơn hàng sẽ đến vào thứ Năm.", status="delivered"),
            them("3h 50m", "Cảm ơn nhiều ạ!"),
        ),
    ),
    Story(
        "Desmond Okafor", US, phone="+12025550147", status="pending", assignee="agent", seen=True, lines=(
            them("15h", "Do you have the lamp without the plug? We have our own wiring."),
            us("14h 40m", "I am asking the workshop, back with you today.", status="read"),
            note("14h 30m", "Workshop says yes for five or more."),
        ),
        tags=("wholesale",),
    ),
    Story(
        "Marguerite Delacroix-Fontaine", US, phone="+12025550152", language="fr", assignee="lead", lines=(
            photo("1d 9h", "label", "L’étiquette est illisible, le livreur l’a refusée"),
            failed("8h", "Voici une nouvelle étiquette, avec toutes mes excuses.", 63016, "lead"),
        ),
        tags=("returns",), seen=True,
    ),
    Story(
        "Kenji Watanabe-Lopez", US, phone="+12025550158", status="resolved", assignee="agent", lines=(
            template(
                "3d 7h", "order_shipped", "Hi Kenji, order BC-20366 left our workshop today.",
                variables={"1": "Kenji", "2": "BC-20366"},
            ),
            tapped("3d 5h", "Track order", reply_to=0),
            us("3d 5h", "It is in Baltimore now and should reach you tomorrow."),
            them("3d 4h", "Super, thanks"),
        ),
        acts=(resolved("3d 2h"),),
    ),
    Story(
        "Fatoumata Diallo", US, phone="+12025550163", given_name="Fatou Diallo (Studio Nord)",
        assignee="lead", tags=("vip", "wholesale"), seen=True, lines=(
            them("12h 20m", "The six lamps look wonderful in the studio"),
            card("12h 10m", "Studio Nord accounts", "+1 202 555 0190"),
            them("12h 9m", "Please send the invoice to this contact"),
            us("11h 50m", "Gladly, thank you Fatou!", by="lead", reply_to=2),
            sent_photo("11h 40m", "two lamps", "And here is what we could add.", "lead", status="delivered"),
        ),
    ),
    Story(
        "Hyeon-woo Bae", US, phone="+12025550169", language="ko", lines=(
            them("2d 22h", "안녕하세요, 배송은 얼마나 걸리나요?"),
            us("2d 21h", "안녕하세요! 보통 7일에서 10일 정도 걸립니다.", status="delivered"),
            them("2d 20h", "네, 감사합니다"),
        ),
    ),
    Story(
        "Ludmila Horáková", US, phone="+12025550177", lines=(
            them("5m", kind="unsupported", payload={"MessageType": "poll_creation"}),
            them("4m", "Did you get my poll? Brass or black for the hallway?"),
        ),
    ),
)  # fmt: skip
