"""What a client may send and a worker give back, likely and unlikely: strategies for the property tests."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import strategies as st

from edge_agent.local.realtime.mind import Answer, Call, Question, Say
from edge_agent.local.speech.work import Failed, Recognised, Spoken
from tests.local.wire_client import VOLUME_TOOL, Told, base64_of, noise, quiet

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

    def answer(self, question: Question) -> Answer:
        super().answer(question)
        return (self.ANSWERS[len(self.asked) % len(self.ANSWERS)],)


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
    [*map(base64_of, (noise(300), noise(300) + quiet(700), quiet(150), quiet(5_100), b"abc")), "AA=", "?", ""],
)
detections = st.sampled_from(
    [
        None,
        {"type": "server_vad"},
        {"type": "server_vad", "create_response": False},
        {"type": "server_vad", "interrupt_response": False, "silence_duration_ms": 50, "prefix_padding_ms": 5_000},
        {"type": "server_vad", "idle_timeout_ms": 5_000},
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
                        "transcription": st.sampled_from([None, {"model": "whisper-1"}, {"model": "gpt-transcribe"}]),
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
    st.sampled_from([Recognised(""), Recognised("what time"), Recognised("what time is it", is_whole=True)]),
    st.sampled_from([b"", b"\0", noise(50), noise(730)]).map(Spoken),
    st.just(Failed("no reason")),
)


def _detecting(detection: Any) -> tuple[str, Any]:
    ears = {"input": {"turn_detection": detection}}
    return "send", {"type": "session.update", "session": {"type": "realtime", "audio": ears}}


openings = st.sampled_from(  # the first steps; a random walk would seldom find them
    [
        [_detecting(None)],
        [_detecting({"type": "semantic_vad", "eagerness": "high"})],
        [
            _detecting({"type": "server_vad", "idle_timeout_ms": 5_000}),
            ("send", {"type": "response.create"}),
            ("done", Spoken(noise(730))),
            ("wait", 5.0),
        ],
    ]
)
likely = st.sampled_from(  # without these a random walk seldom gets as far as a reply that is being spoken
    [
        ("send", {"type": "input_audio_buffer.append", "audio": base64_of(noise(300))}),
        ("send", {"type": "input_audio_buffer.append", "audio": base64_of(noise(300) + quiet(700))}),
        ("send", {"type": "input_audio_buffer.append", "audio": base64_of(noise(300) + quiet(400))}),
        ("send", {"type": "input_audio_buffer.append", "audio": base64_of(quiet(5_100))}),
        ("send", {"type": "input_audio_buffer.commit"}),
        ("send", {"type": "response.create", "response": {"metadata": {"turn": "7"}}}),
        ("send", {"type": "response.create"}),
        ("send", {"type": "response.cancel"}),
        ("done", Recognised("what time is it", is_whole=True)),
        ("done", Spoken(noise(730))),
        ("done", Spoken(noise(730))),
        ("wait", 0.06),
        ("wait", 2.0),
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
