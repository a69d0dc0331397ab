"""The same recording whatever was said, for measurements.

Law: a `Mind` that does not listen.
"""

from __future__ import annotations

from pathlib import Path

from edge_agent.audio.wav import WavError, read_at
from edge_agent.audio.wire import pcm16
from edge_agent.local.realtime.mind import Answer, Question, Say
from edge_agent.local.speech.work import WORK_RATE


class FixedReply:
    """The same recording whatever was said, for measurements. Raises WavError."""

    def __init__(self, path: Path, text: str = "This is a recording.") -> None:
        samples = read_at(path, WORK_RATE)
        if not len(samples):
            raise WavError(f"{path}: found no sound in it, expected a reply")
        self._reply = Say(text, pcm16(samples))

    def answer(self, question: Question) -> Answer:
        return (self._reply,)
