"""The bench of ends and pauses: labels, hesitations, arithmetic. What it measures is not for a test to say."""

from __future__ import annotations

import struct
from dataclasses import replace
from functools import partial
from xml.etree import ElementTree

import numpy as np
import pytest

from edge_agent.audio.format import Samples
from edge_agent.hearing.endpointing import Endpointer
from edge_agent.hearing.facts import SpeechBegan
from tests.bench.debian import queen_table
from tests.bench.endpoints import __main__ as bench
from tests.bench.endpoints.figures import share, summary
from tests.bench.endpoints.hesitation import LONGEST_MS, MEDIAN_MS, SHORTEST_MS, hesitating, lengths_ms
from tests.bench.endpoints.labels import Labels, Pause, label
from tests.bench.endpoints.learn import regression, silences, told_apart
from tests.bench.endpoints.talkers import DEV, JUDGE, QUEEN, TALKERS, VOICE
from tests.bench.endpoints.trial import FLUENT, HESITATING, OURS, PAUSING, Turn, Verdict, endpointers, judge

SPEECH, SILENCE = 0.95, 0.02


def sound(*spans: tuple[bool, int]) -> Samples:
    """(whether there is speech, ms): tones in a little noise."""
    random = np.random.default_rng(0)
    pieces = [
        (0.2 * np.sin(np.arange(ms * 16) * 0.3)) * speech + random.normal(0, 2e-4, ms * 16) for speech, ms in spans
    ]
    return np.concatenate(pieces).astype(np.float32)


def turn(*spans: tuple[bool, int], made: bool = False, talker: int = 0, deaf: bool = False) -> Turn:
    """Speech at 1 s, heard at once and without doubt, or (deaf) not at all after its first stretch."""
    at, pauses, chances = 1000, [], [SILENCE] * 100
    for number, (speech, ms) in enumerate(spans):
        if not speech:
            pauses.append(Pause(at, at + ms, made))
        chances += [SPEECH if speech and not (deaf and number) else SILENCE] * (ms // 10)
        at += ms
    began = [SpeechBegan(70, 115)]
    return Turn(TALKERS[talker], "x", Labels(1000, at, tuple(pauses)), 1.0, chances + [SILENCE] * 300, began)


def verdict(one: Turn, silence_ms: int = 700) -> Verdict:
    return judge(one, partial(Endpointer, threshold=0.5, silence_ms=silence_ms, patience=1.0))


class TestTheLabeller:
    def test_finds_the_beginning_the_end_and_the_pauses(self) -> None:
        found = label(sound((False, 300), (True, 800), (False, 400), (True, 600), (False, 300)))
        assert found is not None
        assert (found.start_ms, found.end_ms) == (300, 2100)
        assert found.pauses == (Pause(1100, 1500),)

    def test_takes_a_short_silence_for_articulation(self) -> None:
        found = label(sound((False, 300), (True, 800), (False, 150), (True, 600), (False, 300)))
        assert found is not None
        assert found.pauses == ()

    def test_takes_a_click_for_no_speech(self) -> None:
        found = label(sound((False, 300), (True, 800), (False, 400), (True, 20), (False, 300)))
        assert found is not None
        assert found.end_ms == 1100

    def test_refuses_what_level_cannot_tell_from_its_floor(self) -> None:
        assert label(np.random.default_rng(0).normal(0, 0.1, 16000).astype(np.float32)) is None
        assert label(np.zeros(16000, np.float32)) is None


class TestAHesitation:
    def heard(self) -> tuple[Samples, Labels]:
        samples = sound((False, 100), (True, 1200), (False, 60), (True, 1200), (False, 100))
        return samples, Labels(100, 2560)

    def test_lies_where_the_speech_is_softest(self) -> None:
        found = hesitating(*self.heard(), np.random.default_rng(1))
        assert found is not None
        (pause,) = found[1].pauses
        assert pause.made
        assert 1290 <= pause.start_ms <= 1370

    def test_lengthens_the_sound_and_its_labels_alike(self) -> None:
        samples, labels = self.heard()
        found = hesitating(samples, labels, np.random.default_rng(1))
        assert found is not None
        (pause,) = found[1].pauses
        assert len(found[0]) - len(samples) == 16 * pause.length_ms
        assert found[1].end_ms - labels.end_ms == pause.length_ms

    def test_is_no_digital_silence(self) -> None:
        found = hesitating(*self.heard(), np.random.default_rng(1))
        assert found is not None
        (pause,) = found[1].pauses
        inside = found[0][pause.start_ms * 16 : pause.end_ms * 16]
        assert 1e-5 < np.sqrt(np.mean(np.square(inside))) < 1e-3

    def test_moves_the_pauses_after_it(self) -> None:
        samples = sound((False, 100), (True, 1000), (False, 60), (True, 1000), (False, 300), (True, 900), (False, 100))
        labels = Labels(100, 3360, (Pause(2160, 2460),))
        found = hesitating(samples, labels, np.random.default_rng(1))
        assert found is not None
        made, own = found[1].pauses
        assert (made.made, own.made) == (True, False)
        assert own == Pause(2160 + made.length_ms, 2460 + made.length_ms)

    def test_has_the_lengths_it_is_said_to_have(self) -> None:
        lengths = lengths_ms(np.random.default_rng(1), 4000)
        assert min(lengths) >= SHORTEST_MS
        assert max(lengths) <= LONGEST_MS
        assert abs(float(np.median(lengths)) - MEDIAN_MS) < 30

    def test_is_not_put_where_there_is_no_room(self) -> None:
        samples = sound((False, 100), (True, 700), (False, 100))
        assert hesitating(samples, Labels(100, 800), np.random.default_rng(1)) is None


class TestATurn:
    def test_is_cut_off_in_a_pause_longer_than_the_silence(self) -> None:
        found = verdict(turn((True, 1000), (False, 900), (True, 1000)))
        assert found.is_cut
        assert [cut for _, cut in found.pauses] == [True]

    def test_is_not_in_a_shorter_one_and_the_wait_counts_from_its_end(self) -> None:
        found = verdict(turn((True, 1000), (False, 600), (True, 1000)))
        assert not found.is_cut
        assert found.wait_ms == 690
        assert [cut for _, cut in found.pauses] == [False]

    def test_counts_no_pause_that_was_never_reached(self) -> None:
        found = verdict(turn((True, 1000), (False, 900), (True, 1000), (False, 900), (True, 500)))
        assert len(found.pauses) == 1

    def test_cut_off_where_speech_went_unheard_is_not_cut_off_in_a_pause(self) -> None:
        found = verdict(turn((True, 1000), (True, 2000), deaf=True))
        assert found.is_cut
        assert found.pauses == []

    def test_belongs_to_a_group_by_its_pauses(self) -> None:
        assert turn((True, 1000)).group == FLUENT
        assert turn((True, 1000), (False, 300), (True, 500)).group == PAUSING
        assert turn((True, 1000), (False, 300), (True, 500), made=True).group == HESITATING


class TestHowFinishedItSounded:
    def test_is_told_to_an_endpointer_at_the_block_it_judges(self) -> None:
        """Unfinished in its pause, finished at its end."""
        calm = turn((True, 1000), (False, 600), (True, 1000))
        pause_ends = calm.labels.pauses[0].end_ms // 10
        odds = [-6.0 if block < pause_ends else 6.0 for block in range(len(calm.probabilities))]
        found = judge(replace(calm, odds=odds), partial(Endpointer, threshold=0.5, silence_ms=500))
        assert not found.is_cut
        assert found.wait_ms is not None
        assert found.wait_ms < 400
        assert verdict(calm, 500).is_cut

    def test_is_learned_at_the_silences_the_endpointer_hears(self) -> None:
        calm = turn((True, 1000), (False, 600), (True, 1000))
        before, after = silences(calm)
        assert before * 10 < calm.labels.pauses[0].end_ms <= calm.labels.end_ms <= after * 10

    def test_is_learned_from_what_tells_them_apart(self) -> None:
        random = np.random.default_rng(1)
        features = random.standard_normal((2000, 5)) * [1, 1, 100, 1, 1] + 3.0
        over = features[:, 1] + 0.02 * features[:, 2] + random.standard_normal(2000) > features[:, 3]
        weights, bias = regression(features[:1000], over[:1000], ridge=1.0)
        assert told_apart(features[1000:] @ weights + bias, over[1000:]) > 0.85
        assert abs(weights[0]) < 0.2 < weights[1]
        mean = float(np.mean(1 / (1 + np.exp(-features @ weights - bias))))
        assert abs(mean - over.mean()) < 0.05

    def test_told_apart_is_half_by_chance_and_one_without_error(self) -> None:
        over = np.arange(1000) % 2 == 0
        assert told_apart(over.astype(float), over) == 1.0
        assert abs(told_apart(np.random.default_rng(1).standard_normal(1000), over) - 0.5) < 0.05


class TestTheFigures:
    def test_count_turns_pauses_and_waits(self) -> None:
        calm = turn((True, 1000), (False, 600), (True, 1000))
        torn = turn((True, 1000), (False, 900), (True, 1000), talker=1)
        found = summary([verdict(calm), verdict(calm), verdict(calm), verdict(torn)])
        assert found.cut.value == 25.0
        assert found.cut_a_pause.value == 25.0
        assert found.cut_elsewhere.value == 0.0
        assert found.wait_ms == 690
        assert found.worst == (TALKERS[1].name, 100.0)

    def test_call_answered_what_was_not_heard_to_go_on(self) -> None:
        assert summary([verdict(turn((True, 1000), (False, 900), (True, 1000)))]).answered.value == 100.0

    def test_limits_hold_the_share_and_widen_with_few_talkers(self) -> None:
        many = share([str(n % 20) for n in range(400)], [n % 20 < 4 and n % 2 == 0 for n in range(400)])
        few = share([str(n % 3) for n in range(399)], [n % 3 == 0 for n in range(399)])
        assert many.low <= many.value <= many.high
        assert few.high - few.low > many.high - many.low

    def test_become_rows_that_say_how_to_have_them_again(self) -> None:
        verdicts = {name: [judge(turn((True, 1500)), one)] for name, one in endpointers().items()}
        rows = [bench.as_json(row) for row in bench.end_rows(bench.tables(verdicts))]
        assert {row["command"] for row in rows} == {"python -m tests.bench.endpoints"}
        ours = next(row for row in rows if row["name"] == f"ends.{FLUENT}.{OURS}.cut_off")
        assert (ours["value"], ours["baseline"], ours["ratio"]) == (0.0, 3.0, 0.0)

    def test_become_a_picture_that_is_well_formed(self) -> None:
        verdicts = {name: [judge(turn((True, 1500)), one)] for name, one in endpointers().items()}
        drawn = bench.drawn(bench.tables(verdicts), JUDGE, 1)
        assert ElementTree.fromstring(drawn).tag.endswith("svg")
        assert "the limit, 3 %" in drawn


class TestTheTalkers:
    def test_are_in_one_half_each(self) -> None:
        people = [talker.name.rsplit("-", 1)[0] for talker in TALKERS if talker.half == DEV and talker.kind != VOICE]
        others = [talker.name.rsplit("-", 1)[0] for talker in TALKERS if talker.half == JUDGE and talker.kind != VOICE]
        assert not {name for name in people if "fish" not in name} & set(others)
        games = ("drascula", QUEEN, "fillets-ng-data-nl", "fillets-ng-data-cs")
        for game in games:
            assert len({talker.half for talker in TALKERS if talker.package == game}) == 1
        assert len({talker.name for talker in TALKERS}) == len(TALKERS)

    def test_are_at_least_twenty_in_the_half_that_judges(self) -> None:
        assert sum(talker.half == JUDGE for talker in TALKERS) >= 20


class TestTheGamesArchive:
    def test_lists_names_and_places(self) -> None:
        entry = struct.pack(">12sBII", b"120001P1.SB", 1, 1234, 99)
        archive = b"QTBLCEM10\0\0\0\1" + struct.pack(">H", 1) + entry
        assert list(queen_table(archive)) == [("120001P1.SB", 1234, 99)]


class TestTheCommand:
    def test_refuses_a_half_that_is_none(self, capsys: pytest.CaptureFixture[str]) -> None:
        with pytest.raises(SystemExit) as refused:
            bench.main(["--half", "third"])
        assert refused.value.code == 2
        assert "third" in capsys.readouterr().err
