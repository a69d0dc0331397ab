"""The line with all that may be wrong with it, in simulated time."""

from __future__ import annotations

import json
from typing import Any

import pytest

from edge_agent.local.faults.crossing import Crossing
from edge_agent.local.faults.fault import parsed
from edge_agent.local.faults.fault_kinds import GARBAGE
from edge_agent.local.faults.faulty_line import Knock, Line
from edge_agent.local.faults.lane import Close

RESPONSE = {"id": "r1", "status": "in_progress", "metadata": {"ask": "e7"}, "output": []}


def event(kind: str, **fields: Any) -> str:
    return json.dumps({"type": kind, **fields})


def delta(n: int) -> str:
    return event("response.output_audio.delta", response_id="r1", item_id="i1", delta="AAAA", n=n)


class Wire:
    """A line and one connection on it, and what came out at either end, with its time."""

    def __init__(self, *specs: str, seed: int = 1) -> None:
        self.line = Line([parsed(spec) for spec in specs], seed)
        self.now = 0.0
        self.crossing = self.line.open(self.now)
        self.down: list[tuple[float, Any]] = []
        self.up: list[tuple[float, Any]] = []

    def strike(self, spec: str) -> Wire:
        self.line.strike(parsed(spec), self.now)
        return self

    def server(self, *messages: str | bytes) -> Wire:
        for message in messages:
            self.crossing.send_down(message, self.now)
        return self

    def client(self, *messages: str) -> Wire:
        for message in messages:
            self.crossing.send_up(message, self.now)
        return self

    def to(self, seconds: float) -> Wire:
        """Let time pass, looking only when the line says that something is due."""
        self._look()
        while (due := self.crossing.next_s) is not None and due <= seconds:
            self.now = max(self.now, due)
            self._look()
        self.now = seconds
        self._look()
        return self

    def _look(self) -> None:
        while (item := self.crossing.take_down(self.now)) is not None:
            self.down.append((round(self.now, 3), item))
        while (message := self.crossing.take_up(self.now)) is not None:
            self.up.append((round(self.now, 3), message))

    def kinds(self) -> list[str]:
        return [f"close {item.code}" if isinstance(item, Close) else json.loads(item)["type"] for _, item in self.down]

    def codes(self) -> list[str]:
        said = [json.loads(item) for _, item in self.down if isinstance(item, str)]
        return [told["error"]["code"] for told in said if told["type"] == "error"]


class TestALineThatIsWell:
    def test_carries_everything_at_once_and_in_order(self) -> None:
        wire = Wire().server("a", b"b", "c").client("d", "e").to(0.0)
        assert wire.down == [(0.0, "a"), (0.0, b"b"), (0.0, "c")]
        assert wire.up == [(0.0, "d"), (0.0, "e")]

    def test_lets_everybody_in(self) -> None:
        assert Line().knock(0.0) == Knock()

    def test_has_nothing_to_come_back_for(self) -> None:
        assert Wire().crossing.next_s is None

    def test_carries_a_close_behind_what_was_said(self) -> None:
        wire = Wire().strike("delay,value=500,for_s=0.2").server("last words")
        wire.crossing.send_down(Close(1000, "bye"), 0.3)
        assert wire.to(1.0).down == [(0.5, "last words"), (0.5, Close(1000, "bye"))]


class TestALostLine:
    @pytest.mark.parametrize(("spec", "reason"), [("drop", "connection lost"), ("offline", "network is unreachable")])
    def test_is_lost_at_once_with_all_that_was_under_way(self, spec: str, reason: str) -> None:
        wire = Wire().strike("stall,for_s=1").server("never").strike(spec).to(5.0)
        assert wire.down == [(0.0, Close(1006, reason))]
        assert wire.server("nor this").to(6.0).down[1:] == []
        assert wire.client("nor that").to(7.0).up == []

    def test_takes_every_connection_with_it(self) -> None:
        wire = Wire()
        other = wire.line.open(0.0)
        wire.strike("drop").to(0.0)
        assert isinstance(other.take_down(0.0), Close)

    def test_lets_nobody_in_while_it_is_offline(self) -> None:
        line = Wire().strike("offline,for_s=2").line
        assert [line.knock(t).unreachable for t in (0.0, 1.9, 2.0)] == [True, True, False]


class TestAHalfOpenLine:
    def test_swallows_both_ways_and_tells_nobody(self) -> None:
        wire = Wire().strike("half_open").server("a").client("b").to(1000.0)
        assert (wire.down, wire.up, wire.crossing.dead) == ([], [], True)

    def test_is_found_out_when_its_time_is_over(self) -> None:
        wire = Wire().strike("half_open,for_s=5").server("a").to(10.0)
        assert wire.down == [(5.0, Close(1006, "connection reset"))]

    def test_is_this_connection_and_not_the_next(self) -> None:
        line = Wire().strike("half_open").line
        assert line.knock(0.0) == Knock()
        assert not line.open(0.0).dead


class TestWeather:
    def test_a_stall_holds_back_and_lets_go_at_once(self) -> None:
        wire = Wire().strike("stall,for_s=2").server("a").client("up").to(1.0).server("b").to(3.0)
        assert wire.down == [(2.0, "a"), (2.0, "b")]
        assert wire.up == [(0.0, "up")]

    def test_a_delay_makes_late_and_keeps_the_order(self) -> None:
        wire = Wire().strike("delay,value=500,for_s=1").server("a").to(1.2).server("b").to(1.3)
        wire.strike("delay,value=500,for_s=0.1").server("c").to(1.5).server("d").to(3.0)
        assert wire.down == [(0.5, "a"), (1.2, "b"), (1.8, "c"), (1.8, "d")]

    def test_jitter_is_drawn_within_its_bounds(self) -> None:
        wire = Wire().strike("delay,value=100,jitter_ms=50,for_s=100")
        for n in range(50):
            wire.server(str(n)).to(n + 1.0)
        late = [at - n for n, (at, _) in enumerate(wire.down)]
        assert len(late) == 50
        assert 0.0999 < min(late) < 0.115
        assert 0.135 < max(late) < 0.1501

    def test_bursts_come_all_at_once(self) -> None:
        wire = Wire().strike("burst,value=500,for_s=1")
        for n in range(14):
            wire.server(str(n)).to((n + 1) / 10)
        assert [at for at, _ in wire.to(3.0).down] == [0.5] * 5 + [1.0] * 5 + [1.0, 1.1, 1.2, 1.3]

    def test_reordering_stays_within_its_window(self) -> None:
        wire = Wire().strike("reorder,value=500,for_s=1")
        for n in range(14):
            wire.server(str(n)).to((n + 1) / 10)
        order = [int(item) for _, item in wire.to(3.0).down]
        assert sorted(order[:5]) == [0, 1, 2, 3, 4]
        assert sorted(order[5:10]) == [5, 6, 7, 8, 9]
        assert order[:10] != sorted(order[:10])
        assert order[10:] == [10, 11, 12, 13]

    @pytest.mark.parametrize(("way", "down", "up"), [("down", 2.0, 0.0), ("up", 0.0, 2.0), ("both", 2.0, 2.0)])
    def test_has_a_direction(self, way: str, down: float, up: float) -> None:
        wire = Wire().strike(f"stall,for_s=2,way={way}").server("a").client("b").to(3.0)
        assert (wire.down, wire.up) == ([(down, "a")], [(up, "b")])

    def test_outlives_a_connection(self) -> None:
        wire = Wire().strike("stall,for_s=2").strike("drop").to(1.0)
        wire.crossing = wire.line.open(1.0)
        assert wire.server("a").to(3.0).down[-1] == (2.0, "a")


class TestMessages:
    def test_come_twice(self) -> None:
        wire = Wire().strike("duplicate,count=2").server(event("a"), event("b"), event("c")).to(0.0)
        assert wire.kinds() == ["a", "a", "b", "b", "c"]

    def test_never_come(self) -> None:
        assert Wire().strike("lose").server(event("a"), event("b")).to(0.0).kinds() == ["b"]

    def test_of_one_type_only(self) -> None:
        wire = Wire().strike("lose,only=b,count=0").server(event("a"), event("b"), event("b"), event("c")).to(0.0)
        assert wire.kinds() == ["a", "c"]

    def test_have_a_field_of_a_wrong_type(self) -> None:
        wire = Wire().strike("wrong_types,value=response.id").server(event("response.created", response=RESPONSE))
        told = json.loads(wire.to(0.0).down[0][1])
        assert told["type"] == "response.created"
        assert told["response"].get("id") != "r1"
        assert not isinstance(told["response"].get("id", 0), str) or told["response"]["id"] != "r1"

    def test_have_one_drawn_field_wrong_and_never_their_type(self) -> None:
        sent = [event("response.done", response={**RESPONSE, "n": n}) for n in range(50)]
        wire = Wire().strike("wrong_types,count=50").server(*sent).to(0.0)
        changed = [json.loads(item) for _, item in wire.down]
        assert {told["type"] for told in changed} == {"response.done"}
        assert all(told != json.loads(before) for told, before in zip(changed, sent, strict=True))


class TestWhatTheServerSeemsToSay:
    def test_is_an_error(self) -> None:
        wire = Wire().strike("error,value=rate_limit_exceeded").server(event("a")).to(0.0)
        assert wire.kinds() == ["error", "a"]
        assert wire.codes() == ["rate_limit_exceeded"]

    def test_has_an_id_of_its_own_each_time(self) -> None:
        wire = Wire()
        for _ in range(3):
            wire.strike("error,value=x")
        assert len({json.loads(item)["event_id"] for _, item in wire.to(0.0).down}) == 3

    def test_is_the_end_of_the_session(self) -> None:
        wire = Wire().strike("expire").to(0.0)
        assert wire.codes() == ["session_expired"]
        assert wire.down[-1][1] == Close(1001, "Your session hit the maximum duration of 60 minutes.")

    def test_is_a_goodbye(self) -> None:
        assert Wire().strike("close,value=4000").to(0.0).kinds() == ["close 4000"]

    @pytest.mark.parametrize("what", GARBAGE)
    def test_is_no_event(self, what: str) -> None:
        (said,) = Wire().strike(f"garbage,value={what}").to(0.0).down
        try:
            told = json.loads(said[1])
        except (ValueError, RecursionError):
            return
        assert not isinstance(told, dict) or told.get("type") in (
            None,
            7,
            ["error"],
            {},
            "response.no_such_thing.delta",
        )

    def test_is_too_much(self) -> None:
        (said,) = Wire().strike("oversized,value=17").to(0.0).down
        assert len(said[1]) == 17 * 1024 * 1024
        assert json.loads(said[1])["type"] == "response.output_audio.delta"


class TestAFailedResponse:
    def test_that_runs_ends_here_and_says_no_more(self) -> None:
        wire = Wire().server(event("response.created", response=RESPONSE), delta(1)).to(0.0)
        wire.strike("failed,value=rate_limit_exceeded").server(delta(2), delta(3))
        wire.server(event("response.done", response={**RESPONSE, "status": "completed"}), event("rate_limits.updated"))
        assert wire.to(0.0).kinds() == [
            "response.created",
            "response.output_audio.delta",
            "response.done",
            "rate_limits.updated",
        ]
        ended = json.loads(wire.down[2][1])["response"]
        assert (ended["id"], ended["status"], ended["metadata"]) == ("r1", "failed", {"ask": "e7"})
        assert ended["status_details"]["error"]["code"] == "rate_limit_exceeded"

    def test_that_comes_is_created_first(self) -> None:
        wire = Wire().strike("failed,value=server_error")
        wire.server(event("response.created", response=RESPONSE), delta(1)).to(0.0)
        assert wire.kinds() == ["response.created", "response.done"]

    @pytest.mark.parametrize("reason", ["content_filter", "max_output_tokens"])
    def test_may_be_incomplete(self, reason: str) -> None:
        wire = Wire().strike(f"failed,value={reason}").server(event("response.created", response=RESPONSE)).to(0.0)
        ended = json.loads(wire.down[-1][1])["response"]
        assert (ended["status"], ended["status_details"]) == ("incomplete", {"type": "incomplete", "reason": reason})

    def test_leaves_the_next_one_alone(self) -> None:
        second = event("response.created", response={**RESPONSE, "id": "r2"})
        wire = Wire().strike("failed").server(event("response.created", response=RESPONSE), delta(1), second).to(0.0)
        wire.server(event("response.output_audio.delta", response_id="r2")).to(0.0)
        assert wire.kinds()[-2:] == ["response.created", "response.output_audio.delta"]


class TestWhen:
    def test_a_fault_of_the_start_strikes_the_first_connection(self) -> None:
        wire = Wire("drop").to(0.0)
        assert wire.kinds() == ["close 1006"]
        assert wire.line.open(1.0).take_down(1.0) is None

    def test_so_long_after_a_connection_opened(self) -> None:
        assert Wire("drop,at_s=5").to(10.0).down == [(5.0, Close(1006, "connection lost"))]

    def test_in_as_many_connections_as_it_counts(self) -> None:
        wire = Wire("expire,at_s=5,count=2").to(10.0)
        ends = [second_of(wire.line.open(t), t) for t in (10.0, 20.0)]
        assert [isinstance(end, Close) for end in ends] == [True, False]

    def test_after_an_event_of_the_server_has_come_through(self) -> None:
        wire = Wire("drop,after=response.created").server(event("a"), event("response.created"), event("b")).to(0.0)
        assert wire.kinds() == ["a", "response.created", "close 1006"]

    def test_after_an_event_of_the_client_has_come_through(self) -> None:
        wire = Wire("error,value=x,after=input_audio_buffer.commit").client(event("input_audio_buffer.commit"))
        assert wire.to(0.0).codes() == ["x"]
        assert len(wire.up) == 1

    def test_with_a_delay_behind_it(self) -> None:
        wire = Wire("drop,after=response.created,delay_s=0.5").server(event("response.created")).to(2.0)
        assert wire.down[-1] == (0.5, Close(1006, "connection lost"))

    def test_each_time_or_as_often_as_it_counts(self) -> None:
        said = [event("a")] * 5
        assert len(Wire("error,value=x,after=a,count=2").server(*said).to(0.0).codes()) == 2
        assert len(Wire("error,value=x,after=a,count=0").server(*said).to(0.0).codes()) == 5

    def test_what_the_line_itself_has_said_sets_nothing_off(self) -> None:
        wire = Wire("error,value=x,after=error,count=0").strike("error,value=y").to(1.0)
        assert wire.codes() == ["y"]


class TestAtTheDoor:
    @pytest.mark.parametrize("status", [401, 403, 404, 429, 500, 503])
    def test_the_next_are_refused_with_the_services_words(self, status: int) -> None:
        line = Line([parsed(f"refuse,value={status},count=2")])
        refused = [line.knock(t).refusal for t in (0.0, 1.0, 2.0)]
        assert [refusal.status if refusal else None for refusal in refused] == [status, status, None]
        assert refused[0] is not None
        assert json.loads(refused[0].body)["error"]["message"]
        assert ("Retry-After" in refused[0].headers) == (status == 429)

    def test_the_next_is_let_in_late_or_never(self) -> None:
        line = Line([parsed("slow_upgrade,for_s=4"), parsed("slow_upgrade,for_s=inf")])
        assert [line.knock(0.0).wait_s for _ in range(3)] == [4.0, float("inf"), 0.0]

    def test_a_certificate_stands_from_the_start_for_everybody(self) -> None:
        line = Line([parsed("certificate,value=expired")])
        assert line.certificate == "expired"
        assert [line.knock(t).certificate for t in (0.0, 9.0)] == ["expired", "expired"]

    def test_a_good_certificate_keeps_nobody_out(self) -> None:
        assert Line([parsed("certificate,value=good")]).knock(0.0) == Knock()

    def test_a_slow_goodbye_is_of_the_connections_that_open(self) -> None:
        line = Line([parsed("slow_close,for_s=4,count=1")])
        assert [line.open(0.0).late_goodbye_s for _ in range(2)] == [4.0, 0.0]


class TestTwoRuns:
    def test_with_one_seed_are_the_same_and_with_another_are_not(self) -> None:
        def run(seed: int) -> list[tuple[float, Any]]:
            wire = Wire(seed=seed).strike("reorder,value=300,for_s=2").strike("delay,value=50,jitter_ms=200,for_s=3")
            wire.strike("wrong_types,count=5").strike("garbage,count=5")
            for n in range(30):
                wire.server(delta(n)).to((n + 1) / 10)
            return wire.to(9.0).down

        assert run(1) == run(1)
        assert run(1) != run(2)


def second_of(crossing: Crossing, opened: float) -> Any:
    """What comes second, five seconds later."""
    crossing.take_down(opened + 5.0)
    return crossing.take_down(opened + 5.0)
