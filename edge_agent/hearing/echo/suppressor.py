"""The boundary between the linear stage and whatever pushes down what it leaves.

Law: a suppressor sees the linear tap and what the filter says of the echo; it changes magnitudes only and is one block
(10 ms) late. No echo expected, no suppression: the linear tap comes out as it went in.
Suppressors: `classical.py`, `neural.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from edge_agent.audio.format import Samples
from edge_agent.hearing.echo.spectra import Powers


@dataclass(frozen=True, slots=True)
class EchoForecast:
    """What the filter says of the echo in this block.

    estimate: (160,), the echo taken off the linear tap.
    expected, doubted: (161,), powers of an unwindowed 320-sample frame: the echo by the path as known, and what the
    doubt about the path adds.
    reference: (161,), power of an unwindowed 320-sample frame of the reference whose direct sound arrives now.
    """

    estimate: Samples
    expected: Powers
    doubted: Powers
    reference: Powers


class Suppressor(Protocol):
    """Turns the linear tap into the clean one, 10 ms later.

    near_end: probability in [0, 1] that a person is talking in the block last returned; None where it has no opinion.
    """

    near_end: float | None

    def reset(self) -> None:
        """Forget the room and the last frame."""
        ...

    def process(self, linear: Samples, forecast: EchoForecast | None) -> Samples:
        """The block before this one, suppressed, (160,). linear: (160,). forecast: None where no echo is possible."""
        ...
