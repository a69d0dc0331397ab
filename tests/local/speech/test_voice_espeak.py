"""The small voice: its level, its pace, and what it says when it is not there."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from edge_agent.local.assistant import language_en as language
from edge_agent.local.speech.voice import LEVEL_DBFS, PEAK, SpeechError
from edge_agent.local.speech.voice_espeak import Espeak
from edge_agent.local.speech.work import WORK_RATE
from edge_agent.sim.voice import active_level_dbfs

speak = Espeak().speak
PRESENT = pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="espeak-ng is not installed")
SENTENCES = [language.JOKES[0], language.ANSWERS["hello"][0], "No.", language.TEXTS.not_understood[1]]


def samples(pcm: bytes) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    return np.frombuffer(pcm, "<i2").astype(np.float32) / np.float32(32768)


def program(folder: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    """An espeak-ng of our own, the only program on PATH."""
    path = folder / "espeak-ng"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder))


@PRESENT
class TestASentence:
    @pytest.mark.parametrize("text", SENTENCES)
    def test_is_spoken_at_one_level(self, text: str) -> None:
        at_wire_rate = samples(speak(text))
        assert active_level_dbfs(at_wire_rate) == pytest.approx(LEVEL_DBFS, abs=1.5)

    @pytest.mark.parametrize("text", SENTENCES)
    def test_is_never_clipped(self, text: str) -> None:
        assert float(np.abs(samples(speak(text))).max()) <= PEAK + 1 / 32768

    def test_lasts_as_long_as_people_take_for_it(self) -> None:
        words = len(language.STORY.split())
        minutes = len(samples(speak(language.STORY))) / WORK_RATE / 60
        assert 130 < words / minutes < 220

    def test_is_shorter_the_faster_it_is_spoken(self) -> None:
        lengths = [len(speak(language.ABILITIES, speed)) for speed in (0.5, 0.75, 1.0, 1.25, 1.5)]
        assert lengths == sorted(lengths, reverse=True)
        assert 1.3 < lengths[2] / lengths[4] < 1.7

    def test_sounds_the_same_every_time(self) -> None:
        assert speak(language.ANSWERS["hello"][0]) == speak(language.ANSWERS["hello"][0])

    @pytest.mark.parametrize("text", ["Grüß Gott!", "-v fr", "<b>bold</b> & so on", "你好", "one\ntwo", "a" * 200])
    def test_may_have_any_characters(self, text: str) -> None:
        assert len(speak(text)) > WORK_RATE // 10

    @pytest.mark.parametrize("text", ["", "  ", "\n"])
    def test_without_words_is_no_sound(self, text: str) -> None:
        assert speak(text) == b""


class TestWithoutTheProgram:
    def test_the_package_to_install_is_named(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("PATH", str(tmp_path))
        with pytest.raises(SpeechError, match="not found on PATH; install the Debian package espeak-ng"):
            speak("hello")

    def test_that_works_its_own_words_are_passed_on(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        program(tmp_path, monkeypatch, "echo 'no data at /usr/lib/espeak-ng-data' >&2; exit 1")
        with pytest.raises(SpeechError, match=r"exit status 1.*no data at /usr/lib/espeak-ng-data"):
            speak("hello")

    @pytest.mark.parametrize("script", ["exit 0", "echo hello", "printf RIFF"])
    def test_that_writes_sound_it_is_said_how_to_try_it(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str
    ) -> None:
        program(tmp_path, monkeypatch, script)
        with pytest.raises(SpeechError, match=r"no WAV file .*try `espeak-ng --stdout hello`"):
            speak("hello")

    def test_that_can_be_run_the_reason_is_passed_on(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        program(tmp_path, monkeypatch, "")
        (tmp_path / "espeak-ng").write_bytes(b"\x7fELF")
        with pytest.raises(SpeechError, match=r"espeak-ng: .*Exec format error"):
            speak("hello")
