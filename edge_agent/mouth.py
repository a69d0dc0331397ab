"""The reply on its way to the loudspeaker: wire bytes in on the loop, playback facts out on the audio thread.

Law: it decodes and names, it decides nothing.
"""

from __future__ import annotations

from edge_agent.audio import playback as pb
from edge_agent.audio.wire import DownlinkDecoder, WireFormat
from edge_agent.dialogue import events as ev
from edge_agent.timeline import Timeline


class Mouth:
    def __init__(self, playback: pb.Playback, wire: WireFormat, timeline: Timeline) -> None:
        self.playback = playback
        self._decoder = DownlinkDecoder(wire)
        self._item = ""
        self._timeline = timeline
        self._underruns = 0

    def say(self, turn: int, item_id: str, data: bytes) -> None:
        """Queue a slice of a reply item. Loop thread."""
        if item_id != self._item:
            self._decoder.reset()
            self._item = item_id
        self.playback.push(turn, item_id, self._decoder.feed(data))

    def events(self) -> tuple[ev.Event, ...]:
        """What the block just rendered brought about. Audio thread."""
        if self.playback.underruns != self._underruns:
            self._timeline.note("underrun", self.playback.rendering, count=self.playback.underruns - self._underruns)
            self._underruns = self.playback.underruns
        return tuple(_named(fact) for fact in self.playback.facts())


def _named(fact: pb.Fact) -> ev.Event:
    match fact:
        case pb.Started():
            return ev.PlaybackStarted(fact.turn)
        case pb.Drained():
            return ev.PlaybackDrained(fact.turn)
        case pb.Said():
            return ev.PhraseSaid(fact.phrase)
        case pb.Flushed():
            heard = (ev.ItemHeard(item.item_id, item.heard_ms, item.received_ms) for item in fact.heard)
            return ev.PlaybackFlushed(fact.turn, tuple(heard))
