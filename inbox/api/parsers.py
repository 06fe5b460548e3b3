from __future__ import annotations

import io
from typing import IO, Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework.exceptions import APIException, ParseError
from rest_framework.parsers import JSONParser

MAX_BODY = 256 * 1024  # bytes


class TooLarge(APIException):
    status_code = 413
    default_detail = gettext_lazy("The request is larger than 256 kB.")
    default_code = "too_large"


class BoundedJSONParser(JSONParser):
    """JSON up to 256 kB; whatever cannot be read is an answer of 400, never an accident."""

    def parse(self, stream: IO[bytes], media_type: str | None = None, parser_context: Any = None) -> Any:
        body = stream.read(MAX_BODY + 1)
        if len(body) > MAX_BODY:
            raise TooLarge
        try:
            return super().parse(io.BytesIO(body), media_type, parser_context)
        except RecursionError:
            raise ParseError(_("This JSON is nested too deeply.")) from None
