"""Templates for tests, as they stand after a sync."""

from __future__ import annotations

import itertools
from typing import Any

from channels_whatsapp.models import Account
from templates_mgmt import content as kinds
from templates_mgmt.models import Family, Template
from tests.conftest import ACCOUNT_SID

_numbers = itertools.count(1)


def account(sid: str = ACCOUNT_SID) -> Account:
    return Account.objects.get_or_create(sid=sid)[0]


def template(
    name: str = "order_shipped",
    body: str = "Hi {{1}}, order {{2}} leaves today.",
    *,
    language: str = "en",
    sid: str = "",
    at: Account | None = None,
    types: dict[str, Any] | None = None,
    sources: dict[str, str] | None = None,
    **fields: Any,
) -> Template:
    """Approved, in the utility category, unless said otherwise; `sources` maps variables to theirs."""
    family, _new = Family.objects.get_or_create(account=at or account(), name=name)
    told = {"status": Template.APPROVED, "category": "UTILITY", "variables": {"1": "Sample", "2": "Sample"}}
    return Template.objects.create(
        family=family,
        language=language,
        content_sid=sid or f"HX{next(_numbers):032x}",
        types=types or kinds.text(body),
        fields={name: {"source": source} for name, source in (sources or {}).items()},
        submission=Template.Submission.DONE,
        **(told | fields),
    )
