"""Wake words with openWakeWord's three networks, streamed straight on ONNX Runtime.

Law: a block in, a wake or None out; thresholds, patience and refractory time live here and nowhere else. The networks
sleep while the room is as quiet as it ever is (`loudness_gate`), and nobody can tell by the scores of what is heard
then: the sound is remembered (`wake_features`). The scores are openWakeWord's own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from edge_agent.audio.format import BLOCKS_PER_S, Samples
from edge_agent.hearing.loudness_gate import LoudnessGate
from edge_agent.hearing.models import wake_head
from edge_agent.hearing.phrase_end import CLIMB_AT_MOST, LOUDNESS_BLOCKS, ended_ms_ago
from edge_agent.hearing.wake import ModelError, Wake
from edge_agent.hearing.wake_features import WakeFeatures
from edge_agent.hearing.wake_head import WakeHead

_NO_THRESHOLDS: Mapping[str, float] = MappingProxyType({})


class OpenWakeWord:
    """Implements WakeEngine for several words that share the features.

    words, stop_words: names of `models.WORDS` or paths of .onnx heads.  threshold: of the score, in (0, 1); None takes
    each model's own.  thresholds: for single words, by the word as it was given or its model's name.  patience: frames
    of 80 ms over the threshold in a row.  refractory_s: after a wake no other for this long, of any word, and after a
    stop word no stop word; a score that stays over the threshold longer does not count again until it has fallen.
    Raises ModelError, ValueError.
    """

    def __init__(
        self,
        words: Sequence[str],
        *,
        threshold: float | None = None,
        thresholds: Mapping[str, float] = _NO_THRESHOLDS,
        stop_words: Sequence[str] = (),
        patience: int = 1,
        refractory_s: float = 2.0,
    ) -> None:
        _check(threshold, thresholds, patience, refractory_s)
        self._patience = patience
        self._refractory_blocks = round(refractory_s * BLOCKS_PER_S)
        self._heads = _heads(words, stop_words, threshold, thresholds)
        self.scores: dict[str, float] = {head.word: 0.0 for head in self._heads}
        if not words or len(self.scores) != len(self._heads):
            found = f"wake.words: found {list(words)}" + (f", stop words {list(stop_words)}" if stop_words else "")
            raise ModelError(f"{found}, expected at least one word, each name once")
        # The heads are asked about the time before an opening too, as far back as the end of a phrase is counted from.
        self._features = WakeFeatures(
            window=max(head.window for head in self._heads), told=CLIMB_AT_MOST + self._patience
        )
        self._gate = LoudnessGate()
        self._is_open = True
        self._deaf_until: dict[bool, int] = {}
        self.reset()

    @property
    def due_in(self) -> int:
        return self._features.blocks_to_frame

    def hear(self, block: Samples) -> Wake | None:
        """block: (160,), the linear tap. Runs the networks once in 8 blocks, and not at all in silence."""
        self._block += 1
        if not self._features.keep(block):
            return None
        if self._gate.hear(self._features.power):
            self._is_open = True
            return self._listen()
        if self._is_open:
            self._is_open = False
            self._forget_scores()
        return None

    def forgive(self) -> None:
        self._deaf_until = dict.fromkeys(self._deaf_until, 0)

    def reset(self) -> None:
        """Forget all that was heard, as if there had always been silence. Costs no inference."""
        self._features.reset()
        self._gate.reset()
        self._block = 0
        self._deaf_until = {False: 0, True: 0}  # by whether the word stops
        self._forget_scores()

    def _forget_scores(self) -> None:
        for head in self._heads:
            head.reset()
            self.scores[head.word] = 0.0

    def _listen(self) -> Wake | None:
        """This frame, and those that were slept through."""
        heard = None
        for windows in self._features.catch_up():
            for head in self._heads:
                self.scores[head.word] = head.score(windows)
            heard = self._decide() or heard
        return heard

    def _decide(self) -> Wake | None:
        found = [head for head in self._heads if head.judge(self.scores[head.word], self._patience)]
        return self._report([head for head in found if not head.stops]) or self._report(
            [head for head in found if head.stops]
        )

    def _report(self, found: Sequence[WakeHead]) -> Wake | None:
        """found: words of one kind that were heard now."""
        if not found:
            return None
        for head in found:
            head.spent = True
        heard = max(found, key=lambda head: head.peak)
        if self._block < self._deaf_until[heard.stops]:
            return None
        self._deaf_until[heard.stops] = self._block + self._refractory_blocks
        powers = self._features.block_powers(min(self._block, LOUDNESS_BLOCKS))
        ended = ended_ms_ago(powers, heard.climbing, self._patience)
        return Wake(heard.word, heard.peak, ended, heard.stops)


def _check(threshold: float | None, thresholds: Mapping[str, float], patience: int, refractory_s: float) -> None:
    if (threshold is not None and not 0.0 < threshold < 1.0) or patience < 1 or refractory_s < 0.0:
        raise ValueError(
            f"found threshold {threshold}, patience {patience}, refractory_s {refractory_s}; "
            "expected threshold between 0 and 1, patience of at least 1, refractory_s of at least 0"
        )
    for word, value in thresholds.items():
        if not 0.0 < value < 1.0:
            raise ValueError(f"wake.thresholds: found {value} for {word!r}, expected a threshold between 0 and 1")


def _heads(
    words: Sequence[str], stop_words: Sequence[str], threshold: float | None, thresholds: Mapping[str, float]
) -> list[WakeHead]:
    models = [(word, wake_head(word), False) for word in words] + [(word, wake_head(word), True) for word in stop_words]
    known = {name for word, model, _ in models for name in (word, model.name)}
    unknown = [word for word in thresholds if word not in known]
    if unknown:
        raise ModelError(
            f"wake.thresholds: found {', '.join(map(repr, unknown))}, expected one of the words listened for: "
            f"{', '.join(sorted(known))}"
        )
    found = []
    for word, model, stops in models:
        of_all = model.threshold if threshold is None else threshold
        found.append(WakeHead(model, threshold=thresholds.get(word, thresholds.get(model.name, of_all)), stops=stops))
    return found
