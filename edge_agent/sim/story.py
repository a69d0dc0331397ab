"""Happenings read as a story: what was said and when, which turn it opened, how replies ended, when it was muted.

Law: reads happenings, decides nothing and hears nothing.
Units: ms from the start. Spans are half open. Turn 0 is nobody's, unless a reply was played in it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from edge_agent.timeline import Happening

OVERLAP_MS = 100  # a sentence belongs to a turn that listened to at least this much of it
NEAR_MS = 600  # a wake word alone ends this near to the moment its turn listens from
USER = "user"


@dataclass(frozen=True, slots=True)
class Span:
    start_ms: int
    end_ms: int

    def touches(self, from_ms: float, to_ms: float, margin_ms: float = 0) -> bool:
        return self.start_ms - margin_ms < to_ms and from_ms < self.end_ms + margin_ms


@dataclass(frozen=True, slots=True)
class Said:
    """A sentence of a simulated person, at the microphone. wake_end_ms: where its wake phrase ends, if known.  name:
    who said it, if they have one."""

    text: str
    span: Span
    wake_end_ms: int | None
    name: str = ""


@dataclass(frozen=True, slots=True)
class Floor:
    """A turn that listened. by: what opened it.  span: from the first sound that counts to the decision."""

    turn: int
    by: str
    opened_ms: int
    span: Span


@dataclass(frozen=True, slots=True)
class Reply:
    """One reply. span: at the air, from its first audible sample to its last.  truncated_ms: received and not heard.
    ended, ended_ms: drained or flushed, and when the daemon noted it; empty, and the end of the run, if it never did.
    """

    turn: int
    span: Span
    ended: str
    ended_ms: int
    heard_ms: int
    truncated_ms: int


class Story:
    """happenings in any order; they are sorted by time, those of the same time stay in theirs."""

    def __init__(self, happenings: Iterable[Happening]) -> None:
        self.happenings: Sequence[Happening] = tuple(sorted(happenings, key=lambda happening: happening.t_ms))
        self.end_ms = self.happenings[-1].t_ms if self.happenings else 0
        self.said: Sequence[Said] = tuple(_said(happening) for happening in self.of("talk"))
        self.floors: Sequence[Floor] = tuple(self._floor(happening) for happening in self.of("listening"))
        self.replies: Sequence[Reply] = tuple(self._reply(happening) for happening in self.of("playing"))
        self.muted: Sequence[Span] = tuple(self._muted(happening) for happening in self.of("mute"))

    def of(self, *kinds: str, turn: int | None = None, from_ms: float = 0) -> list[Happening]:
        """The happenings of these kinds (of one turn, from a moment on), in order of time."""
        return [
            happening
            for happening in self.happenings
            if happening.kind in kinds and turn in (None, happening.turn) and happening.t_ms >= from_ms
        ]

    def first(self, *kinds: str, turn: int | None = None, from_ms: float = 0) -> Happening | None:
        return next(iter(self.of(*kinds, turn=turn, from_ms=from_ms)), None)

    def turn_of(self, said: Said) -> int | None:
        """The turn that a sentence was said in; the later one where it opened two (a thoughtful pause)."""
        overlapping = [
            floor
            for floor in self.floors
            if min(floor.span.end_ms, said.span.end_ms) - max(floor.span.start_ms, said.span.start_ms) >= OVERLAP_MS
        ]
        if not overlapping:
            overlapping = [floor for floor in self.floors if abs(floor.span.start_ms - said.span.end_ms) <= NEAR_MS]
        return overlapping[-1].turn if overlapping else None

    def said_in(self, turn: int) -> Said | None:
        """The last sentence that belongs to a turn."""
        return next((said for said in reversed(self.said) if self.turn_of(said) == turn), None)

    def reply_in(self, turn: int) -> Reply | None:
        return next((reply for reply in self.replies if reply.turn == turn), None)

    def reply_at(self, t_ms: float) -> Reply | None:
        """The reply that is being played at a moment."""
        return next((reply for reply in self.replies if reply.span.touches(t_ms, t_ms + 1)), None)

    def anyone_speaks(self, from_ms: float, to_ms: float, margin_ms: float = 0) -> bool:
        return any(said.span.touches(from_ms, to_ms, margin_ms) for said in self.said)

    def caption(self, turn: int, *, of_person: bool) -> str:
        """All that was transcribed of one side in a turn; empty where nothing was."""
        pieces = (c for c in self.of("caption", turn=turn) if (c.data.get("role") == USER) is of_person)
        return " ".join(" ".join(str(piece.data.get("text", "")) for piece in pieces).split())

    def _floor(self, opened: Happening) -> Floor:
        later = [floor for floor in self.of("listening") if floor.t_ms >= opened.t_ms and floor is not opened]
        commits = [h.t_ms for h in self.of("commit", turn=opened.turn, from_ms=opened.t_ms)]
        ends = commits[-1:] + [h.t_ms for h in later]  # one that was taken back, as the person went on, ended nothing
        ends += [h.t_ms for h in self.of("idle", "mute", from_ms=opened.t_ms)]
        since_ms = int(opened.data.get("since_ms", opened.t_ms))
        end_ms = min(ends, default=self.end_ms)
        return Floor(opened.turn, str(opened.data.get("by", "")), opened.t_ms, Span(since_ms, end_ms))

    def _reply(self, playing: Happening) -> Reply:
        following = [h.t_ms for h in self.of("playing") if h.t_ms >= playing.t_ms and h is not playing]
        until_ms = min(following, default=self.end_ms)
        end = self.first("drained", "flushed", turn=playing.turn, from_ms=playing.t_ms)
        ended, ended_ms = ("", until_ms) if end is None else (end.kind, end.t_ms)
        sound = self.first("first_sample", turn=playing.turn)
        start_ms = playing.t_ms if sound is None else sound.t_ms
        silences = [h.t_ms for h in self.of("silence", turn=playing.turn, from_ms=start_ms)]
        span = Span(start_ms, max(start_ms, silences[-1] if silences else ended_ms))
        items = () if end is None else end.data.get("heard", ())
        heard_ms = sum(int(item[1]) for item in items) if items else span.end_ms - span.start_ms
        truncated_ms = sum(max(0, int(item[2]) - int(item[1])) for item in items)
        return Reply(playing.turn, span, ended, ended_ms, heard_ms, truncated_ms)

    def _muted(self, mute: Happening) -> Span:
        end = self.first("unmute", from_ms=mute.t_ms)
        return Span(mute.t_ms, self.end_ms if end is None else end.t_ms)


def _said(talk: Happening) -> Said:
    wake_end = talk.data.get("wake_end_ms")
    from_ms = int(talk.data.get("from_ms", talk.t_ms))
    span = Span(from_ms, int(talk.data.get("to_ms", from_ms)))
    name = str(talk.data.get("name", ""))
    return Said(str(talk.data.get("text", "")), span, None if wake_end is None else int(wake_end), name)
