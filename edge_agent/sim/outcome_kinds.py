"""What is judged of a drawn scenario, and what is timed: names, words, weights.

Law: vocabulary; `outcomes.py` judges.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Kind:
    """title: what went well.  whose: the part of the system that it tells about.  weight: how bad a failure is, for the
    order of the worst.  hard: it must never fail, in no room."""

    title: str
    whose: str
    weight: int
    hard: bool = False


KINDS = {
    "private": Kind("No sound leaves before a call, between turns, or muted", "the device", 100, hard=True),
    "not_stuck": Kind("In the end it still answers", "the device", 100, hard=True),
    "woke": Kind("A call wakes it", "wake model", 8),
    "no_false_wake": Kind("Nothing but a call wakes it", "wake model", 12),
    "noticed": Kind("What is said then is noticed as speech", "speech detection", 7),
    "not_cut_off": Kind("A pause in the question does not end it", "turn-taking", 5),
    "end_noticed": Kind("The end of the question is noticed", "speech detection, turn-taking", 5),
    "understood": Kind("A question that was heard out is understood", "the embedded server's ears", 3),
    "answered": Kind("A question that was heard out is answered in time", "session, the line", 10),
    "interruption_noticed": Kind("Talking over a reply stops it", "echo stage, speech detection", 9),
    "press_stops": Kind("A press stops a reply", "the device", 30),
    "not_self_interrupted": Kind("It never stops its own reply", "echo stage", 20),
    "not_distracted": Kind("No background stops its reply", "speech detection", 6),
    "people_only": Kind("It listens to people only", "speech detection", 5),
}
TIMES = {
    "answer_ms": "last word of the question to the reply at the air",
    "first_byte_ms": "wake word to the first byte of sound sent",
    "duck_ms": "first sound of an interruption to a softer reply",
    "silence_ms": "first sound of an interruption to silence at the air",
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """good: None where there was no occasion.  why: what went wrong, in a sentence.  at_ms: when."""

    good: bool | None
    why: str = ""
    at_ms: int | None = None
