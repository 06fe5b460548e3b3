from __future__ import annotations

from typing import Any

from django.apps import AppConfig
from django.db import connections
from django.db.models.signals import post_migrate, pre_migrate


class ProjectConfig(AppConfig):
    """The project itself: its system checks and the commands `serve` and `worker`."""

    name = "config"

    def ready(self) -> None:
        from config import checks  # noqa: F401 (importing registers them)

        pre_migrate.connect(take_your_time)
        post_migrate.connect(hurry_again)


def take_your_time(using: str, **rest: Any) -> None:
    """A page that takes ten seconds is broken; a migration of a large table is not."""
    with connections[using].cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")


def hurry_again(using: str, **rest: Any) -> None:
    with connections[using].cursor() as cursor:
        cursor.execute("RESET statement_timeout")
