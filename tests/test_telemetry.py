"""Nothing of ours, and nothing that we run, reports to anybody."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

RUNS_A_NETWORK = """
from pathlib import Path
import onnxruntime
from edge_agent.hearing import models
onnxruntime.InferenceSession(str(models.wake_head("hey_jarvis").path))
"""


def left_behind(script: str, home: Path) -> list[str]:
    """What a program leaves in an empty home; a telemetry begins with an identifier there."""
    subprocess.run([sys.executable, "-c", script], env={"HOME": str(home)}, check=True, timeout=120)
    return [str(path.relative_to(home)) for path in home.rglob("*") if path.is_file()]


class TestOnnxruntime:
    def test_keeps_no_identifier_and_so_reports_nothing_when_we_run_it(self, tmp_path: Path) -> None:
        assert left_behind("import edge_agent" + RUNS_A_NETWORK, tmp_path) == []

    def test_would_by_itself_and_so_this_test_can_fail(self, tmp_path: Path) -> None:
        script = RUNS_A_NETWORK.replace(
            "onnxruntime.Inf", "import os\ndel os.environ['ORT_DISABLE_TELEMETRY']\nonnxruntime.Inf"
        )
        if not left_behind(script, tmp_path):
            pytest.skip("this version of onnxruntime keeps no identifier")
