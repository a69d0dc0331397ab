"""Voices: synthesisers and recordings, at a level."""

from __future__ import annotations

import math
import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.audio.format import HEARING_RATE, Samples
from edge_agent.audio.wav import write_wav
from edge_agent.sim.scenario import Cue, Talk
from edge_agent.sim.scenario_sound import SYNTHESISERS
from edge_agent.sim.voice import (
    VoiceError,
    active_level_dbfs,
    active_span_ms,
    at_level,
    recording,
    speech_of,
    synthesise,
)

needs_flite = pytest.mark.skipif(shutil.which("flite") is None, reason="flite is not installed (Debian package flite)")
needs_espeak = pytest.mark.skipif(
    shutil.which("espeak-ng") is None, reason="espeak-ng is not installed (Debian package espeak-ng)"
)

needs_festival = pytest.mark.skipif(
    not Path("/usr/share/festival/voices/english/kal_diphone").exists(),
    reason="festival or its voice kal_diphone is not installed (Debian packages festival, festvox-kallpc16k)",
)


def tone(seconds: float, hz: float = 400.0, amplitude: float = 0.5, rate: int = HEARING_RATE) -> Samples:
    wave: Samples = (amplitude * np.sin(2 * np.pi * hz * np.arange(int(seconds * rate)) / rate)).astype(np.float32)
    return wave


def bursts() -> Samples:
    """Half a second of tone, a second of silence, half a second of tone."""
    return np.concatenate([tone(0.5), np.zeros(HEARING_RATE, np.float32), tone(0.5)])


class TestASynthesiser:
    @needs_flite
    @pytest.mark.parametrize("voice", ["flite:slt", "flite:kal16", "flite:awb", "flite:rms", "flite:kal"])
    def test_speaks_with_every_voice_of_flite(self, voice: str) -> None:
        speech = synthesise(voice, "hello there")
        assert speech.dtype == np.float32
        assert speech.ndim == 1
        assert 0.3 < len(speech) / HEARING_RATE < 2.0

    @needs_espeak
    def test_speaks_with_espeak(self) -> None:
        speech = synthesise("espeak-ng:en-us", "hello there")
        assert 0.3 < len(speech) / HEARING_RATE < 2.0
        assert np.max(np.abs(speech)) > 0.05

    @needs_festival
    def test_speaks_with_festival(self) -> None:
        assert 0.3 < len(synthesise("festival:kal_diphone", "hello there")) / HEARING_RATE < 2.0

    @pytest.mark.parametrize(
        ("voice", "program", "expected"),
        [
            ("piper:joe.onnx", "piper", ["--model", "joe.onnx", "--output_file"]),
            ("pico:de-DE", "pico2wave", ["-l", "de-DE", "-w"]),
        ],
    )
    def test_is_asked_by_its_command_line(
        self, voice: str, program: str, expected: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        """A stand-in for a program that is not in every distribution: it writes down how it was called."""
        write_wav(tmp_path / "said.wav", tone(0.5), HEARING_RATE)
        stand_in = tmp_path / program
        stand_in.write_text(
            f'#!/bin/sh\necho "$@" > {tmp_path}/called\n'
            f'for word in "$@"; do case "$word" in */speech.wav) /bin/cp {tmp_path}/said.wav "$word";; esac; done\n'
        )
        stand_in.chmod(0o755)
        monkeypatch.setenv("PATH", str(tmp_path))
        assert len(synthesise(voice, "words for a stand-in")) > 0.4 * HEARING_RATE
        assert (tmp_path / "called").read_text().split()[: len(expected)] == expected

    @needs_flite
    def test_begins_and_ends_with_sound(self) -> None:
        speech = synthesise("flite:slt", "what time is it")
        assert abs(float(speech[0])) > 10 ** (-55 / 20)
        assert abs(float(speech[-1])) > 10 ** (-55 / 20)

    @needs_espeak
    def test_takes_text_that_looks_like_an_option(self) -> None:
        assert len(synthesise("espeak-ng:en-us", "--version")) > HEARING_RATE // 4

    @needs_flite
    def test_says_the_same_words_once_only(self) -> None:
        assert synthesise("flite:kal16", "again") is synthesise("flite:kal16", "again")

    @needs_flite
    def test_is_deterministic(self) -> None:
        first = synthesise("flite:kal16", "one more time")
        synthesise.cache_clear()
        assert np.array_equal(first, synthesise("flite:kal16", "one more time"))


class TestAVoiceThatIsNotThere:
    @needs_flite
    def test_names_the_package_and_the_voices_there_are(self) -> None:
        with pytest.raises(VoiceError, match=r'"flite:nobody": .*only .*slt.*Debian package flite'):
            synthesise("flite:nobody", "hello")

    @needs_espeak
    def test_names_the_package_for_espeak_too(self) -> None:
        with pytest.raises(VoiceError, match=r'"espeak-ng:nobody": .*does not exist.*Debian package espeak-ng-data'):
            synthesise("espeak-ng:nobody", "hello")

    def test_is_refused_for_an_unknown_synthesiser(self) -> None:
        with pytest.raises(VoiceError, match="expected flite:NAME, espeak-ng:NAME, festival:NAME"):
            synthesise("sam:robot", "hello")

    @needs_festival
    def test_is_named_where_the_program_says_nothing(self) -> None:
        with pytest.raises(VoiceError, match=r'"festival:kal": .*Debian packages festival and festvox'):
            synthesise("festival:kal", "hello")

    def test_of_festival_is_a_name_and_nothing_it_could_run(self) -> None:
        if shutil.which("text2wave") is None:
            pytest.skip("festival is not installed (Debian package festival)")
        with pytest.raises(VoiceError, match="letters, digits and _"):
            synthesise('festival:x) (system "true"', "hello")

    @pytest.mark.parametrize(
        ("voice", "source"), [("piper:en_US-joe-medium", "PyPI package piper-tts"), ("pico:de-DE", "libttspico-utils")]
    )
    def test_says_where_its_program_comes_from(
        self, voice: str, source: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        monkeypatch.setenv("PATH", str(tmp_path))
        with pytest.raises(VoiceError, match=source):
            synthesise(voice, "never said before")

    def test_names_the_package_of_a_missing_program(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        monkeypatch.setenv("PATH", str(tmp_path))
        with pytest.raises(VoiceError, match="espeak-ng is not installed; install the Debian package espeak-ng"):
            synthesise("espeak-ng:en-us", "never said before")

    @needs_flite
    def test_is_told_apart_from_a_voice_with_nothing_to_say(self) -> None:
        with pytest.raises(VoiceError, match="nothing to say"):
            synthesise("flite:kal16", " ")


class TestTheVoicesAScenarioMayName:
    def test_are_those_that_can_speak(self) -> None:
        for tool in SYNTHESISERS:
            with pytest.raises(VoiceError) as caught:
                synthesise(f"{tool}:", " ")
            assert "no such synthesiser" not in str(caught.value)


class TestTheLevel:
    def test_of_a_tone_is_its_rms(self) -> None:
        assert active_level_dbfs(tone(1.0, amplitude=0.5)) == pytest.approx(
            20 * math.log10(0.5 / math.sqrt(2)), abs=0.1
        )

    def test_leaves_pauses_out(self) -> None:
        assert active_level_dbfs(bursts()) == pytest.approx(active_level_dbfs(tone(1.0)), abs=0.1)

    def test_of_silence_is_nothing(self) -> None:
        silence = np.zeros(1600, np.float32)
        assert active_level_dbfs(silence) == -math.inf
        assert not at_level(silence, -26.0).any()

    @given(level=st.floats(-70.0, -3.0), amplitude=st.floats(0.001, 1.0))
    def test_is_what_was_asked_for(self, level: float, amplitude: float) -> None:
        assert active_level_dbfs(at_level(bursts() * np.float32(amplitude), level)) == pytest.approx(level, abs=0.05)

    @needs_flite
    def test_of_a_talker_is_set(self) -> None:
        speech = speech_of(Talk(Cue(0.0), "what time is it", "flite:slt", level_dbfs=-31.0))
        assert active_level_dbfs(speech) == pytest.approx(-31.0, abs=0.05)


class TestTheSpan:
    def test_is_from_the_first_sound_to_the_last(self) -> None:
        padded = np.concatenate([np.zeros(3200, np.float32), bursts(), np.zeros(4800, np.float32)])
        assert active_span_ms(padded) == (200, 2200)

    def test_of_silence_is_empty(self) -> None:
        assert active_span_ms(np.zeros(1600, np.float32)) == (0, 0)


class TestARecording:
    @pytest.mark.parametrize("rate", [8_000, 16_000, 22_050, 44_100, 48_000])
    def test_of_any_rate_keeps_length_and_pitch(self, tmp_path: Path, rate: int) -> None:
        path = tmp_path / "tone.wav"
        write_wav(path, tone(1.0, 500.0, rate=rate), rate)
        samples = recording(path)
        assert len(samples) == pytest.approx(HEARING_RATE, abs=2)
        spectrum = np.abs(np.fft.rfft(samples))
        assert np.argmax(spectrum) * HEARING_RATE / len(samples) == pytest.approx(500.0, abs=2.0)

    def test_is_spoken_at_the_talkers_level(self, tmp_path: Path) -> None:
        path = tmp_path / "tone.wav"
        write_wav(path, np.stack([tone(0.5), tone(0.5)]), HEARING_RATE)
        speech = speech_of(Talk(Cue(0.0), wav=path, level_dbfs=-20.0))
        assert active_level_dbfs(speech) == pytest.approx(-20.0, abs=0.05)

    def test_that_cannot_be_read_is_named(self, tmp_path: Path) -> None:
        path = tmp_path / "letter.wav"
        path.write_text("dear reader")
        with pytest.raises(VoiceError, match=r"letter\.wav"):
            recording(path)

    def test_without_a_sample_is_refused(self, tmp_path: Path) -> None:
        path = tmp_path / "empty.wav"
        write_wav(path, np.zeros(0, np.float32), HEARING_RATE)
        with pytest.raises(VoiceError, match="no sound in it"):
            recording(path)
