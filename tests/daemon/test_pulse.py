"""The daemon as a process on sound devices that have a clock: PulseAudio's null sinks, through ALSA and PortAudio.

A person's voice is played into the microphone's sink, and what the loudspeaker's sink played is recorded and
recognised: wake word, capture, WebSocket, embedded server, playback, all of it real but the air.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import numpy as np
import pocketsphinx
import pytest

from edge_agent.audio.format import HEARING_RATE, Samples
from edge_agent.local.assistant.language_en import MONTHS, WEEKDAYS
from edge_agent.sim.voice import at_level, synthesise
from tests.daemon import pulse
from tests.daemon.process import edge_agent
from tests.daemon.story import Story

START_S = 30
VOICE = "flite:kal16"
QUESTION = "hey jarvis, what day is it today"
LEVEL_DBFS = -26.0
FAST_PPM = 800  # many times what two cards differ by, so that a minute shows it
LEARNED_S = 80.0  # PulseAudio tells its fill in steps of 10 ms only
ROOM_DBFS = -65.0

pytestmark = pytest.mark.skipif(bool(pulse.missing()), reason=f"not installed: {pulse.missing()}")


@pytest.fixture
def card(tmp_path: Path) -> Iterator[pulse.PulseAudio]:
    server = pulse.PulseAudio(tmp_path / "pulse")
    yield server
    server.stop()


def run(tmp_path: Path, env: dict[str, str], audio: str = "") -> Story:
    """A daemon on the default card, connected. A busy machine gets a longer buffer than a Pi needs."""
    config = tmp_path / "edge-agent.toml"
    config.write_text(f"[audio]\nbuffer_ms = 200\n{audio}\n")
    story = Story(edge_agent("run", "--config", str(config), env=env))
    story.wait_for("connected to the provider", START_S)
    return story


def asked() -> Samples:
    """The question, and a quiet room before and after it."""
    spoken = at_level(synthesise(VOICE, QUESTION), LEVEL_DBFS)
    noise = np.random.default_rng(1).standard_normal(len(spoken) + 4 * HEARING_RATE).astype(np.float32)
    room: Samples = noise * np.float32(10 ** (ROOM_DBFS / 20))
    room[HEARING_RATE : HEARING_RATE + len(spoken)] += spoken
    return room


def weekday_and_month(sound: Samples) -> str:
    """What pocketsphinx hears in it, if it is any sentence of the form "today is <weekday> <month> ...": 84 of them."""
    decoder = pocketsphinx.Decoder(loglevel="FATAL", lm=None)
    days = " | ".join(WEEKDAYS).lower()
    months = " | ".join(MONTHS).lower()
    units = "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth"
    units += " fifteenth sixteenth seventeenth eighteenth nineteenth twentieth thirtieth"
    numbers = "(twenty | thirty | two | thousand | six | seven | eight | nine | thirty | one | three | four | five)"
    rest = f"[twenty | thirty] ({' | '.join(units.split())}) {numbers}*"
    decoder.add_jsgf_string(
        "reply", f"#JSGF V1.0;\ngrammar reply;\npublic <reply> = today is ({days}) ({months}) {rest};"
    )
    decoder.activate_search("reply")
    decoder.start_utt()
    decoder.process_raw((np.clip(sound, -1, 1) * 32767).astype("<i2").tobytes(), full_utt=True)
    decoder.end_utt()
    best = decoder.hyp()
    return " ".join(str(best.hypstr).split()[2:4]) if best else ""


def today() -> str:
    now = datetime.now()
    return f"{WEEKDAYS[now.weekday()]} {MONTHS[now.month - 1]}".lower()


class TestAConversationOnOneCard:
    def test_is_heard_answered_and_recognised_from_the_loudspeaker(
        self, tmp_path: Path, card: pulse.PulseAudio
    ) -> None:
        story = run(tmp_path, pulse.cards(card, card, tmp_path), "clocks = 'one'")
        try:
            recording = card.record()
            before = len(story.lines)
            card.say(asked()).wait()
            story.wait_for("turn over: .*answer", 20, after=before)
            time.sleep(0.3)  # what is in the sink is not yet in the recording
            played = recording.stop()
        finally:
            story.end()
        assert weekday_and_month(played) == today(), story
        assert re.search("wake word hey_jarvis", str(story)), story
        assert "Traceback" not in str(story)
        opened = re.search(r"buffer ([\d.]+) ms", str(story))
        assert opened is not None
        assert float(opened[1]) == 200.0, story


class TestAServerThatSleeps:
    def test_leaves_no_lateness_behind_on_one_clock(self, tmp_path: Path, card: pulse.PulseAudio) -> None:
        """It keeps all that was said meanwhile, for whoever reads one block each time he writes one."""
        story = run(tmp_path, pulse.cards(card, card, tmp_path), "clocks = 'one'")
        try:
            card.sleep(2.5)
            story.wait_for("lost .* of sound", 10)
            time.sleep(2.0)
            before, began = len(story.lines), time.monotonic()
            player = card.say(asked())
            story.wait_for("wake word hey_jarvis", 10, after=before)
            late_s = time.monotonic() - began
            player.wait()
        finally:
            story.end()
        assert late_s < 3.0, f"a phrase that ends after 2 s was heard after {late_s:.1f} s:\n{story}"

    def test_holds_up_no_end(self, tmp_path: Path, card: pulse.PulseAudio) -> None:
        story = run(tmp_path, pulse.cards(card, card, tmp_path), "clocks = 'one'")
        with card.asleep():
            story.end()
        assert "Traceback" not in str(story)


@pytest.mark.skipif(not pulse.library(f"faketime/{pulse.FAKETIME}"), reason="not installed: faketime")
class TestTwoCardsOnTwoClocks:
    def test_talk_as_one_and_their_drift_is_found(self, tmp_path: Path, card: pulse.PulseAudio) -> None:
        loudspeaker = pulse.PulseAudio(tmp_path / "fast", speed=1 + FAST_PPM * 1e-6)
        began = time.monotonic()
        story = run(tmp_path, pulse.cards(card, loudspeaker, tmp_path), "clocks = 'two'")
        try:
            recording = loudspeaker.record()
            card.say(asked()).wait()
            story.wait_for("turn over: .*answer", 20)
            time.sleep(0.3)
            played = recording.stop()
            time.sleep(max(0.0, began + LEARNED_S - time.monotonic()))
        finally:
            story.end()
            loudspeaker.stop()
        assert weekday_and_month(played) == today(), story
        found = re.search(r"the loudspeaker's clock is (-?[\d.]+) ppm fast", str(story))
        assert found is not None, story
        # How exactly is a matter of simulated fills (tests/audio/test_split_clock.py): PulseAudio tells its own in
        # steps of 10 ms, and a busy machine jolts it.
        assert FAST_PPM / 2 < float(found[1]) < FAST_PPM * 1.5, story


class TestACardThatVanishes:
    def test_in_the_middle_of_a_reply_and_comes_back_is_used_again_without_a_restart(
        self, tmp_path: Path, card: pulse.PulseAudio
    ) -> None:
        story = run(tmp_path, pulse.cards(card, card, tmp_path), "clocks = 'one'")
        try:
            card.say(asked()).wait()
            story.wait_for("the reply is playing", 10)
            card.stop()
            gone = story.wait_for("without sound: the light says so", 10)
            time.sleep(2.0)  # it looks for the card meanwhile, in vain
            card.start()
            back = story.wait_for("the sound card is back", 15, after=gone)
            recording = card.record()
            card.say(asked()).wait()
            story.wait_for("turn over: .*answer", 20, after=back)
            time.sleep(0.3)
            played = recording.stop()
        finally:
            story.end()
        assert weekday_and_month(played) == today(), story
        assert str(story).count("connected to the provider") == 1, story
        assert "Traceback" not in str(story)
        assert str(story).count("sound card") < 12, f"a line for each attempt:\n{story}"

    def test_that_is_not_there_at_the_start_is_waited_for(self, tmp_path: Path, card: pulse.PulseAudio) -> None:
        env = pulse.cards(card, card, tmp_path)
        card.stop()
        story = Story(edge_agent("run", "--wait-for-card", env=env))
        try:
            story.wait_for("without sound: the light says so", START_S)
            story.wait_for("connected to the provider", START_S)
            card.start()
            story.wait_for("the sound card is back", 15)
        finally:
            story.end()
        assert "Traceback" not in str(story)
