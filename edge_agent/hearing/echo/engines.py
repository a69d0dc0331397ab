"""The echo engines by name: one table. Their words are `config.ECHO_ENGINES`; a test holds the two together."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from edge_agent.hearing.echo.canceller import EchoCanceller
from edge_agent.hearing.echo.classical import ClassicalSuppressor
from edge_agent.hearing.echo.engine import EchoEngine
from edge_agent.hearing.echo.neural import NeuralSuppressor
from edge_agent.hearing.echo.off import OffEcho
from edge_agent.hearing.echo.webrtc import WebRtcEcho

ENGINES: Mapping[str, Callable[[int, int], EchoEngine]] = {
    "neural": lambda tail_ms, max_delay_ms: EchoCanceller(
        NeuralSuppressor(), tail_ms=tail_ms, max_delay_ms=max_delay_ms
    ),
    "classical": lambda tail_ms, max_delay_ms: EchoCanceller(
        ClassicalSuppressor(), tail_ms=tail_ms, max_delay_ms=max_delay_ms
    ),
    "webrtc": lambda tail_ms, max_delay_ms: WebRtcEcho(),
    "off": lambda tail_ms, max_delay_ms: OffEcho(),
}


def make(name: str, *, tail_ms: int = 192, max_delay_ms: int = 500) -> EchoEngine:
    """A fresh engine. name: a key of ENGINES. Raises ValueError for a tail or a delay that the engine cannot have,
    EngineError where what it stands on is not installed.
    """
    return ENGINES[name](tail_ms, max_delay_ms)
