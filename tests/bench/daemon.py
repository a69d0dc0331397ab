"""The whole daemon as a process on PulseAudio's null sinks, 48 kHz and 10 ms, in real time: what it takes of one core.

Law: the product as a user starts it, its own default buffer and one wake word; the embedded server is a process of its
own and not counted. CPU is the kernel's count for the process, all its threads. The baselines are processes too, on the
same sinks in the same run: PyAudio alone, and the plain script that people write, PyAudio with openWakeWord's Model.
PSS counts a page that n processes share as 1/n.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import numpy as np

from edge_agent.audio.format import HEARING_RATE, Samples
from edge_agent.sim.voice import at_level, synthesise
from tests.bench.row import Row
from tests.daemon import pulse
from tests.daemon.process import NotifySocket, edge_agent
from tests.daemon.story import Story

MEASURED_S = 10.0
SETTLING_S = 5.0  # the first seconds, in which caches fill, gates learn the room's noise and the session connects
READY_S = 60.0
QUIET_DBFS = -65.0
TALK_DBFS = -28.0
TALKERS = ("flite:rms", "flite:slt", "flite:awb")
TALK = "the ships in the harbour wait for the morning tide and nobody on deck says a word about yesterday's storm"
MUSIC_HZ = (220.0, 277.2, 329.6, 440.0)
TICKS = os.sysconf("SC_CLK_TCK")
DUPLEX = "PyAudio alone, duplex 48 kHz, 10 ms"
SCRIPT = "a plain script: PyAudio and openWakeWord's Model"

BARE = """
import os, sys, warnings
warnings.simplefilter("ignore")
import pyaudio
from edge_agent.audio.portaudio_library import load_pyaudio
from edge_agent.hearing.models import wake_head
p = load_pyaudio().PyAudio()
at = {p.get_device_info_by_index(i)["name"]: i for i in range(p.get_device_count())}
common = dict(rate=48_000, channels=1, format=pyaudio.paInt16, frames_per_buffer=480)
speaker = p.open(output=True, output_device_index=at["speaker"], **common)
mic = p.open(input=True, input_device_index=at["room"], **common)
model = None
if "wake" in sys.argv:
    import numpy as np, soxr
    from openwakeword.model import Model
    model = Model([str(wake_head("hey_jarvis").path)], inference_framework="onnx")
    down = soxr.ResampleStream(48_000, 16_000, 1, dtype="int16", quality="LQ")
    frame = np.zeros(0, np.int16)
while True:
    speaker.write(bytes(960), 480)
    heard = mic.read(480, exception_on_overflow=False)
    if model is not None:
        frame = np.concatenate([frame, down.resample_chunk(np.frombuffer(heard, np.int16))])
        if len(frame) >= 1280:
            model.predict(frame[:1280])
            frame = frame[1280:]
"""


def rows() -> Iterator[Row]:
    if pulse.missing():
        raise RuntimeError(f"not installed: {pulse.missing()}")
    with ExitStack() as ending:
        folder = Path(ending.enter_context(tempfile.TemporaryDirectory(prefix="edge-agent-bench-")))
        card = pulse.PulseAudio(folder / "pulse")
        ending.callback(card.stop)
        env = pulse.cards(card, card, folder)
        duplex, _ = _measured(card, _bare(env))
        script_quiet, script_talk = _measured(card, _bare(env, "wake"))
        ready_s, daemon = _started(folder, env)
        ours_quiet, ours_talk = _measured(card, daemon)
    yield Row("daemon.quiet_room", ours_quiet[0], "% of a core", duplex[0], DUPLEX)
    yield Row("daemon.quiet_room_to_script", ours_quiet[0], "% of a core", script_quiet[0], SCRIPT)
    yield Row("daemon.talk_and_music", ours_talk[0], "% of a core", duplex[0], DUPLEX)
    yield Row("daemon.talk_and_music_to_script", ours_talk[0], "% of a core", script_talk[0], SCRIPT)
    yield Row("daemon.memory_pss", ours_talk[1], "MB", script_talk[1], SCRIPT)
    yield Row("daemon.start_to_ready", ready_s, "s wall", _python_s(), "import numpy, onnxruntime, websockets")


Cost = tuple[float, float]


def _measured(card: pulse.PulseAudio, process: subprocess.Popen[str]) -> tuple[Cost, Cost]:
    """(percent of a core, PSS in MB) in a quiet room, then with talk and music; the process is ended."""
    try:
        found = []
        for sound in (_quiet, _talk_and_music):
            player = card.say(sound(SETTLING_S + MEASURED_S + 2.0))
            time.sleep(SETTLING_S)
            began, used = time.monotonic(), _cpu_s(process.pid)
            time.sleep(MEASURED_S)
            share = 100 * (_cpu_s(process.pid) - used) / (time.monotonic() - began)
            found.append((share, _pss_mb(process.pid)))
            player.kill()
            player.wait()
        return found[0], found[1]
    finally:
        process.terminate()
        process.communicate(timeout=15)


def _bare(env: dict[str, str], *arguments: str) -> subprocess.Popen[str]:
    everything = {**os.environ, **env}
    return subprocess.Popen(
        (sys.executable, "-c", BARE, *arguments), env=everything, stderr=subprocess.DEVNULL, text=True
    )


def _started(folder: Path, env: dict[str, str]) -> tuple[float, subprocess.Popen[str]]:
    """How long it took to say READY, s, and the daemon."""
    systemd = NotifySocket(folder / "notify")
    began = time.monotonic()
    daemon = edge_agent("run", env={**env, **systemd.env})
    systemd.wait_for("READY=1", READY_S)
    ready_s = time.monotonic() - began
    Story(daemon).wait_for("connected to the provider", READY_S)
    systemd.close()
    return ready_s, daemon


def _python_s() -> float:
    began = time.monotonic()
    subprocess.run((sys.executable, "-c", "import numpy, onnxruntime, websockets.asyncio.client"), check=True)
    return time.monotonic() - began


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def _pss_mb(pid: int) -> float:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) * 1024 / 1e6


def _quiet(seconds: float) -> Samples:
    noise = np.random.default_rng(2).standard_normal(round(seconds * HEARING_RATE)).astype(np.float32)
    quiet: Samples = noise * np.float32(10 ** (QUIET_DBFS / 20))
    return quiet


def _talk_and_music(seconds: float) -> Samples:
    """People who never pause, over a chord with a beat."""
    count = round(seconds * HEARING_RATE)
    said = np.concatenate([at_level(synthesise(voice, TALK), TALK_DBFS) for voice in TALKERS])
    t = np.arange(count) / HEARING_RATE
    beat = np.exp(-4 * (t * 2 % 1))
    chord = sum(np.sin(2 * np.pi * f * t) for f in MUSIC_HZ) * beat
    music = chord / np.sqrt(np.mean(chord**2)) * 10 ** ((TALK_DBFS - 10) / 20)
    mixed: Samples = (np.resize(said, count) + music + _quiet(seconds)).astype(np.float32)
    return mixed
