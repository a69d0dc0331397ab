"""The speech detector, asleep while nobody needs its word.

Law: it decides when the detector runs, and nothing by what it says. Asleep, sound is remembered and nothing runs;
needed again, the detector is caught up with the last two seconds, so that whoever asks is told what it would have said
had it never slept. Time is the count of blocks.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from edge_agent.audio.format import HEARING_BLOCK, Samples
from edge_agent.hearing.pre_roll import PreRoll
from edge_agent.hearing.vad import SpeechDetector

# After the last need: longer than what is remembered and an echo together, so that no sound of ours is judged twice.
_AWAKE_BLOCKS = 270
_CYCLE = 16  # blocks after which the detector's windows fall on the same blocks again: it and the wake networks agreed

# The detector's certainty depends on the level it hears: of people at 1 and 3 m, -30 dBFS, it missed 3.6 % of the
# speech and never found the end of 48 of 1488 turns; 12 dB louder 0.5 % and 5, without a false beginning in noise or
# music (`python -m tests.bench.endpoints` as it is, and at --speech-dbfs -42). While the loudspeaker is
# audible, and as long as its echo may last, sound is left as it is: our echo's leavings must not be made louder.
LOUDER = np.float32(4.0)
_ECHO_BLOCKS = 60

_SILENCE: Samples = np.zeros(HEARING_BLOCK, np.float32)
_SILENCE.setflags(write=False)


class Judged(NamedTuple):
    """A block's number, its samples (160,), and the probability that it is speech."""

    block: int
    samples: Samples
    probability: float


class SpeechWatch:
    """One `hear` a block.

    probability: of speech in the last block; 0 asleep.
    """

    def __init__(self, detector: SpeechDetector, pre_roll: PreRoll) -> None:
        self.probability = 0.0
        self._detector = detector
        self._pre_roll = pre_roll
        self._heard = 0
        self._awake_left = 0
        self._echo_left = 0

    @property
    def awake(self) -> bool:
        return self._awake_left > 0

    def hear(self, index: int, clean: Samples, *, needed: bool, playing: bool = False) -> list[Judged]:
        """clean: (160,).  playing: the loudspeaker is audible.

        The blocks that were judged by this: none asleep, one awake, the past too on waking.
        """
        self._echo_left = _ECHO_BLOCKS if playing else max(self._echo_left - 1, 0)
        self._pre_roll.keep(index, clean)
        self._heard += 1
        if needed:
            if self._awake_left == 0:
                return self.wake_up()
            self._awake_left = _AWAKE_BLOCKS
        elif self._awake_left == 0:
            return []
        else:
            self._awake_left -= 1
            if self._awake_left == 0:
                self.probability = 0.0
                return []
        return [self._judge(index, clean)]

    def wake_up(self) -> list[Judged]:
        """Something is heard that only the detector can judge. The blocks that were judged by this, oldest first."""
        asleep = self._awake_left == 0
        self._awake_left = _AWAKE_BLOCKS
        if not asleep:
            return []
        self._detector.reset()
        remembered = self._pre_roll.for_catching_up()
        for _ in range((self._heard - len(remembered)) % _CYCLE):
            self._detector.hear(_SILENCE)
        return [self._judge(kept.block, kept.samples) for kept in remembered]

    def refresh(self) -> None:
        """A new hearing begins, where nobody speaks yet: what was heard long ago must not weigh on it. Silero's network
        remembers without end; after music and our own voice it was deaf to a clear sentence eight seconds later.
        """
        self._detector.refresh()

    def forget(self) -> None:
        """Everything that was heard goes."""
        self._detector.reset()
        self._pre_roll.clear()
        self.probability = 0.0
        self._heard = 0
        self._awake_left = self._echo_left = 0

    def _judge(self, index: int, samples: Samples) -> Judged:
        self.probability = self._detector.hear(samples if self._echo_left else louder(samples))
        self._pre_roll.judge(index, self.probability)
        return Judged(index, samples, self.probability)


def louder(samples: Samples) -> Samples:
    """As the detector likes to hear a person."""
    raised: Samples = np.clip(samples * LOUDER, -1.0, 1.0)
    return raised
