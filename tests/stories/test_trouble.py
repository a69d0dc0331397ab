"""A connection that dies, stalls, is refused or expires in any state: a defined state, and nothing is stuck."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge_agent.simulation import Outcome
from tests.stories.rehearsal import of, tell

STORY = """
duration_s = 120
ends_after = "drained"
[config.session]
provider = "local"
[[cue]]
kind = "talk"
voice = "flite:kal16"
after = "ready"
delay_s = 0.5
text = "hey jarvis tell me a story"
[[cue]]
kind = "fault"
fault = "{fault}"
{when}
{value}
[[cue]]
kind = "talk"
voice = "flite:kal16"
after = "fault"
delay_s = {rest_s}
text = "hey jarvis tell me a joke"
"""
# Each state, and how long after which event it holds.
STATES = {
    "before the first word": "at_s = 0.3",
    "in the middle of the wake word": 'after = "talk"\ndelay_s = 0.4',
    "listening": 'after = "wake"\ndelay_s = 0.3',
    "thinking": 'after = "commit"\ndelay_s = 0.2',
    "at the first delta": 'after = "first_delta"',
    "speaking": 'after = "first_sample"\ndelay_s = 3',
    "after the last delta": 'after = "first_sample"\ndelay_s = 12',
    "follow-up": 'after = "drained"\ndelay_s = 1',
}


def run(out: Path, fault: str, state: str, value: str = "", rest_s: float = 15) -> Outcome:
    return tell(STORY.format(fault=fault, when=STATES[state], value=value, rest_s=rest_s), out)


def assert_whole_again(outcome: Outcome) -> None:
    """The next question is answered, and everything has come to rest."""
    joke = outcome.evidence.story.said[-1]
    turn = outcome.evidence.story.turn_of(joke)
    assert turn is not None, "the wake word after the trouble was not heard"
    assert "clock" in outcome.evidence.story.caption(turn, of_person=False)
    assert of(outcome, "state")[-1].data["phase"] in ("idle", "follow_up")
    assert of(outcome, "unexpected") == []


class TestADeadConnection:
    @pytest.mark.parametrize("state", STATES)
    def test_in_any_state_is_got_over(self, tmp_path: Path, state: str) -> None:
        outcome = run(tmp_path, "drop", state)
        assert len(of(outcome, "drop")) == 1
        assert len(of(outcome, "ready")) == 2
        assert_whole_again(outcome)

    @pytest.mark.parametrize("state", ["listening", "speaking"])
    def test_that_stays_dead_for_a_while_is_tried_again_until_it_is_back(self, tmp_path: Path, state: str) -> None:
        outcome = run(tmp_path, "offline", state, value="for_s = 20", rest_s=36)
        lights = {happening.data["light"] for happening in of(outcome, "state")}
        assert lights & {"offline", "connecting"}
        assert_whole_again(outcome)


class TestAnExpiredSession:
    @pytest.mark.parametrize("state", ["listening", "thinking", "speaking", "follow-up"])
    def test_is_renewed(self, tmp_path: Path, state: str) -> None:
        assert_whole_again(run(tmp_path, "expire", state))


class TestAServerThatStalls:
    @pytest.mark.parametrize("state", ["thinking", "speaking"])
    def test_for_longer_than_anyone_waits_is_given_up(self, tmp_path: Path, state: str) -> None:
        assert_whole_again(run(tmp_path, "stall", state, value="for_s = 25", rest_s=30))

    def test_for_a_moment_is_waited_for(self, tmp_path: Path) -> None:
        outcome = run(tmp_path, "stall", "speaking", value="for_s = 1")
        assert of(outcome, "drop") == []
        assert_whole_again(outcome)


class TestAnErrorOfTheProvider:
    @pytest.mark.parametrize("code", ["server_error", "rate_limit_exceeded", "item_not_found", "no_such_code"])
    @pytest.mark.parametrize("state", ["listening", "thinking", "speaking"])
    def test_leaves_nothing_stuck(self, tmp_path: Path, state: str, code: str) -> None:
        outcome = run(tmp_path, "error", state, value=f'value = "{code}"')
        assert [note.data["code"] for note in of(outcome, "error")] == [code]
        assert_whole_again(outcome)


class TestTheRestOfTheVocabulary:
    """Told whole in `test_faults.py`, without ears; here a few with them, as a scenario file writes them."""

    @pytest.mark.parametrize(
        ("fault", "state", "value"),
        [
            ("half_open", "thinking", ""),
            ("delay", "thinking", "value = 400\njitter_ms = 300\nfor_s = 10"),
            ("garbage", "speaking", "count = 9"),
            ("garbage", "speaking", 'value = "deep"'),
            ("failed", "thinking", 'value = "content_filter"'),
        ],
    )
    def test_is_got_over(self, tmp_path: Path, fault: str, state: str, value: str) -> None:
        assert_whole_again(run(tmp_path, fault, state, value=value, rest_s=40))

    def test_strikes_behind_an_event_of_the_line(self, tmp_path: Path) -> None:
        when = 'after = "response.output_audio.delta"\ndelay_s = 0.5'
        outcome = tell(STORY.format(fault="drop", when=when, value="", rest_s=40), tmp_path)
        (drop,), (first,) = of(outcome, "drop"), of(outcome, "first_delta")[:1]
        assert 400 <= drop.t_ms - first.t_ms <= 600
        assert_whole_again(outcome)
