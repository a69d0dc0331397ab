"""The degraded state: what a device does that cannot do its work. It says so, at the start and when asked, no more."""

from __future__ import annotations

import logging
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from edge_agent import fault
from edge_agent.config import Settings
from edge_agent.fault import REMIND_S, Degraded, Told, degraded, known_board
from edge_agent.fault_voice import FaultVoice, devices
from edge_agent.fault_voice import run as run_program
from edge_agent.fault_words import SENTENCES
from edge_agent.phrases import VOICES
from edge_agent.system import codes
from edge_agent.system.failure import Failure, failure
from edge_agent.system.journal import message_id

WITH_A_SILENT_CODEC = "waveshare-wm8960"
WHY = Failure(codes.CONFIGURATION, "exit-code", "3", "0" * 32)


class Presses:
    """Stands for the event that the button sets, and for the clock: each wait is a press after so many seconds, and
    what is left of the time when there are no more."""

    def __init__(self, *after_s: float) -> None:
        self.now = 1000.0
        self._after = list(after_s)

    def wait(self, left: float) -> bool:
        if self._after and self._after[0] < left:
            self.now += self._after.pop(0)
            return True
        self.now += left
        return False

    def clear(self) -> None:
        pass


class Device:
    """said: (seconds, sentence) of all that was spoken.  trouble: why nothing can be."""

    def __init__(self, tmp_path: Path, *presses: float, trouble: str = "") -> None:
        self.said: list[tuple[float, str]] = []
        self.button = Presses(*presses)
        self.told = Told(tmp_path, lambda: self.button.now)
        self._trouble = trouble

    def stay(self, seconds: float = 600, *, aloud: bool = True, why: Failure = WHY) -> list[float]:
        """When it spoke, seconds from the start."""
        began, button = self.button.now, self.button
        pressed: Any = button
        state = Degraded(
            why, sentence=why.code, say=self._say, told=self.told, pressed=pressed, clock=lambda: button.now
        )
        already = len(self.said)
        state.stay(seconds, aloud=aloud)
        assert button.now - began >= seconds
        return [at - began for at, _ in self.said[already:]]

    def _say(self, sentence: str) -> str:
        self.said.append((self.button.now, sentence))
        return self._trouble


class TestTheSentence:
    def test_is_spoken_once_at_the_start(self, tmp_path: Path) -> None:
        assert Device(tmp_path).stay() == [0]

    def test_is_spoken_again_at_each_press(self, tmp_path: Path) -> None:
        assert Device(tmp_path, 60, 30, 300).stay() == [0, 60, 90, 390]

    def test_is_not_repeated_all_night(self, tmp_path: Path) -> None:
        """The daemon is tried again every ten minutes, and fails again."""
        device = Device(tmp_path)
        spoken = [bool(device.stay()) for _ in range(int(REMIND_S / 600) + 1)]
        assert spoken == [True] + [False] * (len(spoken) - 2) + [True]

    def test_is_spoken_when_asked_however_often_it_was(self, tmp_path: Path) -> None:
        device = Device(tmp_path, 5)
        device.told.note(WHY.code)
        assert device.stay() == [5]

    def test_is_spoken_at_once_when_it_is_another(self, tmp_path: Path) -> None:
        device = Device(tmp_path)
        device.stay()
        assert device.stay(why=Failure(codes.KEY, "exit-code", "7", "")) == [0]

    def test_that_nobody_could_hear_does_not_count_as_spoken(self, tmp_path: Path) -> None:
        device = Device(tmp_path, trouble="no card")
        assert device.stay() == [0]
        assert device.stay() == [0]

    def test_waits_for_the_button_where_the_device_is_to_be_silent(self, tmp_path: Path) -> None:
        assert Device(tmp_path, 7).stay(aloud=False) == [7]

    @pytest.mark.parametrize("text", ["", "EA-101", "EA-101 x", "EA-101 99999999999", "\0"])
    def test_is_spoken_when_the_memory_of_it_makes_no_sense(self, tmp_path: Path, text: str) -> None:
        (tmp_path / "told").write_text(text)
        assert Device(tmp_path).stay() == [0]

    def test_exists_for_every_reason_in_every_language(self) -> None:
        reasons = {trouble.code for trouble in codes.TABLE if trouble.code < codes.NO_VOICE}
        assert set(SENTENCES) == set(VOICES)
        for sentences in SENTENCES.values():
            assert set(sentences) == reasons
            assert all(len(sentence) <= 110 for sentence in sentences.values())
            assert not re.search(r"[/_\d]|EA-|espeak|toml", " ".join(sentences.values()))


class TestTheJournal:
    def test_gets_the_reason_with_all_that_the_catalog_fills_in(
        self, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        with caplog.at_level(logging.INFO, "edge_agent"):
            Device(tmp_path, trouble="no card").stay()
        lines = {record.__dict__["edge"]["code"]: record for record in caplog.records}
        assert list(lines) == [WHY.code, codes.NO_VOICE, codes.AGAIN]
        for code, record in lines.items():
            trouble = codes.BY_CODE[code]
            wanted = set(re.findall(r"@EDGE_(\w+)@", " ".join((trouble.what, *trouble.causes, *trouble.remedy))))
            assert wanted <= {name.upper() for name in record.__dict__["edge"]}
        assert lines[WHY.code].levelno == logging.ERROR
        assert "EA-101: the configuration is wrong" in lines[WHY.code].getMessage()
        assert len(message_id(WHY.code)) == 32

    def test_is_told_that_there_is_no_light(self, tmp_path: Path) -> None:
        done = process(tmp_path, '[board]\nprofile = "none"\n')
        assert 'cannot be shown by the light: no light is known ([board] profile = "none")' in done.stderr

    def test_is_told_what_is_wrong_with_the_board(self, tmp_path: Path) -> None:
        done = process(tmp_path, '[board]\nprofile = "/nowhere/x.toml"\n')
        assert "cannot be shown by the light: /nowhere/x.toml" in done.stderr


class TestTheVoice:
    def speak(self, tmp_path: Path, answers: dict[str, str], card: str = "Amp", volume: int = 70) -> Any:
        """(what `say` returned, the commands that were run). answers: trouble by the program's name."""
        ran: list[Sequence[str]] = []

        def run(command: Sequence[str], limit_s: float) -> str:
            assert 0 < limit_s < 60
            ran.append(command)
            return answers.get(command[0], "")

        voice = FaultVoice(voice="de", card=card, volume=volume, directory=tmp_path, run=run)
        return voice.say("Hallo"), ran

    def test_is_made_into_a_file_and_played_on_the_configured_card(self, tmp_path: Path) -> None:
        reason, (make, play) = self.speak(tmp_path, {})
        assert reason == ""
        assert (make[0], make[-1], make[make.index("-v") + 1]) == ("espeak-ng", "Hallo", "de")
        assert play == ["aplay", "-q", "-D", "plughw:CARD=Amp,DEV=0", str(tmp_path / "sentence.wav")]

    def test_that_cannot_be_made_is_not_played(self, tmp_path: Path) -> None:
        reason, ran = self.speak(tmp_path, {"espeak-ng": "espeak-ng is not installed"})
        assert reason == "espeak-ng is not installed"
        assert len(ran) == 1

    def test_takes_no_other_card_than_the_configured_one(self, tmp_path: Path) -> None:
        reason, ran = self.speak(tmp_path, {"aplay": "No such device"})
        assert reason == "plughw:CARD=Amp,DEV=0: No such device"
        assert len(ran) == 2

    def test_is_as_loud_as_the_device_and_never_inaudible(self, tmp_path: Path) -> None:
        loudness = []
        for volume in (0, 50, 100):
            _, (make, _) = self.speak(tmp_path, {}, volume=volume)
            loudness.append(int(make[make.index("-a") + 1]))
        assert loudness == sorted(loudness)
        assert 0 < loudness[0] < loudness[2] <= 200

    @pytest.mark.parametrize(
        ("card", "expected"),
        [("Amp", "plughw:CARD=Amp,DEV=0"), ("Amp,2", "plughw:CARD=Amp,DEV=2"), ("pcm:kitchen", "kitchen")],
    )
    def test_finds_a_card_by_the_name_it_has_in_the_configuration(self, card: str, expected: str) -> None:
        assert devices(card) == [expected]

    def test_looks_for_a_card_where_none_is_configured(self, tmp_path: Path) -> None:
        (tmp_path / "pcm").write_text(
            "00-00: MAI PCM i2s-hifi-0 : MAI PCM i2s-hifi-0 : playback 1\n"
            "01-00: Mic : Mic : capture 1\n02-01: USB Audio : USB Audio : playback 1 : capture 1\n"
        )
        for number, name in enumerate(("vc4hdmi0", "Mic", "Speak")):
            (tmp_path / f"card{number}").mkdir()
            (tmp_path / f"card{number}" / "id").write_text(f"{name}\n")
        assert devices("", tmp_path) == ["default", "plughw:CARD=vc4hdmi0,DEV=0", "plughw:CARD=Speak,DEV=1"]
        assert devices("", tmp_path / "nothing") == ["default"]


class TestAProgram:
    def test_that_succeeds_has_no_reason(self) -> None:
        assert run_program(["true"], 10) == ""

    @pytest.mark.parametrize(
        ("command", "reason"),
        [
            (["sh", "-c", "echo out of order >&2; echo really >&2; exit 3"], "out of order really"),
            (["false"], "false ended with 1"),
            (["/nonexistent/aplay"], "/nonexistent/aplay is not installed"),
        ],
    )
    def test_that_fails_says_why(self, command: list[str], reason: str) -> None:
        assert run_program(command, 10) == reason

    def test_that_hangs_is_given_up(self) -> None:
        assert run_program(["sleep", "10"], 0.05) == "sleep did not end within 0 s"


class TestItsParts:
    def test_are_put_together_as_the_configuration_says(self, tmp_path: Path) -> None:
        settings = Settings()
        state = degraded(WHY, settings, None, {"RUNTIME_DIRECTORY": str(tmp_path)}, threading.Event())
        assert isinstance(state, Degraded)

    @pytest.mark.parametrize(
        ("mixer", "card", "expected"),
        [
            (True, "", ["amixer -c wm8960soundcard", "aplay -q"]),  # the board's own
            (True, "Other", ["aplay -q"]),
            (False, "", ["aplay -q"]),
        ],
    )
    def test_set_the_mixer_before_they_speak(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mixer: bool, card: str, expected: list[str]
    ) -> None:
        """A codec that comes up silent is heard, as far as the daemon would set it; what it says is in its own file."""
        for name in ("amixer", "aplay", "espeak-ng"):
            (tmp_path / name).write_text(f'#!/bin/sh\necho "{name} $1 $2" >> {tmp_path}/calls\necho "  Front: [80%]"\n')
            (tmp_path / name).chmod(0o755)
        monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
        settings = Settings(
            audio=replace(Settings().audio, output_card=card),
            board=replace(Settings().board, profile=WITH_A_SILENT_CODEC, mixer=mixer),
        )
        told = {"RUNTIME_DIRECTORY": str(tmp_path)}
        profile, _ = known_board(settings)
        degraded(WHY, settings, profile, told, threading.Event()).stay(0, aloud=True)
        calls = (tmp_path / "calls").read_text().splitlines()
        spoken = [call for call in dict.fromkeys(calls) if not call.startswith("espeak-ng")]
        assert [call.removesuffix(" -D").removesuffix(" --") for call in spoken] == expected

    def test_speak_though_the_board_cannot_be_read(self, tmp_path: Path) -> None:
        done = process(tmp_path, '[board]\nprofile = "/nowhere/x.toml"\n[audio]\noutput_card = "Amp"\n')
        assert "the fault cannot be spoken: " in done.stderr  # no such card here, but it was tried
        assert "Amp" in done.stderr
        assert done.stderr.count("/nowhere/x.toml") == 1  # by the light, and nobody else

    def test_look_for_the_board_once(self, tmp_path: Path) -> None:
        """Card, mixer and light stand on one look: each tells the log what was found."""
        done = process(tmp_path, '[board]\nprofile = "auto"\n')
        found = [line for line in done.stderr.splitlines() if "board" in line and "the fault cannot" not in line]
        assert len(found) == 1, done.stderr

    def test_write_where_nobody_else_can_when_started_by_hand(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
        for name in ("sentence.wav", "told"):  # what another user might have laid there
            (tmp_path / name).symlink_to(tmp_path / "victim")
        degraded(WHY, Settings(), None, {}, threading.Event()).stay(0, aloud=True)
        assert not (tmp_path / "victim").exists()
        (made,) = (path for path in tmp_path.iterdir() if path.is_dir())
        assert made.stat().st_mode & 0o077 == 0

    def test_need_no_network_and_no_model(self) -> None:
        """It must tell that they are broken, so it must not need them; not even numpy, where nothing is configured."""
        heavy = ("numpy", "onnxruntime", "websockets", "soxr", "pyaudio", "openwakeword", "asyncio")
        code = f"import sys, edge_agent.fault; print([name for name in {heavy!r} if name in sys.modules])"
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
        assert done.stdout == "[]\n"


def environment(tmp_path: Path, config: str) -> dict[str, str]:
    (tmp_path / "edge-agent.toml").write_text(config)
    return {
        "PATH": os.environ["PATH"],
        "EDGE_AGENT_CONFIG": str(tmp_path / "edge-agent.toml"),
        "RUNTIME_DIRECTORY": str(tmp_path),
        "ALSA_CONFIG_PATH": "/dev/null",
        "MONITOR_SERVICE_RESULT": "exit-code",
        "MONITOR_EXIT_CODE": "exited",
        "MONITOR_EXIT_STATUS": "3",
    }


def process(tmp_path: Path, config: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "edge_agent.fault", "--minutes", "0.001"]
    return subprocess.run(
        command, env=environment(tmp_path, config), capture_output=True, text=True, timeout=60, check=False
    )


class TestTheProcess:
    def test_ends_well_after_its_time_whatever_was_missing(self, tmp_path: Path) -> None:
        done = process(tmp_path, "this is no configuration")
        assert done.returncode == 0
        assert "EA-101" in done.stderr

    def test_ends_with_143_when_it_is_asked_to(self, tmp_path: Path) -> None:
        """So that systemd knows that it was a person, and does not start the daemon."""
        command = [sys.executable, "-u", "-m", "edge_agent.fault", "--minutes", "5"]
        env = environment(tmp_path, "[audio]\nwords = false\n")
        with subprocess.Popen(command, env=env, stderr=subprocess.PIPE, text=True) as running:
            assert running.stderr is not None
            seen = next(line for line in running.stderr if "EA-101" in line)
            assert seen
            running.send_signal(signal.SIGTERM)
            assert running.wait(20) == 128 + signal.SIGTERM

    def test_shows_the_fault_on_the_board_and_speaks_when_it_is_pressed(self) -> None:
        from gpiozero import Device as Pins

        settings = Settings(board=replace(Settings().board, profile="aiy-voice-hat", pin_factory="mock"))
        pressed = threading.Event()
        board = fault._lit(settings, *known_board(settings), pressed.set)
        assert board is not None
        try:
            pin = Pins.pin_factory.pin(board.profile.button.pin)  # type: ignore[attr-defined]
            pin.drive_low()
            pin.drive_high()
            assert pressed.wait(5)
        finally:
            board.close()


def test_the_daemons_failure_is_read_from_the_environment() -> None:
    assert failure({"MONITOR_SERVICE_RESULT": "watchdog"}).code == codes.WATCHDOG
