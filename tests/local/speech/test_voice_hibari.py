"""The better voice: its level, its pace, its sameness, and that it never asks the network. Skipped without it."""

from __future__ import annotations

import functools
import socket

import numpy as np
import pytest

from edge_agent.local.assistant import language_en as language
from edge_agent.local.speech.voice import LEVEL_DBFS, PEAK, SpeechError
from edge_agent.local.speech.voice_hibari import Hibari, is_installed
from edge_agent.local.speech.work import WORK_RATE
from edge_agent.sim.voice import active_level_dbfs

PRESENT = pytest.mark.skipif(not is_installed(), reason="hibari is not installed (make speech)")
SENTENCES = [language.JOKES[0], language.ANSWERS["hello"][0], "No.", language.TEXTS.not_understood[1]]


@functools.cache
def voice() -> Hibari:
    return Hibari()


def samples(pcm: bytes) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    return np.frombuffer(pcm, "<i2").astype(np.float32) / np.float32(32768)


@PRESENT
class TestASentence:
    @pytest.mark.parametrize("text", SENTENCES)
    def test_is_spoken_at_one_level_and_never_clipped(self, text: str) -> None:
        spoken = samples(voice().speak(text))
        assert active_level_dbfs(spoken) == pytest.approx(LEVEL_DBFS, abs=2.0)
        assert float(np.abs(spoken).max()) <= PEAK + 1 / 32768

    def test_begins_at_once(self) -> None:
        spoken = samples(voice().speak("All right."))
        assert int(np.flatnonzero(np.abs(spoken) > 0.01)[0]) < WORK_RATE // 20

    def test_lasts_as_long_as_people_take_for_it(self) -> None:
        minutes = len(samples(voice().speak(language.STORY))) / WORK_RATE / 60
        assert 130 < len(language.STORY.split()) / minutes < 230

    def test_is_shorter_the_faster_it_is_spoken(self) -> None:
        lengths = [len(voice().speak(language.ABILITIES, speed)) for speed in (0.25, 0.75, 1.0, 1.5)]
        assert lengths == sorted(lengths, reverse=True)

    def test_sounds_the_same_every_time(self) -> None:
        assert voice().speak(language.ANSWERS["hello"][0]) == voice().speak(language.ANSWERS["hello"][0])

    @pytest.mark.parametrize("text", ["Grüß Gott!", "<b>bold</b> & so on", "one\ntwo", "a" * 200])
    def test_may_have_any_characters(self, text: str) -> None:
        assert len(voice().speak(text)) > WORK_RATE // 10

    @pytest.mark.parametrize("text", ["", "  ", "\n", "...", "\ud800"])
    def test_without_words_is_no_sound(self, text: str) -> None:
        assert voice().speak(text) == b""

    def test_is_spoken_without_a_network(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def no_socket(*args: object, **kwargs: object) -> None:
            raise AssertionError("it asked the network")

        monkeypatch.setattr(socket, "socket", no_socket)
        assert Hibari().speak("no network")


class TestWithoutIt:
    def test_says_how_to_get_it(self) -> None:
        if is_installed():
            pytest.skip("hibari is installed")
        with pytest.raises(SpeechError, match="`make speech` installs it"):
            Hibari()
