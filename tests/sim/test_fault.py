"""The vocabulary of faults."""

from __future__ import annotations

import pytest

from edge_agent.sim.fault import Line
from edge_agent.sim.scenario import FAULTS, Cue, Fault


def fault(kind: str, for_s: float = 3.0, value: float | str | None = None) -> Fault:
    return Fault(Cue(0.0), kind, for_s, value)


class TestAFaultStrikes:
    @pytest.mark.parametrize("kind", FAULTS)
    def test_whatever_a_scenario_may_name(self, kind: str) -> None:
        Line().strike(fault(kind, value=100.0), 0.0)

    @pytest.mark.parametrize("kind", ["drop", "offline"])
    def test_the_connection(self, kind: str) -> None:
        strike = Line().strike(fault(kind), 5.0)
        assert strike.events == ()
        assert strike.closes is not None
        assert strike.closes[0] == 1006

    def test_with_an_error_and_keeps_the_session(self) -> None:
        strike = Line().strike(fault("error", value="server_error"), 5.0)
        (event,) = strike.events
        assert event["type"] == "error"
        assert event["error"]["code"] == "server_error"
        assert strike.closes is None

    def test_with_the_end_of_the_session_as_the_provider_ends_it(self) -> None:
        strike = Line().strike(fault("expire"), 5.0)
        assert [event["error"]["code"] for event in strike.events] == ["session_expired"]
        assert strike.closes == (1001, "Your session hit the maximum duration of 60 minutes.")

    def test_with_an_event_id_of_its_own_each_time(self) -> None:
        line = Line()
        ids = {line.strike(fault("error", value="x"), 1.0).events[0]["event_id"] for _ in range(3)}
        assert len(ids) == 3


class TestALine:
    def test_is_well_at_first(self) -> None:
        line = Line()
        assert not line.offline(0.0)
        assert not line.stalled(0.0)
        assert line.arrives_s(1.0) == 1.0

    def test_is_offline_as_long_as_told(self) -> None:
        line = Line()
        line.strike(fault("offline", 2.0), 10.0)
        assert [line.offline(t) for t in (10.0, 11.9, 12.0)] == [True, True, False]

    def test_is_stalled_as_long_as_told(self) -> None:
        line = Line()
        line.strike(fault("stall", 2.0), 10.0)
        assert [line.stalled(t) for t in (10.0, 11.9, 12.0)] == [True, True, False]
        assert line.stalled_until_s == 12.0

    def test_is_slow_for_what_is_sent_meanwhile(self) -> None:
        line = Line()
        line.strike(fault("delay", 2.0, 500.0), 10.0)
        assert [line.arrives_s(t) for t in (10.0, 11.9, 12.0)] == [10.5, 12.4, 12.0]


class TestWhatIsNoFault:
    def test_is_refused(self) -> None:
        with pytest.raises(ValueError, match="found 'fire', expected drop, stall"):
            Line().strike(fault("fire"), 0.0)

    def test_is_a_delay_without_milliseconds(self) -> None:
        with pytest.raises(ValueError, match="found 'long', expected milliseconds"):
            Line().strike(fault("delay", value="long"), 0.0)
