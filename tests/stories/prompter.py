"""The daemon's own stages without ears: what hearing would notice is prompted, everything behind it is the real thing.

In lock step and simulated time, with the embedded server's own session at the other end of the line. A story takes a
fraction of a second, so that every fault can be told in every state.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

import numpy as np

from edge_agent import app
from edge_agent.board.nothing import NoBoard
from edge_agent.dialogue import effects as ef
from edge_agent.dialogue import events as ev
from edge_agent.dialogue.attention import attention
from edge_agent.dialogue.indication import Indication
from edge_agent.dialogue.state import LinkPhase, Phase
from edge_agent.ear import Batch
from edge_agent.local.faults.fault import parsed
from edge_agent.local.realtime.mind import Answer, Question, Say
from edge_agent.local.realtime.protocol import Session
from edge_agent.local.speech.work import WORK_RATE, Recognised, Result, Spoken, Work
from edge_agent.sim.network import MemoryLink
from edge_agent.timeline import Happening
from tests.stories.rehearsal import settings

QUESTION_S = 1.5
REPLY_S = 4.0
BLOCK_S = 0.01
SLICE_BLOCKS = 4
SLICE = (np.arange(SLICE_BLOCKS * 240) % 1000 + 1).astype("<i2").tobytes()  # what is said, at 24 kHz
NOON = datetime(2026, 11, 21, 12, 30)


def perform(work: Work) -> Result:
    """Speech work, without an engine."""
    if work.kind == "recognise":
        return Recognised("tell me a joke")
    return Spoken((np.arange(round(REPLY_S * WORK_RATE)) % 2000 + 1).astype("<i2").tobytes())


class Joker:
    """A mind that has one answer."""

    def answer(self, question: Question) -> Answer:
        return (Say("Why did the clock get sent out of the classroom? It tocked too much."),)


class Prompter:
    """happenings: the timeline.  sent: every client event with its time.  lights: all that the board was shown."""

    def __init__(self, seed: int = 1, **sections: dict[str, object]) -> None:
        sections.setdefault("session", {})["provider"] = "local"
        chosen = settings(**sections)
        self.parts = parts = app.stages(chosen)
        self.happenings: list[Happening] = []
        parts.recorder.listen(self.happenings.append)
        self.sent: list[tuple[float, dict[str, Any]]] = []
        self.muted = False
        self.board = NoBoard()
        self.link = MemoryLink(self._server, self._now_s, perform, tap=self, seed=seed)
        answers = app.provider(chosen, "ws://memory/v1/realtime", None, parts.toolbox)
        self.talk = app.conversation(chosen, parts, self.link, answers, lambda event: self.mind.tell(event))
        self.link.user = self.talk
        self.mind = app.interpreter(chosen, parts, self.talk, self.board, self._run_tool, self._now_s)
        self.mind.tell(ev.Started())
        self.run_until(lambda: self.mind.agent.link.phase is LinkPhase.READY)

    # --- the tap ------------------------------------------------------------------------------------------------------

    def outgoing(self, message: str | bytes) -> None:
        self.sent.append((self._now_s(), json.loads(message)))

    def incoming(self, message: str | bytes) -> None:
        pass

    # --- time ---------------------------------------------------------------------------------------------------------

    def run(self, seconds: float) -> None:
        for _ in range(round(seconds / BLOCK_S)):
            self._block()

    def run_until(self, true: Callable[[], bool], patience_s: float = 30.0) -> None:
        for _ in range(round(patience_s / BLOCK_S)):
            if true():
                return
            self._block()
        raise AssertionError(f"not within {patience_s:g} s: {self.mind.agent}")

    def _block(self) -> None:
        self.parts.clock.block += 1
        self.parts.playback.render()
        for event in self.parts.mouth.events():
            self.mind.tell(event)
        self.link.advance(self._now_s())
        self.mind.tick()

    # --- what happens -------------------------------------------------------------------------------------------------

    def fault(self, *specs: str) -> None:
        for spec in specs:
            self.link.fault(parsed(spec))

    def wake(self) -> int:
        """Somebody says the wake word; returns the turn."""
        self.mind.tell(ev.WakeDetected("hey jarvis", 0.9, self.parts.clock.block))
        return self.mind.agent.turn.number

    def speak(self, seconds: float = QUESTION_S) -> None:
        """They go on with words, which leave the device as far as hearing may let them."""
        self.mind.tell(ev.SpeechStarted(self.parts.clock.block))
        for _ in range(round(seconds / BLOCK_S / SLICE_BLOCKS)):
            for _ in range(SLICE_BLOCKS):
                self._block()
            uplink = attention(self.mind.agent).uplink
            if uplink:
                self.mind.arrive(Batch(uplink, (SLICE,), ()))

    def end_sentence(self) -> None:
        self.mind.tell(ev.SpeechEnded(round(QUESTION_S * 1000), self.parts.clock.block))

    def ask(self) -> int:
        """A whole question; returns its turn."""
        turn = self.wake()
        self.speak()
        self.end_sentence()
        return turn

    def press(self) -> None:
        self.mind.tell(ev.ButtonPressed(self.parts.clock.block))

    def mute(self, on: bool) -> None:
        self.mind.tell(ev.MuteChanged(on, self.parts.clock.block))

    # --- what came of it ----------------------------------------------------------------------------------------------

    @property
    def phase(self) -> Phase:
        return self.mind.agent.turn.phase

    @property
    def light(self) -> Indication:
        return self.board.shown

    def heard(self, turn: int) -> bool:
        """Whether a reply to this turn was heard to its end."""
        return any(note.kind == "drained" and note.turn == turn for note in self.happenings)

    def sound_sent(self, since_s: float, until_s: float) -> int:
        """Bytes of the person's sound that left the device, wherever it hides."""
        texts = (event.get("audio", "") for at, event in self.sent if since_s <= at < until_s)
        return sum(len(base64.b64decode(text)) for text in texts if isinstance(text, str))

    @property
    def now_s(self) -> float:
        return self._now_s()

    def _now_s(self) -> float:
        return self.parts.clock.ms / 1000

    def _server(self) -> Session:
        return Session(brain=Joker(), wall=lambda: NOON, model_delay_ms=1000)

    def _run_tool(self, request: ef.RunTool) -> None:
        output = self.parts.toolbox.call(request.name, request.arguments)
        self.mind.tell(ev.ToolFinished(request.turn, request.call_id, output))
