"""One block of hearing, made ready for the loop: facts under their dialogue names, the sentence as slices of the wire.

Law: runs on the hearing thread; synchronous; it names and packs, it decides nothing. The slices of a batch come before
its events, so that the end of a sentence can never overtake the sentence.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from edge_agent.audio.format import BLOCKS_PER_S, DuplexBlock, Samples
from edge_agent.audio.wire import UplinkEncoder
from edge_agent.dialogue import events as ev
from edge_agent.hearing import facts as hf
from edge_agent.hearing.listener import Listener
from edge_agent.timeline import Timeline


@dataclass(frozen=True, slots=True)
class Batch:
    """What one block brought: PCM slices of `turn`'s sentence, then what was noticed. Mostly empty."""

    turn: int = 0
    slices: tuple[bytes, ...] = ()
    events: tuple[ev.Event, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.slices or self.events)


class Ear:
    """The hearing stage and the uplink's encoder, one verb.

    watch: gets every block's number and clean tap (160,), on this thread: the simulator records it.
    """

    def __init__(self, listener: Listener, encoder: UplinkEncoder, timeline: Timeline) -> None:
        self.listener = listener
        self.watch: Callable[[int, Samples], None] | None = None
        self._encoder = encoder
        self._timeline = timeline
        self._turn = 0

    @property
    def patience_blocks(self) -> int:
        """How many blocks may gather before the next `hear`, and nothing is noticed later for it."""
        return self.listener.patience_blocks

    def hear(self, pair: DuplexBlock) -> Batch:
        heard = self.listener.hear(pair)
        if self.watch is not None:
            self.watch(pair.index, heard.clean)
        slices: list[bytes] = []
        if heard.turn != self._turn:
            self._encoder.flush()  # what is left of an older sentence belongs to nobody
            self._turn = heard.turn
        for block in heard.uplink:
            slices += self._encoder.feed(block)
        if any(isinstance(fact, hf.SpeechEnded | hf.SpeechPaused) for fact in heard.facts):
            slices += self._encoder.flush()
        events = (*self._events(heard.facts, heard.turn), *self._measured(pair))
        return Batch(heard.turn, tuple(slices), events)

    def _events(self, facts: Iterable[hf.Fact], turn: int) -> Iterator[ev.Event]:
        for fact in facts:
            if isinstance(fact, hf.WakeDoubted):
                self._timeline.note("wake_doubted", word=fact.word, score=round(fact.score, 3), why=fact.why)
            else:
                yield named(fact, turn)

    def _measured(self, pair: DuplexBlock) -> Iterator[ev.Event]:
        """Once a second while something is played: how well we cancel our own voice; not what nobody has measured."""
        if pair.index % BLOCKS_PER_S == 0 and pair.ref.any():
            echo = self.listener.echo
            self._timeline.note("echo", reduction_db=round(echo.reduction_db, 1), delay_ms=round(echo.delay_ms, 1))
            if echo.reduction_db > 0.0:
                yield ev.EchoMeasured(echo.reduction_db)


def named(fact: hf.Occurrence, turn: int) -> ev.Event:
    """turn: whose sentence is being heard; what is noticed about a sentence is about no other."""
    match fact:
        case hf.WakeHeard():
            return ev.WakeDetected(fact.word, fact.score, fact.since)
        case hf.StopHeard():
            return ev.StopWordHeard(fact.word, fact.score)
        case hf.SpeechBegan():
            return ev.SpeechStarted(fact.since)
        case hf.PersonWaits():
            return ev.PersonWaits()
        case hf.SpeechPaused():
            return ev.SpeechPaused(fact.last, turn)
        case hf.SpeechResumed():
            return ev.SpeechResumed(turn)
        case hf.SpeechEnded():
            return ev.SpeechEnded(fact.speech_ms, fact.last, turn)
        case hf.NearEndSuspected():
            return ev.NearEndSuspected()
        case hf.NearEndSpeaks():
            return ev.NearEndSpeaks()
        case hf.NearEndConfirmed():
            return ev.NearEndConfirmed(fact.since)
        case hf.NearEndDismissed():
            return ev.NearEndDismissed()
