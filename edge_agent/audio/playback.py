"""What the loudspeaker is given: the reply's voice, the earcons, and an exact account of what a person has heard.

Law: audio knows `turn` only as an opaque number that grows. Nothing here asks for the time: time is `_position`, the
count of samples (24 kHz) handed to the card since the start, silence included. `render` and `facts` belong to the
audio thread; every other call may come from any thread and holds one short lock (lists are moved, no sound is
computed under it).

What was heard is counted in `voice.py`, to the sample. A flush takes effect at the start of the next block: the
account is closed there, then the voice fades out within that block. What the card still holds at that moment will
sound, up to `latency` more, and is by intent not counted as heard.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from threading import Lock

import numpy as np

from edge_agent.audio.cues import Cues
from edge_agent.audio.format import WIRE_BLOCK, Samples
from edge_agent.audio.jitter_buffer import JitterBuffer
from edge_agent.audio.voice import PER_MS, Heard, Voice
from edge_agent.audio.volume import Ducking, Volume, gain_of

__all__ = ["Drained", "Fact", "Flushed", "Heard", "Playback", "Said", "Started"]

FADE = 8 * PER_MS  # a flushed voice is gone in 8 ms: no click, and no later than the block it happens in
SETTLE = 2 * PER_MS  # a voice that stops in mid-wave slides to rest in 2 ms, and comes back as gently

# A whole block of silence, handed out wherever nothing sounds: whoever gets it may know it by identity.
SILENCE: Samples = np.zeros(WIRE_BLOCK, np.float32)
SILENCE.setflags(write=False)

_FADE_OUT = (0.5 + 0.5 * np.cos(np.pi * np.arange(1, FADE + 1) / FADE)).astype(np.float32)
_SETTLE_DOWN = (1 - np.arange(1, SETTLE + 1) / SETTLE).astype(np.float32)
_SETTLE_UP = (np.arange(1, SETTLE + 1) / SETTLE).astype(np.float32)


@dataclass(frozen=True, slots=True)
class Started:
    """The turn's first sample is at the air."""

    turn: int


@dataclass(frozen=True, slots=True)
class Drained:
    """The turn was finished, and its last sample has left the loudspeaker."""

    turn: int


@dataclass(frozen=True, slots=True)
class Flushed:
    """The turn was silenced. heard: its items in order, those heard to the end and those not heard at all included."""

    turn: int
    heard: tuple[Heard, ...]


@dataclass(frozen=True, slots=True)
class Said:
    """A sentence of our own was said to its end, or has no sound."""

    phrase: str


Fact = Started | Drained | Flushed | Said


class Playback:
    """Mixes one block at a time for the card, and tells what became of each turn's voice.

    latency_ms: from `render` handing a sample over to the air; may be set when the path is known (`Duplex` does).
    volume, alarm_volume: 0 to 100.  earcons: whether short sounds are played at all.
    prebuffer_ms: how much of a reply must have arrived before it starts.
    rendering: the turn whose voice is in the block last rendered, else 0.  cues: what sounds beside the voices.

    Turns are played strictly in order: a newer one waits until every older one was flushed or has been played to its
    end. Sound for a turn that was flushed or has drained, or for an older one, is dropped.
    """

    def __init__(
        self,
        *,
        latency_ms: float = 0.0,
        volume: int = 70,
        alarm_volume: int = 70,
        earcons: bool = True,
        prebuffer_ms: int = 60,
    ) -> None:
        self.latency_ms = latency_ms
        self.rendering = 0
        self._volume = Volume(volume)
        self._ducking = Ducking()
        self._paused = False
        self.cues = Cues(earcons=earcons)
        self._alarm_level = np.float32(gain_of(alarm_volume))
        self._prebuffer_ms = prebuffer_ms
        self._position = 0
        self._resting = 0.0  # the last voice sample: where a voice that stops must come down from
        self._facts: list[Fact] = []
        self._past_underruns = 0
        self._lock = Lock()
        # under the lock:
        self._voices: deque[Voice] = deque()  # in turn order
        self._closed = 0  # this turn and all older ones are over
        self._held = 0  # the turn whose voice must wait
        self._flushes: list[int] = []
        self._saying: deque[tuple[str, int]] = deque()  # said, but its last sample is on its way to the air

    # --- from any thread ---

    @property
    def volume(self) -> int:
        """Loudspeaker volume, 0 to 100; changes glide over one block. Setting anything else raises ValueError."""
        return self._volume.percent

    @volume.setter
    def volume(self, percent: int) -> None:
        self._volume.percent = percent

    @property
    def underruns(self) -> int:
        """Gaps inside a voice since the start, for want of sound from the network."""
        with self._lock:
            return self._past_underruns + sum(voice.buffer.underruns for voice in self._voices)

    def push(self, turn: int, item_id: str, samples: Samples) -> None:
        """Append samples (n,), 24 kHz, of an item to a turn's voice. They must not be changed afterwards."""
        with self._lock:
            voice = self._voice(turn)
            if voice:
                voice.buffer.push(item_id, samples)

    def finish(self, turn: int) -> None:
        """No more will come for this turn: Drained follows, even if nothing ever came. Ignored if the turn is over."""
        with self._lock:
            voice = self._voice(turn)
            if voice:
                voice.buffer.finish()

    def flush(self, turn: int) -> None:
        """Silence this turn and every older one with the next block; exactly one Flushed follows in any case."""
        with self._lock:
            self._closed = max(self._closed, turn)
            self._flushes.append(turn)

    def hold(self, turn: int) -> None:
        """Let this turn's voice arrive, but not begin, until it is released; one turn at a time."""
        with self._lock:
            self._voices = deque(voice for voice in self._voices if voice.turn != self._held or voice.turn == turn)
            self._held = turn

    def release(self, turn: int) -> None:
        """Let it begin."""
        with self._lock:
            if self._held == turn:
                self._held = 0

    def take_back(self, turn: int) -> None:
        """Forget what has arrived of a voice that was held: no sound of it was heard, another may come."""
        with self._lock:
            if self._held == turn:
                self._held = 0
                self._voices = deque(voice for voice in self._voices if voice.turn != turn)

    def duck(self, on: bool) -> None:
        """Lower the voice by 12 dB within 10 ms, or let it back up over 100 ms. Earcons stay.

        It holds for the voice that is sounding: the next turn's voice starts at its full level.
        """
        self._ducking.wanted = on

    def pause(self, on: bool) -> None:
        """Let the voice come to rest within 2 ms, or go on with its next sample. What waits is not heard, and not lost.
        A flush ends what is paused without another sound."""
        self._paused = on

    # --- on the audio thread ---

    def render(self) -> Samples:
        """The next 10 ms for the card, shape (240,) at 24 kHz, within [-1, 1]; `SILENCE` where nothing sounds."""
        if not (self._voices or self.cues.busy or self._saying or self._flushes) and self._resting == 0.0:
            self.rendering = 0
            self._volume.rest()
            self._position += WIRE_BLOCK
            return SILENCE
        out = np.zeros(WIRE_BLOCK, np.float32)
        cues, paused = self.cues.next(), self._paused
        with self._lock:
            air = self._position - round(self.latency_ms * PER_MS)
            fading = self._close_flushed(air)
            self._retire(air)
            voice = fading or next((voice for voice in self._voices if not voice.buffer.exhausted), None)
            new = voice is not None and not voice.spans
            if voice is not None and new and (cues.speaking or voice.turn == self._held):
                voice = None  # one mouth, one voice: it begins when our own sentence is over or has faded
            taken = voice.take(out, self._position) if voice and not paused else 0
            self._announce(air, cues.said)
        if new and taken:
            self._ducking.reset()
        audible = self._settle(out, taken, voice)
        self.rendering = voice.turn if voice and taken else 0
        if audible:
            self._ducking.apply(out)
        if fading:
            out[:FADE] *= _FADE_OUT
            out[FADE:] = 0.0
            self._resting = 0.0
        for sound in cues.voiced:
            out[: len(sound)] += sound
        if audible or cues.voiced:
            self._volume.apply(out)
        else:
            self._volume.rest()
        if cues.alarm is not None:
            out[: len(cues.alarm)] += cues.alarm * self._alarm_level
            np.clip(out, -1.0, 1.0, out=out)
        self._position += WIRE_BLOCK
        return out

    def facts(self) -> list[Fact]:
        """What came true with the block just rendered, in order; each fact is told once."""
        facts, self._facts = self._facts, []
        return facts

    # --- under the lock ---

    def _voice(self, turn: int) -> Voice | None:
        """The turn's voice, made if need be; None if the turn is over, or a newer one came first."""
        if turn <= self._closed:
            return None
        for voice in self._voices:
            if voice.turn == turn:
                return voice
        if self._voices and turn < self._voices[-1].turn:
            return None
        voice = Voice(turn, JitterBuffer(self._prebuffer_ms))
        self._voices.append(voice)
        return voice

    def _retire(self, air: int) -> None:
        """Turns whose last sample has left the loudspeaker are over."""
        while self._voices and self._voices[0].buffer.exhausted and self._voices[0].end() <= air:
            voice = self._voices[0]
            self._forget(voice)
            self._closed = max(self._closed, voice.turn)
            self._facts.append(Drained(voice.turn))

    def _close_flushed(self, air: int) -> Voice | None:
        """Close the account of every turn flushed since the last block. Returns the voice that must fade, if any."""
        fading: Voice | None = None
        for turn in self._flushes:
            heard: tuple[Heard, ...] = ()
            while self._voices and self._voices[0].turn <= turn:
                voice = self._voices[0]
                heard += voice.heard(air)
                if voice.spans and not voice.buffer.exhausted and not voice.interrupted:  # at rest it stays there
                    fading = voice
                self._forget(voice)
            self._facts.append(Flushed(turn, heard))
        self._flushes.clear()
        return fading

    def _forget(self, voice: Voice) -> None:
        self._past_underruns += voice.buffer.underruns
        self._voices.remove(voice)

    def _announce(self, air: int, said: list[str]) -> None:
        """Voices whose first sample is the next to leave the loudspeaker, or has left; sentences whose last has."""
        self._saying += [(phrase, self._position + WIRE_BLOCK) for phrase in said]
        while self._saying and self._saying[0][1] <= air:
            self._facts.append(Said(self._saying.popleft()[0]))
        for voice in self._voices:
            if not voice.announced and voice.spans and voice.spans[0].position <= air:
                voice.announced = True
                self._facts.append(Started(voice.turn))

    # --- sound, outside the lock ---

    def _settle(self, out: Samples, taken: int, voice: Voice | None) -> bool:
        """Let a voice that stops in mid-wave slide to rest, and one that comes back rise. Returns whether it sounds."""
        if voice and taken:
            if voice.interrupted:
                rise = min(SETTLE, taken)
                out[:rise] *= _SETTLE_UP[:rise]
            self._resting = float(out[taken - 1])
        if voice:
            voice.interrupted = taken < WIRE_BLOCK and bool(voice.spans)
        audible = taken > 0 or self._resting != 0.0
        if audible and taken < WIRE_BLOCK:
            slide = min(SETTLE, WIRE_BLOCK - taken)
            out[taken : taken + slide] = self._resting * _SETTLE_DOWN[:slide]
            self._resting = float(out[-1])
        return audible
