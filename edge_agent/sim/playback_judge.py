"""What became of one scene of playback: who stopped which reply, who could not, and how long it took.

Law: it judges by the true times of what was said and by what was in the air, and counts; what the counts of many scenes
say is `playback_tally.py`'s. Times in ms of the scene.

A stop has one cause: the person who really interrupted, if one was speaking or had just spoken; else whatever else
somebody did; else a background that a device may take for a person; else nobody: the device stopped itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

from edge_agent.sim.evidence import Evidence
from edge_agent.sim.loudness import audible_ms
from edge_agent.sim.playback_distribution import AGREES, CALLS_IT, INTERRUPTS, NOISY
from edge_agent.sim.playback_draft import OPENS, read_name
from edge_agent.sim.story import Reply, Said, Story

REAL = (INTERRUPTS, CALLS_IT)
ITSELF = "itself"
DISTRACTING = ("tv", "music")  # backgrounds that may be taken for a person; a fan and a hum excuse nothing
STOPPED_BY = ("wake", "stop_word", "barge_in", "press")
MARGIN_MS = 800  # what hearing decides so long after a sound is about that sound
AT_ONCE_MS = 100  # from what stops a reply to its end in the log
NOTICE_MS = 1500  # a reply that ends by itself so soon after somebody began is no occasion to be interrupted
ALOUD_MS = 200  # a voice that has been silent for longer is in a pause
CALLED_MS = 1500  # a wake word counts for a call that ended so long ago


@dataclass(frozen=True, slots=True)
class Attempt:
    """Somebody really talked over a reply. onset_ms: their first sound at the microphone.  duck_ms, decided_ms,
    silence_ms: from there to a softer reply, to the decision, to silence at the air; None where it was missed."""

    onset_ms: int
    what: str
    ser_db: float
    caught: bool
    first: bool
    duck_ms: int | None = None
    decided_ms: int | None = None
    silence_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Stop:
    """A reply that nobody meant to stop was stopped. cause: ITSELF, or who or what.  by: of STOPPED_BY.  first: in the
    first reply after start."""

    at_ms: int
    cause: str
    by: str
    first: bool


@dataclass(frozen=True, slots=True)
class Scene:
    """played_ms: of replies, at the air.  alone_ms: of these without anything else in the room but steady noise.
    over_background_ms: those over a background of DISTRACTING.  replies: how many.  ducks_ms, pauses_ms: when it
    ducked, or fell silent for a moment, with nobody there.  wakes_ms: when it heard a wake word that nobody said.
    ducks_aloud: how many of the ducks came while its voice was sounding, not in a pause of it.  others: how often
    somebody did what over a reply that is no interruption."""

    played_ms: int
    alone_ms: int
    over_background_ms: int
    replies: int
    background: str
    attempts: tuple[Attempt, ...] = ()
    stops: tuple[Stop, ...] = ()
    ducks_ms: tuple[int, ...] = ()
    ducks_aloud: int = 0
    pauses_ms: tuple[int, ...] = ()
    wakes_ms: tuple[int, ...] = ()
    others: dict[str, int] = field(default_factory=dict)

    def told(self) -> dict[str, Any]:
        return asdict(self)


def judged(evidence: Evidence, background: str) -> Scene:
    """background: of the drawn facts."""
    story = evidence.story
    excuse = background if background in DISTRACTING else ""
    played = sum(reply.span.end_ms - reply.span.start_ms for reply in story.replies)
    ducks = () if excuse else tuple(_alone(story, "duck"))
    return Scene(
        played_ms=played,
        alone_ms=0 if excuse else played - _shared_ms(story),
        over_background_ms=played if excuse else 0,
        replies=len(story.replies),
        background=background,
        attempts=tuple(_attempts(story)),
        stops=tuple(_stops(story, excuse)),
        ducks_ms=ducks,
        ducks_aloud=sum(audible_ms(evidence.air_levels, at_ms - ALOUD_MS, at_ms) > 0 for at_ms in ducks),
        pauses_ms=() if excuse else tuple(_alone(story, "reply_paused")),
        wakes_ms=tuple(h.t_ms for h in story.of("wake") if not excuse and not _called_at(story, h.t_ms)),
        others=_others(story),
    )


def _attempts(story: Story) -> Iterator[Attempt]:
    for said in story.said:
        what, ser_db = read_name(said.name)
        reply = story.reply_at(said.span.start_ms)
        if what not in REAL or reply is None:
            continue
        onset, first = said.span.start_ms, _is_first(story, reply)
        if reply.ended == "flushed" and reply.ended_ms <= said.span.end_ms + MARGIN_MS:
            decided = max(0, reply.ended_ms - onset)
            ducks = [h.t_ms - onset for h in story.of("duck", turn=reply.turn, from_ms=onset)]
            duck = min([decided, *ducks])
            yield Attempt(onset, what, ser_db, True, first, duck, decided, max(0, reply.span.end_ms - onset))
        elif reply.span.end_ms - onset >= NOTICE_MS:
            yield Attempt(onset, what, ser_db, False, first)


def _stops(story: Story, excuse: str) -> Iterator[Stop]:
    for reply in story.replies:
        if reply.ended != "flushed":
            continue
        said = _somebody_at(story, reply.ended_ms)
        cause = read_name(said.name)[0] if said is not None else excuse or ITSELF
        by = [h.kind for h in story.of(*STOPPED_BY, from_ms=reply.ended_ms - AT_ONCE_MS) if h.t_ms <= reply.ended_ms]
        if cause not in (*REAL, OPENS):
            yield Stop(reply.ended_ms, cause, by[-1] if by else "", _is_first(story, reply))


def _somebody_at(story: Story, t_ms: int) -> Said | None:
    """Who is heard then, or was just before; of several the one who means it."""
    heard = [said for said in story.said if said.span.start_ms <= t_ms <= said.span.end_ms + MARGIN_MS]
    return min(heard, key=lambda said: _RANK.get(read_name(said.name)[0], 0), default=None)


_RANK = {what: rank for rank, what in enumerate((*REAL, OPENS, AGREES, *NOISY))}


def _called_at(story: Story, t_ms: int) -> bool:
    calls = [said for said in story.said if read_name(said.name)[0] == CALLS_IT]
    return any(said.span.start_ms <= t_ms <= said.span.end_ms + CALLED_MS for said in calls)


def _alone(story: Story, kind: str) -> Iterator[int]:
    """When it did that with nobody there."""
    return (h.t_ms for h in story.of(kind) if _somebody_at(story, h.t_ms) is None)


def _others(story: Story) -> dict[str, int]:
    found = dict.fromkeys((AGREES, *NOISY), 0)
    for said in story.said:
        what = read_name(said.name)[0]
        if what in found and story.reply_at(said.span.start_ms) is not None:
            found[what] += 1
    return found


def _shared_ms(story: Story) -> int:
    """How much of the replies somebody made a sound over, with the time after it in which it may count."""
    return sum(
        max(0, min(reply.span.end_ms, said.span.end_ms + MARGIN_MS) - max(reply.span.start_ms, said.span.start_ms))
        for reply in story.replies
        for said in story.said
    )


def _is_first(story: Story, reply: Reply) -> bool:
    return reply is story.replies[0]
