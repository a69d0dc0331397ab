"""What was measured, each figure beside what is allowed, and what to do where it is beyond that.

Law: figures in, sentences out; one function a finding. A limit stands here once, with its reason. What a figure cannot
tell is not judged. Levels in dBFS, a talker's as the wake and speech models were tried with (`TALKER_DBFS`): how loud a
real person is at this microphone is not measured here.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from edge_agent.audio.volume import VOLUME_POWER, gain_of
from edge_agent.config import Echo
from edge_agent.field.calibration.examination import Figures, Setting
from edge_agent.field.calibration.microphone import DEAF_DB, Microphone
from edge_agent.field.calibration.path import TAIL_DB
from edge_agent.field.calibration.programme import LOUD_PEAK_DB, QUIET_PEAK_DB, VOICE_RMS_DB

TALKER_DBFS = -26.0  # at the microphone, 1.5 m away, as the simulated rooms have it
MOST_NOISE_DBFS = TALKER_DBFS - 20.0  # the wake words were measured 20 dB over the noise; below that they suffer
MOST_ECHO_DB = 10.0  # over the talker: at more, less than all speech is noticed over a reply (README)
MOST_THD_PERCENT = 10.0  # a linear filter cannot take harmonics off: a tenth leaves the echo at -20 dB
ONE_CLOCK_PPM = 3.0  # more than this is no error of ours and no single crystal
MOST_DRIFT_PPM = 300.0  # what is tracked
MOST_SPREAD_MS = 0.5  # of arrivals: a filter tap is 0.06 ms, but what moves slowly is followed
LEAST_REDUCTION_DB = 12.0  # from which on an interruption needs no more than its usual time (`hearing/barge_in.py`)
_NEAR_NOISE_DB = 3.0  # what is left of the echo hides in the noise, to this
_LONGEST_TAIL_MS = 512  # that `[echo] tail_ms` may be


@dataclass(frozen=True, slots=True)
class Finding:
    """what: in a word or two.  found, allowed: with their units.  remedy: what to do, where `fine` is False; a hint
    where it is True, or empty."""

    what: str
    found: str
    allowed: str
    fine: bool
    remedy: str = ""


def findings(figures: Figures, setting: Setting) -> tuple[Finding, ...]:
    """In the order in which a person should read and mend."""
    judges: Iterable[Callable[[Figures, Setting], Finding | None]] = (
        _lost,
        _empty,
        _deaf,
        _reference,
        _noise,
        _arrival,
        _full_scale,
        _echo,
        _distortion,
        _delay,
        _spread,
        _drift,
        _tail,
        _reduction,
    )
    found = (judge(figures, setting) for judge in judges)
    return tuple(one for one in found if one is not None)


def _lost(figures: Figures, setting: Setting) -> Finding:
    slips = figures.path.clock.slips if figures.path.clock else ()
    words = [f"{slip} samples lost" if slip > 0 else f"{-slip} samples doubled" for slip in slips]
    told = f"{figures.lost} blocks of 10 ms lost, {figures.gaps} gaps, and in silence: {_listed(words) or 'none'}"
    if not (figures.lost or figures.gaps or slips):
        return Finding("lost sound", "none", "none", True)
    remedy = f"raise [audio] buffer_ms (now {setting.buffer_ms}), end what else keeps the machine busy"
    if slips:
        remedy += "; samples that go without a word are a USB hub, cable or port: give the card a port of its own"
    return Finding("lost sound", told, "none", False, remedy)


def _empty(figures: Figures, setting: Setting) -> Finding:
    empty = [mic.channel for mic in figures.microphones if mic.empty]
    if not empty:
        return Finding("microphones", f"{len(figures.microphones)} channel(s) give sound", "all", True)
    remedy = (
        "its mute button is on: press it"
        if setting.hardware_mute
        else "a mute switch, a mixer at zero (`alsamixer`, F4), or a channel that the card does not have: [audio] "
        "channels counts those there are"
    )
    return Finding("microphones", f"nothing but zeros on channel {_listed(empty)}", "sound on all", False, remedy)


def _deaf(figures: Figures, setting: Setting) -> Finding | None:
    """A microphone among several that hears much less than the best."""
    mics = [mic for mic in _air(figures, setting) if not mic.empty]
    if len(mics) < 2 or not figures.path.arrives:
        return None
    best = max(mic.echo_db for mic in mics)
    apart = ", ".join(f"{mic.channel}: {mic.echo_db - best:+.0f} dB" for mic in mics)
    deaf = [mic.channel for mic in mics if mic.echo_db < best - DEAF_DB]
    remedy = f"channel {_listed(deaf)} is dead, covered, or no microphone: look at the board's hole and flat cable"
    return Finding("balance", apart, f"within {DEAF_DB:.0f} dB", not deaf, remedy if deaf else "")


def _reference(figures: Figures, setting: Setting) -> Finding | None:
    """The channel that is said to record what is played, and whether another one is it."""
    wires = [mic.channel for mic in _air(figures, setting) if mic.is_wire and not mic.empty]
    if not setting.has_reference:
        roomy = any(not mic.is_wire and not mic.empty for mic in figures.microphones)
        if not (wires and roomy and figures.path.arrives):
            return None
        told = f"channel {_listed(wires)} records the loudspeaker's wire, not the air"
        remedy = f"[audio] reference_channel = {wires[0]}: the echo stage then has a reference without any delay"
        return Finding("reference", told, "microphones only", False, remedy)
    own = figures.microphones[-1]
    if figures.reference_ms is not None and own.is_wire:
        return Finding("reference", f"channel {own.channel} records what is played", "so", True)
    told = f"channel {own.channel} " + ("hears the room" if figures.reference_ms is not None else "hears nothing of it")
    other = (
        f"channel {_listed(wires)} does: [audio] reference_channel = {wires[0]}"
        if wires
        else ("[audio] reference_channel = 0, or play through the card that has the channel")
    )
    return Finding("reference", told, "what is played, without the room", False, other)


def _noise(figures: Figures, setting: Setting) -> Finding:
    level = figures.microphones[0].noise_dbfs
    told = f"{level:.0f} dBFS, {TALKER_DBFS - level:.0f} dB below a talker (taken as {TALKER_DBFS:.0f} dBFS)"
    fine = level <= MOST_NOISE_DBFS
    remedy = "" if fine else "turn off what hums or blows, move the device away from it, or the capture gain down"
    return Finding("noise", told, f"at most {MOST_NOISE_DBFS:.0f} dBFS", fine, remedy)


def _arrival(figures: Figures, setting: Setting) -> Finding | None:
    """The sweep is missing: a loudspeaker that is silent, a microphone that is deaf, or hardware that cancels."""
    if figures.path.arrives or figures.microphones[0].empty:
        return None
    told = "the sweep is not in the microphone"
    if figures.heard:
        return Finding("echo", f"{told}, and a person heard it: the hardware cancels it", "either", True)
    if figures.heard is False:
        remedy = "the loudspeaker is silent: its plug, its mixer (`alsamixer`), [audio] output_card, the volume"
        return Finding("echo", f"{told}, and nobody heard it", "heard", False, remedy)
    cancels = setting.tier == 1 or (figures.noise_beside_db or 0.0) <= -6.0
    remedy = (
        "listen yourself: if the sweep was to be heard, the hardware cancels it; if not, the loudspeaker is silent "
        "(plug, mixer, [audio] output_card)"
    )
    if figures.microphones[0].noise_dbfs > MOST_NOISE_DBFS:
        remedy += "; or the room is too loud for it: measure again in silence, or with a higher --volume"
    return Finding("echo", told, "in it, or cancelled by the hardware", cancels, remedy)


def _full_scale(figures: Figures, setting: Setting) -> Finding | None:
    mic = figures.microphones[0]
    if mic.empty:
        return None
    told = f"{mic.clipped} samples at full scale in the sweeps, {mic.clipped_loud} at a reply's peaks"
    if not (mic.clipped or mic.clipped_loud):
        headroom = -(mic.peak_dbfs + LOUD_PEAK_DB - QUIET_PEAK_DB)
        return Finding("full scale", f"none; {headroom:.0f} dB of room over a reply's peaks", "none", True)
    over = max(6.0, mic.peak_dbfs + LOUD_PEAK_DB - QUIET_PEAK_DB + 3.0)
    remedy = (
        f"turn the microphone's gain down by {over:.0f} dB (`alsamixer`, F4"
        + (f", or [audio] gain_db, now {setting.gain_db:g}" if setting.gain_db > 0 else "")
        + f"), or lower the volume to {_quieter(setting.volume, over)}, or move the microphone away"
    )
    return Finding("full scale", told, "none", False, remedy)


def _echo(figures: Figures, setting: Setting) -> Finding | None:
    if not figures.path.arrives:
        return None
    volume_db = 20.0 * math.log10(max(gain_of(setting.volume), 1e-6))
    level = VOICE_RMS_DB + volume_db + figures.path.echo_db
    over = level - TALKER_DBFS
    told = (
        f"{figures.path.echo_db:+.1f} dB to what the loudspeaker is given: a reply arrives at {level:.0f} dBFS, "
        f"{over:+.0f} dB to a talker"
    )
    fine = over <= MOST_ECHO_DB
    remedy = (
        ""
        if fine
        else (
            f"lower the volume to {_quieter(setting.volume, over - MOST_ECHO_DB)}, or put the microphone further from "
            "the loudspeaker: twice as far is 6 dB"
        )
    )
    return Finding("echo", told, f"at most {MOST_ECHO_DB:+.0f} dB to a talker", fine, remedy)


def _distortion(figures: Figures, setting: Setting) -> Finding | None:
    thd, floor = figures.path.thd_percent, figures.path.thd_floor_percent
    if thd is None or not figures.path.arrives:
        return None
    told = f"{thd:.1f} %" if thd > floor else f"below {max(floor, 0.1):.1f} %, in the noise"
    fine = thd <= MOST_THD_PERCENT
    quieter = _quieter(setting.volume, 10.0 * math.log10(max(thd, 1e-3) / MOST_THD_PERCENT))  # third order: 2 dB a dB
    remedy = "" if fine else f"lower the volume to {quieter} and measure again, or use a larger loudspeaker"
    if not fine and figures.microphones[0].clipped_loud:
        remedy = "mend the full scale first: the microphone's own clipping is in this figure"
    return Finding("distortion", told, f"at most {MOST_THD_PERCENT:.0f} % at a reply's peaks", fine, remedy)


def _delay(figures: Figures, setting: Setting) -> Finding | None:
    if not figures.path.arrives:
        return None
    delay = figures.path.delay_ms - (figures.reference_ms or 0.0)
    fine = 0.0 <= delay <= setting.max_delay_ms
    told = (
        f"{delay:.1f} ms from the reference to the microphone (the card tells {figures.latency_ms:.0f} ms to the air)"
    )
    remedy = "" if fine else f"raise [echo] max_delay_ms (now {setting.max_delay_ms}), or lower [audio] buffer_ms"
    return Finding("delay", told, f"0 to {setting.max_delay_ms} ms", fine, remedy)


def _spread(figures: Figures, setting: Setting) -> Finding | None:
    clock = figures.path.clock
    if clock is None or not figures.path.arrives:
        return None
    fine = clock.spread_ms <= MOST_SPREAD_MS
    remedy = "" if fine else "as lost sound, or a clock that is still being learned: measure again with --seconds 120"
    return Finding("delay's spread", f"{clock.spread_ms:.2f} ms", f"at most {MOST_SPREAD_MS} ms", fine, remedy)


def _drift(figures: Figures, setting: Setting) -> Finding | None:
    clock = figures.clocks or figures.path.clock
    if clock is None or not figures.path.arrives:
        return None
    told = f"{clock.drift_ppm:+.1f} ± {clock.error_ppm:.1f} ppm"
    split = setting.two_clocks and not setting.has_reference
    if figures.clocks and figures.path.clock:
        told += f"; {figures.path.clock.drift_ppm:+.1f} are left to the echo stage once it is corrected"
    if abs(clock.drift_ppm) <= ONE_CLOCK_PPM + clock.error_ppm:
        hint = 'it is one clock: [audio] clocks = "one" saves resampling' if split else ""
        return Finding("drift", told, f"within {MOST_DRIFT_PPM if split else ONE_CLOCK_PPM:.0f} ppm", True, hint)
    if not split and not setting.has_reference:
        limit = f"within {ONE_CLOCK_PPM:.0f} ppm on one clock"
        return Finding("drift", told, limit, False, 'there are two clocks: [audio] clocks = "two"')
    fine = abs(clock.drift_ppm) <= MOST_DRIFT_PPM
    remedy = "" if fine else "no crystal is so far off: look at [audio] rate, and at overlays with another master clock"
    return Finding("drift", told, f"within {MOST_DRIFT_PPM:.0f} ppm", fine, remedy)


def _tail(figures: Figures, setting: Setting) -> Finding | None:
    path = figures.path
    if not path.arrives:
        return None
    told = f"{path.tail_db:.1f} dB of the echo comes after {setting.tail_ms} ms"
    if path.rt60_s is not None:
        told += f" (reverberation {path.rt60_s:.2f} s)"
    fine = path.tail_db <= TAIL_DB
    remedy = (
        ""
        if fine
        else (
            f"[echo] tail_ms = {min(path.tail_needed_ms, _LONGEST_TAIL_MS)} (it costs processor time), or the device "
            "to softer walls, or the microphone nearer to the loudspeaker than to them"
        )
    )
    return Finding("tail", told, f"at most {TAIL_DB:.0f} dB", fine, remedy)


def _reduction(figures: Figures, setting: Setting) -> Finding | None:
    done = figures.reduction
    if done is None:
        return None
    least = least_reduction_db(done.most_db)
    told = (
        f"{done.clean_db:.0f} dB ({done.first_db:.0f} in its first two seconds, {done.linear_db:.0f} by the linear "
        f"tap); the echo stands {done.most_db:.0f} dB over the noise"
    )
    fine = done.clean_db >= least
    remedy = "mend what is marked above first; else a lower volume, or a microphone further away"
    if setting.engine == "off":
        remedy = f'[echo] engine = "{Echo().engine}": the hardware does not cancel'
    return Finding(f"echo engine {setting.engine}", told, f"at least {least:.0f} dB", fine, "" if fine else remedy)


def least_reduction_db(most_db: float) -> float:
    """What is asked of an echo engine where noise allows so much."""
    return max(0.0, min(LEAST_REDUCTION_DB, most_db - _NEAR_NOISE_DB))


def _air(figures: Figures, setting: Setting) -> tuple[Microphone, ...]:
    """Those that are said to be microphones."""
    return figures.microphones[:-1] if setting.has_reference else figures.microphones


def _listed(several: Iterable[object]) -> str:
    return " and ".join(map(str, several))


def _quieter(volume: int, by_db: float) -> int:
    """The volume that is so much softer, percent."""
    return max(1, math.floor(volume * math.pow(10.0, -by_db / 20.0 / VOLUME_POWER)))
