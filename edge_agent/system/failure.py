"""Why the daemon does not run, from what systemd says of its end.

Law: a pure function of the environment that systemd gives to a unit started by OnFailure= (systemd.exec(5),
MONITOR_SERVICE_RESULT and its fellows; systemd 251 and later). Without it the answer is "unknown", never a guess.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from edge_agent.system import codes

_OF_RESULT = {"watchdog": codes.WATCHDOG, "oom-kill": codes.MEMORY, "timeout": codes.SLOW}
_OF_EXIT = {  # `cli.py` has the exit codes
    "2": codes.CONFIGURATION,
    "3": codes.CONFIGURATION,
    "4": codes.DEVICE,
    "5": codes.MODEL,
    "6": codes.NETWORK,
    "7": codes.KEY,
    "243": codes.KEY,  # systemd's own: a credential could not be loaded, or not unsealed
}
_DAMAGED = "1"  # Python's own, before our first line could run: a library is missing, or is none (`cli.py` says 70)
_SYSTEMDS_OWN = range(200, 246)  # systemd could not even start it: no program, no user, no folder


@dataclass(frozen=True, slots=True)
class Failure:
    """code: of `codes.TABLE`. result: systemd's word. status: the exit code, or the signal's name. invocation: of the
    run that failed. What systemd did not say is "unknown".
    """

    code: str
    result: str
    status: str
    invocation: str


def failure(env: Mapping[str, str]) -> Failure:
    """The daemon's last failure. env: this process's environment."""
    result = env.get("MONITOR_SERVICE_RESULT", "")
    ended, status = env.get("MONITOR_EXIT_CODE", ""), env.get("MONITOR_EXIT_STATUS", "")
    return Failure(
        code=_OF_RESULT.get(result) or _code(ended, status),
        result=result or "unknown",
        status=status or "unknown",
        invocation=env.get("MONITOR_INVOCATION_ID", "") or "unknown",
    )


def _code(ended: str, status: str) -> str:
    if ended == "killed" and status == "KILL":  # by whom else? systemd's own has the result timeout or watchdog
        return codes.MEMORY  # with OOMPolicy=continue, or without the memory controller, it says no more than this
    if ended in ("killed", "dumped"):
        return codes.CRASH
    if ended != "exited" or not status.isdecimal() or status == "0":
        return codes.UNKNOWN
    if status in _OF_EXIT:
        return _OF_EXIT[status]
    return codes.INSTALLATION if status == _DAMAGED or int(status) in _SYSTEMDS_OWN else codes.BUG
