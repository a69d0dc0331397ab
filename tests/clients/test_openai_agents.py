"""OpenAI's agents package holds a spoken conversation with the embedded server, its tools are called by our brain."""

from __future__ import annotations

from typing import Any

import pytest

from edge_agent.local.child import ServerChild
from tests.clients.stranger import QUESTION, WISH, tell

VERSION = "0.24.0"
pytestmark = pytest.mark.clients


@pytest.fixture(scope="module")
def told(server: ServerChild, tmp_path_factory: pytest.TempPathFactory) -> Any:
    # The package names its model in every session.update as well: the address has to name the same one.
    url, folder = f"{server.url}?model=local", tmp_path_factory.mktemp("agents")
    return tell("agents_talk.py", "openai-agents", [f"openai-agents=={VERSION}"], url, folder)


class TestASpokenQuestion:
    def test_is_answered_aloud(self, told: Any) -> None:
        assert told["said"][0] == ["user", QUESTION]
        role, words = told["said"][1]
        assert role == "assistant"
        assert words.startswith("I know the time")
        assert 4 < told["answer_bytes"] / 48_000 < 20, "seconds of speech"


class TestAWish:
    def test_calls_the_functions_that_it_needs(self, told: Any) -> None:
        assert ["user", WISH] in told["said"]
        assert told["calls"] == ["get_volume", "set_volume 55"]
        assert told["percent"] == 55

    def test_is_confirmed_aloud(self, told: Any) -> None:
        _, words = told["said"][told["said"].index(["user", WISH]) + 1]
        assert "fifty" in words or "55" in words


class TestAnInterruption:
    def test_by_voice_leaves_what_was_heard_of_the_story_and_is_answered(self, told: Any) -> None:
        assert told["interrupted"] == 1
        begun = told["said"].index(["user", "tell me a story"])
        (_, heard), (_, question), (_, answer) = told["said"][begun + 1 : begun + 4]
        assert len(heard.split()) < 40, "the story has more than a hundred words"
        assert question == QUESTION
        assert answer.startswith("I know the time")

    def test_by_a_button_is_no_error(self, told: Any) -> None:
        assert told["errors_of_the_button"] == []


class TestTheWholeTalk:
    def test_meets_no_error(self, told: Any) -> None:
        assert told["errors"] == []
