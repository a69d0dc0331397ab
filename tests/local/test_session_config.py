"""The session's configuration: what may be changed, and what it is afterwards."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from edge_agent.local.refusal import Refused
from edge_agent.local.session_config import SEMANTIC_VAD, SERVER_VAD, initial, shown, updated
from tests.local.wire_client import VOLUME_TOOL

START = initial(session_id="sess_1", model="m", expires_at=1, detects=True)
MU = {"type": "audio/pcmu"}


def change(config: dict[str, Any] = START, *, detects: bool = True, has_spoken: bool = False, **fields: Any) -> Any:
    return updated(config, {"type": "realtime", **fields}, detects=detects, has_spoken=has_spoken)


def refused(**fields: Any) -> Refused:
    with pytest.raises(Refused) as refusal:
        change(**fields)
    return refusal.value


class TestAnUpdate:
    def test_of_nothing_changes_nothing(self) -> None:
        assert change() == START
        assert change(audio={}) == START
        assert change(audio={"input": {}, "output": {}}) == START

    def test_leaves_what_it_does_not_name(self) -> None:
        config = change(change(instructions="be brief", audio={"input": {"format": MU}}), tools=[VOLUME_TOOL])
        assert config["instructions"] == "be brief"
        assert config["audio"]["input"]["format"] == MU
        assert config["audio"]["output"] == START["audio"]["output"]

    def test_clears_with_null(self) -> None:
        config = change(
            instructions="x",
            tools=[VOLUME_TOOL],
            tool_choice="required",
            max_output_tokens=5,
            audio={"input": {"transcription": {"model": "whisper-1"}, "noise_reduction": {"type": "near_field"}}},
        )
        cleared = change(
            config,
            instructions=None,
            tools=None,
            tool_choice=None,
            max_output_tokens=None,
            audio={"input": {"transcription": None, "noise_reduction": None}},
        )
        assert cleared == START

    def test_does_not_touch_the_one_before(self) -> None:
        before = copy.deepcopy(START)
        change(instructions="x", audio={"input": {"turn_detection": None}, "output": {"speed": 1.5}})
        assert before == START

    def test_is_not_the_clients_own_object(self) -> None:
        tools = [copy.deepcopy(VOLUME_TOOL)]
        config = change(tools=tools)
        tools.clear()
        assert config["tools"] == [VOLUME_TOOL]

    @pytest.mark.parametrize(
        "fields",
        [
            {"reasoning": {"effort": "low"}, "parallel_tool_calls": True},
            {"truncation": {"type": "retention_ratio", "retention_ratio": 0.8}},
            {"tracing": {"workflow_name": "w", "group_id": "g", "metadata": {"k": "v"}}},
            {"tracing": "auto", "truncation": "disabled"},
            {"include": ["item.input_audio_transcription.logprobs"]},
            {"tool_choice": {"type": "function", "name": "f"}},
            {"max_output_tokens": 4096},
            {"model": "m"},
        ],
    )
    def test_keeps_what_the_assistant_has_no_use_for(self, fields: dict[str, Any]) -> None:
        assert {key: change(**fields)[key] for key in fields} == fields

    @pytest.mark.parametrize(
        ("fields", "param"),
        [
            ({"type": "transcription"}, "session.type"),
            ({"temperature": 0.8}, "session.temperature"),
            ({"voice": "marin"}, "session.voice"),
            ({"model": "other"}, "session.model"),
            ({"prompt": {"id": "p"}}, "session.prompt"),
            ({"output_modalities": ["text", "audio"]}, "session.output_modalities"),
            ({"max_output_tokens": 4097}, "session.max_output_tokens"),
            ({"max_output_tokens": "many"}, "session.max_output_tokens"),
            ({"tools": [{"type": "mcp", "server_label": "x"}]}, "session.tools[0]"),
            ({"tools": [{"type": "function"}]}, "session.tools[0].name"),
            ({"audio": {"input": {"format": {"type": "audio/opus"}}}}, "session.audio.input.format.type"),
            (
                {"audio": {"input": {"format": {"type": "audio/pcm", "rate": 16_000}}}},
                "session.audio.input.format.rate",
            ),
            ({"audio": {"output": {"speed": 1.6}}}, "session.audio.output.speed"),
            ({"audio": {"output": {"voice": 5}}}, "session.audio.output.voice"),
            ({"audio": {"input": {"turn_detection": {}}}}, "session.audio.input.turn_detection.type"),
            (
                {"audio": {"input": {"turn_detection": {"type": "server_vad", "threshold": 1.1}}}},
                "session.audio.input.turn_detection.threshold",
            ),
            (
                {"audio": {"input": {"turn_detection": {"type": "server_vad", "idle_timeout_ms": 5_000}}}},
                "session.audio.input.turn_detection.idle_timeout_ms",
            ),
            (
                {"audio": {"input": {"turn_detection": {"type": "semantic_vad", "threshold": 0.5}}}},
                "session.audio.input.turn_detection.threshold",
            ),
        ],
    )
    def test_names_what_it_refuses(self, fields: dict[str, Any], param: str) -> None:
        assert refused(**fields).param == param


class TestAFormat:
    def test_of_pcm_has_its_only_rate_even_unsaid(self) -> None:
        config = change(audio={"input": {"format": {"type": "audio/pcm"}}})
        assert config["audio"]["input"]["format"] == {"type": "audio/pcm", "rate": 24_000}


class TestTurnDetection:
    def test_is_on_where_speech_can_be_detected(self) -> None:
        assert START["audio"]["input"]["turn_detection"] == SERVER_VAD
        without = initial(session_id="s", model="m", expires_at=1, detects=False)
        assert without["audio"]["input"]["turn_detection"] is None

    @pytest.mark.parametrize("defaults", [SERVER_VAD, SEMANTIC_VAD])
    def test_completes_what_is_left_out(self, defaults: dict[str, Any]) -> None:
        detection = {"type": defaults["type"], "create_response": False}
        config = change(audio={"input": {"turn_detection": detection}})
        assert config["audio"]["input"]["turn_detection"] == {**defaults, "create_response": False}

    def test_can_be_switched_off(self) -> None:
        config = change(audio={"input": {"turn_detection": None}})
        assert config["audio"]["input"]["turn_detection"] is None

    def test_cannot_be_had_without_a_detector(self) -> None:
        refusal = refused(detects=False, audio={"input": {"turn_detection": dict(SERVER_VAD)}})
        assert refusal.code == "unsupported_parameter"


class TestTheVoice:
    def test_may_be_the_clients_own(self) -> None:
        config = change(audio={"output": {"voice": {"id": "voice_1"}}})
        assert config["audio"]["output"]["voice"] == {"id": "voice_1"}

    def test_is_fixed_once_heard(self) -> None:
        assert refused(has_spoken=True, audio={"output": {"voice": "cedar"}}).code == "cannot_update_voice"
        assert change(has_spoken=True, audio={"output": {"voice": "marin", "speed": 1.2}})


class TestWhatIsShown:
    def test_does_not_change_with_the_session(self) -> None:
        picture = shown(START)
        assert picture == START
        picture["audio"]["input"]["format"]["type"] = "poem"
        assert START["audio"]["input"]["format"]["type"] == "audio/pcm"
