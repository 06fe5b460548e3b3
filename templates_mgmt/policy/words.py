"""Words of many languages that the rules look for or put in."""

from __future__ import annotations

import re

GREETINGS = {
    "en": "Hi", "es": "Hola", "pt": "Olá", "de": "Hallo", "fr": "Bonjour", "it": "Ciao", "nl": "Hallo",
    "tr": "Merhaba", "id": "Halo", "pl": "Cześć", "ru": "Здравствуйте,", "ar": "مرحباً", "he": "שלום",
    "hi": "नमस्ते",
}  # fmt: skip
THANKS = {
    "en": "Thank you.", "es": "Gracias.", "pt": "Obrigado.", "de": "Vielen Dank.", "fr": "Merci.",
    "it": "Grazie.", "nl": "Bedankt.", "tr": "Teşekkürler.", "id": "Terima kasih.", "pl": "Dziękujemy.",
    "ru": "Спасибо.", "ar": "شكراً لكم.", "he": "תודה.", "hi": "धन्यवाद।",
}  # fmt: skip
# Beginnings of words, by language: "sale" sells in English and leaves the workshop in Spanish.
PROMOTION = {
    "en": "sale discount offer deals promo coupon voucher cashback bargain giveaway",
    "es": "descuento oferta rebaja promoci cupón cupon gratis",
    "pt": "desconto oferta promoç liquidaç cupom grátis",
    "de": "rabatt sonderangebot angebot gutschein aktion schlussverkauf gratis",
    "fr": "remise soldes promo réduction gratuit",
    "it": "sconto sconti offerta offerte saldi promo gratis",
    "nl": "korting aanbieding uitverkoop gratis",
    "tr": "indirim kampanya fırsat hediye",
    "id": "diskon promo gratis",
    "pl": "rabat promocj wyprzedaż zniżk",
    "ru": "скидк акци распродаж промокод",
    "ar": "خصم تخفيض عروض كوبون",
    "he": "מבצע הנחה קופון",
    "hi": "छूट ऑफर डिस्काउंट",
    "zh": "优惠 折扣 促销 優惠 促銷",
    "ja": "割引 セール クーポン",
}
# Scripts that glue small words on, or write without spaces: there a word is found anywhere.
GLUED = frozenset({"ar", "he", "zh", "ja"})
UNSPACED = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]")
