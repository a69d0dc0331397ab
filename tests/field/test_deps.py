"""`edge-agent deps`: what the installation stands on, for a person as tables, for a program as one object."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from edge_agent import cli
from edge_agent.config import Settings
from edge_agent.config_file import from_dict
from edge_agent.field.deps import Network, commercial, examine
from edge_agent.hearing.models import wake_head
from edge_agent.local.speech.engines import is_installed


def networks(**wake: Any) -> list[Network]:
    return list(examine(from_dict({"wake": wake}, "test")).models)


@pytest.fixture
def own(tmp_path: Path) -> Path:
    path = tmp_path / "hello_shop.onnx"
    path.write_bytes(wake_head("hey_jarvis").path.read_bytes())
    return path


class TestTheModels:
    def test_bundled_for_waking_may_not_be_used_commercially_and_what_they_stand_on_may(self) -> None:
        told = {(network.use, network.name): (network.licence, network.commercial) for network in networks()}
        assert told[("wake word", "hey_jarvis")] == ("CC BY-NC-SA 4.0", "no")
        assert told[("wake words' features", "melspectrogram")] == ("Apache-2.0", "yes")
        assert told[("wake words' features", "embedding")] == ("Apache-2.0", "yes")
        assert told[("speech detection", "silero_vad")] == ("MIT", "yes")

    def test_are_those_of_the_configuration_stop_words_too(self, own: Path) -> None:
        own.with_name("hello_shop.onnx.license").write_text("SPDX-License-Identifier: CC-BY-4.0\n")
        told = networks(words=[str(own)], stop_words=["alexa"])
        assert told[:2] == [
            Network("wake word", "hello_shop", "CC-BY-4.0", "yes", str(own), str(own)),
            Network("stop word", "alexa", "CC BY-NC-SA 4.0", "no", "openwakeword 0.5.1", str(wake_head("alexa").path)),
        ]

    def test_of_nobody_knows_whom_must_be_asked_about(self, own: Path) -> None:
        first = networks(words=[str(own)])[0]
        assert (first.commercial, first.licence.split()[0]) == ("ask", "unknown")

    def test_that_are_missing_are_told_and_the_others_too(self) -> None:
        first, second, *_ = networks(words=["/no/such.onnx", "alexa"])
        assert (first.name, first.commercial) == ("/no/such.onnx", "ask")
        assert "no such file" in first.source
        assert second.name == "alexa"

    def test_that_answer_without_a_network_are_told_only_where_they_may(self) -> None:
        uses = [network.use for network in examine(Settings()).models]
        assert uses[-2:] == ["hears without a network", "speaks without a network"]
        cloud = from_dict({"session": {"provider": "openai"}}, "test")
        assert not [network for network in examine(cloud).models if "without a network" in network.use]

    def test_that_are_wanted_and_not_installed_are_told_with_what_to_do(self) -> None:
        if is_installed("moonshine"):
            pytest.skip("moonshine is installed")
        wanted = from_dict({"session": {"local_recogniser": "moonshine"}}, "test")
        ears = next(network for network in examine(wanted).models if network.use == "hears without a network")
        assert (ears.name, ears.source) == ("not found", "moonshine: not installed; `make speech` installs it")

    def test_that_hear_and_speak_say_why_they_were_taken(self) -> None:
        for network in examine(Settings()).models[-2:]:
            assert re.search(r": (the better one|.* is not installed; .*|.* too little for .*)$", network.source)

    def test_lie_where_it_is_said(self) -> None:
        assert all(Path(network.path).exists() for network in networks())


class TestCommercialUse:
    @pytest.mark.parametrize(
        ("licence", "allowed"),
        [
            ("Apache-2.0", "yes"),
            ("mit", "yes"),
            ("CC-BY-4.0", "yes"),
            ("CC BY-NC-SA 4.0", "no"),
            ("CC-BY-NC-4.0", "no"),
            ("for non-commercial use only", "no"),
            ("CC-BY-NC-4.0 OR LicenseRef-Paid", "ask"),
            ("GPL-3.0-only", "ask"),
            ("LicenseRef-Our-Shop", "ask"),
            ("unknown (ask who trained it)", "ask"),
            ("", "ask"),
        ],
    )
    def test_is_told_only_where_it_is_plain(self, licence: str, allowed: str) -> None:
        assert commercial(licence) == allowed


class TestTheSystem:
    def test_is_told_by_version_or_as_not_found(self) -> None:
        told = {library.name: library.version for library in examine(Settings()).system}
        assert list(told) == ["libasound", "libportaudio", "espeak-ng", "systemd"]
        assert all(version == "not found" or re.fullmatch(r"\d+(\.\d+)*", version) for version in told.values())

    def test_without_its_programs_is_no_error(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        monkeypatch.setenv("PATH", str(tmp_path))
        told = {library.name: library.version for library in examine(Settings()).system}
        assert (told["espeak-ng"], told["systemd"]) == ("not found", "not found")

    def test_whose_program_says_nothing_of_use_is_unknown(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        (tmp_path / "espeak-ng").write_text("#!/bin/sh\nexit 1\n")
        (tmp_path / "espeak-ng").chmod(0o755)
        monkeypatch.setenv("PATH", str(tmp_path))
        told = {library.name: library.version for library in examine(Settings()).system}
        assert told["espeak-ng"] == "unknown"


class TestTheCommand:
    def test_shows_a_person_a_table_of_each_kind(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert cli.main(["deps"]) == cli.FINE
        told = capsys.readouterr().out
        tables = [block.splitlines()[0] for block in told.strip().split("\n\n")]
        assert tables == ["Python packages", "left out on purpose", "system", "models in use"]
        assert re.search(r"^  wake word +hey_jarvis +CC BY-NC-SA 4\.0 +no +openwakeword 0\.5\.1 +/", told, re.MULTILINE)
        assert re.search(r"^  torch +silero-vad +silero-vad's package is here for", told, re.MULTILINE)

    def test_gives_a_program_one_object(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert cli.main(["deps", "--json"]) == cli.FINE
        told = json.loads(capsys.readouterr().out)
        assert list(told) == ["packages", "left_out", "missing", "system", "models"]
        assert {"name": "edge-agent", "version": "0.1.0", "licence": "Apache-2.0"} in told["packages"]
        assert told["missing"] == []
        assert list(told["models"][0]) == ["use", "name", "licence", "commercial", "source", "path"]

    def test_reads_the_configuration_it_is_given(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        config = tmp_path / "a.toml"
        config.write_text("[wake]\nwords = ['nope']\n")
        assert cli.main(["deps", "--json", "--config", str(config)]) == cli.FINE
        assert json.loads(capsys.readouterr().out)["models"][0]["name"] == "nope"
        config.write_text("[wake]\nwords = 3\n")
        assert cli.main(["deps", "--config", str(config)]) == cli.CONFIGURATION
