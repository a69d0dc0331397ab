"""The room: echo, voices, noise and time."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from edge_agent.audio.format import HEARING_BLOCK, HEARING_RATE, Samples
from edge_agent.audio.wav import read_at
from edge_agent.sim.acoustics import SOUND_M_S
from edge_agent.sim.room import Room
from edge_agent.sim.scenario_room import RoomSettings

SHARED = Path(__file__).parents[2].parent / "shared"
QUIET = -120.0
SILENT: Samples = np.zeros(HEARING_BLOCK, np.float32)


def blocks(samples: Samples) -> Samples:
    count = -(-len(samples) // HEARING_BLOCK)
    padded: Samples = np.zeros(count * HEARING_BLOCK, np.float32)
    padded[: len(samples)] = samples
    return padded.reshape(count, HEARING_BLOCK)


def played(room: Room, samples: Samples) -> Samples:
    """What the microphones (mics, n) hear while the loudspeaker plays `samples`."""
    return np.concatenate([room.step(block, SILENT) for block in blocks(samples)], axis=1)


def spoken(room: Room, samples: Samples) -> Samples:
    return np.concatenate([room.step(SILENT, block) for block in blocks(samples)], axis=1)


def click(seconds: float, amplitude: float = 0.9) -> Samples:
    samples: Samples = np.zeros(int(seconds * HEARING_RATE), np.float32)
    samples[0] = amplitude
    return samples


def noise(seconds: float, rms: float = 0.1) -> Samples:
    white = np.random.default_rng(5).standard_normal(int(seconds * HEARING_RATE)).astype(np.float32)
    return white * np.float32(rms)


def speech_like(seconds: float, dbfs: float) -> Samples:
    """Noise with the long-term spectrum of speech."""
    spectrum = np.fft.rfft(noise(seconds))
    hz = np.fft.rfftfreq(int(seconds * HEARING_RATE), 1 / HEARING_RATE)
    shaped = np.fft.irfft(spectrum * np.where(hz < 100, 0.0, np.minimum(1.0, (np.maximum(hz, 1) / 500) ** -1.5)))
    level: Samples = (shaped * 10 ** (dbfs / 20) / np.sqrt(np.mean(shaped**2))).astype(np.float32)
    return level


def db(samples: Samples) -> float:
    return 10 * math.log10(float(np.mean(np.square(samples, dtype=np.float64))) + 1e-20)


def reverberation_s(response: Samples) -> float:
    """T30 by Schroeder's backward integration."""
    energy = np.cumsum(np.square(response[::-1], dtype=np.float64))[::-1]
    decay = 10 * np.log10(energy / energy[0] + 1e-15)
    return 2 * (int(np.argmax(decay < -35)) - int(np.argmax(decay < -5))) / HEARING_RATE


class TestTheEcho:
    @pytest.mark.parametrize("delay_ms", [0.0, 20.0, 43.0, 200.0])
    def test_arrives_after_the_loops_delay_and_the_way_through_the_air(self, delay_ms: float) -> None:
        room = Room(RoomSettings(delay_ms=delay_ms, noise_dbfs=QUIET), 1)
        peak_ms = int(np.argmax(np.abs(played(room, click(0.5))[0]))) * 1000 / HEARING_RATE
        assert peak_ms == pytest.approx(delay_ms + 0.25 / SOUND_M_S * 1000, abs=0.2)
        assert room.lag == round(delay_ms * 16)

    def test_is_louder_than_a_talker_across_the_table(self) -> None:
        room = Room(RoomSettings(noise_dbfs=QUIET), 1)
        echo = db(played(room, speech_like(2.0, -20.0)))
        assert -23.0 < echo < -17.0

    def test_grows_when_the_loudspeaker_is_nearer(self) -> None:
        levels = [
            db(played(Room(RoomSettings(speaker_m=metres, rt60_s=0.2, noise_dbfs=QUIET), 1), noise(1.0)))
            for metres in (0.1, 0.2, 0.4)
        ]
        assert levels[0] - levels[1] == pytest.approx(6.0, abs=1.0)
        assert levels[1] - levels[2] == pytest.approx(6.0, abs=1.5)

    def test_has_no_bass(self) -> None:
        time = np.arange(HEARING_RATE) / HEARING_RATE
        bass, voice = ((0.1 * np.sin(2 * np.pi * hz * time)).astype(np.float32) for hz in (50.0, 800.0))
        dry = RoomSettings(rt60_s=0.0, noise_dbfs=QUIET)
        assert db(played(Room(dry, 1), bass)) < db(played(Room(dry, 1), voice)) - 15.0

    def test_is_about_as_loud_as_in_the_recorded_scenes(self) -> None:
        scene = SHARED / "audio" / "echo" / "fe_linear_1"
        if not scene.with_suffix(".mic.wav").exists():
            pytest.skip("../shared/audio is not there")
        mic, ref = (read_at(f"{scene}.{side}.wav", HEARING_RATE) for side in ("mic", "ref"))
        ours = db(played(Room(RoomSettings(delay_ms=80.0, noise_dbfs=QUIET), 1), ref)) - db(ref)
        assert ours == pytest.approx(db(mic) - db(ref), abs=12.0)


class TestReverberation:
    @pytest.mark.parametrize("rt60_s", [0.2, 0.4, 0.8])
    def test_decays_as_set(self, rt60_s: float) -> None:
        room = Room(RoomSettings(rt60_s=rt60_s, noise_dbfs=-180.0), 3)
        response = spoken(room, click(1.2))[0]
        assert reverberation_s(response) == pytest.approx(rt60_s, rel=0.15)

    def test_is_absent_in_the_open_air(self) -> None:
        response = spoken(Room(RoomSettings(rt60_s=0.0, noise_dbfs=-180.0), 3), click(0.5))[0]
        arrival = int(np.argmax(np.abs(response)))
        assert arrival == pytest.approx(1.5 / SOUND_M_S * HEARING_RATE, abs=1)
        assert db(response[arrival + 16 :]) < db(response) - 60

    def test_colours_a_distant_voice_more_than_a_near_one(self) -> None:
        def direct_share(metres: float) -> float:
            room = Room(RoomSettings(talker_m=metres, noise_dbfs=-180.0), 3)
            response = spoken(room, click(1.0))[0].astype(np.float64)
            arrival = int(np.argmax(np.abs(response)))
            return float(np.sum(response[: arrival + 32] ** 2) / np.sum(response**2))

        assert direct_share(0.5) > direct_share(1.5) > direct_share(3.5)


class TestATalker:
    @pytest.mark.parametrize("metres", [0.3, 1.5, 4.0])
    @pytest.mark.parametrize("rt60_s", [0.0, 0.4])
    def test_is_at_its_level_at_the_microphone(self, metres: float, rt60_s: float) -> None:
        room = Room(RoomSettings(talker_m=metres, rt60_s=rt60_s, noise_dbfs=QUIET), 2)
        assert db(spoken(room, speech_like(3.0, -26.0))) == pytest.approx(-26.0, abs=1.0)

    def test_adds_to_the_echo(self) -> None:
        setup = RoomSettings(noise_dbfs=-180.0)
        voice, music = blocks(noise(0.5, 0.05)), blocks(noise(0.5, 0.1)[::-1].copy())
        both, one, other = Room(setup, 1), Room(setup, 1), Room(setup, 1)
        for said, sung in zip(voice, music, strict=True):
            parts = one.step(sung, SILENT) + other.step(SILENT, said)
            assert np.allclose(both.step(sung, said), parts, atol=1e-5)


class TestSeveralMicrophones:
    def test_hear_the_same_voice_at_slightly_different_times(self) -> None:
        room = Room(RoomSettings(mics=4, rt60_s=0.0, speaker_m=0.5, noise_dbfs=-180.0), 1)
        heard = played(room, click(0.2))
        arrivals = np.argmax(np.abs(heard), axis=1)
        expected = (0.5 + np.arange(4) * 0.058) / SOUND_M_S * HEARING_RATE + 640
        assert np.allclose(arrivals, expected, atol=1.0)

    def test_have_noise_of_their_own(self) -> None:
        one, other = played(Room(RoomSettings(mics=2), 1), np.zeros(16_000, np.float32))
        assert abs(float(np.corrcoef(one, other)[0, 1])) < 0.1


class TestTheNoise:
    def test_is_at_its_level(self) -> None:
        heard = played(Room(RoomSettings(noise_dbfs=-50.0), 4), np.zeros(20 * HEARING_RATE, np.float32))
        assert db(heard) == pytest.approx(-50.0, abs=0.5)

    def test_is_pink(self) -> None:
        heard = played(Room(RoomSettings(noise_dbfs=-50.0), 4), np.zeros(10 * HEARING_RATE, np.float32))[0]
        power = np.abs(np.fft.rfft(heard)) ** 2
        hz = np.fft.rfftfreq(len(heard), 1 / HEARING_RATE)
        octaves = [10 * math.log10(power[(hz >= low) & (hz < 2 * low)].sum()) for low in (250, 500, 1000, 2000)]
        assert np.ptp(octaves) < 1.0

    def test_goes_on_without_a_seam(self) -> None:
        heard = played(Room(RoomSettings(noise_dbfs=-50.0), 4), np.zeros(18 * HEARING_RATE, np.float32))[0]
        seam = 1 << 18
        assert np.array_equal(heard[:HEARING_RATE], heard[seam : seam + HEARING_RATE])


class TestTheLoudspeaker:
    def test_clips_softly(self) -> None:
        room = Room(RoomSettings(clipping=2.0, delay_ms=0.0, noise_dbfs=QUIET), 1)
        ramp = np.linspace(-1.0, 1.0, HEARING_BLOCK).astype(np.float32)
        room.step(ramp, SILENT)
        assert np.allclose(room.air, np.tanh(2 * ramp) / 2, atol=1e-6)

    def test_is_linear_without_clipping(self) -> None:
        room = Room(RoomSettings(delay_ms=0.0, noise_dbfs=QUIET), 1)
        ramp = np.linspace(-1.0, 1.0, HEARING_BLOCK).astype(np.float32)
        room.step(ramp, SILENT)
        assert np.array_equal(room.air, ramp)

    def test_drives_no_microphone_beyond_full_scale(self) -> None:
        loud = played(Room(RoomSettings(speaker_m=0.05), 1), noise(0.5, 0.8))
        assert np.max(np.abs(loud)) == 1.0


class TestDrift:
    @pytest.mark.parametrize("ppm", [200.0, -200.0])
    def test_moves_the_air_against_the_card(self, ppm: float) -> None:
        room = Room(RoomSettings(drift_ppm=ppm, noise_dbfs=QUIET), 1)
        source = np.sin(2 * np.pi * 440.0 * np.arange(10 * HEARING_RATE) / HEARING_RATE).astype(np.float32)
        air = np.concatenate([_air(room, block) for block in blocks(source)])
        settled = air[HEARING_RATE:].astype(np.float64)
        at = np.arange(HEARING_RATE, len(air))
        phase = 2 * np.pi * 440.0 / HEARING_RATE * (at * (1 + ppm * 1e-6) - 640)
        # the sine that a clock of that speed would play, 32 dB above whatever is left over
        fit = np.stack([np.sin(phase), np.cos(phase)], axis=1)
        weights, left_over, _, _ = np.linalg.lstsq(fit, settled, rcond=None)
        assert float(left_over[0]) / len(settled) < 0.5 * 10**-3.2
        assert float(np.hypot(*weights)) == pytest.approx(1.0, abs=0.02)

    def test_is_told_by_the_lag(self) -> None:
        room = Room(RoomSettings(drift_ppm=100.0, noise_dbfs=QUIET), 1)
        for _ in range(1000):
            room.step(SILENT, SILENT)
        assert room.lag == pytest.approx(640 - 16, abs=1)

    def test_that_empties_the_cards_buffer_starts_again_in_the_middle(self) -> None:
        room = Room(RoomSettings(drift_ppm=1000.0, delay_ms=5.0, noise_dbfs=QUIET), 1)
        lags = [_lag(room) for _ in range(1000)]
        assert min(lags) >= 8
        assert max(lags) <= 80
        assert max(np.diff(lags)) > 60


def _air(room: Room, block: Samples) -> Samples:
    room.step(block, SILENT)
    return room.air


def _lag(room: Room) -> int:
    room.step(SILENT, SILENT)
    return room.lag


class TestTheSeed:
    @pytest.mark.parametrize("drift_ppm", [0.0, 50.0])
    def test_gives_the_same_room_again(self, drift_ppm: float) -> None:
        setup = RoomSettings(drift_ppm=drift_ppm, clipping=1.0, mics=2)
        source = noise(1.0)
        assert played(Room(setup, 9), source).tobytes() == played(Room(setup, 9), source).tobytes()

    def test_gives_another_room_when_it_is_another(self) -> None:
        assert not np.allclose(played(Room(RoomSettings(), 1), noise(0.5)), played(Room(RoomSettings(), 2), noise(0.5)))
