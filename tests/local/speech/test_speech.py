"""The speech's work: one verb that always comes back with something."""

from __future__ import annotations

import pickle
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soxr

from edge_agent.audio.format import HEARING_RATE
from edge_agent.local.speech.speech import perform, recogniser, use, voice, warm
from edge_agent.local.speech.work import WORK_RATE, Failed, Recognised, Spoken, Work
from edge_agent.sim.voice import synthesise

PRESENT = pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="espeak-ng is not installed")
FLITE = pytest.mark.skipif(shutil.which("flite") is None, reason="flite is not installed")


@pytest.fixture(autouse=True)
def small_engines() -> Iterator[None]:
    """Those that are there on every machine."""
    use("pocketsphinx", "espeak-ng")
    yield
    use("auto", "auto")


def recorded(sentence: str, rate: int) -> bytes:
    quiet = np.zeros(HEARING_RATE // 2, np.float32)
    speech = np.concatenate([quiet, synthesise("flite:kal16", sentence) * np.float32(0.3), quiet])
    return np.asarray(soxr.resample(speech, HEARING_RATE, rate) * 32767, "<i2").tobytes()


class TestARecording:
    @FLITE
    @pytest.mark.parametrize("rate", [WORK_RATE, 8_000])
    def test_is_recognised_at_the_wires_rates(self, rate: int) -> None:
        assert perform(Work("1", "recognise", recorded("tell me a joke", rate), rate)) == Recognised("tell me a joke")

    @pytest.mark.parametrize("size", [0, 1, 2, 3, 959, 24_001])
    def test_of_any_length_is_answered(self, size: int) -> None:
        assert perform(Work("1", "recognise", bytes(size))) == Recognised("")

    @FLITE
    def test_may_end_in_half_a_sample(self) -> None:
        pcm = recorded("tell me a joke", WORK_RATE)
        assert perform(Work("1", "recognise", pcm + b"\x01")) == perform(Work("2", "recognise", pcm))

    def test_at_an_impossible_rate_fails_with_a_reason(self) -> None:
        result = perform(Work("1", "recognise", bytes(960), 0))
        assert isinstance(result, Failed)
        assert result.reason.startswith("recognise: ")


class TestASentence:
    @PRESENT
    def test_is_spoken_at_its_pace(self) -> None:
        slow, fast = (perform(Work("1", "speak", "what can I do for you", speed=speed)) for speed in (0.8, 1.3))
        assert isinstance(slow, Spoken)
        assert isinstance(fast, Spoken)
        assert len(slow.pcm) > len(fast.pcm) > WORK_RATE

    @PRESENT
    def test_of_nothing_is_no_sound(self) -> None:
        assert perform(Work("1", "speak", "")) == Spoken(b"")

    def test_without_a_voice_fails_with_what_to_install(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("PATH", str(tmp_path))
        assert perform(Work("1", "speak", "hello")) == Failed(
            "speak: espeak-ng: not found on PATH; install the Debian package espeak-ng"
        )

    @PRESENT
    @pytest.mark.parametrize(("text", "speed"), [("\ud800", 1.0), ("hello", float("nan"))])
    def test_that_cannot_be_spoken_fails_with_a_reason(self, text: str, speed: float) -> None:
        result = perform(Work("1", "speak", text, speed=speed))
        assert isinstance(result, Failed)
        assert result.reason.startswith("speak: ")


class TestTheProcess:
    def test_has_one_pair_of_ears_and_one_voice(self) -> None:
        assert recogniser() is recogniser()
        assert voice() is voice()

    def test_is_warm_even_without_a_voice(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("PATH", str(tmp_path))
        assert warm() > 0

    @pytest.mark.parametrize("value", [Work("1", "speak", "x"), Recognised("x"), Spoken(b"x"), Failed("x")])
    def test_can_be_another_one(self, value: object) -> None:
        assert pickle.loads(pickle.dumps(value)) == value
