"""Timers through a restart of the real process: what came due meanwhile rings at once, what is long over is told."""

from __future__ import annotations

import json
import time
from pathlib import Path

from tests.daemon.process import NotifySocket, edge_agent, file_card

START_S = 30  # as in `test_daemon.py`


def log_of_a_run(directory: Path, timer_due_s_ago: float) -> tuple[str, list[dict[str, object]]]:
    """The log of a daemon that finds a timer of the run before it, and what it leaves in its place."""
    kept = directory / "timers.json"
    due = time.time() - timer_due_s_ago
    kept.write_text(json.dumps([{"id": "timer-1", "kind": "timer", "due": due, "label": "a secret", "daily": ""}]))
    systemd = NotifySocket(directory / "notify")
    env = {**file_card(directory), **systemd.env, "WATCHDOG_USEC": "2000000", "STATE_DIRECTORY": str(directory)}
    daemon = edge_agent("run", env=env)
    try:
        systemd.wait_for("READY=1", START_S)
        systemd.wait_for("WATCHDOG=1", 10)
    finally:
        daemon.terminate()
        _, log = daemon.communicate(timeout=15)
        systemd.close()
    return log, json.loads(kept.read_text())


class TestATimerOfTheLastRun:
    def test_that_came_due_meanwhile_rings_at_once_and_stays_until_somebody_ends_it(self, tmp_path: Path) -> None:
        log, left = log_of_a_run(tmp_path, 60)
        assert "the alarm rings" in log
        assert "a secret" not in log
        assert [entry["id"] for entry in left] == ["timer-1"]

    def test_that_is_long_over_is_told_and_forgotten(self, tmp_path: Path) -> None:
        log, left = log_of_a_run(tmp_path, 7200)
        assert "timer missed: due 72" in log
        assert "the alarm rings" not in log
        assert left == []
