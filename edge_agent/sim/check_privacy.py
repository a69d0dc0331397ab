"""Checks of what leaves the device: bytes counted at the socket, by someone who is not the daemon.

Law: zero is zero. A check of silence fails if nobody spoke in it: it would prove nothing.
"""

from __future__ import annotations

from collections.abc import Iterator

from edge_agent.sim.evidence import CLOCK_MS, LATE_MS, Evidence
from edge_agent.sim.finding import Finding, Missing, clock
from edge_agent.sim.loudness import speech_from
from edge_agent.sim.story import Span

EARCON_ROOM_MS = 700  # the sound that confirms the switch
HEARD_OVER_NOISE_DB = 6.0


def bytes_before_wake(evidence: Evidence) -> int:
    """PCM bytes that left before the first wake word or press; all of them if there was none."""
    first = evidence.story.first("wake", "press")
    return evidence.pcm_bytes_sent(float("-inf"), float("inf") if first is None else first.t_ms - CLOCK_MS)


def bytes_while_muted(evidence: Evidence) -> int:
    """PCM bytes that left while the device was muted."""
    return sum(evidence.pcm_bytes_sent(*_closed(span)) for span in evidence.story.muted)


def nothing_before_wake(evidence: Evidence) -> Finding:
    """Not one byte of sound leaves before the first wake word or press."""
    first = evidence.story.first("wake", "press")
    if first is None:
        raise Missing("there was no wake word and no press: there is no before")
    if evidence.pcm_bytes_sent(first.t_ms - CLOCK_MS, float("inf")) == 0:
        return Finding(
            False, "the socket's log has no sound at all, not even after the wake word: it proves nothing", first.t_ms
        )
    leaked = bytes_before_wake(evidence)
    why = f"{leaked} PCM bytes crossed the socket in the {first.t_ms / 1000:.1f} s before the first {first.kind}"
    return Finding(leaked == 0, why, first.t_ms)


def silent_while_muted(evidence: Evidence) -> Finding:
    """Muted, a person speaks: not one byte of sound leaves, no wake word counts, no reply is heard."""
    story = evidence.story
    spans = [span for span in story.muted if any(said.span.touches(span.start_ms, span.end_ms) for said in story.said)]
    if not spans:
        raise Missing("nobody spoke while the device was muted: silence proves nothing")
    for span in spans:
        spoken = _loudest_said_db(evidence, span)
        if spoken < HEARD_OVER_NOISE_DB:
            return Finding(
                False,
                f"the person was only {spoken:.0f} dB over the room while muted: it proves nothing",
                span.start_ms,
            )
        leaked = evidence.pcm_bytes_sent(*_closed(span))
        if leaked:
            return Finding(
                False, f"{leaked} PCM bytes crossed the socket while muted from {clock(span.start_ms)}", span.start_ms
            )
        noticed = [
            h for h in story.of("wake", "listening", "append", from_ms=span.start_ms + CLOCK_MS) if h.t_ms < span.end_ms
        ]
        if noticed:
            return Finding(
                False, f"muted, the device still noted '{noticed[0].kind}' at {clock(noticed[0].t_ms)}", noticed[0].t_ms
            )
        reply = speech_from(evidence.air_levels, span.start_ms + EARCON_ROOM_MS, span.end_ms)
        if reply is not None:
            return Finding(False, f"muted, the device still spoke at {clock(reply)}", reply)
    muted_s = sum(span.end_ms - span.start_ms for span in spans) / 1000
    why = f"0 PCM bytes crossed the socket and nothing was said in {muted_s:.1f} s of mute, while a person spoke to it"
    return Finding(True, why, spans[0].start_ms)


def nothing_between_turns(evidence: Evidence) -> Finding:
    """Sound leaves only while a turn listens: from its opening to its end, and never in between."""
    if evidence.pcm_bytes_sent(float("-inf"), float("inf")) == 0:
        raise Missing("no sound crossed the socket in the whole run: it proves nothing")
    gaps = list(_between_turns(evidence))
    leaks = [(gap, leaked) for gap in gaps if (leaked := evidence.pcm_bytes_sent(gap.start_ms, gap.end_ms))]
    if leaks:
        gap, leaked = leaks[0]
        between = f"between {clock(gap.start_ms)} and {clock(gap.end_ms)}, when no turn listened"
        why = f"{leaked} PCM bytes crossed the socket {between}"
        return Finding(False, why, gap.start_ms)
    total_s = sum(gap.end_ms - gap.start_ms for gap in gaps) / 1000
    return Finding(True, f"0 PCM bytes crossed the socket in the {total_s:.1f} s in which no turn listened")


def _closed(span: Span) -> tuple[float, float]:
    return span.start_ms + LATE_MS, span.end_ms - CLOCK_MS


def _between_turns(evidence: Evidence) -> Iterator[Span]:
    last = 0
    for floor in evidence.story.floors:
        if floor.opened_ms - CLOCK_MS > last:
            yield Span(last, floor.opened_ms - CLOCK_MS)
        last = max(last, floor.span.end_ms + LATE_MS)
    if evidence.duration_ms > last:
        yield Span(last, evidence.duration_ms)


def _loudest_said_db(evidence: Evidence, span: Span) -> float:
    """How far the person rose over the room's own noise at the microphone while it was muted, dB."""
    levels = evidence.mic_levels[span.start_ms // 10 : span.end_ms // 10]
    if not len(levels):
        return 0.0
    ordered = sorted(float(level) for level in levels)
    return ordered[-max(1, len(ordered) // 10)] - ordered[len(ordered) // 10]
