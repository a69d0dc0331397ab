"""Whole conversations with the built-in assistant, read like a script: the tools are the device's own."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from edge_agent.session.tools import Toolbox, device_tools
from edge_agent.timers.tools import timer_tools
from tests.local.conversation import EVERYTHING, Talk, Tool
from tests.timers.clocks import Clocks

THREE = "2026-11-21 15:05:00"


@dataclass
class Device:
    """With its volume, its timers and its thermometer."""

    clocks: Clocks = field(default_factory=lambda: Clocks(THREE))
    volume: int = 40
    facts: dict[str, Any] = field(default_factory=lambda: {"network": "ready", "uptime_s": 5400, "temperature_c": 47.6})

    def __post_init__(self) -> None:
        def set_volume(percent: int) -> None:
            self.volume = percent

        tools = device_tools(lambda: self.volume, set_volume, lambda: self.facts)
        self._box = Toolbox([*tools, *timer_tools(self.clocks.clockwork)])

    def run(self, name: str, arguments: Mapping[str, Any]) -> str:
        return self._box.call(name, arguments)

    def talk(self, language: str = "en", tools: frozenset[str] = EVERYTHING) -> Talk:
        now = self.clocks.clockwork.here().replace(tzinfo=None)
        return Talk(language, tools, self.run, now)


def play(talk: Talk, script: str) -> None:
    """Each line is `what the person says | what is answered`."""
    for line in script.strip().splitlines():
        said, _, answered = (part.strip() for part in line.partition("|"))
        assert talk.say(said) == answered, said


def always(output: str) -> Tool:
    return lambda name, arguments: output


class TestAnAlarmAmongTimers:
    @pytest.mark.parametrize("said", ["cancel all timers", "cancel the timer"])
    def test_is_not_lost_to_a_request_about_timers(self, said: str) -> None:
        device = Device()
        talk = device.talk()
        talk.say("wake me at seven")
        talk.say(said)
        assert [entry.kind for entry in device.clocks.clockwork.entries()] == ["alarm"]
        talk.say("cancel all alarms")
        assert device.clocks.clockwork.entries() == []


class TestAnEvening:
    def test_in_english(self) -> None:
        device = Device()
        talk = device.talk()
        play(
            talk,
            """
            hello there | Hello. I am listening.
            what time is it | It is three oh five in the afternoon.
            set a timer for ten minutes for the eggs | Your timer for the eggs is set: ten minutes.
            set a timer for an hour and a half | Your timer is set: one hour and thirty minutes.
            how long is left | The timer for the eggs has ten minutes left. The timer has one hour and thirty minutes left.
            cancel the timer | There are several. Say: cancel all timers, or: what timers are running.
            cancel the timer for the eggs | It is cancelled.
            cancel the timer | It is cancelled.
            cancel the timer | No timer and no alarm is set.
            wake me at half past six tomorrow | Your alarm is set for six thirty in the morning, tomorrow.
            wake me up at seven every day | Your alarm is set for seven o'clock in the morning, every day.
            cancel all alarms | All of them are cancelled.
            turn volume up please | Did you mean: turn the volume up?
            yes | The volume is now at fifty five percent.
            what is the volume | The volume is at fifty five percent.
            how warm are you | The processor is at forty eight degrees.
            how long have you been running | I have been running for one hour and thirty minutes.
            what is twelve times twelve | That is 144.
            who was the first man on the moon | I work without the internet here, so I cannot know that. I can tell you the time, or set a timer.
            repeat after me the sun is out | The sun is out.
            say that again | The sun is out.
            good night | Good night. Sleep well.
            """,  # noqa: E501 - a script has its lines
        )
        assert device.volume == 55

    def test_in_german(self) -> None:
        device = Device()
        talk = device.talk("de")
        play(
            talk,
            """
            Guten Abend! | Hallo. Ich höre.
            Wie spät ist es? | Es ist fünfzehn Uhr fünf.
            Stell einen Timer auf zehn Minuten für die Eier. | Dein Timer läuft: zehn Minuten, Eier.
            Stell einen Timer auf 1 Stunde und 30 Minuten. | Meintest du: stell einen timer auf eine stunde und dreißig minuten?
            ja | Dein Timer läuft: eine Stunde und dreißig Minuten.
            Wie lange noch? | Eier: Der Timer läuft noch: zehn Minuten. Der Timer läuft noch: eine Stunde und dreißig Minuten.
            Lösche den Timer für die Eier! | Er ist gelöscht.
            Lösche den Timer. | Er ist gelöscht.
            Weck mich morgen um halb sieben. | Dein Wecker ist gestellt: morgen um sechs Uhr dreißig.
            Mach den Wecker aus. | Er ist gelöscht.
            Mach lauter. | Die Lautstärke ist jetzt fünfundfünfzig Prozent.
            Wie warm bist du? | Der Prozessor hat achtundvierzig Grad.
            Bist du online? | Meine Verbindung steht. Ich arbeite auf diesem Gerät und brauche dafür kein Internet.
            Was ist sieben durch zwei? | Das ist 3 Komma 5.
            Wer war Goethe? | Ich arbeite hier ohne Internet, das kann ich also nicht. Ich kann die Uhrzeit sagen oder einen Timer stellen.
            Gute Nacht. | Gute Nacht. Schlaf gut.
            """,  # noqa: E501 - a script has its lines
        )
        assert device.volume == 55


class TestATimer:
    def test_is_set_to_what_was_said(self) -> None:
        cases = {
            "set a timer for five minutes": 300,
            "set a timer for ten minutes and thirty seconds": 630,
            "start a timer of half an hour": 1800,
            "set a timer for two hours and five minutes": 7500,
            "set a ninety minute timer": 5400,
            "remind me in twenty minutes": 1200,
        }
        for sentence, seconds in cases.items():
            talk = Device().talk()
            talk.say(sentence)
            assert talk.calls == [("set_timer", {"seconds": seconds})], sentence

    def test_that_rings_is_the_one_that_is_cancelled(self) -> None:
        device = Device()
        talk = device.talk()
        talk.say("set a timer for five minutes")
        talk.say("set an alarm for nine in the evening")
        device.clocks.wait(300)
        assert talk.say("how long is left") == "One is ringing now."
        assert talk.say("stop the alarm") == "It is cancelled."
        assert talk.calls[-1] == ("cancel_timer", {"which": "timer-1"})

    def test_too_many_are_told_in_a_persons_words(self) -> None:
        talk = Device().talk()
        heard = [talk.say("set a timer for five minutes") for _ in range(33)]
        assert heard[-2] == "Your timer is set: five minutes."
        assert heard[-1] == "There are too many timers already. Cancel one of them first."
        assert talk.say("what timers are running").startswith("There are thirty two of them. The next ones: The timer")

    def test_of_a_name_there_is_not_is_told(self) -> None:
        talk = Device().talk()
        talk.say("set a timer for five minutes for the tea")
        assert talk.say("cancel the timer for the eggs") == "There is no such timer."


class TestAnAlarm:
    def test_is_set_to_the_time_that_was_meant(self) -> None:
        cases = {  # it is five past three in the afternoon
            "wake me at seven": {"time": "07:00"},
            "wake me at seven thirty": {"time": "07:30"},
            "wake me at a quarter to twelve": {"time": "11:45"},
            "set an alarm for seven": {"time": "19:00"},
            "set an alarm for three": {"time": "03:00"},
            "set an alarm for four": {"time": "16:00"},
            "wake me at seven in the evening": {"time": "19:00"},
            "set an alarm for noon": {"time": "12:00"},
            "set an alarm for twelve thirty at night": {"time": "00:30"},
            "wake me at six every day": {"time": "06:00", "repeat": "daily"},
            "wake me up tomorrow at seven": {"time": "07:00", "date": "2026-11-22"},
            "set an alarm for two tomorrow": {"time": "14:00", "date": "2026-11-22"},
            "wake me at seven tomorrow morning": {"time": "07:00", "date": "2026-11-22"},
            "set an alarm for eight tonight": {"time": "20:00"},
        }
        for sentence, arguments in cases.items():
            talk = Device().talk()
            talk.say(sentence)
            assert talk.calls == [("set_alarm", arguments)], sentence

    def test_in_german_too(self) -> None:
        cases = {
            "weck mich um sieben": {"time": "07:00"},
            "stell einen wecker auf sieben uhr": {"time": "07:00"},
            "stell einen wecker auf sieben uhr abends": {"time": "19:00"},
            "stell einen wecker auf halb acht": {"time": "19:30"},
            "weck mich um viertel vor sechs": {"time": "05:45"},
            "stell einen wecker auf neunzehn uhr dreißig": {"time": "19:30"},
            "weck mich morgen früh um halb sieben": {"time": "06:30", "date": "2026-11-22"},
            "weck mich um sechs uhr jeden tag": {"time": "06:00", "repeat": "daily"},
            "weck mich um mitternacht": {"time": "00:00"},
        }
        for sentence, arguments in cases.items():
            talk = Device().talk("de")
            talk.say(sentence)
            assert talk.calls == [("set_alarm", arguments)], sentence


class TestWhatTheDeviceCannotDo:
    def test_is_said_honestly(self) -> None:
        talk = Device().talk(tools=frozenset())
        play(
            talk,
            """
            set a timer for five minutes | This device has no timers for me.
            wake me at seven | This device has no timers for me.
            cancel all timers | This device has no timers for me.
            how long is left | This device has no timers for me.
            volume up | I cannot change the volume on this device.
            volume fifty | I cannot change the volume on this device.
            what is the volume | I cannot change the volume on this device.
            are you online | This device does not tell me that.
            """,
        )

    def test_may_be_half_of_it(self) -> None:
        device = Device()
        assert "how loud" in device.talk(tools=frozenset({"set_volume"})).say("louder")
        assert device.talk(tools=frozenset({"get_volume"})).say("louder") == "The volume is at forty percent."
        listing = device.talk(tools=frozenset({"list_timers", "set_timer"}))
        listing.say("set a timer for five minutes")
        assert listing.say("cancel the timer") == "This device has no timers for me."

    def test_without_a_thermometer_is_no_number(self) -> None:
        device = Device(facts={"network": "backing_off"})
        play(
            device.talk(),
            """
            how warm are you | This device does not tell me that.
            how long have you been running | This device does not tell me that.
            are you online | My connection is just being made again.
            """,
        )


class TestAToolThatFails:
    def test_is_admitted(self) -> None:
        outputs = [json.dumps({"error": "set_timer failed: OSError"}), "", "ok", "[]", "null", '{"error": 5}']
        for output in outputs:
            for sentence in ("volume up", "set a timer for five minutes", "cancel all timers", "wake me at seven"):
                talk = Talk("en", EVERYTHING, always(output))
                assert talk.say(sentence) == "That did not work. Everything is as it was.", (sentence, output)

    def test_with_strange_numbers_stays_within_reason(self) -> None:
        cases = {
            '{"percent": 1e300}': "That did not work. Everything is as it was.",
            '{"percent": 500}': "The volume is at one hundred percent.",
            '{"percent": -7}': "The volume is at zero percent.",
        }
        for output, heard in cases.items():
            assert Talk("en", EVERYTHING, always(output)).say("what is the volume") == heard
