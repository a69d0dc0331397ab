"""How finished a sentence sounds, from what the speech detector remembers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edge_agent.audio.format import HEARING_BLOCK, Samples
from edge_agent.hearing import finality as module
from edge_agent.hearing.endpointing import Endpointer
from edge_agent.hearing.facts import SpeechEnded
from edge_agent.hearing.finality import Finality, finality, network_sum
from edge_agent.hearing.speech_watch import louder
from edge_agent.hearing.vad_silero import SileroVad
from edge_agent.sim.voice import at_level, synthesise


class Memory:
    """A detector that remembers what it is told."""

    def __init__(self, memory: Samples) -> None:
        self.memory = memory


def heard(samples: Samples, vad: SileroVad) -> None:
    for block in samples[: len(samples) // HEARING_BLOCK * HEARING_BLOCK].reshape(-1, HEARING_BLOCK):
        vad.hear(louder(block))


class TestTheWeights:
    def test_belong_to_the_network_that_is_installed(self) -> None:
        with np.load(module.WEIGHTS) as learned:
            assert str(learned["network"]) == network_sum()
            assert learned["weights"].shape == SileroVad().memory.shape
            assert np.isfinite(learned["weights"]).all()

    def test_of_another_network_have_no_opinion(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        other = tmp_path / "finality.npz"
        np.savez(other, weights=np.zeros(128, np.float32), bias=np.float32(0), network="another")
        monkeypatch.setattr(module, "WEIGHTS", other)
        assert finality(Memory(np.zeros(128, np.float32))) is None


class TestAnOpinion:
    def test_is_the_same_of_the_same_memory(self) -> None:
        asked = finality(Memory(np.full(128, 0.1, np.float32)))
        assert asked is not None
        assert asked() == asked()

    def test_is_never_certain(self) -> None:
        far = np.full(128, 1e6, np.float32)
        assert {abs(Finality(Memory(sign * far))()) for sign in (np.float32(1), np.float32(-1))} == {6.0}

    def test_follows_what_the_detector_hears(self) -> None:
        vad = SileroVad()
        asked = finality(vad)
        assert asked is not None
        before = asked()
        heard(at_level(synthesise("flite:slt", "Turn off the lights."), -30.0), vad)
        assert asked() != before


class TestTheDaemonsOwnEnding:
    def test_comes_at_another_time_for_another_memory(self) -> None:
        """The whole way: a detector, its memory, and the silence that it makes of it."""
        with np.load(module.WEIGHTS) as learned:
            towards = learned["weights"] / np.dot(learned["weights"], learned["weights"])
        waits = [self.wait_ms(Memory((odds * towards).astype(np.float32))) for odds in (-4.0, 4.0)]
        assert waits[0] > waits[1] + 300

    def wait_ms(self, detector: Memory) -> int:
        endpointer = Endpointer(threshold=0.5, silence_ms=800, finality=finality(detector))
        endpointer.open()
        facts = [endpointer.hear(n, 0.95 if 30 <= n < 180 else 0.02) for n in range(400)]
        (over,) = [fact for fact in facts if isinstance(fact, SpeechEnded)]
        return (over.block - over.last) * 10
