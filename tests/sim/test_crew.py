"""Processes that work through tasks: every task is told, whatever becomes of the process."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time

from edge_agent.sim.crew import Crew, Lost


def work(task: str) -> str:
    """A job, told by its task."""
    if task == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    if task == "leave":
        os._exit(3)
    if task == "raise":
        raise RuntimeError("not caught")
    if task == "sleep":
        time.sleep(60)
    return f"{task} by {os.getpid()}"


class TestACrew:
    def test_tells_every_task_once_and_keeps_its_processes(self) -> None:
        with Crew(work, 2) as crew:
            found = dict(crew.results(["a", "b", "c", "d", "e"]))
        assert sorted(found) == ["a", "b", "c", "d", "e"]
        processes = {str(result).split(" by ")[1] for result in found.values()}
        assert 1 <= len(processes) <= 2
        assert str(os.getpid()) not in processes

    def test_loses_only_the_task_that_ended_its_process(self) -> None:
        with Crew(work, 1) as crew:
            found = list(crew.results(["a", "die", "b", "leave", "c"]))
        assert [task for task, _ in found] == ["a", "die", "b", "leave", "c"]
        lost = [result.why for _, result in found if isinstance(result, Lost)]
        assert lost == ["its process was ended by SIGKILL", "its process ended with exit code 3"]

    def test_leaves_no_process_behind_when_it_is_left_early(self) -> None:
        with Crew(work, 2) as crew:
            assert next(crew.results(["sleep", "a"]))[0] == "a"
            assert len(multiprocessing.active_children()) == 2
        assert multiprocessing.active_children() == []

    def test_of_no_tasks_does_nothing(self) -> None:
        with Crew(work, 4) as crew:
            assert list(crew.results([])) == []
