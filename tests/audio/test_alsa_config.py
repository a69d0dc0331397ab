"""The private ALSA configuration: what it says, where it goes, what it refuses."""

from __future__ import annotations

import os
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

    def test_says_where_it_cannot_write(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv(alsa_config.VARIABLE, raising=False)
        (tmp_path / "file").write_text("")
        with pytest.raises(DeviceError, match="file"):
            alsa_config.apply(tmp_path / "file" / "run")
