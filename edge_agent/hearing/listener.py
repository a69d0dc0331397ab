"""One block of hearing: a pair in; facts, and the person's speech on its way out.

Law: sequence, not judgement: each stage decides its own matter, this file only says who is asked when. Synchronous, one
thread; `attend` alone may be called from another. What to attend to is a function of the dialogue's state and is taken
at the start of a block, so a block is heard under one attention from end to end.

What is dear runs when it is needed: the wake networks while there is something to hear, the speech detector while the
dialogue asks for speech, the loudspeaker is audible, or a wake word wants a witness (`speech_watch`).

Muted, nothing is processed: no network runs, the pre-roll is empty, the echo engine gets silence on both sides, so that
it neither keeps the room's sound nor learns that the echo has gone.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from edge_agent.audio.format import BLOCK_MS, HEARING_BLOCK, DuplexBlock, Samples
from edge_agent.dialogue.attention import Attention
from edge_agent.hearing.barge_in import BargeIn
from edge_agent.hearing.echo.engine import REFERENCE_SILENT_DBFS, EchoEngine
from edge_agent.hearing.endpointing import Endpointer
from edge_agent.hearing.facts import (
    Fact,
    NearEndConfirmed,
    NearEndDismissed,
    NearEndSpeaks,
    NearEndSuspected,
    PersonWaits,
    StopHeard,
    WakeDoubted,
    WakeHeard,
)
from edge_agent.hearing.onset import SpeechOnset
from edge_agent.hearing.own_voice import OwnVoice
from edge_agent.hearing.phrase_speech import PhraseSpeech
from edge_agent.hearing.pre_roll import PreRoll
from edge_agent.hearing.speech_run import WONDERING
from edge_agent.hearing.speech_watch import Judged, SpeechWatch
from edge_agent.hearing.vad import SpeechDetector
from edge_agent.hearing.wake import Wake, WakeEngine

SILENCE_DBFS = -120.0  # the level that stands for digital silence

# A confirmed interruption stays paused until the dialogue ends the reply, some milliseconds later: a word of it in that
# moment would be heard as a stutter. If the dialogue lets the reply go on, it does so after this.
_PAUSED_AFTER_CONFIRMED_MS = 500

_WAITING_MS = 300  # of silence, after which a person who called us waits for a sign; a breath is shorter

_SILENCE: Samples = np.zeros(HEARING_BLOCK, np.float32)
_SILENCE.setflags(write=False)


@dataclass(frozen=True, slots=True)
class Heard:
    """What one block brought.

    uplink: blocks (160,) of the clean tap that leave the device for `turn`, in order, each exactly once; none when turn
    is 0. clean: (160,), this block's clean tap; zeros while muted.
    """

    facts: tuple[Fact, ...]
    uplink: tuple[Samples, ...]
    turn: int
    clean: Samples


class Listener:
    """The hearing stages in their order.

    duck: called with True in the block in which a person is suspected to talk over the reply, with False when the reply
    may have its level back.  pause: called with True in the block in which it is decided that a person speaks, with
    False when the reply may go on.  speech: the last block's speech probability, for meters; 0 while nobody asks.
    """

    def __init__(
        self,
        *,
        echo: EchoEngine,
        wake: WakeEngine,
        vad: SpeechDetector,
        endpointer: Endpointer,
        onset: SpeechOnset,
        barge_in: BargeIn,
        pre_roll: PreRoll,
        duck: Callable[[bool], None],
        pause: Callable[[bool], None],
    ) -> None:
        self.echo = echo
        self.wake = wake
        self._mic = self._clean = _SILENCE
        self._endpointer = endpointer
        self._onset = onset
        self._barge_in = barge_in
        self._pre_roll = pre_roll
        self._speech = SpeechWatch(vad, pre_roll)
        self._own_voice = OwnVoice()
        self._phrase = PhraseSpeech()
        self._duck, self._pause = duck, pause
        self._wanted = Attention()
        self._muted = False
        self._turn = 0
        self._silent_ms: int | None = None
        self._awaiting_speech = False
        self._reply = False
        self._ducked = self._paused = False
        self._confirmed_at: int | None = None

    def attend(self, attention: Attention) -> None:
        """From the next block on. Callable from any thread: one assignment."""
        self._wanted = attention

    @property
    def patience_blocks(self) -> int:
        """How many blocks may gather before the next `hear`: at rest only the wake word is listened for, in frames."""
        return 1 if self._speech.awake or _is_interested(self._wanted) else self.wake.due_in

    @property
    def speech(self) -> float:
        return self._speech.probability

    @property
    def mic_dbfs(self) -> float:
        """The last block's level, for meters."""
        return dbfs(self._mic)

    @property
    def clean_dbfs(self) -> float:
        """The last block's level after the echo stage, for meters."""
        return dbfs(self._clean)

    def hear(self, pair: DuplexBlock) -> Heard:
        """One block, in the order of their numbers; numbers may be missing."""
        attention = self._wanted
        if attention.muted or pair.index < attention.audible_since:  # a queue may hold what was said while muted
            return self._hear_nothing()
        self._muted = False
        mono = pair.mic[0] if len(pair.mic) == 1 else pair.mic.mean(axis=0, dtype=np.float32)
        taps = self.echo.process(mono, pair.ref)
        clean = taps.clean.copy()  # an engine may use its arrays again in the next block
        self._mic, self._clean = mono, clean
        self._hear_speech(attention, pair, taps.near_end)
        facts: list[Fact] = []
        self._hear_wake(attention, taps.linear, pair.index, facts)
        uplink = self._hear_sentence(attention, pair.index, clean, facts)
        self._hear_onset(attention.speech, pair.index, facts)
        self._hear_barge_in(attention, pair.index, taps.near_end, facts)
        return Heard(tuple(facts), uplink, attention.uplink, clean)

    def _hear_nothing(self) -> Heard:
        if not self._muted:
            self._muted = True
            self._forget()
        self.echo.process(_SILENCE, _SILENCE)
        return Heard((), (), 0, _SILENCE)

    def _forget(self) -> None:
        """Everything that was heard goes, and with it every half-made judgement."""
        self.wake.reset()
        self._speech.forget()
        self._endpointer.close()
        self._onset.reset()
        self._barge_in.reset()
        self._own_voice.reset()
        self._phrase.reset()
        self._quieten()
        self._turn = 0
        self._awaiting_speech = self._reply = False
        self._mic = self._clean = _SILENCE

    def _hear_speech(self, attention: Attention, pair: DuplexBlock, near_end: float | None) -> None:
        reference_dbfs = dbfs(pair.ref)
        playing = reference_dbfs > REFERENCE_SILENT_DBFS
        needed = _is_interested(attention) or playing
        judged = self._speech.hear(pair.index, self._clean, needed=needed, playing=playing)
        self._witness(judged, pair.index, reference_dbfs, near_end)

    def _witness(
        self, judged: Sequence[Judged], index: int, reference_dbfs: float, near_end: float | None = None
    ) -> None:
        """What the detector says now, and on waking what it says of the time it slept, in which nothing was played."""
        for block in judged:
            played_dbfs = reference_dbfs if block.block == index else SILENCE_DBFS
            level_dbfs = dbfs(block.samples)
            self._barge_in.observe(level_dbfs, played_dbfs)
            self._own_voice.observe(block.probability, played_dbfs, near_end if block.block == index else None)
            self._phrase.observe(block.probability, level_dbfs)
            if block.block < index:
                self._onset.overhear(block.block, block.probability)

    def _hear_wake(self, attention: Attention, linear: Samples, index: int, facts: list[Fact]) -> None:
        woken = self.wake.hear(linear)
        if woken is None:
            return
        unwanted = attention.reply and not attention.by_word and not (woken.stops and attention.ringing)
        if unwanted or (woken.stops and not _is_interested(attention)):
            self.wake.forgive()
            return
        self._witness(self._speech.wake_up(), index, SILENCE_DBFS)  # were anything played, it would be awake
        judged = self._second_stage(woken, index)
        if isinstance(judged, WakeDoubted):
            self.wake.forgive()
        facts.append(judged)

    def _second_stage(self, woken: Wake, index: int) -> Fact:
        """A network's word for it is not enough: speech must have been heard, and not our own."""
        if self._own_voice.said_it:
            return WakeDoubted(woken.word, woken.score, "own voice")
        if not self._phrase.was_spoken:
            return WakeDoubted(woken.word, woken.score, "no speech")
        if woken.stops:
            return StopHeard(woken.word, woken.score, index)
        return WakeHeard(woken.word, woken.score, max(index - woken.ended_ms_ago // BLOCK_MS, 0), index)

    def _hear_sentence(
        self, attention: Attention, index: int, clean: Samples, facts: list[Fact]
    ) -> tuple[Samples, ...]:
        """The uplink and the end of the sentence; a turn just opened begins in the pre-roll."""
        if attention.uplink != self._turn:
            self._turn = attention.uplink
            self._endpointer.close()
            if self._turn:
                self._endpointer.open()
                if not attention.spoke and self.speech < WONDERING:
                    self._speech.refresh()
                self._silent_ms = 0
                self._onset.reset()  # the wake phrase was a beginning too, and has been reported
                return self._replay(attention, facts)
        if not self._turn:
            return ()
        self._wait_with_the_person(index, facts)
        self._report(self._endpointer.hear(index, self.speech, claimed=attention.spoke), facts)
        return (clean,)

    def _wait_with_the_person(self, index: int, facts: list[Fact]) -> None:
        """Once a turn: nobody has gone on in one breath."""
        if self._silent_ms is None:
            return
        self._silent_ms = self._silent_ms + BLOCK_MS if self.speech < WONDERING else 0
        if self._silent_ms >= _WAITING_MS:
            self._silent_ms = None
            if not self._endpointer.has_begun:
                facts.append(PersonWaits(index))

    def _replay(self, attention: Attention, facts: list[Fact]) -> tuple[Samples, ...]:
        remembered = self._pre_roll.since(attention.since)
        for kept in remembered:
            past = kept.block < remembered[-1].block
            fact = self._endpointer.hear(kept.block, kept.probability, claimed=attention.spoke, remembered=past)
            self._report(fact, facts)
        return tuple(kept.samples for kept in remembered)

    @staticmethod
    def _report(ended: Fact | None, facts: list[Fact]) -> None:
        if ended is not None:
            facts.append(ended)

    def _hear_onset(self, wanted: bool, index: int, facts: list[Fact]) -> None:
        if wanted and not self._awaiting_speech:
            self._onset.reset()
        self._awaiting_speech = wanted
        if not wanted:
            self._onset.overhear(index, self.speech)
        else:
            began = self._onset.hear(index, self.speech)
            if began is not None:
                facts.append(began)

    def _hear_barge_in(self, attention: Attention, index: int, near_end: float | None, facts: list[Fact]) -> None:
        reply = attention.reply and attention.by_speech
        if reply != self._reply:
            self._reply = reply
            self._barge_in.reset()
            self._quieten()
            if reply:
                self._speech.refresh()
        if not reply:
            return
        fact = self._barge_in.judge(index, self.speech, self.echo.reduction_db, near_end)
        if fact is not None:
            facts.append(fact)
        match fact:
            case NearEndSuspected():
                self._quieten(ducked=True)
            case NearEndSpeaks():
                self._quieten(ducked=True, paused=True)
            case NearEndConfirmed():
                self._confirmed_at = index
            case NearEndDismissed():
                self._quieten()
        if self._confirmed_at is not None and (index - self._confirmed_at) * BLOCK_MS >= _PAUSED_AFTER_CONFIRMED_MS:
            self._quieten()

    def _quieten(self, *, ducked: bool = False, paused: bool = False) -> None:
        """What becomes of the reply while it is open whether somebody talks over it; without arguments, nothing."""
        self._confirmed_at = None
        if ducked != self._ducked:
            self._ducked = ducked
            self._duck(ducked)
        if paused != self._paused:
            self._paused = paused
            self._pause(paused)


def _is_interested(attention: Attention) -> bool:
    """Whether the dialogue asks for speech; then something is going on, and there is something to stop."""
    return attention.uplink > 0 or attention.speech or attention.reply or attention.ringing


def dbfs(block: Samples) -> float:
    """Mean square of a block in dB; a full-scale square wave is 0, digital silence SILENCE_DBFS."""
    power = float(np.dot(block, block)) / len(block)
    return max(10.0 * math.log10(power), SILENCE_DBFS) if power > 0.0 else SILENCE_DBFS
