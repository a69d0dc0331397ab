"""What silence means to a session: the end of a whole sentence (semantic_vad), or nobody there (idle timeout)."""

from __future__ import annotations

from typing import Any

import pytest

from edge_agent.local.realtime.turn_detection import ASKS_AFTER_MS, LONGEST_WAIT_MS
from edge_agent.local.speech.work import Failed, Recognised, Result
from tests.local.wire_client import LoudnessDetector, WireClient, kinds, noise, only, quiet

LAG_MS = 20
STARTED, STOPPED = "input_audio_buffer.speech_started", "input_audio_buffer.speech_stopped"
WHOLE = Recognised("what time is it", is_whole=True)
COMMITTED, TIMEOUT = "input_audio_buffer.committed", "input_audio_buffer.timeout_triggered"


def listening(**detection: Any) -> WireClient:
    client = WireClient(detector=LoudnessDetector())
    client.configure(audio={"input": {"turn_detection": detection, "transcription": {"model": "gpt-transcribe"}}})
    return client


def says(client: WireClient, pcm: bytes) -> list[dict[str, Any]]:
    """In slices of 100 ms and in real time, as a microphone gives them."""
    events = []
    for at in range(0, len(pcm), 4_800):
        client.wait(0.1)
        events += client.append(pcm[at : at + 4_800])
    return events


class TestSemanticDetection:
    def asked(self, eagerness: str = "high") -> WireClient:
        """Somebody has spoken and paused, and the recogniser is being asked."""
        client = listening(type="semantic_vad", eagerness=eagerness)
        assert kinds(says(client, noise(800) + quiet(ASKS_AFTER_MS[eagerness] + 2 * LAG_MS))) == [STARTED]
        return client

    def answer(self, client: WireClient, result: Result) -> list[dict[str, Any]]:
        return client.done(client.job("recognise"), result)

    @pytest.mark.parametrize("eagerness", list(ASKS_AFTER_MS))
    def test_ends_a_whole_sentence_in_its_first_pause(self, eagerness: str) -> None:
        client = self.asked(eagerness)
        events = self.answer(client, WHOLE)
        assert kinds(events) == [
            STOPPED,
            COMMITTED,
            "conversation.item.added",
            "conversation.item.done",
            "conversation.item.input_audio_transcription.delta",
            "conversation.item.input_audio_transcription.completed",
            "response.created",
            "rate_limits.updated",
        ]
        assert events[0]["audio_end_ms"] < 800 + ASKS_AFTER_MS[eagerness] + 100 + 2 * LAG_MS
        assert client.job("speak")  # what was recognised in the pause is not recognised again

    @pytest.mark.parametrize("result", [Recognised(""), Recognised("what time"), Failed("no dictionary")])
    @pytest.mark.parametrize("eagerness", list(LONGEST_WAIT_MS))
    def test_waits_its_time_for_the_rest_of_one_that_is_not(self, eagerness: str, result: Result) -> None:
        client = self.asked(eagerness)
        assert self.answer(client, result) == []
        events = says(client, quiet(LONGEST_WAIT_MS[eagerness]))
        assert only(events, STOPPED)["audio_end_ms"] == pytest.approx(800 + LONGEST_WAIT_MS[eagerness], abs=2 * LAG_MS)
        assert client.job("recognise")

    def test_asks_once_a_pause(self) -> None:
        client = self.asked()
        self.answer(client, Recognised(""))
        says(client, quiet(500))
        assert client.jobs == []
        says(client, noise(300) + quiet(500))
        events = self.answer(client, WHOLE)
        assert only(events, COMMITTED)
        assert kinds(client.events).count(STARTED) == 1

    def test_is_asked_about_all_that_was_said(self) -> None:
        client = self.asked()
        first = client.job("recognise")
        client.done(first, Recognised(""))
        says(client, noise(300) + quiet(500))
        later = client.job("recognise")
        assert isinstance(first.payload, bytes)
        assert isinstance(later.payload, bytes)
        assert later.payload.startswith(first.payload)

    def test_does_not_interrupt_one_who_has_gone_on(self) -> None:
        client = self.asked()
        work = client.job("recognise")
        says(client, noise(300))
        assert client.done(work, WHOLE) == []
        says(client, quiet(500))
        assert only(self.answer(client, WHOLE), COMMITTED)

    def test_asks_again_for_the_pause_that_came_while_the_recogniser_was_busy(self) -> None:
        client = self.asked()
        says(client, noise(300) + quiet(500))
        self.answer(client, Recognised("what time"))
        says(client, quiet(100))
        assert only(self.answer(client, WHOLE), COMMITTED)

    @pytest.mark.parametrize("event", ["input_audio_buffer.clear", "input_audio_buffer.commit"])
    def test_forgets_its_question_when_the_client_decides(self, event: str) -> None:
        client = self.asked()
        guess = client.job("recognise")
        client.say(event)
        before = len(client.jobs)
        assert client.done(guess, WHOLE) == []
        assert len(client.jobs) == before

    def test_only_tells_when_it_may_not_answer(self) -> None:
        client = listening(type="semantic_vad", eagerness="high", create_response=False, interrupt_response=False)
        says(client, noise(800) + quiet(500))
        events = self.answer(client, WHOLE)
        assert "response.created" not in kinds(events)
        assert only(events, COMMITTED)

    def test_that_fails_does_not_fail_a_reply(self) -> None:
        client = self.asked()
        guess = client.job("recognise")
        client.text()
        client.respond()
        work = client.job("speak")
        assert client.done(guess, Failed("no dictionary")) == []
        client.jobs.append(work)
        client.speaks()
        assert client.finish_reply()[-1]["response"]["status"] == "completed"


class TestAnIdleTimeout:
    TIMEOUT_MS = 6_000

    def played(self, **detection: Any) -> WireClient:
        """A reply of 2 s has just been given; it sounds until 2 s later."""
        client = listening(type="server_vad", idle_timeout_ms=self.TIMEOUT_MS, **detection)
        client.text()
        client.respond()
        client.speaks(2_000)
        client.finish_reply()
        return client

    def test_is_told_and_answered_when_nobody_speaks_after_a_reply(self) -> None:
        client = self.played()
        events = says(client, quiet(2_000 + self.TIMEOUT_MS + 200))
        assert kinds(events) == [
            TIMEOUT,
            COMMITTED,
            "conversation.item.added",
            "conversation.item.done",
            "response.created",
            "rate_limits.updated",
        ]
        timeout = events[0]
        assert timeout["audio_start_ms"] == pytest.approx(2_000, abs=100)
        assert timeout["audio_end_ms"] - timeout["audio_start_ms"] == self.TIMEOUT_MS
        assert timeout["item_id"] == events[1]["item_id"] == events[2]["item"]["id"]
        assert len(client.job("recognise").payload) == 2 * 24 * self.TIMEOUT_MS

    def test_does_not_come_earlier(self) -> None:
        assert says(self.played(), quiet(2_000 + self.TIMEOUT_MS - 200)) == []

    def test_does_not_come_before_the_first_reply(self) -> None:
        assert says(listening(type="server_vad", idle_timeout_ms=self.TIMEOUT_MS), quiet(20_000)) == []

    def test_does_not_come_where_it_is_not_set(self) -> None:
        client = self.played()
        client.configure(audio={"input": {"turn_detection": {"type": "server_vad", "idle_timeout_ms": None}}})
        assert says(client, quiet(20_000)) == []

    def test_does_not_come_to_one_who_has_answered(self) -> None:
        client = self.played(create_response=False)
        events = says(client, quiet(3_000) + noise(500) + quiet(20_000))
        assert TIMEOUT not in kinds(events)
        assert only(events, COMMITTED)

    def test_comes_once_a_reply_and_again_after_the_next(self) -> None:
        client = self.played()
        says(client, quiet(2_000 + self.TIMEOUT_MS + 200))
        client.hears("")
        assert TIMEOUT not in kinds(says(client, quiet(20_000)))  # the reply is still to be spoken
        client.speaks(500)
        client.finish_reply()
        assert TIMEOUT in kinds(says(client, quiet(500 + self.TIMEOUT_MS + 200)))

    def test_waits_for_the_sound_of_a_reply_that_is_cut_short_only_as_far_as_it_was_sent(self) -> None:
        client = listening(type="server_vad", idle_timeout_ms=self.TIMEOUT_MS)
        client.text()
        client.respond()
        client.speaks(8_000)
        client.wait(0.26)  # at four times real time about one second of it
        client.say("response.cancel")
        started = only(says(client, quiet(self.TIMEOUT_MS + 2_000)), TIMEOUT)["audio_start_ms"]
        assert started == pytest.approx(1_100, abs=150)

    def test_is_heard_from_the_beginning_by_what_comes_next(self) -> None:
        client = self.played()
        says(client, quiet(2_000 + self.TIMEOUT_MS + 200))
        client.hears("")
        client.speaks(500)
        client.finish_reply()
        events = says(client, noise(600) + quiet(1_000))
        assert kinds(events)[:3] == [STARTED, STOPPED, COMMITTED]
