"""`edge-agent calibrate` as it is typed: in the simulated room, to be read, as JSON, kept, refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from edge_agent import cli

ROOM = """
[room]
delay_ms = 88
drift_ppm = -75
speaker_gain_db = -6
clipping = 9.0
noise_dbfs = -40

[[talker]]
at_s = 900
text = "too late to be heard"

[config.echo]
tail_ms = 64
"""
SHORT = ("calibrate", "--device", "simulated", "--seconds", "20")


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path))
    monkeypatch.setenv("EDGE_AGENT_CONFIG", str(settings(tmp_path, "")))
    return tmp_path / "calibration.json"


def settings(folder: Path, text: str) -> Path:
    path = folder / "edge-agent.toml"
    path.write_text(text)
    return path


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    with pytest.raises(SystemExit) as ended:
        cli.main(arguments)
    assert ended.value.code == cli.USAGE
    return capsys.readouterr().err


class TestInTheSimulatedRoom:
    def test_it_tells_findings_and_tier_keeps_them_and_shows_them_again(
        self, capsys: pytest.CaptureFixture[str], state: Path
    ) -> None:
        assert cli.main(SHORT) == cli.FINE
        out, err = capsys.readouterr()
        assert "Tier 2" in out
        assert f"kept in {state}" in err
        assert cli.main(["calibrate", "--device", "simulated", "--show"]) == cli.FINE
        assert capsys.readouterr().out == out

    def test_of_a_scenario_it_finds_what_was_planted_and_ends_with_1(
        self, capsys: pytest.CaptureFixture[str], tmp_path: Path
    ) -> None:
        scenario = tmp_path / "room.toml"
        scenario.write_text("duration_s = 1000\n" + ROOM)
        assert cli.main([*SHORT, "--room", str(scenario), "--volume", "100", "--json"]) == cli.FOUND
        told: dict[str, Any] = json.loads(capsys.readouterr().out)
        path = told["figures"]["path"]
        assert path["delay_ms"] == pytest.approx(88.7, abs=1.0)
        assert path["clock"]["drift_ppm"] == pytest.approx(-75.0, abs=5.0)
        assert told["figures"]["microphones"][0]["noise_dbfs"] == pytest.approx(-40.0, abs=1.0)
        assert (told["tier"], told["volume"], told["board"]) == (3, 100, "simulated")
        wrong = {finding["what"]: finding["remedy"] for finding in told["findings"] if not finding["fine"]}
        assert set(wrong) == {"noise", "distortion", "tail"}
        assert "lower the volume to" in wrong["distortion"]
        assert "tail_ms = 96" in wrong["tail"]  # the scenario's own configuration holds

    def test_the_same_room_gives_the_same_figures(self, capsys: pytest.CaptureFixture[str]) -> None:
        told = []
        for _ in range(2):
            cli.main([*SHORT, "--json"])
            told.append(json.loads(capsys.readouterr().out)["figures"])
        assert told[0] == told[1]


class TestWhatWasKept:
    def test_is_told_to_be_nothing_with_1(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert cli.main(["calibrate", "--device", "simulated", "--show"]) == cli.FOUND
        assert "nothing was calibrated" in capsys.readouterr().out

    def test_is_shown_at_the_nearest_volume(self, capsys: pytest.CaptureFixture[str]) -> None:
        for volume in ("30", "80"):
            cli.main([*SHORT, "--volume", volume])
        capsys.readouterr()
        cli.main(["calibrate", "--device", "simulated", "--show", "--volume", "70", "--json"])
        assert [one["volume"] for one in json.loads(capsys.readouterr().out)] == [80]

    def test_cannot_be_kept_is_told_and_the_figures_are_told_all_the_same(
        self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        (tmp_path / "file").touch()
        monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path / "file"))
        assert cli.main(SHORT) == cli.FINE
        out, err = capsys.readouterr()
        assert "Tier 2" in out
        assert "not kept" in err
        assert "sudo" in err

    def test_of_a_simulated_room_does_not_get_into_a_devices_memory(
        self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delenv("STATE_DIRECTORY")
        assert cli.main(SHORT) == cli.FINE
        assert "not kept: it is a simulated room" in capsys.readouterr().err


class TestACommandLine:
    def test_without_yes_and_without_a_terminal_plays_nothing(self, capsys: pytest.CaptureFixture[str]) -> None:
        said = refused(capsys, "calibrate")
        assert "--yes" in said
        assert "the loudspeaker plays" in said  # it is announced before it is asked for

    def test_with_a_room_and_the_card_is_refused(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert "--device simulated" in refused(capsys, "calibrate", "--room", "x.toml", "--yes")

    @pytest.mark.parametrize(("key", "value"), [("--volume", "0"), ("--volume", "101"), ("--seconds", "3")])
    def test_with_a_value_out_of_its_limits_is_refused(
        self, capsys: pytest.CaptureFixture[str], key: str, value: str
    ) -> None:
        assert value in refused(capsys, *SHORT, key, value)

    def test_with_a_scenario_that_is_wrong_ends_with_3(
        self, capsys: pytest.CaptureFixture[str], tmp_path: Path
    ) -> None:
        (tmp_path / "room.toml").write_text("[room]\ndelay_ms = 9000\n")
        assert cli.main([*SHORT, "--room", str(tmp_path / "room.toml")]) == cli.CONFIGURATION
        assert "delay_ms" in capsys.readouterr().err

    def test_for_a_card_that_is_not_there_ends_with_4_and_names_it(
        self, capsys: pytest.CaptureFixture[str], tmp_path: Path
    ) -> None:
        config = settings(tmp_path, '[audio]\ninput_card = "NoSuchCard"\noutput_card = "NoSuchCard"\n')
        assert cli.main(["calibrate", "--yes", "--config", str(config)]) == cli.DEVICE
        assert "NoSuchCard" in capsys.readouterr().err
