"""The device's own sentences: all of them in every language, short, and put into sound."""

from __future__ import annotations

import shutil

import numpy as np
import pytest

from edge_agent import phrase_voice
from edge_agent.audio.format import WIRE_RATE, Samples
from edge_agent.config import declared
from edge_agent.dialogue import words
from edge_agent.phrases import SENTENCES, VOICES

NAMES = {words.MOMENT, words.NO_ANSWER, words.UNREACHABLE, words.FAILED, words.REFUSED}


class TestTheTable:
    def test_has_every_sentence_in_every_language(self) -> None:
        assert {language: set(sentences) for language, sentences in SENTENCES.items()} == dict.fromkeys(VOICES, NAMES)

    def test_has_the_languages_that_can_be_chosen(self) -> None:
        (key,) = [f for section, f in declared() if (section, f.name) == ("system", "language")]
        assert set(key.metadata["choices"]) == set(SENTENCES)


class TestTheVoice:
    @pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="espeak-ng is not installed")
    @pytest.mark.parametrize("language", sorted(VOICES))
    def test_says_each_in_under_two_seconds_and_begins_at_once(self, language: str) -> None:
        learnt: dict[str, Samples] = {}
        phrase_voice.learn_phrases(language, learnt.__setitem__)
        assert set(learnt) == NAMES
        for sound in learnt.values():
            assert 0.5 < len(sound) / WIRE_RATE < 2.0
            assert np.abs(sound[: WIRE_RATE // 20]).max() > 0.003
            assert 0.05 < np.abs(sound).max() <= 1.0

    def test_that_is_missing_is_told_once_and_nothing_is_learnt(
        self, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        monkeypatch.setenv("PATH", "/nowhere")
        phrase_voice._spoken.cache_clear()
        learnt: dict[str, Samples] = {}
        phrase_voice.learn_phrases("en", learnt.__setitem__)
        assert learnt == {}
        (record,) = caplog.records
        assert "espeak-ng" in record.getMessage()
