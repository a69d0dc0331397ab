"""One word's network, and what its score has done so far.

Law: a window of features in, a score and a verdict out; what a verdict means, and whether another word's counts more,
is `wake_openwakeword`'s business. Scores and thresholds in (0, 1); a frame is 80 ms.
"""

from __future__ import annotations

import numpy as np

from edge_agent.audio.format import Samples
from edge_agent.hearing.models import Model, session
from edge_agent.hearing.wake import ModelError
from edge_agent.hearing.wake_features import EMBEDDING

_CLIMBING = 0.02  # a score over this has left the floor: one that hears nothing is below 0.01


class WakeHead:
    """word: the model's name.  window: how many embeddings it looks at (16 as a rule, 2 s of sound).

    climbing: frames in a row since the score left the floor.  peak: the highest score since it crossed the threshold.
    spent: this rise has been reported, or fell into the refractory time.
    """

    def __init__(self, model: Model, *, threshold: float, stops: bool = False) -> None:
        """Raises ModelError."""
        self.word = model.name
        self.stops = stops
        self._threshold = threshold
        self._network = session(model)
        inputs, outputs = self._network.get_inputs(), self._network.get_outputs()
        shape = inputs[0].shape
        fits = len(inputs) == 1 and len(shape) == 3 and isinstance(shape[1], int) and shape[2] == EMBEDDING
        if not fits or outputs[0].shape[-1] != 1:
            raise ModelError(
                f"{model.path}: found input {shape}, output {outputs[0].shape}, expected [1, N, {EMBEDDING}], [1, 1]; "
                "use a head trained with openWakeWord for a single phrase"
            )
        self.window: int = shape[1]
        self._input: str = inputs[0].name
        self._output: str = outputs[0].name
        self.reset()

    def reset(self) -> None:
        self.climbing = 0
        self._fall()

    def _fall(self) -> None:
        self._frames_over = 0
        self.peak = 0.0
        self.spent = False

    def score(self, windows: Samples) -> float:
        """windows: (1, M, 96), M at least the window."""
        result = self._network.run([self._output], {self._input: windows[:, -self.window :]})[0]
        return float(np.ravel(result)[0])

    def judge(self, score: float, patience: int) -> bool:
        """Whether this frame makes the word heard."""
        self.climbing = self.climbing + 1 if score >= _CLIMBING else 0
        if score < self._threshold:
            self._fall()
            return False
        self._frames_over += 1
        self.peak = max(self.peak, score)
        return self._frames_over >= patience and not self.spent
