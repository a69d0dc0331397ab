"""The script: performs a scenario's cues when they are due, from audio time and from what has been noted.

Law: it decides when, never what follows; it acts only through the four callables it was given. Times are audio ms.
A cue at `at_s` happens then, whatever else has or has not happened. A cue `after` a kind is armed once the cue before
it has been performed, waits for the next event of that kind, and happens `delay_s` after that event's own time.
It notes `talk` (`from_ms`, `to_ms`: the words at the microphone) and `fault`; the daemon notes presses and mutes.
An event may bear the time of the block before, as the daemon's clock is that of the last block it was given.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any

from edge_agent.audio.format import BLOCK_MS, Samples
from edge_agent.sim.room import SOUND_M_S
from edge_agent.sim.scenario import Cue, Fault, Mute, Press, Scenario, Talk
from edge_agent.sim.voice import active_span_ms, speech_of
from edge_agent.timeline import Happening, Recorder

_EPILOGUE_MS = 2000  # from the event that ends a scenario to its end: what follows on its heels is still part of it


class Script:
    """One performance of one scenario.

    talk(samples), press(button, hold_s), mute(on), fault(fault): called from `advance`, hence on the device's thread.
    All speech is synthesised at once, so that no cue waits for it: raises voice.VoiceError.
    ended: the scenario's `ends_after` has come true.
    """

    def __init__(
        self,
        scenario: Scenario,
        recorder: Recorder,
        *,
        talk: Callable[[Samples], None],
        press: Callable[[str, float], None],
        mute: Callable[[bool], None],
        fault: Callable[[Fault], None],
    ) -> None:
        self.scenario = scenario
        self.ended = False
        self._recorder = recorder
        self._talk, self._press, self._mute, self._fault = talk, press, mute, fault
        self._speech = {index: speech_of(cue) for index, cue in enumerate(scenario.cues) if isinstance(cue, Talk)}
        self._performed_ms: list[int | None] = [None] * len(scenario.cues)
        self._due_ms = [_due_at(cue.cue) for cue in scenario.cues]
        self._ends_ms: int | None = None
        self._travel_ms = round(scenario.room.talker_m / SOUND_M_S * 1000)
        self._noted: deque[Happening] = deque()  # filled from any thread, emptied by advance
        recorder.listen(self._noted.append)

    @property
    def pending(self) -> tuple[Talk | Press | Mute | Fault, ...]:
        """The cues that have not happened, in the order of the file."""
        return tuple(cue for cue, at in zip(self.scenario.cues, self._performed_ms, strict=True) if at is None)

    def advance(self, t_ms: int) -> None:
        """Perform what is due at t_ms; call it once a block, with time never going back."""
        while self._noted:
            self._notice(self._noted.popleft())
        for index, due_ms in enumerate(self._due_ms):
            if self._performed_ms[index] is None and due_ms is not None and due_ms <= t_ms:
                self._performed_ms[index] = t_ms  # first, so that what it causes may already be the next cue's event
                self._perform(index, t_ms)
        self.ended = self._ends_ms is not None and t_ms >= self._ends_ms

    def _notice(self, happening: Happening) -> None:
        for index, item in enumerate(self.scenario.cues):
            if item.cue.after != happening.kind or self._due_ms[index] is not None:
                continue
            armed_ms = self._performed_ms[index - 1] if index else 0
            if armed_ms is not None and happening.t_ms >= armed_ms - BLOCK_MS:
                self._due_ms[index] = happening.t_ms + round(item.cue.delay_s * 1000)
        if self._ends_ms is None and happening.kind == self.scenario.ends_after and self._all_before(happening.t_ms):
            self._ends_ms = happening.t_ms + _EPILOGUE_MS

    def _all_before(self, t_ms: int) -> bool:
        return all(at is not None and at - BLOCK_MS <= t_ms for at in self._performed_ms)

    def _perform(self, index: int, t_ms: int) -> None:
        item = self.scenario.cues[index]
        if isinstance(item, Talk):
            speech = self._speech[index]
            begins_ms, ends_ms = (t_ms + self._travel_ms + at for at in active_span_ms(speech))
            said = item.text or (item.wav.name if item.wav else "")
            self._record("talk", t_ms, text=said, from_ms=begins_ms, to_ms=ends_ms)
            self._talk(speech)
        elif isinstance(item, Press):
            self._press(item.button, item.hold_s)
        elif isinstance(item, Mute):
            self._mute(item.on)
        else:
            self._record("fault", t_ms, kind=item.kind, for_s=item.for_s, value=item.value)
            self._fault(item)

    def _record(self, kind: str, t_ms: int, /, **data: Any) -> None:
        self._recorder.record(Happening(t_ms, 0, kind, data))


def _due_at(cue: Cue) -> int | None:
    return None if cue.at_s is None else round(cue.at_s * 1000)
