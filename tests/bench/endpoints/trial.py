"""One turn through the daemon's own stages: the room, speech detection, the beginning, and the end.

Law: the stages are the daemon's (`SileroVad`, `SpeechOnset`, `Endpointer`), fed as the listener feeds them, the uplink
opened as after a wake: the room is quiet for a moment, then the person speaks; as soon as they are heard to have begun
the endpointer is told so. The network runs once a turn; the endpointers, cheap, are tried one after the other on what
it said. Labels were made dry and are moved by the way of the sound through the air.
Units: milliseconds from the turn's first block; levels in dBFS at the microphone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

import numpy as np

from edge_agent.audio.format import BLOCK_MS, HEARING_BLOCK, Samples
from edge_agent.config import Settings
from edge_agent.hearing.endpointing import Endpointer
from edge_agent.hearing.facts import SpeechBegan
from edge_agent.hearing.finality import WEIGHTS, finality
from edge_agent.hearing.onset import SpeechOnset
from edge_agent.hearing.speech_watch import louder
from edge_agent.hearing.vad_silero import SileroVad
from edge_agent.sim.acoustics import SOUND_M_S
from edge_agent.sim.room import Room
from edge_agent.sim.scenario_room import RoomSettings
from edge_agent.sim.voice import at_level
from tests.bench.endpoints.labels import Labels, Pause
from tests.bench.endpoints.recordings import Recording
from tests.bench.endpoints.talkers import Talker

FLUENT, PAUSING, HESITATING = "fluent", "pausing", "hesitating"
GROUPS = {  # what the figures are told of: `spoken` is all recordings as they are
    FLUENT: (FLUENT,),
    PAUSING: (PAUSING,),
    "spoken": (FLUENT, PAUSING),
    HESITATING: (HESITATING,),
}

SPEECH_DBFS = -30.0
SNR_DB = 20.0
RT60_S = (0.3, 0.6)
SHIPPED = Settings().turn
THRESHOLD = SHIPPED.speech_threshold
QUIET_MS, OPEN_MS = 1000, 600  # before the speech; when the uplink opens
NOTICED_MS = 200  # after a pause: the detector's lag
AFTER_MS = 4000  # listened to after the end: the longest patience tried, with room to spare
_SILENCE: Samples = np.zeros(HEARING_BLOCK, np.float32)


@dataclass(frozen=True, slots=True)
class Turn:
    """What was heard of one turn. probabilities: one a block.  began: the blocks at which speech was found to begin.
    odds: how finished it sounded, one a block; none where the network is not the one that was learned on."""

    talker: Talker
    name: str
    labels: Labels
    metres: float
    probabilities: Sequence[float]
    began: Sequence[SpeechBegan]
    odds: Sequence[float] = ()

    @property
    def group(self) -> str:
        """FLUENT without any pause, HESITATING where pauses were put in, else PAUSING."""
        if any(pause.made for pause in self.labels.pauses):
            return HESITATING
        return PAUSING if self.labels.pauses else FLUENT

    @property
    def late_ms(self) -> int | None:
        """From the beginning of speech until it was noticed; None if it never was."""
        return self.began[0].block * BLOCK_MS - self.labels.start_ms if self.began else None

    @property
    def first_sound_lost(self) -> bool:
        """Whether what would be sent on begins after the speech does (it matters where speech opens a turn)."""
        return bool(self.began) and self.began[0].since * BLOCK_MS > self.labels.start_ms


@dataclass(frozen=True, slots=True)
class Verdict:
    """decided_ms: when the sentence was found to be over; None if never."""

    turn: Turn
    decided_ms: int | None

    @property
    def wait_ms(self) -> int | None:
        """From the end of speech to the decision; negative is a cut-off."""
        return None if self.decided_ms is None else self.decided_ms - self.turn.labels.end_ms

    @property
    def is_cut(self) -> bool:
        return self.wait_ms is not None and self.wait_ms < 0

    @property
    def pauses(self) -> list[tuple[Pause, bool]]:
        """The pauses that were reached, and whether the sentence was ended in them (or before the speech after them
        could be noticed); elsewhere it is speech that went unheard."""
        decided = np.inf if self.decided_ms is None else self.decided_ms
        reached = [pause for pause in self.turn.labels.pauses if pause.start_ms <= decided]
        return [(pause, self.is_cut and decided < pause.end_ms + NOTICED_MS) for pause in reached]

    def resumed_ms(self) -> int | None:
        """After a cut-off: from the decision until the person was heard to go on; None if they were not."""
        if not self.is_cut or self.decided_ms is None:
            return None
        later = [began.block * BLOCK_MS - self.decided_ms for began in self.turn.began]
        return min((ms for ms in later if ms > 0), default=None)


class Kind(Protocol):
    """Makes an endpointer."""

    def __call__(self, *, finality: Callable[[], float] | None) -> Endpointer: ...


class Place:
    """One talker at one distance in a room of their own; turns follow each other in it."""

    def __init__(self, metres: float, seed: int, speech_dbfs: float = SPEECH_DBFS, snr_db: float = SNR_DB) -> None:
        rt60_s = float(np.random.default_rng([seed, 0x60]).uniform(*RT60_S))
        noise = speech_dbfs - snr_db
        self._speech_dbfs = speech_dbfs
        self._room = Room(RoomSettings(rt60_s=rt60_s, talker_m=metres, noise_dbfs=noise), seed)
        self._metres = metres

    def hear(self, recording: Recording, samples: Samples, labels: Labels, vad: SileroVad) -> Turn:
        heard = self._through_the_room(at_level(samples, self._speech_dbfs))
        vad.reset()
        told = finality(vad) if WEIGHTS.exists() else None
        probabilities, odds = [], []
        for block in heard.reshape(-1, HEARING_BLOCK):
            probabilities.append(vad.hear(louder(block)))
            odds += [told()] if told else []
        moved = labels.later(QUIET_MS + round(1000 * self._metres / SOUND_M_S))
        began = beginnings(probabilities)
        return Turn(recording.talker, recording.name, moved, self._metres, probabilities, began, odds)

    def _through_the_room(self, samples: Samples) -> Samples:
        per_ms = HEARING_BLOCK // BLOCK_MS
        length = len(samples) + (QUIET_MS + AFTER_MS) * per_ms
        dry = np.zeros(-(-length // HEARING_BLOCK) * HEARING_BLOCK, np.float32)
        dry[QUIET_MS * per_ms :][: len(samples)] = samples
        blocks = (self._room.step(_SILENCE, block)[0].copy() for block in dry.reshape(-1, HEARING_BLOCK))
        return np.concatenate(list(blocks))


def beginnings(probabilities: Sequence[float]) -> list[SpeechBegan]:
    onset = SpeechOnset(threshold=THRESHOLD)
    facts = [onset.hear(index, probabilities[index]) for index in range(OPEN_MS // BLOCK_MS, len(probabilities))]
    return [fact for fact in facts if fact is not None]


def judge(turn: Turn, kind: Kind) -> Verdict:
    """The first end that an endpointer of this kind finds in this turn."""
    first = index = OPEN_MS // BLOCK_MS
    endpointer = kind(finality=(lambda: turn.odds[index]) if turn.odds else None)
    endpointer.open()
    spoke_at = turn.began[0].block if turn.began else len(turn.probabilities)
    for index in range(first, len(turn.probabilities)):
        ended = endpointer.hear(index, turn.probabilities[index], claimed=index > spoke_at)
        if ended is not None:
            return Verdict(turn, ended.block * BLOCK_MS)
    return Verdict(turn, None)


FIXED_MS = (300, 500, 700, 800, 1000, 1200, 1500)  # `fixed` of a second: a silence, whatever was said before it
ADAPTING_MS = (600, 700, 900, 1000)  # the shipped one at other settings of the silence
OURS = f"ours_{SHIPPED.silence_ms}"


def endpointers() -> dict[str, Kind]:
    """Those that are compared: a fixed silence; `short`, with patience after a short start; ours, which also listens
    whether it sounded finished, as shipped and at other silences."""
    compared: dict[str, Kind] = {f"fixed_{ms}": _deaf(silence_ms=ms, patience=1.0) for ms in FIXED_MS}
    compared[f"short_{SHIPPED.silence_ms}"] = _deaf(silence_ms=SHIPPED.silence_ms)
    for ms in (*ADAPTING_MS, SHIPPED.silence_ms):
        compared[f"ours_{ms}"] = partial(Endpointer, threshold=THRESHOLD, silence_ms=ms)
    return compared


def _deaf(**told: Any) -> Kind:
    return lambda finality: Endpointer(threshold=THRESHOLD, **told)
