"""The delay search: what it finds, and that it claims nothing where there is nothing."""

from __future__ import annotations

import numpy as np
import pytest

from edge_agent.audio.format import HEARING_RATE, Samples
from edge_agent.hearing.echo.delay import DelaySearch
from edge_agent.hearing.echo.spectra import FRAME
from tests.hearing.echo.echoes import babble, heard_in, hiss, room

HOP = FRAME // 2
LONGEST_MS = 200


def searched(mic: Samples, ref: Samples, search: DelaySearch | None = None) -> tuple[DelaySearch, list[int | None]]:
    """The search, and what it held after each complete scan."""
    search = search or DelaySearch(LONGEST_MS)
    window = np.hanning(FRAME)
    history = np.zeros((LONGEST_MS // 10 + 1, HOP + 1), np.complex64)
    scans: list[int | None] = []
    for start in range(0, len(mic) - FRAME + 1, HOP):
        history = np.roll(history, 1, axis=0)
        history[0] = np.fft.rfft(ref[start : start + FRAME])
        near = np.fft.rfft(mic[start : start + FRAME] * window).astype(np.complex64)
        if search.observe(near, history):
            scans.append(search.delay)
    return search, scans


def echo(ref: Samples, delay_ms: float, dbfs: float = -70) -> Samples:
    return heard_in(room(delay_ms), ref) + hiss(len(ref), dbfs=dbfs)


class TestADelay:
    @pytest.mark.parametrize("delay_ms", [0, 9.9, 40, 180, 199])
    def test_is_found_to_a_millisecond_within_two_seconds_of_playback(self, delay_ms: float) -> None:
        ref = babble(2, 1)
        search, _ = searched(echo(ref, delay_ms), ref)
        assert search.delay == pytest.approx(delay_ms * HEARING_RATE / 1000, abs=16)
        assert search.agreed >= 2

    def test_is_found_under_noise_as_loud_as_the_echo(self) -> None:
        ref = babble(4, 1)
        search, _ = searched(echo(ref, 40, dbfs=-30), ref)
        assert search.delay == pytest.approx(640, abs=16)

    def test_is_found_under_a_talker_as_loud_as_the_echo(self) -> None:
        ref = babble(4, 1)
        search, _ = searched(echo(ref, 40) + babble(4, 9, -30), ref)
        assert search.delay == pytest.approx(640, abs=16)

    def test_does_not_depend_on_the_level_of_either_side(self) -> None:
        ref = babble(2, 1)
        mic = echo(ref, 40, dbfs=-90)
        assert searched(mic * np.float32(0.01), ref)[0].delay == searched(mic, ref * np.float32(0.05))[0].delay

    def test_is_agreed_on_once_more_with_every_scan(self) -> None:
        ref = babble(4, 1)
        mic = echo(ref, 40)
        half = 2 * HEARING_RATE
        search, _ = searched(mic[:half], ref[:half])
        before = search.agreed
        _, scans = searched(mic[half:], ref[half:], search)
        assert len(scans) > 20
        assert search.agreed == before + len(scans)

    def test_that_jumps_is_found_again_within_three_seconds_and_agreement_starts_anew(self) -> None:
        ref = babble(6, 1)
        mic = echo(ref, 40)
        mic[3 * HEARING_RATE :] = echo(ref, 150)[3 * HEARING_RATE :]
        search, scans = searched(mic, ref)
        assert scans[len(scans) // 2 - 1] == pytest.approx(640, abs=16)
        assert search.delay == pytest.approx(2400, abs=16)
        assert search.agreed < len(scans) // 2


class TestNothing:
    @pytest.mark.parametrize("seed", range(4))
    def test_is_claimed_for_signals_that_have_nothing_to_do_with_each_other(self, seed: int) -> None:
        search, scans = searched(babble(5, 100 + seed), babble(5, 200 + seed))
        assert set(scans) == {None}
        assert search.agreed == 0

    def test_is_claimed_for_silence_on_either_side(self) -> None:
        sound, silent = babble(1, 1), np.zeros(HEARING_RATE, np.float32)
        for mic, ref in ((sound, silent), (silent, sound), (silent, silent)):
            search, scans = searched(mic, ref)
            assert scans
            assert (search.delay, search.agreed) == (None, 0)

    def test_is_claimed_for_an_echo_later_than_the_longest_delay(self) -> None:
        ref = babble(3, 1)
        path = np.zeros(round(0.26 * HEARING_RATE), np.float32)
        path[-1] = 0.3
        assert searched(heard_in(path, ref) + hiss(len(ref)), ref)[0].delay is None

    def test_is_left_after_a_reset(self) -> None:
        ref = babble(2, 1)
        mic = echo(ref, 40)
        search, first = searched(mic, ref)
        search.reset()
        assert (search.delay, search.agreed) == (None, 0)
        assert searched(mic, ref, search)[1] == first


class TestAnAgreement:
    def test_ends_when_the_echo_does_but_the_delay_is_kept(self) -> None:
        ref = babble(8, 1)
        mic = echo(ref, 40)
        mic[2 * HEARING_RATE :] = babble(6, 9, -30)
        search, _ = searched(mic, ref)
        assert search.delay == pytest.approx(640, abs=16)
        assert search.agreed == 0
