"""The script: performs a scenario's cues when they are due, from audio time and from what has been noted.

Law: it decides when, never what follows; it acts only through the four callables it was given. Times are audio ms.
A cue at `at_s` happens then, whatever else has or has not happened. A cue `after` a kind is armed once the cue before
it has been performed, waits for the next event of that kind, and happens `delay_s` after that event's own time. With
`always` it is armed from the start, and again once it has been performed.
It notes `talk` (`from_ms`, `to_ms`: the words at the microphone; `name`: who, if they have one) and `fault`, and when
the `room`, the `card` and the `background` do what the scenario says; the daemon notes presses and mutes.
An event may bear the time of the block before, as the daemon's clock is that of the last block it was given.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from typing import Any

from edge_agent.audio.format import BLOCK_MS, Samples
from edge_agent.local.faults.fault import Fault
from edge_agent.sim.acoustics import SOUND_M_S
from edge_agent.sim.layout import lay_out
from edge_agent.sim.scenario import Break, Cue, Mute, Press, Scenario, Talk
from edge_agent.sim.voice import active_span_ms, speech_of
from edge_agent.timeline import Happening, Recorder

_EPILOGUE_MS = 2000  # from the event that ends a scenario to its end: what follows on its heels is still part of it


class Script:
    """One performance of one scenario.

    talk(samples, place), press(button, hold_s), mute(on), fault(fault): called from `advance`, hence on the device's
    thread.
    All speech is synthesised at once, so that no cue waits for it: raises voice.VoiceError.
    ended: the scenario's `ends_after` has come true.
    """

    def __init__(
        self,
        scenario: Scenario,
        recorder: Recorder,
        *,
        talk: Callable[[Samples, int], None],
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
        self._stage_directions = deque(sorted(_stage_directions(scenario), key=lambda item: item.t_ms))
        self._noted: deque[Happening] = deque()  # filled from any thread, emptied by advance
        recorder.listen(self._noted.append)

    @property
    def pending(self) -> tuple[Talk | Press | Mute | Break, ...]:
        """The cues that have not happened, in the order of the file."""
        return tuple(cue for cue, at in zip(self.scenario.cues, self._performed_ms, strict=True) if at is None)

    def advance(self, t_ms: int) -> None:
        """Perform what is due at t_ms; call it once a block, with time never going back."""
        while self._stage_directions and self._stage_directions[0].t_ms <= t_ms:
            self._recorder.record(self._stage_directions.popleft())
        while self._noted:
            self._notice(self._noted.popleft())
        for index, due_ms in enumerate(self._due_ms):
            if due_ms is not None and due_ms <= t_ms:
                self._due_ms[index] = None
                self._performed_ms[index] = t_ms  # first, so that what it causes may already be the next cue's event
                self._perform(index, t_ms)
        self.ended = self._ends_ms is not None and t_ms >= self._ends_ms

    def _notice(self, happening: Happening) -> None:
        for index, item in enumerate(self.scenario.cues):
            if item.cue.after != happening.kind or self._due_ms[index] is not None:
                continue
            armed_ms = self._armed_ms(index)
            if armed_ms is not None and happening.t_ms >= armed_ms - BLOCK_MS:
                self._due_ms[index] = happening.t_ms + round(item.cue.delay_s * 1000)
        if self._ends_ms is None and happening.kind == self.scenario.ends_after and self._all_before(happening.t_ms):
            self._ends_ms = happening.t_ms + _EPILOGUE_MS

    def _armed_ms(self, index: int) -> int | None:
        """Since when a cue waits for its event; None: it does not."""
        if self.scenario.cues[index].cue.always:
            return self._performed_ms[index] or 0
        if self._performed_ms[index] is not None:
            return None
        return self._performed_ms[index - 1] if index else 0

    def _all_before(self, t_ms: int) -> bool:
        return all(at is not None and at - BLOCK_MS <= t_ms for at in self._performed_ms)

    def _perform(self, index: int, t_ms: int) -> None:
        item = self.scenario.cues[index]
        if isinstance(item, Talk):
            speech = self._speech[index]
            place = self.scenario.place_of(item)
            travel_ms = self._travel_ms(place, t_ms)
            begins_ms, ends_ms = (t_ms + travel_ms + at for at in active_span_ms(speech))
            said = item.text or item.sound or (item.wav.name if item.wav else "")
            who = {"name": item.name} if item.name else {}
            self._record("talk", t_ms, text=said, from_ms=begins_ms, to_ms=ends_ms, **who)
            self._talk(speech, place)
        elif isinstance(item, Press):
            self._press(item.button, item.hold_s)
        elif isinstance(item, Mute):
            self._mute(item.on)
        else:
            fault = item.fault
            self._record("fault", t_ms, **fault.noted())
            self._fault(fault)

    def _travel_ms(self, place: int, t_ms: int) -> int:
        """How long sound takes from a place to the first microphone, in the room as it is by then."""
        room = self.scenario.room
        for change in self.scenario.changes:
            room = change.room if change.at_s * 1000 <= t_ms else room
        distance_m = lay_out(room, self.scenario.seed, self.scenario.further).distance_m(place)
        return round(distance_m / SOUND_M_S * 1000)

    def _record(self, kind: str, t_ms: int, /, **data: Any) -> None:
        self._recorder.record(Happening(t_ms, 0, kind, data))


def _due_at(cue: Cue) -> int | None:
    return None if cue.at_s is None else round(cue.at_s * 1000)


def _stage_directions(scenario: Scenario) -> Iterator[Happening]:
    """What the room, the card and the background do, whatever else happens."""
    for change in scenario.changes:
        yield Happening(round(change.at_s * 1000), 0, "room", {"what": change.what, "over_s": change.over_s})
    for trouble in scenario.card:
        yield Happening(round(trouble.at_s * 1000), 0, "card", {"kind": trouble.kind, **trouble.extent})
    for sound in scenario.backgrounds:
        data = {"kind": sound.kind, "on": True, "level_dbfs": sound.level_dbfs}
        yield Happening(round(sound.at_s * 1000), 0, "background", data)
        if sound.for_s is not None and sound.at_s + sound.for_s < scenario.duration_s:
            off_ms = round((sound.at_s + sound.for_s) * 1000)
            yield Happening(off_ms, 0, "background", {"kind": sound.kind, "on": False})
