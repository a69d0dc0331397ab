"""The front panel on a terminal: the ring, the meters and the captions while a scenario runs in real time.

Law: it shows what it is told, on a thread of its own; whoever tells it (`hear`, `update`, `show`) leaves a note and
goes on: a slow terminal cannot slow the daemon, and one that is gone cannot end it. On a terminal it redraws in place;
elsewhere it prints plain lines.
Units: dBFS; the clock is in seconds and the caller's.
"""

from __future__ import annotations

import os
import shutil
import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import TextIO

from edge_agent.dialogue.indication import Indication
from edge_agent.sim.panel import MARKS, PLAIN_MARKS, Line, View, draw, render, step_lines, table_lines
from edge_agent.sim.ring import PIXELS, Frame, ring
from edge_agent.sim.turn_table import TurnRow
from edge_agent.sim.verdict import Step
from edge_agent.timeline import Happening

REDRAW_S = 0.1  # ten pictures a second: smooth enough for the ring, nothing for the processor
HIDE_CURSOR, SHOW_CURSOR = "\x1b[?25l", "\x1b[?25h"
ERASE_LINE, ERASE_BELOW = "\x1b[K", "\x1b[J"


def is_terminal(out: TextIO) -> bool:
    """Whether `out` can be redrawn in place."""
    return out.isatty() and os.environ.get("TERM", "") not in ("", "dumb")


def _has(out: TextIO, letters: str) -> bool:
    """Whether `out` can show them; one without an encoding (in memory) can show all."""
    try:
        letters.encode(out.encoding or "utf-8")
    except UnicodeEncodeError:
        return False
    return True


class Terminal:
    """The live view. Callable from any thread; nothing is written but from its own thread and, before `start` and after
    `stop`, from the caller's.

    clock: audio time, s.  frame: board.animation.frame.  duration_s: of the story.  scenes: panel.scenes_of(scenario).
    failure: why nothing is shown any more, if so: a reader that has gone, a disk that is full.
    in_place, size: for tests; by default found out from `out` and its terminal. size gives (columns, lines).
    """

    def __init__(
        self,
        out: TextIO,
        clock: Callable[[], float],
        frame: Frame,
        *,
        duration_s: float,
        scenes: Sequence[str] = (),
        in_place: bool | None = None,
        size: Callable[[], tuple[int, int]] = shutil.get_terminal_size,
    ) -> None:
        self.view = View(duration_s, scenes)
        self._out, self._clock, self._frame, self._size = out, clock, frame, size
        self._in_place = is_terminal(out) if in_place is None else in_place
        self._noted: deque[Happening] = deque()  # append and popleft are atomic: no lock
        self._shown_since = 0.0
        self.failure: OSError | None = None
        self._drawn = 0  # lines on the screen that are ours
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Terminal:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        if self._in_place:
            self._write(HIDE_CURSOR)
        self._thread = threading.Thread(target=self._run, name="terminal", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Draw the last picture and give the cursor back. May be called twice, or without `start`."""
        self._ended.set()
        if self._thread is None:
            return
        self._thread.join()
        self._thread = None
        self.redraw()
        if self._in_place:
            self._write(SHOW_CURSOR)

    def hear(self, happening: Happening) -> None:
        """A listener for timeline.Recorder."""
        self._noted.append(happening)

    def update(self, mic_dbfs: float, clean_dbfs: float, air_dbfs: float) -> None:
        """The levels of now."""
        self.view.levels = (mic_dbfs, clean_dbfs, air_dbfs)

    def show(self, indication: Indication) -> None:
        if indication is not self.view.indication:
            self.view.indication, self._shown_since = indication, self._clock()

    def redraw(self) -> None:
        """Take in what was noted and write what became of it."""
        lines = []
        while self._noted:
            plain = self.view.take(self._noted.popleft())
            if plain is not None:
                lines.append(plain)
        if self._in_place:
            self._picture()
        else:
            self._write("".join(f"{line}\n" for line in lines))

    def print_table(self, rows: Sequence[TurnRow]) -> None:
        """One line a turn."""
        self._print(table_lines(rows))

    def print_steps(self, steps: Sequence[Step]) -> None:
        """Every step with its mark and why."""
        self._print(step_lines(steps, MARKS if _has(self._out, "".join(MARKS)) else PLAIN_MARKS))

    def _run(self) -> None:
        while not self._ended.wait(REDRAW_S):
            self.redraw()

    def _picture(self) -> None:
        columns, height = self._size()
        now = self._clock()
        self.view.t_s = now
        light = ring(self._frame, self.view.indication, max(0.0, now - self._shown_since))
        lines = draw(self.view, light, columns)[: max(1, height - 1)]
        back = f"\x1b[{self._drawn}F" if self._drawn else ""
        text = "".join(render(line, columns - 1) + ERASE_LINE + "\n" for line in lines)
        self._write(back + text + ERASE_BELOW)
        self._drawn = len(lines)

    def _print(self, lines: Sequence[Line]) -> None:
        self._write("\n" + "".join(render(line, 10_000, color=self._in_place) + "\n" for line in lines))

    def _write(self, text: str) -> None:
        """Once a write has failed there are no more."""
        if self.failure is not None or not text:
            return
        try:
            self._out.write(text)
            self._out.flush()
        except OSError as error:
            self.failure = error


class TerminalBoard:
    """board.board.Board on a terminal; `press` and `slide` are its physical side: what a finger does."""

    pixels = PIXELS

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal
        self._on_talk: Callable[[], None] | None = None
        self._on_mute: Callable[[bool], None] | None = None

    def open(self, on_talk: Callable[[], None], on_mute: Callable[[bool], None]) -> None:
        self._on_talk, self._on_mute = on_talk, on_mute

    def show(self, indication: Indication) -> None:
        self._terminal.show(indication)

    def close(self) -> None:
        self._on_talk = self._on_mute = None

    def press(self) -> None:
        """The talk button goes down. A board that is not open feels nothing."""
        if self._on_talk is not None:
            self._on_talk()

    def slide(self, muted: bool) -> None:
        """The mute switch goes over."""
        if self._on_mute is not None:
            self._on_mute(muted)
