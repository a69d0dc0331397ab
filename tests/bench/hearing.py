"""The hearing stages, each alone and all together, on the same twenty seconds: a voice, and its echo from a reply.

Law: engines as `app.py` makes them with default settings. Costs are CPU time a 10 ms block; what a stage does in some
blocks only is spread over all (see `meter.py`), its spikes are the p99 rows. Alone, a stage finds its weights in the
cache; among the others it does not, so the listener costs more than the sum of its parts, and it is what counts.
"""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

import numpy as np

from edge_agent import app
from edge_agent.audio.format import HEARING_BLOCK, HEARING_RATE, DuplexBlock, Samples
from edge_agent.config import Settings
from edge_agent.dialogue.attention import Attention
from edge_agent.hearing import models
from edge_agent.hearing.echo.canceller import EchoCanceller
from edge_agent.hearing.echo.engines import ENGINES, make
from edge_agent.hearing.echo.suppressor import EchoForecast
from edge_agent.hearing.echo.webrtc import PACKAGE, wheel
from edge_agent.hearing.pre_roll import PreRoll
from edge_agent.hearing.speech_watch import SpeechWatch
from edge_agent.hearing.vad_silero import SileroVad
from edge_agent.hearing.wake_features import WakeFeatures
from edge_agent.hearing.wake_openwakeword import OpenWakeWord
from tests.bench.memory import echo_mb
from tests.bench.meter import (
    CYCLE,
    REAL_TIME,
    REAL_TIME_US,
    YARDSTICK,
    Work,
    fed,
    p99_us,
    spread_us,
    typical_us,
    yardstick,
)
from tests.bench.row import Row
from tests.hearing.echo.echoes import babble, heard_in, hiss, room

WHEEL = f"{PACKAGE} in the same run"
SECONDS = 20.0
FRAME = 1280  # samples: what openWakeWord's own Model takes at once
FRAME_BLOCKS = FRAME // HEARING_BLOCK
VAD_BLOCKS = (3, 6, 9, 12, 15)  # of every 16: when 512 new samples are there
SETTLED = 1000  # blocks after which the gate has known the room for longer than its memory
ASLEEP_MS, ASLEEP_BLOCKS = 4000.0, 400  # longer than any network looks back
ATTENTION = {
    "listening": Attention(uplink=1, speech=True),
    "reply": Attention(reply=True),
    "muted": Attention(muted=True),
}


@cache
def pairs() -> list[DuplexBlock]:
    """A reply and its echo after 40 ms, a person in between, a quiet room's hiss."""
    ref = babble(SECONDS, seed=1)
    mic = heard_in(room(40.0), ref) + babble(SECONDS, seed=2, dbfs=-26.0) + hiss(len(ref))
    starts = range(0, len(ref) - HEARING_BLOCK + 1, HEARING_BLOCK)
    cut = [slice(start, start + HEARING_BLOCK) for start in starts]
    return [DuplexBlock(index, mic[part][None, :], ref[part]) for index, part in enumerate(cut)]


@cache
def at_rest(what: str) -> list[DuplexBlock]:
    """Nothing is played; "quiet": a room's hiss, "talk": people who talk on and on among themselves, and the hiss."""
    sound = hiss(round(SECONDS * HEARING_RATE))
    if what == "talk":
        sound = sound + babble(SECONDS, seed=2, dbfs=-26.0)
    silent = np.zeros(HEARING_BLOCK, np.float32)
    cut = sound.reshape(-1, 1, HEARING_BLOCK)
    return [DuplexBlock(index, block, silent) for index, block in enumerate(cut)]


def voice() -> list[Samples]:
    return [pair.mic[0] for pair in pairs()]


class Unsuppressed:
    """A `Suppressor` that leaves the linear tap as it is, a block late: what is left of the cost is the filter's."""

    near_end: float | None = None

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        self._before = np.zeros(HEARING_BLOCK, np.float32)

    def process(self, linear: Samples, forecast: EchoForecast | None) -> Samples:
        before, self._before = self._before, linear
        return before


def echo() -> Iterator[Row]:
    def cancelling(engine: Any) -> Work:
        return fed(lambda pair: engine.process(pair.mic[0], pair.ref), pairs())

    settings = Settings().echo
    engines = {name: cancelling(make(name)) for name in ENGINES}
    linear = EchoCanceller(Unsuppressed(), tail_ms=settings.tail_ms, max_delay_ms=settings.max_delay_ms)
    filtering, theirs = typical_us(cancelling(linear), cancelling(wheel()), rounds=100)
    *costs, unit = typical_us(*engines.values(), cancelling(wheel()), rounds=100)
    taps = costs[list(engines).index(settings.engine)]
    yield Row("echo.taps", taps, "us/block", unit, WHEEL, goal=4 * unit, means=f"engine {settings.engine}, both taps")
    median, p99 = spread_us(engines[settings.engine])
    yield Row("echo.taps_p99", p99, "us/block", median, "its own median", goal=3 * median)
    yield Row("echo.linear", filtering, "us/block", theirs, WHEEL, means="the filter and its searches alone")
    yield Row("echo.suppressor", max(taps / unit - filtering / theirs, 0.0) * unit, "us/block", unit, WHEEL)
    for name, cost in zip(engines, costs, strict=True):
        yield Row(f"echo.engine_{name}", cost, "us/block", unit, WHEEL)
    ours_mb, wheel_mb = echo_mb()
    yield Row("echo.memory", ours_mb, "MB", wheel_mb, WHEEL, means="with the pages of numpy that it is first to touch")


def wake() -> Iterator[Row]:
    for words in (models.WORDS[1:2], models.WORDS):
        engine = OpenWakeWord(words)
        work = fed(engine.hear, voice())
        theirs = _their_wake(words)
        ours, library = typical_us(work, theirs, rounds=24)
        name = f"wake.{len(words)}_word{'s' * (len(words) > 1)}"
        yield Row(name, ours, "us/block", library, "openWakeWord's own Model.predict")
        yield Row(f"{name}_p99", p99_us(work), "us/block", REAL_TIME_US, REAL_TIME)

    yield from _wake_at_rest()


def _wake_at_rest() -> Iterator[Row]:
    """Behind the gate, and the moment in which it opens: a sleep's keeping and all the windows at once."""
    engine = OpenWakeWord(models.WORDS[1:2])
    work = fed(engine.hear, [pair.mic[0] for pair in at_rest("quiet")])
    for _ in range(SETTLED):
        work()
    quiet, unit = typical_us(work, yardstick(), rounds=40)
    yield Row("wake.quiet_room", quiet, "us/block", unit, YARDSTICK)
    features = WakeFeatures(window=16, told=5)

    def sleep_and_open() -> None:
        for block in voice()[:ASLEEP_BLOCKS]:
            features.keep(block)
        for _ in features.catch_up():
            pass

    (opening,) = typical_us(sleep_and_open, rounds=10, calls=1)
    yield Row("wake.catching_up", opening / 1000, "ms", ASLEEP_MS, "the 4 s that were slept through")


def _their_wake(words: Sequence[str]) -> Any:
    """The library's own streaming of the same networks, fed a frame each 8 blocks as its documentation says."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of its own imports
        from openwakeword.model import Model
    model = Model([str(models.wake_head(word).path) for word in words], inference_framework="onnx")
    whole = np.concatenate(voice())
    pcm = np.clip(whole * 32768, -32768, 32767).astype(np.int16)
    frames = itertools.cycle(pcm[: len(pcm) // FRAME * FRAME].reshape(-1, FRAME))
    blocks = itertools.count()

    def hear() -> None:
        if next(blocks) % FRAME_BLOCKS == FRAME_BLOCKS - 1:
            model.predict(next(frames))

    return hear


def vad() -> Iterator[Row]:
    detector = SileroVad()
    work = fed(detector.hear, voice())
    ours, bare = typical_us(work, _bare_vad(), rounds=100)
    yield Row("vad.silero", ours, "us/block", bare, "the bare onnxruntime calls")
    yield Row("vad.silero_p99", p99_us(work), "us/block", REAL_TIME_US, REAL_TIME)

    def sleep_and_wake() -> None:
        watch = SpeechWatch(detector, memory)
        watch.forget()
        for index, block in enumerate(voice()[:ASLEEP_BLOCKS]):
            watch.hear(index, block, needed=False)
        watch.wake_up()

    memory = PreRoll()
    (waking,) = typical_us(sleep_and_wake, rounds=10, calls=1)
    yield Row("vad.catching_up", waking / 1000, "ms", ASLEEP_MS, "the 4 s that were slept through")


def _bare_vad() -> Any:
    """The same network on the same schedule, and nothing around it."""
    network = models.session(models.speech_model())
    sound = np.concatenate(voice())[: 512 + 64].reshape(1, -1).copy()
    inputs = {"input": sound, "state": np.zeros((2, 1, 128), np.float32), "sr": np.array(HEARING_RATE, np.int64)}
    blocks = itertools.count()

    def hear() -> None:
        if next(blocks) % CYCLE in VAD_BLOCKS:
            network.run(None, inputs)

    return hear


def listener() -> Iterator[Row]:
    works = {f"{what}_at_rest": _resting(what) for what in ("quiet", "talk")}
    for state, attention in ATTENTION.items():
        stages = app.stages(Settings())
        stages.listener.attend(attention)
        works[state] = fed(stages.listener.hear, pairs())
    *costs, unit = typical_us(*works.values(), yardstick(), rounds=40)
    for state, cost in zip(works, costs, strict=True):
        yield Row(f"listener.{state}", cost, "us/block", REAL_TIME_US, REAL_TIME)
    yield Row("listener.reply_in_transforms", costs[list(works).index("reply")], "us/block", unit, YARDSTICK)
    yield Row("listener.reply_p99", p99_us(works["reply"]), "us/block", REAL_TIME_US, REAL_TIME)
    yield Row("listener.talk_at_rest_p99", p99_us(works["talk_at_rest"]), "us/block", REAL_TIME_US, REAL_TIME)
    parts = app.stages(Settings())
    parts.listener.attend(ATTENTION["listening"])
    ear = fed(parts.ear.hear, pairs())
    (whole,) = typical_us(ear, rounds=40)
    yield Row("listener.ear_with_uplink", whole, "us/block", REAL_TIME_US, REAL_TIME)


def _resting(what: str) -> Work:
    """Nobody is called and nothing is played: where a device is for most of its life."""
    work = fed(app.stages(Settings()).listener.hear, at_rest(what))
    for _ in range(SETTLED):
        work()
    return work
