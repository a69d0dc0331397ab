"""Resident memory and start-up time, each in a Python process of its own: what another group loaded would be counted.

Law: `python -m tests.bench.memory PART` prints {"what": megabytes} for one of PARTS; the rows are made of that. Until
a child loads its part it has imported nothing but `row.py`. MB are 10^6 bytes. What a part adds depends on what is
there already (ONNX Runtime's own pages come with the first model): the order is that of `_added`.
"""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from tests.bench.row import Row

BARE = "import numpy, onnxruntime"
IMPORT = "import edge_agent.app"
MODELS = "from edge_agent import app; from edge_agent.config import Settings; app.stages(Settings())"
BARE_TOLD = "a Python that imported numpy and onnxruntime"
ZERO_2_W_MB = 512.0
ZERO_2_W_TOLD = "all of a Zero 2 W (512 MB)"
STARTS = 3
PAGE_MB = os.sysconf("SC_PAGESIZE") / 1e6


def resident_mb(pid: int | str = "self") -> float:
    """What of the process is in memory, pages shared with others included."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * PAGE_MB


def memory() -> Iterator[Row]:
    added = _child("added")
    bare = added.pop("bare")
    for name, grown in added.items():
        yield Row(f"memory.added_by_{name}", grown, "MB", bare, BARE_TOLD)
    daemon, four_words, theirs = (_child(part)["all"] for part in ("daemon", "four_words", "openwakeword"))
    yield Row("memory.stages_1_word", daemon, "MB", bare, BARE_TOLD)
    yield Row("memory.stages_4_words", four_words, "MB", bare, BARE_TOLD)
    yield Row("memory.stages_to_openwakeword", daemon, "MB", theirs, "openWakeWord's Model alone")
    yield Row("memory.stages_to_a_zero_2_w", daemon, "MB", ZERO_2_W_MB, ZERO_2_W_TOLD)


def bare_python_mb() -> float:
    return _child("bare")["bare"]


def echo_mb() -> tuple[float, float]:
    """(ours, pywebrtc-audio's)"""
    told = _child("echo")
    return told["ours"], told["wheel"]


def start() -> Iterator[Row]:
    """Imports, compiled code on disk; CPU seconds, ours and the baseline in turns."""
    taken = [[_import_s(code) for code in (IMPORT, MODELS, BARE)] for _ in range(STARTS)]
    ours, models, bare = (float(seconds) for seconds in np.median(taken, axis=0))
    yield Row("start.import_app", ours, "s CPU", bare, BARE)
    yield Row("start.import_and_models", models, "s CPU", bare, BARE)


def _import_s(code: str) -> float:
    before = os.times()
    subprocess.run([sys.executable, "-c", code], check=True)
    after = os.times()
    return after.children_user + after.children_system - before.children_user - before.children_system


def _child(part: str) -> dict[str, float]:
    done = subprocess.run([sys.executable, "-m", __name__, part], check=True, stdout=subprocess.PIPE, text=True)
    told: dict[str, float] = json.loads(done.stdout)
    return told


# --- in the child ---------------------------------------------------------------------------------------------------


def _bare() -> dict[str, float]:
    import onnxruntime  # noqa: F401 - it is the import that is measured

    return {"bare": resident_mb()}


def _added() -> dict[str, float]:
    """Each stage made and fed three seconds of sound, one after the other."""
    told, kept = _bare(), []

    def grown(name: str, load: Callable[[], Any]) -> None:
        before = resident_mb()
        kept.append(load())
        told[name] = max(resident_mb() - before, PAGE_MB)  # a ratio wants more than nothing

    grown("import_app", lambda: importlib.import_module("edge_agent.app"))
    from edge_agent import app
    from edge_agent.config import Settings
    from edge_agent.hearing.models import WORDS
    from edge_agent.hearing.vad_silero import SileroVad
    from edge_agent.hearing.wake_openwakeword import OpenWakeWord

    def echo() -> Any:
        engine = app.echo_engine(Settings())
        for block in _sound():
            engine.process(block, block)
        return engine

    def hearing(make: Callable[[], Any]) -> Any:
        engine = make()
        for block in _sound():
            engine.hear(block)
        return engine

    grown("echo", echo)
    grown("vad", lambda: hearing(SileroVad))
    grown("wake_1_word", lambda: hearing(lambda: OpenWakeWord(WORDS[1:2])))
    grown("three_heads_more", lambda: [_head(word) for word in WORDS if word != WORDS[1]])
    return told


def _echo() -> dict[str, float]:
    """What the echo stage of the default settings adds, and what pywebrtc-audio does, each after three seconds."""
    from edge_agent import app
    from edge_agent.config import Settings
    from edge_agent.hearing.echo.webrtc import wheel

    told, kept = {}, []
    for name, make in (("ours", lambda: app.echo_engine(Settings())), ("wheel", wheel)):
        before = resident_mb()
        kept.append(make())
        for block in _sound():
            kept[-1].process(block, block)
        told[name] = max(resident_mb() - before, PAGE_MB)
    return told


def _head(word: str) -> Any:
    from edge_agent.hearing.models import session, wake_head

    head = session(wake_head(word))
    (fed,) = head.get_inputs()
    head.run(None, {fed.name: np.zeros([1, *fed.shape[1:]], np.float32)})
    return head


def _daemon(words: int) -> dict[str, float]:
    """All the daemon's stages, configured for so many words, after three seconds of a room."""
    from edge_agent import app
    from edge_agent.audio.format import DuplexBlock
    from edge_agent.config_file import from_dict
    from edge_agent.hearing.models import WORDS

    parts = app.stages(from_dict({"wake": {"words": list(WORDS[:words])}}, "bench"))
    for index, block in enumerate(_sound()):
        parts.ear.hear(DuplexBlock(index, block[None, :], block))
        parts.playback.render()
    return {"all": resident_mb()}


def _openwakeword() -> dict[str, float]:
    warnings.simplefilter("ignore")
    from openwakeword.model import Model

    from edge_agent.hearing.models import WORDS, wake_head

    model = Model([str(wake_head(WORDS[1]).path)], inference_framework="onnx")
    for _ in range(25):
        model.predict(np.zeros(1280, np.int16))
    return {"all": resident_mb()}


def _sound() -> list[Any]:
    sound = 0.1 * np.random.default_rng(1).standard_normal((300, 160))
    return list(sound.astype(np.float32))


PARTS: dict[str, Callable[[], dict[str, float]]] = {
    "bare": _bare,
    "added": _added,
    "echo": _echo,
    "daemon": partial(_daemon, 1),
    "four_words": partial(_daemon, 4),
    "openwakeword": _openwakeword,
}

if __name__ == "__main__":
    print(json.dumps(PARTS[sys.argv[1]]()))
