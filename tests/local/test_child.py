"""The embedded server as a child process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from websockets.exceptions import WebSocketException
from websockets.sync.client import connect

from edge_agent.local.child import ServerChild
from edge_agent.local.service import FIRST_TO_GO
from edge_agent.local.speech.speech import SpeechError

PATIENCE_S = 30.0


def answers(url: str) -> bool:
    try:
        with connect(url, open_timeout=2) as socket:
            return '"session.created"' in str(socket.recv(timeout=5))
    except (OSError, WebSocketException):
        return False


def within(patience_s: float, url: str) -> bool:
    """Whether it answers before then."""
    until = time.monotonic() + patience_s
    while time.monotonic() < until:
        if answers(url):
            return True
        time.sleep(0.05)
    return False


def alive(pid: int) -> bool:
    """Whether there is such a process, and it is more than its own death certificate."""
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except FileNotFoundError:
        return False


def children(pid: int) -> list[int]:
    listed = Path(f"/proc/{pid}/task/{pid}/children")
    return [int(child) for child in listed.read_text().split()] if listed.exists() else []


def gone(pids: list[int]) -> bool:
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until and any(alive(pid) for pid in pids):
        time.sleep(0.05)
    return not any(alive(pid) for pid in pids)


class TestAKilledServer:
    def test_comes_back_at_the_same_address_and_leaves_no_worker_behind(self) -> None:
        child = ServerChild()
        try:
            first, workers = child.pid, children(child.pid)
            assert answers(child.url)
            child.kill()
            assert within(PATIENCE_S, child.url)
            assert child.pid != first
            assert gone([first, *workers])
        finally:
            child.stop()
        assert not answers(child.url)
        assert not alive(child.pid)


class TestAServerShortOfMemory:
    def test_goes_before_its_parent_and_so_do_its_workers(self) -> None:
        """A child inherits how much the kernel spares its parent; to give that up takes no privilege."""
        child = ServerChild()
        try:
            family = [child.pid, *children(child.pid)]
            own, *theirs = (int(Path(f"/proc/{pid}/oom_score_adj").read_text()) for pid in (os.getpid(), *family))
        finally:
            child.stop()
        assert len(family) > 1, "a server and its speech worker"
        assert theirs == [max(own, FIRST_TO_GO)] * len(family)


class TestAParentThatIsKilled:
    def test_takes_the_server_and_its_worker_along(self) -> None:
        code = (
            "import time; from edge_agent.local.child import ServerChild; "
            "child = ServerChild(); print(child.pid, flush=True); time.sleep(60)"
        )
        parent = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
        assert parent.stdout is not None
        with parent.stdout as output:
            server = int(output.readline())
        family = [server, *children(server)]
        assert len(family) > 1, "a server and its speech worker"
        os.kill(parent.pid, signal.SIGKILL)
        parent.wait()
        assert gone(family)


class TestAServerThatCannotStart:
    def test_is_told_at_once(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        monkeypatch.setenv("PATH", str(tmp_path))
        with pytest.raises(SpeechError, match="exit code 5"):
            ServerChild()
