"""The live view: in place on a terminal, plain lines elsewhere, and never in the daemon's way."""

from __future__ import annotations

import io
import re
import threading
from pathlib import Path

import pytest

from edge_agent.board.animation import frame
from edge_agent.dialogue.indication import Indication
from edge_agent.local.faults.fault import Fault
from edge_agent.sim.panel import scenes_of, table_lines
from edge_agent.sim.scenario import Break, Cue, Mute, Press, Scenario, Talk
from edge_agent.sim.terminal import HIDE_CURSOR, SHOW_CURSOR, Terminal, TerminalBoard
from edge_agent.sim.turn_table import TurnRow
from edge_agent.sim.verdict import Step
from edge_agent.timeline import Happening
from tests.sim import staged

CODES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
ROWS = [TurnRow(1, heard_ms=1800, truncated_ms=0), TurnRow(2, 20, 640, 310, 4200, 20_800, 1, 31.5)]
STORY = staged.run().story.happenings


class Screen:
    """A terminal view on a stream, at a time and in a size that a test sets."""

    def __init__(self, *, in_place: bool, columns: int = 100, lines: int = 30, scenes: tuple[str, ...] = ()) -> None:
        self.out = io.StringIO()
        self.now = 0.0
        self.size = (columns, lines)
        self.terminal = Terminal(
            self.out, lambda: self.now, frame, duration_s=60, scenes=scenes, in_place=in_place, size=lambda: self.size
        )

    def written(self) -> str:
        text = self.out.getvalue()
        self.out.seek(0)
        self.out.truncate()
        return text

    def seen(self) -> str:
        self.terminal.redraw()
        return CODES.sub("", self.written())

    def hear(self, until_ms: int) -> None:
        for happening in STORY:
            if happening.t_ms <= until_ms:
                self.terminal.hear(happening)


class TestOnATerminal:
    def test_it_shows_state_captions_progress_and_events(self) -> None:
        screen = Screen(in_place=True, scenes=("one", "two", "three", "four", "five"))
        screen.hear(24_000)
        screen.now = 24.0
        seen = screen.seen()
        for word in (
            "listening",
            "stop what can you do",
            "Once upon a time",
            "0:24",
            "1:00",
            "scene 4 of 5",
            "four",
            "interrupted",
        ):
            assert word in seen

    def test_it_shows_what_the_server_understood(self) -> None:
        screen = Screen(in_place=True)
        screen.hear(7700)
        assert 'understood "what time is it"' in screen.seen()

    def test_a_caption_that_comes_in_pieces_is_one(self) -> None:
        screen = Screen(in_place=True)
        for text in ("Once upon", "a time."):
            screen.terminal.hear(Happening(10, 3, "caption", {"role": "assistant", "text": text}))
        assert "Once upon a time." in screen.seen()

    def test_meters_follow_the_levels(self) -> None:
        screen = Screen(in_place=True)
        screen.terminal.update(-60, -30, 0)
        meters = [line.count("█") for line in screen.seen().splitlines()[:3]]
        assert meters == [0, 20, 40]

    def test_the_ring_is_twelve_lights_in_the_animations_colours(self) -> None:
        screen = Screen(in_place=True)
        screen.terminal.show(Indication.LISTENING)
        screen.terminal.redraw()
        text = screen.written()
        assert text.count("●") == 12
        assert re.search(r"\x1b\[38;2;0;\d+;255m●", text)  # blue, as the board shows listening

    def test_it_redraws_over_itself(self) -> None:
        screen = Screen(in_place=True)
        screen.terminal.redraw()
        lines = screen.written().count("\n")
        screen.terminal.redraw()
        assert screen.written().startswith(f"\x1b[{lines}F")

    @pytest.mark.parametrize("columns", [1, 8, 20, 40, 63, 64, 80, 200])
    def test_no_line_is_wider_than_the_terminal(self, columns: int) -> None:
        screen = Screen(in_place=True, columns=columns)
        screen.hear(60_000)
        assert all(len(line) < columns or not line for line in screen.seen().splitlines())

    def test_no_picture_is_higher_than_the_terminal(self) -> None:
        screen = Screen(in_place=True, lines=6)
        assert screen.seen().count("\n") <= 5

    def test_the_cursor_comes_back_even_after_an_error(self) -> None:
        screen = Screen(in_place=True)
        with pytest.raises(RuntimeError), screen.terminal:
            raise RuntimeError("the run broke")
        text = screen.written()
        assert text.index(HIDE_CURSOR) < text.index(SHOW_CURSOR)
        assert "terminal" not in [thread.name for thread in threading.enumerate()]

    def test_stopping_twice_or_unstarted_is_no_error(self) -> None:
        screen = Screen(in_place=True)
        screen.terminal.stop()
        screen.terminal.start()
        screen.terminal.stop()
        screen.terminal.stop()
        assert screen.written().count(SHOW_CURSOR) == 1


class TestElsewhere:
    def test_it_prints_a_plain_line_a_change(self) -> None:
        screen = Screen(in_place=False)
        screen.hear(8100)
        screen.terminal.redraw()
        text = screen.written()
        assert "\x1b" not in text
        assert text.splitlines()[-6:] == [
            "0:05.70  wake word",
            "0:05.70  state listening, link ready",
            "0:07.30  state thinking, link ready",
            '0:07.60  server understood "what time is it"',
            "0:07.92  state speaking, link ready",
            '0:08.05  device says "It is ten past four."',
        ]

    def test_captions_that_come_word_by_word_are_printed_by_the_sentence(self) -> None:
        screen = Screen(in_place=False)
        for turn, word in ((1, "It"), (1, "is"), (2, "Good"), (2, "night."), (2, "Sleep"), (2, "well!")):
            screen.terminal.hear(Happening(0, turn, "caption", {"role": "assistant", "text": word}))
        assert [line[9:] for line in screen.seen().splitlines()] == [
            'device says "Good night."',
            'device says "Sleep well!"',
        ]

    def test_a_state_that_stays_is_told_once(self) -> None:
        screen = Screen(in_place=False)
        for t_ms in (10, 20):
            screen.terminal.hear(
                Happening(t_ms, 0, "state", {"phase": "idle", "link": "ready", "muted": False, "light": "idle"})
            )
        assert screen.seen().count("state idle") == 1

    def test_what_is_noted_last_is_printed_when_it_stops(self) -> None:
        screen = Screen(in_place=False)
        with screen.terminal:
            screen.terminal.hear(Happening(5, 0, "mute"))
        assert screen.written() == "0:00.00  mute\n"

    def test_a_stream_that_is_no_terminal_is_found_out(self) -> None:
        out = io.StringIO()
        with Terminal(out, lambda: 0.0, frame, duration_s=1):
            pass
        assert out.getvalue() == ""


class Gone(io.StringIO):
    """A stream whose reader has left."""

    def write(self, text: str) -> int:
        raise BrokenPipeError(32, "Broken pipe")


class TestWithoutAReader:
    @pytest.mark.parametrize("in_place", [True, False])
    def test_goes_on_in_silence_and_remembers_why(self, in_place: bool) -> None:
        terminal = Terminal(Gone(), lambda: 0.0, frame, duration_s=1, in_place=in_place)
        with terminal:
            terminal.hear(Happening(5, 0, "mute"))
        terminal.print_table(ROWS)
        assert isinstance(terminal.failure, BrokenPipeError)

    def test_remembers_nothing_where_one_is(self) -> None:
        screen = Screen(in_place=False)
        screen.terminal.print_table(ROWS)
        assert screen.terminal.failure is None


class TestTelling:
    def test_writes_nothing_by_itself(self) -> None:
        screen = Screen(in_place=True)
        screen.hear(60_000)
        screen.terminal.update(-1, -2, -3)
        screen.terminal.show(Indication.MUTED)
        assert screen.written() == ""


class TestTheEnd:
    def test_prints_a_line_a_turn(self) -> None:
        screen = Screen(in_place=False)
        screen.terminal.print_table(ROWS)
        lines = screen.written().splitlines()
        assert lines[-1].split() == ["2", "20", "640", "310", "4,200", "20,800", "1", "31.5"]
        assert lines[-2].split() == ["1", "–", "–", "–", "1,800", "0", "0", "–"]

    def test_columns_stand_under_their_heads(self) -> None:
        assert len({len(line[0][0]) for line in table_lines(ROWS)}) == 1

    def test_prints_every_step_with_its_mark_and_reason(self) -> None:
        screen = Screen(in_place=False)
        screen.terminal.print_steps([Step("It greets", True, "it did"), Step("It sings", False, "it did not")])
        assert screen.written() == "\n✓ It greets\n    it did\n✗ It sings\n    it did not\n"


class TestTheBoard:
    def test_reports_the_finger(self) -> None:
        board = TerminalBoard(Screen(in_place=True).terminal)
        felt: list[object] = []
        board.press()
        board.open(lambda: felt.append("talk"), felt.append)
        board.press()
        board.slide(True)
        board.slide(False)
        board.close()
        board.close()
        board.press()
        board.slide(True)
        assert felt == ["talk", True, False]

    def test_shows_what_it_is_told(self) -> None:
        screen = Screen(in_place=True)
        board = TerminalBoard(screen.terminal)
        board.show(Indication.SPEAKING)
        assert screen.terminal.view.indication is Indication.SPEAKING
        assert board.pixels == 12


class TestScenes:
    def test_put_every_cue_into_words(self) -> None:
        cue = Cue(at_s=1.0)
        breaks = (Break(cue, Fault()), Break(cue, Fault("stall")))
        cues = (Talk(cue, "hello"), Press(cue), Mute(cue), Mute(cue, on=False), *breaks)
        assert scenes_of(Scenario(Path("x.toml"), cues=cues)) == [
            'someone says "hello"',
            "someone presses the button",
            "someone mutes the device",
            "someone unmutes the device",
            "the server is killed",
            "something breaks: stall",
        ]
