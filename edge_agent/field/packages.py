"""The Python packages that one package needs at run time, however far down, as they are really installed.

Law: reading the installed metadata, nothing else. What is demanded and not there is told, never raised; what
is left out on purpose (`LEFT_OUT`) has its reason here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import Distribution, PackageNotFoundError, distribution

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

UNKNOWN = "unknown"
# Demanded by what we use: the first four are overridden in pyproject.toml's [tool.uv], the others are left out of the
# Debian package (image/package/slimming.py).
LEFT_OUT = {
    "tflite-runtime": "openwakeword's models are here as ONNX too; it has no wheel for Python 3.12 and later",
    "speexdsp-ns": "openwakeword's noise suppression, which is not used",
    "torch": "silero-vad's package is here for its ONNX model, which needs no torch",
    "torchaudio": "silero-vad's package is here for its ONNX model, which needs no torchaudio",
    "scikit-learn": "openwakeword's trainer of custom verifiers, which is not used",
    "scipy": "openwakeword's trainer of custom verifiers, which is not used",
    "tqdm": "openwakeword's download of models; ours are in its wheel",
    "protobuf": "onnxruntime's tools for other models, which are not used",
    "flatbuffers": "onnxruntime's tools for other models, which are not used",
    "sounddevice": "pocketsphinx's own microphone; sound comes to it over the socket",
    "setuptools": "colorzero names it and imports nothing of it",
}


@dataclass(frozen=True, slots=True)
class Package:
    """A Python package as installed, or what Debian ships of a system library."""

    name: str
    version: str
    licence: str


@dataclass(frozen=True, slots=True)
class Absent:
    """A package that `needed_by` demands and that is not installed. reason: why that is well, or what to do."""

    name: str
    needed_by: str
    reason: str


def installed(
    root: str, find: Callable[[str], Distribution] = distribution
) -> tuple[tuple[Package, ...], tuple[Absent, ...]]:
    """What `root` needs at run time on this machine, however far down, in order of names; and what of it is absent.

    find: raises PackageNotFoundError.
    """
    packages: dict[str, Package] = {}
    absent: dict[str, Absent] = {}
    asked = [(Requirement(root), "this command")]
    seen: set[tuple[str, frozenset[str]]] = set()
    while asked:
        wanted, by = asked.pop()
        name, extras = canonicalize_name(wanted.name), frozenset(wanted.extras)
        if (name, extras) in seen:
            continue
        seen.add((name, extras))
        try:
            found = find(name)
        except PackageNotFoundError:
            absent[name] = Absent(name, by, LEFT_OUT.get(name, "install the locked environment again"))
            continue
        packages[name] = Package(name, found.version, licence(found))
        asked += [(need, name) for need in map(Requirement, found.requires or ()) if _applies(need, extras)]
    return tuple(one for _, one in sorted(packages.items())), tuple(one for _, one in sorted(absent.items()))


def _applies(need: Requirement, extras: frozenset[str]) -> bool:
    return need.marker is None or any(need.marker.evaluate({"extra": extra}) for extra in extras or {""})


def licence(found: Distribution) -> str:
    """The SPDX expression, else the classifier, else the first line of the licence's field, which may be a text."""
    told = found.metadata
    if "License-Expression" in told:
        return str(told["License-Expression"])
    classifiers = [c.split(" :: ") for c in told.get_all("Classifier") or () if c.startswith("License ::")]
    if names := [parts[-1] for parts in classifiers if parts[1:] != ["OSI Approved"]]:
        return " / ".join(names)
    lines = (told.get_all("License") or [""])[0].strip().splitlines()
    return lines[0].strip() if lines else UNKNOWN
