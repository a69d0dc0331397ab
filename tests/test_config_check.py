"""`config check`: what the settings name is looked for, and told in the same words as what is wrong in the files."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge_agent import cli
from edge_agent.hearing.models import wake_head


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return tmp_path / "edge-agent.toml"


def told(config: Path, text: str, capsys: pytest.CaptureFixture[str]) -> list[str]:
    """What `config check` says to this text, a line each, without the file's name."""
    config.write_text(text, encoding="utf-8")
    assert cli.main(["config", "check", "--config", str(config)]) == cli.CONFIGURATION
    lines = capsys.readouterr().err.removeprefix("edge-agent: ").splitlines()
    assert all(line.startswith(f"{config}: ") for line in lines)
    return [line.removeprefix(f"{config}: ") for line in lines]


class TestWakeWords:
    def test_that_are_unknown_or_missing_are_told_each(self, config: Path, capsys: pytest.CaptureFixture[str]) -> None:
        unknown, missing = told(config, "[wake]\nwords = ['nope', 'alexa', '/no/such.onnx']", capsys)
        assert unknown.startswith("wake.words: nope: found an unknown wake word, expected one of alexa")
        assert missing.startswith("wake.words: /no/such.onnx: no such file, expected one of alexa")

    def test_that_are_no_network_are_told(self, config: Path, capsys: pytest.CaptureFixture[str]) -> None:
        (config.parent / "mine.onnx").write_text("no network")
        (line,) = told(config, f"[wake]\nwords = ['{config.parent}/mine.onnx']", capsys)
        assert "mine.onnx: not a model" in line

    @pytest.mark.parametrize("words", ["[]", "['alexa', 'alexa']"])
    def test_that_are_none_or_the_same_are_told(
        self, config: Path, words: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        (line,) = told(config, f"[wake]\nwords = {words}", capsys)
        assert line == f"wake.words: found {words}, expected at least one word, each name once"


class TestStopWords:
    def test_that_are_unknown_are_told_under_their_own_key(
        self, config: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        (line,) = told(config, "[wake]\nstop_words = ['nope']", capsys)
        assert line.startswith("wake.stop_words: nope: found an unknown wake word, expected one of alexa")

    def test_that_are_wake_words_too_are_told(self, config: Path, capsys: pytest.CaptureFixture[str]) -> None:
        (line,) = told(config, "[wake]\nwords = ['alexa', 'hey_jarvis']\nstop_words = ['alexa']", capsys)
        assert line == 'wake.stop_words: found "alexa", expected a word that is not in wake.words too'

    def test_of_one_name_by_two_paths_are_told(self, config: Path, capsys: pytest.CaptureFixture[str]) -> None:
        path = config.parent / "hey_jarvis.onnx"
        path.write_bytes(wake_head("hey_jarvis").path.read_bytes())
        (line,) = told(config, f"[wake]\nwords = ['hey_jarvis']\nstop_words = ['{path}']", capsys)
        assert line.endswith("expected a word that is not in wake.words too")

    def test_that_are_named_twice_are_told(self, config: Path, capsys: pytest.CaptureFixture[str]) -> None:
        (line,) = told(config, "[wake]\nstop_words = ['alexa', 'alexa']", capsys)
        assert line == 'wake.stop_words: found ["alexa", "alexa"], expected each name once'


class TestAThreshold:
    def test_of_a_word_that_nobody_listens_for_is_told(self, config: Path, capsys: pytest.CaptureFixture[str]) -> None:
        text = "[wake]\nstop_words = ['hey_mycroft']\nthresholds = { hey_jarvis = 0.6, alexa = 0.4, hey_mycroft = 0.7 }"
        (line,) = told(config, text, capsys)
        expected = "a word that is in wake.words or wake.stop_words: hey_jarvis, hey_mycroft"
        assert line == f"wake.thresholds.alexa: found 0.4, expected {expected}"

    def test_is_told_with_the_file_that_set_it(self, config: Path, capsys: pytest.CaptureFixture[str]) -> None:
        drop = config.parent / "conf.d" / "10.toml"
        drop.parent.mkdir()
        drop.write_text("[wake.thresholds]\nalexa = 0.4\n")
        config.write_text("[wake.thresholds]\nhey_jarvis = 0.4\n")
        assert cli.main(["config", "check", "--config", str(config)]) == cli.CONFIGURATION
        assert capsys.readouterr().err.startswith(f"edge-agent: {drop}: wake.thresholds.alexa: found 0.4")

    def test_may_name_an_own_word_by_its_path_or_its_name(self, config: Path) -> None:
        path = config.parent / "hello_shop.onnx"
        path.write_bytes(wake_head("hey_jarvis").path.read_bytes())
        for name in (path, "hello_shop"):
            config.write_text(f"[wake]\nwords = ['{path}']\nthresholds = {{ '{name}' = 0.4 }}\n")
            assert cli.main(["config", "check", "--config", str(config)]) == cli.FINE


class TestABoard:
    def test_that_is_unknown_is_told_the_ones_there_are(self, config: Path, capsys: pytest.CaptureFixture[str]) -> None:
        (line,) = told(config, "[board]\nprofile = 'nope'", capsys)
        assert line.startswith("board.profile: found 'nope', expected none, a path to a file of your own, or a board")

    def test_file_of_ones_own_is_read(self, config: Path, capsys: pytest.CaptureFixture[str]) -> None:
        (config.parent / "mine.toml").write_text("name = 3\ntested = 1\n")
        lines = told(config, f"[board]\nprofile = '{config.parent}/mine.toml'", capsys)
        assert [line.split(": ")[:3:2] for line in lines][:2] == [
            ["board.profile", "name"],
            ["board.profile", "tested"],
        ]


class TestATrafficLog:
    def test_in_no_folder_is_told(self, config: Path, capsys: pytest.CaptureFixture[str]) -> None:
        (line,) = told(config, "[session]\ntraffic_log = '/nope/x.jsonl'", capsys)
        assert line == (
            'session.traffic_log: found "/nope/x.jsonl", expected a file in a folder that exists (there is no /nope)'
        )

    def test_that_is_a_folder_is_told(self, config: Path, capsys: pytest.CaptureFixture[str]) -> None:
        (line,) = told(config, f"[session]\ntraffic_log = '{config.parent}'", capsys)
        assert line.endswith("expected a file, not a folder")


class TestEverything:
    def test_is_told_at_once(self, config: Path, capsys: pytest.CaptureFixture[str]) -> None:
        text = "[wake]\nwords = ['nope']\n[board]\nprofile = 'nope'\n[session]\ntraffic_log = '/nope/x'\n"
        assert [line.split(":")[0] for line in told(config, text, capsys)] == [
            "wake.words",
            "board.profile",
            "session.traffic_log",
        ]

    def test_that_is_there_is_no_error(self, config: Path, capsys: pytest.CaptureFixture[str]) -> None:
        config.write_text(
            "[wake]\nwords = ['alexa', 'hey_jarvis']\n[board]\nprofile = 'aiy-voice-hat'\n"
            f"[session]\nurl = 'ws://localhost:1/v1/realtime'\ntraffic_log = '{config.parent}/wire.jsonl'\n"
        )
        assert cli.main(["config", "check", "--config", str(config)]) == cli.FINE
        assert "no errors in" in capsys.readouterr().out
        assert not (config.parent / "wire.jsonl").exists(), "looking leaves nothing behind"
