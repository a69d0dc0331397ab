"""From what the microphone heard to a tier, a word for `listen_while_speaking`, and what to mend."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from edge_agent.audio.device import DeviceError
from edge_agent.audio.format import Samples
from edge_agent.config import Echo
from edge_agent.field.calibration.clock import Clock
from edge_agent.field.calibration.examination import Figures, Setting, examine
from edge_agent.field.calibration.findings import Finding, findings
from edge_agent.field.calibration.verdict import judge
from edge_agent.hearing.echo.off import OffEcho
from tests.field.calibration.rooms import WHOLE, Alter, Altered, block_at, examined, living_room, simulated

FIRST_SWEEP_ENDS = block_at(WHOLE.sweep_spans[0].to_s + 0.5)


def hiss(heard: Samples, seed: int, dbfs: float = -60.0) -> Samples:
    noise = np.random.default_rng(seed).standard_normal(heard.shape) * 10.0 ** (dbfs / 20.0)
    return np.asarray(noise, np.float32)


def silent(block: int, heard: Samples, given: Samples) -> Samples:
    """The loudspeaker's plug is out."""
    return hiss(heard, block)


def gated(block: int, heard: Samples, given: Samples) -> Samples:
    """Hardware that has learned the path long ago, and turns the microphone down while it plays."""
    return hiss(heard, block) * np.float32(0.2 if given.any() else 1.0)


def learning(block: int, heard: Samples, given: Samples) -> Samples:
    """Hardware that takes the echo off once it has heard a sweep."""
    return heard if block < FIRST_SWEEP_ENDS else hiss(heard, block) + heard * np.float32(0.1)


def zeros(block: int, heard: Samples, given: Samples) -> Samples:
    return np.zeros_like(heard)


def of(alter: Alter, setting: Setting | None = None, heard: bool | None = None) -> Figures:
    return examined(Altered(simulated(), alter), setting or Setting(), heard)


def told(figures: Figures, what: str, setting: Setting | None = None) -> Finding:
    return next(finding for finding in findings(figures, setting or Setting()) if finding.what == what)


def with_path(**changed: object) -> Figures:
    """The living room, but for its path."""
    figures = living_room()
    return replace(figures, path=replace(figures.path, **changed))  # type: ignore[arg-type]


class TestALivingRoom:
    def test_is_tier_two_may_be_interrupted_by_speech_and_has_nothing_to_mend(self) -> None:
        verdict = judge(living_room(), Setting())
        assert verdict.fine, verdict.findings
        assert (verdict.tier, verdict.listen, verdict.advice) == (2, "speech", ())
        assert all(finding.found and finding.allowed for finding in verdict.findings)


class TestHardwareThatCancels:
    def test_is_known_by_noise_that_falls_while_it_plays(self) -> None:
        verdict = judge(of(gated), Setting())
        assert (verdict.tier, verdict.listen) == (1, "speech")
        assert "noise falls by" in verdict.why
        assert verdict.fine

    def test_is_known_by_learning(self) -> None:
        verdict = judge(of(learning), Setting())
        assert verdict.tier == 1
        assert "below the first" in verdict.why

    def test_is_believed_of_a_person_who_heard_the_sweep(self) -> None:
        verdict = judge(of(silent, heard=True), Setting())
        assert (verdict.tier, verdict.fine) == (1, True)

    def test_is_believed_of_the_boards_profile_where_nobody_is_asked_and_that_is_said(self) -> None:
        verdict = judge(of(silent, Setting(tier=1)), Setting(tier=1))
        assert verdict.tier == 1
        assert "nobody confirmed" in verdict.why

    def test_makes_an_engine_of_ours_needless(self) -> None:
        assert any('engine = "off"' in advice for advice in judge(of(gated), Setting()).advice)
        assert not judge(of(gated), Setting(engine="off")).advice

    def test_and_does_not_is_told_where_the_profile_says_so(self) -> None:
        verdict = judge(living_room(), Setting(tier=1))
        assert verdict.tier == 2
        assert any("own jack" in advice for advice in verdict.advice)


class TestASilentLoudspeaker:
    def test_is_no_canceller(self) -> None:
        verdict = judge(of(silent), Setting())
        assert (verdict.tier, verdict.listen, verdict.fine) == (0, "button", False)
        finding = told(of(silent), "echo")
        assert "listen yourself" in finding.remedy

    def test_is_named_when_a_person_heard_nothing_whatever_the_profile_says(self) -> None:
        figures = of(silent, heard=False)
        assert judge(figures, Setting(tier=1)).tier == 0
        assert "plug" in told(figures, "echo").remedy

    def test_asks_nobody_where_the_sweep_arrived(self) -> None:
        assert examined(simulated(), Setting(), heard=True).heard is None


class TestMicrophones:
    def test_that_give_zeros_are_a_mute_button_where_the_board_has_one(self) -> None:
        figures = of(zeros)
        assert "mixer" in told(figures, "microphones").remedy
        assert "mute button" in told(figures, "microphones", Setting(hardware_mute=True)).remedy
        assert judge(figures, Setting(tier=1)).tier == 0  # zeros prove no canceller

    def test_of_which_one_is_dead_are_told_apart(self) -> None:
        setting = Setting(channels=(1, 2, 3))
        figures = examined(simulated(mics=3, mic_gain_db=(0.0, -34.0, 1.0)), setting)
        finding = told(figures, "balance", setting)
        assert not finding.fine
        assert "channel 2 is dead" in finding.remedy

    def test_that_clip_get_a_number_to_be_turned_down_by(self) -> None:
        figures = examined(simulated(mic_gain_db=(14.0,)), Setting(volume=100))
        finding = told(figures, "full scale", Setting(volume=100))
        assert not finding.fine
        assert "gain down by" in finding.remedy
        verdict = judge(figures, Setting(volume=100))
        assert verdict.listen == "wake"


class TestTheReferenceChannel:
    @staticmethod
    def of(order: tuple[str, str]) -> Figures:
        """A card of two channels, in this order; the second one is said to be the reference."""

        def wired(block: int, heard: Samples, given: Samples) -> Samples:
            rows = {"air": heard[0], "wire": given, "nothing": hiss(given, block)}
            return np.stack([rows[name] for name in order])

        return examined(Altered(simulated(mics=2), wired, has_reference=True), TestTheReferenceChannel.setting())

    @staticmethod
    def setting() -> Setting:
        return Setting(channels=(1, 2), has_reference=True)

    def test_makes_a_tier_two(self) -> None:
        verdict = judge(self.of(("air", "wire")), self.setting())
        assert (verdict.tier, verdict.why, verdict.fine) == (2, "the card records what it plays", True)

    def test_that_is_swapped_with_the_microphone_is_named(self) -> None:
        finding = told(self.of(("wire", "air")), "reference", self.setting())
        assert not finding.fine
        assert "reference_channel = 1" in finding.remedy

    def test_that_is_silent_is_named(self) -> None:
        finding = told(self.of(("air", "nothing")), "reference", self.setting())
        assert "hears nothing" in finding.found

    def test_that_nobody_configured_is_offered(self) -> None:
        def wired(block: int, heard: Samples, given: Samples) -> Samples:
            return np.stack([heard[0], given])

        setting = Setting(channels=(1, 2))
        finding = told(examined(Altered(simulated(mics=2), wired), setting), "reference", setting)
        assert "reference_channel = 2" in finding.remedy


class TestClocks:
    def test_that_differ_are_a_tier_three_and_the_measured_reduction_decides(self) -> None:
        setting = Setting(two_clocks=True)
        figures = replace(living_room(), clocks=Clock(60.0, 0.3, (), 0.0))
        assert (judge(figures, setting).tier, judge(figures, setting).listen) == (3, "speech")
        assert figures.reduction is not None
        weak = replace(figures, reduction=replace(figures.reduction, clean_db=5.0))
        assert (judge(weak, setting).tier, judge(weak, setting).listen) == (3, "wake")

    def test_that_differ_though_one_was_configured_are_wrong(self) -> None:
        finding = told(with_path(clock=Clock(40.0, 0.3, (), 0.0)), "drift")
        assert not finding.fine
        assert 'clocks = "two"' in finding.remedy

    def test_that_are_one_though_two_were_configured_are_a_hint(self) -> None:
        setting = Setting(two_clocks=True)
        finding = told(replace(living_room(), clocks=Clock(0.1, 0.3, (), 0.0)), "drift", setting)
        assert finding.fine
        assert 'clocks = "one"' in finding.remedy

    def test_that_no_crystal_explains_are_wrong(self) -> None:
        setting = Setting(two_clocks=True)
        assert not told(replace(living_room(), clocks=Clock(900.0, 0.3, (), 0.0)), "drift", setting).fine

    def test_are_measured_alone_where_one_is_made_to_follow(self) -> None:
        device, free = simulated(), simulated(drift_ppm=120.0)
        figures = examine(device, OffEcho(), Setting(two_clocks=True), WHOLE, free=free)
        assert figures.clocks is not None
        assert abs(figures.clocks.drift_ppm - 120.0) < 5.0


class TestARemedy:
    def test_for_an_echo_that_is_too_loud_is_the_volume_at_which_it_is_not(self) -> None:
        loud = with_path(echo_db=14.0)
        finding = told(loud, "echo", Setting(volume=100))
        assert not finding.fine
        quieter = int(finding.remedy.split("lower the volume to ")[1].split(",")[0])
        assert told(loud, "echo", Setting(volume=quieter)).fine
        assert not told(loud, "echo", Setting(volume=quieter + 3)).fine

    def test_for_distortion_is_a_lower_volume(self) -> None:
        finding = told(with_path(thd_percent=25.0), "distortion")
        assert not finding.fine
        assert 40 < int(finding.remedy.split("lower the volume to ")[1].split(" ")[0]) < 70

    def test_for_distortion_that_may_be_the_microphones_own_is_to_mend_that_first(self) -> None:
        figures = with_path(thd_percent=25.0)
        clipping = replace(figures, microphones=(replace(figures.microphones[0], clipped_loud=900),))
        assert "full scale first" in told(clipping, "distortion").remedy

    def test_for_a_long_tail_is_the_tail_that_is_needed(self) -> None:
        finding = told(with_path(tail_db=-12.0, tail_needed_ms=320), "tail")
        assert "tail_ms = 320" in finding.remedy

    def test_for_a_delay_beyond_the_search_is_a_longer_search(self) -> None:
        assert "max_delay_ms" in told(with_path(delay_ms=130.0), "delay", Setting(max_delay_ms=100)).remedy

    def test_for_lost_sound_is_a_longer_buffer_and_for_silent_loss_a_port_of_its_own(self) -> None:
        busy = replace(living_room(), lost=3)
        assert "buffer_ms (now 60)" in told(busy, "lost sound").remedy
        slipped = with_path(clock=Clock(0.0, 0.3, (32,), 2.0))
        finding = told(slipped, "lost sound")
        assert "32 samples lost" in finding.found
        assert "port of its own" in finding.remedy

    def test_for_a_noisy_room_is_said(self) -> None:
        figures = living_room()
        noisy = replace(figures, microphones=(replace(figures.microphones[0], noise_dbfs=-38.0),))
        finding = told(noisy, "noise")
        assert not finding.fine
        assert "12 dB below a talker" in finding.found

    def test_for_an_engine_that_is_off_is_to_turn_it_on(self) -> None:
        setting = Setting(engine="off")
        finding = told(examined(simulated(), setting), "echo engine off", setting)
        assert not finding.fine
        assert f'engine = "{Echo().engine}"' in finding.remedy

    def test_for_an_engine_in_noise_asks_for_no_more_than_noise_allows(self) -> None:
        figures = living_room()
        assert figures.reduction is not None
        masked = replace(figures, reduction=replace(figures.reduction, clean_db=5.0, most_db=7.0))
        assert told(masked, f"echo engine {Setting().engine}").fine


class TestTheCard:
    def test_that_is_busy_names_the_daemon_and_the_command_that_ends_it(self) -> None:
        held = Altered(simulated(), silent, busy="the microphone's card 'S330' is busy: held by edge-agent (412)")
        with pytest.raises(DeviceError, match=r"S330.*sudo systemctl stop edge-agent"):
            examined(held, Setting())
        assert held.closed

    def test_that_is_missing_is_not_blamed_on_the_daemon(self) -> None:
        with pytest.raises(DeviceError) as error:
            examined(Altered(simulated(), silent, busy="no microphone: card 'S330' is not there"), Setting())
        assert "systemctl" not in str(error.value)

    def test_is_closed_when_it_goes_away_in_the_middle(self) -> None:
        def gone(block: int, heard: Samples, given: Samples) -> Samples:
            if block > 500:
                raise DeviceError("gone")
            return heard

        device = Altered(simulated(), gone)
        with pytest.raises(DeviceError, match="gone"):
            examined(device, Setting())
        assert device.closed
