"""A reply that is late: a cue when it will be later, words when it is over two seconds, and nothing in its way."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edge_agent.audio.format import HEARING_RATE
from edge_agent.simulation import Outcome
from tests.stories.rehearsal import loudness, of, tell

STORY = """
duration_s = {seconds}
ends_after = "drained"
[provider]
model_delay_ms = {delay_ms}
[config.session]
provider = "local"
{config}
[[cue]]
kind = "talk"
voice = "flite:kal16"
after = "ready"
delay_s = 0.5
text = "hey jarvis tell me a joke"
{more}
"""
TALK = '[[cue]]\nkind = "talk"\nvoice = "flite:kal16"\nafter = "{after}"\ndelay_s = {delay_s}\ntext = "{text}"\n'


def story(out: Path, delay_ms: int, *, config: str = "", more: str = "", seconds: float = 30) -> Outcome:
    return tell(STORY.format(delay_ms=delay_ms, config=config, more=more, seconds=seconds), out)


def since_commit(outcome: Outcome, kind: str) -> list[int]:
    (commit,) = of(outcome, "commit")
    return [happening.t_ms - commit.t_ms for happening in of(outcome, kind)]


class TestAReplyThatIsLate:
    def test_is_announced_after_a_second_excused_after_two_and_heard_whole(self, tmp_path: Path) -> None:
        outcome = story(tmp_path, 4500)
        (cue,), (words,) = since_commit(outcome, "waiting"), since_commit(outcome, "words")
        assert 1000 <= cue <= 1030
        assert 2000 <= words <= 2030
        (commit,), (first,), (reply,) = (
            of(outcome, "commit"),
            of(outcome, "first_sample"),
            outcome.evidence.story.replies,
        )
        assert loudness(outcome, commit.t_ms + 500, commit.t_ms + 1000) < -80
        assert loudness(outcome, commit.t_ms + 1050, commit.t_ms + 1250) > -60
        assert loudness(outcome, commit.t_ms + 1400, commit.t_ms + 2000) < -80
        assert loudness(outcome, commit.t_ms + 2100, commit.t_ms + 3000) > -40
        assert first.t_ms - commit.t_ms >= 4500
        assert reply.ended == "drained"
        assert of(outcome, "unexpected", "truncate", "barge_in") == []

    def test_is_not_when_it_comes_in_time(self, tmp_path: Path) -> None:
        outcome = story(tmp_path, 500)
        assert of(outcome, "waiting", "words") == []

    def test_is_not_held_up_by_the_excuse(self, tmp_path: Path) -> None:
        """It comes in the middle of "One moment, please", which gives way within 40 ms."""
        plain = story(tmp_path / "silent", 2400, config="[config.audio]\nwords = false\nearcons = false")
        spoken = story(tmp_path / "spoken", 2400)
        assert of(plain, "words") == []
        (words,) = since_commit(spoken, "words")
        (delta,) = since_commit(spoken, "first_delta")[:1]
        assert words < delta < words + 1200
        (bare,), (later,) = since_commit(plain, "first_sample"), since_commit(spoken, "first_sample")
        assert 0 <= later - bare <= 40

    def test_ends_its_excuse_before_it_begins(self, tmp_path: Path) -> None:
        outcome = story(tmp_path, 2400)
        (first,) = of(outcome, "first_sample")
        words = of(outcome, "words")[0].t_ms
        assert loudness(outcome, words + 100, words + 400) > -40
        assert loudness(outcome, first.t_ms - 60, first.t_ms - 50) > -40
        assert loudness(outcome, first.t_ms - 6, first.t_ms - 1) < -55

    def test_counts_no_word_of_the_excuse_as_heard(self, tmp_path: Path) -> None:
        talk = TALK.format(after="first_sample", delay_s=1.0, text="what can you do")
        outcome = story(tmp_path, 2400, more=talk, seconds=14)
        (first, *_), (cut, *_) = of(outcome, "first_sample"), of(outcome, "flushed")
        assert 0 < sum(heard for _, heard, _ in cut.data["heard"]) <= cut.t_ms - first.t_ms + 10

    def test_is_not_taken_for_a_person_who_goes_on(self, tmp_path: Path) -> None:
        """Hearing has just begun to learn the room's echo, and the excuse is speech."""
        outcome = story(tmp_path, 6000)
        assert len(of(outcome, "listening")) == 1
        assert len(of(outcome, "speech_started")) <= 1
        assert len(of(outcome, "commit")) == 1

    def test_can_be_called_off_over_the_excuse(self, tmp_path: Path) -> None:
        talk = TALK.format(after="words", delay_s=0.2, text="hey jarvis what can you do")
        outcome = story(tmp_path, 2400 + 2000, more=talk, seconds=24)
        assert len(of(outcome, "wake")) == 2
        assert len(of(outcome, "commit")) == 2


class TestTheLanguage:
    def test_is_a_setting(self, tmp_path: Path) -> None:
        outcomes = [
            story(tmp_path / language, 4500, config=f'[config.system]\nlanguage = "{language}"')
            for language in ("en", "de")
        ]
        spoken = []
        for outcome in outcomes:
            begin = (of(outcome, "words")[0].t_ms + 50) * HEARING_RATE // 1000
            spoken.append(outcome.evidence.air[begin : begin + HEARING_RATE])
        english, german = spoken
        assert float(np.dot(english, german)) < 0.9 * float(np.linalg.norm(english) * np.linalg.norm(german))


class TestAReplyThatDoesNotCome:
    @pytest.mark.parametrize("words", ["true", "false"])
    def test_is_told_in_words_where_they_are_wanted(self, tmp_path: Path, words: str) -> None:
        config = f"[config.audio]\nwords = {words}\n[config.turn]\nreply_s = 4"
        outcome = story(tmp_path, 30_000, config=config, seconds=9)
        (commit,) = of(outcome, "commit")
        assert loudness(outcome, commit.t_ms + 4050, commit.t_ms + 4200) > -50  # the sound, in any case
        assert (loudness(outcome, commit.t_ms + 4600, commit.t_ms + 5300) > -40) is (words == "true")
        assert [h.data["phrase"] for h in of(outcome, "words")] == (["moment", "no_answer"] if words == "true" else [])
