from __future__ import annotations

import pytest
from django.db import connection

from inbox import search
from inbox.models import Contact

CASES = [
    ("AB-1234", "ab 1234"),
    ("Crème brûlée", "creme brulee"),
    ("someone@example.org", "someone example org"),
    ("Fatura adresini değiştirebilir misiniz?", "fatura adresini degistirebilir misiniz"),
    ("snake_case", "snake case"),
    ("ﬁne ½ ①", "fine 1 2 1"),
    ("شكراً، متى", "شكرا متى"),
    ("Ελληνικά", "ελληνικα"),
    ("日本語 ok", "日 本 語 ok"),
    ("हिन्दी", "हिन दी"),
    ("  ", ""),
]


@pytest.mark.django_db
@pytest.mark.parametrize(("text", "folded"), CASES)
def test_it_folds_text_to_plain_words(text: str, folded: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT inbox_fold(%s)", [text])
        assert cursor.fetchone()[0] == folded


@pytest.mark.django_db
@pytest.mark.parametrize("asked", ["creme", "CRÈME br", "ab-12", "1234", "شكراً", "本", "हि"])
def test_a_contact_is_found_by_the_beginning_of_any_word(asked: str) -> None:
    contact = Contact.objects.create(name="Crème Brûlée AB-1234 شكرا 日本語 हिन्दी")
    assert contact in Contact.objects.filter(search=search.query(asked))


@pytest.mark.django_db
@pytest.mark.parametrize("hostile", ["'", "a & | !", "x:*", "\\", "(((", "' OR 1=1 --", "🙂", "a\0b", " "])
def test_hostile_searches_are_only_words(hostile: str) -> None:
    asked = search.query(hostile)
    assert asked is None or list(Contact.objects.filter(search=asked)) == []
