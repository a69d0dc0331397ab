"""LiveKit's agents (its whole AgentSession, without a room) hold a spoken conversation with the embedded server."""

from __future__ import annotations

from typing import Any

import pytest

from edge_agent.local.child import ServerChild
from tests.clients.stranger import QUESTION, WISH, tell

VERSION = "1.8.9"
pytestmark = pytest.mark.clients


@pytest.fixture(scope="module")
def told(server: ServerChild, tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("livekit")
    requirements = [f"livekit-agents=={VERSION}", f"livekit-plugins-openai=={VERSION}"]
    return tell("livekit_talk.py", "livekit", requirements, server.url, folder)


def after(told: Any, *said: Any) -> Any:
    """What came next: role, words, and whether it was interrupted."""
    return told["said"][told["said"].index(list(said)) + 1]


class TestASpokenQuestion:
    def test_is_answered_aloud(self, told: Any) -> None:
        role, words, interrupted = after(told, "user", QUESTION, False)
        assert (role, interrupted) == ("assistant", False)
        assert words.startswith("I know the time")
        assert 4 < told["played_s"][0][0] < 20


class TestAWish:
    def test_calls_the_functions_that_it_needs_and_is_confirmed(self, told: Any) -> None:
        assert told["calls"] == ["get_volume", "set_volume 55"]
        assert told["percent"] == 55
        _, words, _ = after(told, "user", WISH, False)
        assert "fifty" in words or "55" in words


class TestAnInterruption:
    def test_by_voice_breaks_the_story_off_and_is_answered(self, told: Any) -> None:
        story = told["said"].index(["user", "tell me a story", False]) + 1
        _, heard, interrupted = told["said"][story]
        assert interrupted
        assert 0 < len(heard.split()) < 60, "the story has more than a hundred words"
        assert told["said"][story + 1] == ["user", QUESTION, False]
        assert told["said"][story + 2][1].startswith("I know the time")

    def test_by_a_button_breaks_it_off_and_the_talk_goes_on(self, told: Any) -> None:
        (_, heard, interrupted), (_, _, _), (_, answer, _) = told["said"][-3:]
        assert interrupted
        assert 0 < len(heard.split()) < 60
        assert answer.startswith("It is ")

    def test_stops_the_sound_both_times(self, told: Any) -> None:
        assert [broken for _, broken in told["played_s"][told["first_story"] :]] == [True, False, True, False]


class TestTheWholeTalk:
    def test_meets_no_error(self, told: Any) -> None:
        assert told["errors"] == []
