"""What holds for every echo engine that has a name, whatever it is made of."""

from __future__ import annotations

import numpy as np
import pytest

from edge_agent.audio.format import HEARING_BLOCK, HEARING_RATE, Samples
from edge_agent.config import ECHO_ENGINES, Settings
from edge_agent.hearing.echo.engine import EchoEngine, EchoTaps, EngineError
from edge_agent.hearing.echo.engines import ENGINES, make
from tests.hearing.echo.echoes import babble, heard_in, hiss, less_by_db, power_db, room, through

CANCELLING = [name for name in ENGINES if name != "off"]
SECONDS = 3.0
LATEST = HEARING_BLOCK  # samples: the clean tap may be 10 ms late


def engine(name: str) -> EchoEngine:
    try:
        return make(name)
    except EngineError as error:
        pytest.skip(str(error))


def scene(talk: bool = True) -> tuple[Samples, Samples]:
    """(mic, ref): a reply in a room, a person over its second half, then the person alone."""
    ref = babble(SECONDS, 1)
    ref[round(0.8 * len(ref)) :] = 0
    mic = heard_in(room(40), ref) + hiss(len(ref))
    if talk:
        mic[len(mic) // 2 :] += babble(SECONDS, 2, dbfs=-26.0)[len(mic) // 2 :]
    return mic, ref


def blocks(sound: Samples) -> list[Samples]:
    return [sound[n : n + HEARING_BLOCK] for n in range(0, len(sound) - HEARING_BLOCK + 1, HEARING_BLOCK)]


def taps(name: str, mic: Samples, ref: Samples) -> list[EchoTaps]:
    one = engine(name)
    return [one.process(near, far) for near, far in zip(blocks(mic), blocks(ref), strict=True)]


def test_the_words_of_the_configuration_are_the_engines_there_are() -> None:
    assert tuple(ENGINES) == ECHO_ENGINES
    assert Settings().echo.engine in ENGINES


@pytest.mark.parametrize("name", ENGINES)
class TestEveryEngine:
    def test_gives_two_taps_of_a_block_each(self, name: str) -> None:
        for tap in taps(name, *scene()):
            for side in (tap.linear, tap.clean):
                assert side.shape == (HEARING_BLOCK,)
                assert side.dtype == np.float32
            assert tap.near_end is None or 0 <= tap.near_end <= 1

    @pytest.mark.parametrize("at_s", [0.01, 0.73, 1.6, 2.5])
    def test_is_causal_an_input_that_ends_or_goes_on_otherwise_has_the_same_beginning(
        self, name: str, at_s: float
    ) -> None:
        mic, ref = scene()
        at = round(at_s * HEARING_RATE) // HEARING_BLOCK * HEARING_BLOCK
        whole = taps(name, mic, ref)
        ended = taps(name, mic[:at], ref[:at])
        other = taps(
            name,
            np.concatenate([mic[:at], babble(SECONDS, 7)[at:]]),
            np.concatenate([ref[:at], babble(SECONDS, 8)[at:]]),
        )
        for n in range(at // HEARING_BLOCK):
            for cut in (ended[n], other[n]):
                assert np.array_equal(cut.linear, whole[n].linear)
                assert np.array_equal(cut.clean, whole[n].clean)
                assert cut.near_end == whole[n].near_end

    def test_leaves_what_it_was_given_and_what_it_has_given_alone(self, name: str) -> None:
        mic, ref = scene()
        given = mic.copy(), ref.copy()
        one, kept, copied = engine(name), [], []
        for near, far in zip(blocks(mic), blocks(ref), strict=True):
            kept.append(one.process(near, far))
            copied.append((kept[-1].linear.copy(), kept[-1].clean.copy()))
        assert np.array_equal(mic, given[0])
        assert np.array_equal(ref, given[1])
        for tap, (linear, clean) in zip(kept, copied, strict=True):
            assert np.array_equal(tap.linear, linear)
            assert np.array_equal(tap.clean, clean)

    def test_makes_silence_of_silence(self, name: str) -> None:
        silent = np.zeros(HEARING_RATE, np.float32)
        for side in through(engine(name), silent, silent):
            assert not side.any()

    def test_is_alone_with_its_own_room(self, name: str) -> None:
        """Two of them, block by block in turns, do what each does alone."""
        rooms = scene(), (babble(SECONDS, 4), babble(SECONDS, 5))
        pair = [engine(name), engine(name)]
        each: list[list[EchoTaps]] = [[], []]
        for n in range(0, rooms[0][0].size, HEARING_BLOCK):
            for one, found, (mic, ref) in zip(pair, each, rooms, strict=True):
                found.append(one.process(mic[n : n + HEARING_BLOCK], ref[n : n + HEARING_BLOCK]))
        for found, (mic, ref) in zip(each, rooms, strict=True):
            linear, clean = through(engine(name), mic, ref)
            assert np.array_equal(np.concatenate([tap.linear for tap in found]), linear)
            assert np.array_equal(np.concatenate([tap.clean for tap in found]), clean)

    def test_passes_a_person_at_the_level_they_have_while_nothing_is_played(self, name: str) -> None:
        mic = babble(SECONDS, 2, dbfs=-26.0)
        for side in through(engine(name), mic, np.zeros_like(mic)):
            assert abs(less_by_db(mic, side, 0.5)) < 1

    def test_has_its_clean_tap_at_most_a_block_later_than_the_linear_one_and_the_microphone_soon(
        self, name: str
    ) -> None:
        mic = babble(SECONDS, 2, dbfs=-26.0)
        linear, clean = through(engine(name), mic, np.zeros_like(mic))
        assert 0 <= lag(linear, clean) <= LATEST
        assert 0 <= lag(mic, linear) <= LATEST

    def test_claims_nothing_before_something_was_played(self, name: str) -> None:
        one = engine(name)
        assert one.reduction_db == 0
        through(one, hiss(HEARING_RATE, dbfs=-40), np.zeros(HEARING_RATE, np.float32))
        assert one.reduction_db == 0


@pytest.mark.parametrize("name", CANCELLING)
class TestEveryEngineThatCancels:
    def test_has_less_echo_and_says_so(self, name: str) -> None:
        mic, ref = scene(talk=False)
        one = engine(name)
        _, clean = through(one, mic, ref)
        reduced = less_by_db(mic, clean, 1.0, 0.8 * SECONDS)
        assert reduced > 15
        assert 6 < one.reduction_db < reduced + 15

    @pytest.mark.parametrize("absurd", [np.nan, np.inf, -np.inf, 1e30])
    @pytest.mark.parametrize("where", ["mic", "ref"])
    def test_gets_over_a_sample_that_no_converter_gives(self, name: str, where: str, absurd: float) -> None:
        mic, ref = scene(talk=False)
        clean = {"mic": mic, "ref": ref}
        clean[where][HEARING_RATE // 2 + 7] = absurd
        for side in through(engine(name), mic, ref):
            assert np.isfinite(side).all()
            assert power_db(side[HEARING_RATE:]) < 0


def lag(first: Samples, second: Samples) -> int:
    """Samples by which `second` is later."""
    n = 2 * len(first)
    agreement = np.fft.irfft(np.fft.rfft(second, n) * np.conj(np.fft.rfft(first, n)), n)
    found = int(np.argmax(agreement))
    return found if found < len(first) else found - n
