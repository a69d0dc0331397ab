"""One row a turn: the figures of `summary.json`, out of the happenings alone.

Law: arithmetic on times; None where a figure does not apply, 0 only where zero was measured.
Units: ms and dB. A sentence ends where the simulated person's truly ended, or where hearing placed its last sound; a
reply begins and ends at the simulated air.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from edge_agent.sim.story import Reply, Story
from edge_agent.timeline import Happening

HEARD_AFTER_MS = 800  # a decision to stop comes at most this long after the person's last sound


@dataclass(frozen=True, slots=True)
class TurnRow:
    """The keys are those of the contract.

    wake_to_first_byte_ms: from the wake word's detection to the first PCM on the wire; None without a wake word.
    speech_end_to_first_sample_ms: from the person's last sound to the reply's first at the air.
    interruption_to_silence_ms: from the first sound of the person who stops this turn's reply (the end of a wake
    phrase, a press) to the reply's last at the air.
    heard_ms, truncated_ms: of the reply, at the air, and what had been received but was never heard.
    echo_reduction_db: the echo stage's own slow median at the end of the reply.
    """

    turn: int
    wake_to_first_byte_ms: int | None = None
    speech_end_to_first_sample_ms: int | None = None
    interruption_to_silence_ms: int | None = None
    heard_ms: int | None = None
    truncated_ms: int | None = None
    underruns: int = 0
    echo_reduction_db: float | None = None


def turn_table(happenings: Sequence[Happening]) -> list[TurnRow]:
    """A row for every turn in which the device listened or spoke, in order."""
    story = Story(happenings)
    turns = {floor.turn for floor in story.floors} | {reply.turn for reply in story.replies}
    turns |= {happening.turn for happening in story.of("wake", "commit", "response") if happening.turn}
    return [_row(story, turn) for turn in sorted(turns)]


def _row(story: Story, turn: int) -> TurnRow:
    reply = story.reply_in(turn)
    first_byte = _wake_to_first_byte(story, turn)
    if reply is None:
        return TurnRow(turn, first_byte, underruns=_underruns(story, turn, None))
    return TurnRow(
        turn,
        first_byte,
        _speech_end_to_first_sample(story, reply),
        _interruption_to_silence(story, reply),
        reply.heard_ms,
        reply.truncated_ms,
        _underruns(story, turn, reply),
        _echo_reduction(story, reply),
    )


def _wake_to_first_byte(story: Story, turn: int) -> int | None:
    wake = story.first("wake", turn=turn)
    if wake is None:
        return None
    byte = story.first("append", turn=turn, from_ms=wake.t_ms)
    return None if byte is None else byte.t_ms - wake.t_ms


def _speech_end_to_first_sample(story: Story, reply: Reply) -> int | None:
    said = story.said_in(reply.turn)
    if said is not None:
        return reply.span.start_ms - said.span.end_ms
    ended = [h for h in story.of("speech_ended", turn=reply.turn) if h.t_ms <= reply.span.start_ms]
    if not ended:
        return None
    return reply.span.start_ms - int(ended[-1].data.get("last_ms", ended[-1].t_ms))


def _interruption_to_silence(story: Story, reply: Reply) -> int | None:
    if reply.ended != "flushed":
        return None
    stops = story.of("barge_in", "wake", "stop_word", "press", from_ms=reply.span.start_ms)
    if not stops or stops[0].t_ms > reply.ended_ms:
        return None
    return max(0, reply.span.end_ms - _onset(story, stops[0]))


def _onset(story: Story, stop: Happening) -> int:
    """When the person began to stop the reply: for an interruption by voice their true first sound, if known."""
    if stop.kind == "barge_in":
        for said in story.said:
            if said.span.start_ms <= stop.t_ms <= said.span.end_ms + HEARD_AFTER_MS:
                return said.span.start_ms
    return int(stop.data.get("since_ms", stop.t_ms))


def _underruns(story: Story, turn: int, reply: Reply | None) -> int:
    count = 0
    for gap in story.of("underrun"):
        inside = reply is not None and reply.span.touches(gap.t_ms, gap.t_ms + 1)
        if gap.turn == turn or (gap.turn == 0 and inside):
            count += int(gap.data.get("count", 1))
    return count


def _echo_reduction(story: Story, reply: Reply) -> float | None:
    measured = [h for h in story.of("echo") if reply.span.touches(h.t_ms, h.t_ms + 1)]
    return round(float(measured[-1].data["reduction_db"]), 1) if measured else None
