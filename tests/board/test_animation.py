"""What the light looks like: every indication known by its rhythm alone, none of them harmful, all of them pure."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.board.animation import COLORS, STILL, frame, level
from edge_agent.board.board import Color
from edge_agent.dialogue.indication import Indication

FPS = 25
INDICATIONS = list(Indication)


def rhythm(indication: Indication, seconds: float = 12.0) -> list[float]:
    """One lamp's brightness over time."""
    return [level(indication, n / FPS) for n in range(int(seconds * FPS))]


def flips(values: list[bool]) -> int:
    return sum(a != b for a, b in itertools.pairwise(values))


def signature(values: list[float]) -> tuple[float, float, float, float]:
    """What an eye keeps of a rhythm: how bright, how dark, how much of the time it is lit, how often a second."""
    lit = [value >= 0.5 for value in values]
    return (max(values), min(values), sum(lit) / len(lit), flips(lit) / (len(values) / FPS) / 2)


def grey(color: Color) -> float:
    return 0.2126 * color[0] + 0.7152 * color[1] + 0.0722 * color[2]


class TestEveryIndication:
    def test_has_a_colour(self) -> None:
        assert set(COLORS) == set(Indication)

    @pytest.mark.parametrize("pixels", [1, 3, 12])
    @pytest.mark.parametrize("indication", INDICATIONS)
    def test_fills_the_board_with_colours(self, indication: Indication, pixels: int) -> None:
        for n in range(0, 12 * FPS):
            colors = frame(indication, n / FPS, pixels, 100)
            assert len(colors) == pixels
            assert all(0 <= part <= 255 and isinstance(part, int) for color in colors for part in color)

    def test_on_a_board_without_pixels_is_nothing(self) -> None:
        assert all(frame(indication, 1.0, 0, 100) == [] for indication in Indication)

    @pytest.mark.parametrize("indication", [i for i in Indication if i is not Indication.IDLE])
    def test_but_idle_lights_up_within_a_tenth_of_a_second(self, indication: Indication) -> None:
        for pixels in (1, 3, 12):
            shown = [frame(indication, n / FPS, pixels, 60) for n in range(0, 3)]
            if indication is not Indication.CONNECTING or pixels == 1:
                assert any(any(color) for colors in shown for color in colors), pixels

    def test_idle_is_dark(self) -> None:
        assert frame(Indication.IDLE, 5.0, 3, 100) == [(0, 0, 0)] * 3

    @pytest.mark.parametrize("indication", [i for i in Indication if i in STILL])
    def test_that_is_called_still_does_not_move(self, indication: Indication) -> None:
        assert len({tuple(frame(indication, n / FPS, 12, 80)) for n in range(300)}) == 1

    @pytest.mark.parametrize("indication", [i for i in Indication if i not in STILL])
    def test_that_is_not_called_still_moves(self, indication: Indication) -> None:
        assert len({tuple(frame(indication, n / FPS, 3, 80)) for n in range(100)}) > 1


class TestWithoutColours:
    """For a colour-blind person, and for a lamp that has only one."""

    @pytest.mark.parametrize(("one", "other"), list(itertools.combinations(INDICATIONS, 2)))
    def test_one_dimmed_lamp_tells_them_apart(self, one: Indication, other: Indication) -> None:
        differences = [abs(a - b) for a, b in zip(signature(rhythm(one)), signature(rhythm(other)), strict=True)]
        assert max(differences) >= 0.2, (one, other)

    @pytest.mark.parametrize(("one", "other"), list(itertools.combinations(INDICATIONS, 2)))
    def test_a_lamp_that_is_only_on_or_off_tells_them_apart(self, one: Indication, other: Indication) -> None:
        first, second = (signature([float(v >= 0.5) for v in rhythm(i)]) for i in (one, other))
        assert abs(first[2] - second[2]) >= 0.08 or abs(first[3] - second[3]) >= 0.2, (one, other)

    @pytest.mark.parametrize(("one", "other"), list(itertools.combinations(INDICATIONS, 2)))
    def test_three_pixels_in_grey_tell_them_apart(self, one: Indication, other: Indication) -> None:
        def lit(indication: Indication) -> list[tuple[bool, ...]]:
            shown = (frame(indication, n / FPS, 3, 100) for n in range(12 * FPS))
            peak = grey(COLORS[indication]) or 1.0
            return [tuple(grey(color) > 0.2 * peak for color in colors) for colors in shown]

        different = sum(a != b for a, b in zip(lit(one), lit(other), strict=True))
        assert different > 0.05 * 12 * FPS, (one, other)


class TestTheEye:
    @pytest.mark.parametrize("indication", INDICATIONS)
    def test_never_sees_more_than_three_flashes_a_second(self, indication: Indication) -> None:
        fine = [level(indication, n / 200) for n in range(200 * 12)]
        for start in range(0, len(fine) - 200, 20):
            second = [value >= 0.5 for value in fine[start : start + 200]]
            rises = sum(b and not a for a, b in itertools.pairwise(second))
            assert rises <= 3

    def test_sees_muted_as_red_and_listening_as_blue(self) -> None:
        red, _, blue = frame(Indication.MUTED, 0.5, 1, 100)[0]
        assert red > 50 > blue
        red, _, blue = frame(Indication.LISTENING, 0.5, 1, 100)[0]
        assert blue > 50 > red


class TestBrightness:
    @given(st.sampled_from(INDICATIONS), st.floats(0, 1000), st.integers(1, 16))
    def test_zero_is_dark(self, indication: Indication, t_s: float, pixels: int) -> None:
        assert not any(any(color) for color in frame(indication, t_s, pixels, 0))

    @given(st.sampled_from(INDICATIONS), st.floats(0, 1000), st.integers(1, 16), st.integers(0, 99))
    def test_more_is_never_darker(self, indication: Indication, t_s: float, pixels: int, percent: int) -> None:
        dim = frame(indication, t_s, pixels, percent)
        bright = frame(indication, t_s, pixels, percent + 1)
        assert all(a <= b for x, y in zip(dim, bright, strict=True) for a, b in zip(x, y, strict=True))

    def test_of_one_percent_still_shows_something(self) -> None:
        for indication in set(Indication) - {Indication.IDLE}:
            shown = [frame(indication, n / FPS, 1, 1)[0] for n in range(3 * FPS)]
            assert any(any(color) for color in shown), indication


class TestAFrame:
    @given(st.sampled_from(INDICATIONS), st.floats(0, 1e6), st.integers(0, 64), st.integers(0, 100))
    def test_depends_on_nothing_but_its_arguments(
        self, indication: Indication, t_s: float, pixels: int, b: int
    ) -> None:
        assert frame(indication, t_s, pixels, b) == frame(indication, t_s, pixels, b)

    def test_a_dot_runs_all_the_way_round(self) -> None:
        brightest = {
            max(range(12), key=lambda n, at=at: sum(frame(Indication.THINKING, at / FPS, 12, 100)[n]))  # type: ignore[misc]
            for at in range(FPS)
        }
        assert brightest == set(range(12))
