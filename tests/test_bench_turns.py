"""The bench's turns: which instants belong together, and that the wire between a client and its server is honest.

No real time and no daemon here: `python -m tests.bench --only turns` has them.
"""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from websockets.asyncio.client import connect
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from edge_agent.audio.format import HEARING_BLOCK, HEARING_RATE
from tests.bench import quota
from tests.bench.turns import figures as f
from tests.bench.turns.card import RoomCard, Voice
from tests.bench.turns.people import Person, Said, Story
from tests.bench.turns.sinks import heard
from tests.bench.turns.trace import Decided, Noted, Trace, read
from tests.bench.turns.wire import DELTA, Passed, Wire

SLICE = 100 * 48  # bytes: 100 ms


def a_turn(at_s: float, *, paused_s: float | None = None) -> Trace:
    """A person speaks until 2 s, and at 3 s it is over; the answer's first delta comes at 3.5 s, or half a second after
    the pause, and is in the air 60 ms after both."""
    asked_s = at_s + (3.0 if paused_s is None else paused_s)
    delta_s = asked_s + 0.5
    air_s = max(delta_s, at_s + 3.0) + 0.06
    decided = [Decided(at_s + 1.0, "wake"), Decided(at_s + 3.0, "ended")]
    decided += [] if paused_s is None else [Decided(asked_s, "paused")]
    return Trace(
        decided=decided,
        noted=[Noted(asked_s + 0.001, 1, "speech_ended"), Noted(delta_s + 0.002, 1, "first_delta")],
        said=[Said("question", "hey", "a voice", at_s + 0.2, at_s + 2.0)],
        voices=[Voice(1, air_s - 0.05, air_s, air_s + 1.0)],
        passed=[
            Passed(at_s + 0.5, True, f.APPEND, 960),
            Passed(at_s + 1.004, True, f.APPEND, 960),
            Passed(asked_s + 0.003, True, f.COMMIT, 0),
            Passed(delta_s, False, DELTA, SLICE),
            Passed(delta_s + 0.1, False, DELTA, SLICE),
        ],
    )


def both(one: Trace, other: Trace) -> Trace:
    lists = ("decided", "noted", "said", "voices", "passed")
    return Trace(**{name: getattr(one, name) + getattr(other, name) for name in lists})


class TestATurn:
    def test_is_told_from_its_instants(self) -> None:
        trace = a_turn(100.0)
        for reckon, ms in (
            (f.wake_to_first_byte, 4.0),
            (f.end_to_commit, 3.0),
            (f.delta_to_card, 10.0),
            (f.first_delta_to_air, 60.0),
            (f.decision_to_air, 560.0),
            (f.speech_end_to_air, 1560.0),
        ):
            assert reckon(trace).ms == [pytest.approx(ms, abs=0.01)], reckon.__name__

    def test_asked_for_at_a_pause_is_committed_then_and_answered_when_it_is_over(self) -> None:
        trace = a_turn(100.0, paused_s=2.3)
        assert f.end_to_commit(trace).ms == [pytest.approx(3.0, abs=0.01)]
        assert f.first_delta_to_air(trace).ms == [pytest.approx(60.0, abs=0.01)]
        assert f.decision_to_air(trace).ms == [pytest.approx(60.0, abs=0.01)]
        assert f.speech_end_to_air(trace).ms == [pytest.approx(1060.0, abs=0.01)]

    @pytest.mark.parametrize("paused_s", [None, 2.3])
    def test_is_not_taken_for_its_neighbour(self, paused_s: float | None) -> None:
        trace = both(a_turn(100.0, paused_s=paused_s), a_turn(110.0, paused_s=paused_s))
        for reckon in (f.wake_to_first_byte, f.end_to_commit, f.first_delta_to_air, f.speech_end_to_air):
            one, other = reckon(trace).ms
            assert one == pytest.approx(other, abs=0.01), reckon.__name__

    def test_without_an_answer_has_no_figure_of_it(self) -> None:
        trace = a_turn(100.0)
        trace.voices = []
        assert f.end_to_commit(trace).ms
        assert not f.first_delta_to_air(trace).ways
        with pytest.raises(RuntimeError, match="no trial got that far"):
            f.speech_end_to_air(trace).quantile(0.5)

    def test_says_where_the_time_went_and_no_stretch_is_lost(self) -> None:
        figure = f.speech_end_to_air(a_turn(100.0))
        assert sum(part.median for part in figure.parts()) == pytest.approx(figure.ms[0])

    def test_of_the_plain_client_is_told_the_same_way(self) -> None:
        trace = a_turn(100.0)
        trace.decided = [Decided(101.0, "begin"), Decided(103.0, "end")]
        trace.noted, trace.said = [], []
        assert f.end_to_commit(trace).ms == [pytest.approx(3.0, abs=0.01)]
        assert f.decision_to_air(trace).ms == [pytest.approx(560.0, abs=0.01)]


class TestAnInterruption:
    TRACE = Trace(
        decided=[
            Decided(4.0, "suspected"),
            Decided(5.1, "suspected"),
            Decided(5.25, "speaks"),
            Decided(5.5, "confirmed"),
        ],
        said=[Said("interruption", "stop", "a voice", 5.0, 6.0)],
        voices=[Voice(1, 3.9, 4.0, 5.3)],
        air_s={"5.1": 5.16},
    )

    def test_counts_from_the_persons_first_sound(self) -> None:
        trials = f.interruptions(self.TRACE)
        assert f.onset_to_duck(trials).ms == [pytest.approx(160.0)]
        assert f.onset_to_silence(trials).ms == [pytest.approx(300.0)]

    def test_that_only_paused_the_reply_has_no_silence(self) -> None:
        trace = Trace(self.TRACE.decided[:-1], [], self.TRACE.said, self.TRACE.voices, self.TRACE.air_s)
        assert not f.onset_to_silence(f.interruptions(trace)).ways

    def test_that_nobody_noticed_is_a_trial_without_a_figure(self) -> None:
        trace = Trace(said=self.TRACE.said, voices=self.TRACE.voices)
        assert len(f.interruptions(trace)) == 1
        assert not f.onset_to_silence(f.interruptions(trace)).ways


class TestATrace:
    def test_is_the_same_after_it_was_written_and_read(self, tmp_path: Path) -> None:
        trace = a_turn(100.0, paused_s=2.4)
        trace.write(tmp_path / "trace.json")
        assert read(tmp_path / "trace.json") == trace


class TestTheCard:
    @staticmethod
    def played(blocks: int, first: int) -> RoomCard:
        """A tone from block `first` on, for ten blocks."""
        sounding = range(first, first + 10)
        card = RoomCard(
            seed=1, playing=lambda: 7 if len(card.given_s) - 1 in sounding else 0, person=lambda block: None
        )
        tone = np.full(HEARING_BLOCK, 0.5, np.float32)
        for block in range(blocks):
            card.exchange(tone if block in sounding else None)
        return card

    def test_gives_what_was_played_to_the_air_after_its_latency(self) -> None:
        card = self.played(30, first=5)
        (voice,) = card.voices()
        assert voice.turn == 7
        assert voice.first_s - card.began_s == pytest.approx(0.05 + card.latency_ms / 1000, abs=0.001)
        assert voice.last_s - voice.first_s == pytest.approx(0.1, abs=0.001)

    def test_carries_out_in_the_next_block_what_is_decided_now(self) -> None:
        card = self.played(10, first=0)
        decided_s = card.given_s[4] - 1e-4
        assert card.in_the_air_s(decided_s) - card.began_s == pytest.approx(0.05 + card.latency_ms / 1000)

    def test_plays_what_a_person_says_to_the_microphone(self) -> None:
        card = RoomCard(seed=1, playing=lambda: 0, person=lambda block: None)
        before = np.abs(card.exchange(None)).max()
        card.say(np.full(HEARING_RATE // 10, 0.3, np.float32))
        assert max(np.abs(card.exchange(None)).max() for _ in range(5)) > 10 * before


class TestTheMonitor:
    def test_tells_sounds_apart_on_the_clock_of_the_piece_that_came_soonest(self) -> None:
        sound = np.zeros(3 * HEARING_RATE, np.float32)
        for first_s in (0.5, 0.8, 2.0):  # the first two are one sound: there is less than a pause between them
            sound[round(first_s * HEARING_RATE) :][: HEARING_RATE // 5] = 0.5
        pcm = (sound * 32767).astype("<i2").tobytes()
        size = 2 * HEARING_RATE // 10
        late_s = [0.03 + 0.01 * (n % 3) for n in range(30)]
        pieces = [(100.1 + n * 0.1 + late_s[n], pcm[n * size : (n + 1) * size]) for n in range(30)]
        spans = heard(pieces)
        assert len(spans) == 2
        assert spans[0] == pytest.approx((100.53, 101.03), abs=0.001)
        assert spans[1] == pytest.approx((102.03, 102.23), abs=0.001)

    def test_hears_nothing_in_silence(self) -> None:
        assert heard([(100.0, bytes(3200))]) == []


class TestAPerson:
    def test_who_waits_in_vain_gives_up(self) -> None:
        person, outcome = Person(1), list[bool]()

        def story() -> Story:
            outcome.append((yield from person.until("wake", seconds=0.0)))

        for _ in story():
            pass
        assert outcome == [False]

    def test_who_waits_does_not_take_what_was_before_for_it(self) -> None:
        person = Person(1, ["idle"])
        person.forget()
        waiting = person.until("idle", seconds=60.0)
        assert next(waiting, "over") is None
        person.happenings.append("idle")
        assert next(waiting, "over") == "over"


class TestTheWire:
    REPLY = ("response.created", DELTA, DELTA, "response.done")

    def exchanged(self, act: Callable[[Wire], None] = lambda wire: None, *, bursts: bool = False) -> tuple[Wire, int]:
        """A client asks, and a server replies a message at a time. Returns the wire and how much the client got."""
        got = 0

        async def reply(socket: ServerConnection) -> None:
            await socket.recv()
            for kind in self.REPLY:
                await socket.send(json.dumps({"type": kind, "delta": "AAAA"}))
                await asyncio.sleep(0.01)
            await socket.wait_closed()

        async def run() -> Wire:
            nonlocal got
            async with serve(reply, "127.0.0.1", 0) as server:
                wire = Wire(f"ws://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}/v1/realtime", bursts=bursts)
                await asyncio.to_thread(wire.start)
                async with connect(f"{wire.url}?model=x") as socket:
                    await socket.send(json.dumps({"type": f.COMMIT}))
                    try:
                        for _ in self.REPLY:
                            await socket.recv()
                            got += 1
                            act(wire)
                    except ConnectionClosed:
                        pass
                await asyncio.to_thread(wire.stop)
            return wire

        return asyncio.run(run()), got

    def test_passes_everything_on_and_says_what_it_was(self) -> None:
        wire, got = self.exchanged()
        assert got == len(self.REPLY)
        assert [(p.up, p.kind) for p in wire.passed] == [(True, f.COMMIT), *((False, kind) for kind in self.REPLY)]
        assert [p.audio_bytes for p in wire.passed if p.kind == DELTA] == [3, 3]
        assert all(math.isfinite(p.at_s) for p in wire.passed)

    def test_that_bursts_gives_the_sound_when_the_reply_is_complete(self) -> None:
        wire, got = self.exchanged(bursts=True)
        assert got == len(self.REPLY)
        at_s = [p.at_s for p in wire.passed]
        assert at_s[4] - at_s[2] < 0.01 < at_s[2] - at_s[1]

    def test_that_is_lost_is_lost_for_the_client_and_says_when(self) -> None:
        wire, got = self.exchanged(Wire.lose)
        assert got < len(self.REPLY)
        assert wire.lost_s


class TestAQuota:
    @pytest.mark.parametrize(
        ("sign", "written"),
        [
            ("cgroup.subtree_control", {"cpu.max": "1500 10000"}),
            ("cpu.cfs_quota_us", {"cpu.cfs_period_us": "10000", "cpu.cfs_quota_us": "1500"}),
        ],
    )
    def test_is_dealt_out_every_block_of_sound(
        self, sign: str, written: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / sign).touch()
        monkeypatch.setattr(quota, "V2", tmp_path if sign.startswith("cgroup") else tmp_path / "none")
        monkeypatch.setattr(quota, "V1", tmp_path)
        monkeypatch.setattr(Path, "rmdir", lambda group: None)  # the kernel's own folders go with their files
        with quota.limit(0.15) as enter:
            enter(4711)
        (group,) = tmp_path.glob("edge-agent-bench-*")
        assert {file.name: file.read_text() for file in group.iterdir()} == {**written, "cgroup.procs": "4711"}

    def test_that_cannot_be_had_says_why(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(quota, "V2", tmp_path)
        monkeypatch.setattr(quota, "V1", tmp_path)
        with pytest.raises(RuntimeError, match="no control groups"), quota.limit(0.5):
            pass

    def test_of_everything_is_none(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        monkeypatch.setattr(quota, "V2", tmp_path)
        with quota.limit(1.0) as enter:
            enter(1)
        assert not list(tmp_path.iterdir())
