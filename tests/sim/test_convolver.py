"""Convolution block by block."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_agent.audio.format import HEARING_BLOCK, Samples
from edge_agent.sim.convolver import StreamingConvolver


def whole(sources: Samples, responses: Samples, output: int) -> Samples:
    count = sources.shape[1]
    parts = [np.convolve(source, responses[i, output])[:count] for i, source in enumerate(sources)]
    return np.asarray(np.sum(parts, axis=0), np.float32)


class TestStreaming:
    @settings(max_examples=40, deadline=None)
    @given(
        taps=st.integers(1, 5000),
        inputs=st.integers(1, 3),
        outputs=st.integers(1, 3),
        count=st.integers(1, 40),
        silent=st.lists(st.tuples(st.integers(0, 2), st.integers(0, 40), st.integers(0, 40)), max_size=4),
        seed=st.integers(0, 1000),
    )
    def test_equals_convolving_the_whole(
        self, taps: int, inputs: int, outputs: int, count: int, silent: list[tuple[int, int, int]], seed: int
    ) -> None:
        random = np.random.default_rng(seed)
        responses = random.standard_normal((inputs, outputs, taps)).astype(np.float32)
        sources = random.standard_normal((inputs, count * HEARING_BLOCK)).astype(np.float32)
        for source, start, end in silent:
            sources[source % inputs, start * HEARING_BLOCK : end * HEARING_BLOCK] = 0.0
        convolver = StreamingConvolver(responses)
        streamed = np.concatenate([convolver.step(piece) for piece in np.split(sources, count, axis=1)], axis=1)
        for output in range(outputs):
            expected = whole(sources, responses, output)
            assert np.allclose(streamed[output], expected, atol=2e-4 * math.sqrt(taps))


class TestSilence:
    def test_stays_silent_and_ends_what_rang(self) -> None:
        responses = np.random.default_rng(1).standard_normal((1, 1, 3000)).astype(np.float32)
        convolver = StreamingConvolver(responses)
        silence = np.zeros((1, HEARING_BLOCK), np.float32)
        assert not convolver.step(silence).any()
        convolver.step(np.ones((1, HEARING_BLOCK), np.float32))
        ringing = [bool(np.abs(convolver.step(silence)).max() > 1e-3) for _ in range(60)]
        assert ringing[:18] == [True] * 18  # 3000 taps are 19 blocks
        assert not any(ringing[20:])
