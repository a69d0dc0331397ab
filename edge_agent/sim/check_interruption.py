"""Checks of who has the floor: a person stops a reply by voice or button; the device never stops itself.

Law: when a reply fell silent is read from the recording of the air; when the person began, from the simulated room.
"""

from __future__ import annotations

from edge_agent.sim.evidence import Evidence
from edge_agent.sim.finding import Finding, Missing, clock, sentence
from edge_agent.sim.loudness import audible_ms, silent_from, speech_from
from edge_agent.sim.story import Reply, Span

BEFORE_MS = 500  # a reply that was stopped was audible in the half second before
AUDIBLE_MS = 150  # of that half second at the least
AFTER_MS = 500  # silence must last at least this much longer than what was allowed
SPEECH_MARGIN_MS = 800  # what hearing decides this long after a person's last sound is about the person
CAUSE_MS = 1500  # a press, a mute or a fault explains a stop for this long


def interrupted(evidence: Evidence, *, talk: str, nth: int = 1, within_ms: int = 700) -> Finding:
    """Talking over a reply silences it at the air, in time counted from the person's first sound."""
    said = sentence(evidence, talk, nth)
    until = max(said.span.end_ms, said.span.start_ms + within_ms + AFTER_MS)
    return _falls_silent(evidence, said.span.start_ms, until, within_ms, f'"{said.text}" began')


def stopped_by_press(evidence: Evidence, *, nth: int = 1, within_ms: int = 250) -> Finding:
    """The nth press of the button that falls into a reply silences it."""
    presses = evidence.story.of("press")
    stopping = [p.t_ms for p in presses if audible_ms(evidence.air_levels, p.t_ms - BEFORE_MS, p.t_ms) >= AUDIBLE_MS]
    if len(stopping) < nth:
        raise Missing(
            f"{len(presses)} press(es), {len(stopping)} of them while a reply was audible: there is nothing to judge"
        )
    at_ms = stopping[nth - 1]
    return _falls_silent(evidence, at_ms, at_ms + within_ms + 2 * AFTER_MS, within_ms, "the press")


def truncated_to_heard(evidence: Evidence, *, talk: str, nth: int = 1, tolerance_ms: int = 250) -> Finding:
    """After an interruption the server is told what the air has played: no more, and no less than the tolerance."""
    said = sentence(evidence, talk, nth)
    reply = evidence.story.reply_at(said.span.start_ms)
    if reply is None:
        raise Missing(f'no reply was playing when "{said.text}" began')
    told = evidence.story.first("truncate", turn=reply.turn)
    if told is None:
        return Finding(
            False, f"the server was never told that the reply of turn {reply.turn} was cut off", said.span.start_ms
        )
    begin = speech_from(evidence.air_levels, reply.span.start_ms - BEFORE_MS, said.span.start_ms)
    silent = silent_from(evidence.air_levels, said.span.start_ms, max(said.span.end_ms, told.t_ms + AFTER_MS))
    if begin is None or silent is None:
        return Finding(False, "the recording has no beginning or no end of the reply", said.span.start_ms)
    told_ms, heard_ms = int(told.data.get("audio_end_ms", 0)), silent - begin
    why = f"the server was told {told_ms} ms, the air played {heard_ms} ms (tolerance {tolerance_ms})"
    return Finding(abs(told_ms - heard_ms) <= tolerance_ms, why, silent)


def not_self_interrupted(evidence: Evidence, *, max_ducks: int = 1, at_least_s: float = 5.0) -> Finding:
    """While replies play and nobody speaks, nothing stops them and (almost) nothing ducks them.

    at_least_s: of replies with nobody speaking; less proves nothing.
    """
    story = evidence.story
    alone_ms = sum(_alone_ms(evidence, reply) for reply in story.replies)
    if alone_ms < at_least_s * 1000:
        raise Missing(f"only {alone_ms / 1000:.1f} s of replies played with nobody speaking (needed {at_least_s:.0f})")
    during = f"in {alone_ms / 1000:.1f} s of replies with nobody speaking"
    barged = [h.t_ms for h in story.of("barge_in") if not story.anyone_speaks(h.t_ms, h.t_ms + 1, SPEECH_MARGIN_MS)]
    if barged:
        return Finding(
            False,
            f"{during} the device interrupted itself {len(barged)} time(s), first at {clock(barged[0])}",
            barged[0],
        )
    for reply in story.replies:
        if reply.ended == "flushed" and not _explained(evidence, reply):
            end = reply.span.end_ms
            return Finding(
                False, f"{during} the reply of turn {reply.turn} was stopped at {clock(end)} and nobody stopped it", end
            )
    ducks = [h.t_ms for h in story.of("duck") if not story.anyone_speaks(h.t_ms, h.t_ms + 1, SPEECH_MARGIN_MS)]
    why = f"{during}: no reply was stopped, {len(ducks)} ducked (allowed {max_ducks})"
    return Finding(len(ducks) <= max_ducks, why, ducks[0] if ducks else None)


def _falls_silent(evidence: Evidence, onset_ms: int, until_ms: int, within_ms: int, what: str) -> Finding:
    before = audible_ms(evidence.air_levels, onset_ms - BEFORE_MS, onset_ms)
    if before < AUDIBLE_MS:
        return Finding(
            False, f"no reply was audible when {what} at {clock(onset_ms)}: there was nothing to stop", onset_ms
        )
    silent = silent_from(evidence.air_levels, onset_ms, until_ms)
    since = what if what.startswith("the") else f"{what} at {clock(onset_ms)}"
    if silent is None:
        return Finding(False, f"the reply was still audible {until_ms - onset_ms} ms after {since}", onset_ms)
    why = f"the air was silent {silent - onset_ms} ms after {since} (allowed {within_ms})"
    return Finding(silent - onset_ms <= within_ms, why, onset_ms)


def _alone_ms(evidence: Evidence, reply: Reply) -> int:
    """How long a reply was audible while nobody spoke."""
    levels, span = evidence.air_levels, reply.span
    shared = sum(
        audible_ms(levels, max(span.start_ms, said.span.start_ms), min(span.end_ms, said.span.end_ms))
        for said in evidence.story.said
        if said.span.touches(span.start_ms, span.end_ms)
    )
    return audible_ms(levels, span.start_ms, span.end_ms) - shared


def _explained(evidence: Evidence, reply: Reply) -> bool:
    """Whether a person, or what was broken on purpose, stopped this reply."""
    story, end = evidence.story, reply.span.end_ms
    causes = [Span(h.t_ms, h.t_ms + CAUSE_MS) for h in story.of("press", "stop_word", "mute", "fault")]
    causes += [Span(said.span.start_ms, said.span.end_ms + SPEECH_MARGIN_MS) for said in story.said]
    return any(cause.touches(end, end + 1) for cause in causes)
