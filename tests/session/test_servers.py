"""What a server does otherwise than OpenAI's is met by its row in a table, chosen by `session.provider`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from edge_agent import app, cli
from edge_agent.config import ConfigError, Settings
from edge_agent.config_file import from_dict
from edge_agent.session.servers import SERVERS, server_of
from edge_agent.session.tools import Toolbox
from edge_agent.system.credentials import Secret
from tests.session.test_conversation import SECOND, Desk, provider

HUGGING_FACE = SERVERS["speech-to-speech"]


def settings(**session: Any) -> Settings:
    return from_dict(
        {"session": {"provider": "speech-to-speech", **session}, "turn": {"detection": "server_vad"}}, "test"
    )


class TestAProviderWithoutARow:
    @pytest.mark.parametrize("name", ["auto", "local", "openai"])
    def test_departs_in_nothing(self, name: str) -> None:
        row = server_of(name)
        assert (row.takes_key, row.clears, row.leaves_turns) == (True, True, True)
        assert row.url == "wss://api.openai.com/v1/realtime"


class TestAServerThatCannotClear:
    def interrupted_before_the_commit(self, **row: Any) -> Desk:
        """A person begins again (a wake word in the middle of a sentence); then the server takes what it has."""
        desk = Desk("server_vad", **row).ready()
        desk.talk.open_turn(1)
        desk.talk.append(1, SECOND)
        desk.talk.open_turn(2)
        desk.talk.append(2, SECOND)
        desk.says("input_audio_buffer.committed", item_id="u1")
        desk.created(metadata={})
        desk.delta()
        return desk

    def test_is_never_asked_to(self) -> None:
        desk = self.interrupted_before_the_commit(server=HUGGING_FACE)
        assert "input_audio_buffer.clear" not in desk.link.types()

    def test_has_its_next_answer_heard(self) -> None:
        desk = self.interrupted_before_the_commit(server=HUGGING_FACE)
        assert [turn for turn, _, _ in desk.played] == [2]
        assert desk.link.of("response.cancel") == []

    def test_is_told_from_one_that_can(self) -> None:
        desk = self.interrupted_before_the_commit()
        assert "input_audio_buffer.clear" in desk.link.types()
        assert desk.played == [], "the first sentence crossed our clear: its answer is unwanted"

    def test_gets_nothing_of_a_sentence_that_still_waits_for_the_network(self) -> None:
        desk = Desk("server_vad", server=HUGGING_FACE).ready()
        desk.talk.open_turn(1)
        desk.talk.append(1, SECOND)
        desk.talk.open_turn(2)
        assert desk.link.forgotten == [1]


class TestAServerThatTakesNoKey:
    def test_gets_none(self) -> None:
        assert provider("server_vad", server=HUGGING_FACE).endpoint().headers == {}
        built = app.provider(settings(), "", Secret("sk-1234567890", "test"), Toolbox([]))
        assert built.endpoint().headers == {}

    def test_is_told_from_one_that_does(self) -> None:
        assert provider("server_vad").endpoint().headers["Authorization"] == "Bearer k"


class TestAServersAddress:
    def test_is_its_usual_one_unless_another_is_set(self) -> None:
        usual = app.provider(settings(model=""), "", None, Toolbox([]))
        assert usual.endpoint().url == "ws://127.0.0.1:8765/v1/realtime"
        other = app.provider(settings(model=""), "ws://box:9000/v1/realtime", None, Toolbox([]))
        assert other.endpoint().url == "ws://box:9000/v1/realtime"


class TestAServerThatFindsTheTurnsItself:
    def test_is_refused_with_our_own_detection_by_the_daemon(self) -> None:
        local = from_dict({"session": {"provider": "speech-to-speech"}}, "test")
        with pytest.raises(ConfigError, match=r'turn\.detection: found "local", expected "server_vad"'):
            app.provider(local, "", None, Toolbox([]))

    def test_is_refused_by_config_check(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        config = tmp_path / "edge-agent.toml"
        config.write_text('[session]\nprovider = "speech-to-speech"\n')
        assert cli.main(["config", "check", "--config", str(config)]) == cli.CONFIGURATION
        assert 'turn.detection: found "local", expected "server_vad"' in capsys.readouterr().err

    def test_is_refused_by_the_provider_itself(self) -> None:
        with pytest.raises(ValueError, match="detection"):
            provider("local", server=HUGGING_FACE)
