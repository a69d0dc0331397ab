"""Wake words with openWakeWord's three networks, streamed straight on ONNX Runtime.

Law: a block in, a wake or None out; threshold, patience and refractory time live here and nowhere else.

Source: openWakeWord 0.5.1 (`openwakeword/utils.py`, `model.py`), whose scores this reproduces. Every 80 ms frame (1280
samples) becomes 8 rows of a 32-band melspectrogram, from 1760 samples: 480 old ones are the transform's reach, and the
network clips to 80 dB below the loudest of what it is given, so the length matters. The rows are scaled x/10 + 2, the
last 76 of them become one embedding of 96 values, and each word's head looks at its last N embeddings (N is read from
the head; 16 as a rule, 2 s of sound).

Units: samples enter as float32 in [-1, 1] and reach the network as float32 on the scale of 16-bit PCM, as it was
trained.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from edge_agent.audio.format import BLOCK_MS, BLOCKS_PER_S, HEARING_BLOCK, Samples
from edge_agent.hearing.models import Model, session, wake_features, wake_head
from edge_agent.hearing.wake import ModelError, Wake

_FRAME = 1280  # samples: 80 ms
_REACH = 480  # samples of the frame before that the melspectrogram needs to give 8 whole rows
_ROWS, _BANDS, _STEP = 76, 32, 8  # melspectrogram rows an embedding sees, their bands, rows a frame adds
_EMBEDDING = 96
_PCM16 = 32768.0

# The first frame is begun as if 20 ms of it had passed: the networks then run in the 6th and 14th of every 16 blocks,
# where the speech detector (4, 7, 10, 13, 16), started in the same block, never runs. Nothing is late by it.
_HEAD_START = 2 * HEARING_BLOCK

# How long ago the phrase ended when it wakes. A score that climbs slowly crosses late, so the frames since it left the
# floor tell. Measured on 495 flite phrases with known phone times (hey_jarvis and alexa, alone and in one breath with a
# sentence, two noise levels, four frame phases): 95 in 100 ended less than 128, 212, 293, 365 ms ago after 0, 1, 2, 3
# frames of climbing. The phrase's tail before the sentence does no harm, a lost first word does: so that far end is
# taken, unless a pause shows where the phrase ended.
_CLIMBING = 0.02  # a score over this has left the floor: one that hears nothing is below 0.01
_ENDED_MS, _ENDED_MS_A_FRAME = 140, 80
_CLIMB_AT_MOST = 4  # frames; a longer climb is another phrase, or noise (the patience asked for comes on top)
_PAUSE_BLOCKS = 10  # 100 ms: longer than the closure of a plosive ("turn", "stop"), which is no pause
_LOUDNESS_BLOCKS = 100  # the phrase itself, for its loudness
_PAUSE_BELOW_PEAK = 10 ** (-30 / 10)  # power: a pause is 30 dB below the phrase's loudest block,
_PAUSE_ABOVE_FLOOR = 10 ** (6 / 10)  # or within 6 dB of the quietest heard in that time,
_PAUSE_AT_MOST = 10 ** (-14 / 10)  # but never within 14 dB of the loudest: in noise no pause is claimed


class _Head:
    """One word's network and what its score has done so far."""

    def __init__(self, model: Model) -> None:
        self.word = model.name
        self._network = session(model)
        inputs, outputs = self._network.get_inputs(), self._network.get_outputs()
        shape = inputs[0].shape
        fits = len(inputs) == 1 and len(shape) == 3 and isinstance(shape[1], int) and shape[2] == _EMBEDDING
        if not fits or outputs[0].shape[-1] != 1:
            raise ModelError(
                f"{model.path}: found input {shape}, output {outputs[0].shape}, expected [1, N, {_EMBEDDING}], [1, 1]; "
                "use a head trained with openWakeWord for a single phrase"
            )
        self.window: int = shape[1]
        self._input: str = inputs[0].name
        self._output: str = outputs[0].name
        self.reset()

    def reset(self) -> None:
        self.climbing = 0  # frames in a row since the score left the floor
        self._begin()

    def _begin(self) -> None:
        self._frames_over = 0
        self.peak = 0.0
        self.spent = False  # this rise has been reported, or fell into the refractory time

    def score(self, features: Samples) -> float:
        """features: (1, M, 96), M at least the window."""
        result = self._network.run([self._output], {self._input: features[:, -self.window :]})[0]
        return float(np.ravel(result)[0])

    def judge(self, score: float, threshold: float, patience: int) -> bool:
        """Whether this frame makes the word heard."""
        self.climbing = self.climbing + 1 if score >= _CLIMBING else 0
        if score < threshold:
            self._begin()
            return False
        self._frames_over += 1
        self.peak = max(self.peak, score)
        return self._frames_over >= patience and not self.spent


class OpenWakeWord:
    """Implements WakeEngine for several words that share the features.

    words: names of `models.WORDS` or paths of .onnx heads.  threshold: of the score, in (0, 1).  patience: frames of 80
    ms over the threshold in a row.  refractory_s: after a wake no other for this long, of any word; a score that stays
    over the threshold longer does not wake again until it has fallen.  Raises ModelError, ValueError.
    """

    def __init__(
        self, words: Sequence[str], *, threshold: float = 0.5, patience: int = 1, refractory_s: float = 2.0
    ) -> None:
        if not 0.0 < threshold < 1.0 or patience < 1 or refractory_s < 0.0:
            raise ValueError(
                f"found threshold {threshold}, patience {patience}, refractory_s {refractory_s}; "
                "expected threshold between 0 and 1, patience of at least 1, refractory_s of at least 0"
            )
        self._threshold, self._patience = threshold, patience
        self._refractory_blocks = round(refractory_s * BLOCKS_PER_S)
        self._heads = [_Head(wake_head(word)) for word in words]
        self.scores: dict[str, float] = {head.word: 0.0 for head in self._heads}
        if not words or len(self.scores) != len(self._heads):
            raise ModelError(f"wake.words: found {list(words)}, expected at least one word, each name once")
        melspectrogram, embedding = wake_features()
        self._melspectrogram: Any = session(melspectrogram)
        self._embedding: Any = session(embedding)
        self._samples = np.zeros((1, _REACH + _FRAME), np.float32)
        self._rows = np.zeros((1, _ROWS, _BANDS, 1), np.float32)
        self._features = np.zeros((1, max(head.window for head in self._heads), _EMBEDDING), np.float32)
        self._powers = np.zeros(_LOUDNESS_BLOCKS, np.float64)
        silence = self._scaled_rows()
        self._silent_row = silence[-1].copy()
        self._rows[0, :, :, 0] = self._silent_row
        self._silent_embedding = self._embed().copy()
        self.reset()

    def hear(self, block: Samples) -> Wake | None:
        """block: (160,), the linear tap. Runs the networks once in 8 blocks."""
        start = _REACH + self._filled
        np.multiply(block, _PCM16, out=self._samples[0, start : start + HEARING_BLOCK])
        self._filled += HEARING_BLOCK
        self._powers[self._block % _LOUDNESS_BLOCKS] = np.dot(block, block)
        self._block += 1
        if self._filled < _FRAME:
            return None
        self._refresh()
        return self._decide()

    def reset(self) -> None:
        """Forget all that was heard, as if there had always been silence. Costs no inference."""
        self._samples.fill(0.0)
        self._rows[0, :, :, 0] = self._silent_row
        self._features[:] = self._silent_embedding
        self._powers.fill(0.0)
        self._filled = _HEAD_START
        self._block = 0
        self._deaf_until = 0
        for head in self._heads:
            head.reset()
            self.scores[head.word] = 0.0

    def _refresh(self) -> None:
        """One frame through the three networks."""
        self._rows[0, :-_STEP, :, 0] = self._rows[0, _STEP:, :, 0]
        self._rows[0, -_STEP:, :, 0] = self._scaled_rows()
        self._features[0, :-1] = self._features[0, 1:]
        self._features[0, -1] = self._embed()
        self._samples[0, :_REACH] = self._samples[0, _FRAME:]
        self._filled = 0
        for head in self._heads:
            self.scores[head.word] = head.score(self._features)

    def _decide(self) -> Wake | None:
        heard = None
        for head in self._heads:
            if not head.judge(self.scores[head.word], self._threshold, self._patience):
                continue
            head.spent = True
            if self._block >= self._deaf_until and (heard is None or head.peak > heard.peak):
                heard = head
        if heard is None:
            return None
        self._deaf_until = self._block + self._refractory_blocks
        return Wake(heard.word, heard.peak, self._ended_ms_ago(heard.climbing))

    def _scaled_rows(self) -> Samples:
        """The samples' 8 rows of 32 bands."""
        rows: Samples = self._melspectrogram.run(None, {"input": self._samples})[0][0, 0]
        return rows / 10.0 + 2.0

    def _embed(self) -> Samples:
        embedding: Samples = self._embedding.run(None, {"input_1": self._rows})[0]
        return embedding.reshape(_EMBEDDING)

    def _ended_ms_ago(self, climbing: int) -> int:
        """The first pause since the phrase may have ended, if there is one; else the moment it had ended for sure."""
        frames = min(climbing - 1, _CLIMB_AT_MOST + self._patience - 1)
        blocks = min((_ENDED_MS + _ENDED_MS_A_FRAME * frames) // BLOCK_MS, self._block, _LOUDNESS_BLOCKS)
        powers = np.roll(self._powers, -(self._block % _LOUDNESS_BLOCKS))[-min(self._block, _LOUDNESS_BLOCKS) :]
        peak, floor = float(powers.max()), float(powers.min())
        limit = min(max(peak * _PAUSE_BELOW_PEAK, floor * _PAUSE_ABOVE_FLOOR), peak * _PAUSE_AT_MOST)
        quiet = 0
        for age in range(blocks, 0, -1):
            quiet = quiet + 1 if powers[-age] <= limit else 0
            if quiet == _PAUSE_BLOCKS:
                return (age - 1 + _PAUSE_BLOCKS) * BLOCK_MS
        return blocks * BLOCK_MS
