"""Turn detection with the real ears: Silero and the recogniser, on a synthetic voice with a room's faint noise."""

from __future__ import annotations

import functools
import shutil
from typing import Any

import numpy as np
import pytest
import soxr

from edge_agent.audio.format import HEARING_RATE
from edge_agent.hearing.vad_silero import SileroVad
from edge_agent.local.speech.engines import POCKETSPHINX
from edge_agent.local.speech.speech import perform, use
from edge_agent.local.speech.work import WORK_RATE
from edge_agent.sim.voice import at_level, synthesise
from tests.local.wire_client import Event, WireClient, kinds, only

pytestmark = pytest.mark.skipif(shutil.which("flite") is None, reason="flite is not installed")
STARTED, STOPPED = "input_audio_buffer.speech_started", "input_audio_buffer.speech_stopped"
COMMITTED = "input_audio_buffer.committed"
NOISE_DBFS = -65.0
LAG_MS = 250  # of the detector, at either end of a sentence


@pytest.fixture(autouse=True)
def _small_ears() -> Any:
    """Those that are always there, so that the same is tested everywhere."""
    use(POCKETSPHINX, "auto")
    yield
    use("auto", "auto")


@functools.cache
def said(words: str) -> bytes:
    speech = at_level(synthesise("flite:kal16", words), -26.0)
    active = np.flatnonzero(np.abs(speech) > 0.01)
    return pcm(speech[active[0] : active[-1]])


def pcm(samples: Any) -> bytes:
    return np.asarray(soxr.resample(samples, HEARING_RATE, WORK_RATE) * 32767, "<i2").tobytes()


def silence(ms: int) -> bytes:
    noise = np.random.default_rng(ms).standard_normal(ms * HEARING_RATE // 1000) * 10 ** (NOISE_DBFS / 20)
    return pcm(noise.astype(np.float32))


def ms_of(data: bytes) -> int:
    return len(data) // (2 * WORK_RATE // 1000)


def heard(detection: dict[str, Any], *pieces: bytes) -> list[Event]:
    """What a session tells that hears this in real time; its recogniser works at once, its replies stay unspoken."""
    client = WireClient(detector=SileroVad())
    client.configure(audio={"input": {"turn_detection": detection, "transcription": {"model": "gpt-transcribe"}}})
    sound, before = b"".join(pieces), len(client.events)
    for at in range(0, len(sound), 4_800):
        client.wait(0.1)
        client.append(sound[at : at + 4_800])
        for work in [work for work in client.jobs if work.kind == "recognise"]:
            client.jobs.remove(work)
            client.done(work, perform(work))
    return client.events[before:]


class TestServerDetection:
    def test_finds_a_sentence_with_its_padding_and_its_silence(self) -> None:
        words = said("what time is it")
        events = heard({"type": "server_vad"}, silence(1_000), words, silence(1_500))
        assert only(events, STARTED)["audio_start_ms"] == pytest.approx(1_000 - 300, abs=LAG_MS)
        assert only(events, STOPPED)["audio_end_ms"] == pytest.approx(1_000 + ms_of(words) + 500, abs=LAG_MS)
        completed = only(events, "conversation.item.input_audio_transcription.completed")
        assert completed["transcript"] == "what time is it"

    def test_pads_as_much_as_it_is_told(self) -> None:
        words = said("what time is it")
        more, less = (
            only(
                heard({"type": "server_vad", "prefix_padding_ms": ms}, silence(2_000), words, silence(1_000)), STARTED
            )["audio_start_ms"]
            for ms in (1_000, 0)
        )
        assert less - more == 1_000

    @pytest.mark.parametrize(("silence_ms", "turns"), [(200, 2), (1_000, 1)])
    def test_waits_as_long_as_it_is_told(self, silence_ms: int, turns: int) -> None:
        detection = {"type": "server_vad", "silence_duration_ms": silence_ms, "create_response": False}
        words = said("what time is it")
        events = heard(detection, silence(500), words, silence(700), words, silence(1_500))
        assert kinds(events).count(COMMITTED) == turns

    def test_hears_no_words_in_noise(self) -> None:
        assert heard({"type": "server_vad"}, silence(5_000)) == []

    def test_needs_more_certainty_for_a_higher_threshold(self) -> None:
        words = said("what time is it")
        starts = [
            only(heard({"type": "server_vad", "threshold": threshold}, silence(1_000), words, silence(500)), STARTED)
            for threshold in (0.1, 0.95)
        ]
        assert starts[0]["audio_start_ms"] < starts[1]["audio_start_ms"]


class TestSemanticDetection:
    def test_ends_a_whole_sentence_soon(self) -> None:
        words = said("what time is it")
        events = heard({"type": "semantic_vad", "eagerness": "high"}, silence(500), words, silence(1_500))
        ends_ms = only(events, STOPPED)["audio_end_ms"]
        assert ends_ms - 500 - ms_of(words) < 300 + LAG_MS + 100
        completed = only(events, "conversation.item.input_audio_transcription.completed")
        assert completed["transcript"] == "what time is it"

    def test_waits_for_the_rest_of_what_it_does_not_understand(self) -> None:
        words = said("the weather in spring is often")
        events = heard({"type": "semantic_vad", "eagerness": "high"}, silence(500), words, silence(3_000))
        assert only(events, STOPPED)["audio_end_ms"] == pytest.approx(500 + ms_of(words) + 2_000, abs=LAG_MS)

    def test_lets_a_person_go_on_who_has_paused_for_thought(self) -> None:
        first, rest = said("what day"), said("is it today")
        events = heard(
            {"type": "semantic_vad", "eagerness": "high"}, silence(500), first, silence(900), rest, silence(900)
        )
        assert kinds(events).count(STARTED) == 1
        assert only(events, STOPPED)["audio_end_ms"] > 500 + ms_of(first) + 900 + ms_of(rest)
