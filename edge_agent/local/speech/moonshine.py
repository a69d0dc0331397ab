"""Moonshine's two networks on onnxruntime: sound to states once, then words piece by piece.

Law: sound and pieces in, log probabilities out; which words are wanted is no business of this file. The weights are
those in the wheel of `moonshine-voice` (English, tiny, 27 million parameters, int8; MIT); its code is never imported
and nothing is fetched. Samples are float32 in [-1, 1] at RATE; probabilities are natural logarithms.
Jeffries et al. 2024, "Moonshine: speech recognition for live transcription and voice commands", arXiv:2410.15608.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from edge_agent.local.speech.pieces import BEGIN, Pieces

RATE = 16_000  # Hz: what it was trained on
PACKAGE = "moonshine_voice"
_FILES = ("encoder_model.ort", "decoder_model_merged.ort", "tokenizer.bin")
_HEADS, _HEAD_SIZE = 8, 36  # of the tiny one

Floats = npt.NDArray[np.float32]


def folder() -> Path | None:
    """Where the weights are, or None: not installed, or a release that downloads them instead."""
    spec = find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        return None
    tiny = Path(spec.origin).parent / "assets" / "tiny-en"
    return tiny if all((tiny / name).is_file() for name in _FILES) else None


@dataclass(frozen=True, slots=True)
class Standing:
    """Some beginnings of a sentence: what may follow each, (beginnings, pieces), and what the network keeps of them."""

    following: Floats
    kept: tuple[Floats, ...]


class Listening:
    """One recording, and the decoder that asks it for words."""

    def __init__(self, decoder: Any, names: Sequence[str], states: Floats, length: int) -> None:
        self._decoder, self._names, self._states, self._length = decoder, names, states, length

    def begin(self) -> Standing:
        """Nothing has been said yet: one beginning."""
        nothing = tuple(np.zeros((0, _HEADS, 1, _HEAD_SIZE), np.float32) for _ in self._names)
        return self._run([BEGIN], nothing, is_first=True)

    def go_on(self, standing: Standing, parents: Sequence[int], pieces: Sequence[int]) -> Standing:
        """Each new beginning: the one in `standing` it continues, and its next piece."""
        rows = np.asarray(parents)
        kept = [values if ".encoder." in name else values[rows] for name, values in self._each(standing.kept)]
        return self._run(pieces, tuple(kept), is_first=False)

    def _run(self, pieces: Sequence[int], kept: Sequence[Floats], *, is_first: bool) -> Standing:
        count = len(pieces)
        fed: dict[str, Any] = {
            name: np.repeat(values, count, axis=0) if ".encoder." in name and not is_first else values
            for name, values in self._each(kept)
        }
        fed["input_ids"] = np.asarray(pieces, np.int64)[:, None]
        fed["encoder_hidden_states"] = np.repeat(self._states, count, axis=0)
        fed["encoder_attention_mask"] = np.ones((count, self._length), np.int64)
        fed["use_cache_branch"] = np.array([not is_first])
        logits, *present = self._decoder.run(None, fed)
        # what it knows of the sound does not change from one piece to the next, nor from one beginning to another
        keeps = [
            new if is_first or ".decoder." in name else old
            for (name, old), new in zip(self._each(kept), present, strict=True)
        ]
        return Standing(_log_softmax(logits[:, -1]), tuple(keeps))

    def _each(self, values: Sequence[Floats]) -> list[tuple[str, Floats]]:
        return list(zip(self._names, values, strict=True))


class Moonshine:
    """The networks, one thread each. Raises OSError: a file cannot be read."""

    def __init__(self, weights: Path) -> None:
        import onnxruntime  # half a second, and only whoever listens needs it

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self._encoder, self._decoder = (
            onnxruntime.InferenceSession(str(weights / name), options, providers=["CPUExecutionProvider"])
            for name in _FILES[:2]
        )
        self._kept = [one.name for one in self._decoder.get_inputs() if one.name.startswith("past_key_values")]
        self.pieces = Pieces((weights / _FILES[2]).read_bytes())

    def listen(self, samples: Floats) -> Listening:
        """samples: (n,), a tenth of a second at least."""
        whole = np.ones((1, len(samples)), np.int64)
        (states,) = self._encoder.run(None, {"input_values": samples[None], "attention_mask": whole})
        return Listening(self._decoder, self._kept, states, len(samples))


def _log_softmax(logits: Floats) -> Floats:
    shifted = logits - logits.max(axis=1, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True)), np.float32)
