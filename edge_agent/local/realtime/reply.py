"""One response: from its creation to response.done, every event with the time it is due.

Law: no clock and no decision about what to say; it is told, and puts item behind item. What it has given out it
remembers, so that what is not due yet can be taken back. Times are seconds of the session's clock.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from edge_agent.local.realtime.items import Entry
from edge_agent.local.realtime.mind import Call, Say
from edge_agent.local.realtime.outgoing import Outgoing, Timed
from edge_agent.local.realtime.output import Output, Place
from edge_agent.local.realtime.tokens import Tokens, usage
from edge_agent.local.realtime.wish import Wish


@dataclass(slots=True, eq=False)
class Reply:
    """conversation_id: None out of band.  first_s: no item begins before then.  held: tokens held back for it.

    context: what it reads instead of the conversation, or None.  needs: the conversation must have been heard before
    it can be asked.  hearing: jobs that hear its own context.  asked: the brain has been.  everything, cached: tokens
    of its input.  parts: the brain's answer; laid: how many of them were laid out; voiced: the sound of those that
    have it.  ends: when response.done is due, once that is known.
    """

    id: str
    conversation_id: str | None
    wish: Wish
    out: Outgoing
    first_s: float
    held: int = 0
    context: list[Entry] | None = None
    needs: bool = True
    hearing: set[str] = field(default_factory=set)
    asked: bool = False
    everything: Tokens = field(default_factory=Tokens)
    cached: Tokens = field(default_factory=Tokens)
    parts: Sequence[Say | Call] = ()
    voiced: dict[int, bytes] = field(default_factory=dict)
    laid: int = 0
    ends: float | None = None
    _outputs: list[Output] = field(default_factory=list)
    _given: list[tuple[float, str]] = field(default_factory=list)  # due, id of the event

    @property
    def written(self) -> bool:
        return self.wish.modalities == ["text"]

    @property
    def shared(self) -> bool:
        """It speaks in the conversation."""
        return self.conversation_id is not None

    @property
    def output(self) -> Tokens:
        return sum((output.tokens for output in self._outputs), Tokens())

    @property
    def left(self) -> int | None:
        """Tokens it may still take, None without a limit."""
        return None if self.wish.longest is None else self.wish.longest - self.output.total

    def is_saying(self, entry: Entry) -> bool:
        """Whether this item of it is not over yet, as far as it was told."""
        return any(output.entry is entry and entry.item["status"] == "in_progress" for output in self._outputs)

    def begin(self) -> None:
        self._give([(self.out.now, self._event("response.created", "in_progress", None, None))])

    def add(self, before: str | None, of: Callable[[Place], Output]) -> Output:
        """Lay out the next item, as soon as the ones before it are over. before: the conversation's last item."""
        item_id = self.out.ids.next("item")
        place = Place(self.id, len(self._outputs), item_id, self.out.make, self.left, self.shared, before)
        output = of(place)
        self._give(output.lay_out(self._free_at))
        self._outputs.append(output)
        return output

    def finish(self, status: str, **details: Any) -> None:
        """Nothing more is coming: response.done, once the last item is over. details: the status's, if there are."""
        self.ends = self._free_at if self._outputs else self.out.now
        whole = {"type": status, **details} if details else None
        used = usage(self.everything, self.cached, self.output)
        self._give([(self.ends, self._event("response.done", status, whole, used))])

    def cut(self, reason: str) -> list[Entry]:
        """End it here. Returns the items that had not begun, so that they never were."""
        now = self.out.now
        self.out.withdraw(event_id for due, event_id in self._given if due > now)
        begun = [output for output in self._outputs if output.begins <= now]
        unborn = [output.entry for output in self._outputs if output.begins > now]
        self._outputs, self.first_s = begun, now
        for output in begun:
            if output.ends > now:
                self._give(output.cut(now))
        self.settle()
        self.finish("cancelled", reason=reason)
        return unborn

    def settle(self) -> None:
        """The items whose last event is out are final."""
        for output in self._outputs:
            if output.ends <= self.out.now:
                output.settle()

    # --- inside -------------------------------------------------------------------------------------------------------

    def _give(self, events: list[Timed]) -> None:
        self._given += [(due, str(event["event_id"])) for due, event in events]
        self.out.add(events)

    @property
    def _free_at(self) -> float:
        """When the next item may begin."""
        return max(self.out.now, self.first_s, *(output.ends for output in self._outputs))

    def _event(
        self, kind: str, status: str, details: dict[str, Any] | None, used: dict[str, Any] | None
    ) -> dict[str, Any]:
        wish = self.wish
        response = {
            "object": "realtime.response",
            "id": self.id,
            "status": status,
            "status_details": details,
            "output": [output.shown for output in self._outputs],
            "conversation_id": self.conversation_id,
            "output_modalities": wish.modalities,
            "max_output_tokens": "inf" if wish.longest is None else wish.longest,
            "audio": {"output": {"format": wish.described_format, "voice": wish.voice}},
            "metadata": wish.metadata,
            "usage": used,
        }
        return self.out.make(kind, response=response)
