"""Who is alive: the beats of the vital parts, the failures of the optional ones, and whether the watchdog may be fed.

Law: bookkeeping under an injected clock (seconds, monotonic); no thread, no logging, nothing is restarted here.
A vital part (duplex, hearing, loop, mailbox) that stops beating means that the process is to end: systemd starts a new
one. `duplex` beats for each block that the card exchanged, `hearing` for each that was heard, `loop` for each of its
turns, `mailbox` when what a thread posted to the loop has been taken.
An optional part (lights, page, metrics) may fail as often as it likes; it only shows. `beat` may be called from any
thread, every 10 ms: it stores one reference.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Protocol

VITAL = ("duplex", "hearing", "loop", "mailbox")
STALLED_S = 5.0  # blocks come every 10 ms; the slowest good thing, a model that pages in from an SD card, took 2 s
START_S = 60.0  # a Zero 2 W loads its models from a cold card in well under this


class Watchdog(Protocol):
    """What `systemd.Notifier` can do for us."""

    def watchdog(self) -> None: ...

    def status(self, text: str) -> None: ...


@dataclass(frozen=True, slots=True)
class _Beat:
    at_s: float
    count: int


@dataclass(slots=True)
class _Optional:
    failures: int = 0
    failed: bool = False
    reason: str = ""
    since_s: float = 0.0


class Health:
    """The state of the process's parts.

    clock: seconds, monotonic. vital: names of the parts without which we are not alive. stalled_s: silence that counts
    as a stall. start_s: how long after construction a part may take to its first beat.
    """

    def __init__(
        self,
        clock: Callable[[], float],
        vital: Iterable[str] = VITAL,
        *,
        stalled_s: float = STALLED_S,
        start_s: float = START_S,
    ) -> None:
        self._clock = clock
        self._born = clock()
        self._stalled_s = stalled_s
        self._start_s = start_s
        self._vital: dict[str, _Beat | None] = dict.fromkeys(vital)
        self._optional: dict[str, _Optional] = {}
        self._told_stall = False

    def beat(self, part: str, now: float | None = None) -> None:
        """`part` has done one more of what it lives for: a block, a turn of the loop; or waits on purpose for its card.

        now: the clock's time, if the caller has just read it. Raises KeyError for a part that is not vital.
        """
        last = self._vital[part]
        self._vital[part] = _Beat(self._clock() if now is None else now, last.count + 1 if last else 1)

    def stalled(self, now: float | None = None) -> dict[str, float]:
        """The vital parts that are silent for too long, and for how long, s; empty is good."""
        now = self._clock() if now is None else now
        silent: dict[str, float] = {}
        for part, last in self._vital.items():
            since, limit = (last.at_s, self._stalled_s) if last else (self._born, self._start_s)
            if now - since > limit:
                silent[part] = now - since
        return silent

    def alive(self, now: float | None = None) -> bool:
        return not self.stalled(now)

    def feed(self, watchdog: Watchdog, now: float | None = None) -> bool:
        """Feed the watchdog if we are alive; if not, say in its status which part is silent. True if fed; if not, the
        next try should be soon, so that a stall that is over does not count as one that goes on."""
        silent = self.stalled(now)
        if silent:
            watchdog.status("stalled: " + ", ".join(f"{part} for {s:.0f} s" for part, s in silent.items()))
            self._told_stall = True
            return False
        if self._told_stall:
            watchdog.status("goes on after a stall")
            self._told_stall = False
        watchdog.watchdog()
        return True

    def failed(self, part: str, reason: str) -> None:
        """An optional part is down; reason: one line."""
        state = self._optional.setdefault(part, _Optional())
        state.failures += 1
        state.failed, state.reason, state.since_s = True, reason, self._clock()

    def recovered(self, part: str) -> None:
        """An optional part runs (again); its failures stay counted, its last reason stays told."""
        state = self._optional.setdefault(part, _Optional())
        state.failed, state.since_s = False, self._clock()

    def report(self) -> dict[str, Any]:
        """For `edge-agent status`: plain types. Ages and durations are seconds."""
        now = self._clock()
        silent = self.stalled(now)
        return {
            "alive": not silent,
            "uptime_s": round(now - self._born, 1),
            "vital": {
                part: {
                    "beating": part not in silent and last is not None,
                    "beats": last.count if last else 0,
                    "age_s": round(now - last.at_s, 2) if last else None,
                }
                for part, last in self._vital.items()
            },
            "optional": {
                part: {
                    "ok": not state.failed,
                    "failures": state.failures,
                    "reason": state.reason,
                    "for_s": round(now - state.since_s, 1),
                }
                for part, state in self._optional.items()
            },
        }
