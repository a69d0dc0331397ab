"""One voice in a process of its own: what it says, what that costs, and what can be measured of its sound.

Law: `python -m tests.bench.recognition.say VOICE FILE` speaks the texts into FILE and prints one JSON object. Nobody
listens here: bandwidth, tilt and pauses are stand-ins, and a voice can be bad in ways that none of them shows.
The memory is the speaking
process's own, without that of programs it starts (espeak-ng itself takes about 10 MB).
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from edge_agent.audio.format import Samples
from edge_agent.local.speech.work import WORK_RATE
from tests.bench.recognition.hear import own_peak_mb

SECONDS = 600.0
_FRAME = WORK_RATE // 50  # 20 ms
_PAUSE_DB = 30.0  # below the loudest frame
_TILT_HZ = (300.0, 6000.0)


@dataclass(frozen=True, slots=True)
class Spoken:
    """samples: at WORK_RATE.  cpu: seconds a second of sound, programs it starts included.  first_ms: wall clock from
    a short sentence's text to its sound."""

    samples: list[Samples]
    cpu: float
    first_ms: float
    load_s: float
    peak_mb: float


def say(voice: str, texts: Sequence[str]) -> Spoken:
    """Raises CalledProcessError."""
    with TemporaryDirectory(prefix="edge-agent-") as folder:
        path = Path(folder) / "spoken.npz"
        command = [sys.executable, "-m", __name__, voice, str(path)]
        done = subprocess.run(
            command, check=True, input=json.dumps(list(texts)), stdout=subprocess.PIPE, text=True, timeout=SECONDS
        )
        with np.load(path) as file:
            samples = [file[f"arr_{number}"] for number in range(len(file.files))]
    return Spoken(samples, **json.loads(done.stdout))


def bandwidth_hz(samples: Samples) -> float:
    """Below it lies 99 % of the power."""
    power = np.cumsum(np.abs(np.fft.rfft(samples)) ** 2)
    return float(np.searchsorted(power, 0.99 * power[-1]) * WORK_RATE / len(samples))


def tilt_db(samples: Samples) -> float:
    """dB an octave, of the long-term spectrum between 300 and 6000 Hz; a person's is about -6 to -9."""
    power = np.abs(np.fft.rfft(samples)) ** 2
    edges = np.geomspace(*_TILT_HZ, 14) * len(samples) / WORK_RATE
    bands = [power[round(low) : round(high)].mean() for low, high in pairwise(edges)]
    octaves = np.log2(edges[:-1])
    return float(np.polyfit(octaves, 10 * np.log10(np.asarray(bands) + 1e-20), 1)[0])


def paused(samples: Samples) -> float:
    """The share of 20 ms frames in which nothing is said."""
    count = len(samples) // _FRAME
    power = np.square(samples[: count * _FRAME].reshape(count, _FRAME)).mean(axis=1)
    return float((power < power.max() * 10 ** (-_PAUSE_DB / 10)).mean())


def _main(name: str, path: str, texts: list[str]) -> dict[str, float]:
    from edge_agent.local.speech import engines

    began = _cpu_s()
    voice = engines.new_voice(name)
    voice.speak("ready")
    loaded = _cpu_s()
    spoken = [np.frombuffer(voice.speak(text), "<i2").astype(np.float32) / np.float32(32768) for text in texts]
    cpu = (_cpu_s() - loaded) / (sum(map(len, spoken)) / WORK_RATE)
    start = time.monotonic()
    voice.speak("It is noon.")
    first_ms = 1000 * (time.monotonic() - start)
    peak_mb = own_peak_mb()
    np.savez(path, *spoken)
    return {"cpu": cpu, "first_ms": first_ms, "load_s": loaded - began, "peak_mb": peak_mb}


def _cpu_s() -> float:
    times = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in times)


if __name__ == "__main__":
    print(json.dumps(_main(sys.argv[1], sys.argv[2], json.load(sys.stdin))))
