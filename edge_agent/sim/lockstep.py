"""The lock-step wiring: the daemon's own stages in one thread and simulated time, faster than real time, the same from
run to run to the byte. Its twin, in threads, is `runtime.py`.

Law: sequence, never choice; no clock is read, no socket opened. One block of sound, then everything it brought about.
"""

from __future__ import annotations

from edge_agent.audio.device import AudioDevice, DeviceError
from edge_agent.audio.duplex import Duplex
from edge_agent.audio.format import BLOCKS_PER_S
from edge_agent.dialogue import events as ev
from edge_agent.ear import Ear
from edge_agent.interpreter import Interpreter
from edge_agent.mouth import Mouth
from edge_agent.sim.device import SimulatedDevice
from edge_agent.sim.network import MemoryLink
from edge_agent.timeline import AudioClock

_REOPEN_BLOCKS = BLOCKS_PER_S  # a card that vanished is looked for this often, as in `runtime.py`


class LockStep:
    """clock: shared with everyone who asks for the time, in seconds or milliseconds of audio."""

    def __init__(
        self,
        *,
        device: SimulatedDevice,
        duplex: Duplex,
        ear: Ear,
        mouth: Mouth,
        interpreter: Interpreter,
        link: MemoryLink,
        clock: AudioClock,
    ) -> None:
        self._device, self._duplex, self._ear, self._mouth = device, duplex, ear, mouth
        self._interpreter, self._link, self._clock = interpreter, link, clock

    def run(self) -> None:
        device: AudioDevice = self._device
        device.open()
        self._interpreter.tell(ev.Started())
        while not self._device.finished:
            self._block()
        device.close()

    def _block(self) -> None:
        try:
            pair = self._duplex.step()
        except DeviceError:
            self._without_card()
            return
        self._clock.block = pair.index
        for event in self._mouth.events():
            self._interpreter.tell(event)
        self._interpreter.arrive(self._ear.hear(pair))
        self._link.advance(self._clock.ms / 1000)
        self._interpreter.tick()

    def _without_card(self) -> None:
        """As `runtime.py` does: say so, keep the session, look for the card once a second until it is back."""
        self._interpreter.tell(ev.SoundLost())
        self._device.close()
        away = 0
        while True:
            for _ in range(_REOPEN_BLOCKS):
                if self._device.finished:
                    return
                self._device.pass_by()
                away += 1
                self._clock.block += 1
                self._link.advance(self._clock.ms / 1000)
                self._interpreter.tick()
            try:
                self._device.open()
            except DeviceError:
                continue
            self._duplex.skip(away / BLOCKS_PER_S)
            self._interpreter.tell(ev.SoundBack())
            return
