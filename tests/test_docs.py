"""The README and the source say the same, both ways."""

from __future__ import annotations

import re

import pytest

from edge_agent import cli
from edge_agent.dialogue.indication import Indication
from tests.docs import README, parts, written

TEXT = README.read_text()


class TestTheReadme:
    def test_holds_what_the_source_says_of_lights_keys_commands_and_states(self) -> None:
        assert written(TEXT) == TEXT, "run: python -m tests.docs"

    @pytest.mark.parametrize("indication", list(Indication))
    def test_names_every_light(self, indication: Indication) -> None:
        assert f"| {indication.value} |" in parts()["lights"]

    def test_names_every_exit_code_and_no_other(self) -> None:
        table = TEXT.split("| exit code |")[1].split("\n\n")[0]
        told = {int(code) for code in re.findall(r"^\| (\d+) \|", table, flags=re.MULTILINE)}
        assert told == {*cli.FAILURES.values(), cli.FINE, cli.FOUND, cli.USAGE, cli.STEP, cli.BUG}

    def test_names_no_make_target_that_does_not_exist(self) -> None:
        makefile = (README.parent / "Makefile").read_text()
        for target in set(re.findall(r"`make ([a-z-]+)", TEXT)):
            assert re.search(rf"^{target}:", makefile, flags=re.MULTILINE), target
