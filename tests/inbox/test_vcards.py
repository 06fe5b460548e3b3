from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from inbox.vcards import parse

CARD = b"""BEGIN:VCARD
VERSION:3.0
N:Haddadine;Idris;;;
FN:Idris Haddadine
ORG:Larkspur;Mews
item1.TEL;TYPE=CELL;waid=447700900455:+44 7700 900455
EMAIL:idris@example.com
END:VCARD
"""


def test_it_reads_names_and_numbers() -> None:
    (card,) = parse(CARD)
    assert (card.name, card.organisation, card.initials) == ("Idris Haddadine", "Larkspur", "IH")
    assert card.phones == ["+44 7700 900455"]
    assert card.emails == ["idris@example.com"]


def test_it_takes_the_structured_name_when_there_is_no_other() -> None:
    (card,) = parse(b"BEGIN:VCARD\r\nN:Doe;Jane\r\nTEL:1\r\nEND:VCARD")
    assert card.name == "Jane Doe"


def test_it_unfolds_lines_and_reads_old_encodings() -> None:
    (card,) = parse(
        b"BEGIN:VCARD\r\nFN;ENCODING=QUOTED-PRINTABLE:J=C3=BCrgen\r\nTEL:+49\r\n 171\r\nEND:VCARD"
    )
    assert card.name == "Jürgen"
    assert card.phones == ["+49171"]


def test_a_thousand_cards_are_read_as_ten() -> None:
    assert len(parse(CARD * 1000)) == 10


@given(st.binary(max_size=500))
def test_it_never_raises(content: bytes) -> None:
    parse(content)
    parse(b"BEGIN:VCARD\n" + content)
