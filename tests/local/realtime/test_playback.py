"""How long the client plays what it was sent, as far as the events tell."""

from __future__ import annotations

from typing import Any

import pytest

from edge_agent.local.realtime.playback import Playback
from tests.local.wire_client import base64_of, quiet

NEVER = float("inf")
Timed = tuple[float, dict[str, Any]]
PCM = {"type": "audio/pcm", "rate": 24_000}


def created(at: float, name: str = "r", fmt: dict[str, Any] = PCM) -> Timed:
    return at, {"type": "response.created", "response": {"id": name, "audio": {"output": {"format": fmt}}}}


def delta(at: float, data: bytes, name: str = "r") -> Timed:
    return at, {"type": "response.output_audio.delta", "response_id": name, "delta": base64_of(data)}


def done(at: float, name: str = "r") -> Timed:
    return at, {"type": "response.done", "response": {"id": name}}


def over_at(*events: Timed) -> float:
    playback = Playback()
    playback.observe(events)
    return playback.over_at


class TestPlayback:
    def test_is_never_over_before_the_first_reply_nor_during_one(self) -> None:
        assert over_at() == NEVER
        assert over_at(created(1), delta(2, quiet(500))) == NEVER

    def test_lasts_from_the_end_of_the_reply_as_long_as_its_sound(self) -> None:
        assert over_at(created(1), delta(2, quiet(500)), delta(3, quiet(300)), done(4)) == pytest.approx(4.8, abs=1e-3)

    def test_of_telephone_sound_is_counted_by_its_own_rate(self) -> None:
        events = created(1, fmt={"type": "audio/pcmu"}), delta(2, bytes(8 * 600)), done(4)
        assert over_at(*events) == pytest.approx(4.6, abs=1e-3)

    def test_of_a_reply_without_sound_is_over_at_once(self) -> None:
        assert over_at(created(1), done(4)) == 4

    def test_of_a_cancelled_reply_ends_with_what_was_sent(self) -> None:
        planned = created(1), delta(2, quiet(600)), delta(8, quiet(600)), done(8)
        assert over_at(*planned, done(5)) == pytest.approx(5.6, abs=1e-3)

    def test_waits_for_the_longest_of_several(self) -> None:
        first = created(1, "a"), delta(2, quiet(9_000), "a"), done(3, "a")
        assert over_at(*first, created(4, "b"), done(5, "b")) == pytest.approx(12, abs=1e-3)

    def test_knows_whether_a_reply_is_being_given(self) -> None:
        playback = Playback()
        assert not playback.is_given(0)
        playback.observe([created(1), delta(2, quiet(500)), done(4)])
        assert playback.is_given(3.9)
        assert not playback.is_given(4)
