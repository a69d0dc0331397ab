"""The reference in step with the filter that reads it."""

from __future__ import annotations

import numpy as np
import pytest

from edge_agent.audio.format import HEARING_BLOCK
from edge_agent.hearing.echo.late_reference import LateReference
from edge_agent.hearing.echo.path import EchoPath


class TestClocksThatDriftForHours:
    @pytest.mark.parametrize("drift", [0.05, -0.05])
    def test_never_lead_beyond_the_reference_that_is_kept(self, drift: float) -> None:
        path = EchoPath(partitions=20, most_offset=50)
        late = LateReference(path)
        path.offset = 3
        for _ in range(200_000):
            late.run(drift)
        assert 0 <= path.offset <= path.rows - path.partitions - 1
        late.hear(np.ones(HEARING_BLOCK, np.float32))
        assert path.estimate().shape == (HEARING_BLOCK,)
