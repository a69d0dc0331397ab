"""The hearing stages together: what is reported, what leaves the device, and what never does."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from edge_agent.audio.format import DuplexBlock, Samples
from edge_agent.dialogue.attention import Attention
from edge_agent.hearing.barge_in import BargeIn
from edge_agent.hearing.echo.engine import EchoTaps
from edge_agent.hearing.echo.engines import make
from edge_agent.hearing.endpointing import Endpointer
from edge_agent.hearing.facts import (
    Fact,
    NearEndConfirmed,
    NearEndDismissed,
    NearEndSpeaks,
    NearEndSuspected,
    PersonWaits,
    SpeechBegan,
    SpeechEnded,
    StopHeard,
    WakeDoubted,
    WakeHeard,
)
from edge_agent.hearing.listener import SILENCE_DBFS, Heard, Listener, dbfs
from edge_agent.hearing.onset import SpeechOnset
from edge_agent.hearing.pre_roll import PreRoll
from edge_agent.hearing.vad_silero import SileroVad
from edge_agent.hearing.wake import Wake
from edge_agent.hearing.wake_openwakeword import OpenWakeWord
from tests.hearing.voices import SHARED, blocks, recording, silence, speech

LOUD, HUM, QUIET = 0.1, 0.015, 0.0001  # on the clean tap half of it


@dataclass
class StraightThrough:
    """An echo engine that halves the clean tap, so that the taps can be told apart, and writes into one array for
    ever.
    """

    reduction_db: float = 30.0
    delay_ms: float = 0.0
    near_end: float | None = None
    given: list[tuple[float, float]] = field(default_factory=list)
    _clean: Samples = field(default_factory=lambda: np.zeros(160, np.float32))

    def process(self, mic: Samples, ref: Samples) -> EchoTaps:
        self.given.append((float(mic[0]), float(ref[0])))
        np.multiply(mic, 0.5, out=self._clean)
        return EchoTaps(mic, self._clean, self.near_end)


@dataclass
class WakesAtFullScale:
    """Wakes on a block whose first sample is 1, is told to stop by one of -1; the phrase ended 200 ms before."""

    scores: dict[str, float] = field(default_factory=dict)
    heard: int = 0
    due_in: int = 5
    forgiven: int = 0

    def hear(self, block: Samples) -> Wake | None:
        self.heard += 1
        if block[0] == -1.0:
            return Wake("stop", 0.8, 200, stops=True)
        return Wake("hey_jarvis", 0.9, 200) if block[0] == 1.0 else None

    def forgive(self) -> None:
        self.forgiven += 1

    def reset(self) -> None:
        self.heard = 0


@dataclass
class LoudIsSpeech:
    """What is louder than a hum is speech."""

    heard: int = 0
    refreshed: int = 0

    def hear(self, block: Samples) -> float:
        self.heard += 1
        return 0.95 if abs(float(block[0])) > 0.04 else 0.02

    def reset(self) -> None: ...

    def refresh(self) -> None:
        self.refreshed += 1


@dataclass
class Stage:
    """A listener on twins, and the block it has come to."""

    echo: StraightThrough = field(default_factory=StraightThrough)
    wake: WakesAtFullScale = field(default_factory=WakesAtFullScale)
    vad: LoudIsSpeech = field(default_factory=LoudIsSpeech)
    ducks: list[bool] = field(default_factory=list)
    pauses: list[bool] = field(default_factory=list)
    block: int = 0

    def __post_init__(self) -> None:
        self.listener = Listener(
            echo=self.echo,
            wake=self.wake,
            vad=self.vad,
            endpointer=Endpointer(threshold=0.5, silence_ms=700),
            onset=SpeechOnset(threshold=0.5),
            barge_in=BargeIn(interruption_ms=240),
            pre_roll=PreRoll(),
            duck=self.ducks.append,
            pause=self.pauses.append,
        )

    def hear(self, ms: int, level: float | Callable[[int], float], *, reply: float = 0.0) -> list[Heard]:
        """So many milliseconds of one level (or one level a block) at the microphone, and of the reply."""
        found = []
        for _ in range(ms // 10):
            value = level(self.block) if callable(level) else level
            mic, ref = np.full((1, 160), value, np.float32), np.full(160, reply, np.float32)
            found.append(self.listener.hear(DuplexBlock(self.block, mic, ref)))
            self.block += 1
        return found


def numbered(block: int) -> float:
    """A quiet level that tells its block's number."""
    return block / 1_000_000


def facts(found: Iterable[Heard]) -> list[Fact]:
    return [fact for heard in found for fact in heard.facts]


def sent(found: Iterable[Heard]) -> list[int]:
    """The numbers of the blocks that left the device, by `numbered` (the clean tap is halved)."""
    return [round(float(samples[0]) * 2_000_000) for heard in found for samples in heard.uplink]


@pytest.fixture
def stage() -> Stage:
    return Stage()


class TestTheUplink:
    def test_is_empty_while_nobody_has_the_floor(self, stage: Stage) -> None:
        found = stage.hear(2000, numbered)
        assert sent(found) == []
        assert {heard.turn for heard in found} == {0}

    def test_of_a_turn_starts_in_the_past_and_sends_every_block_once_in_order(self, stage: Stage) -> None:
        stage.hear(1000, numbered)
        stage.listener.attend(Attention(uplink=1, since=60))
        found = stage.hear(500, numbered)
        assert sent(found) == list(range(60, 150))
        assert {heard.turn for heard in found} == {1}

    def test_goes_no_further_back_than_the_pre_roll(self, stage: Stage) -> None:
        stage.hear(5000, numbered)
        stage.listener.attend(Attention(uplink=1, since=10))
        assert sent(stage.hear(10, numbered)) == list(range(201, 501))

    def test_stops_with_the_turn(self, stage: Stage) -> None:
        stage.listener.attend(Attention(uplink=1, since=0))
        stage.hear(500, numbered)
        stage.listener.attend(Attention())
        assert sent(stage.hear(500, numbered)) == []

    def test_of_the_next_turn_starts_at_its_own_beginning(self, stage: Stage) -> None:
        stage.listener.attend(Attention(uplink=1, since=0))
        stage.hear(500, numbered)
        stage.listener.attend(Attention(uplink=2, since=40))
        assert sent(stage.hear(100, numbered)) == list(range(40, 60))

    def test_leaves_lost_pairs_out(self, stage: Stage) -> None:
        stage.hear(500, numbered)
        stage.block += 7
        stage.hear(100, numbered)
        stage.listener.attend(Attention(uplink=1, since=45))
        assert sent(stage.hear(20, numbered)) == [*range(45, 50), *range(57, 69)]

    def test_survives_an_echo_engine_that_uses_its_arrays_again(self, stage: Stage) -> None:
        stage.listener.attend(Attention(uplink=1, since=0))
        assert sent(stage.hear(300, numbered)) == list(range(30))

    def test_is_the_suppressed_tap_and_the_mean_of_the_microphones(self, stage: Stage) -> None:
        stage.listener.attend(Attention(uplink=1, since=0))
        mic = np.stack([np.full(160, 0.1, np.float32), np.full(160, 0.3, np.float32)])
        (samples,) = stage.listener.hear(DuplexBlock(0, mic, np.zeros(160, np.float32))).uplink
        assert samples == pytest.approx(np.full(160, 0.1), abs=1e-6)


class TestAWakeWord:
    @pytest.mark.parametrize(
        "attention", [Attention(), Attention(uplink=1), Attention(speech=True), Attention(reply=True)]
    )
    def test_is_always_reported_with_the_block_its_phrase_ended_at(self, stage: Stage, attention: Attention) -> None:
        stage.listener.attend(attention)
        stage.hear(1000, LOUD)
        woken = [fact for fact in facts(stage.hear(10, 1.0)) if isinstance(fact, WakeHeard)]
        assert woken == [WakeHeard("hey_jarvis", 0.9, since=80, block=100)]

    def test_in_the_first_blocks_does_not_reach_before_them(self, stage: Stage) -> None:
        stage.hear(100, LOUD)
        woken = facts(stage.hear(10, 1.0))[0]
        assert isinstance(woken, WakeHeard)
        assert woken.since == 0

    def test_that_nobody_said_is_doubted(self, stage: Stage) -> None:
        stage.hear(1000, HUM)
        assert facts(stage.hear(10, 1.0)) == [WakeDoubted("hey_jarvis", 0.9, "no speech")]

    def test_is_judged_by_what_was_said_while_the_detector_slept(self, stage: Stage) -> None:
        stage.hear(3000, QUIET)
        stage.hear(600, LOUD)
        stage.hear(200, QUIET)
        assert stage.vad.heard == 0
        assert [type(fact) for fact in facts(stage.hear(10, 1.0))] == [WakeHeard]


class TestAStopWord:
    """The twin's stop word is a block whose first sample is -1."""

    @pytest.mark.parametrize(
        "attention",
        [Attention(uplink=1), Attention(speech=True), Attention(reply=True)],
        ids=["sentence", "wait", "reply"],
    )
    def test_is_reported_while_something_can_be_stopped(self, stage: Stage, attention: Attention) -> None:
        stage.listener.attend(attention)
        stage.hear(1000, LOUD)
        found = facts(stage.hear(10, -1.0))
        assert StopHeard("stop", 0.8, at=100) in found
        assert not any(isinstance(fact, WakeHeard) for fact in found)

    def test_is_none_at_rest_and_wakes_not_even_the_detector(self, stage: Stage) -> None:
        stage.hear(1000, LOUD)
        assert facts(stage.hear(10, -1.0)) == []
        assert stage.vad.heard == 0

    def test_that_our_own_reply_says_is_doubted(self, stage: Stage) -> None:
        stage.listener.attend(Attention(reply=True))
        stage.hear(1500, QUIET, reply=LOUD)
        assert WakeDoubted("stop", 0.8, "own voice") in facts(stage.hear(10, -1.0, reply=LOUD))

    def test_that_nobody_said_is_doubted(self, stage: Stage) -> None:
        stage.listener.attend(Attention(speech=True))
        stage.hear(1500, HUM)
        assert WakeDoubted("stop", 0.8, "no speech") in facts(stage.hear(10, -1.0))


class TestTheDetector:
    def test_sleeps_while_nobody_asks(self, stage: Stage) -> None:
        stage.hear(2000, QUIET)
        stage.hear(2000, LOUD)
        assert stage.vad.heard == 0
        assert stage.listener.speech == 0.0

    @pytest.mark.parametrize("attention", [Attention(uplink=1), Attention(speech=True), Attention(reply=True)])
    def test_runs_while_the_dialogue_asks(self, stage: Stage, attention: Attention) -> None:
        stage.hear(3000, LOUD)
        stage.listener.attend(attention)
        stage.hear(10, LOUD)
        assert stage.listener.speech == 0.95
        before = stage.vad.heard
        stage.hear(1000, LOUD)
        assert stage.vad.heard == before + 100

    def test_runs_while_the_loudspeaker_is_audible_and_sleeps_again_after(self, stage: Stage) -> None:
        stage.hear(3000, LOUD)
        stage.hear(100, LOUD, reply=LOUD)
        assert stage.listener.speech == 0.95
        stage.hear(3000, LOUD)
        before = stage.vad.heard
        stage.hear(1000, LOUD)
        assert stage.vad.heard == before

    def test_judges_a_new_turn_and_a_new_reply_by_themselves(self, stage: Stage) -> None:
        """What it heard long ago must not weigh on it: a network that remembers without end goes deaf."""
        stage.hear(500, QUIET)
        stage.listener.attend(Attention(uplink=1, since=50))
        stage.hear(500, QUIET)
        assert stage.vad.refreshed == 1
        stage.listener.attend(Attention(reply=True))
        stage.hear(500, QUIET)
        assert stage.vad.refreshed == 2

    def test_is_left_alone_in_a_sentence_that_it_has_found_itself(self, stage: Stage) -> None:
        stage.listener.attend(Attention(uplink=1, since=0, spoke=True))
        stage.hear(500, LOUD)
        assert stage.vad.refreshed == 0

    def test_has_told_of_speech_that_a_turn_was_opened_for_late(self, stage: Stage) -> None:
        stage.hear(1000, QUIET)
        stage.hear(700, LOUD)
        stage.hear(900, QUIET)
        stage.listener.attend(Attention(uplink=1, since=90))
        assert facts(stage.hear(10, QUIET)) == [SpeechEnded(700, 169, 169 + 70)]

    def test_remembers_who_began_to_speak_before_they_were_listened_to(self, stage: Stage) -> None:
        stage.hear(1000, QUIET)
        stage.hear(300, LOUD)
        stage.listener.attend(Attention(speech=True))
        (begun,) = facts(stage.hear(1000, LOUD))
        assert isinstance(begun, SpeechBegan)
        assert begun.since == 100 - 30


class TestASentence:
    def test_said_before_the_turn_was_opened_counts_and_the_wake_phrase_does_not(self, stage: Stage) -> None:
        stage.hear(1000, LOUD)  # the phrase, ended at block 80 by the wake word's estimate
        stage.hear(300, QUIET)
        stage.hear(500, LOUD)
        stage.listener.attend(Attention(uplink=1, since=80))
        (ended,) = facts(stage.hear(3000, QUIET))
        assert isinstance(ended, SpeechEnded)
        assert ended.speech_ms == 500
        assert ended.last == 179

    def test_that_was_over_before_the_turn_was_opened_ends_at_once(self, stage: Stage) -> None:
        stage.hear(300, QUIET)
        stage.hear(800, LOUD)
        stage.hear(900, QUIET)
        stage.listener.attend(Attention(uplink=1, since=0))
        assert facts(stage.hear(10, QUIET)) == [SpeechEnded(800, 109, 179)]

    def test_is_judged_only_while_a_person_has_the_floor(self, stage: Stage) -> None:
        assert facts(stage.hear(300, QUIET) + stage.hear(800, LOUD) + stage.hear(2000, QUIET)) == []

    def test_of_the_turn_before_has_no_part_in_the_next(self, stage: Stage) -> None:
        stage.listener.attend(Attention(uplink=1, since=0))
        stage.hear(300, QUIET)
        stage.hear(800, LOUD)
        stage.listener.attend(Attention(uplink=2, since=stage.block))
        assert [type(fact) for fact in facts(stage.hear(5000, QUIET))] == [PersonWaits]


class TestTheBeginningOfSpeech:
    def test_is_reported_once_while_it_is_of_interest(self, stage: Stage) -> None:
        stage.listener.attend(Attention(speech=True))
        found = facts(stage.hear(500, QUIET) + stage.hear(2000, LOUD))
        assert found == [SpeechBegan(since=20, block=64)]

    def test_is_not_reported_otherwise(self, stage: Stage) -> None:
        assert facts(stage.hear(500, QUIET) + stage.hear(2000, LOUD)) == []

    def test_is_waited_for_anew_in_every_window(self, stage: Stage) -> None:
        for _ in range(2):
            stage.listener.attend(Attention(speech=True))
            assert len(facts(stage.hear(500, QUIET) + stage.hear(500, LOUD))) == 1
            stage.listener.attend(Attention())
            stage.hear(100, QUIET)

    def test_is_reported_again_in_the_turn_that_the_wake_phrase_opened(self, stage: Stage) -> None:
        stage.listener.attend(Attention(speech=True))
        assert len(facts(stage.hear(500, QUIET) + stage.hear(700, LOUD))) == 1, "the wake phrase in a follow-up window"
        stage.listener.attend(Attention(uplink=1, since=115, speech=True))
        (begun,) = (fact for fact in facts(stage.hear(1000, LOUD)) if isinstance(fact, SpeechBegan))
        assert begun.block == 120 + 39, "once it cannot be the phrase's tail any more"

    def test_over_the_end_of_a_reply_is_not_cut_at_the_replys_end(self, stage: Stage) -> None:
        stage.listener.attend(Attention(reply=True))
        stage.hear(1000, QUIET, reply=LOUD)
        stage.hear(300, LOUD, reply=LOUD)
        stage.listener.attend(Attention(speech=True))
        (begun,) = (fact for fact in facts(stage.hear(1000, LOUD)) if isinstance(fact, SpeechBegan))
        assert begun.since == 100 - 30


class TestTalkingOverAReply:
    @pytest.fixture
    def replying(self, stage: Stage) -> Stage:
        stage.listener.attend(Attention(reply=True))
        assert facts(stage.hear(2000, QUIET, reply=LOUD)) == []
        return stage

    def test_ducks_in_the_block_of_the_suspicion(self, replying: Stage) -> None:
        found = replying.hear(30, LOUD, reply=LOUD)
        assert [heard.facts for heard in found[-1:]] == [(NearEndSuspected(202),)]
        assert replying.ducks == [True]

    def test_pauses_in_the_block_of_the_decision(self, replying: Stage) -> None:
        found = replying.hear(240, LOUD, reply=LOUD)
        assert [heard.facts for heard in found[-1:]] == [(NearEndSpeaks(223),)]
        assert replying.pauses == [True]

    def test_that_was_an_agreement_lets_the_reply_go_on(self, replying: Stage) -> None:
        found = replying.hear(300, LOUD, reply=LOUD) + replying.hear(1000, QUIET)
        assert [type(fact) for fact in facts(found)] == [NearEndSuspected, NearEndSpeaks, NearEndDismissed]
        assert (replying.ducks, replying.pauses) == ([True, False], [True, False])

    def test_that_was_a_cough_gives_the_level_back(self, replying: Stage) -> None:
        found = replying.hear(100, LOUD, reply=LOUD) + replying.hear(1000, QUIET, reply=LOUD)
        assert [type(fact) for fact in facts(found)] == [NearEndSuspected, NearEndDismissed]
        assert replying.ducks == [True, False]

    def test_stays_paused_until_the_reply_has_ended(self, replying: Stage) -> None:
        found = replying.hear(240, LOUD, reply=LOUD) + replying.hear(400, LOUD)
        assert [type(fact) for fact in facts(found)] == [NearEndSuspected, NearEndSpeaks, NearEndConfirmed]
        assert (replying.ducks, replying.pauses) == ([True], [True])
        replying.listener.attend(Attention(uplink=2, since=170))
        replying.hear(10, LOUD)
        assert (replying.ducks, replying.pauses) == ([True, False], [True, False])

    def test_that_nobody_acts_on_does_not_stay_paused(self, replying: Stage) -> None:
        replying.hear(240, LOUD, reply=LOUD)
        replying.hear(1500, LOUD)
        assert (replying.ducks, replying.pauses) == ([True, False], [True, False])

    def test_takes_the_echo_engines_own_word_for_it(self, replying: Stage) -> None:
        replying.echo.near_end = 0.9
        found = replying.hear(300, HUM, reply=LOUD)
        assert [type(fact) for fact in facts(found)] == [NearEndSuspected, NearEndSpeaks]

    def test_takes_its_word_too_that_nobody_is_there(self, replying: Stage) -> None:
        replying.echo.near_end = 0.02
        assert facts(replying.hear(1000, LOUD, reply=LOUD)) == []

    def test_is_no_matter_while_there_is_no_reply(self, stage: Stage) -> None:
        assert facts(stage.hear(500, QUIET) + stage.hear(2000, LOUD)) == []
        assert stage.ducks == []

    def test_ends_undecided_with_the_reply(self, replying: Stage) -> None:
        replying.hear(100, LOUD, reply=LOUD)
        replying.listener.attend(Attention())
        assert facts(replying.hear(1000, QUIET)) == []
        assert replying.ducks == [True, False]


class TestATierBelowSpeech:
    """Who may stop the reply is the dialogue's to say."""

    def test_hears_nobody_who_talks_over_the_reply(self, stage: Stage) -> None:
        stage.listener.attend(Attention(reply=True, by_speech=False))
        assert facts(stage.hear(2000, QUIET, reply=LOUD) + stage.hear(2000, LOUD, reply=LOUD)) == []
        assert (stage.ducks, stage.pauses) == ([], [])

    def test_hears_the_wake_word_and_the_stop_word_of_a_person(self, stage: Stage) -> None:
        stage.listener.attend(Attention(reply=True, by_speech=False))
        stage.hear(500, LOUD, reply=LOUD)
        found = facts(stage.hear(10, 1.0, reply=LOUD) + stage.hear(10, -1.0, reply=LOUD))
        assert [type(fact) for fact in found] == [WakeHeard, StopHeard]

    def test_of_the_button_hears_no_word_either(self, stage: Stage) -> None:
        stage.listener.attend(Attention(reply=True, by_speech=False, by_word=False))
        stage.hear(500, LOUD, reply=LOUD)
        assert facts(stage.hear(10, 1.0, reply=LOUD) + stage.hear(10, -1.0, reply=LOUD)) == []

    def test_is_over_with_the_reply(self, stage: Stage) -> None:
        stage.listener.attend(Attention(reply=False, by_speech=False, by_word=False))
        stage.hear(500, LOUD)
        assert [type(fact) for fact in facts(stage.hear(10, 1.0))] == [WakeHeard]


class TestMuted:
    def test_reports_nothing_and_sends_nothing(self, stage: Stage) -> None:
        stage.listener.attend(Attention(muted=True, uplink=1, speech=True, reply=True))
        found = stage.hear(500, LOUD) + stage.hear(10, 1.0) + stage.hear(1000, QUIET)
        assert facts(found) == []
        assert sent(found) == []
        assert not any(heard.clean.any() for heard in found)
        assert stage.listener.mic_dbfs == stage.listener.clean_dbfs == SILENCE_DBFS

    def test_runs_no_network_and_shows_the_echo_engine_silence_on_both_sides(self, stage: Stage) -> None:
        stage.listener.attend(Attention(muted=True))
        stage.hear(500, LOUD, reply=LOUD)
        assert stage.wake.heard == 0
        assert set(stage.echo.given) == {(0.0, 0.0)}

    def test_forgets_what_was_heard_before(self, stage: Stage) -> None:
        stage.hear(1000, numbered)
        stage.listener.attend(Attention(muted=True))
        stage.hear(100, numbered)
        stage.listener.attend(Attention(uplink=1, since=0))
        assert sent(stage.hear(50, numbered)) == list(range(110, 115))

    def test_in_the_middle_of_a_sentence_ends_it_without_a_fact(self, stage: Stage) -> None:
        stage.listener.attend(Attention(uplink=1, since=0))
        stage.hear(300, QUIET)
        stage.hear(800, LOUD)
        stage.listener.attend(Attention(muted=True))
        stage.hear(10, LOUD)
        stage.listener.attend(Attention())
        assert facts(stage.hear(3000, QUIET)) == []

    def test_while_ducked_gives_the_level_back(self, stage: Stage) -> None:
        stage.listener.attend(Attention(reply=True))
        stage.hear(2000, QUIET, reply=LOUD)
        stage.hear(100, LOUD, reply=LOUD)
        stage.listener.attend(Attention(muted=True))
        stage.hear(10, LOUD, reply=LOUD)
        assert stage.ducks == [True, False]


class TestTheMeters:
    def test_show_the_last_block(self, stage: Stage) -> None:
        stage.hear(10, LOUD)
        assert stage.listener.mic_dbfs == pytest.approx(-20.0, abs=0.01)
        assert stage.listener.clean_dbfs == pytest.approx(-26.02, abs=0.01)
        assert stage.listener.speech == 0.0, "nobody asked"

    def test_show_the_probability_of_speech_while_somebody_asks(self, stage: Stage) -> None:
        stage.listener.attend(Attention(speech=True))
        stage.hear(10, LOUD)
        assert stage.listener.speech == 0.95

    def test_call_digital_silence_by_a_number(self) -> None:
        assert dbfs(np.zeros(160, np.float32)) == SILENCE_DBFS
        assert dbfs(np.full(160, 1e-30, np.float32)) == SILENCE_DBFS


@pytest.fixture(scope="module")
def networks() -> tuple[OpenWakeWord, SileroVad]:
    return OpenWakeWord(["hey_jarvis"]), SileroVad()


class TestWithTheRealNetworks:
    """The dialogue is played by hand: a wake opens the turn 30 ms later, as the mailbox would."""

    def conversation(self, networks: tuple[OpenWakeWord, SileroVad], heard: Samples) -> list[Fact]:
        wake, vad = networks
        wake.reset()
        vad.reset()
        listener = Listener(
            echo=StraightThrough(),
            wake=wake,
            vad=vad,
            endpointer=Endpointer(threshold=0.5, silence_ms=700),
            onset=SpeechOnset(threshold=0.5),
            barge_in=BargeIn(interruption_ms=240),
            pre_roll=PreRoll(),
            duck=lambda _: None,
            pause=lambda _: None,
        )
        found: list[Fact] = []
        reactions: dict[int, Attention] = {}
        for number, block in enumerate(heard):
            if number in reactions:
                listener.attend(reactions[number])
            for fact in listener.hear(DuplexBlock(number, block[None], np.zeros(160, np.float32))).facts:
                found.append(fact)
                if isinstance(fact, WakeHeard):
                    reactions[number + 3] = Attention(uplink=1, since=fact.since, speech=True)
                if isinstance(fact, SpeechEnded):
                    reactions[number + 3] = Attention()
        return found

    @pytest.mark.parametrize("voice", ["slt", "rms", "kal16"])
    def test_a_question_in_one_breath_with_the_wake_word_is_heard_whole(
        self, networks: tuple[OpenWakeWord, SileroVad], tmp_path: Path, voice: str
    ) -> None:
        words = speech("hey jarvis what time is it", tmp_path, voice)
        found = self.conversation(networks, blocks(silence(1.0), words, silence(2.0)))
        ended = found[-1]
        assert isinstance(found[0], WakeHeard)
        assert isinstance(ended, SpeechEnded)
        assert ended.speech_ms > 700
        assert abs(ended.last - (100 + len(words) // 160)) < 25

    def test_a_question_after_a_pause_is_waited_for(
        self, networks: tuple[OpenWakeWord, SileroVad], tmp_path: Path
    ) -> None:
        phrase, question = speech("hey jarvis", tmp_path), speech("what time is it", tmp_path)
        found = self.conversation(networks, blocks(silence(1.0), phrase, silence(1.2), question, silence(2.0)))
        assert [type(fact) for fact in found] == [WakeHeard, PersonWaits, SpeechBegan, SpeechEnded]
        assert isinstance(found[-1], SpeechEnded)
        assert found[-1].speech_ms < 1100

    def test_the_wake_word_alone_is_no_sentence(self, networks: tuple[OpenWakeWord, SileroVad], tmp_path: Path) -> None:
        found = self.conversation(networks, blocks(silence(1.0), speech("hey jarvis", tmp_path), silence(5.0)))
        assert [type(fact) for fact in found] == [WakeHeard, PersonWaits]

    def test_a_single_word_is_a_sentence(self, networks: tuple[OpenWakeWord, SileroVad], tmp_path: Path) -> None:
        found = self.conversation(networks, blocks(silence(1.0), speech("hey jarvis stop", tmp_path), silence(2.0)))
        assert [type(fact) for fact in found if not isinstance(fact, SpeechBegan)] == [WakeHeard, SpeechEnded]


class TestInARecordedRoom:
    """The whole path over the shared echo scenes, a reply playing throughout."""

    def interruptions(self, name: str, vad: SileroVad) -> list[int]:
        mic, ref = (blocks(recording(f"echo/{name}.{side}.wav")) for side in ("mic", "ref"))
        listener = Listener(
            echo=make("classical"),
            wake=WakesAtFullScale(),
            vad=vad,
            endpointer=Endpointer(threshold=0.5, silence_ms=700),
            onset=SpeechOnset(threshold=0.5),
            barge_in=BargeIn(interruption_ms=240),
            pre_roll=PreRoll(),
            duck=lambda _: None,
            pause=lambda _: None,
        )
        listener.attend(Attention(reply=True))
        found = (listener.hear(DuplexBlock(n, m[None], r)) for n, (m, r) in enumerate(zip(mic, ref, strict=False)))
        return [fact.block for fact in facts(found) if isinstance(fact, NearEndSpeaks)]

    @pytest.mark.parametrize("name", ["fe_nonlin_0", "fe_music_0", "real_fe_x"])
    def test_the_device_never_interrupts_itself(self, name: str) -> None:
        assert self.interruptions(name, SileroVad()) == []

    @pytest.mark.parametrize("name", ["dt_serm10_0", "dt_serp0_1"])
    def test_a_person_is_noticed_and_never_before_they_speak(self, name: str) -> None:
        if not (SHARED / "echo" / "scenes.json").is_file():
            pytest.skip("the recordings for development are not part of the product")
        scenes = {scene["name"]: scene for scene in json.loads((SHARED / "echo" / "scenes.json").read_text())}
        assert name in scenes
        first = self.interruptions(name, SileroVad())[0]
        assert 600 <= first < 600 + 200  # the near end begins at 6 s


class TestAPersonWhoCalled:
    def waits(self, found: list[Heard]) -> list[PersonWaits]:
        return [fact for fact in facts(found) if isinstance(fact, PersonWaits)]

    def test_and_goes_on_in_one_breath_does_not_wait(self, stage: Stage) -> None:
        stage.hear(500, LOUD)
        stage.listener.attend(Attention(uplink=1, since=40))
        assert self.waits(stage.hear(200, QUIET) + stage.hear(1000, LOUD)) == []

    def test_and_says_no_more_waits_and_is_noticed_once(self, stage: Stage) -> None:
        stage.hear(500, LOUD)
        stage.listener.attend(Attention(uplink=1, since=40))
        assert self.waits(stage.hear(100, LOUD) + stage.hear(2000, QUIET)) == [PersonWaits(50 + 10 + 29)]

    def test_is_noticed_in_every_turn(self, stage: Stage) -> None:
        for turn in (1, 2):
            stage.listener.attend(Attention(uplink=turn, since=stage.block))
            assert len(self.waits(stage.hear(1000, QUIET))) == 1


class TestAnUnmute:
    def test_leaves_unheard_what_was_recorded_before_it(self) -> None:
        stage = Stage()
        stage.listener.attend(Attention(muted=True))
        stage.hear(100, LOUD)
        stage.listener.attend(Attention(uplink=1, since=0, audible_since=40))
        found = stage.hear(400, numbered)
        assert sent(found) == list(range(40, 50))


class TestAWakeWordOfOurOwn:
    def test_is_doubted(self) -> None:
        stage = Stage()
        stage.hear(500, QUIET, reply=0.1)
        found = facts(stage.hear(10, 1.0, reply=0.1))
        assert [fact for fact in found if isinstance(fact, WakeHeard)] == []
        assert WakeDoubted("hey_jarvis", 0.9, "own voice") in found

    def test_is_not_taken_for_a_person_who_talks_over_the_reply(self) -> None:
        stage = Stage()
        stage.hear(500, LOUD, reply=0.1)
        found = facts(stage.hear(10, 1.0, reply=0.1))
        assert [fact.word for fact in found if isinstance(fact, WakeHeard)] == ["hey_jarvis"]


class TestADoubt:
    def test_does_not_make_the_device_deaf_to_the_word_itself(self, stage: Stage) -> None:
        stage.hear(1000, HUM)
        stage.hear(10, 1.0)
        assert stage.wake.forgiven == 1
        stage.hear(500, LOUD)
        stage.hear(10, 1.0)
        assert stage.wake.forgiven == 1

    def test_of_a_stop_word_at_rest_neither(self, stage: Stage) -> None:
        stage.hear(500, LOUD)
        assert facts(stage.hear(10, -1.0)) == []
        assert stage.wake.forgiven == 1


class TestPatience:
    """How many blocks may gather before anybody misses anything."""

    def test_at_rest_is_the_wake_engines(self, stage: Stage) -> None:
        stage.hear(100, QUIET)
        assert stage.listener.patience_blocks == stage.wake.due_in

    @pytest.mark.parametrize("attention", [Attention(uplink=1), Attention(speech=True), Attention(reply=True)])
    def test_ends_with_the_dialogues_interest_before_the_next_block(self, stage: Stage, attention: Attention) -> None:
        stage.listener.attend(attention)
        assert stage.listener.patience_blocks == 1

    def test_is_none_while_the_loudspeaker_is_audible_and_a_while_after(self, stage: Stage) -> None:
        stage.hear(10, QUIET, reply=0.1)
        assert stage.listener.patience_blocks == 1
        stage.hear(2000, QUIET)
        assert stage.listener.patience_blocks == 1
        stage.hear(1000, QUIET)
        assert stage.listener.patience_blocks == stage.wake.due_in
