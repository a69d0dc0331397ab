"""The audio thread's priority: asked for, told truly, and nobody else's."""

from __future__ import annotations

import os
import threading

from edge_agent.system.priority import ROUND_ROBIN, realtime

Seen = tuple[bool, int, int]


def in_a_thread(priority: int) -> Seen:
    """What it said, the policy and the priority the thread had afterwards."""
    seen: list[Seen] = []

    def work() -> None:
        allowed = realtime(priority)
        seen.append((allowed, os.sched_getscheduler(0), os.sched_getparam(0).sched_priority))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    return seen[0]


class TestAThreadThatAsks:
    def test_is_told_the_truth(self) -> None:
        allowed, policy, priority = in_a_thread(ROUND_ROBIN)
        wanted = os.SCHED_RR | os.SCHED_RESET_ON_FORK  # a child of ours must not be born into it
        assert (policy, priority) == ((wanted, ROUND_ROBIN) if allowed else (os.SCHED_OTHER, 0))

    def test_changes_nothing_for_the_others(self) -> None:
        before = os.sched_getscheduler(0)
        in_a_thread(ROUND_ROBIN)
        assert os.sched_getscheduler(0) == before

    def test_for_what_no_kernel_gives_goes_on_without(self) -> None:
        assert in_a_thread(1000) == (False, os.SCHED_OTHER, 0)
