"""`edge-agent run` as systemd sees it: a real process, the real PortAudio and ALSA, a real server process beside it."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.daemon.process import NotifySocket, edge_agent, file_card

START_S = 30  # models, PortAudio and the server on a machine that does something else as well


@pytest.fixture
def systemd(tmp_path: Path) -> Iterator[NotifySocket]:
    listener = NotifySocket(tmp_path / "notify")
    yield listener
    listener.close()


class TestTheDaemon:
    def test_says_ready_feeds_the_watchdog_and_ends_in_good_order(self, tmp_path: Path, systemd: NotifySocket) -> None:
        env = {**file_card(tmp_path), **systemd.env, "WATCHDOG_USEC": "2000000"}
        daemon = edge_agent("run", env=env)
        try:
            systemd.wait_for("READY=1", START_S)
            systemd.wait_for("WATCHDOG=1", 10)
            daemon.send_signal(signal.SIGTERM)
            systemd.wait_for("STOPPING=1", 10)
            _, log = daemon.communicate(timeout=15)
        finally:
            daemon.kill()
            daemon.wait()
        assert daemon.returncode == 0, log
        assert "Traceback" not in log

    def test_plays_its_start_sound_into_the_card(self, tmp_path: Path, systemd: NotifySocket) -> None:
        daemon = edge_agent("run", env={**file_card(tmp_path), **systemd.env, "WATCHDOG_USEC": "2000000"})
        try:
            systemd.wait_for("READY=1", START_S)
            systemd.wait_for("WATCHDOG=1", 10)
        finally:
            daemon.terminate()
            daemon.communicate(timeout=15)
        played = (tmp_path / "speaker.raw").read_bytes()
        assert any(played)

    def test_waits_for_its_card_where_it_was_told_to_and_says_so_once(
        self, tmp_path: Path, systemd: NotifySocket
    ) -> None:
        config = tmp_path / "edge-agent.toml"
        config.write_text("[audio]\ninput_card = 'NoSuchCard'\n")
        env = {**file_card(tmp_path), **systemd.env, "WATCHDOG_USEC": "2000000"}
        daemon = edge_agent("run", "--wait-for-card", "--config", str(config), env=env)
        try:
            systemd.wait_for("READY=1", START_S)
            for _ in range(3):  # a second each: it has looked again, and is no less alive for that
                systemd.wait_for("WATCHDOG=1", 10)
            daemon.send_signal(signal.SIGTERM)
            _, log = daemon.communicate(timeout=15)
        finally:
            daemon.kill()
            daemon.wait()
        assert daemon.returncode == 0, log
        assert log.count("NoSuchCard") == 1, log
        assert "ALSA lib" not in log


class TestWhatCannotStart:
    @pytest.mark.parametrize(
        ("text", "code", "told"),
        [
            ("[wake]\nthreshold = 3.0\n", 3, "wake.threshold: found 3.0"),
            ("[wake]\nwrods = ['alexa']\n", 3, "words"),
            ("[wake\n", 3, "edge-agent.toml"),
            ("[audio]\ninput_card = 'NoSuchCard'\n", 4, "NoSuchCard"),
            ("[wake]\nwords = ['/nowhere/ours.onnx']\n", 5, "/nowhere/ours.onnx"),
            ("[board]\nprofile = 'nonesuch'\n", 4, "nonesuch"),
            ("[wake]\nwords = []\n", 5, "wake.words: found []"),
            ("[session]\nurl = 'nonsense'\n", 3, 'session.url: found "nonsense"'),
            ("[session]\nprovider = 'openai'\n", 7, "systemd credential openai-api-key, or into OPENAI_API_KEY"),
        ],
    )
    def test_says_what_where_and_what_to_do(self, tmp_path: Path, text: str, code: int, told: str) -> None:
        config = tmp_path / "edge-agent.toml"
        config.write_text(text)
        daemon = edge_agent("run", "--config", str(config), env=file_card(tmp_path))
        _, log = daemon.communicate(timeout=START_S)
        assert (daemon.returncode, told in log, "Traceback" in log) == (code, True, False), log

    def test_refuses_a_key_that_cannot_be_one(self, tmp_path: Path) -> None:
        daemon = edge_agent("run", env={**file_card(tmp_path), "OPENAI_API_KEY": "two words"})
        _, log = daemon.communicate(timeout=START_S)
        assert daemon.returncode == 7
        assert "two words" not in log
