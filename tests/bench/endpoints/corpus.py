"""The turns that are judged: each talker's recordings as they are, and the same words with hesitations, in rooms.

Law: everything follows from the seed. A recording is one turn, and its turn ends where its last sound does: somebody
who says two finished sentences in one go has not done after the first. Level cannot tell such a pause from one inside a
sentence; both are `pausing`, and a listener of flesh might have answered in some of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from edge_agent.hearing.vad_silero import SileroVad
from tests.bench.endpoints.hesitation import hesitating
from tests.bench.endpoints.recordings import recordings
from tests.bench.endpoints.talkers import TALKERS, Talker
from tests.bench.endpoints.trial import SPEECH_DBFS, Place, Turn

METRES = (1.0, 3.0)  # in turns


def talkers(half: str, every: int = 1) -> list[Talker]:
    """Those of one half; every second, third ... of them for a quick look."""
    return [talker for talker in TALKERS if talker.half == half][::every]


def turns(chosen: Sequence[Talker], wanted: int, seed: int, speech_dbfs: float = SPEECH_DBFS) -> Iterator[Turn]:
    """Up to `wanted` recordings of each talker, and as many with hesitations. Raises CorpusError."""
    vad = SileroVad()
    for talker in chosen:
        number = TALKERS.index(talker)
        random = np.random.default_rng([seed, number])
        places = [Place(metres, seed * 1000 + number, speech_dbfs) for metres in METRES]
        for count, recording in enumerate(recordings(talker, wanted, seed)):
            place = places[count % len(places)]
            yield place.hear(recording, recording.samples, recording.labels, vad)
            changed = hesitating(recording.samples, recording.labels, random)
            if changed is not None:
                yield place.hear(recording, *changed, vad)
