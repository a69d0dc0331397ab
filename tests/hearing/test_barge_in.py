"""Talking over the reply, from levels and probabilities alone."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from edge_agent.hearing.barge_in import BargeIn, BargeInFact
from edge_agent.hearing.facts import NearEndConfirmed, NearEndDismissed, NearEndSuspected

SPEECH, SILENCE = 0.95, 0.02
PERSON, LEFTOVER, REPLY, QUIET = -28.0, -65.0, -18.0, -120.0  # dBFS
TRUSTED_DB, UNTRUSTED_DB = 30.0, 0.0


@dataclass
class Scene:
    """A gate and the block it has come to."""

    gate: BargeIn = field(default_factory=lambda: BargeIn(interruption_ms=240))
    block: int = 0

    def play(
        self, ms: int, probability: float, clean_dbfs: float, *, reply_dbfs: float = REPLY, reduction_db: float = 30.0
    ) -> list[BargeInFact]:
        facts = []
        for _ in range(ms // 10):
            self.gate.observe(clean_dbfs, reply_dbfs)
            facts.append(self.gate.judge(self.block, probability, reduction_db))
            self.block += 1
        return [fact for fact in facts if fact is not None]

    def reply(self, ms: int, *, reduction_db: float = 30.0) -> list[BargeInFact]:
        """The reply alone; the canceller leaves next to nothing."""
        return self.play(ms, SILENCE, LEFTOVER, reduction_db=reduction_db)

    def person(self, ms: int, *, clean_dbfs: float = PERSON, reduction_db: float = 30.0) -> list[BargeInFact]:
        return self.play(ms, SPEECH, clean_dbfs, reduction_db=reduction_db)


@pytest.fixture
def scene() -> Scene:
    """Two seconds into a reply."""
    scene = Scene()
    assert scene.reply(2000) == []
    return scene


class TestAPersonTalkingOver:
    def test_is_suspected_at_once_and_confirmed_after_sustained_speech(self, scene: Scene) -> None:
        suspected, confirmed = scene.person(600)
        assert suspected == NearEndSuspected(200 + 5)
        assert confirmed == NearEndConfirmed(since=200 - 50, block=200 + 23)

    def test_is_confirmed_once(self, scene: Scene) -> None:
        assert [type(fact) for fact in scene.person(3000)] == [NearEndSuspected, NearEndConfirmed]

    def test_is_confirmed_through_gaps_between_words(self, scene: Scene) -> None:
        facts = scene.person(160) + scene.play(80, SILENCE, -50.0) + scene.person(200)
        assert [type(fact) for fact in facts] == [NearEndSuspected, NearEndConfirmed]
        assert isinstance(facts[-1], NearEndConfirmed)
        assert facts[-1].since == 200 - 50

    def test_may_try_again_when_nobody_acted(self, scene: Scene) -> None:
        scene.person(500)
        scene.reply(600)
        assert [type(fact) for fact in scene.person(500)] == [NearEndSuspected, NearEndConfirmed]

    def test_is_asked_for_as_much_speech_as_is_configured(self) -> None:
        scene = Scene(BargeIn(interruption_ms=500))
        scene.reply(2000)
        assert [type(fact) for fact in scene.person(490)] == [NearEndSuspected]
        assert [type(fact) for fact in scene.person(20)] == [NearEndConfirmed]

    def test_in_a_pause_of_the_reply_needs_no_trust(self) -> None:
        scene = Scene()
        scene.play(1000, SILENCE, LEFTOVER, reply_dbfs=QUIET, reduction_db=UNTRUSTED_DB)
        facts = scene.play(600, SPEECH, -40.0, reply_dbfs=QUIET, reduction_db=UNTRUSTED_DB)
        assert [type(fact) for fact in facts] == [NearEndSuspected, NearEndConfirmed]


class TestACough:
    def test_is_dismissed_after_a_moment_of_silence(self, scene: Scene) -> None:
        suspected, dismissed = scene.person(100) + scene.reply(1000)
        assert isinstance(suspected, NearEndSuspected)
        assert dismissed == NearEndDismissed(200 + 9 + 30)

    def test_of_a_single_window_is_not_even_suspected(self, scene: Scene) -> None:
        assert scene.person(40) + scene.reply(1000) == []

    def test_now_and_then_never_adds_up(self, scene: Scene) -> None:
        facts = [fact for _ in range(20) for fact in scene.person(40) + scene.reply(120)]
        assert facts == []


class TestTrust:
    def test_that_is_missing_asks_for_more_speech_rather_than_none_at_all(self) -> None:
        scene = Scene()
        scene.reply(2000, reduction_db=UNTRUSTED_DB)
        _, confirmed = scene.person(1000, reduction_db=UNTRUSTED_DB)
        assert isinstance(confirmed, NearEndConfirmed)
        assert (confirmed.block - 200 + 1) * 10 == 390  # 240 ms x 1.6, in whole blocks

    def test_grows_with_what_was_measured(self) -> None:
        needed = []
        for reduction_db in (0.0, 6.0, 12.0, 40.0):
            scene = Scene()
            scene.reply(2000, reduction_db=reduction_db)
            needed.append(scene.person(1000, reduction_db=reduction_db)[-1].block)
        assert needed[0] > needed[1] > needed[2] == needed[3]

    def test_is_not_needed_by_the_very_first_reply_after_a_second_of_sound(self) -> None:
        scene = Scene()
        scene.reply(1200, reduction_db=UNTRUSTED_DB)
        assert isinstance(scene.person(600, reduction_db=UNTRUSTED_DB)[-1], NearEndConfirmed)


class TestOurOwnEcho:
    def test_that_reads_as_speech_fires_nothing_at_the_level_it_always_has(self) -> None:
        scene = Scene()
        assert scene.play(20_000, SPEECH, REPLY - 8.0, reduction_db=UNTRUSTED_DB) == []

    def test_fires_nothing_in_the_first_instant_when_nothing_is_known_of_it(self) -> None:
        assert Scene().play(900, SPEECH, REPLY - 1.0, reduction_db=TRUSTED_DB) == []

    def test_does_not_hide_a_person_who_stands_out_from_it(self) -> None:
        scene = Scene()
        scene.play(5000, SPEECH, -50.0, reduction_db=UNTRUSTED_DB)
        facts = scene.person(800, clean_dbfs=-35.0, reduction_db=UNTRUSTED_DB)
        assert isinstance(facts[-1], NearEndConfirmed)

    def test_still_under_way_from_the_loudspeaker_counts_as_echo(self) -> None:
        scene = Scene()
        scene.play(5000, SPEECH, -30.0, reduction_db=UNTRUSTED_DB)
        assert scene.play(400, SPEECH, -30.0, reply_dbfs=QUIET, reduction_db=UNTRUSTED_DB) == []


class TestNearSilence:
    def test_fires_nothing_however_sure_the_detector_is(self, scene: Scene) -> None:
        assert scene.play(3000, 1.0, -58.0) == []
        assert scene.play(3000, 1.0, -58.0, reply_dbfs=QUIET) == []


class TestAReset:
    def test_drops_a_suspicion_without_a_word(self, scene: Scene) -> None:
        assert len(scene.person(200)) == 1
        scene.gate.reset()
        assert scene.reply(1000) == []

    def test_keeps_what_was_learned_of_our_echo(self) -> None:
        scene = Scene()
        scene.play(5000, SPEECH, REPLY - 8.0, reduction_db=UNTRUSTED_DB)
        scene.gate.reset()
        assert scene.play(2000, SPEECH, REPLY - 8.0, reduction_db=UNTRUSTED_DB) == []


class TestAGateThatIsOff:
    def test_notices_nothing(self) -> None:
        scene = Scene(BargeIn(interruption_ms=240, enabled=False))
        assert scene.reply(2000) + scene.person(3000) == []


class TestBadSettings:
    def test_are_refused(self) -> None:
        with pytest.raises(ValueError, match="found interruption_ms 0"):
            BargeIn(interruption_ms=0)


class TestAPersonWhomTheDetectorHardlyBelieves:
    """Over a reply, speech is heard through a filter."""

    HALF = 0.4

    def test_is_believed_where_the_level_alone_proves_that_somebody_is_there(self) -> None:
        scene = Scene()
        scene.reply(3000)
        assert NearEndConfirmed(since=300 - 50, block=300 + 23) in scene.play(600, self.HALF, PERSON)

    def test_is_not_where_it_might_be_our_own_voice(self) -> None:
        scene = Scene()
        scene.play(3000, SILENCE, -40.0)
        assert scene.play(2000, self.HALF, PERSON) == [], "12 dB over the leftover"

    def test_is_not_while_the_leftover_is_hardly_known(self) -> None:
        scene = Scene()
        scene.reply(500)
        assert scene.play(600, self.HALF, PERSON) == []

    def test_is_not_without_trust_in_the_canceller(self) -> None:
        scene = Scene()
        scene.reply(3000, reduction_db=UNTRUSTED_DB)
        assert scene.play(600, self.HALF, PERSON, reduction_db=UNTRUSTED_DB) == []

    def test_is_no_clap_and_no_vacuum_cleaner(self) -> None:
        scene = Scene()
        scene.reply(3000)
        assert scene.play(3000, 0.1, PERSON) == []
