from __future__ import annotations

from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from inbox.models import Agent, ApiKey


class Command(BaseCommand):
    help = (
        "Makes an API key that acts as this user, and prints it as the last line. It cannot be shown again."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("user", help="username or email address")
        parser.add_argument("--name", default="", help="what the key is for")
        parser.add_argument("--scope", choices=ApiKey.Scope.values, default=ApiKey.Scope.WRITE)
        parser.add_argument("--days", type=int, help="how long it works; without it until it is revoked")

    def handle(self, *, user: str, name: str, scope: str, days: int | None, **_: Any) -> None:
        if days is not None and not 1 <= days <= 36_500:
            raise CommandError("--days must be between 1 and 36500.")
        expires_at = timezone.now() + timedelta(days=days) if days else None
        _key, text = ApiKey.issue(agent_called(user), name=name[:80], scope=scope, expires_at=expires_at)
        self.stdout.write(text)


def agent_called(user: str) -> Agent:
    agents = Agent.objects.filter(is_active=True)
    agent = (
        agents.filter(username=user).first() or agents.filter(email__iexact=user).exclude(email="").first()
    )
    if agent is None:
        known = ", ".join(agents.order_by("username").values_list("username", flat=True)[:20])
        raise CommandError(f"There is no active user called {user}. Known are: {known or 'none yet'}.")
    return agent
