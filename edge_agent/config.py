"""Configuration: every key, declared once, with its default, unit and range. `config_file.py` reads it from TOML.

Law: declarations only. No file is opened here, and no secret has a place here: the provider's key comes from a systemd
credential or the environment (`system/credentials.py`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import Field, dataclass, field, fields
from pathlib import Path
from typing import Any

MAIN_FILE = Path("/etc/edge-agent/edge-agent.toml")
MAIN_FILE_VARIABLE = "EDGE_AGENT_CONFIG"  # names another one
DROP_INS = "conf.d"  # the folder beside the main file
ECHO_ENGINES = ("neural", "classical", "webrtc", "off")


def key(
    default: Any,
    doc: str,
    *,
    lo: float | None = None,
    hi: float | None = None,
    multiple: int | None = None,
    choices: tuple[str, ...] = (),
    websocket: bool = False,
    none: float | None = None,
    card: bool = False,
) -> Any:
    """Declare one configuration key: its default, what it means (with unit), and what is allowed.

    lo, hi, multiple: of a number, or of each number of a table.
    websocket: the text is the address of a WebSocket, or empty.  none: a number beside the range that stands for none.
    card: the text names a sound card.
    """
    facts = {"doc": doc, "lo": lo, "hi": hi, "multiple": multiple, "choices": choices, "websocket": websocket}
    facts |= {"none": none, "card": card}
    if isinstance(default, list | dict):
        return field(default_factory=default.copy, metadata=facts)
    return field(default=default, metadata=facts)


@dataclass(frozen=True, slots=True)
class Audio:
    input_card: str = key(
        "",
        "ALSA id of the microphone's card (`arecord -l`), or pcm:NAME (`arecord -L`); empty: the board's, or default",
        card=True,
    )
    output_card: str = key(
        "",
        "ALSA id of the loudspeaker's card (`aplay -l`), or pcm:NAME (`aplay -L`); empty: the board's, or default",
        card=True,
    )
    rate: int = key(
        48_000, "sample rate, Hz; a card without it is opened at the best it has", lo=16_000, hi=48_000, multiple=100
    )
    channels: int = key(1, "microphones to listen to: the card's first channels, less the reference", lo=1, hi=8)
    reference_channel: int = key(
        0, "channel of the microphone's card, from 1, that records what the loudspeaker plays; 0: none", lo=0, hi=16
    )
    clocks: str = key(
        "auto",
        "one or two clocks for microphone and loudspeaker; auto: one where both are the same named card",
        choices=("auto", "one", "two"),
    )
    buffer_ms: int = key(
        60,
        "buffer of the card in each direction, ms; on two clocks 40 at least; less drops sound on a busy Pi",
        lo=20,
        hi=500,
        multiple=10,
    )
    gain_db: float = key(0.0, "added to the microphones, dB, where their mixer ends too early", lo=-20, hi=40)
    volume: int = key(70, "loudspeaker volume, percent", lo=0, hi=100)
    alarm_volume: int = key(70, "volume of timers and alarms, percent, whatever `volume` is", lo=10, hi=100)
    earcons: bool = key(True, "short sounds on waking, muting, waiting and trouble; alarms ring in any case")
    words: bool = key(True, "short sentences of the device's own, where an answer is late or does not come")
    keep_awake: bool = key(
        False, "play noise below hearing instead of silence, for an amplifier that sleeps and clips the first syllable"
    )


@dataclass(frozen=True, slots=True)
class Echo:
    engine: str = key(
        "neural",
        "echo engine; webrtc needs the PyPI package pywebrtc-audio, off is for boards that cancel in hardware",
        choices=ECHO_ENGINES,
    )
    max_delay_ms: int = key(500, "longest loudspeaker-to-microphone delay searched for, ms", lo=50, hi=1000)
    tail_ms: int = key(192, "length of the room's echo that is modelled, ms", lo=32, hi=512)


@dataclass(frozen=True, slots=True)
class WakeWord:
    words: list[str] = key(  # noqa: RUF009 - `key` makes a field with a factory, not a shared list
        ["hey_jarvis"],
        "wake words: alexa, hey_jarvis, hey_mycroft, hey_rhasspy, or the path of an .onnx head of your own",
    )
    stop_words: list[str] = key(  # noqa: RUF009 - as `words`
        [], "words that end a reply, or a turn without an answer, and wake nothing; named as `words`, and none of them"
    )
    threshold: float = key(
        0.0,
        "score that counts as heard, for every word; 0: each word's own (`lab wake` shows it)",
        lo=0.05,
        hi=0.99,
        none=0.0,
    )
    thresholds: dict[str, float] = key(  # noqa: RUF009 - as `words`
        {}, "scores for single words, named as in `words` or `stop_words`; else `threshold`", lo=0.05, hi=0.99
    )
    patience: int = key(1, "frames of 80 ms over the threshold in a row before it counts", lo=1, hi=10)
    refractory_s: float = key(2.0, "no second wake for this long, s", lo=0.0, hi=10.0)


@dataclass(frozen=True, slots=True)
class Turn:
    detection: str = key(
        "local",
        "who decides that a sentence is over: this device, or the provider",
        choices=("local", "server_vad", "semantic_vad"),
    )
    speech_threshold: float = key(0.5, "speech probability that counts as speech", lo=0.05, hi=0.95)
    silence_ms: int = key(800, "silence that ends a sentence, ms", lo=200, hi=3000)
    pause_ms: int = key(
        200,
        "silence after which an answer is asked for, but not played before the sentence is over, ms; an answer that "
        "was asked for too early costs tokens; 0 never asks early",
        lo=0,
        hi=3000,
    )
    follow_up_s: float = key(
        6.0, "after a reply has been heard, answers need no wake word for this long, s; 0 turns it off", lo=0, hi=60
    )
    pre_roll_s: float = key(
        3.0, "how far back a sentence may begin before the device noticed it, s; 0 loses first words", lo=0, hi=10
    )
    no_speech_s: float = key(6.0, "after a wake without a word the device stops listening, s", lo=2, hi=30)
    max_speech_s: float = key(30.0, "longest sentence, s; it is answered as far as it went", lo=5, hi=120)
    cue_s: float = key(1.0, "a reply that has not come after this is announced by a soft sound, s", lo=0.3, hi=10)
    words_s: float = key(2.0, "and after this in words, s", lo=0.5, hi=10)
    reply_s: float = key(15.0, "longest wait for the first sound of a reply, s", lo=3, hi=60)
    stall_s: float = key(10.0, "a reply that stops arriving is given up after this, s", lo=2, hi=60)
    listen_while_speaking: str = key(
        "auto",
        "what stops a reply: speech, anyone who talks over it; wake, only a wake word, a stop word or the button; "
        "button, only that; auto, speech for as long as what is measured allows it",
        choices=("auto", "speech", "wake", "button"),
    )
    interruption_ms: int = key(160, "for how long a person must speak until the reply is silent, ms", lo=100, hi=1000)
    backchannel_ms: int = key(
        500, 'speech that is over within this, an "uh-huh", only pauses the reply, ms; 0: a word ends it', lo=0, hi=1500
    )


@dataclass(frozen=True, slots=True)
class Session:
    provider: str = key(
        "auto",
        "who answers; auto is openai with a key and local without",
        choices=("auto", "local", "openai", "speech-to-speech"),
    )
    local_recogniser: str = key(
        "auto",
        "the ears of the embedded server; auto is the best that is installed and that the memory is enough for",
        choices=("auto", "moonshine", "pocketsphinx"),
    )
    local_voice: str = key(
        "auto",
        "its voice; auto likewise (`make speech` installs the better ones)",
        choices=("auto", "hibari", "espeak-ng"),
    )
    url: str = key("", "WebSocket address of a GA-compatible server; empty for the provider's own", websocket=True)
    model: str = key("gpt-realtime-2.1-mini", "model name; fixed once connected")
    voice: str = key("marin", "voice name; fixed once it has spoken")
    instructions: str = key(
        "You are a friendly voice assistant. Answer in one or two short spoken sentences.",
        "what the model is told about itself",
    )
    greeting: str = key("", "said once after start: an instruction to the model; empty for silence")
    transcription: str = key(
        "gpt-transcribe", "model that transcribes what was said (needed to resume after a drop), or empty"
    )
    resume: bool = key(True, "after a drop the conversation so far is told to the provider again, as text")
    max_minutes: float = key(
        50.0, "a session is renewed in silence at this age, minutes (the provider's cap is 60)", lo=1, hi=60
    )
    max_output_tokens: int = key(2048, "longest reply, tokens", lo=64, hi=4096)
    traffic_log: str = key(
        "", "file that gets every event on the wire, keys excluded (mode 0600); it holds what was said. Empty: off"
    )


@dataclass(frozen=True, slots=True)
class Board:
    profile: str = key(
        "none", "the board: none, auto (what `board detect` finds), the name of a file in hardware/boards, or a path"
    )
    mixer: bool = key(True, "set the card's mixer to the board's levels whenever it is opened")
    pin_factory: str = key("", "gpiozero's pin factory: mock, rpigpio ...; empty for lgpio")
    brightness: int = key(60, "of the light, percent", lo=0, hi=100)


@dataclass(frozen=True, slots=True)
class System:
    language: str = key(
        "en", "of the device's own sentences, and of the assistant that is built in", choices=("en", "de")
    )
    log_level: str = key("info", "least serious line that is logged", choices=("debug", "info", "warning", "error"))


@dataclass(frozen=True, slots=True)
class Settings:
    """The whole configuration; a section a field."""

    audio: Audio = field(default_factory=Audio)
    echo: Echo = field(default_factory=Echo)
    wake: WakeWord = field(default_factory=WakeWord)
    turn: Turn = field(default_factory=Turn)
    session: Session = field(default_factory=Session)
    board: Board = field(default_factory=Board)
    system: System = field(default_factory=System)


class ConfigError(Exception):
    """All that is wrong with the configuration, a line each: `FILE: KEY: found VALUE, expected WHAT` (exit 3)."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """Settings and where each key came from: `origins["audio.rate"]` is a file's name, or "default"."""

    settings: Settings
    origins: dict[str, str] = field(default_factory=dict)
    files: tuple[Path, ...] = ()


def declared() -> Iterator[tuple[str, Field[Any]]]:
    """Every key with its section's name, in the order of the declaration."""
    defaults = Settings()
    for section in fields(Settings):
        for f in fields(getattr(defaults, section.name)):
            yield section.name, f
