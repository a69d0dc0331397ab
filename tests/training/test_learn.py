"""Learning: the same network as the device's, punished for what hurts, in two steps on made-up frames."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("jax", reason="JAX is not installed (the group `training` of pyproject.toml)")

from edge_agent.hearing.echo.neural_features import BANDS, FEATURES
from edge_agent.hearing.echo.neural_network import Network
from edge_agent.hearing.echo.spectra import BINS
from tests.training.frames import SILENT, TALKING, Frames, frames_of
from tests.training.learn import Course, Stack, forward, fresh_state, learn, loss, save, weights
from tests.training.test_scene import draw

LENGTH = 40


def frames(seed: int, count: int = LENGTH) -> Frames:
    random = np.random.default_rng(seed)
    wanted = random.random((count, BINS))
    return Frames(
        random.standard_normal((count, FEATURES)).astype(np.float16),
        (wanted + 0.3).astype(np.float16),
        wanted.astype(np.float16),
        np.full((count, BINS), 127, np.int8),
        random.integers(0, 2, count).astype(np.uint8),
    )


def stack(count: int = 4) -> Stack:
    return Stack.of((frames(seed) for seed in range(count)), count, LENGTH)


def punished(heard: float, wanted: float, label: int) -> float:
    """By an untaught network, whose gains lie between nothing and one."""
    one = Frames(
        np.zeros((LENGTH, FEATURES), np.float16),
        np.full((LENGTH, BINS), heard, np.float16),
        np.full((LENGTH, BINS), wanted, np.float16),
        np.full((LENGTH, BINS), 127, np.int8),
        np.full(LENGTH, label, np.uint8),
    )
    batch = Stack.of(iter([one]), 1, LENGTH).piece(np.array([0]), 0, LENGTH, np.zeros((1, 2), np.float32))
    return float(loss(weights(np.random.default_rng(1)), fresh_state(1), batch)[1][1][0])


class TestTheForwardPass:
    def test_is_the_devices(self, tmp_path: Path) -> None:
        fresh = weights(np.random.default_rng(1))
        save(tmp_path / "fresh.npz", fresh)
        network = Network(tmp_path / "fresh.npz", features=FEATURES, bands=BANDS)
        shown = np.random.default_rng(2).standard_normal((30, FEATURES)).astype(np.float32)
        rounded = {name: value.astype(np.float16).astype(np.float32) for name, value in fresh.items()}
        gains, logits, _ = forward(rounded, fresh_state(1), shown[:, None])
        for frame in range(30):
            found, word = network.hear(shown[frame])
            np.testing.assert_allclose(found, np.asarray(gains)[frame, 0], atol=1e-5)
            assert word == pytest.approx(1 / (1 + np.exp(-float(logits[frame, 0]))), abs=1e-5)


class TestTheLoss:
    def test_is_greater_for_a_talker_cut_than_for_a_residue_left(self) -> None:
        assert punished(1.0, 2.0, TALKING) > 1.5 * punished(1.0, 2.0, SILENT)

    def test_is_greater_for_a_residue_while_nobody_talks(self) -> None:
        assert punished(1.0, 0.0, SILENT) > 1.5 * (punished(1.0, 0.0, TALKING) - 0.15 * punished(1.0, 0.0, SILENT))


class TestLearning:
    def test_lessens_the_loss(self) -> None:
        said: list[str] = []
        taught = learn(stack(), Course(120, scenes=2, frames=20, rate=5e-3), said.append)
        shift = np.zeros((4, 2), np.float32)
        batch = stack().piece(np.arange(4), 0, LENGTH, shift)
        before = float(loss(weights(np.random.default_rng(1)), fresh_state(4), batch)[0])
        assert float(loss(taught, fresh_state(4), batch)[0]) < 0.8 * before
        assert len(said) == 2

    def test_gives_the_same_weights_for_the_same_seed(self) -> None:
        first, second = (learn(stack(), Course(2, scenes=2, frames=20), lambda words: None) for _ in range(2))
        for name, value in first.items():
            np.testing.assert_array_equal(value, second[name])


class TestFrames:
    def test_of_a_scene_fit_the_network(self) -> None:
        found = frames_of(draw(1))
        assert found is not None
        count = len(found.label)
        assert 100 < count <= 1200
        assert found.features.shape == (count, FEATURES)
        assert found.heard.shape == found.wanted.shape == found.agreement.shape == (count, BINS)
        assert np.isfinite(found.features).all()
        assert np.isfinite(found.heard).all()

    def test_of_fewer_than_a_whole_scene_are_not_counted_beyond_their_end(self) -> None:
        short = Stack.of(iter([frames(1, 15)]), 1, LENGTH)
        assert short.piece(np.array([0]), 0, LENGTH, np.zeros((1, 2), np.float32))[5].sum() == 15

    def test_end_where_the_filter_lost_its_way(self) -> None:
        lost = frames(1)
        lost.features[25:, 3] = np.nan
        assert Stack.of(iter([lost]), 1, LENGTH).count[0] == 25
