"""The twin of the WebSocket, in simulated time."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from edge_agent.local.faults.fault import Fault, parsed
from edge_agent.session.link import Endpoint, Link
from edge_agent.sim.network import MemoryLink, Timed

ENDPOINT = Endpoint("ws://simulated/v1/realtime", {})
PCM = bytes(480)


@dataclass
class Job:
    id: str
    payload: str


class Far:
    """A far end that greets, echoes at a given delay, and has slow things done for it."""

    def __init__(self) -> None:
        self.heard: list[tuple[float, dict[str, Any]]] = []
        self._jobs: list[Job] = []

    def open(self, now: float, /) -> list[Timed]:
        return [(now, {"type": "session.created"})]

    def receive(self, event: dict[str, Any], now: float, /) -> list[Timed]:
        self.heard.append((now, event))
        if event["type"] == "echo":
            return [(now + event.get("in_s", 0.0), {"type": "echoed", "n": event.get("n")})]
        if event["type"] == "work":
            self._jobs.append(Job("w1", event["payload"]))
        return []

    def work(self) -> list[Job]:
        jobs, self._jobs = self._jobs, []
        return jobs

    def done(self, work_id: str, result: str, now: float, /) -> list[Timed]:
        delta = base64.b64encode(PCM).decode()
        return [
            (now + 0.5, {"type": "response.output_audio.delta", "delta": delta, "of": work_id, "text": result}),
        ]

    def stands(self, event: dict[str, Any], /) -> bool:
        return not any(heard["type"] == "withdraw" and heard["n"] == event.get("n") for _, heard in self.heard)


class Wire:
    """A link, its far ends, its user and its clock."""

    def __init__(self) -> None:
        self.now = 0.0
        self.fars: list[Far] = []
        self.told: list[tuple[float, Any]] = []
        self.tapped: list[tuple[str, str]] = []
        self.on_event: Callable[[dict[str, Any]], None] = lambda event: None
        self.on_lost: Callable[[], None] = lambda: None
        self.link = MemoryLink(self._far, lambda: self.now, lambda job: job.payload.upper(), self, self)

    def _far(self) -> Far:
        self.fars.append(Far())
        return self.fars[-1]

    def link_opened(self) -> None:
        self.told.append((self.now, "opened"))

    def link_event(self, event: dict[str, Any]) -> None:
        self.told.append((self.now, event))
        self.on_event(event)

    def link_lost(self, reason: str, fatal: bool) -> None:
        self.told.append((self.now, ("lost", reason, fatal)))
        self.on_lost()

    def outgoing(self, message: str | bytes) -> None:
        self.tapped.append(("out", str(message)))

    def incoming(self, message: str | bytes) -> None:
        self.tapped.append(("in", str(message)))

    def run_to(self, seconds: float) -> None:
        while self.now < seconds - 1e-9:
            self.now = round(self.now + 0.01, 2)
            self.link.advance(self.now)

    def opened(self) -> Wire:
        self.link.connect(ENDPOINT)
        self.run_to(0.1)
        self.told.clear()
        return self

    def kinds(self) -> list[tuple[float, str]]:
        return [
            (t, what if isinstance(what, str) else what["type"] if isinstance(what, dict) else what[0])
            for t, what in self.told
        ]

    def fault(self, kind: str, for_s: float = 1.0, value: float | str | None = None) -> None:
        self.link.fault(Fault(kind, value, for_s))


class TestConnecting:
    def test_takes_a_moment(self) -> None:
        wire = Wire()
        wire.link.connect(ENDPOINT)
        assert wire.told == []
        wire.run_to(0.1)
        assert wire.kinds() == [(0.02, "opened"), (0.02, "session.created")]

    def test_again_drops_the_first_silently_for_a_server_that_remembers_nothing(self) -> None:
        wire = Wire().opened()
        wire.link.send({"type": "echo", "in_s": 0.5})
        wire.link.connect(ENDPOINT)
        wire.run_to(1.0)
        assert [kind for _, kind in wire.kinds()] == ["opened", "session.created"]
        assert len(wire.fars) == 2
        assert wire.fars[1].heard == []

    def test_keeps_the_boundary(self) -> None:
        link: Link = Wire().link
        link.close()

    def test_without_a_user_is_told(self) -> None:
        link = MemoryLink(Far, lambda: 0.0, lambda job: None)
        link.connect(ENDPOINT)
        with pytest.raises(RuntimeError, match="set `user`"):
            link.advance(1.0)


class TestAnEvent:
    def test_reaches_the_server_at_once_and_is_answered_at_its_time(self) -> None:
        wire = Wire().opened()
        wire.link.send({"type": "echo", "in_s": 0.25, "n": 1})
        assert wire.fars[0].heard[0][0] == 0.1
        wire.run_to(1.0)
        assert wire.told == [(0.35, {"type": "echoed", "n": 1})]

    def test_is_never_told_from_inside_send(self) -> None:
        wire = Wire().opened()
        wire.link.send({"type": "echo"})
        assert wire.told == []
        wire.link.advance(wire.now)
        assert wire.kinds() == [(0.1, "echoed")]

    def test_does_not_wait_for_one_that_is_sent_later(self) -> None:
        wire = Wire().opened()
        wire.link.send({"type": "echo", "in_s": 0.5, "n": "late"})
        wire.link.send({"type": "echo", "in_s": 0.1, "n": "early"})
        wire.run_to(1.0)
        assert [event["n"] for _, event in wire.told] == ["early", "late"]

    def test_crosses_as_a_wire_would_carry_it(self) -> None:
        wire = Wire().opened()
        mine = {"type": "note", "pair": (1, 2), "deep": {"list": [1]}}
        wire.link.send(mine)
        theirs = wire.fars[0].heard[0][1]
        assert theirs == {"type": "note", "pair": [1, 2], "deep": {"list": [1]}}
        assert theirs["deep"] is not mine["deep"]

    def test_that_no_wire_could_carry_is_refused(self) -> None:
        with pytest.raises(TypeError):
            Wire().opened().link.send({"type": "note", "data": b"bytes"})

    def test_may_be_answered_within_the_same_moment(self) -> None:
        wire = Wire().opened()
        wire.on_event = lambda event: wire.link.send({"type": "echo", "n": 2}) if event.get("n") == 1 else None
        wire.link.send({"type": "echo", "n": 1})
        wire.link.advance(wire.now)
        assert [event["n"] for _, event in wire.told] == [1, 2]

    def test_without_a_connection_is_dropped(self) -> None:
        wire = Wire()
        wire.link.send({"type": "echo"})
        wire.link.connect(ENDPOINT)
        wire.link.send({"type": "echo"})
        wire.run_to(1.0)
        assert wire.fars[0].heard == []
        assert wire.link.sent.events == 0


class TestWork:
    def test_is_done_in_place_and_its_result_sent_when_due(self) -> None:
        wire = Wire().opened()
        wire.link.send({"type": "work", "payload": "hello"})
        wire.run_to(1.0)
        ((t, event),) = wire.told
        assert (t, event["of"], event["text"]) == (0.6, "w1", "HELLO")


class TestClosing:
    def test_is_silent_and_final(self) -> None:
        wire = Wire().opened()
        wire.link.send({"type": "echo", "in_s": 0.2})
        wire.link.close()
        wire.run_to(1.0)
        assert wire.told == []

    def test_while_connecting_is_silent_too(self) -> None:
        wire = Wire()
        wire.link.connect(ENDPOINT)
        wire.link.close()
        wire.run_to(1.0)
        assert wire.told == []

    def test_from_inside_an_event_stops_the_rest(self) -> None:
        wire = Wire().opened()
        wire.on_event = lambda event: wire.link.close()
        for n in range(3):
            wire.link.send({"type": "echo", "n": n})
        wire.run_to(1.0)
        assert len(wire.told) == 1


class TestTheCount:
    def test_is_of_sound_and_of_text_each_way(self) -> None:
        wire = Wire().opened()
        append = {"type": "input_audio_buffer.append", "audio": base64.b64encode(b"abcd").decode()}
        before = wire.link.received.wire_bytes
        wire.link.send(append)
        wire.link.send({"type": "work", "payload": "x"})
        wire.run_to(1.0)
        sent, received = wire.link.sent, wire.link.received
        assert (sent.events, sent.pcm_bytes) == (2, 4)
        assert sent.wire_bytes == len(json.dumps(append)) + len(json.dumps({"type": "work", "payload": "x"}))
        assert (received.events, received.pcm_bytes) == (2, len(PCM))
        assert received.wire_bytes - before == len(json.dumps(wire.told[-1][1]))

    def test_is_open_to_a_tap(self) -> None:
        wire = Wire().opened()
        wire.link.send({"type": "echo", "n": 1})
        wire.run_to(0.2)
        assert wire.tapped == [
            ("in", '{"type": "session.created"}'),
            ("out", '{"type": "echo", "n": 1}'),
            ("in", '{"type": "echoed", "n": 1}'),
        ]


class TestADrop:
    def test_is_told_once_and_takes_the_memory_with_it(self) -> None:
        wire = Wire().opened()
        wire.link.send({"type": "echo", "in_s": 0.5})
        wire.fault("drop")
        wire.run_to(1.0)
        ((t, lost),) = wire.told
        assert t == 0.11
        assert lost == ("lost", "connection closed (1006 connection lost)", False)
        wire.link.connect(ENDPOINT)
        wire.run_to(1.1)
        assert len(wire.fars) == 2

    def test_waits_for_the_loops_own_time(self) -> None:
        wire = Wire().opened()
        wire.fault("drop")
        assert wire.told == []

    def test_may_be_answered_with_a_new_connection_at_once(self) -> None:
        wire = Wire().opened()
        wire.on_lost = lambda: wire.link.connect(ENDPOINT)
        wire.fault("drop")
        wire.run_to(0.5)
        assert wire.kinds() == [(0.11, "lost"), (0.13, "opened"), (0.13, "session.created")]

    def test_without_a_connection_is_nothing(self) -> None:
        wire = Wire()
        wire.fault("drop")
        wire.run_to(0.5)
        assert wire.told == []


class TestBeingOffline:
    def test_fails_every_connection_until_it_is_over(self) -> None:
        wire = Wire().opened()
        wire.on_lost = lambda: wire.link.connect(ENDPOINT)
        wire.fault("offline", for_s=0.095)
        wire.run_to(0.5)
        kinds = [kind for _, kind in wire.kinds()]
        assert kinds[:-2] == ["lost"] * 5
        assert kinds[-2:] == ["opened", "session.created"]
        assert wire.told[-1][0] == pytest.approx(0.21)
        assert not any(what[2] for _, what in wire.told[:-2])


class TestAStall:
    def test_holds_back_what_the_server_sends_and_lets_it_go_at_once(self) -> None:
        wire = Wire().opened()
        wire.fault("stall", for_s=0.5)
        for n in range(3):
            wire.link.send({"type": "echo", "in_s": 0.1 * n, "n": n})
        wire.run_to(1.0)
        assert [(t, event["n"]) for t, event in wire.told] == [(0.61, 0), (0.61, 1), (0.61, 2)]
        assert len(wire.fars[0].heard) == 3


class TestADelay:
    def test_makes_the_server_late_and_keeps_the_order(self) -> None:
        wire = Wire().opened()
        wire.fault("delay", for_s=0.2, value=300.0)
        wire.run_to(0.11)
        wire.link.send({"type": "echo", "in_s": 0.1, "n": 0})
        wire.link.send({"type": "echo", "in_s": 0.25, "n": 1})  # sent after the delay is over, behind the late one
        wire.run_to(1.0)
        assert [event["n"] for _, event in wire.told] == [0, 1]
        assert [t for t, _ in wire.told] == pytest.approx([0.51, 0.51])


class TestAnError:
    def test_is_sent_and_the_session_goes_on(self) -> None:
        wire = Wire().opened()
        wire.fault("error", value="rate_limit_exceeded")
        wire.run_to(0.2)
        assert [event["error"]["code"] for _, event in wire.told] == ["rate_limit_exceeded"]
        wire.link.send({"type": "echo"})
        wire.run_to(0.3)
        assert wire.kinds()[-1][1] == "echoed"


class TestExpiry:
    def test_is_an_error_and_then_a_clean_close(self) -> None:
        wire = Wire().opened()
        wire.fault("expire")
        wire.run_to(0.2)
        (_, event), (_, lost) = wire.told
        assert event["error"]["code"] == "session_expired"
        assert lost[1] == "connection closed (1001 Your session hit the maximum duration of 60 minutes.)"
        assert not lost[2]

    def test_leaves_the_close_out_when_the_user_has_closed_first(self) -> None:
        wire = Wire().opened()
        wire.on_event = lambda event: wire.link.close()
        wire.fault("expire")
        wire.run_to(0.2)
        assert wire.kinds() == [(0.11, "error")]


class TestAHalfOpenLine:
    def test_is_found_out_as_the_real_link_would(self) -> None:
        wire = Wire().opened()
        wire.link.fault(parsed("half_open"))
        wire.run_to(0.2)
        wire.link.send({"type": "echo"})
        wire.run_to(60.0)
        ((t, lost),) = wire.told
        assert t == pytest.approx(50.11)
        assert "no pong" in lost[1]
        assert wire.fars[0].heard == []


class TestWhatIsNoEvent:
    @pytest.mark.parametrize("what", ["text", "truncated", "list", "deep", "binary"])
    def test_is_counted_and_passed_over(self, what: str) -> None:
        wire = Wire().opened()
        wire.link.fault(parsed(f"garbage,value={what}"))
        wire.run_to(0.2)
        assert wire.told == []
        assert wire.link.malformed == 1

    @pytest.mark.parametrize(("spec", "words"), [("garbage,value=utf8", "1007"), ("oversized", "over 16 MiB")])
    def test_may_end_the_connection(self, spec: str, words: str) -> None:
        wire = Wire().opened()
        wire.link.fault(parsed(spec))
        wire.run_to(0.2)
        ((_, lost),) = wire.told
        assert words in lost[1]


class TestTheDoor:
    @pytest.mark.parametrize(("status", "fatal"), [(401, True), (404, True), (429, False), (503, False)])
    def test_may_be_shut(self, status: int, fatal: bool) -> None:
        wire = Wire()
        wire.link.fault(parsed(f"refuse,value={status}"))
        wire.link.connect(ENDPOINT)
        wire.run_to(0.1)
        ((_, lost),) = wire.told
        assert (f"HTTP {status}" in lost[1], lost[2]) == (True, fatal)

    def test_may_be_slow(self) -> None:
        wire = Wire()
        wire.link.fault(parsed("slow_upgrade,for_s=4"))
        wire.link.connect(ENDPOINT)
        wire.run_to(5.0)
        assert wire.kinds() == [(4.02, "opened"), (4.02, "session.created")]

    def test_that_never_opens_is_left(self) -> None:
        wire = Wire()
        wire.link.fault(parsed("slow_upgrade,for_s=inf"))
        wire.link.connect(ENDPOINT)
        wire.run_to(20.0)
        assert wire.kinds() == [(10.02, "lost")]


class TestTwoRuns:
    def test_are_the_same_to_the_byte(self) -> None:
        def run() -> str:
            wire = Wire()
            wire.on_lost = lambda: wire.link.connect(ENDPOINT)
            wire.link.connect(ENDPOINT)
            plan = {0.1: "stall", 0.3: "delay", 0.5: "error", 0.7: "expire", 0.9: "drop", 1.1: "offline"}
            while wire.now < 2.0:
                wire.run_to(wire.now + 0.05)
                wire.link.send({"type": "echo", "in_s": 0.07, "n": wire.now})
                if kind := plan.get(wire.now):
                    wire.fault(kind, 0.15, 80.0)
            return json.dumps([wire.told, wire.tapped])

        assert run() == run()
