"""`edge-agent simulate --random`: a survey of two scenarios, drawn, run and told, and each of them told again."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from edge_agent import cli
from edge_agent.sim.outcome_kinds import KINDS
from edge_agent.sim.voice import synthesise
from edge_agent.survey import Task, perform

pytestmark = pytest.mark.skipif(shutil.which("flite") is None, reason="flite is not installed")


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("survey")
    assert cli.main(["simulate", "--random", "2", "--seed", "5", "--jobs", "1", "--out", str(folder)]) in (0, 8)
    return folder


class TestASurvey:
    def test_judges_every_scenario(self, out: Path) -> None:
        told = json.loads((out / "summary.json").read_text())
        assert (told["scenarios"], told["asked_for"], told["crashed"], told["seed"]) == (2, 2, [], 5)
        assert [item["key"] for item in told["outcomes"]] == list(KINDS)
        assert all(item["of"] <= 2 for item in told["outcomes"])
        private = told["outcomes"][0]
        assert (private["good"], private["of"]) == (2, 2)
        assert told["speed"]["audio_s"] > 40

    def test_leaves_a_page_and_a_scenario_file_for_each(self, out: Path) -> None:
        assert "drawn scenarios" in (out / "index.html").read_text()
        for number in ("001", "002"):
            assert {"scenario.toml", "events.jsonl", "outcome.json"} <= {file.name for file in (out / number).iterdir()}

    def test_is_repeated_by_its_scenario_file_to_the_event(self, out: Path, tmp_path: Path) -> None:
        assert cli.main(["simulate", str(out / "001/scenario.toml"), "--out", str(tmp_path), "--json"]) == 0
        assert (tmp_path / "events.jsonl").read_bytes() == (out / "001/events.jsonl").read_bytes()

    def test_has_the_same_scenario_whatever_else_is_drawn(self, out: Path, tmp_path: Path) -> None:
        voices = tuple(json.loads((out / "summary.json").read_text())["voices"])
        report = perform(Task(5, 2, voices, tmp_path))
        assert report.told() == json.loads((out / "002/outcome.json").read_text())


class TestAScenarioThatCrashes:
    def test_is_told_with_its_traceback(self, tmp_path: Path) -> None:
        report = perform(Task(5, 1, ("flite:nobody",), tmp_path))
        assert report.broke
        assert "Traceback" in (tmp_path / "001/traceback.txt").read_text()


class TestACommandLine:
    @pytest.mark.parametrize(
        ("arguments", "why"),
        [
            ([], "expected SCENARIO.toml, or --random N"),
            (["x.toml", "--random", "2"], "expected SCENARIO.toml, or --random N"),
            (["x.toml", "--jobs", "2"], "--jobs"),
            (["--random", "2", "--realtime"], "--realtime"),
            (["--random", "0"], "a whole number from 1"),
            (["--random"], "expected a number of scenarios, or --playback-hours H"),
            (["--random", "2", "--playback-hours", "1"], "expected a number of scenarios, or --playback-hours H"),
            (["x.toml", "--playback-hours", "1"], "--playback-hours"),
            (["--random", "2", "--engine", "off"], "--engine"),
        ],
    )
    def test_that_contradicts_itself_is_a_usage_error(
        self, arguments: list[str], why: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        with pytest.raises(SystemExit) as ended:
            cli.main(["simulate", "--out", str(tmp_path), *arguments])
        assert ended.value.code == 2
        assert why in capsys.readouterr().err


def test_a_machine_without_a_voice_is_told_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    synthesise.cache_clear()
    assert cli.main(["simulate", "--random", "1", "--out", str(tmp_path / "out")]) == 5
    assert "no voice is installed" in capsys.readouterr().err
