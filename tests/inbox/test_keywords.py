from __future__ import annotations

import pytest

from inbox import keywords


@pytest.mark.parametrize(
    "text",
    ["stop", "STOP", " Stop.\n", "StopAll", "stop-all", "ＳＴＯＰ", "🛑 STOP 🙏", "*stop*", "«Стоп»",
     "Stop!!! 😡", "ARRÊT", "arret", "Désabonner", "Abmelden", "baja", "DARME DE BAJA", "sair", "afmelden",
     "İPTAL", "iptal", "стоп", "отписаться", "توقف", "إِيقَاف", "إلغاء الاشتراك", "הסר", "停止", "退订",
     "수신 거부", "रोकें", "หยุด", "opt out", "Opt-Out", "unsubscribe", "End", "quit"],
)  # fmt: skip
def test_a_whole_message_opts_out(text: str) -> None:
    assert keywords.said(text) == "opt_out"
    assert not keywords.sounds_like_stop(text)


@pytest.mark.parametrize(
    "text",
    ["start", " START ", "Unstop", "subscribe", "opt-in", "Anmelden", "старт", "ابدأ", "订阅", "Başlat"],
)
def test_a_whole_message_opts_in(text: str) -> None:
    assert keywords.said(text) == "opt_in"


@pytest.mark.parametrize(
    "text",
    ["stop, it is still broken", "please stop", "Stop?", "Stop writing to me", "I want to unsubscribe",
     "Bitte keine Nachrichten mehr!", "Please don’t text me again", "arrêtez s'il vous plaît",
     "no quiero más mensajes", "не пишите мне больше", "请退订谢谢"],
)  # fmt: skip
def test_a_sentence_decides_nothing_and_is_asked_about(text: str) -> None:
    assert keywords.said(text) == ""
    assert keywords.sounds_like_stop(text)


@pytest.mark.parametrize(
    "text",
    ["", " ", "🙏", "end of story", "cancel my order", "I cannot cancel it", "s t o p", "st\u200bop",
     "stopped", "nonstop", "The parcel stopped in Leeds and is there since", "Wann geht der Shop auf?",
     "取消订单可以吗", "when does it start", "stop " + "x" * 300],
)  # fmt: skip
def test_anything_else_is_an_ordinary_message(text: str) -> None:
    assert keywords.said(text) == ""
    assert not keywords.sounds_like_stop(text)


@pytest.mark.parametrize("text", ["Cancel", "Abbrechen", "Annuler", "İptal", "取消", "Baja", "Quit", "ยกเลิก"])
def test_a_button_that_answers_a_question_does_not_opt_out(text: str) -> None:
    assert keywords.said(text) == "opt_out"
    assert keywords.said(text, on_button=True) == ""


def test_a_button_that_only_stops_opts_out_and_none_opts_in() -> None:
    assert keywords.said("Unsubscribe", on_button=True) == "opt_out"
    assert keywords.said("Start", on_button=True) == ""


def test_no_word_says_both() -> None:
    assert not keywords.OUT & keywords.START
    assert "" not in keywords.OUT | keywords.START | keywords.PLEAS
