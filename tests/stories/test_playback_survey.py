"""`edge-agent simulate --random --playback-hours`: one scene of a device that talks, drawn, run, judged and told."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from edge_agent import cli
from edge_agent.config import Settings
from edge_agent.playback_survey import SceneTask, perform
from edge_agent.sim.distribution import scenario_seed
from edge_agent.sim.playback_judge import judged
from edge_agent.sim.scenario import load
from edge_agent.simulation import observe

pytestmark = pytest.mark.skipif(shutil.which("flite") is None, reason="flite is not installed")

SHORT = """
seed = 3
duration_s = 22
[room]
noise_dbfs = -55
[provider]
model_delay_ms = 200
voice = "flite:rms"
passages = ["Here is what I found. The museum opens at ten and closes at six, except on Mondays. Tickets cost twelve \
euros, and children under seven go in for nothing.", "Once upon a time there was a clockmaker who lived at the edge of \
a small town. Every morning he wound all his clocks, and every evening he set them right again."]
[config.turn]
follow_up_s = 0
[[cue]]
kind = "talk"
name = "interrupts, +8.0 dB"
after = "first_sample"
delay_s = 4
text = "wait a moment, I have another question"
voice = "flite:slt"
level_dbfs = -22
[[cue]]
kind = "press"
at_s = 0.7
[[cue]]
kind = "press"
after = "idle"
always = true
delay_s = 0.4
[[cue]]
kind = "talk"
name = "asks"
after = "press"
always = true
delay_s = 0.35
text = "tell me more about it"
voice = "flite:slt"
"""


def test_a_device_that_talks_is_interrupted_and_goes_on_with_the_next_passage(tmp_path: Path) -> None:
    (tmp_path / "scene.toml").write_text(SHORT)
    evidence, speed = observe(load(tmp_path / "scene.toml"), Settings())
    scene = judged(evidence, "none")
    (attempt,) = scene.attempts
    assert attempt.caught
    assert attempt.silence_ms is not None
    assert attempt.silence_ms < 1000
    assert scene.replies >= 2
    assert scene.played_ms > 8_000
    assert scene.stops == ()
    said = [evidence.story.caption(reply.turn, of_person=False) for reply in evidence.story.replies]
    assert said[0].startswith("Here is what I found")
    assert said[1].startswith("Once upon a time")
    assert speed["audio_s"] == 22.0


def test_a_survey_tells_its_scenes_and_leaves_a_file_for_each(tmp_path: Path) -> None:
    arguments = ["--random", "--playback-hours", "0.01", "--seed", "5", "--jobs", "1", "--engine", "classical"]
    assert cli.main(["simulate", *arguments, "--out", str(tmp_path / "out")]) in (0, 8)
    told = json.loads((tmp_path / "out/summary.json").read_text())
    assert (told["crashed"], told["seed"], told["engine"]) == ([], 5, "classical")
    assert told["hours"] >= 0.01
    assert "hours of playback" in (tmp_path / "out/index.html").read_text()
    outcome = json.loads((tmp_path / "out/001/outcome.json").read_text())
    assert outcome["played_ms"] > 0
    assert load(tmp_path / "out/001/scenario.toml").seed == scenario_seed(5, 1)


def test_a_scene_that_crashes_is_told_with_its_traceback(tmp_path: Path) -> None:
    report = perform(SceneTask(5, 1, ("flite:nobody",), tmp_path, "off"))
    assert report.weight >= 1000
    assert "Traceback" in (tmp_path / "001/traceback.txt").read_text()


def test_a_folder_without_a_recording_is_told_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "people").mkdir()
    arguments = ["--random", "--playback-hours", "1", "--voices", str(tmp_path / "people")]
    assert cli.main(["simulate", *arguments, "--out", str(tmp_path / "out")]) == 5
    assert "found no WAV file" in capsys.readouterr().err


def test_passages_are_for_lock_step(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "scene.toml").write_text(SHORT)
    assert cli.main(["simulate", str(tmp_path / "scene.toml"), "--realtime", "--out", str(tmp_path / "out")]) == 3
    assert "provider.passages" in capsys.readouterr().err
