"""What can be understood of a broken configuration, so that a device that cannot start says so in its owner's words."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from edge_agent.config import MAIN_FILE_VARIABLE, ConfigError, Settings
from edge_agent.config_file import load
from edge_agent.config_salvage import salvage

ABSURD = (
    "volume = " + "9" * 5000,
    "volume = 0x" + "f" * 5000,
    "volume = " + "[" * 5000 + "]" * 5000,
    "volume." + "a." * 5000 + "b = 1",
)


def salvaged(tmp_path: Path, text: str | bytes, **drop_ins: str) -> Settings:
    main = tmp_path / "edge-agent.toml"
    main.write_bytes(text if isinstance(text, bytes) else text.encode())
    (tmp_path / "conf.d").mkdir()
    for name, more in drop_ins.items():
        (tmp_path / "conf.d" / f"{name}.toml").write_text(more)
    return salvage({MAIN_FILE_VARIABLE: str(main)})


class TestWhatIsRight:
    def test_is_taken_beside_a_value_that_is_wrong(self, tmp_path: Path) -> None:
        settings = salvaged(tmp_path, '[audio]\nvolume = 900\noutput_card = "Amp"\n[system]\nlanguage = "de"\n')
        assert (settings.audio.volume, settings.audio.output_card) == (Settings().audio.volume, "Amp")
        assert settings.system.language == "de"

    @pytest.mark.parametrize(
        "wrong", ["volume = ", 'volume = "40', "[audio", "= 3", "volume 40", "volume = 40\nvolume = 50"]
    )
    def test_is_taken_beside_a_line_that_is_no_toml(self, tmp_path: Path, wrong: str) -> None:
        settings = salvaged(tmp_path, f'[board]\nprofile = "p"\n[audio]\n{wrong}\n[system]\nlanguage = "de"\n')
        assert settings.board.profile == "p"
        assert settings.system.language == "de"

    def test_is_taken_beside_a_key_and_a_section_that_mean_nothing(self, tmp_path: Path) -> None:
        settings = salvaged(tmp_path, 'stray = 1\n[nonsense]\na = 1\n[system]\nlanguage = "de"\ncolour = "red"\n')
        assert settings.system.language == "de"

    def test_is_taken_from_the_drop_ins_too_in_their_order(self, tmp_path: Path) -> None:
        settings = salvaged(tmp_path, "[audio]\nvolume = 1\n", b="[audio]\nvolume = 3\n", a="[audio]\nvolume = 2\n")
        assert settings.audio.volume == 3

    @pytest.mark.parametrize("absurd", ABSURD, ids=["digits", "hexadecimal", "brackets", "levels"])
    def test_is_taken_beside_a_value_that_the_parser_or_the_judge_breaks_on(self, tmp_path: Path, absurd: str) -> None:
        settings = salvaged(tmp_path, f'[board]\nprofile = "p"\n[audio]\n{absurd}\n[system]\nlanguage = "de"\n')
        assert settings.board.profile == "p"
        assert settings.system.language == "de"


class TestWhatCannotBeUnderstoodAtAll:
    @pytest.mark.parametrize("text", ["", "\0\1\2", b"\xff\xfe\x00", "[" * 100, "x\n" * 100])
    def test_leaves_the_defaults(self, tmp_path: Path, text: str | bytes) -> None:
        assert salvaged(tmp_path, text) == Settings()

    def test_or_is_not_there(self, tmp_path: Path) -> None:
        assert salvage({MAIN_FILE_VARIABLE: str(tmp_path / "none.toml")}) == Settings()
        assert salvage({MAIN_FILE_VARIABLE: str(tmp_path)}) == Settings()

    def test_or_has_no_end(self, tmp_path: Path) -> None:
        os.mkfifo(tmp_path / "pipe.toml")
        assert salvage({MAIN_FILE_VARIABLE: str(tmp_path / "pipe.toml")}) == Settings()


class TestTheDaemonsOwnReader:
    """Where this goes on, the daemon says which file is wrong, and ends with the exit code of its configuration."""

    @pytest.mark.parametrize("absurd", ABSURD, ids=["digits", "hexadecimal", "brackets", "levels"])
    def test_refuses_what_the_parser_or_the_judge_breaks_on(self, tmp_path: Path, absurd: str) -> None:
        file = tmp_path / "edge-agent.toml"
        file.write_text(f"[audio]\n{absurd}\n")
        with pytest.raises(ConfigError, match="beyond all measure") as refused:
            load(file, env={})
        assert str(refused.value).startswith(f"{file}: ")
