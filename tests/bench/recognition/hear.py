"""One engine in a process of its own: what it understands, what that costs in CPU time and memory.

Law: `python -m tests.bench.recognition.hear ENGINE FILE` reads recordings and prints one JSON object. MB are 10^6
bytes; the peak is the kernel's (VmHWM), of the whole process, Python and numpy included.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from edge_agent.audio.format import HEARING_RATE, Samples

SECONDS = 900.0


@dataclass(frozen=True, slots=True)
class Heard:
    """understood: what the server would get.  dictated: every word, whatever was said.  cpu: seconds a second of
    sound, of what the server does.  load_s: CPU seconds until the first sentence could come."""

    understood: list[str]
    dictated: list[str]
    cpu: float
    load_s: float
    peak_mb: float


def hear(engine: str, recordings: Sequence[Samples], dictated: int) -> Heard:
    """dictated: so many of the first recordings are also taken down freely. Raises CalledProcessError."""
    with TemporaryDirectory(prefix="edge-agent-") as folder:
        path = Path(folder) / "recordings.npz"
        np.savez(path, *[np.asarray(one * 32767, np.int16) for one in recordings])
        command = [sys.executable, "-m", __name__, engine, str(path), str(dictated)]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, timeout=SECONDS)
    return Heard(**json.loads(done.stdout))


def _main(engine: str, path: str, dictated: int) -> dict[str, Any]:
    from edge_agent.local.speech import speech

    speech.use(engine, "espeak-ng")
    began = time.process_time()
    ears = speech.recogniser()
    ears.recognise(np.zeros(HEARING_RATE // 2, np.float32))
    ready = time.process_time()
    with np.load(path) as file:
        recordings = [file[f"arr_{number}"].astype(np.float32) / np.float32(32767) for number in range(len(file.files))]
    start = time.process_time()
    understood = [ears.recognise(one) for one in recordings]
    cpu = (time.process_time() - start) / (sum(map(len, recordings)) / HEARING_RATE)
    peak_mb = own_peak_mb()
    freely = [_dictated(engine, ears, one) for one in recordings[:dictated]]
    return {
        "understood": understood,
        "dictated": freely,
        "cpu": cpu,
        "load_s": ready - began,
        "peak_mb": peak_mb,
    }


def _dictated(engine: str, ears: Any, samples: Samples) -> str:
    """Moonshine's free hypothesis; of pocketsphinx its own language model with all its words, as it comes."""
    if engine == "moonshine":
        found = ears.hypothesis(samples)
        return "" if found is None else str(found.free.text)
    import pocketsphinx

    decoder = pocketsphinx.Decoder(loglevel="FATAL")
    decoder.start_utt()
    decoder.process_raw(np.asarray(samples * 32767, "<i2").tobytes(), full_utt=True)
    decoder.end_utt()
    return "" if decoder.hyp() is None else str(decoder.hyp().hypstr)


def own_peak_mb() -> float:
    """Of this process since it began."""
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) * 1024 / 1e6


if __name__ == "__main__":
    print(json.dumps(_main(sys.argv[1], sys.argv[2], int(sys.argv[3]))))
