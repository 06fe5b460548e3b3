from __future__ import annotations

import re

import pytest

from channels_whatsapp import errors
from channels_whatsapp.errors import Act

# Every code of Twilio's that a WhatsApp sender meets, as its error pages list them.
LISTED = """
20003 20005 20006 20009 20010 20404 20409 20429 20500 20503 21211 21212 21408 21602 21603 21604 21606
21608 21609 21610 21611 21612 21614 21617 21619 21620 21623 21654 21655 21656 21658 21703 21704 21705
21910 30001 30002 30003 30004 30005 30006 30007 30008 30036 30410 63001 63002 63003 63005 63006 63007
63008 63009 63010 63011 63012 63013 63014 63015 63016 63017 63018 63019 63020 63021 63022 63023 63024
63025 63026 63027 63028 63029 63030 63031 63032 63033 63034 63037 63038 63040 63041 63042 63043 63044
63045 63046 63047 63049 63051 63062 63100 63101 63104 63110 63111 63113 63114 63116 63124 92005 11200
11205 11220 11235 11236 11237 12100 12200 12300 11750 11751 14107
"""
CODES = LISTED.split()

JARGON = re.compile(
    r"\b(API|SID|HTTP|webhook|callback|param|payload|null|None|error \d|WABA|JSON|TLS)\b", re.I
)


@pytest.mark.parametrize("code", CODES)
def test_every_code_has_a_sentence_and_a_next_step_in_plain_words(code: str) -> None:
    said = errors.explain(int(code))
    for text in (said.sentence, said.next_step):
        assert re.fullmatch(r"[A-Z].{8,}[.?]", text), text
        assert not JARGON.search(text), text
    assert len(f"{said.sentence} {said.next_step}") <= 300


def test_no_code_stands_in_two_rows() -> None:
    codes = [code for entry in errors.TABLE for code in entry.codes]
    assert len(codes) == len(set(codes)) == len(CODES)


def test_an_unknown_code_is_shown_by_its_number() -> None:
    assert "63112" in errors.explain(63112).sentence
    assert errors.explain(63112).next_step
    assert errors.explain(None).sentence


@pytest.mark.parametrize(
    ("status", "code", "act"),
    [
        (429, 20429, Act.RETRY),
        (429, None, Act.RETRY),
        (400, 21211, Act.PERMANENT),
        (400, 63112, Act.PERMANENT),
        (404, None, Act.PERMANENT),
        (401, 20003, Act.FIX),
        (400, 21611, Act.RETRY),
        (400, 63018, Act.SLOW),
        (400, 63019, Act.ONCE),
        # A message may have been created all the same, whatever the code says.
        (500, 20500, Act.UNKNOWN),
        (503, 21611, Act.UNKNOWN),
        (502, None, Act.UNKNOWN),
        (None, None, Act.UNKNOWN),
        (200, None, Act.UNKNOWN),
    ],
)
def test_what_follows_from_a_failed_call(status: int | None, code: int | None, act: Act) -> None:
    assert errors.decision(status, code).act == act


@pytest.mark.parametrize(
    ("code", "may"), [(21611, True), (20003, True), (30410, True), (63016, False), (21610, False)]
)
def test_a_person_may_retry_only_where_it_can_help(code: int, may: bool) -> None:
    assert errors.explain(code).retryable is may
