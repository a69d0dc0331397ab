"""WebRTC's AEC3 through its wheel: what it does, what it cannot tell, and what is said where it is not installed."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from edge_agent import cli
from edge_agent.audio.format import HEARING_BLOCK, HEARING_RATE
from edge_agent.audio.wav import write_wav
from edge_agent.hearing.echo.engine import EngineError
from edge_agent.hearing.echo.webrtc import LATE, PACKAGE, RELEASE, WebRtcEcho
from tests.hearing.echo.echoes import babble, heard_in, hiss, less_by_db, room, through


@pytest.fixture
def engine() -> WebRtcEcho:
    pytest.importorskip("pywebrtc_audio", reason=f"{PACKAGE} is not installed")
    return WebRtcEcho()


class TestItsTaps:
    def test_are_one_for_it_has_one_output(self, engine: WebRtcEcho) -> None:
        ref = babble(1, 1)
        linear, clean = through(engine, heard_in(room(40), ref), ref)
        assert np.array_equal(linear, clean)

    def test_are_8_ms_late(self, engine: WebRtcEcho) -> None:
        mic = babble(3, 2, dbfs=-26.0)
        _, clean = through(engine, mic, np.zeros_like(mic))
        late = [
            float(mic[HEARING_RATE : 2 * HEARING_RATE] @ clean[HEARING_RATE + n :][:HEARING_RATE]) for n in range(400)
        ]
        assert int(np.argmax(late)) == LATE


class TestItsClaim:
    def test_is_the_reduction_there_is(self, engine: WebRtcEcho) -> None:
        ref = babble(6, 1)
        mic = heard_in(room(40), ref) + hiss(len(ref))
        _, clean = through(engine, mic, ref)
        assert engine.reduction_db == pytest.approx(less_by_db(mic[: len(clean)], clean, 3), abs=6)

    def test_is_nothing_where_it_takes_nothing_off(self, engine: WebRtcEcho) -> None:
        """Played, and not heard: a loudspeaker that is off."""
        through(engine, hiss(4 * HEARING_RATE, dbfs=-50), babble(4, 1))
        assert engine.reduction_db < 6

    def test_of_the_delay_is_none_for_the_wheel_does_not_tell(self, engine: WebRtcEcho) -> None:
        ref = babble(3, 1)
        through(engine, heard_in(room(120), ref), ref)
        assert engine.delay_ms == 0

    def test_is_forgotten_with_all_the_rest(self, engine: WebRtcEcho) -> None:
        ref = babble(2, 1)
        mic = heard_in(room(40), ref) + hiss(len(ref))
        first = through(engine, mic, ref)
        engine.reset()
        assert engine.reduction_db == 0
        again = through(engine, mic, ref)
        assert np.array_equal(first[1], again[1])


class TestWithoutTheWheel:
    @pytest.fixture(autouse=True)
    def absent(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, "pywebrtc_audio", None)

    def test_it_is_said_what_to_install(self) -> None:
        with pytest.raises(EngineError, match=rf'echo\.engine: found "webrtc".*install.*{PACKAGE}=={RELEASE}'):
            WebRtcEcho()

    def test_the_configuration_is_wrong(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        config = tmp_path / "edge-agent.toml"
        config.write_text('[echo]\nengine = "webrtc"\n')
        assert cli.main(["config", "check", "--config", str(config)]) == cli.CONFIGURATION
        assert capsys.readouterr().err.startswith(f'edge-agent: {config}: echo.engine: found "webrtc", which needs ')

    def test_the_lab_ends_with_the_same_words(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        (tmp_path / "scenes.json").write_text('[{"name": "one"}]')
        for side in ("mic", "ref"):
            write_wav(tmp_path / f"one.{side}.wav", hiss(HEARING_BLOCK), HEARING_RATE)
        assert cli.main(["lab", "echo", str(tmp_path), str(tmp_path / "out"), "--engine", "webrtc"]) == 3
        assert 'echo.engine: found "webrtc"' in capsys.readouterr().err


def test_the_release_is_the_one_of_the_extra() -> None:
    stated = (Path(__file__).parents[3] / "pyproject.toml").read_text(encoding="utf-8")
    assert f'webrtc = ["{PACKAGE}=={RELEASE}"]' in stated
