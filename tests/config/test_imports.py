from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.browser.stack import ROOT


def test_imports_point_one_way() -> None:
    lint = Path(sys.executable).with_name("lint-imports")
    answer = subprocess.run([lint, "--no-cache"], cwd=ROOT, capture_output=True, text=True)
    assert answer.returncode == 0, answer.stdout + answer.stderr
