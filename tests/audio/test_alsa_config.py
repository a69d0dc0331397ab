"""The private ALSA configuration: what it says, where it goes, what it refuses."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from edge_agent.audio import alsa_config
from edge_agent.audio.device import DeviceError


def words(text: str) -> list[str]:
    return text.split()


class TestTheText:
    def test_stands_on_the_systems_own_configuration(self) -> None:
        assert alsa_config.text().startswith("</usr/share/alsa/alsa.conf>\n")

    def test_names_one_pcm_a_direction(self) -> None:
        text = alsa_config.text()
        assert f"pcm.{alsa_config.MIC} {{" in text
        assert f"pcm.{alsa_config.SPEAKER} {{" in text

    def test_without_a_card_takes_the_systems_default(self) -> None:
        assert alsa_config.text().count('slave.pcm "default"') == 2

    def test_opens_cards_by_id_with_period_and_buffer(self) -> None:
        text = alsa_config.text(input_card="Mic", output_card="DAC,1", rate=16_000, channels=4, buffer_ms=80)
        assert 'pcm "hw:CARD=Mic,DEV=0"' in text
        assert 'pcm "hw:CARD=DAC,DEV=1"' in text
        assert text.count("period_time 10000") == 2
        assert text.count("buffer_time 80000") == 2
        assert text.count("rate 16000") == 2
        assert text.count("max_periods -1") == 2  # or PortAudio would be offered a smaller buffer than the card's
        assert "channels 4" in text

    def test_shares_a_card_only_between_equal_settings(self) -> None:
        def keys(buffer_ms: int = 60) -> set[str]:
            text = words(alsa_config.text(input_card="X", output_card="X", buffer_ms=buffer_ms))
            return {text[at + 1] for at, word in enumerate(text) if word == "ipc_key"}

        assert len(keys()) == 2
        assert keys() == keys()
        assert not keys() & keys(buffer_ms=100)

    @pytest.mark.parametrize("card", ["hw:0", "a b", 'x" }', "../etc", "a" * 16, "X,DEV"])
    def test_refuses_what_cannot_be_a_card(self, card: str) -> None:
        with pytest.raises(DeviceError, match="arecord -l"):
            alsa_config.text(input_card=card)


class TestApplying:
    def test_writes_the_file_and_points_alsa_to_it(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv(alsa_config.VARIABLE, raising=False)
        path = alsa_config.apply(tmp_path / "run", output_card="DAC", buffer_ms=40)
        assert path.read_text() == alsa_config.text(output_card="DAC", buffer_ms=40)
        assert Path(os.environ[alsa_config.VARIABLE]) == path

    def test_keeps_a_configuration_that_was_chosen_before_however_often(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        before = tmp_path / "mine.conf"
        before.write_text("")
        monkeypatch.setenv(alsa_config.VARIABLE, str(before))
        for _ in range(3):
            path = alsa_config.apply(tmp_path / "run")
            assert path.read_text().startswith(f"<{before}>\n")

    def test_is_for_its_owner_only_also_where_it_was_not(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv(alsa_config.VARIABLE, raising=False)
        (tmp_path / alsa_config.FILE_NAME).touch(0o666)
        (tmp_path / alsa_config.FILE_NAME).chmod(0o666)
        path = alsa_config.apply(tmp_path)
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(alsa_config.apply(tmp_path / "new").parent.stat().st_mode) == 0o700

    def test_follows_no_link_that_somebody_laid(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv(alsa_config.VARIABLE, raising=False)
        (tmp_path / "precious").write_text("mine")
        (tmp_path / alsa_config.FILE_NAME).symlink_to(tmp_path / "precious")
        with pytest.raises(DeviceError, match=alsa_config.FILE_NAME):
            alsa_config.apply(tmp_path)
        assert (tmp_path / "precious").read_text() == "mine"

    def test_says_where_it_cannot_write(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv(alsa_config.VARIABLE, raising=False)
        (tmp_path / "file").write_text("")
        with pytest.raises(DeviceError, match="file"):
            alsa_config.apply(tmp_path / "file" / "run")


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
        program = "from edge_agent.audio import alsa_config; print(alsa_config.apply(alsa_config.directory({})))"
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
        assert alsa_config.FILE_NAME in done.stdout
        assert not Path(done.stdout.strip()).parent.exists()
