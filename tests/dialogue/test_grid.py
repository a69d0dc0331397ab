"""The turn machine: its grid has no blank cell, and every phase has a way out."""

from __future__ import annotations

import itertools

import pytest

from edge_agent.dialogue import events as ev
from edge_agent.dialogue.chart import EXAMPLES, LATE, chart, transitions, variants
from edge_agent.dialogue.effects import Effect, Unexpected
from edge_agent.dialogue.grid import IGNORED, TABLE, UNEXPECTED, step_turn
from edge_agent.dialogue.policy import Policy
from edge_agent.dialogue.state import Phase, Turn

# What the rules of `agent` decide before the turn machine sees it.
DECIDED_BEFORE = {ev.Started, ev.PlaybackFlushed, ev.MuteChanged, ev.SoundLost, ev.SoundBack}
DECIDED_BEFORE |= {ev.AlarmDue, ev.AlarmGone, ev.PhraseSaid, ev.EchoMeasured}
ALL = [
    kind for kind in vars(ev).values() if isinstance(kind, type) and issubclass(kind, ev.Event) and kind is not ev.Event
]
KINDS = [kind for kind in ALL if kind not in DECIDED_BEFORE]
GRID = list(itertools.product(Phase, KINDS))


def run(turn: Turn, event: ev.Event, now: float = 0.0, policy: Policy | None = None) -> tuple[Turn, tuple[Effect, ...]]:
    return step_turn(turn, policy or Policy(), event, now)


class TestTheGrid:
    @pytest.mark.parametrize(("phase", "kind"), GRID, ids=[f"{p.value}-{k.__name__}" for p, k in GRID])
    def test_each_cell_is_a_transition_or_ignored_on_purpose_or_named_unexpected(
        self, phase: Phase, kind: type[ev.Event]
    ) -> None:
        claims = [kind in TABLE[phase], kind in IGNORED[phase], kind in UNEXPECTED[phase]]
        assert claims.count(True) == 1, f"{phase.value} x {kind.__name__} is claimed {claims.count(True)} times"

    @pytest.mark.parametrize(("phase", "kind"), GRID, ids=[f"{p.value}-{k.__name__}" for p, k in GRID])
    def test_only_a_transition_may_change_anything(self, phase: Phase, kind: type[ev.Event]) -> None:
        for turn, event in itertools.product(variants(phase), EXAMPLES[kind]):
            after, effects = run(turn, event, LATE)
            if kind in IGNORED[phase]:
                assert (after, effects) == (turn, ())
            if kind in UNEXPECTED[phase]:
                assert (after, effects) == (turn, (Unexpected(phase.value, kind.__name__),))

    def test_knows_an_example_of_every_event(self) -> None:
        assert set(EXAMPLES) == set(ALL)

    def test_gives_a_reason_for_all_it_ignores(self) -> None:
        assert all(reason for row in IGNORED.values() for reason in row.values())


class TestEveryPhase:
    @pytest.mark.parametrize("phase", [p for p in Phase if p is not Phase.IDLE])
    def test_is_left_by_its_deadline_alone(self, phase: Phase) -> None:
        for turn in variants(phase):
            after, _ = run(turn, ev.Tick(), LATE)
            assert after.phase is not phase, f"{turn} waits for ever"

    def test_arrives_with_a_deadline_unless_it_is_idle(self) -> None:
        for phase, kind in GRID:
            for turn, event in itertools.product(variants(phase), EXAMPLES[kind]):
                after, _ = run(turn, event, LATE)
                assert after.phase is Phase.IDLE or after.deadline is not None, f"{phase.value} x {event}"

    def test_can_be_reached_and_left(self) -> None:
        edges = transitions()
        assert {target for _, target in edges} == set(Phase)
        assert {source for source, _ in edges} == set(Phase)


class TestTheStopWord:
    def test_never_gives_anybody_the_floor_and_leaves_every_phase_at_rest(self) -> None:
        for phase in Phase:
            for turn in variants(phase):
                after, _ = run(turn, ev.StopWordHeard("stop", 0.9))
                assert (after.phase, after.number) == (Phase.IDLE, turn.number)


class TestTheChart:
    def test_names_every_phase(self) -> None:
        drawn = chart()
        assert all(phase.value in drawn for phase in Phase)

    def test_shows_the_interruption(self) -> None:
        assert "speaking --> listening: WakeDetected, NearEndConfirmed" in chart()
