"""The session's configuration: what may be changed, and what it is afterwards."""

from __future__ import annotations

import copy
from typing import Any, ClassVar

import pytest

from edge_agent.local.realtime.refusal import Refused
from edge_agent.local.realtime.session_config import SEMANTIC_VAD, SERVER_VAD, initial, shown, updated
from tests.local.wire_client import VOLUME_TOOL

START = initial(session_id="sess_1", model="m", expires_at=1, detects=True)
MU = {"type": "audio/pcmu"}


def change(
    config: dict[str, Any] = START,
    *,
    detects: bool = True,
    has_spoken: bool = False,
    is_responding: bool = False,
    asked_model: str = "theirs",
    **fields: Any,
) -> Any:
    whole = {"type": "realtime", **fields}
    told: dict[str, Any] = {
        "detects": detects,
        "has_spoken": has_spoken,
        "is_responding": is_responding,
        "asked_model": asked_model,
    }
    return updated(config, whole, **told)


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
            truncation="disabled",
            include=["item.input_audio_transcription.logprobs"],
            audio={"input": {"transcription": {"model": "whisper-1"}, "noise_reduction": {"type": "near_field"}}},
        )
        cleared = change(
            config,
            instructions=None,
            tools=None,
            tool_choice=None,
            max_output_tokens=None,
            truncation=None,
            include=None,
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
            {
                "truncation": {
                    "type": "retention_ratio",
                    "retention_ratio": 0.8,
                    "token_limits": {"post_instructions": 5_000},
                }
            },
            {"tracing": {"workflow_name": "w", "group_id": "g", "metadata": {"k": "v"}}},
            {"tracing": "auto", "truncation": "disabled"},
            {"include": ["item.input_audio_transcription.logprobs"]},
            {"tool_choice": {"type": "function", "name": "f"}},
            {"tool_choice": {"type": "mcp", "server_label": "x", "name": "y"}},
            {
                "tools": [
                    {
                        "type": "mcp",
                        "server_label": "x",
                        "server_url": "https://mcp.example",
                        "headers": {"k": "v"},
                        "allowed_tools": {"read_only": True, "tool_names": ["a"]},
                        "require_approval": {"always": {"tool_names": ["a"]}, "never": {"read_only": True}},
                    },
                    {
                        "type": "mcp",
                        "server_label": "y",
                        "connector_id": "connector_gmail",
                        "allowed_tools": ["a"],
                        "require_approval": "never",
                    },
                ]
            },
            {"max_output_tokens": 4096},
            {"model": "m"},
        ],
    )
    def test_keeps_what_the_assistant_has_no_use_for(self, fields: dict[str, Any]) -> None:
        assert {key: change(**fields)[key] for key in fields} == fields


class TestWhatIsFixed:
    def test_is_the_kind_of_the_session(self) -> None:
        refusal = refused(type="transcription")
        assert refusal.code == "invalid_parameter"
        assert "Passing a transcription session update event to a realtime session is not allowed" in str(refusal)

    def test_is_the_model(self) -> None:
        assert refused(model="other").code == "cannot_update_model"
        assert change(model="theirs") == START
        assert change(model="any", asked_model="") == START  # they connected without saying one

    def test_is_not_the_name_the_client_connected_with(self) -> None:
        config = updated(
            START, {"type": "realtime", "model": "gpt-realtime-2"}, detects=True, asked_model="gpt-realtime-2"
        )
        assert config == START

    def test_is_the_tracing_once_it_is_on(self) -> None:
        traced = change(tracing={"workflow_name": "w"})
        assert change(traced, tracing={"workflow_name": "w"}, instructions="x")["tracing"] == {"workflow_name": "w"}
        for other in ("auto", None, {"workflow_name": "v"}):
            with pytest.raises(Refused) as refusal:
                change(traced, tracing=other)
            assert refusal.value.code == "cannot_update_tracing"

    def test_is_the_voice_once_heard(self) -> None:
        assert refused(has_spoken=True, audio={"output": {"voice": "cedar"}}).code == "cannot_update_voice"
        assert change(has_spoken=True, audio={"output": {"voice": "marin", "speed": 1.2}})

    def test_is_the_speed_during_a_response(self) -> None:
        assert refused(is_responding=True, audio={"output": {"speed": 1.2}}).code == "cannot_update_speed"
        assert change(is_responding=True, audio={"output": {"speed": 1.0, "voice": "cedar"}})


class TestAFormat:
    def test_of_pcm_has_its_only_rate_even_unsaid(self) -> None:
        config = change(audio={"input": {"format": {"type": "audio/pcm"}}})
        assert config["audio"]["input"]["format"] == {"type": "audio/pcm", "rate": 24_000}


class TestTranscription:
    WHOLE: ClassVar[dict[str, Any]] = {
        "model": "gpt-transcribe",
        "language": "en",
        "languages": ["en", "de"],
        "prompt": "household words",
        "keywords": ["lamp"],
        "delay": "low",
    }

    def test_keeps_all_its_fields(self) -> None:
        config = change(audio={"input": {"transcription": self.WHOLE}})
        assert config["audio"]["input"]["transcription"] == self.WHOLE

    def test_keeps_what_is_not_named_and_clears_what_is_null(self) -> None:
        before = change(audio={"input": {"transcription": self.WHOLE}})
        after = change(before, audio={"input": {"transcription": {"language": None, "delay": "high"}}})
        left = {key: value for key, value in self.WHOLE.items() if key != "language"}
        assert after["audio"]["input"]["transcription"] == {**left, "delay": "high"}

    @pytest.mark.parametrize("model", ["gpt-realtime-whisper", "gpt-live-transcribe"])
    def test_by_a_model_without_turn_detection_needs_it_off(self, model: str) -> None:
        heard = {"transcription": {"model": model}}
        assert refused(audio={"input": heard}).param == "session.audio.input.turn_detection"
        config = change(audio={"input": {**heard, "turn_detection": None}})
        assert config["audio"]["input"]["transcription"] == {"model": model}


class TestNoiseReduction:
    def test_has_full_strength_until_told_otherwise_and_then_keeps_it(self) -> None:
        config = change(audio={"input": {"noise_reduction": {"type": "near_field"}}})
        assert config["audio"]["input"]["noise_reduction"] == {"type": "near_field", "strength": 1.0}
        softer = change(config, audio={"input": {"noise_reduction": {"strength": 0.25}}})
        farther = change(softer, audio={"input": {"noise_reduction": {"type": "far_field"}}})
        assert farther["audio"]["input"]["noise_reduction"] == {"type": "far_field", "strength": 0.25}


class TestATranscriptionSession:
    START = initial(session_id="sess_1", model="m", expires_at=1, detects=True, kind="transcription")

    def change(self, **fields: Any) -> Any:
        return updated(self.START, {"type": "transcription", **fields}, detects=True)

    def refused(self, **fields: Any) -> Refused:
        with pytest.raises(Refused) as refusal:
            self.change(**fields)
        return refusal.value

    def test_has_ears_and_no_voice(self) -> None:
        assert set(self.START) == {"type", "object", "id", "expires_at", "include", "audio"}
        assert set(self.START["audio"]) == {"input"}
        assert self.START["audio"]["input"]["transcription"] is not None
        detection = self.START["audio"]["input"]["turn_detection"]
        assert (detection["create_response"], detection["interrupt_response"]) == (False, False)

    def test_is_configured_like_the_ears_of_any(self) -> None:
        heard = {"format": MU, "transcription": {"model": "whisper-1"}, "turn_detection": {"type": "semantic_vad"}}
        config = self.change(audio={"input": heard}, include=["item.input_audio_transcription.logprobs"])
        assert config["audio"]["input"]["transcription"] == {"model": "whisper-1"}
        assert config["audio"]["input"]["turn_detection"]["create_response"] is False

    @pytest.mark.parametrize(
        ("fields", "param"),
        [
            ({"type": "realtime"}, "session.type"),
            ({"instructions": "x"}, "session.instructions"),
            ({"model": "x"}, "session.model"),
            ({"tools": []}, "session.tools"),
            ({"audio": {"output": {}}}, "session.audio.output"),
            (
                {"audio": {"input": {"turn_detection": {"type": "server_vad", "create_response": True}}}},
                "session.audio.input.turn_detection.create_response",
            ),
            (
                {"audio": {"input": {"turn_detection": {"type": "server_vad", "idle_timeout_ms": 6_000}}}},
                "session.audio.input.turn_detection.idle_timeout_ms",
            ),
        ],
    )
    def test_refuses_what_has_to_do_with_answers(self, fields: dict[str, Any], param: str) -> None:
        assert self.refused(**fields).param == param


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

    def test_keeps_what_is_not_named_while_it_is_of_the_same_kind(self) -> None:
        first = change(audio={"input": {"turn_detection": {"type": "server_vad", "threshold": 0.7}}})
        second = change(first, audio={"input": {"turn_detection": {"type": "server_vad", "idle_timeout_ms": 6_000}}})
        assert second["audio"]["input"]["turn_detection"] == {**SERVER_VAD, "threshold": 0.7, "idle_timeout_ms": 6_000}
        cleared = change(second, audio={"input": {"turn_detection": {"type": "server_vad", "idle_timeout_ms": None}}})
        assert cleared["audio"]["input"]["turn_detection"]["idle_timeout_ms"] is None
        other = change(second, audio={"input": {"turn_detection": {"type": "semantic_vad"}}})
        assert other["audio"]["input"]["turn_detection"] == SEMANTIC_VAD

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


class TestWhatIsShown:
    def test_does_not_change_with_the_session(self) -> None:
        picture = shown(START)
        assert picture == START
        picture["audio"]["input"]["format"]["type"] = "poem"
        assert START["audio"]["input"]["format"]["type"] == "audio/pcm"
