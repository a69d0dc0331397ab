"""The speech workers: nobody waits for another's sentence, and nobody is kept for nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from edge_agent.local.speech.work import Recognised, Result, Work
from edge_agent.local.speech.workers import SpeechWorkers

JOB = Work("w", "recognise", b"")


class Worker:
    """One whose jobs are done when the test says so."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.started = self.stopped = False
        self.jobs: list[asyncio.Future[Result]] = []

    async def start(self) -> None:
        self.started = True

    async def perform(self, work: Work) -> Result:
        job: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self.jobs.append(job)
        return await job

    async def stop(self) -> None:
        self.stopped = True


class Staff:
    """The workers that were made, in order."""

    def __init__(self, most: int, rest_s: float = 60.0) -> None:
        self.made: list[Worker] = []
        self.workers = SpeechWorkers(most, make=self._make, rest_s=rest_s)

    def _make(self) -> Worker:
        self.made.append(Worker(len(self.made) + 1))
        return self.made[-1]

    async def given(self) -> asyncio.Task[Result]:
        job = asyncio.create_task(self.workers.perform(JOB))
        await asyncio.sleep(0)
        return job

    async def done(self, worker: int, job: asyncio.Task[Result]) -> None:
        self.made[worker].jobs.pop(0).set_result(Recognised("done"))
        await job


def live(story: Callable[[], Awaitable[None]]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(10):
            await story()

    asyncio.run(bounded())


class TestTheFirstWorker:
    def test_is_there_before_any_job(self) -> None:
        async def story() -> None:
            staff = Staff(3)
            await staff.workers.start()
            assert [worker.started for worker in staff.made] == [True]
            assert staff.workers.pids == [1]

        live(story)

    def test_does_one_job_after_the_other(self) -> None:
        async def story() -> None:
            staff = Staff(3)
            for _ in range(3):
                await staff.done(0, await staff.given())
            assert len(staff.made) == 1

        live(story)


class TestSeveralAtOnce:
    def test_get_a_worker_each(self) -> None:
        async def story() -> None:
            staff = Staff(2)
            first, second = await staff.given(), await staff.given()
            assert [len(worker.jobs) for worker in staff.made] == [1, 1]
            await staff.done(1, second)
            assert not first.done()
            await staff.done(0, first)

        live(story)

    def test_share_where_there_may_be_no_more(self) -> None:
        async def story() -> None:
            staff = Staff(2)
            jobs = [await staff.given() for _ in range(4)]
            assert [len(worker.jobs) for worker in staff.made] == [2, 2]
            for place in (0, 1, 0, 1):
                staff.made[place].jobs.pop(0).set_result(Recognised(""))
            await asyncio.gather(*jobs)

        live(story)


class TestAWorkerBeyondTheFirst:
    def test_is_let_go_after_its_rest(self) -> None:
        async def story() -> None:
            staff = Staff(2, rest_s=0.0)
            first, second = await staff.given(), await staff.given()
            await staff.done(1, second)
            while not staff.made[1].stopped:
                await asyncio.sleep(0)
            assert staff.workers.pids == [1]
            await staff.done(0, first)
            assert not staff.made[0].stopped

        live(story)

    def test_that_gets_a_job_meanwhile_stays(self) -> None:
        async def story() -> None:
            staff = Staff(2, rest_s=0.05)
            first, second = await staff.given(), await staff.given()
            await staff.done(1, second)
            third = await staff.given()
            await asyncio.sleep(0.1)
            assert not staff.made[1].stopped
            await staff.done(1, third)
            await staff.done(0, first)
            await staff.workers.stop()

        live(story)


class TestTheEnd:
    def test_comes_to_all(self) -> None:
        async def story() -> None:
            staff = Staff(2)
            jobs = [await staff.given(), await staff.given()]
            await staff.done(1, jobs[1])
            await staff.workers.stop()
            assert all(worker.stopped for worker in staff.made)
            await staff.done(0, jobs[0])

        live(story)


class TestNoWorkersAtAll:
    def test_are_refused(self) -> None:
        with pytest.raises(ValueError, match="found 0 workers"):
            Staff(0)
