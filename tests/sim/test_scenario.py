"""A scenario file, read and judged."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge_agent.local.faults.fault import Fault
from edge_agent.local.faults.fault_kinds import KINDS
from edge_agent.sim.scenario import Break, Cue, Expectation, Mute, Press, Scenario, ScenarioError, Talk, load

FULL = """
seed = 7
duration_s = 60
ends_after = "idle"

[room]
rt60_s = 0.3
mics = 2
delay_ms = 80

[[cue]]
kind = "talk"
at_s = 1
text = "hey jarvis what time is it"
voice = "espeak-ng:en-us"
level_dbfs = -30

[[cue]]
kind = "press"
after = "silence"
delay_s = 0.5
hold_s = 0.2

[[cue]]
kind = "fault"
fault = "delay"
after = "wake"
for_s = 2
value = 400

[[cue]]
kind = "mute"
at_s = 30
on = false

[[expect]]
name = "it answers"
check = "answered"
turn = 1
within_ms = 900

[provider]
model_delay_ms = 300

[config.wake]
words = ["alexa"]
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "story.toml"
    path.write_text(text, encoding="utf-8")
    return path


def wrong(folder: Path, text: str) -> list[str]:
    path = written(folder, text)
    with pytest.raises(ScenarioError) as caught:
        load(path)
    assert str(caught.value) == "\n".join(caught.value.errors)
    assert all(error.startswith(f"{path}: ") for error in caught.value.errors)
    return [error.removeprefix(f"{path}: ") for error in caught.value.errors]


class TestAFullFile:
    def test_comes_back_as_written(self, tmp_path: Path) -> None:
        scenario = load(written(tmp_path, FULL))
        assert (scenario.seed, scenario.duration_s, scenario.ends_after) == (7, 60.0, "idle")
        assert (scenario.room.rt60_s, scenario.room.mics, scenario.room.delay_ms) == (0.3, 2, 80.0)
        assert scenario.room.talker_m == 1.5
        assert scenario.provider.model_delay_ms == 300.0
        assert scenario.config == {"wake": {"words": ["alexa"]}}
        expected = Expectation("it answers", "answered", {"turn": 1, "within_ms": 900})
        assert scenario.expectations == (expected,)

    def test_keeps_the_order_of_cues(self, tmp_path: Path) -> None:
        assert load(written(tmp_path, FULL)).cues == (
            Talk(Cue(1.0), "hey jarvis what time is it", "espeak-ng:en-us", None, -30.0),
            Press(Cue(None, "silence", 0.5), "talk", 0.2),
            Break(Cue(None, "wake"), Fault("delay", 400.0, 2.0)),
            Mute(Cue(30.0), False),
        )


class TestAFaultBehindATypeOfEvent:
    def test_is_armed_from_the_start_and_strikes_on_the_line(self, tmp_path: Path) -> None:
        text = '[[fault]]\nkind = "drop"\nafter = "response.created"\ndelay_s = 0.5\ncount = 2\n'
        (cue,) = load(written(tmp_path, text)).cues
        assert cue == Break(Cue(0.0), Fault("drop", after="response.created", delay_s=0.5, count=2))

    def test_stands_beside_one_behind_a_kind_of_the_timeline(self, tmp_path: Path) -> None:
        text = '[[fault]]\nkind = "delay"\nvalue = 200\njitter_ms = 50\nway = "both"\nafter = "wake"\ndelay_s = 1\n'
        (cue,) = load(written(tmp_path, text)).cues
        assert cue == Break(Cue(None, "wake", 1.0), Fault("delay", 200.0, jitter_ms=50.0, way="both"))

    def test_alone_may_strike_more_than_once(self, tmp_path: Path) -> None:
        errors = wrong(tmp_path, '[[fault]]\nkind = "drop"\nat_s = 1\ncount = 2\n')
        assert len(errors) == 1
        assert errors[0].startswith("fault[1].count: found 2, expected 1 where")

    def test_is_judged_as_on_the_command_line(self, tmp_path: Path) -> None:
        errors = wrong(tmp_path, '[[cue]]\nkind = "fault"\nfault = "stall"\nat_s = 1\nway = "left"\nonly = "x"\n')
        assert errors == [
            'cue[1].only: found "x", expected a key of stall: for_s, way, count, at_s, after, delay_s',
            'cue[1].way: found "left", expected one of down, up, both',
        ]


class TestAnEmptyFile:
    def test_is_the_default_scenario(self, tmp_path: Path) -> None:
        path = written(tmp_path, "")
        assert load(path) == Scenario(path)


class TestTheArraysByKind:
    def test_are_sorted_by_time_across_kinds(self, tmp_path: Path) -> None:
        text = """
        [[talker]]
        at_s = 9
        text = "late"
        [[talker]]
        at_s = 1
        text = "early"
        [[fault]]
        at_s = 4
        kind = "stall"
        [[mute]]
        at_s = 6
        [[press]]
        at_s = 2
        """
        cues = load(written(tmp_path, text)).cues
        assert [cue.cue.at_s for cue in cues] == [1.0, 2.0, 4.0, 6.0, 9.0]
        assert [type(cue) for cue in cues] == [Talk, Press, Break, Mute, Talk]

    def test_put_one_that_waits_behind_the_one_before_it_in_its_array(self, tmp_path: Path) -> None:
        text = """
        [[talker]]
        at_s = 1
        text = "question"
        [[talker]]
        after = "first_sample"
        text = "interruption"
        [[press]]
        at_s = 2
        """
        assert [type(cue) for cue in load(written(tmp_path, text)).cues] == [Talk, Talk, Press]

    def test_may_not_stand_beside_cue_tables(self, tmp_path: Path) -> None:
        errors = wrong(tmp_path, '[[cue]]\nkind = "press"\nat_s = 1\n[[mute]]\nat_s = 2\n')
        expected = "either [[cue]] or the arrays by kind, as TOML keeps no order between them"
        assert errors == [f"cue: found [[mute]] beside it, expected {expected}"]


class TestWhatIsWrong:
    def test_is_told_all_at_once(self, tmp_path: Path) -> None:
        text = 'seed = "one"\nspeed = 2\n[room]\nmics = 9\nrt60 = 0.4\n[[fault]]\nat_s = 1\nkind = "fire"\n'
        room = (
            "absorption, array, clipping, dead_mics, delay_ms, drift_ppm, engine, excursion, jitter_ms, mic_gain_db, "
            "mic_gain_error_db, mic_m, mic_noise_dbfs, mics, noise_dbfs, rt60_s, size_m, slip_samples, slips_per_min, "
            "spacing_m, speaker_gain_db, speaker_m, talker_m"
        )
        top = (
            "background, card, change, config, cue, duration_s, ends_after, expect, fault, mute, person, press, "
            "provider, room, seed, talker"
        )
        assert wrong(tmp_path, text) == [
            'seed: found "one", expected a whole number from 0 to 4294967295',
            "room.mics: found 9, expected a whole number from 1 to 8",
            f"room.rt60: found 0.4, expected one of {room}",
            f'fault[1].kind: found "fire", expected one of {", ".join(KINDS)}',
            f"speed: found 2, expected one of {top}",
        ]

    @pytest.mark.parametrize(
        ("text", "error"),
        [
            ("[[press]]\n", "press[1].at_s: found neither at_s nor after, expected one of them"),
            ('[[press]]\nat_s = 1\nafter = "wake"\n', "press[1].at_s: found both at_s and after, expected one of them"),
            ("[[press]]\nat_s = -1\n", "press[1].at_s: found -1, expected a number from 0 to 40"),
            ("[[press]]\nat_s = 41\n", "press[1].at_s: found 41, expected a number from 0 to 40"),
            ("[[press]]\nat_s = true\n", "press[1].at_s: found true, expected a number from 0 to 40"),
            (
                "[[press]]\nat_s = 1\ndelay_s = 1\n",
                "press[1].delay_s: found no `after`, expected a delay only behind an event",
            ),
            (
                '[[press]]\nafter = "Wake Up"\n',
                'press[1].after: found "Wake Up", expected a kind of event, as in events.jsonl',
            ),
            (
                '[[press]]\nat_s = 1\nbutton = "self-destruct"\n',
                'press[1].button: found "self-destruct", expected one of talk',
            ),
            (
                "[[talker]]\nat_s = 1\n",
                "talker[1].text: found nothing that is heard, expected one of text, wav and sound",
            ),
            (
                '[[talker]]\nat_s = 1\ntext = "hi"\nsound = "clap"\n',
                "talker[1].text: found text and sound, expected one of text, wav and sound",
            ),
            (
                '[[talker]]\nat_s = 1\nsound = "sneeze"\n',
                'talker[1].sound: found "sneeze", expected one of cough, clap, door, dishes',
            ),
            (
                "[[press]]\nat_s = 1\nalways = true\n",
                "press[1].always: found no `after`, expected only behind an event",
            ),
            ('[[talker]]\nat_s = 1\ntext = ""\n', 'talker[1].text: found "", expected a text'),
            (
                '[[talker]]\nat_s = 1\ntext = "hi"\nvoice = "sam:robot"\n',
                'talker[1].voice: found "sam:robot", expected flite:NAME, espeak-ng:NAME, festival:NAME, piper:',
            ),
            ("[[mute]]\nat_s = 1\non = 1\n", "mute[1].on: found 1, expected true or false"),
            (
                '[[fault]]\nat_s = 1\nkind = "delay"\n',
                "fault[1].value: found nothing, expected milliseconds, a number from 0 to 60000",
            ),
            (
                '[[fault]]\nat_s = 1\nkind = "error"\n',
                "fault[1].value: found nothing, expected the error's code",
            ),
            (
                '[[fault]]\nat_s = 1\nkind = "drop"\nvalue = 3\n',
                "fault[1].value: found 3, expected a key of drop: count,",
            ),
            (
                '[[cue]]\nkind = "song"\nat_s = 1\n',
                'cue[1].kind: found "song", expected one of talk, press, mute, fault',
            ),
            ("[[cue]]\nat_s = 1\n", "cue[1].kind: found nothing, expected one of talk, press, mute, fault"),
            ('[[expect]]\nname = "it answers"\n', "expect[1].check: found nothing, expected the name of a check"),
            ("room = 3\n", "room: found 3, expected a table"),
            ("talker = 3\n", "talker: found 3, expected an array of tables, [[talker]]"),
            ("config = 3\n", "config: found 3, expected a table"),
        ],
    )
    def test_names_key_value_and_what_is_allowed(self, tmp_path: Path, text: str, error: str) -> None:
        errors = wrong(tmp_path, text)
        assert len(errors) == 1
        assert errors[0].startswith(error)

    def test_includes_a_recording_that_is_not_there(self, tmp_path: Path) -> None:
        errors = wrong(tmp_path, '[[talker]]\nat_s = 1\nwav = "hello.wav"\n')
        looked_for = tmp_path / "hello.wav"
        assert errors == [
            f'talker[1].wav: found "hello.wav", expected the path of an existing WAV file (looked for {looked_for})'
        ]

    def test_includes_text_that_is_no_toml(self, tmp_path: Path) -> None:
        (error,) = wrong(tmp_path, "seed = = 1\n")
        assert error.startswith("syntax: found ")
        assert "line 1" in error

    def test_includes_a_file_that_is_not_there(self, tmp_path: Path) -> None:
        path = tmp_path / "none.toml"
        with pytest.raises(ScenarioError, match="found No such file or directory, expected a readable scenario file"):
            load(path)


class TestARecording:
    def test_is_looked_for_beside_the_file(self, tmp_path: Path) -> None:
        (tmp_path / "hello.wav").write_bytes(b"RIFF")
        (talk,) = load(written(tmp_path, '[[talker]]\nat_s = 1\nwav = "hello.wav"\n')).cues
        assert isinstance(talk, Talk)
        assert talk.wav == tmp_path / "hello.wav"
