"""Nothing leaves before a wake or a press, or while muted: real processes, real sockets, counted by a proxy in between
that shares no code with the session."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.daemon.process import edge_agent

SPEAK = """
[[talker]]
at_s = 2.0
voice = "flite:kal16"
text = "{text}"
"""
RUNS = {
    "idle": "",
    "ordinary_speech": SPEAK.format(text="the weather was fine and we walked along the river for an hour"),
    "wrong_word": SPEAK.format(text="hey jane what time is it"),
    "muted": "[[mute]]\nat_s = 1.0\non = true\n" + SPEAK.format(text="hey jarvis what time is it"),
    "awake": SPEAK.format(text="hey jarvis what time is it"),
}


@pytest.fixture(scope="module")
def summaries(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """All runs, two at a time: each takes its eight seconds in real time."""
    home = tmp_path_factory.mktemp("privacy")
    waiting, found = list(RUNS), {}
    while waiting:
        started = [(name, _start(name, home)) for name in waiting[:2]]
        del waiting[:2]
        for name, process in started:
            out, log = process.communicate(timeout=60)
            assert process.returncode == 0, log
            found[name] = {**json.loads(out), "events": (home / name / "events.jsonl").read_text()}
    return found


def _start(name: str, home: Path) -> subprocess.Popen[str]:
    scenario = home / f"{name}.toml"
    scenario.write_text('duration_s = 8\n[config.session]\nprovider = "local"\n' + RUNS[name])
    return edge_agent("simulate", str(scenario), "--realtime", "--json", "--out", str(home / name))


class TestNothingLeaves:
    @pytest.mark.parametrize("name", ["idle", "ordinary_speech", "wrong_word"])
    def test_before_the_wake_word(self, summaries: dict[str, dict[str, Any]], name: str) -> None:
        assert summaries[name]["bytes_before_wake"] == 0
        assert '"kind": "ready"' in summaries[name]["events"], "the link was up: there was somewhere to leave to"

    def test_while_muted(self, summaries: dict[str, dict[str, Any]]) -> None:
        assert summaries["muted"]["bytes_while_muted"] == 0
        assert '"kind": "wake"' not in summaries["muted"]["events"]


class TestTheCounter:
    def test_would_have_seen_it(self, summaries: dict[str, dict[str, Any]]) -> None:
        events = [json.loads(line) for line in summaries["awake"]["events"].splitlines()]
        assert sum(event["data"].get("bytes", 0) for event in events if event["kind"] == "append") > 20_000
        assert summaries["awake"]["bytes_before_wake"] == 0
