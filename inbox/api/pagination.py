from __future__ import annotations

from typing import Any

from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.pagination import Cursor, CursorPagination
from rest_framework.request import Request


class NewestFirst(CursorPagination):
    """Keyset pages, newest first: `results`, `next`, `previous`."""

    ordering = ("-created_at", "-id")
    page_size = 50
    page_size_query_param = "page_size"
    max_page_size = 200

    def get_page_size(self, request: Request) -> int:
        text = request.query_params.get(self.page_size_query_param)
        if text is None:
            return self.page_size
        if not (text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= self.max_page_size):
            raise ValidationError({"page_size": [_("A number from 1 to %d.") % self.max_page_size]})
        return int(text)

    def decode_cursor(self, request: Request) -> Cursor | None:
        """A cursor that was made up is answered with 404; the database would trip over its value."""
        cursor = super().decode_cursor(request)
        if cursor is not None and cursor.position is not None and not self._fits(cursor.position):
            raise NotFound(self.invalid_cursor_message)
        return cursor

    def _fits(self, position: str) -> bool:
        try:
            time = parse_datetime(position)
        except ValueError:
            return False
        return time is not None and time.tzinfo is not None and time.year > 1

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        parameters = super().get_schema_operation_parameters(view)
        for parameter in parameters:
            if parameter["name"] == self.page_size_query_param:
                parameter["schema"] = {"type": "integer", "minimum": 1, "maximum": self.max_page_size}
        return parameters


class LatestActivity(NewestFirst):
    """Conversations, the one written in last first."""

    ordering = ("-last_message_at", "-id")


class LatestAdded(NewestFirst):
    """In the order of the primary key, for lists that no other index sorts."""

    ordering = ("-id",)

    def _fits(self, position: str) -> bool:
        return position.isascii() and position.isdigit() and len(position) < 19
