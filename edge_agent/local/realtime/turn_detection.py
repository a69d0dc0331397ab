"""Where a person begins and ends to speak, in the sound that is appended: server_vad and semantic_vad.

Law: counts sound, not time; decides nothing about replies. Milliseconds count what was written to the buffer since the
session began; the start includes the padding in front, the end the silence behind. Samples at the detector: 16 kHz.

semantic_vad has no model of its own for meaning. In a pause of `asks_after_ms` whoever listens asks the recogniser:
words that are a whole sentence of its grammar end the turn (`finish`), all others wait for more, at most as long as the
protocol says for the eagerness.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import soxr

from edge_agent.hearing.vad import SpeechDetector

DETECTOR_RATE = 16_000  # Hz
BLOCK_MS = 10
ONSET_MS = 60  # speech that it takes to begin: two windows of the detector, so that a click does not
KEPT_MS = 200  # beside the padding: the onset itself and what the detector has not seen yet
LONGEST_WAIT_MS = {"high": 2_000, "medium": 4_000, "auto": 4_000, "low": 8_000}  # the protocol's
ASKS_AFTER_MS = {"high": 300, "medium": 500, "auto": 500, "low": 800}  # a pause within a sentence is mostly shorter
SEMANTIC_THRESHOLD = 0.5
SEMANTIC_PADDING_MS = 300


@dataclass(frozen=True, slots=True)
class SpeechStarted:
    audio_start_ms: int


@dataclass(frozen=True, slots=True)
class SpeechStopped:
    audio_end_ms: int


class TurnDetection:
    """One configuration's detection, from `begins_ms` of the session's sound on. settings: a checked turn_detection.

    pauses: how often the person who speaks fell silent; a number for the present pause.
    """

    def __init__(self, detector: SpeechDetector, settings: Mapping[str, Any], rate: int, *, begins_ms: int = 0) -> None:
        detector.reset()
        self._detector = detector
        semantic = settings["type"] == "semantic_vad"
        self._threshold: float = SEMANTIC_THRESHOLD if semantic else settings["threshold"]
        self._silence_ms: int = LONGEST_WAIT_MS[settings["eagerness"]] if semantic else settings["silence_duration_ms"]
        self.asks_after_ms: int | None = ASKS_AFTER_MS[settings["eagerness"]] if semantic else None
        self.idle_timeout_ms: int | None = settings.get("idle_timeout_ms")
        self.padding_ms: int = SEMANTIC_PADDING_MS if semantic else settings["prefix_padding_ms"]
        self.creates: bool = settings["create_response"]
        self.interrupts: bool = settings["interrupt_response"]
        self.speaking = False
        self.pauses = 0
        self._resample = soxr.ResampleStream(rate, DETECTOR_RATE, 1, dtype="float32", quality="LQ")
        self._waiting = np.zeros(0, np.float32)
        self._begins_ms = begins_ms
        self._ms = begins_ms
        self._run_ms = 0  # of speech before it counts, or of silence after

    def hear(self, pcm: bytes) -> Iterator[SpeechStarted | SpeechStopped]:
        """More sound, 16-bit PCM at the configured rate."""
        samples = np.frombuffer(pcm, "<i2").astype(np.float32) / np.float32(32768)
        stream = np.concatenate((self._waiting, self._resample.resample_chunk(samples)))
        size = DETECTOR_RATE * BLOCK_MS // 1000
        whole = len(stream) // size * size
        self._waiting = stream[whole:]
        for block in stream[:whole].reshape(-1, size):
            fact = self._block(block)
            if fact is not None:
                yield fact

    @property
    def pause_ms(self) -> int:
        """How long the person who speaks has been silent."""
        return self._run_ms if self.speaking else 0

    def finish(self) -> SpeechStopped:
        """The sentence before this pause is known to be whole."""
        self.speaking = False
        self._run_ms = 0
        self._detector.refresh()  # the next sentence is judged by itself
        self._begins_ms = self._ms  # what belongs to this sentence is no padding of the next
        return SpeechStopped(self._ms)

    def _block(self, block: npt.NDArray[np.float32]) -> SpeechStarted | SpeechStopped | None:
        speech = self._detector.hear(block) >= self._threshold
        self._ms += BLOCK_MS
        self._run_ms = self._run_ms + BLOCK_MS if speech != self.speaking else 0
        if not self.speaking and self._run_ms >= ONSET_MS:
            self.speaking = True
            start = self._ms - self._run_ms - self.padding_ms
            self._run_ms = 0
            return SpeechStarted(max(self._begins_ms, start))
        if self.speaking and self._run_ms == BLOCK_MS:
            self.pauses += 1
        return self.finish() if self.speaking and self._run_ms >= self._silence_ms else None
