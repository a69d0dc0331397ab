"""The file of timers and alarms: whole or not there, and never a reason to fail."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from edge_agent.timers.entry import Entry
from edge_agent.timers.memory import TimerMemory

ENTRIES = [Entry("timer-1", "timer", 1.8e9, "eggs"), Entry("alarm-1", "alarm", 1.9e9, "", "07:00")]


def memory(directory: Path) -> TimerMemory:
    return TimerMemory({"STATE_DIRECTORY": str(directory)})


class TestWhatIsSaved:
    def test_is_loaded_by_the_next_process(self, tmp_path: Path) -> None:
        memory(tmp_path).save(ENTRIES)
        assert memory(tmp_path).load() == ENTRIES

    def test_without_a_place_to_keep_it_is_forgotten(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(tmp_path)
        TimerMemory({}).save(ENTRIES)
        assert TimerMemory({}).load() == []
        assert list(tmp_path.iterdir()) == []

    def test_replaces_what_was_there_whole(self, tmp_path: Path) -> None:
        memory(tmp_path).save(ENTRIES)
        memory(tmp_path).save([])
        assert memory(tmp_path).load() == []
        assert [path.name for path in tmp_path.iterdir()] == ["timers.json"]

    def test_on_a_full_disk_is_told_once_and_the_last_list_stays(
        self, tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        kept = memory(tmp_path)
        kept.save(ENTRIES[:1])

        def full(descriptor: int) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

        monkeypatch.setattr(os, "fsync", full)
        for _ in range(3):
            kept.save(ENTRIES)
        (record,) = caplog.records
        assert "No space left on device: a restart will not know these timers" in record.getMessage()
        assert memory(tmp_path).load() == ENTRIES[:1]


class TestAFileThatIsNotOurs:
    @pytest.mark.parametrize(
        "text",
        [
            "",
            "{",
            "{}",
            "[7]",
            "[" * 5000,
            '[{"id": "timer-1"}]',
            '[{"id": "timer-1", "kind": "bomb", "due": 5, "label": "", "daily": ""}]',
            '[{"id": "timer-1", "kind": "timer", "due": true, "label": "", "daily": ""}]',
            '[{"id": "timer-1", "kind": "timer", "due": 1e300, "label": "", "daily": ""}]',
            '[{"id": "timer-1", "kind": "timer", "due": NaN, "label": "", "daily": ""}]',
            '[{"id": "alarm-1", "kind": "alarm", "due": 5, "label": "", "daily": "25:00"}]',
        ],
    )
    def test_is_told_and_counts_as_empty(self, text: str, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
        (tmp_path / "timers.json").write_text(text)
        assert memory(tmp_path).load() == []
        (record,) = caplog.records
        assert "timers and alarms of the last run are lost" in record.getMessage()

    def test_that_is_no_text_is_told(self, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
        (tmp_path / "timers.json").write_bytes(b"\xff\xfe\x00")
        assert memory(tmp_path).load() == []
        assert len(caplog.records) == 1
