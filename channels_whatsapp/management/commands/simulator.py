from __future__ import annotations

import signal
import threading
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from channels_whatsapp.simulator import Pace, Simulator, world


class Command(BaseCommand):
    help = "Pretend to be Twilio on a local port: REST API, signed webhooks, and the customer's phone at /."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--port", type=int, default=settings.SIMULATOR_PORT, help="port on 127.0.0.1 (%(default)s)"
        )
        parser.add_argument(
            "--webhook-base",
            default=settings.PUBLIC_BASE_URL or f"http://127.0.0.1:{settings.PORT}",
            help="where the application takes webhooks (%(default)s)",
        )
        parser.add_argument(
            "--instant", action="store_true", help="no pause between sent, delivered and read"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.TWILIO_ACCOUNT_SID or not settings.TWILIO_AUTH_TOKEN:
            raise CommandError(
                "Set TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN, or DEMO=1: webhooks are signed with them."
            )
        simulator = self.simulator(options)
        world.seed(simulator)
        simulator.refresh = world.seed
        stopped = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stopped.set())
        simulator.start()
        self.stdout.write(f"The customer's phone: {simulator.url}/")
        self.stdout.flush()
        stopped.wait()
        simulator.stop()

    def simulator(self, options: dict[str, Any]) -> Simulator:
        try:
            return Simulator(
                webhook_base=options["webhook_base"],
                account_sid=settings.TWILIO_ACCOUNT_SID,
                auth_tokens=settings.TWILIO_AUTH_TOKEN,
                senders=(),
                port=options["port"],
                pace=Pace() if options["instant"] else Pace.demo(),
                on_time_passed=world.pass_time,
                app_url=settings.PUBLIC_BASE_URL or f"http://127.0.0.1:{settings.PORT}",
            )
        except OSError as problem:
            raise CommandError(
                f"Port {options['port']} is taken ({problem.strerror}). Choose another with --port."
            ) from None
