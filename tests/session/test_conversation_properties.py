"""Any event, any order: what must hold of a conversation whatever the server and the network do."""

from __future__ import annotations

import base64
from collections import deque
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from edge_agent.dialogue import events as ev
from edge_agent.dialogue.events import ItemHeard
from tests.session.test_conversation import MS, SECOND, Desk

TURNS = st.integers(1, 4)
RESPONSES = st.sampled_from(["r1", "r2", "r3"])
ITEMS = st.sampled_from(["a1", "a2", "u1", ""])
CODES = st.sampled_from(
    [
        "conversation_already_has_active_response",
        "response_cancel_not_active",
        "input_audio_buffer_commit_empty",
        "session_expired",
        "invalid_api_key",
        "server_error",
        "",
    ]
)
JUNK: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
KINDS = st.sampled_from(
    [
        "session.created",
        "session.updated",
        "input_audio_buffer.committed",
        "input_audio_buffer.cleared",
        "input_audio_buffer.speech_started",
        "conversation.item.added",
        "conversation.item.input_audio_transcription.completed",
        "response.created",
        "response.output_audio.delta",
        "response.output_audio.done",
        "response.output_audio_transcript.delta",
        "response.output_audio_transcript.done",
        "response.function_call_arguments.done",
        "response.output_item.done",
        "response.done",
        "error",
    ]
)


def sound(response: str) -> str:
    """Audio that says whose it is: the response's number in every byte."""
    return base64.b64encode(bytes([int(response[1:])]) * MS).decode()


@st.composite
def server_events(draw: st.DrawFn) -> dict[str, Any]:
    response, item = draw(RESPONSES), draw(ITEMS)
    call = {"type": "function_call", "id": item, "call_id": draw(ITEMS), "name": "t", "arguments": draw(JUNK)}
    event: dict[str, Any] = {
        "type": draw(KINDS),
        "response_id": response,
        "item_id": item,
        "delta": sound(response),
        "transcript": "words of it",
        "previous_item_id": draw(ITEMS),
        "item": draw(st.sampled_from([{"id": item}, call])),
        "call_id": "c1",
        "arguments": "{}",
        "session": {},
        "error": {"code": draw(CODES), "message": "m", "event_id": f"ea_event_{draw(st.integers(1, 9))}"},
        "response": {
            "id": response,
            "status": draw(st.sampled_from(["completed", "cancelled", "failed"])),
            "metadata": draw(st.sampled_from([{}, {"ask": "ea_event_2"}, {"ask": "ea_event_4"}])),
            "output": [call],
        },
    }
    if draw(st.integers(0, 3)) == 0:  # one field in a shape nobody expects
        event[draw(st.sampled_from(sorted(event.keys() - {"type"})))] = draw(JUNK)
    return event


PLAUSIBLE = st.one_of(  # without these, chance alone never gets a reply as far as the loudspeaker
    TURNS.map(lambda turn: ("converse", turn)),
    RESPONSES.map(lambda response: ("answer", response)),
    RESPONSES.map(lambda response: ("sound", response)),
)
ACTIONS = st.one_of(
    PLAUSIBLE,
    PLAUSIBLE,
    server_events().map(lambda event: ("server", event)),
    TURNS.map(lambda turn: ("open", turn)),
    TURNS.map(lambda turn: ("speak", turn)),
    TURNS.map(lambda turn: ("commit", turn)),
    TURNS.map(lambda turn: ("discard", turn)),
    TURNS.map(lambda turn: ("ask", turn)),
    TURNS.map(lambda turn: ("cancel", turn)),
    TURNS.map(lambda turn: ("tool", turn)),
    st.just(("truncate", 0)),
    st.just(("reconnect", 0)),
    st.just(("lost", 0)),
)


class Hostile(Desk):
    """Drives a conversation and judges each slice that is played by what it knows itself."""

    def __init__(self, detection: str) -> None:
        super().__init__(detection)
        self.turn = 0
        self.capturing = False
        self.unwanted: set[int] = set()
        self.ended: dict[str, int] = {}  # response: how many events we had sent when it ended

    def play(self, turn: int, item: str, audio: bytes) -> None:
        super().play(turn, item, audio)
        response = f"r{audio[0]}"
        assert turn == self.turn
        assert turn not in self.unwanted
        assert response not in self.cancelled()
        assert len(set(audio)) == 1

    def cancelled(self) -> set[str]:
        """Responses of this connection that were cancelled and have not ended since."""
        sent = [(place, event) for place, event in enumerate(self.link.sent) if event["type"] == "response.cancel"]
        return {event["response_id"] for place, event in sent if place >= self.ended.get(event["response_id"], 0)}

    def act(self, what: str, value: Any) -> None:
        talk = self.talk
        match what:
            case "server":
                if value["type"] == "response.done" and isinstance(value["response"], dict):
                    self.ended[str(value["response"].get("id"))] = len(self.link.sent)
                talk.link_event(value)
            case "answer":
                self.created(value)
                self.delta(bytes([int(value[1:])]) * MS, value)
            case "sound":
                self.delta(bytes([int(value[1:])]) * MS, value)
            case "converse":
                for step in ("open", "speak", "commit"):
                    self.act(step, value)
            case "open":
                talk.open_turn(value)
                if value > self.turn:
                    self.turn, self.capturing = value, True
            case "speak":
                talk.append(value, SECOND)
            case "commit":
                talk.commit(value)
                self.capturing = self.capturing and value != self.turn
            case "discard":
                talk.discard(value)
                if value == self.turn:
                    self.unwanted.add(value)
            case "ask":
                talk.ask(value, "hello")
                self.capturing = self.capturing and value != self.turn
                if value > self.turn:
                    self.turn, self.capturing = value, False
            case "cancel":
                self.stop(value)
            case "tool":
                talk.answer_tool(value, "c1", "result")
            case "truncate":
                talk.truncate(1, (ItemHeard("a1", 1, 2), ItemHeard("a2", 5, 5), ItemHeard("u1", 0, 0)))
            case "reconnect":
                self.link.sent.clear()
                self.ended.clear()
                self.ready()
            case "lost":
                self.drop()

    def stop(self, turn: int) -> None:
        """A cancelled turn may not be heard, unless it is still being spoken: there is nothing to cancel then."""
        self.talk.cancel(turn)
        taken = ev.ServerEndedSpeech(turn) in self.told
        if turn == self.turn and (taken or not self.capturing):
            self.unwanted.add(turn)


class TestAHostileServer:
    @settings(max_examples=200, deadline=None)
    @given(st.lists(ACTIONS, min_size=20, max_size=40), st.sampled_from(["local", "server_vad"]))
    def test_leaves_a_defined_state_and_is_never_heard_out_of_turn(
        self, actions: list[tuple[str, Any]], detection: str
    ) -> None:
        hostile = Hostile(detection)
        hostile.ready()
        for what, value in actions:
            hostile.act(what, value)
        self.still_works(hostile)

    def still_works(self, hostile: Hostile) -> None:
        """After all that, a fresh connection and an honest answer make a conversation."""
        desk = hostile
        desk.drop()
        desk.talk.open_turn(8)  # whatever an earlier turn was still owed is given up
        desk.ready()
        desk.fresh()
        hostile.turn = 9
        desk.speak(9)
        desk.says("input_audio_buffer.committed", item_id="u9")
        desk.created("r3")
        desk.delta(b"\x03" * 100 * MS, "r3", "a9")
        desk.done("r3")
        assert desk.told[-2:] == [ev.ReplyAudio(9, 100), ev.ResponseFinished(9, "completed")]

    @settings(max_examples=200, deadline=None)
    @given(st.lists(st.dictionaries(st.text(max_size=12), JUNK, max_size=5), max_size=10), KINDS)
    def test_may_send_any_json_at_all(self, events: list[dict[str, Any]], kind: str) -> None:
        desk = Desk().ready()
        for event in events:
            desk.talk.link_event(event)
            desk.talk.link_event({**event, "type": kind})
        assert desk.played == []


class HonestServer:
    """Keeps the protocol and sees to it that we do. It reads one client event, or goes one step on, at each `step`."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.read = 0
        self.buffered = 0
        self.active = ""
        self.number = 0
        self.steps: deque[dict[str, Any]] = deque()
        self.complaints: list[str] = []
        self.refusals = 0

    def idle(self) -> bool:
        return self.read == len(self.desk.link.sent) and not self.steps

    def step(self, prefer_reading: bool) -> None:
        if self.read < len(self.desk.link.sent) and (prefer_reading or not self.steps):
            event = self.desk.link.sent[self.read]
            self.read += 1
            self.receive(event)
        elif self.steps:
            event = self.steps.popleft()
            if event["type"] == "response.done":
                self.active = ""
            self.desk.talk.link_event(event)

    def receive(self, event: dict[str, Any]) -> None:
        match event["type"]:
            case "input_audio_buffer.append":
                self.buffered += len(base64.b64decode(event["audio"]))
            case "input_audio_buffer.clear":
                self.buffered = 0
            case "input_audio_buffer.commit":
                if self.buffered < 100 * MS:
                    self.complaints.append("commit of too little")
                self.buffered = 0
            case "response.create":
                self.create(event)
            case "response.cancel":
                if event["response_id"] != self.active:
                    return  # crossed the end on its way: allowed
                status = {"id": self.active, "status": "cancelled"}
                self.steps = deque([{"type": "response.done", "response": status}])
            case "conversation.item.truncate":
                if event["audio_end_ms"] > 300:
                    self.complaints.append("truncate past the end")

    def create(self, event: dict[str, Any]) -> None:
        if self.active:
            self.refusals += 1
            code = "conversation_already_has_active_response"
            self.desk.talk.link_event({"type": "error", "error": {"code": code, "event_id": event["event_id"]}})
            return
        self.number += 1
        self.active = f"r{self.number}"
        tag = event["response"]["metadata"]
        delta = base64.b64encode(bytes([self.number]) * 100 * MS).decode()
        ids = {"response_id": self.active, "item_id": f"a{self.number}"}
        self.steps.append({"type": "response.created", "response": {"id": self.active, "metadata": tag}})
        self.steps.extend({"type": "response.output_audio.delta", **ids, "delta": delta} for _ in range(3))
        self.steps.append({"type": "response.done", "response": {"id": self.active, "status": "completed"}})


class TestAnHonestServer:
    @settings(max_examples=300, deadline=None)
    @given(st.lists(st.sampled_from(["speak", "cancel", "interrupt", "read", "go on"]), max_size=40))
    def test_has_nothing_to_complain_about_and_the_last_question_is_answered(self, actions: list[str]) -> None:
        desk = Desk().ready()
        server = HonestServer(desk)
        turn = 0
        for action in [*actions, "speak"]:
            match action:
                case "speak" | "interrupt":
                    if action == "interrupt":
                        desk.talk.cancel(turn)
                        desk.talk.truncate(1, (ItemHeard(f"a{server.number}", 150, 300),))
                    turn += 1
                    desk.speak(turn)
                case "cancel":
                    desk.talk.cancel(turn)
                case _:
                    server.step(action == "read")
        for _ in range(1000):
            if server.idle():
                break
            server.step(prefer_reading=True)
        assert server.idle()
        assert server.complaints == []
        assert self.heard(desk, turn) == 300
        assert (turn, "completed", "") in desk.finished()
        assert [t for t, _, _ in desk.played] == sorted(t for t, _, _ in desk.played)

    def heard(self, desk: Desk, turn: int) -> int:
        return sum(e.ms for e in desk.told if isinstance(e, ev.ReplyAudio) and e.turn == turn)

    @settings(max_examples=200, deadline=None)
    @given(st.lists(st.sampled_from(["read", "go on"]), max_size=30), st.integers(0, 3))
    def test_is_never_asked_while_it_answers(self, steps: list[str], patience: int) -> None:
        """As long as the cancelled response's end is waited for, no request is refused."""
        desk = Desk().ready()
        server = HonestServer(desk)
        desk.speak(1)
        for _ in range(patience):
            server.step(prefer_reading=True)
        desk.speak(2)
        for step in steps:
            server.step(step == "read")
        while not server.idle():
            server.step(prefer_reading=False)
        assert server.refusals == 0
        assert self.heard(desk, 2) == 300
