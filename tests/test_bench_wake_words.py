"""The wake words' bench: that it counts right. How well the words are heard is not for a test to say."""

from __future__ import annotations

import math
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from edge_agent.audio.format import HEARING_BLOCK, HEARING_RATE, Samples
from edge_agent.hearing.models import WORDS
from edge_agent.hearing.wake_openwakeword import OpenWakeWord
from edge_agent.sim.voice import active_level_dbfs, synthesise
from tests.bench.wake_words import confidence, picture, report
from tests.bench.wake_words.__main__ import Figure, figures
from tests.bench.wake_words.acoustics import Place
from tests.bench.wake_words.corpus import SOURCES, Source
from tests.bench.wake_words.decision import Policy, Scores, average, greater
from tests.bench.wake_words.false_wakes import Heard
from tests.bench.wake_words.phrase import Kind, Phrase, trimmed
from tests.bench.wake_words.recall import HEADLINE, Presentation, Said, presentations
from tests.bench.wake_words.scores import FRAME, SHIFT, Networks, ends_at
from tests.bench.wake_words.study import Study, heard_by
from tests.bench.wake_words.tradeoff import Point, at, points, recommended

WORD = "hey_jarvis"
NUMBER = WORDS.index(WORD)


@pytest.fixture(scope="module")
def sound() -> Samples:
    """The phrase three times across a room, the second time too soon after the first."""
    dry = trimmed(synthesise("flite:kal16", "hey jarvis"))
    pauses = [np.zeros(round(HEARING_RATE * s), np.float32) for s in (0.3, 1.5)]
    spoken = np.concatenate([dry, pauses[0], dry, pauses[1], dry])
    return Place(2.0, 0.3, 20.0).heard(spoken, lead_s=1.0, tail_s=1.0)


@pytest.fixture(scope="module")
def scores(sound: Samples) -> Scores:
    return Networks().scores(sound)


def _scores(*values: float) -> Scores:
    return np.array(values, np.float32)


class TestTheScores:
    def test_are_the_engine_s_frame_by_frame(self, sound: Samples, scores: Scores) -> None:
        engine, frames = OpenWakeWord(WORDS), 0
        for end in range(HEARING_BLOCK, len(sound) + 1, HEARING_BLOCK):
            engine.hear(sound[end - HEARING_BLOCK : end])
            if end == ends_at(frames):
                assert [engine.scores[word] for word in WORDS] == pytest.approx(scores[frames].tolist(), abs=1e-4)
                frames += 1
        assert frames == len(scores)
        assert scores[:, NUMBER].max() > 0.5

    def test_of_the_second_grid_are_those_of_a_sound_that_begins_40_ms_later(self, sound: Samples) -> None:
        networks, piece = Networks([WORD]), sound[: 4 * HEARING_RATE]
        late = np.concatenate([np.zeros(SHIFT, np.float32), piece])
        assert networks.scores(piece, SHIFT) == pytest.approx(networks.scores(late), abs=1e-5)

    def test_do_not_depend_on_where_a_long_sound_is_cut(self, sound: Samples, monkeypatch: pytest.MonkeyPatch) -> None:
        networks, piece = Networks([WORD]), sound[: 3 * HEARING_RATE]
        whole = networks.scores(piece)
        monkeypatch.setattr("tests.bench.wake_words.scores._CHUNK", 7)
        assert networks.scores(piece) == pytest.approx(whole, abs=1e-6)


class TestAPolicy:
    @pytest.mark.parametrize("policy", [Policy(0.5), Policy(0.3, 2), Policy(0.5, 1, 0.0), Policy(0.9, 3, 4.0)])
    def test_wakes_when_the_engine_does(self, policy: Policy, sound: Samples, scores: Scores) -> None:
        engine = OpenWakeWord(
            [WORD], threshold=policy.threshold, patience=policy.patience, refractory_s=policy.refractory_s
        )
        ends = range(HEARING_BLOCK, len(sound) + 1, HEARING_BLOCK)
        woke = [end for end in ends if engine.hear(sound[end - HEARING_BLOCK : end])]
        assert [ends_at(frame) for frame in policy.wakes(scores[:, NUMBER])] == woke
        assert woke

    def test_counts_a_rise_once(self) -> None:
        assert Policy(0.5, 1, 0.0).wakes(_scores(0, 0.6, 0.9, 0.7, 0, 0.5)) == [1, 5]

    def test_waits_for_as_many_frames_as_it_is_told(self) -> None:
        assert Policy(0.5, 2, 0.0).wakes(_scores(0.9, 0, 0.6, 0.6, 0.6, 0.1, 0.9)) == [3]

    def test_is_deaf_after_a_wake_even_to_a_rise_that_lasts_longer(self) -> None:
        assert Policy(0.5, 1, 0.24).wakes(_scores(0.9, 0, 0.9, 0.9, 0.9, 0, 0.9)) == [0, 6]

    def test_hears_nothing_in_nothing(self) -> None:
        assert Policy(0.5).wakes(_scores()) == []


class TestTwoGrids:
    def test_are_joined_frame_by_frame_as_far_as_both_go(self) -> None:
        one, other = _scores(0.1, 0.8, 0.3), _scores(0.5, 0.2)
        assert greater(one, other).tolist() == pytest.approx([0.5, 0.8])
        assert average(one, other).tolist() == pytest.approx([0.3, 0.5])


class TestTheLimits:
    @pytest.mark.parametrize(
        ("hits", "trials", "low", "high"),
        [(8, 10, 0.4902, 0.9433), (0, 10, 0.0, 0.2775), (10, 10, 0.7225, 1.0), (95, 100, 0.8882, 0.9785)],
    )
    def test_of_a_share_are_wilson_s(self, hits: int, trials: int, low: float, high: float) -> None:
        assert confidence.share(hits, trials) == pytest.approx((low, high), abs=1e-4)

    @pytest.mark.parametrize(
        ("events", "low", "high"), [(0, 0.0, 3.6889), (1, 0.0253, 5.5716), (5, 1.6235, 11.6683), (100, 81.36, 121.63)]
    )
    def test_of_a_rate_are_the_exact_ones(self, events: int, low: float, high: float) -> None:
        assert confidence.rate(events, 1.0) == pytest.approx((low, high), rel=1e-3)
        assert confidence.rate(events, 10.0) == pytest.approx((low / 10, high / 10), rel=1e-3)

    def test_refuse_what_cannot_be(self) -> None:
        with pytest.raises(ValueError, match="found 3 hits of 2 trials"):
            confidence.share(3, 2)
        with pytest.raises(ValueError, match=r"in 0\.0 h"):
            confidence.rate(1, 0.0)


class TestAPlace:
    DRY = trimmed(synthesise("flite:rms", "alexa"))

    def test_is_the_same_again(self) -> None:
        one, other = (Place(3.0, 0.6, 10.0, seed=3).heard(self.DRY, lead_s=0.5, tail_s=0.5) for _ in range(2))
        assert np.array_equal(one, other)

    @pytest.mark.parametrize("snr_db", [10.0, 20.0])
    def test_has_the_noise_that_was_asked_for(self, snr_db: float) -> None:
        heard = Place(3.0, 0.3, snr_db, -30.0).heard(self.DRY, lead_s=2.0, tail_s=0.0)
        noise = heard[: 2 * HEARING_RATE]
        assert 10 * math.log10(float(np.mean(np.square(noise)))) == pytest.approx(-30.0 - snr_db, abs=1.0)

    def test_leaves_a_recording_of_a_room_in_its_own(self) -> None:
        heard = Place(0.0, 0.0, 90.0, -20.0).heard(self.DRY, lead_s=0.1, tail_s=0.0)
        assert np.corrcoef(heard[HEARING_RATE // 10 :], self.DRY)[0, 1] > 0.999
        assert active_level_dbfs(heard) == pytest.approx(-20.0, abs=0.2)

    def test_rings_on_behind_the_phrase_the_longer_the_deeper_the_room(self) -> None:
        tails = []
        for rt60_s in (0.3, 0.6):
            heard = Place(3.0, rt60_s, 90.0).heard(self.DRY, lead_s=0.0, tail_s=0.4)
            tails.append(float(np.sum(np.square(heard[len(self.DRY) + 1600 :]))))
        assert tails[1] > 4.0 * tails[0]


class TestAPhrase:
    def test_begins_and_ends_with_its_voice(self) -> None:
        loud = np.full(1600, 0.5, np.float32)
        assert len(trimmed(np.concatenate([np.zeros(3200, np.float32), loud, np.full(800, 0.001, np.float32)]))) == 1600

    def test_is_not_made_of_silence(self) -> None:
        with pytest.raises(ValueError, match="found silence"):
            trimmed(np.zeros(1600, np.float32))


def _said(kind: Kind, frames_after: int | None, voice: str = "a:b", *, distance_m: float = HEADLINE[0]) -> Said:
    """A phrase whose score peaks so many frames after it has ended; None: never."""
    phrase = Phrase(voice, kind, "some", WORD, np.ones(HEARING_RATE, np.float32))
    presentation = Presentation(phrase, Place(distance_m, 0.3, HEADLINE[1]), 0)
    scores = np.zeros(60, np.float32)
    if frames_after is not None:
        scores[presentation.end // FRAME + frames_after] = 0.7
    return Said(presentation, scores, scores)


def _heard(wakes: int, score: float, *, hours: float = 1.0, language: str = "en") -> Heard:
    scores = np.zeros((round(hours * 45_000), 1), np.float32)
    scores[np.arange(wakes) * 100 + 50] = score
    return Heard(Source("some-package", language, "*"), scores, scores[: len(scores) // 5])


def _study(tmp_path: Path) -> Study:
    said = [_said(Kind.PERSON, 1), _said(Kind.NEURAL, 0, "good:one"), _said(Kind.NEURAL, None, "bad:one")]
    said += [_said(Kind.ROBOT, 2), _said(Kind.NEURAL, None, distance_m=5.0)]
    heard = [_heard(3, 0.2), _heard(1, 0.6, hours=9.0, language="music")]
    return Study({WORD: Policy(0.5)}, said, heard, tmp_path, ["mbrola: not in Debian's free part"])


class TestADecision:
    def test_is_timed_from_the_end_of_the_phrase_to_the_end_of_its_frame(self) -> None:
        one = _said(Kind.ROBOT, 3)
        delay = one.decided_ms(Policy(0.5))
        assert delay is not None
        frame = one.presentation.end // FRAME + 3
        assert delay == pytest.approx((ends_at(frame) - one.presentation.end) / 16)

    def test_before_the_phrase_is_none(self) -> None:
        one = _said(Kind.ROBOT, None)
        one.scores[3] = 0.9
        assert one.decided_ms(Policy(0.5)) is None


class TestTheTradeOff:
    def test_counts_only_three_metres_and_20_db(self, tmp_path: Path) -> None:
        study = _study(tmp_path)
        found = at(points(WORD, 0, study.said, study.heard, 1), 0.5)
        assert (found.people, found.neural, found.robots, found.native) == ((1, 1), (1, 2), (1, 1), (2, 3))
        assert found.recall == pytest.approx(2 / 3)

    def test_counts_the_false_wakes_of_each_threshold(self, tmp_path: Path) -> None:
        study = _study(tmp_path)
        curve = points(WORD, 0, study.said, study.heard, 1)
        assert [at(curve, threshold).wakes for threshold in (0.1, 0.5, 0.7)] == [4, 1, 0]
        assert at(curve, 0.1).false_h == pytest.approx(0.4)

    def test_with_a_second_grid_is_counted_where_there_is_one(self, tmp_path: Path) -> None:
        study = _study(tmp_path)
        curve = study.grid(WORD, "greater of two")
        assert curve[0].hours == pytest.approx(2.0)

    def test_recommends_what_hears_most_of_the_neural_voices_among_the_quiet(self) -> None:
        def point(threshold: float, neural: int, wakes: int) -> Point:
            return Point(Policy(threshold), (0, 9), (neural, 100), (0, 9), (0, 9), wakes, 10.0)

        curve = [point(0.1, 99, 9), point(0.2, 97, 2), point(0.3, 97, 1), point(0.4, 97, 1), point(0.5, 90, 0)]
        assert recommended(curve).policy.threshold == 0.4
        assert recommended([point(0.1, 99, 90), point(0.9, 50, 80)]).policy.threshold == 0.9


class TestTheVoices:
    def test_are_listed_worst_first(self) -> None:
        groups = {"good": [_said(Kind.ROBOT, 1)], "bad": [_said(Kind.ROBOT, 1), _said(Kind.ROBOT, None)]}
        assert list(heard_by(groups, Policy(0.5)).items()) == [("bad", (1, 2)), ("good", (1, 1))]

    def test_are_presented_alike_in_every_run_and_people_most_often(self) -> None:
        phrases = [_said(kind, 0).presentation.phrase for kind in (Kind.PERSON, Kind.ROBOT)]
        runs = [list(presentations(phrases)) for _ in range(2)]
        assert [(p.place, p.late) for p in runs[0]] == [(p.place, p.late) for p in runs[1]]
        of_people = [p for p in runs[0] if p.phrase.kind is Kind.PERSON]
        assert len(of_people) > 4 * (len(runs[0]) - len(of_people))
        assert len({p.late for p in of_people}) > 40


class TestTheReport:
    def test_says_what_was_heard_what_was_left_out_and_what_follows(self, tmp_path: Path) -> None:
        study = _study(tmp_path)
        study.heard[:] = [_heard(0, 0.0), _heard(0, 0.0, language="music")]  # the second stage would ask for the sound
        text = "\n".join(report.sections(study))
        assert "left out: mbrola: not in Debian's free part" in text
        assert "worst: bad:one 0/1" in text
        assert "1.00 h of speech and 1.00 h of music" in text
        assert "at no threshold" in text

    def test_puts_figures_beside_the_goals(self, tmp_path: Path) -> None:
        rows = {row.name: row for row in figures(_study(tmp_path))}
        assert rows["wake_words.hey_jarvis_recall"].as_json()["baseline"] == 0.95
        assert rows["wake_words.hey_jarvis_false"].value == pytest.approx(0.1)
        assert all(isinstance(row, Figure) and row.command.endswith("wake_words") for row in rows.values())


class TestThePicture:
    def test_is_svg_with_a_panel_a_word_and_the_shipped_policy_ringed(self, tmp_path: Path) -> None:
        study = _study(tmp_path)
        root = ElementTree.fromstring(picture.svg(study.curves, study.shipped, "5 < 6 voices"))
        texts = {node.text for node in root.iter() if node.tag.endswith("text")}
        assert {"hey jarvis", "5 < 6 voices", "none"} <= texts
        rings = [node for node in root.iter() if node.get("stroke") == "#c22"]
        assert len(rings) == 3  # both lines, and the legend's

    def test_goes_right_with_false_wakes_and_up_with_recall(self) -> None:
        places = [picture.across(false_h) for false_h in (0.0, 0.1, 0.5, 5.0, 50.0)]
        assert all(one < other for one, other in pairwise(places))
        assert picture.across(1e6) == picture.across(50.0)
        assert picture.up(1.0) == 0.0 < picture.up(0.5)


class TestTheCorpus:
    def test_names_each_source_once(self) -> None:
        assert len({source.name for source in SOURCES}) == len(SOURCES)
        assert {source.language for source in SOURCES} >= {"en", "es", "fr", "it", "ru", "music"}
