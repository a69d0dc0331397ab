"""The table of codes: each one once, each one explained, and none in the source that is not in it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from edge_agent.system.codes import BY_CODE, TABLE, Trouble

SOURCE = Path(__file__).parents[2] / "edge_agent"


class TestTheTable:
    def test_has_each_code_once_and_in_order(self) -> None:
        listed = [trouble.code for trouble in TABLE]
        assert listed == sorted(set(listed))
        assert all(re.fullmatch(r"EA-\d{3}", code) for code in listed)

    def test_has_every_code_that_the_source_names(self) -> None:
        named = {
            code
            for path in SOURCE.rglob("*.py")
            for code in re.findall(r'"(EA-\d{3})"', path.read_text(encoding="utf-8"))
        }
        assert named == set(BY_CODE)

    @pytest.mark.parametrize("trouble", TABLE, ids=lambda trouble: trouble.code)
    def test_explains_each_in_whole_words(self, trouble: Trouble) -> None:
        assert len(trouble.subject) <= 60
        assert trouble.causes
        assert trouble.remedy
        for text in (trouble.what, *trouble.causes, *trouble.remedy):
            assert text == text.strip()
            assert text.isascii()  # journalctl on a serial console has no more
