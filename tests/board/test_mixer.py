"""The mixer's levels, set by a twin of amixer: a real program in PATH that has the controls of a file."""

from __future__ import annotations

import json
import logging
import os
import shutil
import threading
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from edge_agent.board.facts import AudioFacts, MixerFacts, Profile
from edge_agent.board.mixer import Mixer, taken
from edge_agent.board.profile import load

# What alsa-utils 1.2.8 does and says, seen on snd-dummy in a guest machine: unknown words are taken in silence.
TWIN = """#!/usr/bin/env python3
import json, os, re, sys, time
words = sys.argv[1:]
assert words[0] == "-c" and words[2] == "--", words
card, command, rest = words[1], words[3], words[4:]
home = os.environ["TWIN"]
cards = json.load(open(home + "/cards.json"))
with open(home + "/calls", "a") as calls:
    calls.write(json.dumps([card, command, *rest]) + "\\n")
if os.path.exists(home + "/hangs"):
    time.sleep(30)
if card not in cards:
    sys.exit(f"Invalid card number '{card}'.")
if command == "scontrols":
    for name in cards[card]:
        print(f"Simple mixer control '{name}',0")
elif rest[0] not in cards[card]:
    sys.stderr.write(f"amixer: Unable to find simple control '{rest[0]}',0\\n\\n")
    sys.exit(1)
elif "on" in rest[1:] and cards[card][rest[0]] == "volume":
    sys.stderr.write("amixer: Invalid command!\\n")
    sys.exit(1)
elif cards[card][rest[0]] != "deaf":
    print(f"Simple mixer control '{rest[0]}',0\\n  Capabilities: {cards[card][rest[0]]}\\n  Limits: 0 - 127")
    for side in ("Left", "Right"):
        print(f"  Front {side}: 127 [{rest[1]}] [0.00dB]")
"""


@dataclass
class Twin:
    """home: its files.  cards: card -> control -> what it can."""

    home: Path

    def has(self, **cards: dict[str, str]) -> None:
        (self.home / "cards.json").write_text(json.dumps(cards))

    @property
    def calls(self) -> list[list[str]]:
        file = self.home / "calls"
        return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []


@pytest.fixture
def twin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Twin:
    program = tmp_path / "bin" / "amixer"
    program.parent.mkdir()
    program.write_text(TWIN)
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("TWIN", str(tmp_path))
    return Twin(tmp_path)


def board(card: str = "Codec", **levels: tuple[tuple[str, str], ...]) -> Profile:
    return Profile("x", "x", False, 2, audio=AudioFacts(card, card), mixer=MixerFacts(**levels))


def mixer(profile: Profile, card: str = "Codec") -> Mixer:
    return Mixer(profile, input_card=card, output_card=card)


class Happening:
    def __init__(self, kind: str) -> None:
        self.kind = kind


class TestTheLevels:
    def test_are_set_in_their_order_the_loudspeaker_first(self, twin: Twin) -> None:
        twin.has(Codec={"HP DAC": "volume", "HP": "volume", "PGA": "volume"})
        profile = board(output=(("HP DAC", "100%"), ("HP", "-1.5dB unmute")), input=(("PGA", "80% cap"),))
        (outcome,) = mixer(profile).set()
        assert twin.calls == [
            ["Codec", "sset", "HP DAC", "100%"],
            ["Codec", "sset", "HP", "-1.5dB", "unmute"],
            ["Codec", "sset", "PGA", "80%", "cap"],
        ]
        assert outcome.troubles == ()
        assert outcome.levels["HP DAC"] == "[100%] [0.00dB]"

    def test_are_one_line_of_the_log_with_what_the_card_has_now(
        self, twin: Twin, caplog: pytest.LogCaptureFixture
    ) -> None:
        twin.has(Codec={"A": "volume", "B": "volume"})
        with caplog.at_level(logging.INFO):
            mixer(board(output=(("A", "100%"), ("B", "50%")))).set()
        (record,) = caplog.records
        assert record.getMessage() == "mixer of card Codec set: A [100%] [0.00dB], B [50%] [0.00dB]"
        assert record.__dict__["edge"] == {"card": "Codec", "levels": "A [100%] [0.00dB], B [50%] [0.00dB]"}

    def test_go_to_the_cards_own_side(self, twin: Twin) -> None:
        twin.has(In={"Mic": "volume"}, Out={"PCM": "volume"})
        profile = board(output=(("PCM", "100%"),), input=(("Mic", "70%"),))
        profile = replace(profile, audio=AudioFacts("In", "Out"))
        Mixer(profile, input_card="In", output_card="Out,0").set()
        assert twin.calls == [["Out", "sset", "PCM", "100%"], ["In", "sset", "Mic", "70%"]]

    @pytest.mark.parametrize("card", ["", "Other", "pcm:dmix"])
    def test_leave_a_card_alone_that_is_not_the_boards(self, twin: Twin, card: str) -> None:
        twin.has(Codec={"A": "volume"}, Other={"A": "volume"})
        assert mixer(board(output=(("A", "1%"),)), card).set() == []
        assert twin.calls == []

    @pytest.mark.parametrize("name", ["respeaker-2mic-v1", "respeaker-2mic-v2", "waveshare-wm8960"])
    def test_of_a_board_that_ships_are_all_taken(self, twin: Twin, name: str) -> None:
        profile = load(name)
        levels = (*profile.mixer.output, *profile.mixer.input)
        twin.has(**{profile.audio.output_card: dict.fromkeys((control for control, _ in levels), "switch and volume")})
        (outcome,) = mixer(profile, profile.audio.output_card).set()
        assert outcome.troubles == ()
        assert list(outcome.levels) == [control for control, _ in levels]


class TestACardThatIsOpened:
    def test_gets_its_levels_each_time_and_nothing_waits_for_it(self, twin: Twin) -> None:
        twin.has(Codec={"A": "volume"})
        levels = mixer(board(output=(("A", "100%"),)))
        for kind in ("card_gone", "card_open", "sound_back", "card_open"):
            levels.hear(Happening(kind))
        for thread in threading.enumerate():
            if thread.name == "mixer":
                thread.join(20)
        assert twin.calls == [["Codec", "sset", "A", "100%"]] * 2


class TestTrouble:
    def test_a_control_that_is_not_there_is_one_warning_with_what_there_is(
        self, twin: Twin, caplog: pytest.LogCaptureFixture
    ) -> None:
        twin.has(Codec={"PCM": "volume", "Line": "volume"})
        with caplog.at_level(logging.INFO):
            mixer(board(output=(("HP DAC", "100%"), ("PCM", "80%")))).set()
        assert [(record.levelname, record.getMessage()) for record in caplog.records] == [
            ("WARNING", "mixer of card Codec: there is no control 'HP DAC'; there are: PCM, Line"),
            ("INFO", "mixer of card Codec set: PCM [80%] [0.00dB]"),
        ]

    def test_a_level_that_is_refused_is_told_and_the_next_is_set(self, twin: Twin) -> None:
        twin.has(Codec={"A": "volume", "B": "volume"})
        (outcome,) = mixer(board(output=(("A", "on"), ("B", "5%")))).set()
        assert outcome.troubles == ("A is not set to 'on': Invalid command!",)
        assert list(outcome.levels) == ["B"]

    def test_a_level_that_is_ignored_in_silence_is_told(self, twin: Twin) -> None:
        twin.has(Codec={"A": "deaf"})
        (outcome,) = mixer(board(output=(("A", "cap"),))).set()
        assert outcome.troubles == ("A is not set to 'cap': the control does not take that",)

    def test_a_card_that_is_not_there_is_told_once(self, twin: Twin) -> None:
        twin.has()
        (outcome,) = mixer(board(output=(("A", "1%"), ("B", "1%")))).set()
        assert outcome.troubles == ("A is not set to '1%': Invalid card number 'Codec'.",)

    def test_a_program_that_hangs_is_given_up(self, twin: Twin, monkeypatch: pytest.MonkeyPatch) -> None:
        twin.has(Codec={"A": "volume"})
        (twin.home / "hangs").touch()
        monkeypatch.setattr("edge_agent.board.mixer.PATIENCE_S", 0.2)
        (outcome,) = mixer(board(output=(("A", "1%"), ("B", "1%")))).set()
        (trouble,) = outcome.troubles
        assert "timed out" in trouble

    def test_a_program_that_is_missing_names_its_package(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("PATH", str(tmp_path))
        (outcome,) = mixer(board(output=(("A", "1%"), ("B", "1%")))).set()
        assert outcome.troubles == ("the program amixer is not there, no level is set; install the package alsa-utils",)


class TestWhatAmixerPrints:
    def test_is_told_for_each_side_where_they_differ(self) -> None:
        text = "Simple mixer control 'A',0\n  Front Left: 3 [10%] [-9.00dB]\n  Front Right: 4 [20%] [-8.00dB]\n"
        assert taken(text) == "[10%] [-9.00dB] / [20%] [-8.00dB]"

    def test_may_have_no_level(self) -> None:
        assert taken("Simple mixer control 'A',0\n  Item0: 'Low'\n") == "(no level told)"


@pytest.mark.skipif(not shutil.which("amixer"), reason="alsa-utils is not installed")
class TestTheRealProgram:
    def test_says_that_a_card_is_not_there_as_its_twin_does(self) -> None:
        (outcome,) = mixer(board("NoSuchCard", output=(("A", "1%"),)), "NoSuchCard").set()
        (trouble,) = outcome.troubles
        assert "Invalid card number 'NoSuchCard'" in trouble
