"""The network in JAX, what it is punished for, and the steps by which it learns.

Law: arrays of frames in, weights out; where the frames come from is `frames.py`'s. The forward pass is the one of
`edge_agent/hearing/echo/neural_network.py`, sequence by sequence instead of frame by frame; a test holds the two
together. The optimiser is Adam (Kingma & Ba 2015) with a warm start and a cosine's end.

Scenes are walked through in pieces, the state carried from one to the next, as a device carries it.

What hurts: a magnitude (compressed) that differs from the one wanted, seven times as much where a talker is cut;
echo that is left while nobody talks; a wrong word on whether somebody does.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import numpy.typing as npt

from edge_agent.hearing.echo.neural_features import BANDS, EDGES, FEATURES, spread
from edge_agent.hearing.echo.spectra import BINS
from tests.training.frames import COMPRESSION, EITHER, SILENT, TALKING, Frames

Weights = dict[str, Any]
Batch = tuple[Any, ...]

SHOWN = 112  # units of the dense layer
UNITS = 112  # of each recurrent one
SCENE = 1200  # frames of a whole scene
_KINDS = FEATURES // BANDS
_LEVELLED = 5  # the first kinds of feature are logarithms of powers
_REFERENCE = 3  # among them the one that is not of the microphone

_CUT = 6.0  # more than residue that is as large, where somebody talks
_LEFT = 2.5  # more than usual for residue while nobody does
_PHASE = 0.15  # of the loss that sees the phase as well, where somebody talks
_WORD = 0.15  # of the cross entropy
_WARM = 50  # steps in which the rate of learning rises
_LEVEL = 0.15  # uniform, of a feature: 2.6 dB up or down


def weights(random: np.random.Generator) -> Weights:
    """Fresh ones: Glorot's for what comes in, orthogonal for what goes on."""
    shapes = {
        "dense": (SHOWN, FEATURES),
        "first_in": (3 * UNITS, SHOWN),
        "first_on": (3 * UNITS, UNITS),
        "second_in": (3 * UNITS, UNITS),
        "second_on": (3 * UNITS, UNITS),
        "out": (BANDS + 1, UNITS + SHOWN),
    }
    fresh: Weights = {}
    for layer, (rows, columns) in shapes.items():
        if layer.endswith("_on"):
            parts = [np.linalg.qr(random.standard_normal((UNITS, UNITS)))[0] for _ in range(3)]
            fresh[f"{layer}.weight"] = np.concatenate(parts).astype(np.float32)
        else:
            size = np.sqrt(6 / (min(rows, UNITS) + columns))
            fresh[f"{layer}.weight"] = random.uniform(-size, size, (rows, columns)).astype(np.float32)
        fresh[f"{layer}.bias"] = np.zeros(rows, np.float32)
    fresh["out.bias"][:BANDS] = 1.0  # rather open than shut
    return fresh


def forward(weights: Weights, state: Any, features: Any) -> tuple[Any, Any, Any]:
    """features: (frames, scenes, 324). Gains (frames, scenes, bands), talker's logit (frames, scenes), the state."""
    shown = jnp.tanh(features @ weights["dense.weight"].T + weights["dense.bias"])
    first, then_first = _unit(weights, "first", state[0], shown)
    second, then_second = _unit(weights, "second", state[1], first)
    answer = jnp.concatenate([second, shown], axis=-1) @ weights["out.weight"].T + weights["out.bias"]
    return jax.nn.sigmoid(answer[..., :BANDS]), answer[..., BANDS], (then_first, then_second)


def _unit(weights: Weights, name: str, state: Any, x: Any) -> tuple[Any, Any]:
    new = x @ weights[f"{name}_in.weight"].T + weights[f"{name}_in.bias"]
    on_weight, on_bias = weights[f"{name}_on.weight"].T, weights[f"{name}_on.bias"]

    def step(before: Any, now: Any) -> tuple[Any, Any]:
        on = before @ on_weight + on_bias
        gates = jax.nn.sigmoid(now[:, : 2 * UNITS] + on[:, : 2 * UNITS])
        reset, keep = gates[:, :UNITS], gates[:, UNITS:]
        fresh = jnp.tanh(now[:, 2 * UNITS :] + reset * on[:, 2 * UNITS :])
        after = fresh + keep * (before - fresh)
        return after, after

    then, states = jax.lax.scan(step, state, new)
    return states, then


def _bin_weights() -> npt.NDArray[np.float32]:
    """Half by bins, half by bands: a wide band counts as one."""
    widths = np.diff([*EDGES, BINS])
    by_band = np.repeat(1 / widths, widths) / BANDS
    return (0.5 * by_band + 0.5 / BINS).astype(np.float32)


_SPREAD, _BIN_WEIGHTS = spread(), _bin_weights()


def loss(weights: Weights, state: Any, batch: Batch) -> tuple[Any, Any]:
    """batch: features, heard, wanted, agreement, label, there; (frames, scenes, ...) each. (loss, (state, parts))"""
    features, heard, wanted, agreement, label, there = batch
    gains, logit, then = forward(weights, state, features)
    done = (gains @ _SPREAD.T + 1e-4) ** COMPRESSION * heard
    talking = (label == TALKING).astype(jnp.float32)
    silent = (label == SILENT).astype(jnp.float32)
    difference = done - wanted
    cut = difference < 0
    weight = jnp.where(cut, 1 + _CUT * talking[..., None], 1 + _LEFT * silent[..., None])
    phase = done**2 + wanted**2 - 2 * done * wanted * agreement
    each = (weight * difference**2 + _PHASE * talking[..., None] * phase) @ _BIN_WEIGHTS
    frames = there.sum() + 1e-6
    magnitudes = (each * there).sum() / frames
    judged = there * (label != EITHER)
    word = jnp.logaddexp(0.0, logit) - talking * logit
    words = (word * judged).sum() / (judged.sum() + 1e-6)
    return magnitudes + _WORD * words, (then, jnp.stack([magnitudes, words]))


def no_moments(weights: Weights) -> tuple[Weights, Weights]:
    """Adam's, before the first step."""
    zeros = {name: jnp.zeros_like(value) for name, value in weights.items()}
    return zeros, dict(zeros)


def _step(weights: Weights, moments: Any, state: Any, batch: Batch, rate: Any, step: Any) -> tuple[Any, ...]:
    """One step. (weights, moments, state, (magnitudes, words))"""
    gradient, (then, parts) = jax.grad(loss, has_aux=True)(weights, state, batch)
    norm = jnp.sqrt(sum(jnp.sum(g * g) for g in gradient.values()))
    scale = jnp.minimum(1.0, 1.0 / (norm + 1e-9))
    first, second = moments
    for name, g in gradient.items():
        slope = g * scale
        first[name] = 0.9 * first[name] + 0.1 * slope
        second[name] = 0.99 * second[name] + 0.01 * slope * slope
        mean, spread_ = first[name] / (1 - 0.9 ** (step + 1)), second[name] / (1 - 0.99 ** (step + 1))
        weights[name] = weights[name] - rate * mean / (jnp.sqrt(spread_) + 1e-8)
    return weights, (first, second), then, parts


learn_step = jax.jit(_step)  # not a decorator: mypy must pass where JAX is not installed, too
judge_loss = jax.jit(loss)


def fresh_state(scenes: int) -> Any:
    return jnp.zeros((scenes, UNITS)), jnp.zeros((scenes, UNITS))


@dataclass(slots=True)
class Stack:
    """Many scenes in memory, each filled up to `SCENE` frames. Fields as in `Frames`, with a leading axis."""

    features: npt.NDArray[np.float16]
    heard: npt.NDArray[np.float16]
    wanted: npt.NDArray[np.float16]
    agreement: npt.NDArray[np.int8]
    label: npt.NDArray[np.uint8]
    count: npt.NDArray[np.int64]

    @classmethod
    def of(cls, scenes: Iterator[Frames], count: int, length: int = SCENE) -> Stack:
        stack = cls(
            np.zeros((count, length, FEATURES), np.float16),
            np.zeros((count, length, BINS), np.float16),
            np.zeros((count, length, BINS), np.float16),
            np.zeros((count, length, BINS), np.int8),
            np.zeros((count, length), np.uint8),
            np.zeros(count, np.int64),
        )
        for number, one in enumerate(scenes):
            frames = min(_sound(one), length)
            stack.count[number] = frames
            for name in ("features", "heard", "wanted", "agreement", "label"):
                getattr(stack, name)[number, :frames] = getattr(one, name)[:frames]
        return stack

    def piece(self, chosen: npt.NDArray[np.int64], first: int, frames: int, shift: npt.NDArray[np.float32]) -> Batch:
        """Frames first to first + frames of the scenes chosen. shift: (scenes, 2), added to the logarithmic features
        of the microphone and of the reference."""
        rows, columns = chosen, slice(first, first + frames)

        def take(array: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
            return np.ascontiguousarray(array[rows, columns].swapaxes(0, 1), np.float32)

        features = take(self.features)
        added = np.repeat(shift[:, :1], _LEVELLED, axis=1)
        added[:, _REFERENCE] = shift[:, 1]
        features[..., : _LEVELLED * BANDS] += np.repeat(added, BANDS, axis=1)
        there = (np.arange(first, first + frames)[:, None] < self.count[rows][None, :]).astype(np.float32)
        return (
            features,
            take(self.heard),
            take(self.wanted),
            take(self.agreement) / np.float32(127),
            self.label[rows, columns].T,
            there,
        )


def _sound(one: Frames) -> int:
    """How many frames there are before the filter lost its way, if it ever did: what follows teaches nothing."""
    lost = np.flatnonzero(~np.isfinite(one.features.sum(axis=1) + one.heard.sum(axis=1)))
    return int(lost[0]) if len(lost) else len(one.label)


@dataclass(frozen=True, slots=True)
class Course:
    """How long and how fast: so many steps, or so many minutes if they are over sooner. The rate of learning falls with
    a cosine, from `rate` to a fiftieth."""

    steps: int
    minutes: float = 1e9
    rate: float = 2e-3
    scenes: int = 16
    frames: int = 300
    seed: int = 1

    def done(self, step: int, seconds: float) -> float:
        """The share of the way."""
        return max(step / self.steps, seconds / (60 * self.minutes))

    def rate_at(self, step: int, done: float) -> float:
        return self.rate * min(1.0, (step + 1) / _WARM) * (0.02 + 0.49 * (1 + math.cos(math.pi * done)))


def learn(stack: Stack, course: Course, say: Callable[[str], None], begin: Weights | None = None) -> Weights:
    """Weights taught, from `begin` on or from fresh ones."""
    random = np.random.default_rng(course.seed)
    now: Weights = {name: jnp.asarray(value) for name, value in (begin or weights(random)).items()}
    moments = no_moments(now)
    began, recent, state = time.monotonic(), np.zeros(2), fresh_state(course.scenes)
    for step, (batch, is_new) in enumerate(_batches(stack, course, random)):
        done = course.done(step, time.monotonic() - began)
        if done >= 1:
            say(f"{step} steps of {course.scenes * course.frames} frames")
            break
        if is_new:
            state = fresh_state(course.scenes)
        now, moments, state, parts = learn_step(now, moments, state, batch, course.rate_at(step, done), step)
        recent = 0.98 * recent + 0.02 * np.asarray(parts)
        if (step + 1) % 100 == 0:
            magnitudes, words = recent / (1 - 0.98 ** (step + 1))
            say(f"step {step + 1}, {100 * done:.0f} %: magnitudes {magnitudes:.4f}, words {words:.4f}")
    return {name: np.asarray(value) for name, value in now.items()}


def _batches(stack: Stack, course: Course, random: np.random.Generator) -> Iterator[tuple[Batch, bool]]:
    """Without end: pieces of scenes in order, and whether new scenes begin."""
    while True:
        order = random.permutation(len(stack.count))
        for first_scene in range(0, len(order) - course.scenes + 1, course.scenes):
            chosen = order[first_scene : first_scene + course.scenes]
            shift = random.uniform(-_LEVEL, _LEVEL, (course.scenes, 2)).astype(np.float32)
            for first in range(0, stack.label.shape[1], course.frames):
                yield stack.piece(chosen, first, course.frames, shift), first == 0


def save(path: Path, taught: Weights) -> None:
    """float16, as the package carries them."""
    part = path.with_suffix(".part.npz")
    halves: dict[str, Any] = {name: np.asarray(value, np.float16) for name, value in taught.items()}
    np.savez_compressed(part, **halves)
    part.rename(path)
