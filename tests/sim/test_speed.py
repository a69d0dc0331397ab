"""How fast a run was."""

from __future__ import annotations

import json
import time

from edge_agent.sim.speed import Speed


class TestTheSpeed:
    def test_tells_every_part_on_both_clocks(self) -> None:
        speed = Speed()
        with speed.measured("voices"):
            time.sleep(0.2)
        with speed.measured("run"):
            sum(range(200_000))
        told = json.loads(json.dumps(speed.told(10.0)))
        assert told["wall_s"]["voices"] >= 0.2 > told["cpu_s"]["voices"]
        assert told["cpu_s"]["run"] > 0.0
        assert told["wall_s"].keys() == told["cpu_s"].keys() == {"voices", "run"}

    def test_is_of_the_run_alone(self) -> None:
        speed = Speed({"voices": (9.0, 9.0), "run": (2.0, 1.0)})
        told = speed.told(40.0)
        assert (told["times_real_time"], told["times_real_time_cpu"], told["audio_s"]) == (20.0, 40.0, 40.0)

    def test_adds_up_what_is_measured_twice(self) -> None:
        speed = Speed({"run": (5.0, 5.0)})
        with speed.measured("run"):
            pass
        assert speed.parts["run"][0] >= 5.0

    def test_of_nothing_is_not_told(self) -> None:
        assert Speed().told(1.0)["times_real_time"] is None
