"""`lab echo`: what it reads, what it writes, what it refuses."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edge_agent import cli
from edge_agent.audio.format import HEARING_BLOCK, HEARING_RATE, Samples
from edge_agent.audio.wav import WavError, read_wav, write_wav
from edge_agent.config import ECHO_ENGINES
from edge_agent.field.lab_echo import Measured, report, run
from edge_agent.hearing.echo.engine import EchoTaps
from edge_agent.hearing.echo.engines import make
from edge_agent.hearing.echo.off import OffEcho
from tests.hearing.echo.echoes import babble, heard_in, hiss, less_by_db, room

ODD = HEARING_RATE + 77  # samples: no whole number of blocks


class Negative:
    """An engine whose taps can be told from each other, and that knows how many blocks it was given."""

    reduction_db = delay_ms = 0.0

    def __init__(self) -> None:
        self.blocks = 0

    def process(self, mic: Samples, ref: Samples) -> EchoTaps:
        assert mic.shape == ref.shape == (HEARING_BLOCK,)
        self.blocks += 1
        return EchoTaps(linear=-mic, clean=mic - ref)


def scene(folder: Path, name: str, mic: Samples, ref: Samples, rate: int = HEARING_RATE) -> None:
    """Add a scene to a folder's list."""
    listing = folder / "scenes.json"
    known = json.loads(listing.read_text()) if listing.exists() else []
    listing.write_text(json.dumps([*known, {"name": name, "kind": "fe_linear"}]))
    write_wav(folder / f"{name}.mic.wav", mic, rate)
    write_wav(folder / f"{name}.ref.wav", ref, rate)


def tap(out: Path, name: str) -> Samples:
    samples, rate = read_wav(out / f"{name}.wav")
    assert rate == HEARING_RATE
    assert samples.ndim == 1
    return samples


@pytest.fixture
def scenes(tmp_path: Path) -> Path:
    folder = tmp_path / "scenes"
    folder.mkdir()
    return folder


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "out"


class TestTheTaps:
    def test_are_as_long_as_the_microphone_whatever_the_reference(self, scenes: Path, out: Path) -> None:
        mic = hiss(ODD, dbfs=-30)
        for name, length in (("equal", ODD), ("shorter", ODD // 2), ("longer", 2 * ODD), ("none", 0)):
            scene(scenes, name, mic, hiss(max(length, 1), dbfs=-30)[:length])
        run(scenes, out, "negative", Negative)
        for name in ("equal", "shorter", "longer", "none"):
            assert len(tap(out, f"{name}.linear")) == len(tap(out, f"{name}.clean")) == ODD

    def test_go_to_the_files_of_their_names_and_nothing_is_shifted(self, scenes: Path, out: Path) -> None:
        mic, ref = hiss(ODD, 1, -30), hiss(ODD, 2, -30)
        scene(scenes, "one", mic, ref)
        run(scenes, out, "negative", Negative)
        step = 2 / 32768
        np.testing.assert_allclose(tap(out, "one.linear"), -mic, atol=step)
        np.testing.assert_allclose(tap(out, "one.clean"), mic - ref, atol=step)

    def test_of_a_reference_that_ends_early_are_those_of_silence_after_it(self, scenes: Path, out: Path) -> None:
        mic = hiss(ODD, dbfs=-30)
        scene(scenes, "one", mic, mic[:8000])
        run(scenes, out, "negative", Negative)
        assert np.abs(tap(out, "one.clean")[:8000]).max() < 1e-4
        np.testing.assert_allclose(tap(out, "one.clean")[8000:], mic[8000:], atol=1e-4)

    def test_are_of_16_khz_whatever_the_files_are(self, scenes: Path, out: Path) -> None:
        scene(scenes, "wide", hiss(48_000, dbfs=-30), hiss(48_000, dbfs=-30), rate=48_000)
        run(scenes, out, "off", OffEcho)
        assert len(tap(out, "wide.linear")) == HEARING_RATE

    def test_have_less_echo(self, scenes: Path, out: Path) -> None:
        ref = babble(4, 1)
        mic = heard_in(room(40), ref) + hiss(len(ref))
        scene(scenes, "one", mic, ref)
        run(scenes, out, "classical", lambda: make("classical"))
        assert less_by_db(mic, tap(out, "one.clean"), 2) > 25

    def test_come_from_a_fresh_engine_for_every_scene(self, scenes: Path, out: Path) -> None:
        ref = babble(1, 1)
        mic = heard_in(room(40), ref)
        for name in ("first", "second"):
            scene(scenes, name, mic, ref)
        run(scenes, out, "classical", lambda: make("classical"))
        for side in ("linear", "clean"):
            assert (out / f"first.{side}.wav").read_bytes() == (out / f"second.{side}.wav").read_bytes()


class TestTheCost:
    @pytest.fixture
    def cost(self, scenes: Path, out: Path) -> dict[str, Any]:
        scene(scenes, "one", babble(1, 1), babble(1, 2))
        return run(scenes, out, "classical", lambda: make("classical")).cost

    def test_is_written_with_the_keys_that_were_agreed(self, cost: dict[str, Any], out: Path) -> None:
        assert json.loads((out / "cost.json").read_text()) == cost
        assert set(cost) == {"engine", "block_ms", "median_ms", "p99_ms", "mean_ms", "rss_mb"}
        assert (cost["engine"], cost["block_ms"]) == ("classical", 10)

    def test_is_measured(self, cost: dict[str, Any]) -> None:
        assert 0 < cost["median_ms"] <= cost["p99_ms"]
        assert cost["mean_ms"] > 0
        assert cost["rss_mb"] > 10  # numpy alone

    def test_is_told_in_a_line(self, cost: dict[str, Any]) -> None:
        told = io.StringIO()
        report(Measured(cost, cost["median_ms"] / 2.5), told)
        assert told.getvalue().startswith(f"classical: median {cost['median_ms']} ms, p99 {cost['p99_ms']} ms")
        assert "; 2.50 x pywebrtc-audio (" in told.getvalue()
        assert told.getvalue().count("\n") == 1

    def test_stands_beside_that_of_the_wheel_in_the_same_run(self, scenes: Path, out: Path) -> None:
        pytest.importorskip("pywebrtc_audio")
        scene(scenes, "one", babble(1, 1), babble(1, 2))
        measured = run(scenes, out, "off", OffEcho)
        assert measured.wheel_ms is not None
        assert measured.wheel_ms > measured.cost["median_ms"] > 0  # nothing is done there

    def test_stands_alone_where_the_wheel_is_not_installed(
        self, scenes: Path, out: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setitem(sys.modules, "pywebrtc_audio", None)
        scene(scenes, "one", babble(1, 1), babble(1, 2))
        measured = run(scenes, out, "off", OffEcho)
        assert measured.wheel_ms is None
        told = io.StringIO()
        report(measured, told)
        assert "no ratio, for pywebrtc-audio is not installed" in told.getvalue()


class TestWhatCannotBeRead:
    @pytest.mark.parametrize("listing", ["", "{}", "[]", "[1]", '[{"kind": "ne"}]', '{"name": "one"}', "null", "\xff"])
    def test_a_list_of_scenes_that_is_none_is_named(self, scenes: Path, out: Path, listing: str) -> None:
        (scenes / "scenes.json").write_text(listing, encoding="latin-1")
        with pytest.raises(WavError, match=r"scenes\.json: "):
            run(scenes, out, "off", OffEcho)

    def test_a_missing_list_is_named_and_what_belongs_into_it_is_said(self, scenes: Path, out: Path) -> None:
        with pytest.raises(WavError, match=r"scenes\.json: No such file.*a list of objects with a name"):
            run(scenes, out, "off", OffEcho)

    @pytest.mark.parametrize("side", ["mic", "ref"])
    def test_a_missing_recording_is_named(self, scenes: Path, out: Path, side: str) -> None:
        scene(scenes, "one", babble(0.1, 1), babble(0.1, 2))
        (scenes / f"one.{side}.wav").unlink()
        with pytest.raises(WavError, match=rf"one\.{side}\.wav: "):
            run(scenes, out, "off", OffEcho)

    def test_a_recording_without_a_sample_is_named(self, scenes: Path, out: Path) -> None:
        scene(scenes, "one", np.zeros(0, np.float32), babble(0.1, 2))
        with pytest.raises(WavError, match=r"one\.mic\.wav: holds no sound"):
            run(scenes, out, "off", OffEcho)

    def test_an_output_that_is_no_folder_is_named(self, scenes: Path, tmp_path: Path) -> None:
        scene(scenes, "one", babble(0.1, 1), babble(0.1, 2))
        (tmp_path / "taken").write_text("")
        with pytest.raises(WavError, match=r"taken: .*expected a folder"):
            run(scenes, tmp_path / "taken", "off", OffEcho)


class TestTheCommand:
    @pytest.mark.parametrize("engine", ECHO_ENGINES)
    def test_runs_each_engine(self, scenes: Path, out: Path, engine: str, capsys: pytest.CaptureFixture[str]) -> None:
        scene(scenes, "one", babble(0.2, 1), babble(0.2, 2))
        assert cli.main(["lab", "echo", str(scenes), str(out), "--engine", engine]) == 0
        assert json.loads((out / "cost.json").read_text())["engine"] == engine
        assert capsys.readouterr().out.startswith(f"{engine}: ")

    def test_refuses_an_engine_that_does_not_exist_and_names_those_that_do(
        self, scenes: Path, out: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        scene(scenes, "one", babble(0.2, 1), babble(0.2, 2))
        with pytest.raises(SystemExit) as refused:
            cli.main(["lab", "echo", str(scenes), str(out), "--engine", "magic"])
        assert refused.value.code == 2
        said = capsys.readouterr().err
        for word in ("magic", *ECHO_ENGINES):
            assert word in said
        assert not out.exists()

    def test_ends_with_2_where_nothing_can_be_read(self, scenes: Path, out: Path) -> None:
        assert cli.main(["lab", "echo", str(scenes), str(out)]) == 2
