"""The plan of the room and what is told of it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from edge_agent.sim.room_plan import room_facts, room_plan
from edge_agent.sim.scenario import Cue, Scenario, Talk
from edge_agent.sim.scenario_card import CardTrouble
from edge_agent.sim.scenario_room import Change, RoomSettings
from edge_agent.sim.scenario_sound import Background
from tests.sim.test_page import Reader

ROOM = RoomSettings(mics=2, excursion=0.5, dead_mics=(2,))
EVENING = Scenario(
    Path("evening.toml"),
    room=ROOM,
    cues=(Talk(Cue(1.0), "hi", name="Ann", m=2.0), Talk(Cue(2.0), "hey", name="Ben", m=(4.0, 1.0, 1.4))),
    backgrounds=(Background("tv"),),
    changes=(Change(20.0, 1.0, replace(ROOM, speaker_m=(2.0, 2.0, 0.9)), "somebody moves the device"),),
    card=(CardTrouble(30.0, "gone", for_s=2.0),),
)


class TestThePlan:
    def test_names_everyone_and_everything(self) -> None:
        plan = room_plan(EVENING)
        for word in ("Ann", "Ben", "tv", "loudspeaker", "microphones"):
            assert f">{word}</text>" in plan
        assert plan.count('class="mark mic') == 2
        assert plan.count('class="mark mic dead"') == 1

    def test_is_well_formed_and_asks_for_nothing(self) -> None:
        reader = Reader(room_plan(EVENING))
        assert reader.open == []
        assert not {"href", "src"} & {name for _, attributes in reader.elements for name in attributes}

    def test_shows_where_a_change_has_moved_something(self) -> None:
        assert room_plan(EVENING).count('class="later"') == 1
        assert 'class="later"' not in room_plan(replace(EVENING, changes=()))

    def test_has_x_to_the_right_and_y_upwards(self) -> None:
        def at(place: tuple[float, float, float]) -> tuple[float, float]:
            scenario = Scenario(Path("x.toml"), cues=(Talk(Cue(0.0), "hi", name="Ann", m=place),))
            reader = Reader(room_plan(scenario))
            person = next(i for i, (tag, a) in enumerate(reader.elements) if a.get("class") == "mark person")
            circle = reader.elements[person + 1][1]
            return float(circle["cx"]), float(circle["cy"])

        assert at((4.0, 1.0, 1.0))[0] > at((2.0, 1.0, 1.0))[0]
        assert at((2.0, 3.0, 1.0))[1] < at((2.0, 1.0, 1.0))[1]

    def test_escapes_a_name(self) -> None:
        scenario = replace(EVENING, cues=(Talk(Cue(0.0), "hi", name="<b>Ann", m=2.0),))
        assert "<b>Ann" not in room_plan(scenario)


class TestTheFacts:
    def test_tell_room_distortion_change_and_trouble(self) -> None:
        facts = "\n".join(room_facts(EVENING))
        for words in ("6 x 4.5 x 2.7 m", "RT60 0.40 s", "% THD at 200 Hz", "somebody moves the device", "card gone"):
            assert words in facts

    def test_say_nothing_of_what_is_not_there(self) -> None:
        facts = "\n".join(room_facts(Scenario(Path("x.toml"))))
        for words in ("THD", "card gone", "loses", "dead"):
            assert words not in facts
