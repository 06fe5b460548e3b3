#!/usr/bin/env python
from __future__ import annotations

import os
import sys

# Commands that answer without a database, so that help never waits for one to start.
WITHOUT_DATABASE = {"help", "version", "--version", "--help", "-h", "simulator", "collectstatic", "makemessages"}


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    if sys.argv[1:] and not WITHOUT_DATABASE & {sys.argv[1], *sys.argv[2:]} and sys.argv[1] != "serve":
        start_database()
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


def start_database() -> None:
    """Start the embedded PostgreSQL unless DATABASE_URL names another server."""
    from django.conf import settings

    from config import postgres

    if settings.EMBEDDED_POSTGRES:
        try:
            postgres.ensure_running(settings.DATA_DIR)
        except (postgres.PostgresError, OSError) as error:
            sys.exit(f"Error: {error}")


if __name__ == "__main__":
    main()
