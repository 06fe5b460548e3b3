"""Who works at Bramblecart, and the numbers they answer. All numbers are of ranges kept for fiction."""

from __future__ import annotations

from dataclasses import dataclass

UK, REPAIRS, US = "Shop UK", "Repairs", "Shop US"

#: name → address and the team that sees it; without a team everybody does.
CHANNELS = {
    UK: ("whatsapp:+447700900142", "Orders"),
    REPAIRS: ("whatsapp:+447700900187", "Repairs"),
    US: ("whatsapp:+12025550134", ""),
}
TAGS = ("billing", "damaged", "delivery", "presale", "restock", "returns", "vip", "warranty", "wholesale")


@dataclass(frozen=True)
class Colleague:
    username: str
    first_name: str
    last_name: str
    role: str
    teams: tuple[str, ...]
    may_sign_in: bool = True


COLLEAGUES = (
    Colleague("admin", "Priya", "Lindqvist", "admin", ()),
    Colleague("lead", "Ines", "Okoro", "lead", ("Orders", "Repairs")),
    Colleague("agent", "Tomasz", "Wren", "agent", ("Orders", "Repairs")),
    Colleague("jonah", "Jonah", "Abara", "agent", ("Repairs",), may_sign_in=False),
)
