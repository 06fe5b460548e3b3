"""Words by which a customer opts out or in, in several languages. Pure.

Only a whole message is a keyword, however it is written: case, width, diacritics, punctuation, emoji and
white space around it do not count. A question mark does: "stop?" asks something. A sentence that has such
a word in it decides nothing; a person is asked about it (`sounds_like_stop`).

Sources: Twilio, "Advanced Opt-Out" (the English words); the other languages have the words with which
their mobile operators and newsletters let people stop.
"""

from __future__ import annotations

import re
import unicodedata

OPT_OUT, OPT_IN = "opt_out", "opt_in"

# They mean nothing else.
_UNSUBSCRIBE = """
    unsubscribe, opt out, optout, stop all, stopall, stop messages, remove me
    abmelden, abbestellen, keine nachrichten mehr
    désabonner, désabonnement, se désabonner, me désabonner, désinscrire, se désinscrire, désinscription
    darme de baja, dar de baja, cancelar suscripción, desuscribir, desuscribirme
    descadastrar, descadastrar-me, cancelar inscrição, cancelar subscrição
    disiscrivi, disiscrivimi, disiscriviti, cancellami
    afmelden, uitschrijven, afmeld, avmeld, avregistrera, avsluta prenumeration, meld av
    abonelikten çık, aboneliği iptal et, listeden çık
    отписаться, отписка, отпишите меня, відписатися, відписка
    wypisz, wypisz mnie, rezygnuję, odhlásit, odhlásiť, dezabonare, leiratkozás
    διαγραφή, απεγγραφή, הסר, הסירו אותי, להסרה, הסרה
    إلغاء الاشتراك, الغاء الاشتراك, إلغاء الإشتراك
    退订, 退訂, 取消订阅, 取消訂閱, 配信停止, 登録解除, 수신거부, 수신 거부, 구독 취소
    berhenti langganan, huỷ đăng ký, hủy đăng ký, ยกเลิกการรับข่าวสาร, सदस्यता समाप्त
"""
# They ask to stop when they stand alone.
_STOP = """
    stop, stopp, stoppen, arrêt, arrêter, arrêtez, detener, parem, sair, ferma
    стоп, зупинити, zastav, zatrzymaj, durdur
    إيقاف, ايقاف, أوقف, اوقف, توقف, עצור, עצרו
    停止, ストップ, やめて, 중지, 그만, dừng, หยุด, रोकें, रोको, berhenti, hentikan
"""
# So do these, but on a button they answer a question: "Confirm / Cancel" is what every appointment asks.
_ANSWERS = """
    cancel, end, quit, revoke, cancelar, anular, annuler, annulla, annulleren, abbrechen, parar, baja, iptal
    отмена, anuluj, إلغاء, الغاء, בטל, ביטול, 取消, キャンセル, 취소, batal, huỷ, hủy, ยกเลิก, रद्द करें
"""
# Agreeing needs more than a word for "begin", and more than a button of that name.
_START = """
    start, unstop, opt in, optin, subscribe, resubscribe
    anmelden, abonnieren, s'abonner, me réabonner, darme de alta, suscribir, suscribirme, inscrever
    iscrivimi, aanmelden, başlat, abone ol, старт, подписаться, підписатися, zapisz mnie
    ابدأ, اشتراك, הרשמה, 订阅, 訂閱, 구독, berlangganan, đăng ký, สมัครรับข่าวสาร
"""
# What a sentence says that may mean it. "Cancel my order" does not.
_PLEAS = """
    stop writing, stop messaging, stop texting, stop sending, stop contacting, stop spamming, stop bothering
    do not write, don't write, do not message, don't message, do not text, don't text, do not contact
    don't contact, leave me alone, no more messages, take me off
    nicht mehr schreiben, keine nachrichten, lassen sie mich in ruhe
    ne m'écrivez plus, plus de messages, laissez-moi tranquille
    no me escriban, no me escribas, no más mensajes, no quiero más mensajes, déjenme en paz
    não quero mais, não me mande, parem de, pare de, non scrivetemi, non scrivermi, niet meer schrijven
    yazmayın, mesaj atmayın, не пишите, больше не пишите, لا تراسلني, لا ترسلوا, 不要再发, 不要再發
"""
# Longer ones tell a story, and no one word of it is the point.
_SHORT = 240  # characters
_NO_SPACES = re.compile(r"[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_QUESTION_MARKS = frozenset("?？؟¿;⁇⁉❓❔")


def plain(text: str) -> str:
    """One spelling for all: small letters of one width, no marks above or below, one space, bare ends.

    A question mark at an end stays.
    """
    text = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).casefold())
    text = "".join(c for c in text if unicodedata.category(c) != "Mn").replace("ı", "i")
    text = unicodedata.normalize("NFC", text).replace("\u2019", "'")
    start, end = 0, len(text)
    while start < end and not _counts(text[start]):
        start += 1
    while start < end and not _counts(text[end - 1]):
        end -= 1
    return re.sub(r"[\s\-_\u2010-\u2015]+", " ", text[start:end])


def _counts(char: str) -> bool:
    return unicodedata.category(char)[0] in "LNM" or char in _QUESTION_MARKS


def _words(text: str) -> frozenset[str]:
    return frozenset(plain(word) for line in text.split("\n") for word in line.split(",") if word.strip())


UNSUBSCRIBE, STOP, ANSWERS = _words(_UNSUBSCRIBE), _words(_STOP), _words(_ANSWERS)
START, PLEAS = _words(_START), _words(_PLEAS)
OUT = UNSUBSCRIBE | STOP | ANSWERS


def said(text: str, *, on_button: bool = False) -> str:
    """``opt_out`` or ``opt_in`` when the whole message says so, or empty."""
    if len(text) > _SHORT:
        return ""
    word = plain(text)
    if word in OUT and not (on_button and word in ANSWERS):
        return OPT_OUT
    return OPT_IN if word in START and not on_button else ""


def sounds_like_stop(text: str) -> bool:
    """Whether a message that is no keyword may still ask us to stop writing; for a person to decide."""
    if len(text) > _SHORT or said(text):
        return False
    words = plain(text)
    if _NO_SPACES.search(words):
        return any(word in words for word in UNSUBSCRIBE | STOP | PLEAS if _NO_SPACES.search(word))
    bare = " ".join(re.findall(r"[^\W_]+(?:'[^\W_]+)*", words))
    found = f" {bare} "
    if any(f" {phrase} " in found for phrase in UNSUBSCRIBE | PLEAS):
        return True
    return any(bare.startswith(f"{word} ") or bare.endswith(f" {word}") or bare == word for word in STOP)
