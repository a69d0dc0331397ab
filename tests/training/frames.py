"""From a scene to what the network learns from: its features, frame by frame, and what each frame should become.

Law: the linear stage of the product runs over every scene as on the device, and the features are the product's own
code. What is kept here depends on nothing else: `fingerprint` names all of it, and a changed filter makes new frames.

Arrays of one scene, `Frames`: only the frames where an echo was possible, for in the others the network rests.
Magnitudes are compressed, |X| ** 0.3, and scaled so that the scene's microphone has a mean square of one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, fields
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import numpy.typing as npt

from edge_agent.audio.format import HEARING_BLOCK, Samples
from edge_agent.hearing.echo.canceller import EchoCanceller
from edge_agent.hearing.echo.neural_features import WINDOW, FrameFeatures
from edge_agent.hearing.echo.spectra import FRAME, Spectra
from edge_agent.hearing.echo.suppressor import EchoForecast
from edge_agent.hearing.vad_silero import SileroVad
from tests.training.corpus import FOLDER, LEARN, corpus
from tests.training.scene import Scene, scene

COMPRESSION = 0.3
SILENT, TALKING, EITHER = 0, 1, 2  # labels; EITHER: a television speaks, and nobody else
_SPEECH = 0.5  # Silero's probability
_VAD_WINDOW = 512
_FILTER = Path(__file__).parents[2] / "edge_agent" / "hearing" / "echo"
_NOT_THE_FILTER = (
    *("neural.py", "neural_network.py", "classical.py", "webrtc.py", "off.py"),
    *("engine.py", "engines.py", "reduction_meter.py", "__init__.py"),
)
_DRAWN_BY = ("corpus.py", "device.py", "rooms.py", "scene.py", "frames.py")


@dataclass(frozen=True, slots=True)
class Frames:
    """features: (frames, 324) float16. heard, wanted: compressed magnitudes of the linear tap and of what it should
    become, (frames, 161) float16. agreement: 127 times the cosine between them, int8. label: (frames,) uint8."""

    features: npt.NDArray[np.float16]
    heard: npt.NDArray[np.float16]
    wanted: npt.NDArray[np.float16]
    agreement: npt.NDArray[np.int8]
    label: npt.NDArray[np.uint8]


class _Recorder:
    """A `Suppressor` that suppresses nothing and remembers everything."""

    near_end: float | None = None

    def __init__(self) -> None:
        self._features = FrameFeatures()
        self._block = 0
        self.features: list[npt.NDArray[np.float16]] = []
        self.spectra: list[Spectra] = []
        self.blocks: list[int] = []

    def reset(self) -> None:
        self._features.reset()

    def process(self, linear: Samples, forecast: EchoForecast | None) -> Samples:
        if forecast is None:
            self._features.rest(linear)
        else:
            self._features.hear(linear, forecast)
            self.features.append(self._features.values.astype(np.float16))
            self.spectra.append(self._features.spectrum)
            self.blocks.append(self._block)
        self._block += 1
        return linear


def frames_of(one: Scene) -> Frames | None:
    """None where the loudspeaker was silent all along."""
    recorder = _Recorder()
    stage = EchoCanceller(recorder)
    for start in range(0, len(one.mic) - HEARING_BLOCK + 1, HEARING_BLOCK):
        block = slice(start, start + HEARING_BLOCK)
        stage.process(one.mic[block], one.ref[block])
    if not recorder.blocks:
        return None
    blocks = np.array(recorder.blocks)
    heard = np.stack(recorder.spectra)
    wanted = _spectra(one.kept, blocks)
    scale = 1 / np.sqrt(np.mean(np.abs(_spectra(one.mic, blocks)) ** (2 * COMPRESSION)) + 1e-6)
    alike = np.real(heard * wanted.conj()) / (np.abs(heard) * np.abs(wanted) + 1e-12)
    return Frames(
        np.stack(recorder.features),
        (np.abs(heard) ** COMPRESSION * scale).astype(np.float16),
        (np.abs(wanted) ** COMPRESSION * scale).astype(np.float16),
        np.round(127 * np.clip(alike, -1, 1)).astype(np.int8),
        labels(one)[blocks],
    )


def _spectra(sound: Samples, blocks: npt.NDArray[np.int64]) -> Spectra:
    """(frames, 161): frame n holds blocks n - 1 and n."""
    padded = np.concatenate([np.zeros(HEARING_BLOCK, np.float32), sound])
    pieces = np.lib.stride_tricks.sliding_window_view(padded, FRAME)[::HEARING_BLOCK][blocks]
    return np.fft.rfft(pieces * WINDOW, axis=1).astype(np.complex64)


def labels(one: Scene) -> npt.NDArray[np.uint8]:
    """Who talks in each block, by Silero on each voice alone."""
    near, television = speaking(one.near), speaking(one.television)
    return np.where(near, TALKING, np.where(television, EITHER, SILENT)).astype(np.uint8)


def speaking(voice: Samples) -> npt.NDArray[np.bool_]:
    """(blocks,): whether Silero hears speech there."""
    blocks = len(voice) // HEARING_BLOCK
    if float(np.abs(voice).max(initial=0)) < 1e-4:
        return np.zeros(blocks, bool)
    said = speech_windows(voice)
    return said[np.minimum(np.arange(blocks) * HEARING_BLOCK // _VAD_WINDOW, len(said) - 1)]


def speech_windows(sound: Samples) -> npt.NDArray[np.bool_]:
    """Silero's judgement of each whole window of 512 samples."""
    detector = SileroVad()
    heard = [
        detector.hear(sound[start : start + HEARING_BLOCK])
        for start in range(0, len(sound) - HEARING_BLOCK + 1, HEARING_BLOCK)
    ]
    last = np.arange(1, len(sound) // _VAD_WINDOW + 1) * _VAD_WINDOW  # the block in which a window's last sample lies
    within = np.minimum((last - 1) // HEARING_BLOCK, len(heard) - 1)
    return np.array(heard)[within] >= _SPEECH


def fingerprint() -> str:
    """Of every file that has a say in the frames."""
    digest = hashlib.sha256()
    for path in sorted(_FILTER.glob("*.py")):
        if path.name not in _NOT_THE_FILTER:
            digest.update(path.read_bytes())
    for name in _DRAWN_BY:
        digest.update((Path(__file__).parent / name).read_bytes())
    return digest.hexdigest()[:12]


def _make(folder: Path, half: str, seed: int, number: int) -> Path:
    path = folder / f"{number:05d}.npz"
    if not path.exists():
        generator = np.random.default_rng([seed, half == LEARN, number])
        found = None
        while found is None:
            found = frames_of(scene(corpus(half), generator))
        part = path.with_suffix(".part.npz")
        np.savez(part, **{field.name: getattr(found, field.name) for field in fields(Frames)})
        part.rename(path)
    return path


def made(half: str, seed: int, count: int, jobs: int = 2) -> Iterator[Path]:
    """The files of scenes 0 to count - 1, in order; what is not there yet is made first."""
    corpus(half)  # decoded once, before two processes want it
    folder = FOLDER / f"frames-{half}-{seed}-{fingerprint()}"
    folder.mkdir(parents=True, exist_ok=True)
    numbers = range(count)
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        yield from pool.map(_make, [folder] * count, [half] * count, [seed] * count, numbers, chunksize=4)


def load(path: Path) -> Frames:
    with np.load(path) as kept:
        return Frames(**{field.name: kept[field.name] for field in fields(Frames)})
