"""What many scenes of playback say together, in numbers, in a terminal and on a page."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from edge_agent.sim.playback_judge import ITSELF, Attempt, Scene, Stop
from edge_agent.sim.playback_page import playback_page
from edge_agent.sim.playback_table import line_of, table
from edge_agent.sim.playback_tally import SceneReport, band_of, enough, tally, worst

OUT = Path("survey")
HOUR_MS = 3_600_000


def caught(ser_db: float, silence_ms: int = 300, first: bool = False) -> Attempt:
    return Attempt(9000, "interrupts", ser_db, True, first, 100, silence_ms, silence_ms)


def missed(ser_db: float) -> Attempt:
    return Attempt(9000, "interrupts", ser_db, False, False)


def report(
    number: int, *attempts: Attempt, stops: tuple[Stop, ...] = (), hours: float = 0.1, **rest: Any
) -> SceneReport:
    played = round(hours * HOUR_MS)
    return SceneReport(number, {}, Scene(played, played, 0, 5, "none", attempts, stops, **rest))


def of(told: dict[str, Any], part: str, key: str) -> dict[str, Any]:
    (found,) = [item for item in told[part] if item["key"] == key]
    return dict(found)


SELF = Stop(8000, ITSELF, "barge_in", True)
COUGH = Stop(8000, "coughs", "barge_in", False)


class TestATally:
    def test_has_rates_by_the_hour_of_playback(self) -> None:
        told = tally([report(1, hours=1.0, stops=(COUGH,)), report(2, hours=3.0)])
        assert of(told, "rates", "noises")["per_hour"] == 0.25
        assert of(told, "rates", "itself")["hi"] == pytest.approx(3.689 / 4, abs=1e-3)
        assert of(told, "rates", "tv")["per_hour"] is None

    def test_has_those_that_were_caught_by_band(self) -> None:
        told = tally([report(1, caught(-9.0), missed(-8.0), caught(1.0), caught(2.4, first=True), caught(30.0))])
        assert (of(told, "shares", "caught")["good"], of(told, "shares", "caught")["of"]) == (4, 5)
        assert of(told, "shares", "caught_-10")["share"] == 0.5
        assert of(told, "shares", "caught_0")["of"] == 2
        assert of(told, "shares", "caught_15")["of"] == 1
        assert of(told, "shares", "caught_first")["of"] == 1

    def test_has_the_times_of_those_that_were_caught(self) -> None:
        told = tally([report(1, caught(0.0, 200), caught(1.0, 400), missed(0.0), caught(10.0, 900))])
        times = {item["band"]: item for item in told["times"]}
        assert times[0]["silence_ms"]["p95"]["value"] == 400
        assert (times[None]["of"], times[5]["silence_ms"]) == (3, {})

    def test_tells_which_goals_are_met(self) -> None:
        def met(*reports: SceneReport) -> list[Any]:
            return [goal["met"] for goal in tally(reports)["goals"]]

        assert met(report(1, caught(0.0), hours=2.0)) == [True] * 4
        assert met(report(1, missed(0.0), stops=(SELF,))) == [False, False, None, False]
        assert met(report(1, caught(0.0, 351)))[2] is False

    def test_passes_unless_it_stopped_itself_or_called_itself(self) -> None:
        assert tally([report(1, missed(0.0), stops=(COUGH,))])["passed"]
        assert not tally([report(1, stops=(SELF,))])["passed"]
        assert not tally([report(1, wakes_ms=(9000,))])["passed"]
        assert not tally([report(1), SceneReport(2, crash="Traceback\nValueError: no")])["passed"]
        assert not tally([])["passed"]

    def test_counts_who_was_let_alone_of_those_who_did_something(self) -> None:
        told = tally([report(1, stops=(COUGH,), others={"coughs": 4})])
        assert of(told, "shares", "spared_coughs")["share"] == 0.75

    def test_puts_a_level_into_the_nearest_band(self) -> None:
        assert [band_of(level) for level in (-30.0, -7.6, 2.4, 2.6, 40.0)] == [-10, -10, 0, 5, 15]


class TestTheScenesThatCount:
    def test_are_the_first_that_hold_so_much_playback(self) -> None:
        reports = [report(number, hours=0.4) for number in (3, 1, 4, 2)]
        assert [found.number for found in enough(reports, 1.0)] == [1, 2, 3]

    def test_wait_for_one_that_is_still_in_work(self) -> None:
        assert [found.number for found in enough([report(1), report(3, hours=9.0)], 1.0)] == [1]

    def test_go_on_past_one_that_crashed(self) -> None:
        reports = [report(1), SceneReport(2, crash="Traceback\nno"), report(3, hours=2.0)]
        assert [found.number for found in enough(reports, 1.0)] == [1, 2, 3]


class TestTheWorst:
    def test_come_first_and_the_good_not_at_all(self) -> None:
        reports = [report(1, missed(-10.0)), report(2, caught(0.0)), report(3, stops=(SELF,)), report(4, missed(10.0))]
        reports.append(SceneReport(5, crash="Traceback\nno"))
        assert [bad.number for bad in worst(reports)] == [5, 3, 4, 1]

    def test_of_a_scene_is_told_first(self) -> None:
        troubles = report(1, missed(0.0), caught(0.0, 900), stops=(COUGH, SELF)).troubles
        assert "it stopped itself at 0:08" in troubles[0].why
        assert "first reply" in troubles[0].why
        assert "900 ms to silence" in troubles[-1].why


def told_of(*reports: SceneReport) -> dict[str, Any]:
    speed = {"times_real_time": {"slowest": 7.0, "median": 8.0, "fastest": 9.0}}
    return {
        **tally(reports),
        "asked_for": 10.0,
        "seed": 7,
        "engine": "<engine>",
        "voices": ["flite:rms"],
        "speed": speed,
    }


class TestTheTable:
    def test_has_a_line_for_everything_with_its_interval(self) -> None:
        told = told_of(report(1, caught(0.0), stops=(COUGH,)), report(2, missed(5.0)))
        text = table(told, OUT)
        assert all(item["title"] in text for item in (*told["rates"], *told["shares"]))
        assert all(goal["goal"] in text for goal in told["goals"])
        assert "NOT MET" in text
        assert "edge-agent simulate survey/002/scenario.toml --out survey/002" in text
        assert "seed 7, engine <engine>" in text

    def test_fits_a_terminal(self) -> None:
        told = told_of(*(report(number, *[caught(0.0, 1234)] * 90) for number in range(3)))
        assert max(map(len, table(told, OUT).splitlines())) <= 120

    def test_tells_each_scene_in_a_line(self) -> None:
        line = line_of(report(7, caught(0.0), missed(1.0), hours=0.01), 0.5, 10.0)
        assert line.startswith("0.50/10 h  007  36 s of playback, caught 1 of 2; missed who interrupts at 0:09")
        assert line_of(SceneReport(8, crash="Traceback\nValueError: no"), 0.5, 10.0).endswith("CRASHED: ValueError: no")

    def test_tells_a_run_without_a_scene(self) -> None:
        assert "no occasion" in table({**told_of(), "speed": {"times_real_time": {}}}, OUT)


class TestThePage:
    @pytest.fixture
    def html(self) -> str:
        pictures = {2: '<svg id="picture"><line id="playhead"/></svg>'}
        reports = (report(1, caught(0.0)), report(2, stops=(SELF,)), SceneReport(3, crash="T\nValueError: <no>"))
        return playback_page(told_of(*reports), pictures, OUT)

    def test_asks_for_nothing_from_elsewhere(self, html: str) -> None:
        assert re.findall(r"https?://(?!www\.w3\.org/)", html) == []
        assert "default-src 'none'" in html

    def test_has_the_goals_the_figures_and_a_picture_of_the_worst(self, html: str) -> None:
        assert "NOT MET" in html
        assert html.count('<svg class="picture">') == 1
        assert "it stopped itself at 0:08" in html
        assert 'href="003/traceback.txt"' in html
        assert "--playback-hours 10 --seed 7" in html

    def test_tells_what_was_drawn(self, html: str) -> None:
        assert "its level over the reply&#x27;s, dB" in html
        assert "any from -300 to 300" in html

    def test_escapes_what_a_run_said(self, html: str) -> None:
        assert "<no>" not in html
        assert "<engine>" not in html
