"""Where speech begins and ends: the detection itself, and what a session makes of it."""

from __future__ import annotations

from typing import Any

import pytest

from edge_agent.audio.wire import FORMATS, samples_from_pcm16
from edge_agent.local.realtime.session_config import SEMANTIC_VAD, SERVER_VAD
from edge_agent.local.realtime.turn_detection import (
    LONGEST_WAIT_MS,
    ONSET_MS,
    SpeechStarted,
    SpeechStopped,
    TurnDetection,
)
from edge_agent.local.speech.work import Recognised
from tests.local.wire_client import LoudnessDetector, WireClient, joined, kinds, noise, only, quiet

Fact = SpeechStarted | SpeechStopped
LAG_MS = 20  # of the resampler and the block's size
STARTED, STOPPED = "input_audio_buffer.speech_started", "input_audio_buffer.speech_stopped"
COMMITTED = "input_audio_buffer.committed"


def facts(settings: dict[str, Any], pcm: bytes, rate: int = 24_000, chunk: int = 960, begins_ms: int = 0) -> list[Fact]:
    detection = TurnDetection(LoudnessDetector(), settings, rate, begins_ms=begins_ms)
    return [fact for at in range(0, len(pcm), chunk) for fact in detection.hear(pcm[at : at + chunk])]


class TestADetection:
    @pytest.mark.parametrize("rate", [8_000, 24_000])
    def test_gives_the_start_with_its_padding_and_the_end_with_its_silence(self, rate: int) -> None:
        pcm = quiet(1_000, rate) + noise(800, rate) + quiet(1_500, rate)
        started, stopped = facts(SERVER_VAD, pcm, rate)
        assert isinstance(started, SpeechStarted)
        assert isinstance(stopped, SpeechStopped)
        assert started.audio_start_ms == pytest.approx(1_000 - 300, abs=LAG_MS)
        assert stopped.audio_end_ms == pytest.approx(1_800 + 500, abs=LAG_MS)

    @pytest.mark.parametrize("chunk", [22, 98, 4_800, 1_000_000])
    def test_does_not_depend_on_how_the_sound_is_cut(self, chunk: int) -> None:
        pcm = quiet(400) + noise(300) + quiet(700) + noise(300) + quiet(700)
        cut = facts(SERVER_VAD, pcm, chunk=chunk)
        assert len(cut) == 4
        assert cut == facts(SERVER_VAD, pcm)

    def test_does_not_take_a_click_for_speech(self) -> None:
        assert facts(SERVER_VAD, quiet(300) + noise(ONSET_MS - 2 * LAG_MS) + quiet(900)) == []

    def test_goes_on_through_a_short_pause(self) -> None:
        assert len(facts(SERVER_VAD, noise(300) + quiet(400) + noise(300))) == 1

    def test_never_starts_before_its_own_beginning(self) -> None:
        (started,) = facts(SERVER_VAD, noise(300), begins_ms=5_000)
        assert started == SpeechStarted(5_000)

    def test_does_not_count_the_last_sentence_to_the_next(self) -> None:
        settings = {**SERVER_VAD, "prefix_padding_ms": 5_000, "silence_duration_ms": 50}
        _, stopped, started, _ = facts(settings, noise(300) + quiet(200) + noise(300) + quiet(200))
        assert isinstance(stopped, SpeechStopped)
        assert started == SpeechStarted(stopped.audio_end_ms)

    @pytest.mark.parametrize(("eagerness", "ms"), LONGEST_WAIT_MS.items())
    def test_waits_as_eagerly_as_it_is_told(self, eagerness: str, ms: int) -> None:
        _, stopped = facts({**SEMANTIC_VAD, "eagerness": eagerness}, noise(500) + quiet(8_500))
        assert isinstance(stopped, SpeechStopped)
        assert stopped.audio_end_ms == pytest.approx(500 + ms, abs=LAG_MS)

    def test_tells_how_long_and_how_often_a_person_has_paused(self) -> None:
        detection = TurnDetection(LoudnessDetector(), SEMANTIC_VAD, 24_000)
        seen = []
        for pcm in (quiet(300), noise(300), quiet(300), quiet(200), noise(300), quiet(100)):
            list(detection.hear(pcm))
            seen.append((detection.pauses, detection.pause_ms))
        numbers = [pauses for pauses, _ in seen]
        assert numbers == [0, 0, 1, 1, 1, 2]
        assert [ms for _, ms in seen] == pytest.approx([0, 0, 300, 500, 0, 100], abs=LAG_MS)

    def test_can_be_told_that_the_sentence_is_over(self) -> None:
        detection = TurnDetection(LoudnessDetector(), SEMANTIC_VAD, 24_000)
        list(detection.hear(noise(500) + quiet(600)))
        assert detection.finish().audio_end_ms == pytest.approx(1_100, abs=LAG_MS)
        assert list(detection.hear(quiet(9_000))) == []
        assert len(list(detection.hear(noise(500)))) == 1

    def test_obeys_the_threshold(self) -> None:
        class Unsure(LoudnessDetector):
            def hear(self, block: Any) -> float:
                return 0.6 * super().hear(block)

        for threshold, count in ((0.5, 1), (0.7, 0)):
            detection = TurnDetection(Unsure(), {**SERVER_VAD, "threshold": threshold}, 24_000)
            assert len(list(detection.hear(noise(300)))) == count

    def test_begins_with_a_fresh_detector(self) -> None:
        detector = LoudnessDetector()
        TurnDetection(detector, SERVER_VAD, 24_000)
        assert detector.resets == 1


def listening(**detection: Any) -> WireClient:
    client = WireClient(detector=LoudnessDetector())
    if detection:
        client.configure(audio={"input": {"turn_detection": {"type": "server_vad", **detection}}})
    return client


def hears_a_sentence(client: WireClient, ms: int = 800) -> list[dict[str, Any]]:
    """In slices of 100 ms, as a microphone gives them."""
    pcm = quiet(500) + noise(ms) + quiet(1_200)
    events = [event for at in range(0, len(pcm), 4_800) for event in client.append(pcm[at : at + 4_800])]
    client.wait(0)
    return events


class TestASession:
    def test_with_a_detector_listens_from_the_start(self) -> None:
        assert listening().events[0]["session"]["audio"]["input"]["turn_detection"]["type"] == "server_vad"

    def test_makes_a_turn_of_a_sentence(self) -> None:
        client = listening()
        events = hears_a_sentence(client)
        assert kinds(events) == [
            STARTED,
            STOPPED,
            COMMITTED,
            "conversation.item.added",
            "conversation.item.done",
            "response.created",
            "rate_limits.updated",
        ]
        item_ids = {event.get("item_id") or event["item"]["id"] for event in events[:5]}
        assert len(item_ids) == 1
        started, stopped = events[0]["audio_start_ms"], events[1]["audio_end_ms"]
        assert started == pytest.approx(200, abs=LAG_MS)
        work = client.job("recognise")
        assert len(work.payload) == 2 * 24 * (stopped - started)
        client.done(work, Recognised("what time is it"))
        assert joined(client.speaks() + client.finish_reply(), "response.output_audio_transcript.delta")

    def test_counts_the_milliseconds_of_the_whole_session(self) -> None:
        client = listening(create_response=False)
        one, other = hears_a_sentence(client), hears_a_sentence(client)
        assert other[0]["audio_start_ms"] - one[0]["audio_start_ms"] == pytest.approx(2_500, abs=LAG_MS)
        assert other[2]["previous_item_id"] == one[2]["item_id"]

    def test_only_listens_when_told_not_to_answer(self) -> None:
        client = listening(create_response=False)
        assert kinds(hears_a_sentence(client))[-1] == "conversation.item.done"
        client.hears()
        client.respond()
        assert client.job("speak")

    def test_hears_telephone_sound(self) -> None:
        client = listening()
        client.configure(audio={"input": {"format": {"type": "audio/pcmu"}}})
        pcm = quiet(500, 8_000) + noise(500, 8_000) + quiet(1_000, 8_000)
        events = client.append(FORMATS["audio/pcmu"].encode(samples_from_pcm16(pcm)))
        assert kinds(events)[:3] == [STARTED, STOPPED, COMMITTED]
        assert client.job("recognise").rate == 8_000

    def test_forgets_the_silence_before(self) -> None:
        client = listening()
        for _ in range(100):
            client.append(quiet(1_000))
        client.append(noise(200))
        assert client.events[-1]["audio_start_ms"] == pytest.approx(100_000 - 300, abs=LAG_MS)
        client.say("input_audio_buffer.commit")
        assert len(client.job("recognise").payload) < 2 * 24 * 700

    def test_gives_a_sentence_that_is_committed_early_the_id_it_was_told(self) -> None:
        client = listening()
        started = only(client.append(noise(400)), STARTED)
        committed = only(client.say("input_audio_buffer.commit"), COMMITTED)
        assert committed["item_id"] == started["item_id"]
        client.append(quiet(1_000))
        assert STOPPED not in kinds(client.events)
        client.append(noise(400))
        assert client.events[-1]["item_id"] != started["item_id"]

    def test_begins_anew_after_a_clear(self) -> None:
        client = listening()
        client.append(noise(400))
        client.say("input_audio_buffer.clear")
        assert client.append(quiet(1_000)) == []
        assert kinds(hears_a_sentence(client))[:2] == [STARTED, STOPPED]

    def test_can_be_switched_off(self) -> None:
        client = listening()
        client.configure(audio={"input": {"turn_detection": None}})
        assert hears_a_sentence(client) == []

    def test_without_a_detector_cannot_be_switched_on(self) -> None:
        answer = WireClient().configure(audio={"input": {"turn_detection": {"type": "server_vad"}}})
        assert answer["error"]["param"] == "session.audio.input.turn_detection"

    def test_does_not_let_a_client_take_the_id_of_what_is_being_said(self) -> None:
        client = listening()
        started = only(client.append(noise(400)), STARTED)
        (error,) = client.text(id=started["item_id"])
        assert error["error"]["code"] == "item_exists"
        client.append(quiet(1_000))
        assert only(client.events, COMMITTED)["item_id"] == started["item_id"]


class TestAnInterruption:
    def speaking(self, **detection: Any) -> WireClient:
        client = listening(**detection)
        client.text()
        client.respond()
        client.speaks(8_000)
        client.wait(0.5)
        return client

    def test_cancels_the_reply(self) -> None:
        client = self.speaking()
        events = client.append(noise(200))
        assert kinds(events)[0] == STARTED
        done = only(events, "response.done")["response"]
        assert (done["status"], done["status_details"]["reason"]) == ("cancelled", "turn_detected")
        assert client.wait() == []

    def test_is_answered(self) -> None:
        client = self.speaking()
        events = hears_a_sentence(client)
        assert kinds(events).index("response.done") < kinds(events).index("response.created")
        client.hears()
        assert only(client.speaks() + client.finish_reply(), "response.done")["response"]["status"] == "completed"

    def test_can_be_switched_off(self) -> None:
        client = self.speaking(interrupt_response=False, create_response=False)
        assert "response.done" not in kinds(hears_a_sentence(client))
        assert client.finish_reply()[-1]["response"]["status"] == "completed"

    def test_that_cannot_be_answered_yet_is_said_and_the_listening_goes_on(self) -> None:
        client = self.speaking(interrupt_response=False)
        sentence = noise(400) + quiet(700)
        events = client.append(sentence + sentence)
        errors = [event["error"] for event in events if event["type"] == "error"]
        assert [error["code"] for error in errors] == ["conversation_already_has_active_response"] * 2
        assert [error["event_id"] for error in errors] == [None, None]
        assert kinds(events).count(COMMITTED) == 2
        assert client.finish_reply()[-1]["response"]["status"] == "completed"
