"""The table of echo engines: what counts as met, and that a missed goal stays."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.bench import echo_table
from tests.bench.echo_table import COST, FALSE_WAKES, FIGURES, KEPT, OTHERS, SPREAD, Figure, false_wakes, table
from tests.bench.row import NO_MORE

GOALS = {figure.name: figure.goal for figure in FIGURES}


class TestACell:
    @pytest.mark.parametrize(
        ("found", "cell"),
        [(40.0, "40.0"), (39.96, "40.0 ✗"), (39.4, "39.4 ✗"), ("41/50 (false 3; clean tap 2)", "41")],
    )
    def test_is_met_by_the_value_itself_not_by_what_is_shown(self, found: object, cell: str) -> None:
        assert Figure("x", "x", 40, digits=1).cell({"x": found}) == cell

    @pytest.mark.parametrize(("found", "cell"), [(0.1, "0.10"), (0.104, "0.10 ✗"), (0.11, "0.11 ✗"), (0.0, "0.00")])
    def test_may_have_a_goal_from_above(self, found: float, cell: str) -> None:
        assert Figure("x", "x", 0.1, NO_MORE, 2).cell({"x": found}) == cell

    def test_of_what_was_not_measured_is_neither(self) -> None:
        assert Figure("x", "x", 1).cell({}) == Figure("x", "x", 1).cell({"x": None}) == "–"


class TestTheTable:
    def test_has_a_row_a_figure_and_a_column_an_engine_the_goals_first(self) -> None:
        head, rule, *rows = table({"ours": GOALS}).splitlines()
        assert head.split(" | ")[:3] == ["| figure", "goal", "ours"]
        assert all(other in head for other in OTHERS)
        assert len(rows) == len(FIGURES)
        assert {row.count("|") for row in (head, rule, *rows)} == {3 + len(OTHERS) + 1}

    def test_marks_what_misses_its_goal_and_only_that(self) -> None:
        ours = [row.split(" | ")[2] for row in table({"ours": GOALS | {"erle_drift": 11.0}}).splitlines()[2:]]
        assert [cell for cell in ours if "✗" in cell] == ["11.0 ✗"]

    def test_has_all_that_was_measured_of_the_others(self) -> None:
        assert {name: len(told.split()) for name, told in OTHERS.items()} == {
            "untouched": len(FIGURES) - 2,  # it costs nothing
            "speexdsp": len(FIGURES),
            "DTLN-aec 256": len(FIGURES),
        }
        assert [figure.name for figure in FIGURES][-2:] == [COST, SPREAD]

    def test_is_printed_of_what_was_kept(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        (tmp_path / "off").mkdir()
        (tmp_path / "off" / KEPT).write_text(json.dumps({"erle_linear": 7.0}))
        assert echo_table.main(["--out", str(tmp_path)]) == 0
        told = capsys.readouterr().out
        assert told.splitlines()[0].split(" | ")[2] == "off"
        assert "| 7.0 ✗ |" in told


def test_false_wakes_are_those_between_the_words_and_those_where_there_are_none() -> None:
    told = {"wake-10": "1/19 (false 1; clean tap 0)", "wake-5": "2/19 (false 0; clean tap 0)"}
    assert false_wakes({**told, "wake+0": "3/19 (false 2; clean tap 3)", "false_wakes_far_end_only": 4}) == 7
    assert FALSE_WAKES in GOALS
