"""What servers say, in their several spellings."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_agent.session import provider as says
from edge_agent.session.openai_events import read
from edge_agent.session.provider import Trouble

IDS = {"response_id": "r1", "item_id": "a1"}


class TestBothDialects:
    @pytest.mark.parametrize("kind", ["response.output_audio.delta", "response.audio.delta"])
    def test_audio(self, kind: str) -> None:
        event = {"type": kind, **IDS, "delta": base64.b64encode(b"\x01\x02").decode(), "surprise": 1}
        assert read(event) == says.ReplyAudio("r1", "a1", b"\x01\x02")

    @pytest.mark.parametrize(
        "kind",
        [
            "response.output_audio_transcript.delta",
            "response.audio_transcript.delta",
            "response.output_text.delta",
            "response.text.delta",
        ],
    )
    def test_words(self, kind: str) -> None:
        assert read({"type": kind, **IDS, "delta": "hi"}) == says.ReplyText("r1", "a1", "hi")

    @pytest.mark.parametrize(
        ("kind", "name"),
        [("response.output_audio_transcript.done", "transcript"), ("response.output_text.done", "text")],
    )
    def test_all_words_at_once(self, kind: str, name: str) -> None:
        assert read({"type": kind, **IDS, name: "hi there"}) == says.ReplyText("r1", "a1", "hi there", whole=True)

    @pytest.mark.parametrize("kind", ["conversation.item.added", "conversation.item.created", "conversation.item.done"])
    def test_items(self, kind: str) -> None:
        assert read({"type": kind, "item": {"id": "i"}, "previous_item_id": "h"}) == says.ItemAdded("i", "h")
        assert read({"type": kind, "item": {"id": "i"}, "previous_item_id": None}) == says.ItemAdded("i", None)


class TestErrors:
    @pytest.mark.parametrize(
        ("word", "trouble"),
        [
            ("insufficient_quota", Trouble.FATAL),
            ("invalid_api_key", Trouble.FATAL),
            ("account_deactivated", Trouble.FATAL),
            ("billing_hard_limit_reached", Trouble.FATAL),
            ("credit_balance_exhausted", Trouble.FATAL),
            ("beta_api_shape_disabled", Trouble.FATAL),
            ("session_expired", Trouble.EXPIRED),
            ("conversation_already_has_active_response", Trouble.BUSY),
            ("input_audio_buffer_commit_empty", Trouble.EMPTY),
            ("server_error", Trouble.PASSING),
            ("response_cancel_not_active", Trouble.OVER),
            ("item_truncate_invalid", Trouble.MINOR),
        ],
    )
    def test_are_known_by_code_or_by_type(self, word: str, trouble: Trouble) -> None:
        by_code = read({"type": "error", "error": {"type": "invalid_request_error", "code": word, "event_id": "e1"}})
        by_type = read({"type": "error", "error": {"type": word, "code": None, "event_id": "e1"}})
        assert by_code == by_type == says.ServerError(trouble, word, word, "e1")

    def test_keep_their_message_within_bounds(self) -> None:
        event = read({"type": "error", "error": {"code": "x", "message": "a" * 10_000}})
        assert isinstance(event, says.ServerError)
        assert len(event.message) == 200


class TestTheEndOfAResponse:
    def test_tells_calls_usage_and_whose_it_was(self) -> None:
        usage = {
            "total_tokens": 30,
            "input_tokens": 20,
            "output_tokens": 10,
            "input_token_details": {"audio_tokens": 12, "text_tokens": 8, "cached_tokens_details": {"text_tokens": 4}},
            "output_token_details": {"audio_tokens": 9, "text_tokens": True},
        }
        output = [
            {"type": "message", "id": "a1"},
            {"type": "function_call", "id": "f1", "call_id": "c1", "name": "t", "arguments": "{}"},
            {"type": "function_call", "id": "f2", "name": "without an id to answer"},
            "junk",
        ]
        response = {"id": "r1", "status": "completed", "metadata": {"ask": "e3"}, "output": output, "usage": usage}
        event = read({"type": "response.done", "response": response})
        assert isinstance(event, says.ReplyDone)
        assert event.ask == "e3"
        assert event.calls == (says.ToolCalled("r1", "f1", "c1", "t", "{}"),)
        assert event.usage == {
            "input": 20,
            "input_text": 8,
            "input_audio": 12,
            "cached_text": 4,
            "output": 10,
            "output_audio": 9,
        }

    def test_tells_why_it_failed(self) -> None:
        details = {"type": "failed", "error": {"type": "insufficient_quota", "message": "no money"}}
        event = read({"type": "response.done", "response": {"id": "r", "status": "failed", "status_details": details}})
        assert event == says.ReplyDone("r", "failed", "no money", "insufficient_quota", Trouble.FATAL)


class TestTheEffectiveSettings:
    @pytest.mark.parametrize("session", [{}, {"audio": None}, {"audio": {"input": {"format": "pcm16"}}}, "junk"])
    def test_that_say_nothing_contradict_nothing(self, session: Any) -> None:
        assert read({"type": "session.updated", "session": session}) == says.SessionUpdated("")


class TestAnythingElse:
    def test_is_passed_over(self) -> None:
        assert read({"type": "rate_limits.updated", "rate_limits": []}) is None
        assert read({"type": "response.output_item.done", **IDS, "item": {"type": "message"}}) is None

    def test_a_malformed_one_names_type_and_field_but_not_the_content(self) -> None:
        event = read({"type": "response.output_audio.delta", **IDS, "delta": "geheim!"})
        assert event == says.Malformed("response.output_audio.delta: delta is not base64")

    @settings(max_examples=200, deadline=None)
    @given(st.dictionaries(st.sampled_from(["type", "response", "item", "delta", "error"]), st.integers() | st.text()))
    def test_raises_nothing(self, event: dict[str, Any]) -> None:
        read(event)
