"""Whatever a client sends and whatever the workers give back, in any order: the session stands."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge_agent.local.speech.work import Recognised, Spoken
from tests.local.wire_client import LoudnessDetector, WireClient, kinds, noise, only
from tests.local.wire_strategies import Erratic, json_values, nearly_valid, openings, steps


class Ledger:
    """What must hold of all that was sent, followed as it comes."""

    def __init__(self, client: WireClient) -> None:
        self._client = client
        self._read = 0
        self.active: str | None = None
        self._responses: set[str] = set()
        self._items: set[str] = set()

    def check(self) -> None:
        new, self._read = self._client.events[self._read :], len(self._client.events)
        for event in new:
            match event["type"]:
                case "response.created":
                    assert self.active is None, "two responses at a time"
                    self.active = event["response"]["id"]
                    assert self.active not in self._responses
                    self._responses.add(self.active)
                case "response.done":
                    assert event["response"]["id"] == self.active
                    self.active = None
                case "conversation.item.added":
                    assert event["item"]["id"] not in self._items
                    self._items.add(event["item"]["id"])
                case "conversation.item.done":
                    assert event["item"]["id"] in self._items
                case "conversation.item.deleted":
                    assert event["item_id"] in self._items
                    self._items.remove(event["item_id"])
            if "response_id" in event:
                assert event["response_id"] == self.active
        assert self._client.at == sorted(self._client.at)


def a_clean_turn(client: WireClient, ledger: Ledger) -> None:
    """Nothing that happened may be in the way of it, once the running response has been cancelled."""
    client.wait(1.0)
    ledger.check()
    if ledger.active is not None:
        client.say("response.cancel")
    client.send(
        {
            "type": "session.update",
            "session": {
                "type": "realtime",
                "output_modalities": ["audio"],
                "max_output_tokens": "inf",
                "audio": {"input": {"format": {"type": "audio/pcm", "rate": 24_000}, "turn_detection": None}},
            },
        }
    )
    client.say("input_audio_buffer.clear")
    for work in client.jobs:
        client.take(client.session.done(work.id, Recognised("late"), client.now))
    client.jobs.clear()
    client.append(noise(400))
    assert kinds(client.say("input_audio_buffer.commit"))[0] == "input_audio_buffer.committed"
    client.hears()
    before = len(client.events)
    client.respond(metadata={"turn": "clean"})
    for work in client.jobs:
        client.take(client.session.done(work.id, Spoken(noise(400)), client.now))
    client.finish_reply()
    ledger.check()
    done = only(client.events[before:], "response.done")["response"]
    assert (done["status"], done["metadata"]) == ("completed", {"turn": "clean"})
    assert len(done["output"]) == 1


class TestASession:
    @settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.booleans(), st.sampled_from([0, 200]), openings, st.lists(steps, min_size=15, max_size=40))
    def test_stands_whatever_comes(
        self, detects: bool, delay_ms: int, opening: list[tuple[str, Any]], plan: list[tuple[str, Any]]
    ) -> None:
        detector = LoudnessDetector() if detects else None
        client = WireClient(brain=Erratic(), detector=detector, model_delay_ms=delay_ms)
        ledger = Ledger(client)
        answered = ["work_0000"]
        for kind, value in opening + plan:
            if kind == "send":
                client.send(value)
            elif kind == "wait":
                client.wait(value)
            elif kind == "done" and client.jobs:
                answered.append(client.jobs.pop(0).id)
                client.take(client.session.done(answered[-1], value, client.now))
            else:
                client.take(client.session.done(answered[-1], value, client.now))
            ledger.check()
        a_clean_turn(client, ledger)

    @settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
    @given(nearly_valid() | json_values)
    def test_answers_nonsense_with_one_event(self, event: Any) -> None:
        client = WireClient()
        before = client.session.receive({"type": "conversation.item.retrieve", "item_id": "none"}, client.now)
        assert kinds(told for _, told in before) == ["error"]
        answers = client.send(event)
        assert kinds(answers).count("error") <= 1
        if not isinstance(event, dict) or not isinstance(event.get("type"), str):
            assert kinds(answers) == ["error"]

    def test_does_not_go_back_in_time(self) -> None:
        client = WireClient()
        client.text()
        client.respond()
        client.wait(10)
        client.text()
        timed = client.session.done(client.job("speak").id, Spoken(noise(300)), client.now - 50)
        assert min(due for due, _ in timed) >= client.now
