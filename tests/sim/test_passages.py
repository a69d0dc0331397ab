"""Replies that a scenario spells out, and who says them."""

from __future__ import annotations

import shutil
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest

from edge_agent.audio.wire import samples_from_pcm16
from edge_agent.local.realtime.mind import Question, Say
from edge_agent.local.speech.voice import LEVEL_DBFS
from edge_agent.local.speech.work import Recognised, Work
from edge_agent.sim.answers import ears_of, mind_of
from edge_agent.sim.passages import heard, spoken
from edge_agent.sim.scenario import ScenarioError, load
from edge_agent.sim.scenario_provider import ProviderSettings
from edge_agent.sim.voice import active_level_dbfs

pytestmark = pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="espeak-ng is not installed")
VOICE = "espeak-ng:en-us"
ASKED = Question((), datetime(2026, 1, 1))


class TestAPassage:
    def test_is_its_sentences_with_a_breath_between(self) -> None:
        one, other = (len(spoken(text, VOICE)) for text in ("It is late.", "Good night."))
        both = len(spoken("It is late. Good night.", VOICE))
        assert 0.2 < (both - one - other) / 2 / 24_000 < 0.3

    @pytest.mark.parametrize("voice", [VOICE, "device"])
    def test_is_as_loud_as_all_replies(self, voice: str) -> None:
        sound = heard("The museum opens at ten and closes at six.", voice)
        assert active_level_dbfs(sound) == pytest.approx(LEVEL_DBFS, abs=1.5)
        assert np.abs(samples_from_pcm16(spoken("It is late.", voice))).max() < 0.98

    def test_has_no_voice_that_is_not_there(self, tmp_path: Path) -> None:
        scenario = tmp_path / "scene.toml"
        scenario.write_text('[provider]\npassages = ["It is late."]\nvoice = "robot"\n')
        with pytest.raises(ScenarioError, match=r'provider.voice: found "robot", expected device'):
            load(scenario)


class TestTheTable:
    @pytest.mark.parametrize(
        ("text", "why"),
        [
            ('passages = [""]', r"provider.passages: found"),
            ('passages = "one"', r'provider.passages: found "one", expected texts, in brackets'),
            ('voice = "device"', r'provider.voice: found "device" and no passages'),
            ('passages = ["a"]\nreply_wav = "x.wav"', "provider.passages: found reply_wav beside it"),
        ],
    )
    def test_is_judged(self, text: str, why: str, tmp_path: Path) -> None:
        scenario = tmp_path / "scene.toml"
        (tmp_path / "x.wav").touch()
        scenario.write_text(f"[provider]\n{text}\n")
        with pytest.raises(ScenarioError, match=why):
            load(scenario)


class TestTheMind:
    def test_says_the_passages_in_turn_and_begins_again(self) -> None:
        mind = mind_of(ProviderSettings(passages=("It is late.", "Good night."), voice=VOICE), "en")
        said = [part.text for _ in range(3) for part in mind.answer(ASKED) if isinstance(part, Say)]
        assert said == ["It is late.", "Good night.", "It is late."]

    def test_does_not_recognise_what_it_will_not_answer(self) -> None:
        ears = ears_of(ProviderSettings(passages=("It is late.",)))
        assert ears(Work("1", "recognise", bytes(48_000))) == Recognised("go on")
