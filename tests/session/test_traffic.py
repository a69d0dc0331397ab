"""The log of the wire: complete, private, and in nobody's way."""

from __future__ import annotations

import json
import logging
import stat
from pathlib import Path
from typing import Any

import pytest

from edge_agent.session.link import Endpoint
from edge_agent.session.traffic import TrafficLog
from tests.session.test_conversation import FakeLink, provider


class User:
    def __init__(self) -> None:
        self.told: list[Any] = []

    def link_opened(self) -> None:
        self.told.append("opened")

    def link_event(self, event: dict[str, Any]) -> None:
        self.told.append(event)

    def link_lost(self, reason: str, fatal: bool) -> None:
        self.told.append((reason, fatal))


def wired(path: Path) -> tuple[TrafficLog, FakeLink, User]:
    link, user = FakeLink(), User()
    link.open = True
    clock = iter(range(0, 1000, 10))
    return TrafficLog(path, lambda: next(clock), link=link, user=user), link, user


class TestTheFile:
    def test_has_every_event_of_both_directions_with_its_time(self, tmp_path: Path) -> None:
        log, _, _ = wired(tmp_path / "wire.jsonl")
        log.send({"type": "input_audio_buffer.clear"})
        log.link_event({"type": "input_audio_buffer.cleared", "note": "größer"})
        lines = [json.loads(line) for line in (tmp_path / "wire.jsonl").read_text().splitlines()]
        assert lines == [
            {"t_ms": 0, "dir": "out", "event": {"type": "input_audio_buffer.clear"}},
            {"t_ms": 10, "dir": "in", "event": {"type": "input_audio_buffer.cleared", "note": "größer"}},
        ]
        log.stop()

    @pytest.mark.parametrize("exists", [False, True])
    def test_is_for_its_owner_only(self, tmp_path: Path, exists: bool) -> None:
        path = tmp_path / "wire.jsonl"
        if exists:
            path.write_text("{}\n")
            path.chmod(0o644)
        log, _, _ = wired(path)
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        log.stop()

    def test_never_sees_the_key(self, tmp_path: Path) -> None:
        log, link, _ = wired(tmp_path / "wire.jsonl")
        ours = provider(key="sk-secret")
        log.connect(ours.endpoint())
        log.send(ours.session_update("e1"))
        assert "sk-secret" not in (tmp_path / "wire.jsonl").read_text()
        assert link.endpoints[0].headers["Authorization"] == "Bearer sk-secret"
        log.stop()

    @pytest.mark.parametrize("header", ["Authorization", "api-key"])
    def test_never_sees_the_key_in_a_servers_own_words_either(self, tmp_path: Path, header: str) -> None:
        log, _, user = wired(tmp_path / "wire.jsonl")
        value = "Bearer not-shaped-like-one" if header == "Authorization" else "not-shaped-like-one"
        log.connect(Endpoint("ws://127.0.0.1:1/", {header: value}))
        event = {"type": "error", "error": {"message": "Incorrect API key provided: not-shaped-like-one.", "n": 7}}
        log.link_event(event)
        log.link_event({"type": "x", "deep": [{"not-shaped-like-one": [value]}]})
        text = (tmp_path / "wire.jsonl").read_text()
        assert "shaped" not in text
        assert json.loads(text.splitlines()[0])["event"]["error"] == {
            "message": "Incorrect API key provided: ***.",
            "n": 7,
        }
        assert user.told[0] is event
        log.stop()

    def test_being_written_is_said_aloud_with_its_name_and_what_it_holds(
        self, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        log, _, _ = wired(tmp_path / "wire.jsonl")
        (record,) = caplog.records
        assert record.levelno == logging.WARNING
        assert str(tmp_path / "wire.jsonl") in record.getMessage()
        assert "everything that is said" in record.getMessage()
        log.stop()


class TestTheSession:
    def test_passes_through_unchanged(self, tmp_path: Path) -> None:
        log, link, user = wired(tmp_path / "wire.jsonl")
        log.send({"type": "x"})
        log.forget_unsent(3)
        log.link_opened()
        log.link_event({"type": "y"})
        log.link_lost("gone", True)
        log.close()
        assert link.sent == [{"type": "x"}]
        assert link.forgotten == [3]
        assert link.closes == 1
        assert user.told == ["opened", {"type": "y"}, ("gone", True)]
        log.stop()

    @pytest.mark.parametrize("path", ["/dev/full", "/nonexistent/wire.jsonl", "/proc/version"])
    def test_goes_on_when_the_file_cannot_be_written_and_says_so_once(
        self, path: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.WARNING)
        log, link, user = wired(Path(path))
        for _ in range(3):
            log.send({"type": "x"})
            log.link_event({"type": "y"})
        assert not log.on
        assert len(link.sent) == len(user.told) == 3
        lost = [record.getMessage() for record in caplog.records if "nothing is logged any more" in record.getMessage()]
        assert len(lost) == 1
        assert path in lost[0]
