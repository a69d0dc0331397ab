"""The demo's story in lock step: it passes, and it can fail."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge_agent.sim.scenario import load
from edge_agent.simulation import Outcome
from tests.stories.rehearsal import DEMO, of, perform


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    return perform(load(DEMO), tmp_path_factory.mktemp("demo"))


def failed(outcome: Outcome) -> set[str]:
    return {step.name for step in outcome.steps if not step.passed}


class TestTheDemo:
    def test_passes_step_by_step(self, whole: Outcome) -> None:
        assert [(step.name, step.why) for step in whole.steps if not step.passed] == []

    def test_knows_what_to_do_with_every_event(self, whole: Outcome) -> None:
        assert of(whole, "unexpected", "error") == []

    def test_leaves_a_page_a_recording_and_a_summary(self, whole: Outcome, tmp_path: Path) -> None:
        perform(load(DEMO.parent / "greeting.toml"), tmp_path)
        assert {path.name for path in tmp_path.iterdir()} == {"events.jsonl", "index.html", "room.wav", "summary.json"}


class TestTakenOut:
    """What a step is there to show must be what it needs."""

    def test_the_echo_stage_is_missed(self, tmp_path: Path) -> None:
        without = perform(load(DEMO), tmp_path, echo={"engine": "off"})
        assert failed(without) & {
            "The device never interrupts itself",
            "The device's own voice is taken out of what it hears",
        }

    def test_the_pre_roll_is_missed(self, tmp_path: Path) -> None:
        without = perform(load(DEMO), tmp_path, turn={"pre_roll_s": 0.0})
        assert "Its first word reaches the server, the wake word does not" in failed(without)

    def test_the_memory_is_missed(self, tmp_path: Path) -> None:
        without = perform(load(DEMO), tmp_path, session={"resume": False})
        assert "The server is killed; the conversation goes on with its memory" in failed(without)
