"""No echo suppression: it must not touch, and must not claim."""

from __future__ import annotations

import numpy as np

from edge_agent.hearing.echo.off import OffEcho
from tests.hearing.echo.echoes import babble, through


class TestOff:
    def test_gives_the_microphone_on_both_taps_whatever_plays(self) -> None:
        mic = babble(0.5, 1)
        linear, clean = through(OffEcho(), mic, babble(0.5, 2))
        assert np.array_equal(linear, mic)
        assert np.array_equal(clean, mic)

    def test_claims_no_reduction_so_that_nobody_is_trusted_to_interrupt(self) -> None:
        engine = OffEcho()
        through(engine, babble(0.5, 1), babble(0.5, 2))
        assert (engine.reduction_db, engine.delay_ms) == (0.0, 0.0)
