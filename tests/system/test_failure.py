"""Why the daemon does not run: what systemd says of its end becomes one code, or "unknown", never a guess."""

from __future__ import annotations

import pytest

from edge_agent.system import codes
from edge_agent.system.failure import Failure, failure


def code(result: str, ended: str = "", status: str = "") -> str:
    told = {"MONITOR_SERVICE_RESULT": result, "MONITOR_EXIT_CODE": ended, "MONITOR_EXIT_STATUS": status}
    return failure({name: value for name, value in told.items() if value}).code


class TestAnExitCode:
    @pytest.mark.parametrize(
        ("status", "expected"),
        [
            ("2", codes.CONFIGURATION),
            ("3", codes.CONFIGURATION),
            ("4", codes.DEVICE),
            ("5", codes.MODEL),
            ("6", codes.NETWORK),
            ("7", codes.KEY),
            ("70", codes.BUG),
            ("1", codes.INSTALLATION),
            ("203", codes.INSTALLATION),
            ("217", codes.INSTALLATION),
            ("226", codes.INSTALLATION),
            ("243", codes.KEY),
        ],
    )
    def test_has_its_reason(self, status: str, expected: str) -> None:
        assert code("exit-code", "exited", status) == expected

    def test_counts_also_where_the_start_limit_was_what_ended_it(self) -> None:
        assert code("start-limit-hit", "exited", "4") == codes.DEVICE


class TestASignal:
    @pytest.mark.parametrize(("result", "ended"), [("signal", "killed"), ("core-dump", "dumped")])
    def test_is_a_crash(self, result: str, ended: str) -> None:
        assert code(result, ended, "SEGV") == codes.CRASH

    def test_of_the_watchdog_is_a_hang(self) -> None:
        assert code("watchdog", "killed", "ABRT") == codes.WATCHDOG

    def test_of_the_kernel_short_of_memory_is_that(self) -> None:
        assert code("oom-kill", "killed", "KILL") == codes.MEMORY

    def test_that_only_the_kernel_sends_is_its_want_of_memory(self) -> None:
        """With OOMPolicy=continue, or without the memory controller, systemd knows of nothing but a signal."""
        assert code("signal", "killed", "KILL") == codes.MEMORY
        assert code("timeout", "killed", "KILL") == codes.SLOW
        assert code("watchdog", "killed", "KILL") == codes.WATCHDOG

    def test_at_a_start_that_took_too_long_is_that(self) -> None:
        assert code("timeout", "killed", "TERM") == codes.SLOW


class TestWhatIsNotKnown:
    @pytest.mark.parametrize("result", ["resources", "protocol", "start-limit-hit", ""])
    def test_is_not_guessed(self, result: str) -> None:
        assert code(result) == codes.UNKNOWN

    @pytest.mark.parametrize("status", ["", "0", "x", "²"])
    def test_is_not_guessed_from_a_status_that_says_nothing(self, status: str) -> None:
        assert code("exit-code", "exited", status) == codes.UNKNOWN

    def test_is_said_to_be_unknown(self) -> None:
        assert failure({}) == Failure(codes.UNKNOWN, "unknown", "unknown", "unknown")


class TestTheRest:
    def test_is_what_systemd_said(self) -> None:
        env = {
            "MONITOR_SERVICE_RESULT": "exit-code",
            "MONITOR_EXIT_CODE": "exited",
            "MONITOR_EXIT_STATUS": "3",
            "MONITOR_INVOCATION_ID": "b92bb08cc4944f6189f270e89818353d",
        }
        assert failure(env) == Failure("EA-101", "exit-code", "3", "b92bb08cc4944f6189f270e89818353d")
