"""The ear: facts under the dialogue's names, the sentence as slices, and what only the record is told."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import numpy as np
import pytest

from edge_agent.audio.format import DuplexBlock, Samples
from edge_agent.audio.wire import PCM16_24K, UplinkEncoder
from edge_agent.dialogue import events as ev
from edge_agent.ear import Ear, named
from edge_agent.hearing import facts as hf
from edge_agent.hearing.listener import Heard, Listener
from edge_agent.timeline import Happening, Recorder

SILENCE: Samples = np.zeros(160, np.float32)


class Echo:
    reduction_db = 21.37
    delay_ms = 40.04


class Scripted:
    """A listener that brings what it is told to."""

    echo = Echo()

    def __init__(self) -> None:
        self.next = Heard((), (), 0, SILENCE)

    def hear(self, pair: DuplexBlock) -> Heard:
        return self.next


class Staged:
    def __init__(self) -> None:
        self.listener = Scripted()
        self.record: list[Happening] = []
        recorder = Recorder(lambda: 0)
        recorder.listen(self.record.append)
        self.ear = Ear(cast(Listener, self.listener), UplinkEncoder(PCM16_24K), recorder)

    def hear(
        self, *facts: hf.Fact, uplink: Sequence[Samples] = (), turn: int = 0, index: int = 1, ref: Samples = SILENCE
    ) -> Any:
        self.listener.next = Heard(facts, tuple(uplink), turn, SILENCE)
        return self.ear.hear(DuplexBlock(index, SILENCE[None], ref))


@pytest.fixture
def staged() -> Staged:
    return Staged()


class TestAFact:
    @pytest.mark.parametrize(
        ("fact", "event"),
        [
            (hf.WakeHeard("alexa", 0.9, 10, 20), ev.WakeDetected("alexa", 0.9, 10)),
            (hf.StopHeard("stop", 0.8, 20), ev.StopWordHeard("stop", 0.8)),
            (hf.SpeechBegan(10, 20), ev.SpeechStarted(10)),
            (hf.PersonWaits(20), ev.PersonWaits()),
            (hf.SpeechEnded(500, 10, 20), ev.SpeechEnded(500, 10, 3)),
            (hf.SpeechPaused(10, 20), ev.SpeechPaused(10, 3)),
            (hf.SpeechResumed(20), ev.SpeechResumed(3)),
            (hf.NearEndSuspected(20), ev.NearEndSuspected()),
            (hf.NearEndConfirmed(10, 20), ev.NearEndConfirmed(10)),
            (hf.NearEndDismissed(20), ev.NearEndDismissed()),
        ],
        ids=lambda value: type(value).__name__,
    )
    def test_has_its_name_in_the_dialogue(self, fact: hf.Occurrence, event: ev.Event) -> None:
        assert named(fact, 3) == event

    def test_reaches_the_dialogue(self, staged: Staged) -> None:
        assert staged.hear(hf.StopHeard("stop", 0.8, 1)).events == (ev.StopWordHeard("stop", 0.8),)


class TestADoubtedWakeWord:
    @pytest.mark.parametrize("why", ["own voice", "no speech"])
    def test_is_noted_with_the_reason_and_nobody_is_told(self, staged: Staged, why: Any) -> None:
        assert not staged.hear(hf.WakeDoubted("alexa", 0.98765, why))
        (note,) = staged.record
        assert (note.kind, note.data) == ("wake_doubted", {"word": "alexa", "score": 0.988, "why": why})


class TestASentence:
    def test_is_whole_before_its_end_is_told(self, staged: Staged) -> None:
        loud = np.full(160, 0.5, np.float32)
        staged.hear(uplink=[loud] * 3, turn=1)
        batch = staged.hear(hf.SpeechEnded(500, 1, 1), uplink=[loud] * 3, turn=1)
        assert batch.turn == 1
        assert batch.slices
        assert batch.events == (ev.SpeechEnded(500, 1, 1),)

    def test_leaves_nothing_of_itself_for_the_next(self, staged: Staged) -> None:
        staged.hear(uplink=[np.full(160, 0.5, np.float32)] * 3, turn=1)
        batch = staged.hear(hf.SpeechEnded(0, 1, 1), uplink=[SILENCE] * 10, turn=2)
        assert not any(any(piece) for piece in batch.slices)


class TestTheEcho:
    def test_is_told_once_a_second_while_something_is_played(self, staged: Staged) -> None:
        playing = np.full(160, 0.1, np.float32)
        for index in range(1, 300):
            staged.hear(index=index, ref=playing)
        assert [note.data for note in staged.record] == [{"reduction_db": 21.4, "delay_ms": 40.0}] * 2

    def test_is_no_matter_in_silence(self, staged: Staged) -> None:
        for index in range(300):
            staged.hear(index=index)
        assert staged.record == []
