"""Whatever a client sends and whatever the workers give back, in any order: the session stands."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge_agent.local.brain import Call, Question, Say
from edge_agent.local.work import Failed, Recognised, Spoken
from tests.local.wire_client import (
    VOLUME_TOOL,
    LoudnessDetector,
    Told,
    WireClient,
    base64_of,
    kinds,
    noise,
    only,
    quiet,
)

HALF_A_PAIR = json.loads('"\\ud800"')
DEEP: dict[str, Any] = {}
for _ in range(300):
    DEEP = {"in": [DEEP]}


class Erratic(Told):
    """Answers every kind of answer, in turn."""

    ANSWERS = (
        Say(""),
        Say("it is noon and all is well"),
        Say("a recording", noise(350)),
        Call("set_volume", '{"percent": 30}'),
        Say("it is noon and all is well"),
    )

    def answer(self, question: Question) -> Say | Call:
        super().answer(question)
        return self.ANSWERS[len(self.asked) % len(self.ANSWERS)]


ids = st.sampled_from(["a", "b", "item_0001", "item_0002", "item_0003", "root", "", "resp_0001", "x" * 600])
odd = st.sampled_from(
    [None, True, 0, -1, 3.5, float("nan"), float("inf"), 10**400, "", "x" * 70_000, HALF_A_PAIR, [], {}, [[]], DEEP]
)
json_values = st.recursive(
    odd | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(ids, inner, max_size=2),
    max_leaves=4,
)
sounds = st.sampled_from(
    [*map(base64_of, (noise(300), noise(300) + quiet(700), quiet(150), b"abc")), "AA=", "?", ""],
)
detections = st.sampled_from(
    [
        None,
        {"type": "server_vad"},
        {"type": "server_vad", "create_response": False},
        {"type": "server_vad", "interrupt_response": False, "silence_duration_ms": 50, "prefix_padding_ms": 5_000},
        {"type": "semantic_vad", "eagerness": "high"},
    ]
)
formats = st.sampled_from([{"type": "audio/pcm", "rate": 24_000}, {"type": "audio/pcmu"}, {"type": "audio/pcma"}])
limits = st.sampled_from(["inf", 1, 5, 4096])
modalities = st.sampled_from([["audio"], ["text"]])
sessions = st.fixed_dictionaries(
    {"type": st.just("realtime")},
    optional={
        "instructions": st.sampled_from(["be brief", None]),
        "output_modalities": modalities,
        "max_output_tokens": limits,
        "tools": st.sampled_from([[], [VOLUME_TOOL], None]),
        "audio": st.fixed_dictionaries(
            {},
            optional={
                "input": st.fixed_dictionaries(
                    {},
                    optional={
                        "format": formats,
                        "turn_detection": detections,
                        "transcription": st.sampled_from([None, {"model": "whisper-1"}]),
                    },
                ),
                "output": st.fixed_dictionaries(
                    {}, optional={"format": formats, "voice": st.sampled_from(["cedar", "marin"])}
                ),
            },
        ),
    },
)
parts = st.one_of(
    st.fixed_dictionaries({"type": st.just("input_text"), "text": st.text(max_size=9)}),
    st.fixed_dictionaries({"type": st.just("input_audio"), "audio": sounds}),
)
items = st.one_of(
    st.fixed_dictionaries(
        {"type": st.just("message"), "role": st.just("user"), "content": st.lists(parts, max_size=2)},
        optional={"id": ids},
    ),
    st.fixed_dictionaries(
        {
            "type": st.just("message"),
            "role": st.just("assistant"),
            "content": st.just([{"type": "output_text", "text": "said"}]),
        },
        optional={"id": ids},
    ),
    st.fixed_dictionaries({"type": st.just("function_call"), "name": ids, "arguments": st.just("{}")}),
    st.fixed_dictionaries({"type": st.just("function_call_output"), "call_id": ids, "output": st.text(max_size=9)}),
)
responses = st.fixed_dictionaries(
    {},
    optional={
        "metadata": st.sampled_from([{}, {"turn": "7"}, None]),
        "output_modalities": modalities,
        "max_output_tokens": limits,
        "instructions": st.sampled_from(["greet", None]),
        "input": st.lists(items | st.fixed_dictionaries({"type": st.just("item_reference"), "id": ids}), max_size=2),
        "audio": st.fixed_dictionaries({"output": st.fixed_dictionaries({"format": formats})}),
    },
)


def events(kind: str, **fields: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({"type": st.just(kind), **fields}, optional={"event_id": ids})


valid = st.one_of(
    events("session.update", session=sessions),
    events("input_audio_buffer.append", audio=sounds),
    events("input_audio_buffer.append", audio=sounds),
    events("input_audio_buffer.commit"),
    events("input_audio_buffer.clear"),
    events("conversation.item.create", item=items, previous_item_id=ids | st.none()),
    events("conversation.item.create", item=items),
    events("conversation.item.retrieve", item_id=ids),
    events("conversation.item.delete", item_id=ids),
    events(
        "conversation.item.truncate",
        item_id=ids,
        content_index=st.just(0),
        audio_end_ms=st.sampled_from([0, 99, 250, 10**6]),
    ),
    events("response.create", response=responses),
    events("response.create"),
    events("response.cancel"),
    events("response.cancel", response_id=ids),
)


@st.composite
def nearly_valid(draw: st.DrawFn) -> Any:
    """One place of a valid event, however deep, holds something odd, or is gone, or there is one field too many."""
    event = json.loads(json.dumps(draw(valid)))
    place: Any = event
    while True:
        keys = list(place) if isinstance(place, dict) else list(range(len(place)))
        if not keys:
            break
        key = draw(st.sampled_from(keys))
        if isinstance(place[key], dict | list) and place[key] and draw(st.booleans()):
            place = place[key]
            continue
        if isinstance(place, dict) and draw(st.booleans()):
            del place[key]
        else:
            place[key] = draw(json_values)
        break
    if isinstance(place, dict) and draw(st.integers(0, 5)) == 0:
        place[draw(ids)] = draw(json_values)
    return event


results = st.one_of(
    st.sampled_from(["", "what time is it"]).map(Recognised),
    st.sampled_from([b"", b"\0", noise(50), noise(730)]).map(Spoken),
    st.just(Failed("no reason")),
)
likely = st.sampled_from(  # without these a random walk seldom gets as far as a reply that is being spoken
    [
        ("send", {"type": "input_audio_buffer.append", "audio": base64_of(noise(300))}),
        ("send", {"type": "input_audio_buffer.append", "audio": base64_of(noise(300) + quiet(700))}),
        ("send", {"type": "input_audio_buffer.commit"}),
        ("send", {"type": "response.create", "response": {"metadata": {"turn": "7"}}}),
        ("send", {"type": "response.create"}),
        ("send", {"type": "response.cancel"}),
        ("done", Recognised("what time is it")),
        ("done", Spoken(noise(730))),
        ("done", Spoken(noise(730))),
        ("wait", 0.06),
    ]
)
steps = st.one_of(
    likely,
    likely,
    likely,
    st.tuples(st.just("send"), valid),
    st.tuples(st.just("send"), nearly_valid() | json_values),
    st.tuples(st.just("wait"), st.sampled_from([0.0, 0.01, 0.1, 1.0])),
    st.tuples(st.sampled_from(["done", "again"]), results),
)


class Ledger:
    """What must hold of all that was sent, followed as it comes."""

    def __init__(self, client: WireClient) -> None:
        self._client = client
        self._read = 0
        self.active: str | None = None
        self._responses: set[str] = set()
        self._items: set[str] = set()

    def check(self) -> None:
        new, self._read = self._client.events[self._read :], len(self._client.events)
        for event in new:
            match event["type"]:
                case "response.created":
                    assert self.active is None, "two responses at a time"
                    self.active = event["response"]["id"]
                    assert self.active not in self._responses
                    self._responses.add(self.active)
                case "response.done":
                    assert event["response"]["id"] == self.active
                    self.active = None
                case "conversation.item.added":
                    assert event["item"]["id"] not in self._items
                    self._items.add(event["item"]["id"])
                case "conversation.item.done":
                    assert event["item"]["id"] in self._items
                case "conversation.item.deleted":
                    assert event["item_id"] in self._items
                    self._items.remove(event["item_id"])
            if "response_id" in event:
                assert event["response_id"] == self.active
        assert self._client.at == sorted(self._client.at)


def a_clean_turn(client: WireClient, ledger: Ledger) -> None:
    """Nothing that happened may be in the way of it, once the running response has been cancelled."""
    client.wait(1.0)
    ledger.check()
    if ledger.active is not None:
        client.say("response.cancel")
    client.send(
        {
            "type": "session.update",
            "session": {
                "type": "realtime",
                "output_modalities": ["audio"],
                "max_output_tokens": "inf",
                "audio": {"input": {"format": {"type": "audio/pcm", "rate": 24_000}, "turn_detection": None}},
            },
        }
    )
    client.say("input_audio_buffer.clear")
    for work in client.jobs:
        client.take(client.session.done(work.id, Recognised("late"), client.now))
    client.jobs.clear()
    client.append(noise(400))
    assert kinds(client.say("input_audio_buffer.commit"))[0] == "input_audio_buffer.committed"
    client.hears()
    before = len(client.events)
    client.respond(metadata={"turn": "clean"})
    for work in client.jobs:
        client.take(client.session.done(work.id, Spoken(noise(400)), client.now))
    client.finish_reply()
    ledger.check()
    done = only(client.events[before:], "response.done")["response"]
    assert (done["status"], done["metadata"]) == ("completed", {"turn": "clean"})
    assert len(done["output"]) == 1


class TestASession:
    @settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.booleans(), st.sampled_from([0, 200]), st.lists(steps, min_size=15, max_size=40))
    def test_stands_whatever_comes(self, detects: bool, delay_ms: int, plan: list[tuple[str, Any]]) -> None:
        detector = LoudnessDetector() if detects else None
        client = WireClient(brain=Erratic(), detector=detector, model_delay_ms=delay_ms)
        ledger = Ledger(client)
        answered = ["work_0000"]
        for kind, value in plan:
            if kind == "send":
                client.send(value)
            elif kind == "wait":
                client.wait(value)
            elif kind == "done" and client.jobs:
                answered.append(client.jobs.pop(0).id)
                client.take(client.session.done(answered[-1], value, client.now))
            else:
                client.take(client.session.done(answered[-1], value, client.now))
            ledger.check()
        a_clean_turn(client, ledger)

    @settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
    @given(nearly_valid() | json_values)
    def test_answers_nonsense_with_one_event(self, event: Any) -> None:
        client = WireClient()
        before = client.session.receive({"type": "conversation.item.retrieve", "item_id": "none"}, client.now)
        assert kinds(told for _, told in before) == ["error"]
        answers = client.send(event)
        assert kinds(answers).count("error") <= 1
        if not isinstance(event, dict) or not isinstance(event.get("type"), str):
            assert kinds(answers) == ["error"]

    def test_does_not_go_back_in_time(self) -> None:
        client = WireClient()
        client.text()
        client.respond()
        client.wait(10)
        client.text()
        timed = client.session.done(client.job("speak").id, Spoken(noise(300)), client.now - 50)
        assert min(due for due, _ in timed) >= client.now
