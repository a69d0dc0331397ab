"""What is planted in the simulated room comes back out of the sweeps: delay, drift, echo, distortion, lost samples."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from edge_agent.audio.format import Samples
from edge_agent.audio.volume import gain_of
from edge_agent.field.calibration.canceller import noise_beside_db
from edge_agent.field.calibration.clock import SLIP_SAMPLES, clock
from edge_agent.field.calibration.microphone import microphones
from edge_agent.field.calibration.path import Path, measure
from edge_agent.field.calibration.programme import (
    LOUD_PEAK_DB,
    PAUSE_S,
    Programme,
    programme_of,
    voice_like,
)
from edge_agent.field.calibration.recording import Recording, samples_in
from edge_agent.field.calibration.sweep import Sweep
from edge_agent.sim.loudspeaker import thd_percent
from edge_agent.sim.scenario_card import CardTrouble
from tests.field.calibration.rooms import NOWHERE_NEAR_MS, QUIET, SHORT, Altered, recorded, simulated

VOICED = Programme(3, loud=False)


def hiss(random: np.random.Generator, heard: Samples) -> Samples:
    """What a microphone gives in a room in which nothing sounds."""
    return np.asarray(random.standard_normal(heard.shape) * 1e-3, np.float32)


def path(recording: Recording, programme: Programme = SHORT, tail_ms: int = 192) -> Path:
    return measure(recording, programme, 0, tail_ms=tail_ms, steered=False)


class TestTheDelay:
    @pytest.mark.parametrize("planted_ms", [5.0, 40.0, 263.0, 480.0])
    def test_comes_back_to_a_millisecond(self, planted_ms: float) -> None:
        found = path(recorded(simulated(delay_ms=planted_ms)))
        assert abs(found.delay_ms - planted_ms - NOWHERE_NEAR_MS) < 1.0

    @pytest.mark.parametrize("drift_ppm", [-300.0, 300.0])
    def test_is_told_as_it_was_at_first_where_it_moves(self, drift_ppm: float) -> None:
        """300 ppm move it by 4 ms until the last sweep."""
        found = path(recorded(simulated(delay_ms=60.0, drift_ppm=drift_ppm)))
        assert abs(found.delay_ms - 60.0 - NOWHERE_NEAR_MS) < 1.0

    def test_is_found_in_noise_that_is_as_loud_as_the_echo(self) -> None:
        found = path(recorded(simulated(delay_ms=120.0, noise_dbfs=-22.0)))
        assert abs(found.delay_ms - 120.0 - NOWHERE_NEAR_MS) < 1.0


class TestTheDrift:
    @pytest.mark.parametrize("planted_ppm", [-287.0, -20.0, 0.0, 4.0, 100.0, 300.0])
    def test_comes_back_to_five_ppm_and_within_its_own_bound(self, planted_ppm: float) -> None:
        found = path(recorded(simulated(drift_ppm=planted_ppm))).clock
        assert found is not None
        assert abs(found.drift_ppm - planted_ppm) < 5.0
        assert abs(found.drift_ppm - planted_ppm) <= found.error_ppm
        assert not found.slips

    def test_is_known_the_better_the_longer_it_is_measured(self) -> None:
        short, long = (
            path(recorded(simulated(), programme), programme).clock for programme in (SHORT, Programme(9, False, False))
        )
        assert short is not None
        assert long is not None
        assert long.error_ppm < short.error_ppm / 2

    def test_is_not_guessed_where_sweeps_are_missing(self) -> None:
        assert path(recorded(simulated(speaker_gain_db=-40.0, noise_dbfs=-20.0))).clock is None


class TestSamplesThatAreLostInSilence:
    @pytest.mark.parametrize(("kind", "planted"), [("lost", 32), ("repeated", -32), ("lost", 3)])
    def test_are_counted_and_are_no_drift(self, kind: str, planted: int) -> None:
        between_s = SHORT.sweep_spans[1].to_s + 0.9
        trouble = CardTrouble(between_s, kind, samples=abs(planted))
        found = path(recorded(simulated([trouble]))).clock
        assert found is not None
        assert found.slips == (planted,)
        assert abs(found.drift_ppm) < 5.0
        assert found.spread_ms == pytest.approx(abs(planted) / 16, abs=0.1)

    def test_are_told_from_a_drift_beside_them(self) -> None:
        found = clock([0.0, 3.0, 6.0, 9.0], [0.0, -4.8, 22.4, 17.6], slip_samples=SLIP_SAMPLES)
        assert found.drift_ppm == pytest.approx(100.0, abs=1.0)
        assert found.slips == (-32,)

    def test_do_not_hide_behind_two_sweeps_only(self) -> None:
        found = clock([0.0, 3.0, 6.0], [0.0, 0.0, -5.0], slip_samples=SLIP_SAMPLES)
        assert (round(found.drift_ppm), found.slips) == (0, (5,))


class TestTheEchoLevel:
    @pytest.mark.parametrize("speaker_gain_db", [-24.0, -12.0, 0.0])
    def test_is_that_of_speech_to_a_decibel(self, speaker_gain_db: float) -> None:
        """Held against the energies of noise with the spectrum of speech, which no deconvolution has seen."""
        recording = recorded(simulated(speaker_gain_db=speaker_gain_db, noise_dbfs=QUIET), VOICED)
        assert VOICED.voice_span is not None
        heard, given = (one[samples_in(VOICED.voice_span)] for one in (recording.rows[0], recording.given))
        true_db = 10.0 * math.log10(float(np.sum(np.square(heard)) / np.sum(np.square(given))))
        assert abs(path(recording, VOICED).echo_db - true_db) < 1.0

    def test_does_not_depend_on_the_volume(self) -> None:
        soft, loud = (path(recorded(simulated(), volume=volume)).echo_db for volume in (40, 100))
        assert soft == pytest.approx(loud, abs=0.3)

    def test_is_the_same_in_noise(self) -> None:
        quiet, noisy = (path(recorded(simulated(noise_dbfs=noise))).echo_db for noise in (QUIET, -30.0))
        assert noisy == pytest.approx(quiet, abs=1.0)


class TestDistortion:
    @pytest.mark.parametrize("clipping", [1.0, 2.5])
    def test_is_that_of_a_sine_at_a_replys_peaks(self, clipping: float) -> None:
        """tanh is the same at every frequency; a fifth of the figure may be the room's."""
        found = path(recorded(simulated(clipping=clipping, noise_dbfs=QUIET), volume=100))
        assert found.thd_percent == pytest.approx(thd_percent(clipping, 0.0, LOUD_PEAK_DB), rel=0.2)

    def test_falls_with_the_volume(self) -> None:
        loud, soft = (
            path(recorded(simulated(clipping=3.0, noise_dbfs=QUIET), volume=volume)).thd_percent for volume in (100, 50)
        )
        assert loud is not None
        assert soft is not None
        assert soft < loud / 4

    def test_of_a_clean_loudspeaker_is_none(self) -> None:
        found = path(recorded(simulated(noise_dbfs=-70.0)))
        assert found.thd_percent is not None
        assert found.thd_percent < 0.5

    def test_is_not_read_out_of_noise(self) -> None:
        found = path(recorded(simulated(noise_dbfs=-35.0)))
        assert found.thd_percent is not None
        assert found.thd_percent < found.thd_floor_percent


class TestTheTail:
    def test_of_a_hard_room_needs_a_longer_filter(self) -> None:
        dry, hard = (path(recorded(simulated(rt60_s=rt60)), tail_ms=96) for rt60 in (0.1, 1.2))
        assert dry.tail_db < -30.0 < -20.0 < hard.tail_db
        assert dry.tail_needed_ms < hard.tail_needed_ms

    def test_after_the_filter_that_is_needed_is_a_hundredth(self) -> None:
        recording = recorded(simulated(rt60_s=0.8))
        needed = path(recording).tail_needed_ms
        assert path(recording, tail_ms=needed).tail_db <= -20.0 < path(recording, tail_ms=needed - 32).tail_db


class TestASilentLoudspeaker:
    def test_does_not_arrive(self) -> None:
        room = np.random.default_rng(3)
        silent = Altered(simulated(), lambda block, heard, given: hiss(room, heard))
        assert not path(recorded(silent)).arrives

    def test_leaves_the_noise_beside_the_sweep_as_it_is(self) -> None:
        beside = noise_beside_db(recorded(simulated(speaker_gain_db=-40.0, noise_dbfs=-40.0)).rows[0], SHORT)
        assert beside == pytest.approx(0.0, abs=1.5)

    def test_is_told_from_one_that_is_heard_of_which_nothing_counts_as_noise(self) -> None:
        beside = noise_beside_db(recorded(simulated(noise_dbfs=-55.0)).rows[0], SHORT)
        assert beside == pytest.approx(0.0, abs=1.5)

    def test_says_nothing_of_the_noise_where_there_is_none(self) -> None:
        dead = Altered(simulated(), lambda block, heard, given: np.zeros_like(heard))
        assert noise_beside_db(recorded(dead).rows[0], SHORT) is None


class TestMicrophones:
    @pytest.mark.parametrize("planted_dbfs", [-70.0, -50.0, -30.0])
    def test_tell_the_rooms_noise_to_a_decibel(self, planted_dbfs: float) -> None:
        (mic,) = microphones(recorded(simulated(noise_dbfs=planted_dbfs)), SHORT, [1])
        assert mic.noise_dbfs == pytest.approx(planted_dbfs, abs=1.0)

    def test_that_clip_are_told_and_others_are_not(self) -> None:
        too_loud, fine = (
            microphones(recorded(simulated(mic_gain_db=(gain,)), volume=100), SHORT, [1])[0] for gain in (14.0, -3.0)
        )
        assert too_loud.clipped > 100
        assert too_loud.clipped_loud > too_loud.clipped / 4
        assert (fine.clipped, fine.clipped_loud) == (0, 0)

    def test_that_give_zeros_are_empty(self) -> None:
        found = microphones(recorded(simulated(mics=2, dead_mics=(2,))), SHORT, [1, 2])
        assert [mic.empty for mic in found] == [False, True]

    def test_that_are_wires_are_known_by_it(self) -> None:
        wired = Altered(simulated(mics=2), lambda block, heard, given: np.stack([heard[0], given * np.float32(0.5)]))
        air, wire = microphones(recorded(wired), SHORT, [1, 2])
        assert (air.is_wire, wire.is_wire) == (False, True)
        assert wire.echo_db == pytest.approx(-6.0, abs=0.3)


class TestTheProgramme:
    def test_lasts_about_as_long_as_was_asked(self) -> None:
        for seconds in (20.0, 34.0, 100.0):
            assert abs(programme_of(seconds).seconds - max(seconds, Programme(3).seconds)) <= 1.5

    def test_has_no_two_pieces_at_once_and_a_pause_behind_each(self) -> None:
        for programme in (Programme(3), Programme(5, loud=False), Programme(4, voice=False)):
            spans = [programme.quiet, *programme.sweep_spans, programme.loud_span, programme.voice_span]
            ends = [span for span in spans if span]
            for before, after in itertools.pairwise(ends[1:]):
                assert after.from_s >= before.to_s + PAUSE_S
            assert programme.seconds >= ends[-1].to_s + PAUSE_S

    def test_is_never_louder_than_a_replys_peaks(self) -> None:
        sound = Programme(3, voice=False).samples()
        assert np.abs(sound).max() <= 10.0 ** (LOUD_PEAK_DB / 20.0) + 1e-6
        assert np.abs(recorded(simulated(), volume=50).given).max() <= gain_of(50)

    def test_begins_and_ends_every_sweep_without_a_click(self) -> None:
        sweep = Sweep(2.0, 0.0).samples(24_000)
        assert np.abs(sweep[:24]).max() < 0.01
        assert np.abs(sweep[-24:]).max() < 0.05

    def test_has_a_noise_that_falls_by_nine_decibels_an_octave_as_speech_does(self) -> None:
        power = np.abs(np.fft.rfft(voice_like(8.0))) ** 2
        low, high = (power[round(8 * hz * 0.9) : round(8 * hz * 1.1)].mean() for hz in (1000, 2000))
        assert 10.0 * math.log10(low / high) == pytest.approx(9.0, abs=0.7)

    def test_has_a_noise_as_loud_as_speech_and_with_its_pauses(self) -> None:
        noise = voice_like(8.0)
        assert 20.0 * math.log10(float(np.sqrt(np.mean(np.square(noise))))) == pytest.approx(-20.0, abs=0.5)
        blocks = np.sqrt(np.mean(np.square(noise.reshape(-1, 240)), axis=1))
        assert np.mean(blocks < 0.01) > 0.1
