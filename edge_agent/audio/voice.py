"""One turn's voice on its way to the loudspeaker, and the exact account of what a person has heard of it.

Law: counting only; no gain, no lock, no clock. Positions are counts of samples (24 kHz) handed to the card since the
start, silence included; they are the only time there is.

The account. A sample handed over at position p is at the air once the card has taken `latency` samples more. So at
the start of the block at position P, everything before

    air = P - latency

has left the loudspeaker, and nothing else. Each voice keeps *spans*: runs of samples of one item with the position of
the first. What was heard of an item is the part of its spans that lies before `air`. It can exceed neither what was
taken nor what was received, because only what was received is taken and only what was taken has a span; gaps have
none. Rounding to whole milliseconds, down, is the last step.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from edge_agent.audio.format import WIRE_RATE, Samples
from edge_agent.audio.jitter_buffer import JitterBuffer

PER_MS = WIRE_RATE // 1000  # samples in a millisecond
BEFORE_EVERYTHING = -(2**63)


@dataclass(frozen=True, slots=True)
class Heard:
    """Of one item: how much had left the loudspeaker, and had been received. Whole milliseconds, rounded down."""

    item_id: str
    heard_ms: int
    received_ms: int


@dataclass(slots=True)
class Span:
    """Samples [position, position + count) of what the card took were consecutive samples of this item."""

    item_id: str
    position: int
    count: int


@dataclass(slots=True)
class Voice:
    """One turn's reply: what waits, and where what was taken went."""

    turn: int
    buffer: JitterBuffer
    spans: list[Span] = field(default_factory=list)
    announced: bool = False
    interrupted: bool = False  # the last block could not be filled: come back gently

    def take(self, out: Samples, position: int) -> int:
        """Fill `out` from its start and enter it in the account; the number of samples taken."""
        at = position
        for taken in self.buffer.take(out):
            last = self.spans[-1] if self.spans else None
            if last and last.item_id == taken.item_id and last.position + last.count == at:
                last.count += taken.count
            else:
                self.spans.append(Span(taken.item_id, at, taken.count))
            at += taken.count
        return at - position

    def end(self) -> int:
        """Position after the last sample taken; before everything if none was."""
        return self.spans[-1].position + self.spans[-1].count if self.spans else BEFORE_EVERYTHING

    def heard(self, air: int) -> tuple[Heard, ...]:
        """The account at the moment when everything before position `air` has left the loudspeaker."""
        count = dict.fromkeys(self.buffer.received, 0)
        for span in self.spans:
            count[span.item_id] += min(max(air - span.position, 0), span.count)
        return tuple(
            Heard(item_id, count[item_id] // PER_MS, received // PER_MS)
            for item_id, received in self.buffer.received.items()
        )
