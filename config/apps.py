from __future__ import annotations

from django.apps import AppConfig


class ProjectConfig(AppConfig):
    """The project itself: its system checks and the commands `serve` and `worker`."""

    name = "config"

    def ready(self) -> None:
        from config import checks  # noqa: F401 (importing registers them)
