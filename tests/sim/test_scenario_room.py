"""Rooms, people, backgrounds and cards in a scenario file."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from edge_agent.sim.acoustics import rt60_of
from edge_agent.sim.scenario import Cue, Scenario, Talk, load
from edge_agent.sim.scenario_card import CardTrouble
from tests.sim.test_scenario import written, wrong

ROOM = """
[room]
size_m = [5, 4, 2.5]
mic_m = [1, 2, 0.8]
mics = 4
array = "circle"
mic_gain_db = [0, 1, -2, 0]
dead_mics = [3]
speaker_m = [1.2, 2.2, 0.7]
absorption = 0.4
[[change]]
at_s = 10
talker_m = 1.0
[[change]]
at_s = 20
name = "the door opens"
rt60_s = 0.15
"""


class TestTheRoom:
    def test_comes_back_as_written(self, tmp_path: Path) -> None:
        room = load(written(tmp_path, ROOM)).room
        assert (room.size_m, room.mic_m, room.array) == ((5.0, 4.0, 2.5), (1.0, 2.0, 0.8), "circle")
        assert (room.mic_gain_db, room.dead_mics) == ((0.0, 1.0, -2.0, 0.0), (3,))
        assert room.speaker_m == (1.2, 2.2, 0.7)
        assert room.rt60_s == pytest.approx(rt60_of(room.size_m, 0.4))

    def test_keeps_through_a_change_what_does_not_change(self, tmp_path: Path) -> None:
        scenario = load(written(tmp_path, ROOM))
        first, second = scenario.changes
        assert (first.at_s, first.what, first.room) == (10.0, "talker_m 1", replace(scenario.room, talker_m=1.0))
        assert (second.what, second.room) == ("the door opens", replace(scenario.room, talker_m=1.0, rt60_s=0.15))

    @pytest.mark.parametrize(
        ("text", "error"),
        [
            ("[room]\nsize_m = [5, 4]\n", "room.size_m: found [5, 4], expected 3 numbers from 1.5 to 30, in brackets"),
            ("[room]\nspeaker_m = [9, 2, 1]\n", "room.speaker_m: found [9, 2, 1], expected a place inside the room"),
            ("[room]\nmic_m = [1, 9, 1]\n", "room.mic_m: found [1, 9, 1], expected microphones inside the room"),
            (
                '[room]\nspeaker_m = "near"\n',
                'room.speaker_m: found "near", expected a number from 0.05 to 1.5, or a place [x, y, z]',
            ),
            ("[room]\nmics = 2\nmic_gain_db = [1]\n", "room.mic_gain_db: found [1], expected 2 numbers from -40 to 40"),
            ("[room]\ndead_mics = [2]\n", "room.dead_mics: found [2], expected whole numbers from 1 to 1, in brackets"),
            (
                "[room]\nrt60_s = 0.3\nabsorption = 0.3\n",
                "room.absorption: found rt60_s beside it, expected one of them",
            ),
            (
                "[room]\nabsorption = 0.02\n",
                "room.absorption: found 0.02 (RT60 5.3 s), expected walls that give at most",
            ),
            (
                '[room]\nengine = "magic"\n',
                'room.engine: found "magic", expected one of builtin, pyroomacoustics',
            ),
            (
                "[[change]]\nat_s = 3\n",
                "change[1].change: found nothing that changes, expected one of rt60_s, speaker_m",
            ),
            ("[[change]]\ntalker_m = 1\n", "change[1].at_s: found nothing, expected a number from 0 to 40"),
            (
                "[[change]]\nat_s = 3\nover_s = 2\ntalker_m = 1\n[[change]]\nat_s = 4\ntalker_m = 2\n",
                "change[2].at_s: found 4, expected a time after the change before it is over (5)",
            ),
            (
                '[[card]]\nat_s = 1\nkind = "fire"\n',
                'card[1].kind: found "fire", expected one of overrun, lost, repeated',
            ),
            ('[[card]]\nkind = "gone"\n', "card[1].at_s: found nothing, expected a number from 0 to 40"),
            (
                '[[card]]\nat_s = 1\nkind = "gone"\nblocks = 3\n',
                "card[1].blocks: found 3, expected one of at_s, for_s, kind",
            ),
            ('[[background]]\nkind = "wav"\n', "background[1].wav: found nothing, expected the path of a WAV file"),
            ("[[background]]\nat_s = 1\n", "background[1].kind: found nothing, expected one of tv, music, noise"),
            (
                '[[background]]\nkind = "tv"\nm = [0, 0, 9]\n',
                "background[1].m: found [0, 0, 9], expected a place inside the room",
            ),
            ("[[person]]\nm = 2\n", "person[1].name: found nothing, expected a name of at most 40 letters"),
            (
                '[[person]]\nname = "Ann"\n[[person]]\nname = "Ann"\n',
                'person[2].name: found "Ann" twice, expected each name once',
            ),
            (
                '[[person]]\nname = "Ann"\n[[talker]]\nat_s = 1\ntext = "hi"\nname = "Anne"\n',
                'talker[1].name: found "Anne", expected one of Ann',
            ),
        ],
    )
    def test_is_judged_like_the_rest(self, tmp_path: Path, text: str, error: str) -> None:
        errors = wrong(tmp_path, text)
        assert len(errors) == 1
        assert errors[0].startswith(error)


PEOPLE = """
[[person]]
name = "Ann"
m = 2.0
voice = "espeak-ng:en-us"
level_dbfs = -31
[[background]]
kind = "music"
m = 3.5
[[talker]]
at_s = 1
name = "Ann"
text = "one"
[[talker]]
at_s = 2
name = "Ann"
text = "two"
m = 1.0
voice = "flite:rms"
[[talker]]
at_s = 3
text = "three"
"""


class TestPeople:
    def test_speak_as_they_are_unless_told_otherwise(self, tmp_path: Path) -> None:
        assert load(written(tmp_path, PEOPLE)).cues == (
            Talk(Cue(1.0), "one", "espeak-ng:en-us", None, -31.0, "Ann", 2.0),
            Talk(Cue(2.0), "two", "flite:rms", None, -31.0, "Ann", 1.0),
            Talk(Cue(3.0), "three"),
        )

    def test_have_places_before_what_else_sounds(self, tmp_path: Path) -> None:
        scenario = load(written(tmp_path, PEOPLE))
        places = [scenario.place_of(cue) for cue in scenario.cues if isinstance(cue, Talk)]
        assert places == [1, 2, 0]
        assert scenario.further == (2.0, 1.0, 3.5)

    def test_as_far_away_as_each_other_are_not_in_one_place(self) -> None:
        talks = [Talk(Cue(0.0), "hi", name=name, m=2.0) for name in ("Ann", "Ben", "Ann")]
        scenario = Scenario(Path("story.toml"), cues=tuple(talks))
        assert [scenario.place_of(talk) for talk in talks] == [1, 2, 1]


class TestTheCard:
    def test_troubles_are_in_order_of_time(self, tmp_path: Path) -> None:
        text = '[[card]]\nat_s = 9\nkind = "gone"\nfor_s = 2\n[[card]]\nat_s = 3\nkind = "overrun"\nblocks = 5\n'
        assert load(written(tmp_path, text)).card == (
            CardTrouble(3.0, "overrun", blocks=5),
            CardTrouble(9.0, "gone", for_s=2.0),
        )
