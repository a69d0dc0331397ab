"""What of the locked environment the program never opens, and why: left out of the package.

Law: packages, folders and files, each with its reason; `tests/image/` and a run of the installed program prove that
nothing here is missed. All that is imported at run time, and every licence, stays.
"""

from __future__ import annotations

import shutil
from pathlib import Path

VERIFIER = "openwakeword's trainer of custom verifiers; its models run on onnxruntime alone"
TOOLS = "onnxruntime's tools for other models"
LIVE = "pocketsphinx's own microphone; sound comes to it over the socket"
# Demanded by what we use, never imported by the part of it that we use.
PACKAGES = {
    "scikit-learn": VERIFIER,
    "scipy": VERIFIER,
    "joblib": VERIFIER,
    "threadpoolctl": VERIFIER,
    "narwhals": VERIFIER,
    "cloudpickle": VERIFIER,
    "tqdm": "openwakeword's download of models; ours are in its wheel",
    "protobuf": TOOLS,
    "flatbuffers": TOOLS,
    "sounddevice": LIVE,
    "cffi": LIVE,
    "pycparser": LIVE,
    "setuptools": "colorzero names it and imports nothing of it",
}
# Patterns below site-packages. A name without a slash is one anywhere.
FILES = {
    "tests": "the libraries' own tests",
    "testing/tests": "the libraries' own tests",
    "*.pyi": "hints for type checkers",
    "*.pxd": "headers for Cython",
    "*.a": "static libraries",
    "openwakeword/resources/models/*.tflite": "the same models for a runtime that is not there",
    "openwakeword/resources/models/timer_v0.1.onnx": "a phrase that is no wake word",
    "openwakeword/resources/models/weather_v0.1.onnx": "a phrase that is no wake word",
    "openwakeword/resources/models/silero_vad.onnx": "an older speech detector than silero_vad's own",
    "silero_vad/data/*.jit": "for torch",
    "silero_vad/data/*.safetensors": "for tinygrad",
    "silero_vad/data/silero_vad.onnx": "8 and 16 kHz in one: the file for 16 kHz is loaded",
    "silero_vad/data/silero_vad_half.onnx": "another form of the same network",
    "silero_vad/data/silero_vad_16k_sequence.onnx": "another form of the same network",
    "silero_vad/data/silero_vad_op18_ifless.onnx": "another form of the same network",
    "silero_vad/data/silero_vad_openvino_16k.onnx": "another form of the same network",
    "onnxruntime/capi/libonnxruntime.so.*": "for programs in C: Python's module has the runtime within",
    "onnxruntime/transformers": TOOLS,
    "onnxruntime/quantization": TOOLS,
    "onnxruntime/tools": TOOLS,
    "onnxruntime/backend": TOOLS,
    "onnxruntime/datasets": TOOLS,
    "numpy/f2py": "a compiler's front end",
    "numpy/distutils": "a compiler's front end",
    "numpy/_core/include": "headers for C",
    "numpy/random/_examples": "examples",
    "numpy/_pyinstaller": "for PyInstaller",
    "pocketsphinx/model/en-us/en-us-phone.lm.bin": "a model of sounds; words are what is asked for",
    "bin": "commands of the libraries",
    "*.dist-info/RECORD": "names files that were left out",
    "*.dist-info/INSTALLER": "uv's own marks",
    "*.dist-info/REQUESTED": "uv's own marks",
    "*.dist-info/direct_url.json": "names a folder of the machine it was built on",
    "*.dist-info/uv_*": "uv's own marks",
    ".lock": "uv's own marks",
    "__pycache__": "made anew, for where the program will lie",
}


def slim(site: Path, files: dict[str, str] = FILES) -> int:
    """Take what `FILES` names out of site-packages. Returns how many bytes that were."""
    saved = 0
    for pattern in files:
        found = site.glob(pattern) if "/" in pattern or pattern in ("bin", ".lock") else site.rglob(pattern)
        for path in sorted(found):
            saved += size(path)
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)
    return saved


def size(path: Path) -> int:
    """Bytes of a file, or of all files in a folder."""
    if path.is_file():
        return path.stat().st_size
    return sum(one.stat().st_size for one in path.rglob("*") if one.is_file())
