"""The learned suppressor: what it leaves alone, what it takes away, and its network's file."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from edge_agent.audio.format import HEARING_BLOCK, Samples
from edge_agent.hearing.echo.canceller import EchoCanceller
from edge_agent.hearing.echo.neural import NeuralSuppressor
from edge_agent.hearing.echo.neural_features import BANDS, EDGES, FEATURES, FrameFeatures, spread
from edge_agent.hearing.echo.neural_network import WEIGHTS, Network, WeightsError
from edge_agent.hearing.echo.spectra import BINS
from edge_agent.hearing.echo.suppressor import EchoForecast
from tests.hearing.echo.echoes import babble, heard_in, hiss, less_by_db, room
from tests.hearing.voices import speech

RATE = 16_000


def blocks(sound: Samples) -> Iterator[Samples]:
    for start in range(0, len(sound) - HEARING_BLOCK + 1, HEARING_BLOCK):
        yield sound[start : start + HEARING_BLOCK]


def forecasts(estimate: Samples, doubt: float = 0.0) -> Iterator[EchoForecast]:
    """What a filter would say that explains the echo by `estimate`. doubt: its power, as a share of the estimate's."""
    last = np.zeros(HEARING_BLOCK, np.float32)
    for block in blocks(estimate):
        power = np.square(np.abs(np.fft.rfft(np.concatenate([last, block])))).astype(np.float32)
        last = block
        yield EchoForecast(block, power, power * np.float32(doubt), power)


def suppressed(linear: Samples, estimate: Samples | None = None, stage: NeuralSuppressor | None = None) -> Samples:
    """The clean tap, moved back by its 10 ms."""
    stage = stage or NeuralSuppressor()
    if estimate is None:
        done = [stage.process(block, None) for block in blocks(linear)]
    else:
        pairs = zip(blocks(linear), forecasts(estimate), strict=True)
        done = [stage.process(block, forecast) for block, forecast in pairs]
    done.append(stage.process(np.zeros(HEARING_BLOCK, np.float32), None))
    return np.concatenate(done)[HEARING_BLOCK:]


def residue(seconds: float, db: float = -20, seed: int = 1) -> tuple[Samples, Samples]:
    """(linear tap, echo estimate): the estimate's syllables, bent and in other phases, `db` under it; and a hiss."""
    estimate = babble(seconds, seed)
    path = np.random.default_rng(2).standard_normal(400) * np.exp(-np.arange(400) / 80)
    left = np.convolve(np.tanh(20 * estimate), path)[: len(estimate)]
    left *= 10 ** (db / 20) * np.sqrt(np.mean(estimate**2) / np.mean(left**2))
    return (left + hiss(len(left))).astype(np.float32), estimate


class TestWithoutAnEcho:
    def test_nothing_is_changed(self) -> None:
        near = babble(1, 1)
        assert np.abs(suppressed(near) - near).max() < 1e-6

    def test_nothing_is_changed_again_after_one(self) -> None:
        stage = NeuralSuppressor()
        suppressed(*residue(1), stage=stage)
        near = babble(1, 3)
        assert np.abs(suppressed(near, stage=stage) - near)[HEARING_BLOCK:].max() < 1e-6

    def test_nothing_is_said_about_a_talker(self) -> None:
        stage = NeuralSuppressor()
        suppressed(babble(0.2, 1), stage=stage)
        assert stage.near_end is None

    def test_an_echo_far_under_the_rooms_noise_changes_hardly_anything(self) -> None:
        stage = NeuralSuppressor()
        room = hiss(2 * RATE, dbfs=-40)
        suppressed(room, np.zeros_like(room), stage)  # the room is heard first
        near = babble(2, 1, -20) + hiss(2 * RATE, dbfs=-40)
        assert less_by_db(near, suppressed(near, hiss(2 * RATE, seed=8, dbfs=-90), stage) - near) > 30


REPLY = (
    "The weather will be fine tomorrow, with a little wind from the west and no rain until the evening. "
    "Do you want me to tell you about the rest of the week as well? It will be colder on Thursday."
)
REQUEST = "No thank you, but please turn off the lights in the kitchen."


@pytest.fixture(scope="module")
def reply(tmp_path_factory: pytest.TempPathFactory) -> tuple[Samples, Samples]:
    """(microphone, reference): a device speaks through a small loudspeaker that clips, and nobody else."""
    ref = speech(REPLY, tmp_path_factory.mktemp("reply"), "rms")
    bent = np.tanh(4 * ref) / 4
    return heard_in(room(40), bent.astype(np.float32)) + hiss(len(ref)), ref


@pytest.fixture(scope="module")
def request_(tmp_path_factory: pytest.TempPathFactory) -> Samples:
    """A person, as loud at the microphone as the device is."""
    said = speech(REQUEST, tmp_path_factory.mktemp("request"), "slt")
    return heard_in(room(5, seed=9), said)


class Heard:
    """Both taps and the probabilities of a canceller with the network."""

    def __init__(self, mic: Samples, ref: Samples) -> None:
        stage = EchoCanceller(NeuralSuppressor())
        taps = [stage.process(one, other) for one, other in zip(blocks(mic), blocks(ref), strict=True)]
        self.linear = np.concatenate([tap.linear for tap in taps])
        self.clean = np.concatenate([tap.clean for tap in taps])
        self.words = np.array([np.nan if tap.near_end is None else tap.near_end for tap in taps])


class TestAReplyInARoom:
    def test_is_pushed_down_far_beyond_the_filter(self, reply: tuple[Samples, Samples]) -> None:
        heard = Heard(*reply)
        assert less_by_db(heard.linear, heard.clean, 2, 8) > 8

    def test_is_no_talker(self, reply: tuple[Samples, Samples]) -> None:
        words = Heard(*reply).words[100:]
        assert np.mean(words[~np.isnan(words)] > 0.5) < 0.1

    def test_leaves_a_person_who_talks_over_it(self, reply: tuple[Samples, Samples], request_: Samples) -> None:
        mic, ref = reply
        first = 3 * RATE
        near = np.zeros_like(mic)
        near[first : first + len(request_)] = request_[: len(mic) - first]
        heard = Heard(mic + near, ref)
        late = heard.clean[HEARING_BLOCK:]
        span = slice(first, first + len(request_) // HEARING_BLOCK * HEARING_BLOCK)
        assert less_by_db(near[span], late[span] - near[: len(late)][span]) > 3
        loud = [float(block @ block) > 0.2 for block in blocks(near)]
        words = heard.words[1:][np.array(loud)[: len(heard.words) - 1]]
        assert np.mean(words > 0.5) > 0.8


class TestTheGain:
    def test_begins_and_ends_without_a_click(self) -> None:
        """From rest to work and back, a steady tone stays one: no step between two samples beyond the tone's own."""
        tone = (0.1 * np.sin(2 * np.pi * 500 * np.arange(3 * RATE) / RATE)).astype(np.float32)
        estimate = babble(1, 2, -30)
        stage = NeuralSuppressor()
        done = []
        told = forecasts(estimate)
        for number, block in enumerate(blocks(tone)):
            done.append(stage.process(block, next(told) if 100 <= number < 200 else None))
        steps = np.abs(np.diff(np.concatenate(done)[2 * HEARING_BLOCK :]))
        assert steps.max() < 1.3 * np.abs(np.diff(tone)).max()


class TestTheStage:
    def test_is_causal(self) -> None:
        linear, estimate = residue(1)
        half = len(linear) // 2 // HEARING_BLOCK * HEARING_BLOCK
        short = suppressed(linear[:half], estimate[:half])
        np.testing.assert_array_equal(suppressed(linear, estimate)[: half - HEARING_BLOCK], short[:-HEARING_BLOCK])

    def test_begins_anew_after_a_reset(self) -> None:
        linear, estimate = residue(1)
        stage = NeuralSuppressor()
        first = suppressed(linear, estimate, stage)
        stage.reset()
        np.testing.assert_array_equal(suppressed(linear, estimate, stage), first)

    def test_is_ten_milliseconds_late_and_no_more(self) -> None:
        near = babble(0.5, 1)
        stage = NeuralSuppressor()
        late = np.concatenate([stage.process(block, None) for block in blocks(near)])
        np.testing.assert_allclose(late[HEARING_BLOCK:], near[: len(late) - HEARING_BLOCK], atol=1e-6)

    @pytest.mark.parametrize("poison", [np.nan, np.inf])
    def test_survives_what_is_no_number(self, poison: float) -> None:
        linear, estimate = residue(1)
        stage = NeuralSuppressor()
        bad = np.full(HEARING_BLOCK, poison, np.float32)
        power = np.ones(BINS, np.float32)
        stage.process(bad, None)
        stage.process(linear[:HEARING_BLOCK], EchoForecast(bad, power, power, power))
        stage.process(bad, EchoForecast(estimate[:HEARING_BLOCK], power, power, power))
        after = suppressed(linear, estimate, stage)
        assert np.isfinite(after).all()
        stage.reset()
        np.testing.assert_array_equal(suppressed(linear, estimate, stage), suppressed(linear, estimate))

    def test_says_as_part_of_the_canceller_how_likely_somebody_talks(self) -> None:
        stage = EchoCanceller(NeuralSuppressor())
        played = babble(1, 4, -20)
        taps = [stage.process(block, block) for block in blocks(played)]
        assert all(one.near_end is not None and 0 <= one.near_end <= 1 for one in taps)


class TestTheFeatures:
    def test_cover_every_bin_once(self) -> None:
        assert EDGES[0] == 0
        assert all(first < then for first, then in pairwise(EDGES))
        assert EDGES[-1] < BINS

    def test_gains_of_one_in_every_band_are_gains_of_one_in_every_bin(self) -> None:
        np.testing.assert_allclose(spread() @ np.ones(BANDS, np.float32), 1, atol=1e-6)

    def test_know_a_tap_that_repeats_the_estimate_from_one_that_does_not(self) -> None:
        same, other = FrameFeatures(), FrameFeatures()
        estimate = hiss(RATE, 1, -30)
        for block, foreign, forecast in zip(
            blocks(estimate), blocks(hiss(RATE, 2, -30)), forecasts(estimate), strict=True
        ):
            same.hear(block, forecast)
            other.hear(foreign, forecast)
        assert same.values[-BANDS:].min() > other.values[-BANDS:].mean() + 1

    def test_are_finite_in_digital_silence(self) -> None:
        features = FrameFeatures()
        nothing = np.zeros(HEARING_BLOCK, np.float32)
        features.hear(nothing, EchoForecast(nothing, *np.zeros((3, BINS), np.float32)))
        assert np.isfinite(features.values).all()
        assert features.values.shape == (FEATURES,)


class TestTheWeights:
    def test_are_of_a_few_hundred_thousand_numbers_at_most(self) -> None:
        network = Network(WEIGHTS, features=FEATURES, bands=BANDS)
        assert 50_000 < network.parameters <= 300_000

    def test_missing_are_named(self, tmp_path: Path) -> None:
        with pytest.raises(WeightsError, match=r"gone\.npz: no such file.*install the package again"):
            NeuralSuppressor(tmp_path / "gone.npz")

    @pytest.mark.parametrize("content", [b"", b"PK\x03\x04 half an archive", b"\x93NUMPY"])
    def test_broken_are_named(self, tmp_path: Path, content: bytes) -> None:
        path = tmp_path / "broken.npz"
        path.write_bytes(content)
        with pytest.raises(WeightsError, match=r"broken\.npz: .*install the package again"):
            NeuralSuppressor(path)

    def test_cut_short_are_named(self, tmp_path: Path) -> None:
        path = tmp_path / "short.npz"
        whole = WEIGHTS.read_bytes()
        path.write_bytes(whole[: len(whole) // 2])
        with pytest.raises(WeightsError, match=r"short\.npz"):
            NeuralSuppressor(path)

    def test_without_a_layer_are_named(self, tmp_path: Path) -> None:
        path = tmp_path / "holes.npz"
        with np.load(WEIGHTS) as kept:
            np.savez(path, allow_pickle=False, **{name: kept[name] for name in kept.files if name != "out.bias"})
        with pytest.raises(WeightsError, match=r"holes\.npz: out\.bias missing"):
            NeuralSuppressor(path)

    def test_of_another_shape_are_named(self, tmp_path: Path) -> None:
        with pytest.raises(WeightsError, match=r"neural\.npz: dense has weights .* of another version"):
            Network(WEIGHTS, features=FEATURES + 1, bands=BANDS)
