"""The bench: what its rows say, and that they can be had again. What a thing costs is not for a test to say."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from typing import Any

import pytest

from tests.bench import __main__ as bench
from tests.bench.row import Row, Table, shown

KEYS = {"name", "value", "unit", "baseline", "ratio", "command"}


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """The cheapest group, as it is written down."""
    out = tmp_path_factory.mktemp("bench") / "rows.json"
    assert bench.main(["--only", "dialogue", "--json", str(out)]) == 0
    found: list[dict[str, Any]] = json.loads(out.read_text())
    return found


class TestARow:
    def test_has_the_keys_of_the_contract(self, rows: list[dict[str, Any]]) -> None:
        assert rows
        for row in rows:
            assert set(row) >= KEYS

    def test_holds_figures_that_mean_something(self, rows: list[dict[str, Any]]) -> None:
        for row in rows:
            for key in ("value", "baseline", "ratio"):
                assert math.isfinite(row[key]), row
                assert row[key] > 0, row

    def test_gives_the_value_by_the_baseline(self, rows: list[dict[str, Any]]) -> None:
        for row in rows:
            assert row["ratio"] == pytest.approx(row["value"] / row["baseline"], rel=1e-3)

    def test_says_how_to_measure_it_again(self, rows: list[dict[str, Any]]) -> None:
        for row in rows:
            group = row["command"].removeprefix("python -m tests.bench --only ")
            assert group in bench.GROUPS
            assert row["name"].startswith(f"{group}.")


class TestTheTable:
    ROW = Row("echo.kalman", 350.0, "us/block", 10.0, "a yardstick")

    def test_has_one_line_a_row_in_columns(self) -> None:
        lines = [Table().line(row) for row in (self.ROW, Row("wake.1_word_p99", 0.5, "us/block", 2.0, "a yardstick"))]
        assert all("\n" not in line for line in lines)
        assert len({line.index("us/block") for line in lines}) == 1
        assert len({line.index("a yardstick") for line in lines}) == 1

    def test_is_printed_under_what_was_measured_where(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert bench.main(["--only", "dialogue"]) == 0
        head, *_, line = capsys.readouterr().out.strip().splitlines()
        assert "Python 3" in head
        assert line.startswith("dialogue.")

    @pytest.mark.parametrize(
        ("number", "text"), [(69_775.6, "69,776"), (35.26, "35.3"), (1.0, "1.00"), (0.0714, "0.071"), (2e-3, "0.00200")]
    )
    def test_shows_three_figures_and_no_exponent(self, number: float, text: str) -> None:
        assert shown(number) == text


class TestAGroup:
    def test_that_cannot_run_is_named_and_does_not_stop_the_others(
        self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def rows(group: str) -> Iterator[Row]:
            if group == "echo":
                raise RuntimeError("no such voice")
            yield Row(f"{group}.x", 1.0, "s", 1.0, "itself")

        monkeypatch.setattr(bench, "rows", rows)
        assert bench.main(["--only", "echo", "wake"]) == 1
        told = capsys.readouterr()
        assert "echo: left out: RuntimeError: no such voice" in told.err
        assert "wake.x" in told.out

    def test_that_does_not_exist_is_refused(self, capsys: pytest.CaptureFixture[str]) -> None:
        with pytest.raises(SystemExit) as refused:
            bench.main(["--only", "nonesuch"])
        assert refused.value.code == 2
        assert "nonesuch" in capsys.readouterr().err
