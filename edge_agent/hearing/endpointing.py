"""When is a sentence over?

Law: probabilities in, one `SpeechEnded` a sentence out, and before it, each time the person falls silent, the guess
that it may be over: `SpeechPaused`, which `SpeechResumed` takes back. No samples, no clock: time is the block's number.
How long a silence must be follows from what was said before it: longer after a word or two, and, where somebody can
tell (`finality`), shorter after what sounds finished and longer after what does not.
The sentence opens with the uplink, often in the middle of sound: the wake phrase's own tail. Such carried-over speech
counts only once it has lasted longer than a tail can ("hey jarvis what time is it" in one breath); otherwise the person
has not begun yet, and silence ends nothing.

Units: milliseconds of audio; probabilities in [0, 1].
"""

from __future__ import annotations

from collections.abc import Callable

from edge_agent.audio.format import BLOCK_MS
from edge_agent.hearing.facts import SpeechEnded, SpeechPaused, SpeechResumed
from edge_agent.hearing.speech_run import LIKELY, SHORTEST_SPEECH_MS, SpeechRun

_CARRIED_WITHIN_MS = 80  # a run that begins this soon after the opening was there before: the detector lags 32-64 ms
# The tail of a wake phrase after its estimated end: at most 240 ms (`phrase_end`), and the detector holds on for
# about 130 ms.
_CARRIED_AT_LEAST_MS = 400
_RESUMED_MS = 100  # of speech after a pause; a click takes nothing back
_BLIP_MS = 60  # a run of a single 32 ms window is a click: it neither counts nor holds a sentence open

# A thoughtful start ("what ... is the time"): the less was said, the likelier it is that more comes.
_SHORT_MS, _LONG_MS = 300, 700
_CLAIM_PATIENCE = 3.0  # times the silence: a turn that was opened for speech that then is none
_SHORT_PATIENCE = 1.5  # times the silence, up to _SHORT_MS of speech; from _LONG_MS on, the silence itself

# How finished it sounded decides, this long into a silence: what is heard before is the last word's own echo.
JUDGED_MS = 200
# Times the silence: what is as likely over as not, less so much for each unit of the log odds, within bounds. Chosen so
# that no more sentences are cut off than after a fixed silence, and the rest of what is won is time.
_EVEN, _FOR_ODDS = 0.92, 0.18
_LEAST, _MOST = 0.4, 1.5

Ending = SpeechPaused | SpeechResumed | SpeechEnded


class Endpointer:
    """threshold: speech probability.  silence_ms: that ends a sentence, about.  min_speech_ms: less is no sentence.

    patience: times the silence after a short start; 1 waits the same after everything.
    pause_ms: silence after which the sentence may be over, whatever its start; 0: no guess is made.
    finality: the log odds that what was heard up to this block is over, asked once a silence; None: nobody can tell.
    """

    def __init__(
        self,
        *,
        threshold: float,
        silence_ms: int,
        min_speech_ms: int = SHORTEST_SPEECH_MS,
        patience: float = _SHORT_PATIENCE,
        pause_ms: int = 0,
        finality: Callable[[], float] | None = None,
    ) -> None:
        if silence_ms <= 0 or min_speech_ms < 0 or patience < 1.0:
            raise ValueError(
                f"found silence_ms {silence_ms}, min_speech_ms {min_speech_ms}, patience {patience}; "
                "expected silence_ms above 0, min_speech_ms of at least 0 and patience of at least 1"
            )
        self._silence_ms = silence_ms
        self._min_speech_ms = min_speech_ms
        self._patience = patience
        self._pause_ms = pause_ms
        self._finality = finality
        self._sure = SpeechRun(threshold)
        self._likely = SpeechRun(min(threshold, LIKELY), hysteresis=0.0)
        self._run = self._sure
        self._is_open = False
        self._opened_at: int | None = None
        self._forget()

    @property
    def has_begun(self) -> bool:
        """Whether any of this sentence was heard yet."""
        return self._speech_ms > 0 or self._run.speaking

    def open(self) -> None:
        """The person has the floor: the next block is the first of a new sentence."""
        self.close()
        self._is_open = True

    def close(self) -> None:
        """The floor is taken back: nothing ends any more."""
        self._sure.reset()
        self._likely.reset()
        self._is_open = False
        self._opened_at = None
        self._claimed_at: int | None = None
        self._forget()

    def hear(self, index: int, probability: float, *, claimed: bool = False, remembered: bool = False) -> Ending | None:
        """One block's number and probability; missing numbers are time that passed.

        claimed: it is known that the person has begun to speak, so less certainty is needed; and if nothing comes of
        it, the sentence ends without any speech.
        remembered: the block is of the past; nobody can tell any more how finished it sounded.
        """
        if not self._is_open:
            return None
        if self._opened_at is None:
            self._opened_at = index
        if claimed and self._claimed_at is None:
            self._claimed_at = index
        self._run = self._likely if claimed else self._sure
        was_speaking = self._run.speaking
        self._sure.hear(index, probability)
        self._likely.hear(index, probability)
        if self._run.speaking:
            return self._judge_resumption(index)
        if was_speaking:
            self._count_run(self._opened_at)
        return self._judge_silence(index, remembered)

    def _forget(self) -> None:
        self._speech_ms = 0
        self._odds: float | None = None
        self._last = 0
        self._paused = False

    def _count_run(self, opened_at: int) -> None:
        run = self._run
        carried = (run.first - opened_at) * BLOCK_MS < _CARRIED_WITHIN_MS
        if run.length_ms >= (_CARRIED_AT_LEAST_MS if carried else _BLIP_MS):
            self._speech_ms += run.length_ms
            self._last = run.last
            self._odds = None

    def _judge_resumption(self, index: int) -> SpeechResumed | None:
        if not self._paused or self._run.length_ms < _RESUMED_MS:
            return None
        self._paused = False
        return SpeechResumed(index)

    def _judge_silence(self, index: int, remembered: bool) -> SpeechPaused | SpeechEnded | None:
        if self._speech_ms == 0:
            return self._judge_claim(index)
        silence_ms = (index - self._last) * BLOCK_MS
        if self._odds is None and self._finality is not None and silence_ms >= JUDGED_MS and not remembered:
            self._odds = self._finality()
        if silence_ms < self._patience_ms():
            return self._judge_pause(index, silence_ms)
        ended = SpeechEnded(self._speech_ms, self._last, index)
        if ended.speech_ms < self._min_speech_ms:
            self._forget()  # a cough: the sentence has not begun
            return None
        self._is_open = False
        return ended

    def _judge_pause(self, index: int, silence_ms: int) -> SpeechPaused | None:
        if self._paused or not 0 < self._pause_ms <= silence_ms or self._speech_ms < self._min_speech_ms:
            return None
        self._paused = True
        return SpeechPaused(self._last, index)

    def _judge_claim(self, index: int) -> SpeechEnded | None:
        if self._claimed_at is None or (index - self._claimed_at) * BLOCK_MS < _CLAIM_PATIENCE * self._silence_ms:
            return None
        self._is_open = False
        return SpeechEnded(0, index, index)

    def _patience_ms(self) -> float:
        share = (_LONG_MS - self._speech_ms) / (_LONG_MS - _SHORT_MS)
        times = 1.0 + (self._patience - 1.0) * min(max(share, 0.0), 1.0)
        if self._odds is not None:
            times = min(times * max(_EVEN - _FOR_ODDS * self._odds, _LEAST), max(_MOST, self._patience))
        return self._silence_ms * times
