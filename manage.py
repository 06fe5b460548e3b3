#!/usr/bin/env python
from __future__ import annotations

import os
import sys

# These answer without a database, or start it themselves.
WITHOUT_DATABASE = {
    "help",
    "version",
    "simulator",
    "collectstatic",
    "makemessages",
    "compilemessages",
    "serve",
}


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    try:
        from django.core.management import execute_from_command_line
    except ImportError:
        sys.exit("Error: Django is not installed here. `make run` installs it; then use .venv/bin/python.")
    words = set(sys.argv[1:])
    if words and not words & {"--help", "-h", "--version"} and sys.argv[1] not in WITHOUT_DATABASE:
        start_database()
    elif words:
        read_settings()
    execute_from_command_line(sys.argv)


def read_settings() -> None:
    """Read them now, so that a wrong one is one sentence and not a traceback."""
    from django.conf import settings
    from django.core.exceptions import ImproperlyConfigured

    try:
        settings.DEBUG  # noqa: B018 (reading one reads all)
    except ImproperlyConfigured as error:
        sys.exit(f"Error: {error}")
    except OSError as error:
        sys.exit(
            f"Error: cannot use {error.filename}: {error.strerror}. Set DATA_DIR to a directory of yours."
        )


def start_database() -> None:
    """Start the embedded PostgreSQL, unless DATABASE_URL names another server."""
    read_settings()
    from django.conf import settings

    from config import postgres

    if settings.EMBEDDED_POSTGRES:
        try:
            postgres.ensure_running(settings.DATA_DIR)
        except (postgres.PostgresError, OSError) as error:
            sys.exit(f"Error: {error}")


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
