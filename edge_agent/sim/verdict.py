"""The judge: every step of a scenario against what the run left behind.

Law: a step passes by evidence that the daemon does not make itself: recordings of the simulated room, bytes counted at
the socket, the true times of what people said. Each check (`check_*.py`) fails when its subject is taken out.
"""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from edge_agent.sim.check_answer import answers, first_word_sent, greets, resumed
from edge_agent.sim.check_echo import echo_reduced
from edge_agent.sim.check_interruption import interrupted, not_self_interrupted, stopped_by_press, truncated_to_heard
from edge_agent.sim.check_privacy import (
    bytes_before_wake,
    bytes_while_muted,
    nothing_before_wake,
    nothing_between_turns,
    silent_while_muted,
)
from edge_agent.sim.evidence import Evidence
from edge_agent.sim.finding import Check, Finding, Missing
from edge_agent.sim.scenario import Expectation
from edge_agent.sim.turn_table import TurnRow

CHECKS: dict[str, Check] = {
    check.__name__: check
    for check in (
        greets,
        answers,
        first_word_sent,
        interrupted,
        truncated_to_heard,
        not_self_interrupted,
        stopped_by_press,
        resumed,
        silent_while_muted,
        nothing_before_wake,
        nothing_between_turns,
        echo_reduced,
    )
}


@dataclass(frozen=True, slots=True)
class Step:
    """One judged step. why: a sentence with the figures, passed or not.  at_ms: the moment to listen to, or None."""

    name: str
    passed: bool
    why: str
    at_ms: int | None = None


def complaints(expectations: Sequence[Expectation]) -> list[str]:
    """What is wrong with the expectations of a scenario, a line each, before it runs; empty: they can be judged."""
    found = []
    for expectation in expectations:
        check = CHECKS.get(expectation.check)
        if check is None:
            known = ", ".join(sorted(CHECKS))
            found.append(f'expect "{expectation.name}": check: found "{expectation.check}", expected one of: {known}')
            continue
        try:
            inspect.signature(check).bind(None, **expectation.args)
        except TypeError as error:
            allowed = ", ".join(list(inspect.signature(check).parameters)[1:]) or "no arguments"
            found.append(f'expect "{expectation.name}": {expectation.check}: {error}; it takes {allowed}')
    return found


def judge(expectations: Sequence[Expectation], evidence: Evidence) -> list[Step]:
    """Judge every step, in order. Raises ValueError for expectations that `complaints` objects to."""
    if wrong := complaints(expectations):
        raise ValueError("\n".join(wrong))
    return [_step(expectation, evidence) for expectation in expectations]


def summary(steps: Sequence[Step], rows: Sequence[TurnRow], evidence: Evidence) -> dict[str, Any]:
    """The object of `summary.json`. A run without a step has shown nothing and has not passed."""
    return {
        "passed": all(step.passed for step in steps),
        "steps": [{"name": step.name, "passed": step.passed, "why": step.why} for step in steps],
        "turns": [asdict(row) for row in rows],
        "bytes_before_wake": bytes_before_wake(evidence),
        "bytes_while_muted": bytes_while_muted(evidence),
    }


def _step(expectation: Expectation, evidence: Evidence) -> Step:
    try:
        finding = CHECKS[expectation.check](evidence, **expectation.args)
    except Missing as missing:
        finding = Finding(False, str(missing))
    return Step(expectation.name, finding.passed, finding.why, finding.at_ms)
