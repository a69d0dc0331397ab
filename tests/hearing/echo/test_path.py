"""The Kalman filter alone: what it learns is the room's impulse response, and it knows how well."""

from __future__ import annotations

import numpy as np

from edge_agent.audio.format import HEARING_BLOCK, HEARING_RATE, Samples
from edge_agent.hearing.echo.path import EchoPath
from tests.hearing.echo.echoes import babble, heard_in, hiss, less_by_db, room

PARTITIONS = 10


def learned(path: EchoPath, mic: Samples, ref: Samples) -> Samples:
    """Runs the filter; what it leaves of the microphone."""
    left = np.zeros_like(mic)
    for start in range(0, len(mic) - HEARING_BLOCK + 1, HEARING_BLOCK):
        block = slice(start, start + HEARING_BLOCK)
        path.reference.hear(ref[block])
        estimate = path.estimate()
        left[block] = mic[block] - estimate
        path.learn(mic[block], left[block], path.expected_power()[1])
    return left


def taps(path: EchoPath) -> Samples:
    """The impulse response as it is known."""
    halves = np.fft.irfft(path.weights, 2 * HEARING_BLOCK, axis=1)[:, :HEARING_BLOCK]
    return np.asarray(halves.reshape(-1), np.float32)


class TestThePath:
    def test_is_the_rooms_impulse_response(self) -> None:
        ref = babble(6, 1)
        impulses = room(5, reverberation_s=0.1)
        path = EchoPath(PARTITIONS, 0)
        learned(path, heard_in(impulses, ref) + hiss(len(ref)), ref)
        wanted = impulses[: PARTITIONS * HEARING_BLOCK]
        assert less_by_db(wanted, taps(path) - wanted) > 15

    def test_is_known_the_better_the_more_was_heard(self) -> None:
        ref = babble(3, 1)
        path = EchoPath(PARTITIONS, 0)
        unknown = path.doubt.copy()
        learned(path, heard_in(room(5), ref) + hiss(len(ref)), ref)
        speech = slice(10, 60)  # 500 Hz to 3 kHz, where the reference has energy
        assert path.doubt[0, speech].mean() < 0.05 * unknown[0, speech].mean()

    def test_moves_with_what_is_known_of_it(self) -> None:
        ref = babble(4, 1)
        path = EchoPath(PARTITIONS, 4)
        learned(path, heard_in(room(45), ref) + hiss(len(ref)), ref)
        before = taps(path)
        path.move(3)
        np.testing.assert_array_equal(taps(path)[: 7 * HEARING_BLOCK], before[3 * HEARING_BLOCK :])
        assert not taps(path)[7 * HEARING_BLOCK :].any()
        path.move(0)
        np.testing.assert_array_equal(taps(path)[3 * HEARING_BLOCK :], before[3 * HEARING_BLOCK :])
        assert not taps(path)[: 3 * HEARING_BLOCK].any()

    def test_that_moved_explains_the_same_echo_from_the_next_block_on(self) -> None:
        ref = babble(5, 1)
        mic = heard_in(room(45, reverberation_s=0.05), ref) + hiss(len(ref))
        turn = 4 * HEARING_RATE
        path = EchoPath(PARTITIONS, 4)
        learned(path, mic[:turn], ref[:turn])
        path.move(3)
        left = learned(path, mic[turn:], ref[turn:])
        assert less_by_db(mic[turn:], left) > 20

    def test_moved_out_of_sight_is_unknown(self) -> None:
        ref = babble(1, 1)
        path = EchoPath(PARTITIONS, 50)
        fresh = path.doubt.copy()
        learned(path, heard_in(room(5), ref), ref)
        path.move(50)
        assert not path.weights.any()
        assert np.array_equal(path.doubt, fresh)
