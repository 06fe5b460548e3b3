"""The page of an exception while DEBUG is on: where it happened, without what people wrote or any secret."""

from __future__ import annotations

import re
from types import FrameType
from typing import Any

from django.http import HttpRequest, QueryDict
from django.utils.regex_helper import _lazy_re_compile
from django.views.debug import ExceptionReporter, SafeExceptionReporterFilter

from config.logs import HIDDEN, mask


class Shapes(SafeExceptionReporterFilter):
    """Of every value only its type and length."""

    cleansed_substitute = HIDDEN
    hidden_settings = _lazy_re_compile(
        r"API|AUTH|TOKEN|KEY|SECRET|PASS|SIGNATURE|COOKIE|QUERY_STRING|REFERER|(DATABASE|EMAIL).*URL",
        flags=re.IGNORECASE,
    )

    def get_traceback_frame_variables(
        self, request: HttpRequest | None, tb_frame: FrameType
    ) -> list[tuple[str, Any]]:
        return [(name, shape(value)) for name, value in tb_frame.f_locals.items()]

    def get_post_parameters(self, request: HttpRequest | None) -> dict[str, str]:
        return hidden(request.POST) if request is not None else {}

    def get_safe_cookies(self, request: HttpRequest) -> dict[str, str]:
        return hidden(request.COOKIES)


class Reporter(ExceptionReporter):
    def get_traceback_data(self) -> dict[str, Any]:
        data = super().get_traceback_data() | {"unicode_hint": ""}
        if self.request is not None:
            data["request_GET_items"] = hidden(self.request.GET).items()
            data["request_FILES_items"] = hidden(self.request.FILES).items()
            data["request_insecure_uri"] = data["request_insecure_uri"].partition("?")[0]
        return data

    def get_traceback_html(self) -> str:
        return mask(super().get_traceback_html())

    def get_traceback_text(self) -> str:
        return mask(super().get_traceback_text())


def shape(value: object) -> str:
    kind = type(value).__name__
    return f"{kind} of {len(value)}" if isinstance(value, str | bytes | list | tuple | dict | set) else kind


def hidden(values: QueryDict | dict[str, Any]) -> dict[str, str]:
    return dict.fromkeys(values, HIDDEN)
