"""The bench: what its rows say, and that they can be had again. What a thing costs is not for a test to say."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from tests.bench import __main__ as bench
from tests.bench.groups import GROUPS, Group
from tests.bench.page import Measured, page
from tests.bench.row import NO_LESS, Part, Row, Table, shown

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
            assert group in GROUPS
            assert row["name"].startswith(f"{group}.")


class TestAGoal:
    def test_is_met_at_its_very_bound(self) -> None:
        assert Row("turns.x", 5.0, "ms", 1.0, "a client", 5.0).met is True
        assert Row("turns.x", 5.1, "ms", 1.0, "a client", 5.0).met is False
        assert Row("interruption.x", 94.9, "%", 100.0, "all", 95.0, NO_LESS).met is False
        assert Row("turns.x", 5.1, "ms", 1.0, "a client").met is None

    def test_is_written_down_with_whether_it_was_met_and_where_the_time_went(self) -> None:
        told = Row("turns.x", 9.0, "ms", 1.0, "a client", 5.0, parts=(Part("to the wire", 4.0, 8.0),)).as_json()
        assert (told["goal"], told["comparison"], told["met"]) == (5.0, "<=", False)
        assert told["parts"] == [{"name": "to the wire", "median": 4.0, "p95": 8.0}]

    def test_that_is_missed_is_told_in_its_line(self) -> None:
        assert "MISSED" in Table().line(Row("turns.x", 9.0, "ms", 1.0, "a client", 5.0))
        assert "MISSED" not in Table().line(Row("turns.x", 4.0, "ms", 1.0, "a client", 5.0))

    def test_of_nothing_there_is_no_multiple(self) -> None:
        assert Row("burst.gaps", 0.0, "gaps", 0.0, "none").ratio == 1.0
        assert Row("burst.gaps", 2.0, "gaps", 0.0, "none").as_json()["ratio"] is None


class TestThePage:
    MET = Row("turns.met_p95", 4.0, "ms", 8.0, "a <plain> client", 5.0)
    MISSED = Row("turns.missed_p95", 9.0, "ms", 8.0, "a client", 5.0, parts=(Part("through <the> card", 4.0, 8.0),))
    WITHOUT = Row("echo.taps", 350.0, "us/block", 10.0, "a yardstick")

    @pytest.fixture
    def text(self) -> str:
        took_s = {"turns": 12.0, "echo": 3.0, "wake": 0.1}
        rows, failures = [self.MET, self.MISSED, self.WITHOUT], {"wake": "ModelError: no such model"}
        return page(Measured(datetime(2026, 11, 21, 20, 0), "a machine & its load", rows, took_s, failures, 75.0))

    def test_says_where_and_when_and_how_long(self, text: str) -> None:
        assert "a machine &amp; its load" in text
        assert "2026-11-21 20:00" in text
        assert "1 min 15 s" in text

    def test_has_every_row_with_its_baseline_and_its_command(self, text: str) -> None:
        for row in (self.MET, self.MISSED, self.WITHOUT):
            assert f"<td>{row.name}" in text
            assert row.command in text
        assert "a &lt;plain&gt; client" in text

    def test_marks_a_missed_goal_and_only_that_and_shows_where_the_time_went(self, text: str) -> None:
        marked = [line for line in text.split("<tr") if line.startswith(' class="missed"')]
        assert marked
        assert all(self.MISSED.name in line for line in marked)
        assert "through &lt;the&gt; card" in text

    def test_says_what_could_not_be_measured_and_why(self, text: str) -> None:
        assert "Left out: ModelError: no such model" in text

    def test_asks_for_nothing_from_anywhere(self, text: str) -> None:
        assert not re.search(r"(src|href)=.?(https?:|//)|url\(|@import|<script", text)

    def test_is_written_beside_the_rows(self, tmp_path: Path) -> None:
        out = tmp_path / "new" / "index.html"
        assert bench.main(["--only", "journal", "--html", str(out)]) == 0
        assert "<td>journal.line_told</td>" in out.read_text()


class TestTheTable:
    ROW = Row("echo.taps", 350.0, "us/block", 10.0, "a yardstick")

    def test_has_one_line_a_row_in_columns(self) -> None:
        lines = [Table().line(row) for row in (self.ROW, Row("wake.1_word_p99", 0.5, "us/block", 2.0, "a yardstick"))]
        assert all("\n" not in line for line in lines)
        assert len({line.index("us/block") for line in lines}) == 1
        assert len({line.index("a yardstick") for line in lines}) == 1

    def test_is_printed_under_what_was_measured_where(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert bench.main(["--only", "dialogue"]) == 0
        head, *_, line, nothing, verdict = capsys.readouterr().out.strip().splitlines()
        assert "Python 3" in head
        assert line.startswith("dialogue.")
        assert nothing == ""
        assert "0 of 0 goals met" in verdict

    @pytest.mark.parametrize(
        ("number", "text"), [(69_775.6, "69,776"), (35.26, "35.3"), (1.0, "1.00"), (0.0714, "0.071"), (2e-3, "0.00200")]
    )
    def test_shows_three_figures_and_no_exponent(self, number: float, text: str) -> None:
        assert shown(number) == text


class TestAGroup:
    def test_that_cannot_run_is_named_and_does_not_stop_the_others(
        self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def rows(group: Group) -> Iterator[Row]:
            if group is GROUPS["echo"]:
                raise RuntimeError("no such voice")
            yield Row("wake.x", 1.0, "s", 1.0, "itself")

        monkeypatch.setattr(Group, "rows", rows)
        assert bench.main(["--only", "echo", "wake"]) == 1
        told = capsys.readouterr()
        assert "echo: left out: RuntimeError: no such voice" in told.err
        assert "wake.x" in told.out

    def test_that_does_not_exist_is_refused(self, capsys: pytest.CaptureFixture[str]) -> None:
        with pytest.raises(SystemExit) as refused:
            bench.main(["--only", "nonesuch"])
        assert refused.value.code == 2
        assert "nonesuch" in capsys.readouterr().err
