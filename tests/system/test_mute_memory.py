"""A mute survives the process."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge_agent.system.mute_memory import MuteMemory
from edge_agent.timeline import Happening


def memory(directory: Path) -> MuteMemory:
    return MuteMemory({"STATE_DIRECTORY": str(directory)})


class TestAMute:
    def test_is_known_to_the_next_process_until_it_is_lifted(self, tmp_path: Path) -> None:
        assert not memory(tmp_path).muted
        memory(tmp_path).hear(Happening(0, 1, "mute"))
        assert memory(tmp_path).muted
        memory(tmp_path).hear(Happening(0, 1, "unmute"))
        assert not memory(tmp_path).muted

    def test_is_not_changed_by_anything_else(self, tmp_path: Path) -> None:
        memory(tmp_path).hear(Happening(0, 1, "mute"))
        for kind in ("wake", "press", "idle"):
            memory(tmp_path).hear(Happening(0, 1, kind))
        assert memory(tmp_path).muted

    def test_without_a_place_to_keep_it_is_forgotten(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(tmp_path)
        MuteMemory({}).hear(Happening(0, 1, "mute"))
        assert not MuteMemory({}).muted
        assert list(tmp_path.iterdir()) == []

    def test_that_cannot_be_written_is_told_once(self, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
        (tmp_path / "taken").write_text("a file where a folder should be")
        nowhere = memory(tmp_path / "taken")
        for _ in range(3):
            nowhere.hear(Happening(0, 1, "mute"))
        (record,) = caplog.records
        assert str(tmp_path / "taken" / "muted") in record.getMessage()
