"""`edge-agent lab echo`: an echo engine over a folder of recorded scenes, its taps written down, its cost measured.

Law: it runs the engine as the daemon does, block by block, and judges nothing: scoring is for whoever reads the output.
Sound is 16 kHz mono; cost is CPU time of one core per 10 ms block, ms. Times of two machines, or of two hours of one,
do not compare; so the wheel of WebRTC's canceller, where it is installed, hears each scene too, right after the engine.
"""

from __future__ import annotations

import json
import resource
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

import numpy as np

from edge_agent.audio.format import BLOCK_MS, HEARING_BLOCK, HEARING_RATE, Samples
from edge_agent.audio.wav import WavError, read_at, write_wav
from edge_agent.hearing.echo.engine import EchoEngine, EchoTaps, EngineError
from edge_agent.hearing.echo.webrtc import PACKAGE, wheel

Pass = Callable[[Samples, Samples], Any]  # a block of the microphone and of the reference through an engine


@dataclass(frozen=True, slots=True)
class Measured:
    """cost: as in cost.json.  wheel_ms: median of pywebrtc-audio on the same scenes; None where it is not installed."""

    cost: dict[str, Any]
    wheel_ms: float | None


def run(scenes: Path, out: Path, engine: str, make: Callable[[], EchoEngine]) -> Measured:
    """Run a fresh engine over every scene listed in `scenes`/scenes.json and write NAME.linear.wav and NAME.clean.wav,
    and what it cost to `out`/cost.json.

    Raises WavError naming the file that cannot be read or written, and what `make` raises.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise WavError(f"{out}: {error.strerror}: expected a folder, or a place where one can be made") from error
    costs: list[float] = []
    theirs: list[float] = []
    for name in _names(scenes / "scenes.json"):
        mic, ref = (read_at(scenes / f"{name}.{side}.wav", HEARING_RATE) for side in ("mic", "ref"))
        if not len(mic):
            raise WavError(f"{scenes / name}.mic.wav: holds no sound")
        taps: list[EchoTaps] = _heard(make().process, mic, ref, costs)
        for side in ("linear", "clean"):
            sound = np.concatenate([getattr(tap, side) for tap in taps])[: len(mic)]
            write_wav(out / f"{name}.{side}.wav", sound, HEARING_RATE)
        if yardstick := _yardstick():
            _heard(yardstick, mic, ref, theirs)
    cost = {
        "engine": engine,
        "block_ms": BLOCK_MS,
        "median_ms": round(float(np.median(costs)), 4),
        "p99_ms": round(float(np.percentile(costs, 99)), 4),
        "mean_ms": round(float(np.mean(costs)), 4),
        "rss_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
    }
    (out / "cost.json").write_text(json.dumps(cost) + "\n")
    return Measured(cost, float(np.median(theirs)) if theirs else None)


def report(measured: Measured, out: TextIO) -> None:
    """One line: the cost, and how many times that of the wheel it is."""
    cost, theirs = measured.cost, measured.wheel_ms
    beside = f"no ratio, for {PACKAGE} is not installed"
    if theirs:
        beside = f"{cost['median_ms'] / theirs:.2f} x {PACKAGE} ({theirs:.4f} ms in the same run)"
    print(
        "{engine}: median {median_ms} ms, p99 {p99_ms} ms, mean {mean_ms} ms of one core per {block_ms} ms block;"
        " {rss_mb} MB; {beside}".format(**cost, beside=beside),
        file=out,
    )


def _names(listing: Path) -> list[str]:
    try:
        names = [str(scene["name"]) for scene in json.loads(listing.read_text())]
    except OSError as error:
        raise WavError(
            f"{listing}: {error.strerror}: a folder of scenes has one, a list of objects with a name"
        ) from error
    except (ValueError, KeyError, TypeError) as error:
        raise WavError(f"{listing}: expected a list of objects, each with a name ({error})") from error
    if not names:
        raise WavError(f"{listing}: lists no scene")
    return names


def _yardstick() -> Pass | None:
    try:
        found: Pass = wheel().process
    except EngineError:
        return None
    return found


def _heard(process: Pass, mic: Samples, ref: Samples, costs: list[float]) -> list[Any]:
    """What each block became. The last block is padded with silence, a shorter reference too."""
    blocks = -(-len(mic) // HEARING_BLOCK)
    near, far = (np.zeros(blocks * HEARING_BLOCK, np.float32) for _ in range(2))
    near[: len(mic)] = mic
    far[: min(len(ref), len(far))] = ref[: len(far)]
    found = []
    for start in range(0, len(near), HEARING_BLOCK):
        block = slice(start, start + HEARING_BLOCK)
        began = time.thread_time_ns()
        heard = process(near[block], far[block])
        costs.append((time.thread_time_ns() - began) / 1e6)
        found.append(heard)
    return found
