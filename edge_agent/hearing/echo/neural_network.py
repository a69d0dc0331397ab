"""The network of the echo stage: a dense layer, two gated recurrent units; from the second and from the dense layer
come a gain for each band and one probability.

Law: matrices and one state; what goes in and what the answers mean is its owner's business (`neural.py`). The weights
come from a file that `python -m tests.training` writes; how they came to be is in `neural.md`.

Numpy hands a product of a matrix with a vector to OpenBLAS, which wakes a thread for every core above 9,216 elements: a
block would then wait for a core that something else has. Each matrix therefore lies here in slices below that size, one
call for all of them.

Recurrent unit after Cho et al. 2014, reset after the product. Sigmoids are computed as half a tanh.
"""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import numpy.typing as npt

from edge_agent.hearing.echo.engine import EngineError

Vector = npt.NDArray[np.float32]

WEIGHTS = Path(__file__).with_name("neural.npz")
_LAYERS = ("dense", "first_in", "first_on", "second_in", "second_on", "out")
_MOST_ELEMENTS = 9216  # of one product: OpenBLAS's 2304 * GEMM_MULTITHREAD_THRESHOLD


class WeightsError(EngineError):
    """The weights cannot be used; the text says which file, what was found, and what to do."""


class Network:
    """hear: features in, (gains (bands,), probability) out. Not safe for two threads."""

    def __init__(self, weights: Path, *, features: int, bands: int) -> None:
        """Raises WeightsError where the file is missing, broken or of another shape."""
        found = read(weights)
        self.units = found["first_on.weight"].shape[1]
        _check(weights, found, features, bands, self.units)
        self.parameters = sum(array.size for array in found.values())
        self._bands = bands
        self._dense = _Layer(found, "dense")
        self._first = _Unit(found, "first")
        self._second = _Unit(found, "second")
        self._out = _Layer(found, "out", halved=bands + 1)
        self._both = np.zeros(found["out.weight"].shape[1], np.float32)

    def reset(self) -> None:
        """Forget what was heard."""
        self._first.reset()
        self._second.reset()

    def hear(self, features: Vector) -> tuple[Vector, float]:
        """features: (features,). The gains are in [0, 1]; the array is the caller's."""
        shown = self._dense(features)
        np.tanh(shown, out=shown)
        self._first.hear(shown)
        units = self.units
        self._both[:units] = self._second.hear(self._first.state)
        self._both[units:] = shown
        answer = self._out(self._both)
        np.tanh(answer, out=answer)
        answer *= np.float32(0.5)
        answer += np.float32(0.5)
        return answer[: self._bands], float(answer[self._bands])


class _Layer:
    """weight @ x + bias. halved: so many rows are for a sigmoid, and are halved."""

    def __init__(self, found: dict[str, Vector], name: str, halved: int = 0) -> None:
        weight, bias = found[f"{name}.weight"].copy(), found[f"{name}.bias"].copy()
        weight[:halved] *= np.float32(0.5)
        bias[:halved] *= np.float32(0.5)
        self._rows, columns = weight.shape
        parts = -(-weight.size // (_MOST_ELEMENTS - columns))
        height = -(-self._rows // parts)
        padded = np.zeros((parts * height, columns), np.float32)
        padded[: self._rows] = weight
        self._weight = padded.reshape(parts, height, columns)
        self._bias = bias

    def __call__(self, x: Vector) -> Vector:
        product: Vector = np.matmul(self._weight, x).reshape(-1)[: self._rows]
        product += self._bias
        return product


class _Unit:
    """A gated recurrent unit: reset and update gates first, then what is new."""

    def __init__(self, found: dict[str, Vector], name: str) -> None:
        units = found[f"{name}_on.weight"].shape[1]
        self._in = _Layer(found, f"{name}_in", halved=2 * units)
        self._on = _Layer(found, f"{name}_on", halved=2 * units)
        self._units = units
        self.state = np.zeros(units, np.float32)

    def reset(self) -> None:
        self.state[:] = 0

    def hear(self, x: Vector) -> Vector:
        """The new state, which stays this unit's."""
        units = self._units
        new, on = self._in(x), self._on(self.state)
        gates = new[: 2 * units]
        gates += on[: 2 * units]
        np.tanh(gates, out=gates)
        gates *= np.float32(0.5)
        gates += np.float32(0.5)
        remembered = on[2 * units :]
        remembered *= gates[:units]
        remembered += new[2 * units :]
        np.tanh(remembered, out=remembered)
        self.state -= remembered
        self.state *= gates[units:]
        self.state += remembered
        return self.state


def read(path: Path) -> dict[str, Vector]:
    """Weights by name, "dense.weight" and so on. Raises WeightsError."""
    advice = "install the package again, or train anew with `python -m tests.training`"
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as kept:
            found = {name: kept[name].astype(np.float32) for name in kept.files}
    except FileNotFoundError as error:
        raise WeightsError(f"{path}: no such file, expected the echo network's weights; {advice}") from error
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise WeightsError(f"{path}: cannot be read as the echo network's weights ({error}); {advice}") from error
    missing = [f"{layer}.{part}" for layer in _LAYERS for part in ("weight", "bias") if f"{layer}.{part}" not in found]
    if missing:
        raise WeightsError(f"{path}: {', '.join(missing)} missing among the echo network's weights; {advice}")
    return found


def _check(path: Path, found: dict[str, Vector], features: int, bands: int, units: int) -> None:
    shown = found["dense.weight"].shape[0]
    wanted = {
        "dense": (shown, features),
        "first_in": (3 * units, shown),
        "first_on": (3 * units, units),
        "second_in": (3 * units, units),
        "second_on": (3 * units, units),
        "out": (bands + 1, units + shown),
    }
    for layer, shape in wanted.items():
        weight, bias = found[f"{layer}.weight"], found[f"{layer}.bias"]
        if weight.shape != shape or bias.shape != shape[:1]:
            raise WeightsError(
                f"{path}: {layer} has weights {weight.shape} and biases {bias.shape}, expected {shape} and "
                f"{shape[:1]}; these weights are of another version: train anew with `python -m tests.training`"
            )
        if not (np.isfinite(weight).all() and np.isfinite(bias).all()):
            raise WeightsError(f"{path}: {layer} holds values that are no numbers; install the package again")
