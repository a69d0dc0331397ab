"""The speech worker: a process of its own, replaced when it dies."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from edge_agent.local.speech.speech import SpeechError
from edge_agent.local.speech.work import Failed, Recognised, Spoken, Work
from edge_agent.local.speech.worker import SpeechWorker

SAY = Work("w1", "speak", "hello")


def with_worker(story: Callable[[SpeechWorker], Awaitable[None]]) -> None:
    async def live() -> None:
        worker = SpeechWorker()
        try:
            async with asyncio.timeout(60):
                await worker.start()
                await story(worker)
        finally:
            await worker.stop()

    asyncio.run(live())


def pid(worker: SpeechWorker) -> int:
    assert worker._process is not None
    return worker._process.pid


class TestAJob:
    def test_is_done_elsewhere(self) -> None:
        async def story(worker: SpeechWorker) -> None:
            spoken = await worker.perform(SAY)
            assert isinstance(spoken, Spoken)
            assert len(spoken.pcm) > 10_000
            assert await worker.perform(Work("w2", "recognise", bytes(48_000))) == Recognised("")

        with_worker(story)

    def test_gets_its_own_result_among_many(self) -> None:
        async def story(worker: SpeechWorker) -> None:
            sentences = ["one", "a sentence that takes a good deal longer to say than one"]
            short, long = await asyncio.gather(*(worker.perform(Work(text, "speak", text)) for text in sentences))
            assert isinstance(short, Spoken)
            assert isinstance(long, Spoken)
            assert len(short.pcm) < len(long.pcm) / 2

        with_worker(story)

    def test_that_nobody_waits_for_any_more_does_not_confuse_the_next(self) -> None:
        async def story(worker: SpeechWorker) -> None:
            left = asyncio.create_task(worker.perform(SAY))
            await asyncio.sleep(0)
            left.cancel()
            assert await worker.perform(Work("w2", "recognise", bytes(48_000))) == Recognised("")

        with_worker(story)


class TestAWorkerThatDies:
    def test_idle_costs_no_question(self) -> None:
        async def story(worker: SpeechWorker) -> None:
            first = pid(worker)
            os.kill(first, signal.SIGKILL)
            assert isinstance(await worker.perform(SAY), Spoken)
            assert pid(worker) != first

        with_worker(story)

    def test_of_a_job_again_and_again_is_told(self) -> None:
        class Deadly(Work):
            def __reduce__(self) -> tuple[Callable[..., object], tuple[object, ...]]:
                return os._exit, (3,)

        async def story(worker: SpeechWorker) -> None:
            failed = await worker.perform(Deadly("w1", "speak", "hello"))
            assert isinstance(failed, Failed)
            assert "2 times" in failed.reason
            assert isinstance(await worker.perform(SAY), Spoken)

        with_worker(story)


class TestAWorkerThatHangs:
    def test_is_replaced_when_its_time_is_over(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("edge_agent.local.speech.worker.PATIENCE_S", 0.5)

        async def story(worker: SpeechWorker) -> None:
            os.kill(pid(worker), signal.SIGSTOP)
            failed = await worker.perform(SAY)
            assert isinstance(failed, Failed)
            assert "did not finish" in failed.reason
            monkeypatch.setattr("edge_agent.local.speech.worker.PATIENCE_S", 30.0)
            assert isinstance(await worker.perform(SAY), Spoken)

        with_worker(story)


class TestWithoutAVoice:
    def test_says_what_to_install(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        monkeypatch.setenv("PATH", str(tmp_path))
        with pytest.raises(SpeechError, match="install the Debian package espeak-ng"):
            SpeechWorker(voice="espeak-ng")
