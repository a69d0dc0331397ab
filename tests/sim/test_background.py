"""What else sounds in the room."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from edge_agent.audio.format import HEARING_BLOCK, HEARING_RATE, Samples
from edge_agent.audio.wav import write_wav
from edge_agent.sim.background import Backgrounds, sound_of
from edge_agent.sim.music import music
from edge_agent.sim.scenario_sound import BACKGROUNDS, Background
from edge_agent.sim.voice import active_level_dbfs

needs_flite = pytest.mark.skipif(shutil.which("flite") is None, reason="flite is not installed (Debian package flite)")
GENERATED = [pytest.param(kind, marks=needs_flite) if kind == "tv" else kind for kind in BACKGROUNDS if kind != "wav"]


def heard(sounds: Backgrounds, blocks: int) -> Samples:
    rows = np.zeros((blocks, len(sounds), HEARING_BLOCK), np.float32)
    for row in rows:
        sounds.fill(row)
    return rows.transpose(1, 0, 2).reshape(len(sounds), -1)


class TestASound:
    @pytest.mark.parametrize("kind", GENERATED)
    def test_is_at_its_level(self, kind: str) -> None:
        (track,) = heard(Backgrounds([Background(kind, level_dbfs=-41.0)]), 1000)
        assert active_level_dbfs(track) == pytest.approx(-41.0, abs=3.0)  # ten seconds of it are not all of it

    @pytest.mark.parametrize("kind", GENERATED)
    def test_is_the_same_for_the_same_seed(self, kind: str) -> None:
        assert np.array_equal(sound_of(Background(kind, seed=4)), sound_of(Background(kind, seed=4)))

    @pytest.mark.parametrize("kind", [item for item in GENERATED if item != "hum"])
    def test_is_another_for_another_seed(self, kind: str) -> None:
        one, other = (sound_of(Background(kind, seed=seed)) for seed in (4, 5))
        assert one.shape != other.shape or not np.allclose(one, other)

    @needs_flite
    def test_of_a_television_is_speech_with_pauses(self) -> None:
        track = sound_of(Background("tv"))
        assert 30 < len(track) / HEARING_RATE < 120
        frames = track[: len(track) // 320 * 320].reshape(-1, 320)
        silent = float(np.mean(np.abs(frames).max(axis=1) < 1e-3))
        assert 0.1 < silent < 0.5

    def test_of_music_has_a_beat(self) -> None:
        track = music(2)
        assert 20 < len(track) / HEARING_RATE < 60
        energy = np.square(track[: len(track) // 160 * 160]).reshape(-1, 160).mean(axis=1)
        beats = np.abs(np.fft.rfft(energy - energy.mean()))
        hz = np.fft.rfftfreq(len(energy), 0.01)
        fastest = hz[int(np.argmax(beats * (hz > 0.5)))]
        assert 1.4 / 4 < fastest < 8.5  # 84 to 126 beats a minute, their halves and quarters

    def test_may_be_a_recording_however_short(self, tmp_path: Path) -> None:
        write_wav(tmp_path / "click.wav", np.full(10, 0.5, np.float32), HEARING_RATE)
        (track,) = heard(Backgrounds([Background("wav", wav=tmp_path / "click.wav", level_dbfs=-20.0)]), 3)
        assert np.allclose(track, 0.1, atol=1e-3)


class TestTheEvening:
    def test_begins_and_ends_each_sound_when_it_should(self) -> None:
        rows = heard(Backgrounds([Background("noise", at_s=0.2, for_s=0.3), Background("hum")]), 100)
        loud = [np.flatnonzero(np.abs(row) > 1e-6) for row in rows]
        assert (loud[0][0] // HEARING_BLOCK, loud[0][-1] // HEARING_BLOCK) == (20, 49)
        assert loud[1][-1] // HEARING_BLOCK == 99

    def test_goes_round(self, tmp_path: Path) -> None:
        ramp = np.linspace(0.1, 0.5, 1000).astype(np.float32)
        write_wav(tmp_path / "ramp.wav", ramp, HEARING_RATE)
        (track,) = heard(Backgrounds([Background("wav", wav=tmp_path / "ramp.wav")]), 20)
        assert np.allclose(track[:1000], track[1000:2000])
        assert np.allclose(track[:1000], track[2000:3000])

    def test_skips_what_a_card_has_lost(self, tmp_path: Path) -> None:
        ramp = np.linspace(0.1, 0.5, 1600).astype(np.float32)
        write_wav(tmp_path / "ramp.wav", ramp, HEARING_RATE)
        whole, skipping = (Backgrounds([Background("wav", wav=tmp_path / "ramp.wav")]) for _ in range(2))
        expected = heard(whole, 8)[0]
        first = heard(skipping, 2)[0]
        skipping.skip(30)
        assert np.allclose(first, expected[:320])
        assert np.allclose(heard(skipping, 2)[0], expected[350:670])
