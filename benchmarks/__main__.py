from __future__ import annotations

import argparse
import sys
import time
from importlib import import_module
from pathlib import Path

from benchmarks import report
from benchmarks.installation import temporary_installation

NAMES = ("ingestion", "pages", "live", "sending", "reading", "first_load", "memory")
RESULTS = Path(__file__).with_name("results.md")


def main() -> int:
    options = parser().parse_args()
    began = time.monotonic()
    figures: list[report.Figure] = []
    with temporary_installation(options) as installation:
        for name in options.names or NAMES:
            report.say(f"{name} ...")
            found = import_module(f"benchmarks.{name}").run(installation)
            report.say("\n".join(figure.row() for figure in found))
            figures += found
    text = report.text(figures, seconds=time.monotonic() - began)
    print(text)
    if options.write:
        RESULTS.write_text(text + "\n")
    return 0


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(
        "python -m benchmarks", description="How fast it is, as ratios within one run."
    )
    made.add_argument("names", nargs="*", choices=[*NAMES, []], metavar="name", help=f"of {', '.join(NAMES)}")
    made.add_argument("--rounds", type=int, default=5, help="rounds of each benchmark (5)")
    made.add_argument(
        "--quick", action="store_true", help="a second each, to see that it works; no figures to quote"
    )
    made.add_argument("--write", action="store_true", help=f"write the table to {RESULTS.name} too")
    made.add_argument("--explain", metavar="FILE", help="write the plan of every query that `reading` runs")
    return made


if __name__ == "__main__":
    sys.exit(main())
