"""Finds a Chromium for the browser tests; `python -m tests.browser.chromium` gets one if there is none."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from functools import cache

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
PACKAGES = ("chromium", "fonts-liberation", "fonts-noto-color-emoji")
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
ASK_PLAYWRIGHT = """
from playwright.sync_api import sync_playwright
with sync_playwright() as playwright:
    print(playwright.chromium.executable_path)
"""


@cache
def find() -> str | None:
    """Path of a Chromium that starts: CHROMIUM, the system's, or Playwright's own."""
    return next((path for path in _candidates() if _starts(path)), None)


def is_required() -> bool:
    return os.environ.get("REQUIRE_BROWSER") == "1"


def _candidates() -> Iterator[str]:
    if chosen := os.environ.get("CHROMIUM"):
        yield chosen
    yield from (path for name in NAMES if (path := shutil.which(name)))
    if path := _of_playwright():
        yield path


def _of_playwright() -> str | None:
    found = subprocess.run([sys.executable, "-c", ASK_PLAYWRIGHT], capture_output=True, text=True)
    path = found.stdout.strip()
    return path if found.returncode == 0 and os.path.exists(path) else None


def _starts(path: str) -> bool:
    """Some packages install only a notice where the browser should be."""
    try:
        return subprocess.run([path, "--version"], capture_output=True, timeout=60).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def get() -> None:
    """Install one, by the system's packages where we are root, else by Playwright."""
    if hasattr(os, "geteuid") and os.geteuid() == 0 and shutil.which("apt-get"):
        quiet = {"env": {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}, "stdout": subprocess.DEVNULL}
        subprocess.run(["apt-get", "update", "-q"], **quiet)
        subprocess.run(["apt-get", "install", "-qy", "--no-install-recommends", *PACKAGES], **quiet)
        find.cache_clear()
    if not find():
        subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"])
        find.cache_clear()


def main() -> int:
    if not find():
        print("No Chromium here; getting one for the browser tests ...", flush=True)
        get()
    if path := find():
        print(f"Browser tests use {path}")
        return 0
    print(
        "No Chromium could be had: THE BROWSER TESTS WILL NOT RUN. Install one, or set CHROMIUM to its path."
    )
    return int(is_required())


if __name__ == "__main__":
    sys.exit(main())
