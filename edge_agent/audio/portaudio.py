"""The real sound card, or two: blocking reads and writes of 10 ms on the two PCMs that `alsa_config` names.

Law: here is how cards are opened, kept in step and recovered; what a block means is nobody's business here. At the
cards' own rates; nothing is resampled but for a loudspeaker with a clock of its own (`split_clock`).

The pair's delay. On one clock `open` fills the speaker's buffer with silence, less one block, and starts the
microphone: from then on every exchange adds 10 ms to the one and takes 10 ms from the other, and the delay between the
sides is constant. On two clocks the buffer is kept a little emptier.

Lost sound. PyAudio's `exception_on_overflow=False` hides an overflow altogether, and with `True` PyAudio closes the
stream as it raises (-9981 on read, -9980 on write; stream_io.c). That is what is used here: the exception is the only
count that can be trusted, and both streams are then opened anew, in some milliseconds. PortAudio alone would restart
one direction only and leave the pair with a new, unknown delay; a fresh start gives the echo canceller the delay that
it knows. What a restart throws away is at least one full buffer of the microphone, and is counted in `overflows` as
that many pairs.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from edge_agent.audio import alsa_config, cards
from edge_agent.audio.alsa_config import MIC, SPEAKER
from edge_agent.audio.card_format import CardFormat, CardSettings, agree
from edge_agent.audio.card_stream import CardStream, on_card
from edge_agent.audio.device import DeviceError
from edge_agent.audio.format import BLOCK_MS, BLOCKS_PER_S, Samples
from edge_agent.audio.loudspeaker import Loudspeaker
from edge_agent.audio.microphone import Microphone
from edge_agent.audio.portaudio_library import PortAudioLibrary, load_pyaudio
from edge_agent.audio.split_clock import SplitClock

INPUT_OVERFLOWED = -9981  # PaErrorCode, portaudio.h
OUTPUT_UNDERFLOWED = -9980
MOST_RESTARTS = 5  # in one exchange; a card that loses sound that fast does not work
LOOK_EVERY, LOOKS, BACKLOG = 10, 10, 3  # so many blocks still waiting, at ten looks in a row: it is behind for good
MOST_SETTLING, CALM = 100, 5  # blocks: how long a card may take to breathe evenly, and how many even ones prove it


class PortAudioDevice:
    """An `AudioDevice` on PortAudio.

    directory: where the private ALSA configuration is written.  load: where PyAudio comes from.  abilities: what a card
    can do.
    """

    def __init__(
        self,
        settings: CardSettings,
        *,
        directory: str | Path,
        load: Callable[[], Any] = load_pyaudio,
        abilities: cards.Ask = cards.abilities,
    ) -> None:
        self.rate = self.mic_rate = settings.rate
        self.has_reference = settings.reference_channel > 0
        self.channels = len(settings.rows) - self.has_reference
        self.is_clocked = False
        self.latency_ms = 0.0
        self.overflows = 0
        self.underruns = 0
        self.obtained: dict[str, Any] = {}
        self._settings = settings
        self._directory = directory
        self._load, self._abilities = load, abilities
        self._format = CardFormat(settings.rate, settings.rate, wide=False)
        self._library: PortAudioLibrary | None = None
        self._mic: Microphone | None = None
        self._speaker: Loudspeaker | None = None
        self._held: dict[int, CardStream] = {}  # by descriptor, since PortAudio was initialised
        self._clock: SplitClock | None = None  # outlives a restart: what was learned of two clocks holds
        self._blocks = self._behind = 0
        self._fresh = True  # nothing was exchanged since the streams were opened: what is lost now was never heard

    @property
    def drift_ppm(self) -> float:
        """How much faster the loudspeaker's clock is than the microphone's, as far as it is known; 0 on one clock."""
        return self._clock.drift_ppm if self._clock else 0.0

    def open(self) -> None:
        """Claim the cards. A fresh PortAudio each time: it looks for cards only then. Raises DeviceError."""
        self.close()
        self.overflows = self.underruns = 0
        self._clock = None  # it may be another card; only a restart keeps what was learned
        self._format = agree(self._settings, self._abilities)
        self.mic_rate, self.rate = self._format.mic_rate, self._format.rate
        alsa_config.apply(
            self._directory,
            input_card=self._settings.input_card,
            output_card=self._settings.output_card,
            input_rate=self.mic_rate,
            output_rate=self.rate,
        )
        try:
            self._library = PortAudioLibrary(self._load)
            self._start(self._library)
        except OSError as error:
            self.close()
            raise self._failure("cannot be opened", error) from error
        except DeviceError:
            self.close()
            raise

    def exchange(self, speaker: Samples | None) -> Samples:
        """10 ms out, shape (rate/100,) or None for silence, and 10 ms in, shape (rows, mic_rate/100). Blocks. Raises
        DeviceError."""
        if speaker is not None and speaker.shape != (self.rate // BLOCKS_PER_S,):
            raise ValueError(f"expected {self.rate // BLOCKS_PER_S} samples, got shape {speaker.shape}")
        for _ in range(MOST_RESTARTS):
            if self._speaker is None or self._mic is None:
                raise DeviceError("the sound card is not open")
            slips = self._speaker.slips
            try:
                self._speaker.play(speaker)
                heard = self._mic.record()
                self._notice_backlog(self._mic)
            except OSError as error:
                self._recover(error)
            else:
                self.underruns += 0 if self._fresh else self._speaker.slips - slips
                self._fresh = False
                return heard
        raise DeviceError(
            f"the sound card lost sound {MOST_RESTARTS} times in a row: raise [audio] buffer_ms "
            f"(now {self._settings.buffer_ms})"
        )

    def close(self) -> None:
        """Let the cards go. Never raises; may be called twice."""
        self._drop_streams()
        if self._library is not None:
            self._library.close()
            self._library = None
        for stream in self._held.values():
            stream.let_go()
        self._held.clear()

    # --- opening ----------------------------------------------------------------------------------------------------

    def _start(self, library: PortAudioLibrary) -> None:
        """Open both streams, fill the speaker's buffer with silence, let the microphone run. Raises OSError."""
        self._fresh = True
        self._blocks = self._behind = 0
        speaker = self._speaker = self._loudspeaker(library)
        mic = self._mic = self._microphone(library)
        speaker.prime()
        mic.start()
        self.is_clocked = speaker.waiting_ms > 0
        if self.is_clocked:
            _settle(speaker, mic)
        self._clock = speaker.follow(self._clock) if self.is_clocked and self._settings.two_clocks else None
        self.latency_ms = speaker.latency_ms
        self.obtained = self._facts(speaker, mic)

    def _loudspeaker(self, library: PortAudioLibrary) -> Loudspeaker:
        wanted = self._settings
        try:
            stream = self._opened(lambda: library.loudspeaker(SPEAKER, rate=self.rate, buffer_ms=wanted.held_ms))
        except LookupError as error:
            raise self._missing("loudspeaker", wanted.output_card, 1, "output_card") from error
        return Loudspeaker(
            stream,
            rate=self.rate,
            buffer_ms=wanted.held_ms,
            keep_awake=wanted.keep_awake,
            two_clocks=wanted.two_clocks,
        )

    def _microphone(self, library: PortAudioLibrary) -> Microphone:
        wanted, wide = self._settings, self._format.wide
        try:
            stream = self._opened(
                lambda: library.microphone(
                    MIC, rate=self.mic_rate, channels=wanted.width, wide=wide, buffer_ms=wanted.held_ms
                )
            )
        except LookupError as error:
            raise self._missing("microphone", wanted.input_card, wanted.width, "input_card") from error
        return Microphone(
            stream,
            rate=self.mic_rate,
            rows=wanted.rows,
            width=wanted.width,
            wide=wide,
            gain_db=wanted.gain_db,
        )

    def _opened(self, opening: Callable[[], Any]) -> Any:
        """The stream; where a file of the kernel's was opened for it, its waiting is taken over."""
        stream = on_card(opening)
        if isinstance(stream, CardStream):
            self._held[stream.descriptor] = stream
        return stream

    def _facts(self, speaker: Loudspeaker, mic: Microphone) -> dict[str, Any]:
        wanted = self._settings
        return {
            "input_card": wanted.input_card or "default",
            "output_card": wanted.output_card or "default",
            "input_rate": self.mic_rate,
            "rate": self.rate,
            "channels": wanted.width,
            "bits": 32 if self._format.wide else 16,
            "input_buffer_ms": round(mic.buffer_ms, 1),
            "buffer_ms": round(speaker.buffer_ms, 1),
            "input_period": _period(wanted.input_card, cards.CAPTURE),
            "period": _period(wanted.output_card, cards.PLAYBACK),
            "latency_ms": round(self.latency_ms, 1),
            "clocks": 2 if self._clock else 1,
        }

    def _notice_backlog(self, mic: Microphone) -> None:
        """On one clock nothing ever catches up: what a stall has left in front of us, in a server that keeps it
        (PulseAudio), would make the device late for good. Raises OSError."""
        self._blocks += 1
        if self._clock is not None or not self.is_clocked or self._blocks % LOOK_EVERY:
            return
        self._behind = self._behind + 1 if mic.backlog >= BACKLOG else 0
        if self._behind >= LOOKS:
            raise OSError(INPUT_OVERFLOWED, "it has fallen behind")

    # --- trouble ----------------------------------------------------------------------------------------------------

    def _recover(self, error: OSError) -> None:
        """Count what was lost and start both directions afresh; anything but lost sound means that the card is gone."""
        code = error.args[0] if error.args else None
        if code not in (INPUT_OVERFLOWED, OUTPUT_UNDERFLOWED) or self._library is None:
            raise self._failure("is gone", error) from error
        if not self._fresh:
            self.underruns += code == OUTPUT_UNDERFLOWED
            self.overflows += max(1, self._settings.held_ms // BLOCK_MS)
        self._drop_streams()
        try:
            self._start(self._library)
        except OSError as again:
            raise self._failure("cannot be restarted after it lost sound", again) from again

    def _missing(self, side: str, card: str, channels: int, key: str) -> DeviceError:
        offered = ", ".join(self._library.offers() if self._library else ()) or "nothing"
        return DeviceError(
            f"no {side} with {channels} channel(s) on {_named(card)}. Cards: {_known()}. "
            f"PortAudio offers: {offered}. Set [audio] {key} to a card's id, or free the card"
        )

    def _failure(self, what: str, error: OSError) -> DeviceError:
        reason = " ".join(str(arg) for arg in error.args)
        wanted = self._settings
        return DeviceError(
            f"sound card {what} ({reason}): microphone {_named(wanted.input_card)}, {wanted.width} channel(s), "
            f"{self.mic_rate} Hz, loudspeaker {_named(wanted.output_card)}, {self.rate} Hz. Cards: {_known()}. "
            "Check the plug, [audio] channels, and that no other program holds the card (`fuser -v /dev/snd/*`)"
        )

    def _drop_streams(self) -> None:
        for side in (self._speaker, self._mic):
            if side is not None:
                side.close()
        self._speaker = self._mic = None


def _settle(speaker: Loudspeaker, mic: Microphone) -> None:
    """Let the card begin to breathe: some (PulseAudio) sleep over their first block for two seconds. What the
    microphone has piled up is thrown away until nothing more piles up; then the loudspeaker's fill is put right."""
    calm = 0
    for _ in range(MOST_SETTLING):
        speaker.prime(1)
        mic.throw_away(1)
        calm = 1 if mic.throw_backlog_away() else calm + 1
        if calm == CALM:
            break
    excess = speaker.excess_blocks
    mic.throw_away(excess)
    speaker.prime(-excess)


def _period(card: str, stream: int) -> str:
    """Of a card that is open, as the kernel has it; what is no named card keeps that to itself."""
    kernel = cards.running(card, stream) if alsa_config.is_hardware(card) else None
    return f"{kernel[0]:g} ms" if kernel else "not told"


def _named(card: str) -> str:
    return f"card {card!r}" if card else "the system's default card"


def _known() -> str:
    return ", ".join(cards.ids()) or "none (the kernel has no sound)"
