"""Words to the service manager, heard on real datagram sockets."""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge_agent.system.systemd import Notifier, watchdog_interval_s


@pytest.fixture(params=["path", "abstract"])
def manager(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    """The service manager's end of $NOTIFY_SOCKET, in both of its spellings."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as end:
        if request.param == "path":
            end.bind(str(tmp_path / "notify"))
            name = str(tmp_path / "notify")
        else:
            end.bind(f"\0edge-agent-test-{os.getpid()}")
            name = f"@edge-agent-test-{os.getpid()}"
        end.settimeout(2)
        monkeypatch.setenv("NOTIFY_SOCKET", name)
        yield end


def heard(manager: socket.socket) -> str:
    return manager.recv(4096).decode()


def nothing_more(manager: socket.socket) -> bool:
    manager.setblocking(False)
    try:
        manager.recv(4096)
    except BlockingIOError:
        return True
    return False


class TestTheServiceManagerHears:
    def test_that_start_up_is_over(self, manager: socket.socket) -> None:
        Notifier().ready()
        assert heard(manager) == "READY=1"

    def test_that_we_are_alive(self, manager: socket.socket) -> None:
        Notifier().watchdog()
        assert heard(manager) == "WATCHDOG=1"

    def test_that_we_are_stopping(self, manager: socket.socket) -> None:
        Notifier().stopping()
        assert heard(manager) == "STOPPING=1"

    def test_what_we_do(self, manager: socket.socket) -> None:
        Notifier().status("listening, turn 3")
        assert heard(manager) == "STATUS=listening, turn 3"

    def test_the_same_status_only_once(self, manager: socket.socket) -> None:
        notifier = Notifier()
        notifier.status("idle")
        notifier.status("idle")
        notifier.status("listening")
        assert [heard(manager), heard(manager)] == ["STATUS=idle", "STATUS=listening"]
        assert nothing_more(manager)

    def test_a_status_that_cannot_smuggle_in_another_word(self, manager: socket.socket) -> None:
        Notifier().status("fine\nMAINPID=1\n" + "x" * 500)
        message = heard(manager)
        assert "\n" not in message
        assert len(message) <= 210


class TestWithoutAServiceManager:
    def test_everything_is_silent(self, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
        for variable in ("NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"):
            monkeypatch.delenv(variable, raising=False)
        notifier = Notifier()
        notifier.ready()
        notifier.status("idle")
        notifier.watchdog()
        notifier.stopping()
        assert notifier.watchdog_interval_s is None
        assert caplog.text == ""

    @pytest.mark.parametrize("name", ["/nowhere/notify", "@nobody-listens-here", "nonsense"])
    def test_one_that_is_gone_is_complained_about_once(
        self, name: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        monkeypatch.setenv("NOTIFY_SOCKET", name)
        notifier = Notifier()
        with caplog.at_level(logging.WARNING):
            notifier.ready()
            notifier.watchdog()
        assert len(caplog.records) == 1
        assert "NOTIFY_SOCKET" in caplog.text


class TestTheWatchdogsInterval:
    def test_is_half_of_what_systemd_allows(self) -> None:
        assert watchdog_interval_s({"WATCHDOG_USEC": "20000000", "WATCHDOG_PID": "7"}, 7) == 10.0

    def test_needs_no_pid(self) -> None:
        assert watchdog_interval_s({"WATCHDOG_USEC": "3000000"}, 7) == 1.5

    def test_is_none_for_another_process(self) -> None:
        assert watchdog_interval_s({"WATCHDOG_USEC": "20000000", "WATCHDOG_PID": "8"}, 7) is None

    def test_is_none_without_a_watchdog(self) -> None:
        assert watchdog_interval_s({}, 7) is None
        assert watchdog_interval_s({"WATCHDOG_PID": "7"}, 7) is None

    @pytest.mark.parametrize("period", ["0", "-5", "soon", "1e6", "²"])
    def test_is_none_with_a_word_that_makes_no_sense(self, period: str, caplog: pytest.LogCaptureFixture) -> None:
        assert watchdog_interval_s({"WATCHDOG_USEC": period}, 7) is None
        assert "WATCHDOG_USEC" in caplog.text

    def test_reaches_the_notifier(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("WATCHDOG_USEC", "8000000")
        monkeypatch.setenv("WATCHDOG_PID", str(os.getpid()))
        assert Notifier().watchdog_interval_s == 4.0
