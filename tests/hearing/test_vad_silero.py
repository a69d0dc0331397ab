"""Speech detection: the network of Silero 6, block by block."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edge_agent.audio.format import Samples
from edge_agent.hearing.models import Model, session, speech_model
from edge_agent.hearing.vad_silero import SileroVad
from tests.hearing.voices import blocks, recording, silence, speech


@pytest.fixture
def vad() -> SileroVad:
    return SileroVad()


def probabilities(vad: SileroVad, heard: Samples) -> list[float]:
    return [vad.hear(block) for block in heard]


class TestSpeech:
    def test_is_told_from_a_quiet_room(self, vad: SileroVad, tmp_path: Path) -> None:
        words = speech("turn on the light in the kitchen", tmp_path)
        before, after = 100, 100 + len(words) // 160
        found = probabilities(vad, blocks(silence(1.0), words, silence(1.0)))
        assert max(found[:before]) < 0.2
        assert np.median(found[before + 25 : after - 25]) > 0.9
        assert max(found[-30:]) < 0.2

    def test_is_told_from_music(self, vad: SileroVad) -> None:
        found = probabilities(vad, blocks(recording("wake/negatives/moh_macroform-cold_day.wav")[: 10 * 16000]))
        assert np.mean(np.array(found) > 0.5) < 0.05


class TestTheStreaming:
    def test_gives_what_the_general_model_gives_for_whole_windows(self, vad: SileroVad, tmp_path: Path) -> None:
        heard = blocks(silence(0.3), speech("what time is it", tmp_path), silence(0.3))
        ours = probabilities(vad, heard)
        general = session(Model("general", speech_model().path.with_name("silero_vad.onnx"), "MIT", "silero_vad"))
        samples = heard.reshape(-1)
        state, context = np.zeros((2, 1, 128), np.float32), np.zeros(64, np.float32)
        for start in range(0, len(samples) - 511, 512):
            window = np.concatenate([context, samples[start : start + 512]])[None]
            output, state = general.run(None, {"input": window, "state": state, "sr": np.array(16000, np.int64)})
            context = window[0, -64:]
            assert ours[-(-(start + 512) // 160) - 1] == pytest.approx(output[0, 0], abs=1e-4)

    def test_refreshes_the_probability_every_32_ms(self, vad: SileroVad, tmp_path: Path) -> None:
        found = probabilities(vad, blocks(speech("one two three", tmp_path))[:96])
        changes = [number for number in range(1, 96) if found[number] != found[number - 1]]
        assert changes[:5] == [3, 6, 9, 12, 15]


class TestAReset:
    def test_makes_the_next_block_the_first_of_a_new_recording(self, vad: SileroVad, tmp_path: Path) -> None:
        heard = blocks(speech("what time is it", tmp_path))
        fresh = probabilities(vad, heard)
        vad.hear(heard[40])
        vad.reset()
        assert probabilities(vad, heard) == fresh

    def test_starts_from_no_speech(self, vad: SileroVad, tmp_path: Path) -> None:
        probabilities(vad, blocks(speech("what time is it", tmp_path))[:60])
        vad.reset()
        assert vad.hear(np.zeros(160, np.float32)) == 0.0


class TestARefresh:
    def test_forgets_what_was_heard_and_keeps_the_windows(self, vad: SileroVad, tmp_path: Path) -> None:
        """After it the network says what it says at the beginning of a recording, on the same blocks as before."""
        words = blocks(speech("turn on the light in the kitchen", tmp_path))
        before = blocks(recording("wake/negatives/moh_macroform-cold_day.wav")[: 8 * 160 * 16])  # whole windows
        probabilities(vad, before)
        carried = vad._state.copy()
        vad.refresh()
        assert carried.any()
        assert not vad._state.any()
        found = probabilities(vad, words)
        assert np.median(found[30:]) > 0.9
        assert [n for n in range(1, 20) if found[n] != found[n - 1]][:4] == [3, 6, 9, 12]
