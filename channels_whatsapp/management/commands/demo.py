from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from channels_whatsapp.demo import build


class Command(BaseCommand):
    help = "Fills an empty demo installation with a small shop: colleagues, customers and their messages."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--reset", action="store_true", help="remove everything first, and start again")
        parser.add_argument("--password", help="of the users admin, lead and agent (DEMO_PASSWORD)")

    def handle(self, *, reset: bool, password: str | None, verbosity: int, **_: Any) -> None:
        must_be_a_demo()
        if reset:
            build.remove()
        if not build.is_empty():
            self.say("The inbox is not empty, so nothing was changed. --reset starts again.", verbosity)
            return
        demo = build.build(password or settings.DEMO_PASSWORD)
        self.say(f"{len(demo.scenes)} conversations on {len(demo.channels)} channels are ready.", verbosity)

    def say(self, text: str, verbosity: int) -> None:
        if verbosity:
            self.stdout.write(text)


def must_be_a_demo() -> None:
    if not settings.DEMO:
        raise CommandError(
            "This is not a demo installation, and customers who do not exist would sit beside real ones. "
            "Set DEMO=1 and use another DATA_DIR or DATABASE_URL."
        )
