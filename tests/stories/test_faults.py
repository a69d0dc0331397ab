"""Everything that can go wrong on the line, in every state: nothing is stuck, nothing is sent while muted."""

from __future__ import annotations

from random import Random

import pytest

from edge_agent.dialogue.indication import Indication
from edge_agent.dialogue.state import Phase
from edge_agent.local.faults.fault import parsed
from edge_agent.local.faults.fault_kinds import GARBAGE, KINDS
from tests.stories.prompter import Prompter

STATES = ("listening", "thinking", "speaking")
OF_THE_LINE = (
    "drop",
    "offline,for_s=5",
    "half_open",
    "half_open,for_s=5",
    "stall,for_s=2",
    "stall,for_s=25",
    "stall,for_s=2,way=up",
    "delay,value=800,jitter_ms=400,for_s=10",
    "delay,value=20000",
    "delay,value=800,for_s=10,way=both",
    "burst,value=1500,for_s=10",
    "reorder,value=500,for_s=20",
)
OF_MESSAGES = (
    "duplicate,count=200",
    "lose,count=20",
    "lose,only=response.done",
    "lose,only=input_audio_buffer.committed",
    "wrong_types,count=60",
    "wrong_types,only=response.done",
    "wrong_types,only=response.done,value=response.id",
    "wrong_types,count=60,only=response.output_audio.delta",
    *(f"garbage,value={what},count=5" for what in GARBAGE),
    "oversized",
    "oversized,value=1",
)
OF_THE_SERVER = (
    "expire",
    "expire slow_close",
    *(f"close,value={code}" for code in (1000, 1001, 1008, 1011, 1012, 1013, 4000)),
    *(f"failed,value={code}" for code in ("server_error", "rate_limit_exceeded", "content_filter")),
    "failed,value=max_output_tokens",
)
AT_THE_DOOR = (
    "drop refuse,value=429",
    "drop refuse,value=500,count=3",
    "drop refuse,value=503,count=3",
    "drop slow_upgrade,for_s=5",
    "drop slow_upgrade,for_s=inf",
    *(f"drop certificate,value={which},count=3" for which in ("expired", "wrong_host", "self_signed")),
)
# Errors, by what they mean for us: the conversation goes on, or a person must act.
PASSING = (
    "invalid_request_error",
    "conversation_already_has_active_response",
    "response_cancel_not_active",
    "input_audio_buffer_commit_empty",
    "item_not_found",
    "session_expired",
    "server_error",
    "rate_limit_exceeded",
    "no_such_code",
)
FATAL = (
    "insufficient_quota",
    "invalid_api_key",
    "account_deactivated",
    "billing_hard_limit_reached",
    "credit_balance_exhausted",
    "beta_api_shape_disabled",
    "model_not_found",
)
GOT_OVER = (*OF_THE_LINE, *OF_MESSAGES, *OF_THE_SERVER, *AT_THE_DOOR, *(f"error,value={code}" for code in PASSING))
REFUSALS = (*(f"error,value={code}" for code in FATAL), *(f"drop refuse,value={code}" for code in (401, 403, 404)))


def struck(specs: str, state: str) -> tuple[Prompter, int]:
    """A question, and these faults in that state of it; returns its turn too."""
    stage = Prompter()
    turn = stage.wake()
    stage.speak(0.8)
    if state == "listening":
        stage.fault(*specs.split())
    stage.speak(0.7)
    stage.end_sentence()
    if state == "thinking":
        stage.run(0.3)
        stage.fault(*specs.split())
    if state == "speaking":
        stage.run_until(lambda: stage.phase is Phase.SPEAKING)
        stage.run(0.5)
        stage.fault(*specs.split())
    stage.run(0.02)
    return stage, turn


def assert_answers_again(stage: Prompter) -> None:
    turn = stage.ask()
    stage.run(25)
    assert stage.heard(turn)
    assert stage.phase is Phase.IDLE
    assert stage.mind.unexpected == 0


def lights(stage: Prompter) -> set[str]:
    return {note.data["light"] for note in stage.happenings if note.kind == "state"}


class TestAFault:
    def test_of_every_kind_is_told_here(self) -> None:
        specs = " ".join((*GOT_OVER, *REFUSALS)).split()
        assert {parsed(spec).kind for spec in specs} == set(KINDS)

    @pytest.mark.parametrize("state", STATES)
    @pytest.mark.parametrize("specs", GOT_OVER)
    def test_is_got_over(self, specs: str, state: str) -> None:
        stage, _ = struck(specs, state)
        stage.run(60)
        assert stage.phase is Phase.IDLE
        assert_answers_again(stage)

    @pytest.mark.parametrize("state", STATES)
    @pytest.mark.parametrize("specs", REFUSALS)
    def test_that_only_a_person_can_mend_is_shown(self, specs: str, state: str) -> None:
        stage, turn = struck(specs, state)
        stage.run_until(lambda: stage.phase is Phase.IDLE)
        stage.run(7)  # the follow-up window
        assert stage.light is Indication.FAULT
        assert stage.wake() == turn, "somebody was listened to in vain"
        stage.run(5)  # it was tried again at once: by now a person has mended it
        assert_answers_again(stage)

    @pytest.mark.parametrize("specs", ["drop", "half_open", "offline,for_s=30", "expire", "oversized", "close"])
    def test_while_nobody_asks_is_got_over_in_silence(self, specs: str) -> None:
        stage = Prompter()
        stage.fault(*specs.split())
        stage.run(90)
        assert Indication.FAULT.value not in lights(stage)
        assert len([note for note in stage.happenings if note.kind == "ready"]) == 2
        assert_answers_again(stage)


class TestWhileMuted:
    @pytest.mark.parametrize("state", STATES)
    @pytest.mark.parametrize(
        "specs", ["drop", "offline,for_s=5", "half_open", "half_open,for_s=5", "expire", "stall,for_s=25", "oversized"]
    )
    def test_nothing_of_the_person_leaves_whatever_breaks(self, specs: str, state: str) -> None:
        stage, _ = struck(specs, state)
        stage.mute(True)
        muted_s = stage.now_s
        stage.run(40)
        stage.speak()
        stage.run(20)
        assert stage.sound_sent(muted_s, stage.now_s) == 0
        since = [event["type"] for at, event in stage.sent if at >= muted_s]
        assert "input_audio_buffer.commit" not in since
        assert "response.create" not in since
        stage.mute(False)
        stage.run(1)
        assert_answers_again(stage)


class TestFaultsUponFaults:
    @pytest.mark.parametrize("seed", range(20))
    def test_leave_nothing_stuck_and_send_nothing_while_muted(self, seed: int) -> None:
        rng = Random(seed)
        stage = Prompter(seed)
        for _ in range(12):
            match rng.choice(("fault", "fault", "ask", "half a question", "mute", "press")):
                case "fault":
                    stage.fault(*rng.choice((*GOT_OVER, *REFUSALS)).split())
                case "ask":
                    stage.ask()
                case "half a question":
                    stage.wake()
                    stage.speak(0.6)
                case "press":
                    stage.press()
                case "mute":
                    stage.mute(True)
                    muted_s = stage.now_s
                    stage.run(rng.uniform(0, 20))
                    assert stage.sound_sent(muted_s, stage.now_s) == 0
                    stage.mute(False)
            stage.run(rng.choice((0.05, 0.5, 2, 8, 20)))
        for _ in range(8):  # faults that stand are used up by the first questions
            stage.run(90)
            turn = stage.ask()
            stage.run(25)
            if stage.heard(turn):
                break
        assert_answers_again(stage)


class TestTwoRunsOfTheSameStory:
    def test_are_the_same(self) -> None:
        def run() -> list[str]:
            specs = (
                "reorder,value=500,for_s=20 wrong_types,count=20 delay,value=100,jitter_ms=300,for_s=9 garbage,count=9"
            )
            stage, _ = struck(specs, "speaking")
            stage.run(30)
            return [note.line() for note in stage.happenings]

        assert run() == run()
