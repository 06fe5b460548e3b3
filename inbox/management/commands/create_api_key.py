from __future__ import annotations

import re
from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from inbox.models import Agent, ApiKey, Channel


class Command(BaseCommand):
    help = (
        "Makes an API key that acts as this user, and prints it as the last line. It cannot be shown again."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("user", help="username or email address")
        parser.add_argument("--name", default="", help="what the key is for")
        scope = parser.add_mutually_exclusive_group()
        scope.add_argument("--scope", choices=ApiKey.Scope.values, default=ApiKey.Scope.WRITE)
        scope.add_argument(
            "--read-only", dest="scope", action="store_const", const=ApiKey.Scope.READ, help="changes nothing"
        )
        parser.add_argument(
            "--channel", action="append", default=[], dest="channels", metavar="NUMBER",
            help="reaches only this channel, by its number or name; say it again for another one",
        )  # fmt: skip
        parser.add_argument("--days", type=int, help="how long it works; without it until it is revoked")

    def handle(
        self, *, user: str, name: str, scope: str, channels: list[str], days: int | None, **_: Any
    ) -> None:
        if days is not None and not 1 <= days <= 36_500:
            raise CommandError("--days must be between 1 and 36500.")
        expires_at = timezone.now() + timedelta(days=days) if days else None
        agent, only = agent_called(user), [channel_called(words) for words in channels]
        _key, text = ApiKey.issue(agent, channels=only, name=name[:80], scope=scope, expires_at=expires_at)
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


def channel_called(words: str) -> Channel:
    """:raises CommandError: none, or more than one, is called so."""
    channels = Channel.objects.order_by("name")
    number = f"whatsapp:+{re.sub(r'[^0-9]', '', words)}"
    found = channels.filter(address=number)[:1] or channels.filter(name=words)[:2]
    if len(found) == 1:
        return found[0]
    known = ", ".join(f"{name} ({address})" for name, address in channels.values_list("name", "address")[:20])
    if found:
        raise CommandError(
            f"More than one channel is called {words}. Give its number instead. Known: {known}."
        )
    raise CommandError(f"There is no channel {words or 'without a name'}. Known are: {known or 'none yet'}.")
