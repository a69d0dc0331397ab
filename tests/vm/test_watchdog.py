"""A daemon that dies or hangs: systemd notices, says why, and starts it again."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from edge_agent.system import codes
from tests.vm.guest import UNIT, Guest
from tests.vm.machine import Frozen
from tests.vm.stage import READY_S, Stage

pytestmark = pytest.mark.vm

# Much of what is waited for here is systemd's own waiting, which need not be stretched so far.
SLOW = 4.0
FAULT = "edge-agent-fault.service"
BURST = 5  # the unit's StartLimitBurst
WATCHDOG_S = 20 + 5 + 10  # the unit's limit, after the silence that counts as a stall and the last feed before it
# Stops one thread of a process, the one with a realtime priority, and holds it until it dies: PTRACE_SEIZE and
# PTRACE_INTERRUPT reach a single thread, SIGSTOP never does.
HOLD = """
import ctypes, os, pathlib, sys
libc = ctypes.CDLL(None, use_errno=True)
tids = [int(task.name) for task in pathlib.Path(f"/proc/{sys.argv[1]}/task").iterdir()]
audio = [tid for tid in tids if os.sched_getscheduler(tid) & ~os.SCHED_RESET_ON_FORK == os.SCHED_RR]
assert len(audio) == 1, f"realtime threads: {audio} of {tids}"
for request in (0x4206, 0x4207):
    if libc.ptrace(request, audio[0], None, None):
        raise OSError(ctypes.get_errno(), f"ptrace {request:#x}")
status = 0
while True:
    _, status = os.waitpid(audio[0], 0x40000000)
    if not os.WIFSTOPPED(status):
        break
"""


@pytest.fixture
def guest(stage: Stage) -> Iterator[Guest]:
    with stage.guest(stage.installed(), slow=SLOW) as running:
        yield running


def await_restart(guest: Guest, pid: str, limit_s: float) -> None:
    """Until another process than `pid` is READY in the service. Raises GuestError."""
    ask = "systemctl show edge-agent -P"
    look = f"while :; do echo $({ask} MainPID) $({ask} SubState); sleep 0.5; done"
    guest.await_line(rf"^(?!{pid} )[1-9]\d* running", look, limit_s=limit_s)


def crash(guest: Guest) -> None:
    """Once, and until systemd has put another process in its place. Raises GuestError."""
    pid = guest.show("MainPID")["MainPID"]
    guest.run("systemctl kill -s SEGV edge-agent")
    look = "while :; do systemctl show edge-agent -P MainPID; sleep 0.2; done"
    guest.await_line(rf"^(?!{pid}$)[1-9]\d*$", look, limit_s=30)


class TestACrash:
    def test_leaves_its_stack_in_the_journal_and_a_new_process_becomes_ready(self, guest: Guest) -> None:
        pid, before = guest.show("MainPID")["MainPID"], guest.cursor()
        guest.run(f"kill -SEGV {pid}")
        await_restart(guest, pid, READY_S)
        told = guest.run(f"journalctl -u edge-agent -o cat --after-cursor='{before}'").out
        assert "Fatal Python error: Segmentation fault" in told
        assert "Current thread" in told or "Thread 0x" in told
        assert guest.show("NRestarts") == {"NRestarts": "1"}


@pytest.fixture(scope="module")
def given_up(stage: Stage) -> Frozen:
    """The daemon has crashed five times, each time before it was READY; its fault service says so."""
    with stage.guest(stage.installed()) as guest:
        guest.run("systemctl reset-failed edge-agent")  # the starts of the installation do not count
        guest.run("systemctl restart edge-agent", limit_s=READY_S)
        before = guest.cursor()
        for crashes in range(1, BURST):
            crash(guest)
            assert guest.show("NRestarts") == {"NRestarts": str(crashes)}, guest.story()
            assert guest.show("ActiveState", unit=FAULT) == {"ActiveState": "inactive"}, guest.story()
        guest.run("systemctl kill -s SEGV edge-agent")
        guest.await_journal(codes.CRASH, after=before, unit=FAULT)
        return guest.freeze("given-up")


class TestFiveCrashes:
    """Waiting only: a guest in real time does for it."""

    @pytest.fixture
    def guest(self, stage: Stage, given_up: Frozen) -> Iterator[Guest]:
        with stage.guest(given_up) as running:
            yield running

    def test_end_in_the_fault_service_and_a_restart_by_hand_ends_that(self, guest: Guest) -> None:
        assert guest.show("ActiveState") == {"ActiveState": "failed"}, guest.story()
        assert guest.journal("-b -u edge-agent --grep 'Start request repeated too quickly'"), guest.story()
        assert guest.show("ActiveState", unit=FAULT) == {"ActiveState": "active"}, guest.story()
        guest.run("systemctl restart edge-agent", limit_s=READY_S)
        guest.run("sleep 3")  # a fault service that comes back would now
        assert guest.show("ActiveState", "SubState") == {"ActiveState": "active", "SubState": "running"}, guest.story()
        assert guest.show("ActiveState", unit=FAULT) == {"ActiveState": "inactive"}, guest.story()

    def test_and_a_stop_by_hand_end_in_silence(self, guest: Guest) -> None:
        guest.run("systemctl stop edge-agent")
        guest.run("sleep 35")  # longer than the fault service ever waits before it starts the daemon again
        for unit in (UNIT, FAULT):
            assert guest.show("ActiveState", unit=unit) == {"ActiveState": "inactive"}, guest.story()


class TestAHang:
    def test_of_the_audio_thread_alone_is_ended_with_all_stacks_and_a_new_process_becomes_ready(
        self, guest: Guest
    ) -> None:
        pid, before = guest.show("MainPID")["MainPID"], guest.cursor()
        guest.put("/root/hold.py", HOLD)
        aborted = guest.awaiting_journal("Watchdog timeout", after=before, limit_s=WATCHDOG_S + 60)
        keeper = guest.start(f"python3 /root/hold.py {pid}", limit_s=WATCHDOG_S + 90)
        aborted()
        keeper(True)  # it ends well only if it held the thread until that died
        await_restart(guest, pid, READY_S)
        told = guest.run(f"journalctl -u edge-agent -o cat --after-cursor='{before}'").out
        assert "Fatal Python error: Aborted" in told
        assert told.count("Thread 0x") > 3, told
