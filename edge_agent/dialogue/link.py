"""The link machine: offline, connecting, ready, backing off. It never gives up; how often it tries is policy.

Law: pure, as all of `dialogue`. It knows nothing of turns; that the two meet is written in `agent.py`.
"""

from __future__ import annotations

from dataclasses import replace

from edge_agent.dialogue.effects import Connect, Effect
from edge_agent.dialogue.events import Event, LinkLost, LinkReady, Started, Tick
from edge_agent.dialogue.policy import Policy
from edge_agent.dialogue.state import Link, LinkPhase

RENEW_AGAIN_S = 5.0  # a renewal that fell into a conversation is tried again after this


def step_link(link: Link, policy: Policy, event: Event, now: float, *, quiet: bool) -> tuple[Link, tuple[Effect, ...]]:
    """quiet: nobody has the floor, so a renewal disturbs nothing."""
    match event:
        case Started() if link.phase is LinkPhase.OFFLINE:
            return connect(link, policy, now)
        case LinkReady():
            return Link(LinkPhase.READY, link.attempts, ready_at=now, deadline=now + policy.renew_s), ()
        case LinkLost(reason=reason, fatal=fatal):
            return _back_off(link, policy, reason if fatal else "", now), ()
        case Tick() if link.deadline is not None and now >= link.deadline:
            return _late(link, policy, now, quiet=quiet)
    return link, ()


def connect(link: Link, policy: Policy, now: float) -> tuple[Link, tuple[Effect, ...]]:
    """Try at once, whatever the backoff: at start, and when a person asks for us."""
    return replace(link, phase=LinkPhase.CONNECTING, deadline=now + policy.connect_s), (Connect(),)


def _late(link: Link, policy: Policy, now: float, *, quiet: bool) -> tuple[Link, tuple[Effect, ...]]:
    match link.phase:
        case LinkPhase.CONNECTING:
            return _back_off(link, policy, link.fault, now), ()
        case LinkPhase.READY if not quiet:
            return replace(link, deadline=now + RENEW_AGAIN_S), ()
        case _:
            return connect(link, policy, now)


def _back_off(link: Link, policy: Policy, fault: str, now: float) -> Link:
    steady = link.phase is LinkPhase.READY and link.ready_at is not None and now - link.ready_at >= policy.steady_s
    attempts = 0 if steady else link.attempts
    pauses = policy.backoff_s
    pause = policy.fault_s if fault else pauses[min(attempts, len(pauses) - 1)]
    return Link(LinkPhase.BACKING_OFF, attempts=attempts + 1, fault=fault, deadline=now + pause)
