"""Full-text search: PostgreSQL's `simple` configuration over folded text.

The database folds what is stored and what is asked with the same function, `inbox_fold` (see the first
migration): lower case, accents off, everything but letters and digits to spaces. So nothing that a person
types is syntax, and both sides always agree.
"""

from __future__ import annotations

from django.contrib.postgres.search import SearchQuery, SearchVectorField
from django.db.models import Func, TextField, Value
from django.db.models.functions import Coalesce, Concat


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


class Words(SearchQuery):
    """Every word must be there, each may be the beginning of one. Nothing asked finds nothing."""

    template = "to_tsquery('simple'::regconfig, replace(nullif(%(expressions)s, ''), ' ', ':* & ') || ':*')"

    def __init__(self, text: str) -> None:
        Func.__init__(self, Fold(Value(text.replace("\0", " "))))
        self.invert = False


def query(text: str) -> Words | None:
    """What to compare a `search` column with, or None when nothing is asked."""
    return Words(text) if text.strip() else None
