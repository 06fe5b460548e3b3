"""Full-text search: PostgreSQL's `simple` configuration over folded text.

Folding (lower case, accents off, everything but letters and digits to spaces) happens in the
database by `inbox_fold` for what is stored and in Python by `fold` for what is asked; both must
agree, which one table of cases in the tests checks.
"""

from __future__ import annotations

import re
import unicodedata

from django.contrib.postgres.search import SearchQuery, SearchVectorField
from django.db.models import Func, TextField, Value
from django.db.models.functions import Coalesce, Concat

_MARKS = re.compile(r"[\u0300-\u036f]+")
_NOT_WORD = re.compile(r"[\W_]+")


class Fold(Func):
    function = "inbox_fold"
    output_field = TextField()


class Searchable(Func):
    """`to_tsvector('simple', inbox_fold(a || ' ' || b))` over the named columns."""

    function = "to_tsvector"
    template = "%(function)s('simple'::regconfig, %(expressions)s)"
    output_field = SearchVectorField()

    def __init__(self, *columns: str) -> None:
        parts: list[object] = []
        for column in columns:
            parts += [Coalesce(column, Value(""), output_field=TextField()), Value(" ")]
        super().__init__(Fold(Concat(*parts, output_field=TextField())))


def fold(text: str) -> str:
    text = _MARKS.sub("", unicodedata.normalize("NFKD", text).lower())
    return _NOT_WORD.sub(" ", text).strip()


def query(text: str) -> SearchQuery | None:
    """Every word must be there, the last one may be a beginning. None when nothing is asked."""
    words = fold(text).split()
    if not words:
        return None
    raw = " & ".join(f"{word}:*" for word in words)
    return SearchQuery(raw, search_type="raw", config="simple")
