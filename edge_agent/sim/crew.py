"""Processes that work through a list of tasks, each on one at a time.

Law: it starts, feeds, replaces and ends processes; what a task is, the job knows. Each process is fresh (spawn: no
thread or lock of ours comes along) and stays for many tasks, as loading the models takes seconds. One that dies takes
its task with it and is replaced: a task can be lost, a survey cannot.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any, Generic, TypeVar

Task = TypeVar("Task")
Result = TypeVar("Result")

_PATIENCE_S = 5.0  # for a process that was asked to end
_ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")  # a process is to be one core's work


@dataclass(frozen=True, slots=True)
class Lost:
    """The process died at its task. why: how."""

    why: str


@dataclass(slots=True)
class _Worker(Generic[Task]):
    process: BaseProcess
    line: Connection
    task: Task | None = None


class Crew(Generic[Task, Result]):
    """`with Crew(job, size) as crew:`. job: a function of a module, called in the processes; it should not raise, as an
    exception ends its process.
    """

    def __init__(self, job: Callable[[Task], Result], size: int) -> None:
        self._job, self._size = job, size
        self._workers: list[_Worker[Task]] = []

    def __enter__(self) -> Crew[Task, Result]:
        return self

    def __exit__(self, *_: object) -> None:
        for worker in self._workers:
            worker.process.terminate()
        for worker in self._workers:
            worker.process.join(_PATIENCE_S)
            if worker.process.is_alive():
                worker.process.kill()
                worker.process.join()
            worker.line.close()
        self._workers.clear()

    def results(self, tasks: Iterable[Task]) -> Iterator[tuple[Task, Result | Lost]]:
        """Each task with its result, in the order in which they are done."""
        waiting = iter(tasks)
        while self._hire(waiting):
            for ready in wait([worker.line for worker in self._workers]):
                worker = next(worker for worker in self._workers if worker.line is ready)
                task, worker.task = worker.task, None
                assert task is not None  # an idle process is not on the list
                try:
                    result: Result | Lost = worker.line.recv()
                except EOFError:
                    result = Lost(self._bury(worker))
                yield task, result

    def _hire(self, waiting: Iterator[Task]) -> bool:
        """Give every process a task, as long as there are any. Returns whether anybody works."""
        idle = [worker for worker in self._workers if worker.task is None]
        for place in range(len(idle) + self._size - len(self._workers)):
            task = next(waiting, None)
            if task is None:
                break
            worker = idle[place] if place < len(idle) else self._started()
            worker.task = task
            worker.line.send(task)
        busy = [worker for worker in self._workers if worker.task is not None]
        for worker in self._workers:
            if worker.task is None:  # nothing is left for it
                worker.process.terminate()
                worker.process.join(_PATIENCE_S)
                worker.line.close()
        self._workers = busy
        return bool(busy)

    def _started(self) -> _Worker[Task]:
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        process = context.Process(target=_work, args=(self._job, theirs), daemon=True)
        before = {name: os.environ.get(name) for name in _ONE_THREAD}
        os.environ.update(dict.fromkeys(_ONE_THREAD, "1"))  # read as the libraries load, in the child
        mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})  # inherited: Ctrl-C is for us, we end them
        try:
            process.start()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)
            for name, value in before.items():
                os.environ.pop(name) if value is None else os.environ.update({name: value})
        theirs.close()
        worker = _Worker[Task](process, ours)
        self._workers.append(worker)
        return worker

    def _bury(self, worker: _Worker[Task]) -> str:
        worker.process.join(_PATIENCE_S)
        worker.line.close()
        self._workers.remove(worker)
        code = worker.process.exitcode
        if code is not None and code < 0:
            return f"its process was ended by {signal.Signals(-code).name}"
        return f"its process ended with exit code {code}"


def _work(job: Callable[[Any], Any], line: Connection) -> None:
    """A process's life: it ends when the other end of the line does, or at a signal."""
    try:
        while True:
            line.send(job(line.recv()))
    except (EOFError, BrokenPipeError, KeyboardInterrupt):
        return
