"""Checks of the conversation: does the device greet, hear the first word, answer, remember.

Law: whether something was heard is read from the recording of the air; what was said, from the captions; what was sent,
from the sound decoded from the socket. The daemon's own opinion of itself proves nothing here.
"""

from __future__ import annotations

from edge_agent.audio.format import HEARING_RATE, Samples
from edge_agent.sim.alignment import align
from edge_agent.sim.evidence import Evidence
from edge_agent.sim.finding import Finding, Missing, clock, quoted, says, sentence, turn_of
from edge_agent.sim.loudness import cut, decibels, energy, onset_of, speech_from
from edge_agent.sim.story import Said

SURE = 0.3  # correlation of a whole sentence with the recording: chance is under 0.1, an earcon over it leaves 0.7
SLICE_MS = 250
SLICE_SURE = 0.5
SLICE_PLAY_MS = 20  # the suppressor's and the resamplers' delay may lie between the tracks
SLICE_LOUD_DB = 20.0  # a slice this much under the sentence's own level is a pause: nothing to compare
HEAD_MS = 1000  # of what was sent, compared slice by slice: a leak of the wake phrase would be there
FIRST_WORD_MS = 350


def greets(evidence: Evidence, *, contains: str | list[str] = "") -> Finding:
    """The device speaks by itself before anyone has spoken."""
    first = min((said.span.start_ms for said in evidence.story.said), default=evidence.duration_ms)
    reply = next((reply for reply in evidence.story.replies if reply.span.start_ms < first), None)
    start = None if reply is None else speech_from(evidence.air_levels, reply.span.start_ms, first)
    if reply is None or start is None:
        return Finding(False, f"no reply was audible before {clock(first)}, when the first person spoke")
    caption = evidence.story.caption(reply.turn, of_person=False)
    if contains and not says(caption, contains):
        return Finding(
            False,
            f'a greeting was heard from {clock(start)}, but it said "{caption}" without {quoted(contains)}',
            start,
        )
    return Finding(
        True, f'speech from {clock(start)}, {(first - start) / 1000:.1f} s before anyone spoke: "{caption}"', start
    )


def answers(
    evidence: Evidence,
    *,
    talk: str,
    nth: int = 1,
    within_ms: int = 3000,
    contains: str | list[str] = "",
    heard: str | list[str] = "",
) -> Finding:
    """A sentence is followed by an audible reply in time. contains: words of the reply.  heard: of the person's."""
    said = sentence(evidence, talk, nth)
    turn = turn_of(evidence, said)
    start = speech_from(evidence.air_levels, said.span.end_ms, said.span.end_ms + within_ms + 1)
    if start is None:
        return Finding(
            False, f'no reply was audible within {within_ms} ms of the end of "{said.text}"', said.span.end_ms
        )
    delay = f"the reply was audible {start - said.span.end_ms} ms after the last word (allowed {within_ms})"
    reply = evidence.story.caption(turn, of_person=False)
    if contains and not says(reply, contains):
        return Finding(False, f'{delay}, but it said "{reply}" without {quoted(contains)}', start)
    person = evidence.story.caption(turn, of_person=True)
    if heard and not says(person, heard):
        return Finding(False, f'{delay}, but the server understood "{person}" without {quoted(heard)}', start)
    return Finding(True, f'{delay}: "{reply}"' if reply else delay, start)


def first_word_sent(
    evidence: Evidence, *, talk: str, nth: int = 1, wake_s: float = 0.0, early_ms: int = 250, late_ms: int = 40
) -> Finding:
    """What crossed the socket begins with the first word after the wake phrase, and without the phrase.

    wake_s: length of the wake phrase as this voice says it, from its first sound; needed where the talk tells no end.
    The sent sound may begin up to early_ms before the phrase's end and late_ms after it.
    """
    said = sentence(evidence, talk, nth)
    turn = turn_of(evidence, said)
    sent = evidence.sent.get(turn)
    if sent is None or not len(sent):
        return Finding(
            False, f'no sound crossed the socket in turn {turn}, when "{said.text}" was said', said.span.start_ms
        )
    wake_end = _wake_end(evidence, said, wake_s)
    length = min(len(sent) * 1000 / HEARING_RATE, said.span.end_ms - said.span.start_ms + 1000)
    place = align(cut(sent, 0, length), evidence.mic, said.span.start_ms - length, said.span.end_ms)
    if place.correlation < SURE:
        why = f"what was sent is not what the microphone heard: correlation {place.correlation:.2f} at best"
        return Finding(False, why, wake_end)
    offset = place.start_ms - wake_end
    side = "after" if offset >= 0 else "before"
    begins = (
        f"what was sent begins {abs(offset):.0f} ms {side} the wake phrase's end (correlation {place.correlation:.2f})"
    )
    if offset > late_ms:
        return Finding(False, f"{begins}: the first word was cut", wake_end)
    if offset < -early_ms:
        return Finding(False, f"{begins}: the wake phrase left the device (allowed {early_ms} ms)", wake_end)
    torn = _torn(evidence, sent, place.start_ms, min(length, HEAD_MS))
    if torn is not None:
        return Finding(
            False,
            f"{begins}, but it does not follow the microphone {torn} ms later: sound is missing or added",
            wake_end,
        )
    word = _alike(evidence, sent, place.start_ms, wake_end - place.start_ms, FIRST_WORD_MS)
    if word < SLICE_SURE:
        return Finding(False, f"{begins}, but the first word is not in it (correlation {word:.2f})", wake_end)
    return Finding(True, f"{begins}; the first word is in it (correlation {word:.2f})", wake_end)


def resumed(
    evidence: Evidence,
    *,
    talk: str,
    nth: int = 1,
    contains: str | list[str] = "",
    within_ms: int = 15_000,
    answer_ms: int = 4000,
) -> Finding:
    """After the fault the link comes back by itself, and a later question is answered from what was said before."""
    story = evidence.story
    fault = story.first("fault")
    if fault is None:
        raise Missing("nothing was ever broken: there is nothing to recover from")
    drop = story.first("drop", from_ms=fault.t_ms)
    if drop is None:
        return Finding(False, f"the connection was never lost after the fault at {clock(fault.t_ms)}", fault.t_ms)
    ready = story.first("ready", from_ms=drop.t_ms)
    if ready is None or ready.t_ms - fault.t_ms > within_ms:
        told = (
            "never"
            if ready is None
            else f"only after {(ready.t_ms - fault.t_ms) / 1000:.1f} s (allowed {within_ms / 1000:.0f})"
        )
        return Finding(False, f"the connection came back {told}", fault.t_ms)
    back = f"the connection was back {(ready.t_ms - fault.t_ms) / 1000:.1f} s after the fault"
    said = sentence(evidence, talk, nth)
    if said.span.start_ms < fault.t_ms:
        return Finding(False, f'{back}, but "{said.text}" was said before the fault: it proves no memory', fault.t_ms)
    answer = answers(evidence, talk=talk, nth=nth, within_ms=answer_ms, contains=contains)
    return Finding(answer.passed, f"{back}; {answer.why}", answer.at_ms)


def _wake_end(evidence: Evidence, said: Said, wake_s: float) -> int:
    if said.wake_end_ms is not None:
        return said.wake_end_ms
    onset = onset_of(evidence.mic, said.span.start_ms, said.span.end_ms)
    if wake_s <= 0 or onset is None:
        raise Missing(f'it is not known where the wake phrase of "{said.text}" ends: give the check wake_s')
    return onset + int(wake_s * 1000)


def _torn(evidence: Evidence, sent: Samples, start_ms: float, head_ms: float) -> int | None:
    """How far into the head the sent sound stops following the microphone, ms; None: nowhere."""
    whole = decibels(energy(sent) / max(1, len(sent)))
    for at_ms in range(0, int(head_ms) - SLICE_MS + 1, SLICE_MS):
        part = cut(sent, at_ms, at_ms + SLICE_MS)
        loud = decibels(energy(part) / max(1, len(part))) > whole - SLICE_LOUD_DB
        if loud and _alike(evidence, sent, start_ms, at_ms, SLICE_MS) < SLICE_SURE:
            return at_ms
    return None


def _alike(evidence: Evidence, sent: Samples, start_ms: float, at_ms: float, for_ms: float) -> float:
    """Similarity of a part of the sent sound with the same moment of the microphone, or of the suppressed tap, for an
    earcon may sound over it. A part that would begin before the first sent sample is shortened."""
    begin = max(0.0, at_ms)
    part = cut(sent, begin, at_ms + for_ms)
    there = start_ms + begin
    tracks = (evidence.mic, evidence.clean)
    return max(align(part, track, there - SLICE_PLAY_MS, there + SLICE_PLAY_MS).correlation for track in tracks)
