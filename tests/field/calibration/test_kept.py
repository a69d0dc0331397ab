"""What was calibrated survives the process, and nothing that lies in its file stops anybody."""

from __future__ import annotations

import json
import logging
import os
from pathlib import Path
from typing import Any

import pytest

from edge_agent.field.calibration.examination import Setting
from edge_agent.field.calibration.kept import NAME, STATE, Kept
from edge_agent.field.calibration.report import Told, headline, line, text, told
from edge_agent.field.calibration.verdict import judge
from tests.field.calibration.rooms import living_room


def one(volume: int = 70, measured: str = "2026-11-22 03:50 UTC", **setting: Any) -> Told:
    made = Setting(board="usb-speaker", input_card="S330", output_card="S330", volume=volume, **setting)
    return told(living_room(), made, judge(living_room(), made), measured)


@pytest.fixture
def kept(tmp_path: Path) -> Kept:
    return Kept({"STATE_DIRECTORY": str(tmp_path)})


class TestWhatIsKept:
    def test_comes_back_as_it_was(self, kept: Kept) -> None:
        kept.keep(one())
        assert Kept({"STATE_DIRECTORY": str(kept.file.parent)}).load() == [one()]
        assert text(kept.load()[0]) == text(one())

    def test_is_one_for_each_board_cards_and_volume(self, kept: Kept) -> None:
        for volume in (70, 40):
            kept.keep(one(volume))
        kept.keep(one(70, measured="2026-11-23 08:00 UTC"))
        other = one(70) | {"board": "none"}
        kept.keep(other)
        assert [(entry["board"], entry["volume"], entry["measured"][:10]) for entry in kept.load()] == [
            ("usb-speaker", 40, "2026-11-22"),
            ("usb-speaker", 70, "2026-11-23"),
            ("none", 70, "2026-11-22"),
        ]
        assert [entry["volume"] for entry in kept.of("usb-speaker", "S330", "S330")] == [40, 70]

    def test_is_found_at_the_nearest_volume(self, kept: Kept) -> None:
        for volume in (30, 80):
            kept.keep(one(volume))
        found = kept.find("usb-speaker", "S330", "S330", 60)
        assert found is not None
        assert found["volume"] == 80
        assert kept.find("usb-speaker", "Other", "S330", 60) is None

    def test_lies_where_systemd_says_or_where_the_unit_has_it(self, tmp_path: Path) -> None:
        assert Kept({"STATE_DIRECTORY": f"{tmp_path}:/other"}).file == tmp_path / NAME
        assert Kept({}).file == Path(STATE, NAME)

    def test_leaves_no_half_written_file_behind(self, kept: Kept) -> None:
        kept.keep(one())
        assert [path.name for path in kept.file.parent.iterdir()] == [NAME]

    def test_is_plain_json_with_a_version(self, kept: Kept) -> None:
        kept.keep(one())
        assert json.loads(kept.file.read_text())["v"] == 1


class TestAFileThatIsDamaged:
    @pytest.mark.parametrize(
        "content",
        [
            "",
            "{",
            "[]",
            '{"v": 2, "calibrations": []}',
            '{"v": 1}',
            '{"v": 1, "calibrations": {}}',
            "\x00\x00\x00",
            "[" * 100_000,
        ],
    )
    def test_is_told_and_counts_as_nothing(self, kept: Kept, caplog: pytest.LogCaptureFixture, content: str) -> None:
        kept.file.write_text(content)
        assert kept.load() == []
        assert "calibrate again" in caplog.text
        assert str(kept.file) in caplog.text

    def test_of_bytes_that_are_no_text_is_told_too(self, kept: Kept, caplog: pytest.LogCaptureFixture) -> None:
        kept.file.write_bytes(b"\xff\xfe\x80")
        assert kept.load() == []
        assert "calibrate again" in caplog.text

    @pytest.mark.parametrize("lost", ["volume", "findings", "figures", "tier", "board"])
    def test_in_one_entry_keeps_the_others(self, kept: Kept, caplog: pytest.LogCaptureFixture, lost: str) -> None:
        damaged = {name: value for name, value in one(30).items() if name != lost}
        kept.file.write_text(json.dumps({"v": 1, "calibrations": [damaged, 7, one(70)]}))
        assert kept.load() == [one(70)]
        assert "2 calibration(s) damaged" in caplog.text

    def test_is_written_anew_by_the_next_calibration(self, kept: Kept) -> None:
        kept.file.write_text("{")
        kept.keep(one())
        assert kept.load() == [one()]

    def test_that_is_not_there_says_nothing(self, kept: Kept, caplog: pytest.LogCaptureFixture) -> None:
        assert kept.load() == []
        assert not caplog.text

    @pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
    def test_that_may_not_be_read_is_told(self, kept: Kept, caplog: pytest.LogCaptureFixture) -> None:
        kept.keep(one())
        kept.file.chmod(0)
        assert kept.load() == []
        assert "Permission" in caplog.text


class TestAtTheStart:
    def test_the_log_tells_what_is_known(self, kept: Kept, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level(logging.INFO)
        kept.keep(one())
        kept.tell("usb-speaker", "S330", "S330", 65)
        assert "at volume 70 %: tier 2, delay 41 ms, echo +0 dB" in caplog.text
        assert "nothing was wrong" in caplog.text

    def test_the_log_tells_that_nothing_is(self, kept: Kept, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level(logging.INFO)
        kept.tell("usb-speaker", "S330", "S330", 70)
        assert "never calibrated" in caplog.text


class TestTheText:
    def test_says_of_every_finding_what_is_allowed_and_of_a_wrong_one_what_to_do(self) -> None:
        setting = Setting(tail_ms=64, max_delay_ms=30, board="usb-speaker")
        page = text(told(living_room(), setting, judge(living_room(), setting), "now"))
        lines = page.splitlines()
        wrong = next(number for number, row in enumerate(lines) if row.startswith("WRONG"))
        assert lines[wrong].split()[1] == "delay"
        assert "max_delay_ms" in page[page.index("WRONG") :]
        assert page.count("allowed:") == len(judge(living_room(), setting).findings)
        assert max(map(len, lines)) <= 120

    def test_names_tier_and_proposal(self) -> None:
        page = text(one())
        assert "Tier 2: microphone and loudspeaker on one clock" in page
        assert 'listen_while_speaking = "speech"' in page
        assert headline(one()).startswith("board usb-speaker, S330, volume 70 %")

    def test_in_one_line_names_what_was_wrong(self) -> None:
        setting = Setting(max_delay_ms=30)
        assert "wrong then: delay" in line(told(living_room(), setting, judge(living_room(), setting), "now"))
