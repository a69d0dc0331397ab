"""A scenario, written in a test, performed in lock step by the daemon's own stages."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import numpy as np

from edge_agent.audio.format import HEARING_RATE
from edge_agent.config import Settings
from edge_agent.config_file import from_dict
from edge_agent.sim.scenario import Scenario, load
from edge_agent.simulation import Outcome, rehearse
from edge_agent.timeline import Happening

DEMO = Path(__file__).parents[2] / "edge_agent" / "sim" / "scenarios" / "demo.toml"
SHARED = Path(__file__).parents[2].parent / "shared"


def perform(scenario: Scenario, out: Path, **config: dict[str, object]) -> Outcome:
    """config: sections that are changed for this performance, over the scenario's own."""
    merged = {section: {**scenario.config.get(section, {}), **keys} for section, keys in config.items()}
    changed = replace(scenario, config={**scenario.config, **merged})
    return rehearse(changed, Settings(), out, realtime=False, screen=io.StringIO())


def tell(text: str, out: Path) -> Outcome:
    """text: a scenario file."""
    out.mkdir(parents=True, exist_ok=True)
    path = out / "scenario.toml"
    path.write_text(text)
    return perform(load(path), out)


def of(outcome: Outcome, *kinds: str) -> list[Happening]:
    return [happening for happening in outcome.evidence.happenings if happening.kind in kinds]


def settings(**sections: dict[str, object]) -> Settings:
    return from_dict(sections, "test")


def loudness(outcome: Outcome, begin_ms: int, end_ms: int) -> float:
    """Of the air, RMS dBFS."""
    piece = outcome.evidence.air[begin_ms * HEARING_RATE // 1000 : end_ms * HEARING_RATE // 1000]
    return float(10 * np.log10(np.mean(np.square(piece)) + 1e-20))
