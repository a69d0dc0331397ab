"""Talking over the reply, from levels and probabilities alone. While the reply is paused, nothing is played."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from edge_agent.hearing.barge_in import BargeIn, BargeInFact
from edge_agent.hearing.facts import NearEndConfirmed, NearEndDismissed, NearEndSpeaks, NearEndSuspected

SPEECH, HALF, NOISE, SILENCE = 0.95, 0.4, 0.08, 0.02
PERSON, LEFTOVER, REPLY, QUIET = -28.0, -65.0, -18.0, -120.0  # dBFS
TRUSTED_DB, UNTRUSTED_DB = 30.0, 0.0
AIR_MS = 150  # after a pause, what is left of the reply in card and room


@dataclass
class Scene:
    """A gate and the block it has come to.  paused_at: since when the reply is, or None."""

    gate: BargeIn = field(default_factory=lambda: BargeIn(interruption_ms=200))
    reduction_db: float = TRUSTED_DB
    near_end: float | None = None
    block: int = 0
    paused_at: int | None = None

    def play(
        self, ms: int, probability: float, clean_dbfs: float, *, reply_dbfs: float = REPLY, echo: bool = False
    ) -> list[BargeInFact]:
        """echo: what is heard is our own voice, gone when that is."""
        found = []
        for _ in range(ms // 10):
            silent = self.paused_at is not None
            gone = self.paused_at is not None and (self.block - self.paused_at) * 10 > AIR_MS
            heard_dbfs, heard = (QUIET, SILENCE) if echo and gone else (clean_dbfs, probability)
            self.gate.observe(heard_dbfs, QUIET if silent else reply_dbfs)
            fact = self.gate.judge(self.block, heard, self.reduction_db, None if gone else self.near_end)
            if isinstance(fact, NearEndSpeaks):
                self.paused_at = self.block
            elif isinstance(fact, NearEndDismissed):
                self.paused_at = None
            found += [fact] if fact is not None else []
            self.block += 1
        return found

    def reply(self, ms: int) -> list[BargeInFact]:
        """The reply alone; the canceller leaves next to nothing."""
        return self.play(ms, SILENCE, LEFTOVER)

    def person(self, ms: int, probability: float = SPEECH, clean_dbfs: float = PERSON) -> list[BargeInFact]:
        return self.play(ms, probability, clean_dbfs)


@pytest.fixture
def scene() -> Scene:
    """Three seconds into a reply."""
    scene = Scene()
    assert scene.reply(3000) == []
    return scene


def kinds(found: list[BargeInFact]) -> list[str]:
    return [type(fact).__name__.removeprefix("NearEnd") for fact in found]


WHOLE = ["Suspected", "Speaks", "Confirmed"]


class TestAPersonTalkingOver:
    def test_ducks_the_reply_at_once_pauses_it_on_the_decision_and_ends_it_when_it_is_a_sentence(
        self, scene: Scene
    ) -> None:
        suspected, speaks, confirmed = scene.person(1000)
        assert suspected == NearEndSuspected(300 + 2)
        assert speaks == NearEndSpeaks(300 + 19)
        assert confirmed == NearEndConfirmed(since=300 - 50, block=300 + 51)

    def test_is_confirmed_once(self, scene: Scene) -> None:
        assert kinds(scene.person(3000)) == WHOLE

    def test_is_heard_through_gaps_between_words(self, scene: Scene) -> None:
        facts = scene.person(160) + scene.play(180, SILENCE, -64.0) + scene.person(600)
        assert kinds(facts) == WHOLE
        assert isinstance(facts[-1], NearEndConfirmed)
        assert facts[-1].since == 300 - 50

    def test_may_try_again_when_nobody_acted(self, scene: Scene) -> None:
        scene.person(1000)
        scene.reply(600)
        scene.paused_at = None
        scene.reply(5000)
        assert kinds(scene.person(1000)) == WHOLE

    def test_is_asked_for_as_much_speech_as_is_configured(self) -> None:
        scene = Scene(BargeIn(interruption_ms=500))
        scene.reply(3000)
        assert kinds(scene.person(490)) == ["Suspected"]
        assert kinds(scene.person(20)) == ["Speaks"]

    def test_in_a_pause_of_the_reply_needs_no_trust(self) -> None:
        scene = Scene(reduction_db=UNTRUSTED_DB)
        scene.play(1000, SILENCE, LEFTOVER, reply_dbfs=QUIET)
        assert kinds(scene.play(1000, SPEECH, -40.0, reply_dbfs=QUIET)) == WHOLE


class TestADetectorThatIsLate:
    """Over a reply it takes the speech detector a while to be sure; that somebody is there shows at once."""

    def test_costs_no_more_than_it_is_late_beyond_the_decision(self, scene: Scene) -> None:
        suspected, speaks = scene.person(150, SILENCE) + scene.person(60)
        assert suspected == NearEndSuspected(300 + 2)
        assert speaks == NearEndSpeaks(300 + 19)

    def test_and_only_half_believes_it_takes_longer(self, scene: Scene) -> None:
        *_, speaks = scene.person(150, SILENCE) + scene.person(200, HALF)
        assert isinstance(speaks, NearEndSpeaks)
        assert 300 + 23 <= speaks.block <= 300 + 30

    def test_is_not_believed_by_half_where_it_might_be_our_own_voice(self) -> None:
        scene = Scene()
        scene.play(3000, SILENCE, -40.0)
        assert scene.person(2000, HALF) == [], "12 dB over the leftover"

    def test_is_not_believed_by_half_while_the_leftover_is_hardly_known(self) -> None:
        scene = Scene()
        scene.reply(500)
        assert scene.person(600, HALF) == []


class TestANoise:
    def test_of_a_click_is_not_even_suspected(self, scene: Scene) -> None:
        """Levels are held for 100 ms: it is one of a single block's length that is meant, in near silence."""
        assert scene.play(10, SILENCE, LEFTOVER + 12.0) + scene.reply(1000) == []

    def test_that_comes_and_goes_is_dismissed_after_a_moment_of_silence(self, scene: Scene) -> None:
        suspected, dismissed = scene.person(100, NOISE) + scene.reply(1000)
        assert isinstance(suspected, NearEndSuspected)
        assert isinstance(dismissed, NearEndDismissed)
        assert 300 + 10 + 30 <= dismissed.block <= 300 + 10 + 40

    def test_that_stays_never_pauses_the_reply_and_turns_it_down_for_a_moment_only(self, scene: Scene) -> None:
        facts = scene.person(5000, NOISE)
        assert kinds(facts) == ["Suspected", "Dismissed"]
        assert facts[1].block - facts[0].block <= 75

    def test_does_not_hide_a_person(self, scene: Scene) -> None:
        scene.person(2000, NOISE, clean_dbfs=-40.0)
        assert kinds(scene.person(1000)) == WHOLE


class TestAnAgreement:
    """ "Uh-huh", "okay": the reply waits, and goes on."""

    def test_only_pauses_the_reply(self, scene: Scene) -> None:
        facts = scene.person(300) + scene.play(600, SILENCE, LEFTOVER)
        assert kinds(facts) == ["Suspected", "Speaks", "Dismissed"]
        assert facts[2].block <= 300 + 30 + 40

    def test_is_as_long_as_it_is_spoken_not_as_long_as_the_room_rings_with_it(self, scene: Scene) -> None:
        facts = scene.person(350)
        for ms in range(0, 350, 10):
            facts += scene.play(10, SPEECH, PERSON - 60 * ms / 400)
        facts += scene.play(400, SILENCE, LEFTOVER)
        assert kinds(facts) == ["Suspected", "Speaks", "Dismissed"]

    def test_that_is_repeated_at_once_was_meant(self, scene: Scene) -> None:
        scene.person(300) + scene.play(600, SILENCE, LEFTOVER)
        facts = scene.reply(1000) + scene.person(600)
        assert kinds(facts) == WHOLE
        confirmed = facts[-1]
        assert (confirmed.block - (scene.block - 60)) * 10 < 600, "it need not last long this time"

    def test_now_and_then_stops_nothing(self, scene: Scene) -> None:
        for _ in range(4):
            facts = scene.person(300) + scene.play(600, SILENCE, LEFTOVER) + scene.reply(5000)
            assert "Confirmed" not in kinds(facts)

    def test_may_be_as_long_as_is_configured(self) -> None:
        scene = Scene(BargeIn(interruption_ms=200, backchannel_ms=900))
        scene.reply(3000)
        assert kinds(scene.person(800) + scene.play(600, SILENCE, LEFTOVER)) == ["Suspected", "Speaks", "Dismissed"]

    def test_cannot_be_told_by_a_device_that_is_told_not_to_wait(self) -> None:
        scene = Scene(BargeIn(interruption_ms=200, backchannel_ms=0))
        scene.reply(3000)
        assert kinds(scene.person(550)) == WHOLE


class TestTheEnginesOwnJudgement:
    """It hears the echo, the microphone and the difference: it knows at once, where the detector is late."""

    @pytest.fixture
    def judged(self) -> Scene:
        scene = Scene(near_end=0.01)
        scene.reply(3000)
        return scene

    def test_is_enough_to_duck_and_to_pause(self, judged: Scene) -> None:
        judged.near_end = 0.9
        suspected, speaks = judged.person(250, SILENCE)
        assert suspected == NearEndSuspected(300 + 2)
        assert speaks == NearEndSpeaks(300 + 19)

    def test_is_enough_in_the_first_second_of_the_first_reply(self) -> None:
        scene = Scene(near_end=0.01)
        scene.play(300, SILENCE, -30.0)
        scene.near_end = 0.9
        assert kinds(scene.person(400, SILENCE)) == ["Suspected", "Speaks"]

    def test_that_it_is_our_echo_outweighs_level_and_detector(self, judged: Scene) -> None:
        assert judged.person(3000) == []

    def test_is_asked_no_more_when_nothing_of_ours_is_left_to_hear(self, judged: Scene) -> None:
        judged.near_end = 0.9
        assert kinds(judged.person(1000)) == WHOLE

    def test_that_errs_costs_a_pause_and_no_reply(self, judged: Scene) -> None:
        judged.near_end = 0.9
        facts = judged.play(400, SPEECH, -40.0, echo=True)
        judged.near_end = 0.01
        facts += judged.play(1000, SILENCE, LEFTOVER)
        assert kinds(facts) == ["Suspected", "Speaks", "Dismissed"]

    def test_of_a_flicker_is_nothing(self, judged: Scene) -> None:
        for _ in range(40):
            judged.near_end = 0.9
            assert judged.person(20, SILENCE) == []
            judged.near_end = 0.01
            assert judged.reply(80) == []


class TestTrust:
    def test_that_is_missing_asks_for_more_speech_rather_than_none_at_all(self) -> None:
        scene = Scene(reduction_db=UNTRUSTED_DB)
        scene.reply(3000)
        _, speaks, _ = scene.person(1200)
        assert (speaks.block - 300 + 1) * 10 == 320  # 200 ms x 1.6

    def test_grows_with_what_was_measured(self) -> None:
        needed = []
        for reduction_db in (0.0, 6.0, 12.0, 40.0):
            scene = Scene(reduction_db=reduction_db)
            scene.reply(3000)
            needed.append(scene.person(1200)[1].block)
        assert needed[0] > needed[1] > needed[2] == needed[3]

    def test_is_not_needed_by_the_very_first_reply_after_a_second_of_sound(self) -> None:
        scene = Scene(reduction_db=UNTRUSTED_DB)
        scene.reply(1200)
        assert kinds(scene.person(1200)) == WHOLE


class TestOurOwnEcho:
    def test_that_reads_as_speech_fires_nothing_at_the_level_it_always_has(self) -> None:
        scene = Scene(reduction_db=UNTRUSTED_DB)
        assert scene.play(20_000, SPEECH, REPLY - 8.0) == []

    def test_fires_nothing_in_the_first_instant_when_nothing_is_known_of_it(self) -> None:
        assert Scene().play(900, SPEECH, REPLY - 1.0) == []

    def test_does_not_hide_a_person_who_stands_out_from_it(self) -> None:
        scene = Scene(reduction_db=UNTRUSTED_DB)
        scene.play(5000, SPEECH, -50.0)
        assert kinds(scene.person(1200, clean_dbfs=-35.0)) == WHOLE

    def test_still_under_way_from_the_loudspeaker_counts_as_echo(self) -> None:
        scene = Scene(reduction_db=UNTRUSTED_DB)
        scene.play(5000, SPEECH, -30.0)
        assert scene.play(400, SPEECH, -30.0, reply_dbfs=QUIET) == []

    def test_that_grows_all_at_once_cannot_outlive_the_pause_it_brings_about(self, scene: Scene) -> None:
        """Somebody moved the device: what nobody cancels reads as a person, until it is not played any more."""
        facts = scene.play(1500, SPEECH, -30.0, echo=True)
        assert kinds(facts)[:3] == ["Suspected", "Speaks", "Dismissed"]
        assert "Confirmed" not in kinds(facts)


class TestNearSilence:
    def test_fires_nothing_however_sure_the_detector_is(self, scene: Scene) -> None:
        assert scene.play(3000, 1.0, -58.0) == []
        assert scene.play(3000, 1.0, -58.0, reply_dbfs=QUIET) == []


class TestAReset:
    def test_drops_a_suspicion_without_a_word(self, scene: Scene) -> None:
        assert kinds(scene.person(150)) == ["Suspected"]
        scene.gate.reset()
        for _ in range(10):
            scene.gate.observe(LEFTOVER, REPLY)
        assert scene.reply(1000) == []

    def test_keeps_what_was_learned_of_our_echo(self) -> None:
        scene = Scene(reduction_db=UNTRUSTED_DB)
        scene.play(5000, SPEECH, REPLY - 8.0)
        scene.gate.reset()
        assert scene.play(2000, SPEECH, REPLY - 8.0) == []


class TestBadSettings:
    def test_are_refused(self) -> None:
        with pytest.raises(ValueError, match="found interruption_ms 0"):
            BargeIn(interruption_ms=0)
        with pytest.raises(ValueError, match="found backchannel_ms -1"):
            BargeIn(interruption_ms=200, backchannel_ms=-1)
