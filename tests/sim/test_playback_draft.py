"""A scene of playback: drawn, written, and levels that are what they say."""

from __future__ import annotations

import itertools
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edge_agent.audio.format import HEARING_BLOCK, HEARING_RATE
from edge_agent.audio.volume import gain_of
from edge_agent.audio.wav import write_wav
from edge_agent.sim.passages import heard
from edge_agent.sim.playback_distribution import AGREES, EACH, INTERRUPTS, NOISY, SCENE, SCENE_S
from edge_agent.sim.playback_draft import facts_of, read_name, scene_text
from edge_agent.sim.room import Room
from edge_agent.sim.scenario import Press, Scenario, Talk, load
from edge_agent.sim.voice import active_level_dbfs

pytestmark = pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="espeak-ng is not installed")
VOICES = ("espeak-ng:en-us", "espeak-ng:en-gb")


def scene(tmp_path: Path, number: int, recordings: tuple[str, ...] = ()) -> tuple[dict[str, Any], Scenario]:
    facts = facts_of(3, number, 1000 + number, VOICES)
    file = tmp_path / "scenario.toml"
    file.write_text(scene_text(facts, number, 1000 + number, "off", recordings))
    return facts, load(file)


def with_company(tmp_path: Path) -> tuple[dict[str, Any], Scenario]:
    return next(found for number in range(1, 20) if (found := scene(tmp_path, number))[1].cues[3:])


class TestAScene:
    @pytest.mark.parametrize("number", range(1, 9))
    def test_is_a_file_that_the_simulator_reads(self, number: int, tmp_path: Path) -> None:
        facts, scenario = scene(tmp_path, number)
        assert (scenario.duration_s, scenario.seed) == (SCENE_S, 1000 + number)
        assert scenario.config["echo"] == {"engine": "off"}
        assert scenario.provider.passages == tuple(facts["passages"])
        assert scenario.room.rt60_s <= 0.7

    def test_is_the_same_each_time_it_is_drawn_and_no_other_is(self, tmp_path: Path) -> None:
        assert scene(tmp_path, 4) == scene(tmp_path, 4)
        assert scene(tmp_path, 4)[0] != scene(tmp_path, 5)[0]

    def test_asks_again_whenever_the_device_is_at_rest(self, tmp_path: Path) -> None:
        _, scenario = scene(tmp_path, 1)
        first, again, words = scenario.cues[-3:]
        assert isinstance(first, Press)
        assert (first.cue.at_s, again.cue.after, again.cue.always) == (0.7, "idle", True)
        assert isinstance(words, Talk)
        assert (words.cue.after, words.cue.always) == ("press", True)

    def test_leaves_the_next_thing_to_the_next_reply_where_the_last_should_end_one(self, tmp_path: Path) -> None:
        _, scenario = with_company(tmp_path)
        told = [cue for cue in scenario.cues if isinstance(cue, Talk) and not cue.cue.always]
        for before, cue in itertools.pairwise(told):
            goes_on = read_name(before.name)[0] in (AGREES, *NOISY)
            assert cue.cue.after == ("talk" if goes_on else "first_sample")

    def test_takes_recordings_of_people_for_those_who_interrupt(self, tmp_path: Path) -> None:
        wav = tmp_path / "person.wav"
        write_wav(wav, np.full((1, HEARING_RATE), 0.1, np.float32), HEARING_RATE)
        for number in range(1, 6):
            _, scenario = scene(tmp_path, number, (str(wav),))
            said = [cue for cue in scenario.cues if isinstance(cue, Talk) and read_name(cue.name)[0] == INTERRUPTS]
            assert all(cue.wav == wav and not cue.text for cue in said)


class TestALevel:
    def test_of_the_devices_own_voice_is_what_the_room_gives(self, tmp_path: Path) -> None:
        facts, scenario = scene(tmp_path, 2)
        room = Room(scenario.room, scenario.seed, scenario.further)
        reply = heard(facts["passages"][0], str(facts["reply_voice"]))[: 8 * HEARING_RATE]
        reply = reply * np.float32(gain_of(int(facts["volume"])))
        silence = np.zeros((len(scenario.further) + 1, HEARING_BLOCK), np.float32)
        blocks = reply[: len(reply) // HEARING_BLOCK * HEARING_BLOCK].reshape(-1, HEARING_BLOCK)
        echo = np.concatenate([room.step(block, silence)[0] for block in blocks])
        assert active_level_dbfs(echo) == pytest.approx(facts["echo_dbfs"], abs=1.5)

    def test_of_a_person_is_their_ser_over_it(self, tmp_path: Path) -> None:
        facts, scenario = with_company(tmp_path)
        for each, cue in zip(facts["happenings"], scenario.cues, strict=False):
            assert isinstance(cue, Talk)
            assert cue.level_dbfs - facts["echo_dbfs"] == pytest.approx(each["ser_db"], abs=0.11)
            assert read_name(cue.name) == (each["what"], each["ser_db"])

    def test_never_clips_and_never_drowns_in_the_rooms_noise(self, tmp_path: Path) -> None:
        for number in range(1, 15):
            facts, _ = scene(tmp_path, number)
            assert facts["echo_dbfs"] <= -13.0
            for each in facts["happenings"]:
                assert facts["noise_db"] - 90.0 + 5.9 < each["level_dbfs"] <= -9.0


def test_every_factor_has_a_name_of_its_own_and_a_reason() -> None:
    names = [factor.name for factor in (*SCENE, *EACH)]
    assert len(names) == len(set(names))
    assert all(factor.meaning and factor.why for factor in (*SCENE, *EACH))
