from __future__ import annotations

import argparse
import re
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from channels_whatsapp import client, reconcile

UNITS = {"m": "minutes", "h": "hours", "d": "days"}


def duration(text: str) -> timedelta:
    """`90m`, `2h` or `3d`."""
    found = re.fullmatch(r"(\d+)([mhd])", text.strip())
    if not found:
        raise argparse.ArgumentTypeError(f"{text!r} is not a duration such as 90m, 2h or 3d")
    return timedelta(**{UNITS[found[2]]: int(found[1])})


class Command(BaseCommand):
    help = "Compares Twilio's list of messages with ours, brings in what is missing, and says what it found."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--since", type=duration, default=reconcile.HOUR, metavar="2h",
            help="how far back (90m, 2h, 3d); always at least to the last proven mark",
        )  # fmt: skip

    def handle(self, *, since: timedelta, **_: Any) -> None:
        try:
            tallies = reconcile.everything(since)
        except client.CallFailed as failure:
            raise CommandError(
                f"Twilio's list could not be read: {failure} `manage.py doctor` says more."
            ) from failure
        for sender, tally in tallies.items():
            mark = f"{sender.complete_until:%Y-%m-%d %H:%M}" if sender.complete_until else "?"
            self.stdout.write(
                f"{sender}: {tally.recovered} messages recovered, {tally.statuses} statuses raised, "
                f"{tally.resolved} unknown sends resolved; complete until {mark} UTC"
            )
        if not tallies:
            self.stdout.write("There is no sender yet; `manage.py doctor` says how to get one.")
