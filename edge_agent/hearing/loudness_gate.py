"""Is there anything to listen to? While a room is as quiet as it ever is, no network needs to run.

Law: powers in, open or shut out, one frame of 80 ms a call; no samples, no clock: time is the count of frames. It may
be open for nothing, which costs; it must never be shut over a voice. So it is a comparison with the quietest that the
room has been of late, and not with its mean: talk and music have pauses and stay above their own floor, while a fan is
the floor once it has outlasted the memory, up and down alike. What was heard before the gate opened is its user's
business (`wake_features.py` keeps it), so the gate need not be quick: the loudest vowel of a phrase is enough.

Units: power is the mean square of samples in [-1, 1], without its mean (a cheap microphone's offset is no sound).
"""

from __future__ import annotations

from collections import deque

FRAME_MS = 80

# Over the floor. Frames of steady noise stay within 3 dB of their quietest; a phrase as loud as the noise it is spoken
# in has a vowel 6 dB over it, and one softer than its noise wakes no network.
_RISE = 10 ** (5 / 10)
_INAUDIBLE = 10 ** (-84 / 10)  # the networks themselves hear no phrase whose loudest vowel is below this
_HANG_OVER_FRAMES = 1500 // FRAME_MS  # a phrase's pauses, and the end of its score

# The floor's memory, in spans, so that a call compares a few numbers: 5.1 s, longer than anybody speaks without a pause
# for breath, and as long as a fan that starts is listened to.
_SPAN_FRAMES, _SPANS = 8, 8


class LoudnessGate:
    """One `hear` a frame. Until it has known the room for the length of its memory, whatever is audible opens it."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget the room."""
        self._quietest: deque[float] = deque([0.0] * _SPANS, maxlen=_SPANS)
        self._span_quietest = float("inf")
        self._span_left = _SPAN_FRAMES
        self._open_left = 0

    def hear(self, power: float) -> bool:
        """Whether this frame is worth listening to."""
        self._span_quietest = min(self._span_quietest, power)
        floor = min(*self._quietest, self._span_quietest)
        is_loud = power > max(floor * _RISE, _INAUDIBLE)
        is_open = is_loud or self._open_left > 0
        self._open_left = _HANG_OVER_FRAMES if is_loud else max(self._open_left - 1, 0)
        self._span_left -= 1
        if self._span_left == 0:
            self._quietest.append(self._span_quietest)
            self._span_quietest = float("inf")
            self._span_left = _SPAN_FRAMES
        return is_open
