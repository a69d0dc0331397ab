"""The fields of a session: what is refused, and how it is named."""

from __future__ import annotations

from typing import Any

import pytest

from tests.local.realtime.test_session_config import refused


class TestAField:
    @pytest.mark.parametrize(
        ("fields", "param"),
        [
            ({"type": "poem"}, "session.type"),
            ({"type": None}, "session.type"),
            ({"client_secret": "x"}, "session.client_secret"),
            ({"audio": None}, "session.audio"),
            ({"audio": {"input": None}}, "session.audio.input"),
            ({"audio": {"input": {"language": "en"}}}, "session.audio.input.language"),
            ({"model": "other"}, "session.model"),
            ({"prompt": {"id": "p"}}, "session.prompt"),
            ({"instructions": 5}, "session.instructions"),
            ({"output_modalities": ["text", "audio"]}, "session.output_modalities"),
            ({"output_modalities": []}, "session.output_modalities"),
            ({"output_modalities": None}, "session.output_modalities"),
            ({"max_output_tokens": 0}, "session.max_output_tokens"),
            ({"max_output_tokens": 1.5}, "session.max_output_tokens"),
            ({"max_output_tokens": 4097}, "session.max_output_tokens"),
            ({"max_output_tokens": "many"}, "session.max_output_tokens"),
            ({"parallel_tool_calls": "yes"}, "session.parallel_tool_calls"),
            ({"reasoning": {"effort": "none"}}, "session.reasoning.effort"),
            ({"tracing": "on"}, "session.tracing"),
            ({"tracing": {"metadata": {"k": 5}}}, "session.tracing.metadata.k"),
            ({"truncation": "never"}, "session.truncation"),
            ({"truncation": {"type": "retention_ratio"}}, "session.truncation.retention_ratio"),
            (
                {"truncation": {"type": "retention_ratio", "retention_ratio": 1.1}},
                "session.truncation.retention_ratio",
            ),
            (
                {
                    "truncation": {
                        "type": "retention_ratio",
                        "retention_ratio": 0.8,
                        "token_limits": {"post_instructions": -1},
                    }
                },
                "session.truncation.token_limits.post_instructions",
            ),
            ({"include": ["item.poem"]}, "session.include[0]"),
            ({"tools": {}}, "session.tools"),
            ({"tools": [{"name": "f"}]}, "session.tools[0].type"),
            ({"tools": [{"type": "function"}]}, "session.tools[0].name"),
            ({"tools": [{"type": "function", "name": "two words"}]}, "session.tools[0].name"),
            ({"tools": [{"type": "function", "name": "f", "strict": True}]}, "session.tools[0].strict"),
            ({"tools": [{"type": "mcp", "server_url": "https://x"}]}, "session.tools[0].server_label"),
            ({"tools": [{"type": "mcp", "server_label": "x"}]}, "session.tools[0].server_url"),
            (
                {"tools": [{"type": "mcp", "server_label": "x", "server_url": "u", "headers": {"k": 5}}]},
                "session.tools[0].headers.k",
            ),
            ({"tool_choice": "sometimes"}, "session.tool_choice"),
            ({"tool_choice": {"type": "function"}}, "session.tool_choice.name"),
            ({"tool_choice": {"type": "mcp"}}, "session.tool_choice.server_label"),
            ({"audio": {"input": {"format": {"type": "audio/opus"}}}}, "session.audio.input.format.type"),
            (
                {"audio": {"input": {"format": {"type": "audio/pcm", "rate": 16_000}}}},
                "session.audio.input.format.rate",
            ),
            ({"audio": {"output": {"speed": 1.6}}}, "session.audio.output.speed"),
            ({"audio": {"output": {"speed": 0.2}}}, "session.audio.output.speed"),
            ({"audio": {"output": {"voice": 5}}}, "session.audio.output.voice"),
            ({"audio": {"output": {"voice": "x" * 65}}}, "session.audio.output.voice"),
            ({"audio": {"output": {"voice": None}}}, "session.audio.output.voice"),
            ({"audio": {"input": {"transcription": {"delay": "long"}}}}, "session.audio.input.transcription.delay"),
            (
                {"audio": {"input": {"transcription": {"language": "English"}}}},
                "session.audio.input.transcription.language",
            ),
            (
                {"audio": {"input": {"transcription": {"keywords": "lamp"}}}},
                "session.audio.input.transcription.keywords",
            ),
            ({"audio": {"input": {"noise_reduction": {"type": "no"}}}}, "session.audio.input.noise_reduction.type"),
            (
                {"audio": {"input": {"noise_reduction": {"strength": 0.5}}}},
                "session.audio.input.noise_reduction.type",
            ),
            (
                {"audio": {"input": {"noise_reduction": {"type": "near_field", "strength": 2}}}},
                "session.audio.input.noise_reduction.strength",
            ),
            ({"audio": {"input": {"turn_detection": {}}}}, "session.audio.input.turn_detection.type"),
            (
                {"audio": {"input": {"turn_detection": {"type": "server_vad", "threshold": 1.1}}}},
                "session.audio.input.turn_detection.threshold",
            ),
            (
                {"audio": {"input": {"turn_detection": {"type": "server_vad", "idle_timeout_ms": 4_999}}}},
                "session.audio.input.turn_detection.idle_timeout_ms",
            ),
            (
                {"audio": {"input": {"turn_detection": {"type": "server_vad", "silence_duration_ms": 1e9}}}},
                "session.audio.input.turn_detection.silence_duration_ms",
            ),
            (
                {"audio": {"input": {"turn_detection": {"type": "server_vad", "create_response": 1}}}},
                "session.audio.input.turn_detection.create_response",
            ),
            (
                {"audio": {"input": {"turn_detection": {"type": "semantic_vad", "eagerness": "wild"}}}},
                "session.audio.input.turn_detection.eagerness",
            ),
            (
                {"audio": {"input": {"turn_detection": {"type": "semantic_vad", "threshold": 0.5}}}},
                "session.audio.input.turn_detection.threshold",
            ),
        ],
    )
    def test_names_what_it_refuses(self, fields: dict[str, Any], param: str) -> None:
        assert refused(**fields).param == param


class TestAFieldOfTheBeta:
    @pytest.mark.parametrize(
        ("field", "value", "place"),
        [
            ("modalities", ["text"], "output_modalities"),
            ("voice", "alloy", "audio.output.voice"),
            ("input_audio_format", "pcm16", "audio.input.format"),
            ("output_audio_format", "pcm16", "audio.output.format"),
            ("input_audio_transcription", {"model": "whisper-1"}, "audio.input.transcription"),
            ("input_audio_noise_reduction", None, "audio.input.noise_reduction"),
            ("turn_detection", None, "audio.input.turn_detection"),
            ("max_response_output_tokens", "inf", "max_output_tokens"),
            ("speed", 1.0, "audio.output.speed"),
            ("temperature", 0.8, "no successor"),
        ],
    )
    def test_is_refused_with_its_place_of_today(self, field: str, value: Any, place: str) -> None:
        refusal = refused(**{field: value})
        assert (refusal.code, refusal.param) == ("unknown_parameter", f"session.{field}")
        assert place in str(refusal)
