"""What many scenarios say together, in numbers, in a terminal and on a page."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from edge_agent.sim.distribution import drawn
from edge_agent.sim.draft import facts_of
from edge_agent.sim.outcome_kinds import KINDS, Outcome
from edge_agent.sim.survey_page import survey_page
from edge_agent.sim.survey_table import line_of, milliseconds, percent, table
from edge_agent.sim.tally import CRASH_WEIGHT, Report, tally, worst

OUT = Path("survey")


def report(number: int, *failed: str, none: tuple[str, ...] = (), answer_ms: int = 1000, **facts: Any) -> Report:
    found = {key: Outcome(None if key in none else key not in failed, f"{key} <failed>") for key in KINDS}
    return Report(number, {**facts_of(drawn(1, number, ("flite:rms",)), 1), **facts}, found, {"answer_ms": answer_ms})


def of(told: dict[str, Any], key: str) -> dict[str, Any]:
    (found,) = [item for item in told["outcomes"] if item["key"] == key]
    return dict(found)


class TestATally:
    def test_counts_each_scenario_that_had_occasion(self) -> None:
        told = tally([report(1), report(2, "woke"), report(3, none=("woke",))])
        found = of(told, "woke")
        assert (found["good"], found["of"], found["failed_in"]) == (1, 2, [2])
        assert found["lo"] < 0.5 < found["hi"]

    def test_passes_whatever_goes_wrong_but_what_must_not(self) -> None:
        assert tally([report(1, "woke", "understood", "not_self_interrupted")])["passed"]
        assert not tally([report(1), report(2, "private")])["passed"]
        assert not tally([report(1), report(2, "not_stuck")])["passed"]
        assert not tally([report(1), Report(2, crash="Traceback\nValueError: no")])["passed"]
        assert not tally([])["passed"]

    def test_has_the_times_with_their_intervals(self) -> None:
        told = tally([report(number, answer_ms=1000 + number) for number in range(1, 101)])
        (found,) = [item for item in told["times"] if item["key"] == "answer_ms"]
        assert found["median"] == {"value": 1050, "lo": 1040, "hi": 1061}
        assert tally([report(1)])["times"][1] == {**told["times"][1], "of": 0}

    def test_finds_the_group_in_which_it_fails(self) -> None:
        reports = [
            report(n, *(["woke"] if n > 30 else []), background="tv" if n > 30 else "none") for n in range(1, 61)
        ]
        (split,) = [item for item in tally(reports)["factors"] if item["factor"] == "background"]
        cells = {group["group"]: group["woke"] for group in split["groups"]}
        assert (cells["tv"]["good"], cells["tv"]["of"], cells["tv"]["apart"]) == (0, 30, True)
        assert (cells["none"]["share"], cells["none"]["apart"]) == (1.0, True)

    def test_splits_a_number_in_thirds_of_the_scenarios(self) -> None:
        reports = [report(number, rt60_s=number / 100) for number in range(1, 31)]
        (split,) = [item for item in tally(reports)["factors"] if item["factor"] == "rt60_s"]
        assert [group["group"] for group in split["groups"]] == ["0.01 to 0.1", "0.11 to 0.2", "0.21 to 0.3"]
        assert [group["scenarios"] for group in split["groups"]] == [10, 10, 10]

    def test_looks_at_a_pause_only_where_there_was_one(self) -> None:
        reports = [
            report(number, hesitates="yes" if number > 4 else "no", pause_s=number / 10) for number in range(1, 11)
        ]
        (split,) = [item for item in tally(reports)["factors"] if item["factor"] == "pause_s"]
        assert sum(group["scenarios"] for group in split["groups"]) == 6


class TestTheWorst:
    def test_come_first_and_the_good_not_at_all(self) -> None:
        reports = [report(1), report(2, "understood"), report(3, "private"), Report(4, crash="x"), report(5, "woke")]
        assert [bad.number for bad in worst(reports)] == [4, 3, 5, 2]
        assert reports[3].weight == CRASH_WEIGHT

    def test_of_equals_is_the_slower(self) -> None:
        slow, fast = report(1, "woke", answer_ms=900), report(2, "woke", answer_ms=1900)
        assert [bad.number for bad in worst([slow, fast])] == [2, 1]


def told_of(*reports: Report) -> dict[str, Any]:
    speed = {"times_real_time": {"slowest": 9.0, "median": 12.0, "fastest": 15.0}}
    return {**tally(reports), "asked_for": 9, "seed": 1, "voices": ["flite:rms"], "speed": speed}


class TestTheTable:
    def test_has_a_line_for_everything_judged_with_its_interval(self) -> None:
        text = table(told_of(report(1), report(2, "woke")), OUT)
        assert all(kind.title in text for kind in KINDS.values())
        assert "1/2  50 % (9 to 91)" in text
        assert "edge-agent simulate survey/002/scenario.toml --out survey/002" in text
        assert "nothing happened that must not" in text

    def test_says_so_when_something_must_not_have_happened(self) -> None:
        assert "FAILED" in table(told_of(Report(3, crash="Traceback\nValueError: no")), OUT)

    def test_fits_a_terminal(self) -> None:
        lines = table(told_of(report(1), report(2)), OUT).splitlines()
        assert max(map(len, lines)) <= 120

    def test_tells_each_scenario_in_a_line(self) -> None:
        assert line_of(report(7), 1, 9) == "1/9  007  all went well"
        assert "woke <failed>" in line_of(report(7, "woke"), 1, 9)
        assert line_of(Report(8, crash="Traceback\nValueError: no"), 2, 9).endswith("CRASHED: ValueError: no")

    def test_leaves_open_what_so_few_cannot_tell(self) -> None:
        assert milliseconds({"value": 5.0, "lo": 1.0, "hi": None}) == "5 (1 to ?)"
        assert milliseconds(None) == "–"
        assert percent({"of": 0}) == "–"


class Links(HTMLParser):
    """What a page asks for from elsewhere, and which tags are left open."""

    def __init__(self) -> None:
        super().__init__()
        self.hrefs: list[str] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.hrefs += [value or "" for name, value in attrs if name in ("href", "src")]
        if tag not in ("meta", "br", "img", "link"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


class TestThePage:
    @pytest.fixture
    def html(self) -> str:
        pictures = {2: '<svg id="picture"><line id="playhead"/></svg>'}
        reports = (report(1), report(2, "woke"), report(3, "understood"), Report(4, crash="T\nValueError: <no>"))
        return survey_page(told_of(*reports), pictures, OUT)

    def test_is_whole_and_asks_for_nothing_from_elsewhere(self, html: str) -> None:
        page = Links()
        page.feed(html.replace("/></svg>", "></line></svg>"))
        assert page.open == []
        assert set(page.hrefs) == {"002/index.html", "003/index.html", "004/traceback.txt"}
        assert re.findall(r"https?://(?!www\.w3\.org/)", html) == []
        assert "default-src 'none'" in html

    def test_shows_the_worst_first_each_with_its_picture_and_its_command(self, html: str) -> None:
        assert html.index('href="004/') < html.index("<h3>") or html.index("ValueError") < html.index("woke &lt;")
        assert html.count('<svg class="picture">') == 1
        assert "edge-agent simulate survey/002/scenario.toml --out survey/002" in html

    def test_has_no_name_twice_however_many_pictures_there_are(self, html: str) -> None:
        ids = re.findall(r'\bid="([^"]+)"', html)
        assert len(ids) == len(set(ids))
        assert "#picture" not in html

    def test_escapes_what_a_run_said(self, html: str) -> None:
        assert "<failed>" not in html
        assert "<no>" not in html

    def test_tells_what_was_drawn_and_how_likely_it_was(self, html: str) -> None:
        assert "Jackson &amp; Leventhall" in html
        assert "flite:rms" in html
