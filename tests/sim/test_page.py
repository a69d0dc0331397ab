"""The page of a run: self-contained, complete, safe."""

from __future__ import annotations

import base64
import io
import re
import struct
import wave
import zlib
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise

import numpy as np
import pytest

from edge_agent.board.animation import frame
from edge_agent.sim.evidence import Evidence
from edge_agent.sim.page import page, wav_bytes
from edge_agent.sim.timeline_picture import LAYOUT_Z, event_rows, png, timeline_svg
from edge_agent.sim.turn_table import turn_table
from edge_agent.sim.verdict import Step
from edge_agent.timeline import Happening
from tests.sim import staged

RUN = staged.run()
STEPS = [Step("It greets", True, "speech from 0:01.50", 1500), Step("It sings", False, "nobody sang")]
PAGE = page("The demo", STEPS, turn_table(RUN.happenings), RUN, frame)
VOID = {"meta", "img", "br", "input", "link"}


class Reader(HTMLParser):
    """Every element with its attributes; what was opened must be closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def all(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.elements if name == tag]


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader(PAGE)


class TestThePage:
    def test_is_well_formed(self, reader: Reader) -> None:
        assert reader.open == []

    def test_asks_for_nothing_from_outside(self, reader: Reader) -> None:
        for tag, attributes in reader.elements:
            for name in ("src", "href", "srcset", "action", "poster"):
                assert attributes.get(name, "data:").startswith("data:"), (tag, name)
            assert tag not in ("link", "iframe", "object", "embed", "base")
        assert "@import" not in PAGE
        assert re.findall(r"url\(", PAGE) == []
        assert "default-src 'none'" in PAGE

    def test_says_first_whether_it_passed(self) -> None:
        assert "1 of 2 steps failed" in PAGE
        assert "All 1 steps passed" in page("x", STEPS[:1], [], RUN, frame)
        assert "Nothing was judged" in page("x", [], [], RUN, frame)

    def test_gives_every_step_its_reason(self) -> None:
        for step in STEPS:
            assert step.name in PAGE
            assert step.why in PAGE

    def test_lets_one_listen_to_a_step_that_has_a_moment(self, reader: Reader) -> None:
        assert [button["data-at"] for button in reader.all("button") if "data-at" in button] == ["1.50"]

    def test_plays_the_three_recordings(self, reader: Reader) -> None:
        players = reader.all("audio")
        assert [player["id"] for player in players] == ["mic", "clean", "air"]
        for player, track in zip(players, (RUN.mic, RUN.clean, RUN.air), strict=True):
            with wave.open(io.BytesIO(base64.b64decode(player["src"].partition("base64,")[2]))) as sound:
                assert (sound.getframerate(), sound.getnchannels(), sound.getsampwidth()) == (16_000, 1, 2)
                assert sound.getnframes() == len(track)

    def test_has_a_line_a_turn_with_dashes_for_what_does_not_apply(self) -> None:
        body = PAGE[PAGE.index("<tbody>") : PAGE.index("</tbody>")]
        assert body.count("<tr>") == 6
        assert ">20,800<" in body
        assert "–" in body
        assert "what is the date today" in body

    def test_says_what_was_real_and_what_was_not(self) -> None:
        for word in ("no sound card", "no board", "no cloud"):
            assert word in PAGE

    def test_names_what_a_keyboard_reaches(self, reader: Reader) -> None:
        for tag, attributes in reader.elements:
            if "tabindex" in attributes or tag == "audio":
                assert attributes.get("aria-label")

    def test_escapes_what_comes_from_a_run(self) -> None:
        evil = '<script>alert("x")</script>'
        talk = Happening(55_000, 0, "talk", {"text": evil, "from_ms": 55_000, "to_ms": 56_000})
        said = staged.with_caption(staged.also(RUN, talk), 2, "assistant", evil)
        text = page(evil, [Step(evil, False, evil)], turn_table(said.happenings), said, frame, about=evil)
        assert evil not in text
        assert Reader(text).open == []

    def test_of_an_empty_run_is_still_a_page(self) -> None:
        nothing = np.zeros(0, np.float32)
        assert Reader(page("x", [], [], Evidence([], nothing, nothing, nothing), frame)).open == []


class TestThePicture:
    def test_has_no_two_labels_that_meet(self) -> None:
        rows: dict[int, list[tuple[float, float]]] = {}
        for t_s, label, _, row in event_rows(RUN):
            rows.setdefault(row, []).append((t_s * LAYOUT_Z, t_s * LAYOUT_Z + 7 + 6.3 * len(label)))
        assert len(rows) > 1
        assert all(one[1] <= other[0] for spans in rows.values() for one, other in pairwise(sorted(spans)))

    def test_shows_every_event_that_has_a_name(self) -> None:
        labels = [label for _, label, *_ in event_rows(RUN)]
        for label in ("wake word", "interrupted", "button", "mute", "unmute", "server killed", "memory replayed"):
            assert label in labels

    def test_is_as_long_as_the_run(self) -> None:
        assert "--s:60.00" in timeline_svg(RUN, frame)

    def test_says_so_where_a_track_was_not_recorded(self) -> None:
        assert "not recorded" in timeline_svg(replace(RUN, clean=np.zeros(0, np.float32)), frame)

    def test_colours_the_state_and_the_link(self) -> None:
        svg = timeline_svg(RUN, frame)
        for kind in ("phase-listening", "phase-speaking", "phase-muted", "link-backing_off"):
            assert f"span {kind}" in svg


class TestAPng:
    def test_holds_the_pixels(self) -> None:
        pixels = np.random.default_rng(2).integers(0, 256, (12, 30, 3), np.uint8)
        data = png(pixels)
        assert data.startswith(b"\x89PNG\r\n\x1a\n")
        assert struct.unpack(">II", data[16:24]) == (30, 12)
        start = data.index(b"IDAT") + 4
        rows = zlib.decompressobj().decompress(data[start:])
        assert rows == b"".join(b"\0" + row.tobytes() for row in pixels)


class TestAWavFile:
    def test_clips_what_is_too_loud(self) -> None:
        with wave.open(io.BytesIO(wav_bytes(np.array([0.0, 0.5, 2.0, -2.0], np.float32)))) as sound:
            assert np.frombuffer(sound.readframes(4), "<i2").tolist() == [0, 16383, 32767, -32767]
