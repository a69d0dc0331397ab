"""Two clocks: the difference is learned from the buffer's fill alone, the pair's delay stands, and a tone stays a tone.

The plant is arithmetic: a loudspeaker that takes 10 ms and a little more or less in the time of each block, and tells
its fill exactly, or in steps of 10 ms as PulseAudio does, some time after it changed.
"""

from __future__ import annotations

import numpy as np
import pytest

from edge_agent.audio.format import Samples
from edge_agent.audio.split_clock import MOST_PPM, SplitClock

TARGET_MS = 40.0
SILENCE: Samples = np.zeros(480, np.float32)


def paced(clock: SplitClock, block: Samples, waiting_ms: float) -> Samples:
    """A block as the loudspeaker plays it."""
    clock.pace(waiting_ms)
    return clock.resample(block)


class Loudspeaker:
    """Its buffer, behind a SplitClock.

    drift_ppm: of its clock.  step_ms: in which the fill is told, 0: exactly; phase_ms: where the steps lie.  stale_ms:
    how old that may be.  fills, drifts: of each block, true and learned.
    """

    def __init__(
        self,
        clock: SplitClock,
        drift_ppm: float,
        *,
        step_ms: float = 0.0,
        phase_ms: float = 0.0,
        stale_ms: float = 0.0,
    ) -> None:
        self.clock, self.drift_ppm = clock, drift_ppm
        self.step_ms, self.phase_ms, self.stale_ms = step_ms, phase_ms, stale_ms
        self.fill_ms = TARGET_MS
        self.fills: list[float] = []
        self.drifts: list[float] = []
        self._chance = np.random.default_rng(1)

    def run(self, seconds: float) -> Loudspeaker:
        for _ in range(round(seconds * 100)):
            self.play(SILENCE)
        return self

    def play(self, block: Samples) -> Samples:
        out = paced(self.clock, block, self._told())
        self.fill_ms += len(out) / len(block) * 10 - 10 * (1 + self.drift_ppm * 1e-6)
        self.fills.append(self.fill_ms)
        self.drifts.append(self.clock.drift_ppm)
        return out

    def wander_ms(self, from_s: int, to_s: int) -> float:
        return float(np.ptp(self.fills[from_s * 100 : to_s * 100]))

    def _told(self) -> float:
        fill = self.fill_ms - self._chance.uniform(0, self.stale_ms)
        if not self.step_ms:
            return fill
        return float((np.floor((fill + self.phase_ms) / self.step_ms) + 0.5) * self.step_ms - self.phase_ms)


def clock() -> SplitClock:
    return SplitClock(rate=48_000, target_ms=TARGET_MS)


class TestTheDifference:
    @pytest.mark.parametrize("drift_ppm", [-300.0, -40.0, 0.0, 40.0, 300.0])
    def test_is_learned_within_a_minute(self, drift_ppm: float) -> None:
        speaker = Loudspeaker(clock(), drift_ppm, stale_ms=0.2).run(60)
        assert speaker.clock.drift_ppm == pytest.approx(drift_ppm, abs=6)

    @pytest.mark.parametrize("drift_ppm", [-300.0, 300.0])
    @pytest.mark.parametrize("phase_ms", [0.0, 2.5, 5.0, 7.5])
    def test_is_learned_more_slowly_from_a_fill_told_in_steps_of_ten_milliseconds(
        self, drift_ppm: float, phase_ms: float
    ) -> None:
        speaker = Loudspeaker(clock(), drift_ppm, step_ms=10, phase_ms=phase_ms, stale_ms=3).run(120)
        errors = np.abs(np.array(speaker.drifts) - drift_ppm)
        assert errors[6000] < 130  # at a minute, wherever the steps lie
        assert errors[9000] < 60
        assert errors[-1] < 40

    def test_that_no_clock_can_have_is_followed_no_further_than_a_limit(self) -> None:
        speaker = Loudspeaker(clock(), 5000, stale_ms=0.2).run(20)
        produced_ppm = (speaker.fills[-1] - speaker.fills[-101]) / 1000 * 1e6 + 5000
        assert produced_ppm <= MOST_PPM + 1

    def test_has_its_sign_from_the_loudspeaker(self) -> None:
        """Faster is positive: it takes more than the microphone gives."""
        assert Loudspeaker(clock(), 200).run(60).clock.drift_ppm > 150


class TestThePairsDelay:
    @pytest.mark.parametrize("drift_ppm", [-300.0, 0.0, 300.0])
    def test_stands_once_the_clocks_are_known(self, drift_ppm: float) -> None:
        speaker = Loudspeaker(clock(), drift_ppm, stale_ms=0.2).run(180)
        assert speaker.wander_ms(90, 180) < 1
        assert speaker.fill_ms == pytest.approx(TARGET_MS, abs=1)

    @pytest.mark.parametrize("drift_ppm", [-300.0, 300.0])
    @pytest.mark.parametrize("phase_ms", [0.0, 5.0])
    def test_never_moves_fast_where_it_can_hardly_be_measured(self, drift_ppm: float, phase_ms: float) -> None:
        speaker = Loudspeaker(clock(), drift_ppm, step_ms=10, phase_ms=phase_ms, stale_ms=3).run(150)
        assert max(speaker.wander_ms(from_s, from_s + 10) for from_s in range(60, 140, 5)) < 1

    @pytest.mark.parametrize("drift_ppm", [-300.0, 300.0])
    def test_takes_no_more_than_ten_milliseconds_of_the_buffer_to_be_learned(self, drift_ppm: float) -> None:
        fills = Loudspeaker(clock(), drift_ppm, step_ms=10, phase_ms=5, stale_ms=3).run(90).fills
        assert min(fills) > TARGET_MS - 10
        assert max(fills) < TARGET_MS + 10

    def test_begins_where_it_shall_stay(self) -> None:
        """What the resampling holds back does not come out of the buffer."""
        assert Loudspeaker(clock(), 0).run(1).fill_ms == pytest.approx(TARGET_MS, abs=0.1)


class TestAFillThatJumps:
    @pytest.mark.parametrize("by_ms", [-20.0, 20.0])
    def test_does_not_spoil_what_is_known_of_the_clocks(self, by_ms: float) -> None:
        speaker = Loudspeaker(clock(), 100, stale_ms=0.2).run(90)
        speaker.fill_ms += by_ms
        speaker.run(60)
        assert np.abs(np.array(speaker.drifts[9000:]) - 100).max() < 3

    def test_is_put_right_in_the_end_and_gently(self) -> None:
        speaker = Loudspeaker(clock(), 100, stale_ms=0.2).run(60)
        speaker.fill_ms += 4
        speaker.clock.jump()
        speaker.run(120)
        assert speaker.fill_ms == pytest.approx(TARGET_MS, abs=1)
        assert max(speaker.wander_ms(from_s, from_s + 10) for from_s in range(60, 170, 10)) < 1

    def test_that_was_announced_does_not_either(self) -> None:
        speaker = Loudspeaker(clock(), -100, stale_ms=0.2).run(90)
        speaker.fill_ms += 8
        speaker.clock.jump()
        speaker.run(30)
        assert np.abs(np.array(speaker.drifts[9000:]) + 100).max() < 6


class TestARestart:
    def test_keeps_what_is_known_and_uses_it_at_once(self) -> None:
        speaker = Loudspeaker(clock(), 300, stale_ms=0.2).run(90)
        known = speaker.clock.drift_ppm
        speaker.clock.restart()
        assert speaker.clock.drift_ppm == known
        speaker.fill_ms = TARGET_MS
        speaker.run(30)
        assert speaker.wander_ms(90, 120) < 0.5

    def test_forgets_the_sound_before_it(self) -> None:
        splitter = clock()
        paced(splitter, np.ones(480, np.float32), TARGET_MS)
        splitter.restart()
        assert not paced(splitter, SILENCE, TARGET_MS).any()


class TestTheSound:
    @pytest.mark.parametrize("drift_ppm", [-300.0, 300.0])
    def test_of_a_tone_stays_a_tone_while_the_ratio_is_steered(self, drift_ppm: float) -> None:
        speaker = Loudspeaker(clock(), drift_ppm, stale_ms=0.2)
        tone = np.sin(2 * np.pi * 1000 * np.arange(48_000 * 15) / 48_000).astype(np.float32) * np.float32(0.5)
        pieces = []
        for number, block in enumerate(tone.reshape(-1, 480)):
            if number == 700:
                speaker.clock.jump()
                speaker.fill_ms += 12
            pieces.append(speaker.play(block))
        assert np.ptp(speaker.drifts) > 50  # it was
        assert residual_db(np.concatenate(pieces)[4800:]) < -60

    def test_of_a_click_would_be_found(self) -> None:
        tone = np.sin(2 * np.pi * 1000 * np.arange(96_000) / 48_000).astype(np.float32)
        assert residual_db(tone) < -80
        assert residual_db(np.delete(tone, 50_000)) > -60

    @pytest.mark.parametrize("rate", [16_000, 44_100, 48_000])
    def test_is_late_by_what_it_says(self, rate: int) -> None:
        splitter = SplitClock(rate=rate, target_ms=TARGET_MS)
        sound = np.zeros(rate // 2, np.float32)
        sound[rate // 10] = 1
        out = np.concatenate([paced(splitter, block, TARGET_MS) for block in sound.reshape(-1, rate // 100)])
        late_ms = (int(np.argmax(np.abs(out))) - rate // 10) / rate * 1000
        assert late_ms == pytest.approx(splitter.latency_ms, abs=2500 / rate)

    def test_is_about_as_long_as_it_was(self) -> None:
        splitter = clock()
        lengths = [len(paced(splitter, SILENCE, TARGET_MS)) for _ in range(200)]
        assert max(abs(length - 480) for length in lengths) <= 2

    def test_of_another_length_is_refused(self) -> None:
        with pytest.raises(ValueError, match="480"):
            paced(clock(), np.zeros(441, np.float32), TARGET_MS)


def residual_db(sound: Samples) -> float:
    """The worst 20 ms of what is left when a tone of about 1 kHz, its pitch gliding a little, is taken away."""
    t = np.arange(960) / 48_000
    carrier = np.stack([np.sin(2 * np.pi * 1000 * t), np.cos(2 * np.pi * 1000 * t)])
    basis = np.concatenate([carrier, carrier * t, carrier * t**2]).T
    windows = sound[: len(sound) // 960 * 960].reshape(-1, 960).astype(np.float64)
    left = windows - (basis @ np.linalg.lstsq(basis, windows.T, rcond=None)[0]).T
    return float(20 * np.log10(np.sqrt(np.mean(left**2, axis=1)).max() / np.sqrt(np.mean(windows**2)) + 1e-12))


class TestSilence:
    def test_is_as_long_as_sound_would_be(self) -> None:
        """A thousand blocks, at a drift that was learned before."""
        splitter = Loudspeaker(clock(), 200.0).run(90).clock
        silent = sum(splitter.silent_length() for _ in range(1000))
        sounding = sum(len(splitter.resample(SILENCE)) for _ in range(1000))
        assert abs(silent - sounding) <= 2
        assert silent > 480_000 + 50
