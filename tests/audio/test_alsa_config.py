"""The private ALSA configuration: what it says, where it goes, what it refuses."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from edge_agent.audio import alsa_config
from edge_agent.audio.device import DeviceError

HERE: Any = {"input_rate": 48_000, "output_rate": 48_000}


def pcm(text: str, name: str) -> str:
    """What the configuration says of one PCM, on one line."""
    inside = text.split(f"pcm.{name} {{")[1].split("\npcm.")[0]
    return " ".join(inside.split())


class TestTheText:
    def test_stands_on_the_systems_own_configuration(self) -> None:
        assert alsa_config.text(**HERE).startswith("</usr/share/alsa/alsa.conf>\n")

    def test_names_one_pcm_a_direction_and_no_other(self) -> None:
        text = alsa_config.text(input_card="Mic", output_card="DAC", **HERE)
        names = [line.split()[0] for line in text.splitlines() if line.startswith("pcm.")]
        assert names == [f"pcm.{alsa_config.MIC}", f"pcm.{alsa_config.SPEAKER}"]

    def test_without_a_card_takes_the_systems_default(self) -> None:
        text = alsa_config.text(**HERE)
        assert pcm(text, alsa_config.MIC) == 'type asym capture.pcm "default" }'
        assert pcm(text, alsa_config.SPEAKER) == 'type asym playback.pcm "default" }'

    def test_opens_a_cards_hardware_by_id_under_a_plug_with_the_rate_that_it_has(self) -> None:
        """The plug may change format and channels; with its slave's rate fixed to the stream's it resamples nothing."""
        text = alsa_config.text(input_card="Mic", output_card="DAC,1", input_rate=16_000, output_rate=44_100)
        assert pcm(text, alsa_config.MIC) == (
            'type plug route_policy copy slave { pcm "hw:CARD=Mic,DEV=0" rate 16000 } }'
        )
        assert pcm(text, alsa_config.SPEAKER) == (
            'type plug route_policy duplicate slave { pcm "hw:CARD=DAC,DEV=1" rate 44100 } }'
        )

    @pytest.mark.parametrize("card", ["0", "3", "12", "3,0"])
    def test_never_names_a_card_by_its_number(self, card: str) -> None:
        """alsa-lib would take it for one; the next boot, or the next plug, makes it another card."""
        with pytest.raises(DeviceError, match="expected an ALSA id"):
            alsa_config.text(input_card=card, **HERE)

    @pytest.mark.parametrize("card", ["Mic", "Mic,3", "sndrpihifiberry", "0x1b3f", "C_1-2", "123"])
    def test_takes_every_id_that_is_one(self, card: str) -> None:
        assert f"hw:CARD={card.split(',')[0]},DEV=" in alsa_config.text(input_card=card, **HERE)

    def test_takes_a_pcm_of_the_systems_configuration_as_it_is(self) -> None:
        text = alsa_config.text(input_card="pcm:pulse", output_card="pcm:dmix:CARD=DAC,DEV=0", **HERE)
        assert pcm(text, alsa_config.MIC) == 'type asym capture.pcm "pulse" }'
        assert pcm(text, alsa_config.SPEAKER) == 'type asym playback.pcm "dmix:CARD=DAC,DEV=0" }'

    @pytest.mark.parametrize("card", ["hw:0", "a b", 'x" }', "../etc", "a" * 16, "X,DEV", "X,", "X,100", "M\n", " "])
    @pytest.mark.parametrize("side", ["input_card", "output_card"])
    def test_refuses_what_cannot_be_a_card(self, side: str, card: str) -> None:
        with pytest.raises(DeviceError, match="arecord -l"):
            alsa_config.text(**(HERE | {side: card}))

    @pytest.mark.parametrize("card", ["pcm:", 'pcm:x" }', "pcm:a b", "pcm:x\n"])
    def test_refuses_what_cannot_be_a_pcm(self, card: str) -> None:
        with pytest.raises(DeviceError, match="aplay -L"):
            alsa_config.text(input_card=card, **HERE)

    @pytest.mark.parametrize(("card", "is_one"), [("Mic", True), ("Mic,1", True), ("", False), ("pcm:pulse", False)])
    def test_names_hardware_or_does_not(self, card: str, is_one: bool) -> None:
        assert alsa_config.is_hardware(card) is is_one


class TestApplying:
    def test_writes_the_file_and_points_alsa_to_it(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv(alsa_config.VARIABLE, raising=False)
        path = alsa_config.apply(tmp_path / "run", output_card="DAC", input_rate=16_000, output_rate=44_100)
        assert path.read_text() == alsa_config.text(output_card="DAC", input_rate=16_000, output_rate=44_100)
        assert Path(os.environ[alsa_config.VARIABLE]) == path

    def test_keeps_a_configuration_that_was_chosen_before_however_often(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        before = tmp_path / "mine.conf"
        before.write_text("")
        monkeypatch.setenv(alsa_config.VARIABLE, str(before))
        for _ in range(3):
            path = alsa_config.apply(tmp_path / "run", **HERE)
            assert path.read_text().startswith(f"<{before}>\n")

    def test_is_for_its_owner_only_also_where_it_was_not(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv(alsa_config.VARIABLE, raising=False)
        (tmp_path / alsa_config.FILE_NAME).touch(0o666)
        (tmp_path / alsa_config.FILE_NAME).chmod(0o666)
        path = alsa_config.apply(tmp_path, **HERE)
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(alsa_config.apply(tmp_path / "new", **HERE).parent.stat().st_mode) == 0o700

    def test_follows_no_link_that_somebody_laid(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv(alsa_config.VARIABLE, raising=False)
        (tmp_path / "precious").write_text("mine")
        (tmp_path / alsa_config.FILE_NAME).symlink_to(tmp_path / "precious")
        path = tmp_path / alsa_config.FILE_NAME
        alsa_config.apply(tmp_path, **HERE)
        assert (tmp_path / "precious").read_text() == "mine"
        assert not path.is_symlink()
        assert path.read_text() == alsa_config.text(**HERE)

    def test_again_is_a_new_file_each_time_and_leaves_no_other(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """alsa-lib takes a file of the same inode and second for the one it has read, whatever stands in it."""
        monkeypatch.delenv(alsa_config.VARIABLE, raising=False)
        first = alsa_config.apply(tmp_path, input_rate=48_000, output_rate=48_000).stat().st_ino
        path = alsa_config.apply(tmp_path, input_card="Mic", input_rate=16_000, output_rate=48_000)
        assert path.stat().st_ino != first
        assert "rate 16000" in path.read_text()
        assert [file.name for file in tmp_path.iterdir()] == [alsa_config.FILE_NAME]

    def test_that_fails_leaves_nothing_half_written(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv(alsa_config.VARIABLE, raising=False)
        (tmp_path / alsa_config.FILE_NAME).mkdir()
        with pytest.raises(DeviceError, match=alsa_config.FILE_NAME):
            alsa_config.apply(tmp_path, **HERE)
        assert [file.name for file in tmp_path.iterdir()] == [alsa_config.FILE_NAME]

    def test_says_where_it_cannot_write(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv(alsa_config.VARIABLE, raising=False)
        (tmp_path / "file").write_text("")
        with pytest.raises(DeviceError, match="file"):
            alsa_config.apply(tmp_path / "file" / "run", **HERE)


class TestThePlace:
    def test_is_the_services_own_if_there_is_one(self, tmp_path: Path) -> None:
        env = {"RUNTIME_DIRECTORY": "/run/edge-agent", "XDG_RUNTIME_DIR": str(tmp_path)}
        assert alsa_config.directory(env) == Path("/run/edge-agent")

    def test_is_else_the_sessions(self, tmp_path: Path) -> None:
        assert alsa_config.directory({"XDG_RUNTIME_DIR": str(tmp_path)}) == tmp_path

    @pytest.mark.parametrize("session", ["", "/nowhere/at/all"])
    def test_is_else_new_private_and_never_the_same(self, session: str) -> None:
        first, second = (alsa_config.directory({"XDG_RUNTIME_DIR": session}) for _ in range(2))
        assert first != second
        assert stat.S_IMODE(first.stat().st_mode) == 0o700

    def test_that_was_made_goes_with_the_process(self) -> None:
        program = "from edge_agent.audio import alsa_config; "
        program += "print(alsa_config.apply(alsa_config.directory({}), input_rate=48000, output_rate=48000))"
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
        assert alsa_config.FILE_NAME in done.stdout
        assert not Path(done.stdout.strip()).parent.exists()


class TestAFileThatIsLost:
    def test_is_written_again_on_what_it_stood_on(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        base = tmp_path / "mine.conf"
        base.touch()
        monkeypatch.setenv(alsa_config.VARIABLE, str(base))
        path = alsa_config.apply(tmp_path / "run", input_rate=48_000, output_rate=48_000)
        path.unlink()
        alsa_config.apply(tmp_path / "run", input_rate=48_000, output_rate=48_000)
        assert path.read_text().startswith(f"<{base}>")


class TestAPlaceThatAlsaWouldSplit:
    @pytest.mark.parametrize("name", ["a dir", "a:dir", "a\tdir"])
    def test_is_not_taken(self, tmp_path: Path, name: str) -> None:
        """PortAudio aborts the whole process on such a path."""
        place = tmp_path / name
        place.mkdir()
        assert alsa_config.directory({"RUNTIME_DIRECTORY": str(place)}) != place
