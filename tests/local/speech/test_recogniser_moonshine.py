"""The better ears: dictation, sentences of the grammar where they are likely, and nothing where nobody spoke.

The voices are synthesisers; how well it does is measured in tests/bench/recognition. Skipped without `make speech`.
"""

from __future__ import annotations

import functools
import shutil
from pathlib import Path

import numpy as np
import pytest

from edge_agent.audio.format import Samples
from edge_agent.audio.wav import read_at
from edge_agent.local.assistant import language_en as language
from edge_agent.local.assistant.grammar import Grammar
from edge_agent.local.speech.moonshine import folder
from edge_agent.local.speech.recogniser import RECOGNISER_RATE
from edge_agent.local.speech.recogniser_moonshine import Dictation
from edge_agent.sim.voice import at_level, synthesise
from tests.bench.wake_words.acoustics import Place

NEGATIVES = Path(__file__).parents[3].parent / "shared" / "audio" / "wake" / "negatives"
FLITE = pytest.mark.skipif(shutil.which("flite") is None, reason="flite is not installed")
pytestmark = pytest.mark.skipif(folder() is None, reason="moonshine is not installed (make speech)")


@functools.cache
def ears() -> Dictation:
    weights = folder()
    assert weights is not None
    return Dictation(weights, language.GRAMMAR, language.SPELLINGS, language.REPEAT_AFTER_ME)


@functools.cache
def in_the_room(text: str, voice: str = "flite:kal16", snr_db: float = 20.0) -> Samples:
    dry = np.asarray(synthesise(voice, text), np.float32)
    return Place(1.5, 0.35, snr_db).heard(dry, lead_s=0.3, tail_s=0.8)


def white(seconds: float, rms: float) -> Samples:
    noise = np.random.default_rng(3).standard_normal(int(seconds * RECOGNISER_RATE)).astype(np.float32)
    return noise * np.float32(rms)


@FLITE
class TestASentenceOfTheGrammar:
    @pytest.mark.parametrize(
        "sentence",
        [
            *("what time is it", "what day is it today", "tell me a story", "what can you do", "tell me a joke"),
            *("what was my first question", "set the volume to thirty five percent", "never mind"),
        ],
    )
    def test_is_understood(self, sentence: str) -> None:
        heard = ears().recognise(in_the_room(sentence))
        assert language.GRAMMAR.parse(heard) == language.GRAMMAR.parse(sentence)

    def test_may_have_the_wake_phrase_in_front(self) -> None:
        assert ears().recognise(in_the_room("hey jarvis what time is it")) == "what time is it"

    @pytest.mark.parametrize("gain_db", [-30.0, 0.0, 20.0])
    def test_is_the_same_at_any_level(self, gain_db: float) -> None:
        sound = at_level(in_the_room("tell me a joke"), -30.0) * np.float32(10 ** (gain_db / 20))
        assert ears().recognise(sound) == "tell me a joke"

    def test_never_depends_on_what_was_heard_before(self) -> None:
        sound = in_the_room("tell me a joke")
        first = ears().hypothesis(sound)
        ears().recognise(white(1.0, 0.3))
        assert ears().hypothesis(sound) == first

    def test_of_another_grammar_is_learnt_from_its_patterns(self) -> None:
        weights = folder()
        assert weights is not None
        lights = Dictation(weights, Grammar({"light": ("turn the light (on | off)",)}, {}), {}, "say")
        assert lights.recognise(in_the_room("turn the light off", "flite:slt")) == "turn the light off"


@FLITE
class TestAnyOtherSentence:
    def test_is_taken_down_in_lower_case_without_punctuation(self) -> None:
        assert ears().recognise(in_the_room("The book is on the table.")) == "the book is on the table"

    def test_is_not_taken_for_one_of_the_grammar(self) -> None:
        for strange in ("the cat is asleep on the sofa", "turn on the kitchen light", "my name is peter"):
            assert language.GRAMMAR.parse(ears().recognise(in_the_room(strange))) is None

    def test_behind_the_key_phrase_is_to_be_repeated(self) -> None:
        heard = ears().recognise(in_the_room("repeat after me, the weather is fine today"))
        assert heard.startswith("repeat after me ")
        assert len(set(heard.split()) & {"the", "weather", "is", "fine", "today"}) >= 4


class TestWhereNobodySpoke:
    @pytest.mark.parametrize("rms", [0.0, 1e-4, 0.03])
    def test_noise_is_nothing(self, rms: float) -> None:
        assert ears().recognise(white(1.5, rms)) == ""

    def test_a_tone_is_nothing(self) -> None:
        tone = (0.2 * np.sin(np.arange(2 * RECOGNISER_RATE) * 0.2)).astype(np.float32)
        assert ears().recognise(tone) == ""

    @pytest.mark.parametrize("length", [0, 1, 100, RECOGNISER_RATE // 10])
    def test_what_is_shorter_than_a_word_is_nothing(self, length: int) -> None:
        assert ears().recognise(white(1.0, 0.1)[:length]) == ""

    @pytest.mark.parametrize(
        "name", ["allison_demo-congrats", "moonshine_two_cities", "moh_macroform-cold_day", "moh_reno_project-system"]
    )
    def test_or_spoke_to_somebody_else_no_question_is_answered(self, name: str) -> None:
        path = NEGATIVES / f"{name}.wav"
        if not path.exists():
            pytest.skip(f"{path} is not here")
        heard = ears().recognise(read_at(path, RECOGNISER_RATE)[: 3 * RECOGNISER_RATE])
        assert language.GRAMMAR.parse(heard) is None, heard
