"""Secrets that an installation makes for itself, once, and keeps under DATA_DIR."""

from __future__ import annotations

import os
import secrets
import tempfile
from pathlib import Path


def secret_key(data_dir: Path) -> str:
    """The installation's own SECRET_KEY: 67 characters, the same at every start."""
    return kept_secret(data_dir, "secret_key", length=50)


def kept_secret(data_dir: Path, name: str, *, length: int = 16) -> str:
    """The text of `data_dir/name`, made of `length` random bytes when it does not exist yet."""
    path = data_dir / name
    if not path.exists():
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        _create(path, secrets.token_urlsafe(length))
    return path.read_text().strip()


def _create(path: Path, text: str) -> None:
    """Write beside and link into place: two processes that start at once agree on the first one's text."""
    handle, draft = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")  # mkstemp: mode 0600
    try:
        with os.fdopen(handle, "w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        os.unlink(draft)
