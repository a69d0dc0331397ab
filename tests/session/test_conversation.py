"""The conversation against a peer made of dictionaries: what is sent, told and played, event by event."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any

import pytest

from edge_agent.dialogue import events as ev
from edge_agent.dialogue.events import ItemHeard
from edge_agent.session.conversation import Conversation
from edge_agent.session.link import Endpoint
from edge_agent.session.openai_realtime import OpenAIRealtime

MS = 48  # bytes
SECOND = bytes(1000 * MS)


class FakeLink:
    """Collects what is sent while it is open, as the real one does."""

    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []
        self.endpoints: list[Endpoint] = []
        self.forgotten: list[int] = []
        self.open = False
        self.closes = 0

    def connect(self, endpoint: Endpoint) -> None:
        self.open = False
        self.endpoints.append(endpoint)

    def send(self, event: Mapping[str, Any], *, lot: int = 0) -> None:
        if self.open:
            self.sent.append(dict(event))

    def forget_unsent(self, lot: int) -> None:
        self.forgotten.append(lot)

    def close(self) -> None:
        self.open = False
        self.closes += 1

    def types(self) -> list[str]:
        return [event["type"] for event in self.sent]

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [event for event in self.sent if event["type"] == kind]

    def audio(self) -> bytes:
        return b"".join(base64.b64decode(event["audio"]) for event in self.of("input_audio_buffer.append"))


class Notes:
    def __init__(self) -> None:
        self.all: list[tuple[str, int, dict[str, Any]]] = []

    def note(self, kind: str, turn: int = 0, /, **data: Any) -> None:
        self.all.append((kind, turn, data))

    def of(self, kind: str) -> list[tuple[int, dict[str, Any]]]:
        return [(turn, data) for noted, turn, data in self.all if noted == kind]


def provider(detection: str = "local", **others: Any) -> OpenAIRealtime:
    settings: dict[str, Any] = {
        "url": "ws://127.0.0.1:1/v1/realtime",
        "model": "m",
        "key": "k",
        "voice": "v",
        "instructions": "be brief",
        "transcription": "t",
        "max_output_tokens": 100,
        "tools": [],
    }
    return OpenAIRealtime(detection=detection, **(settings | others))


class Desk:
    """A conversation with everything around it recorded; the server's side is played by the test."""

    def __init__(self, detection: str = "local", **others: Any) -> None:
        self.link = FakeLink()
        self.notes = Notes()
        self.told: list[ev.Event] = []
        self.played: list[tuple[int, str, bytes]] = []
        self.captions: list[tuple[str, str]] = []
        self.talk = Conversation(
            provider(detection, **others),
            self.link,
            tell=self.told.append,
            play=self.play,
            timeline=self.notes,
            caption=lambda turn, role, text: self.captions.append((role, text)),
        )

    def play(self, turn: int, item: str, audio: bytes) -> None:
        self.played.append((turn, item, audio))

    def says(self, kind: str, **fields: Any) -> None:
        self.talk.link_event({"type": kind, "event_id": "e", **fields})

    def open_link(self) -> None:
        self.talk.connect()
        self.link.open = True
        self.talk.link_opened()

    def ready(self) -> Desk:
        self.open_link()
        self.says("session.updated", session={})
        return self

    def fresh(self) -> None:
        """Forget what was recorded so far."""
        self.link.sent.clear()
        self.told.clear()
        self.played.clear()
        self.notes.all.clear()

    def drop(self, reason: str = "gone") -> None:
        self.link.open = False
        self.talk.link_lost(reason, False)

    def speak(self, turn: int = 1, audio: bytes = SECOND) -> None:
        self.talk.open_turn(turn)
        self.talk.append(turn, audio)
        self.talk.commit(turn)

    def created(self, response: str = "r1", metadata: dict[str, str] | None = None) -> None:
        asked = self.link.of("response.create")
        echoed = asked[-1]["response"]["metadata"] if asked and metadata is None else metadata
        self.says("response.created", response={"id": response, "metadata": echoed})

    def delta(self, audio: bytes = bytes(100 * MS), response: str = "r1", item: str = "a1") -> None:
        sound = base64.b64encode(audio).decode()
        self.says("response.output_audio.delta", response_id=response, item_id=item, delta=sound)

    def words(self, text: str, response: str = "r1", item: str = "a1") -> None:
        self.says("response.output_audio_transcript.delta", response_id=response, item_id=item, delta=text)

    def done(self, response: str = "r1", status: str = "completed", **details: Any) -> None:
        self.says("response.done", response={"id": response, "status": status, **details})

    def error(self, code: str, event_id: str | None = None) -> None:
        self.says("error", error={"type": "x", "code": code, "message": f"about {code}", "event_id": event_id})

    def calls(self, *calls: tuple[str, str, str], response: str = "r1") -> None:
        output = [
            {"type": "function_call", "id": f"f_{call_id}", "call_id": call_id, "name": name, "arguments": arguments}
            for call_id, name, arguments in calls
        ]
        self.done(response, output=output)

    def finished(self) -> list[tuple[int, str, str]]:
        return [(e.turn, e.status, e.reason) for e in self.told if isinstance(e, ev.ResponseFinished)]

    def replayed(self) -> list[tuple[str, str]]:
        """(kind or role, text) of the items that were sent."""
        found = []
        for event in self.link.of("conversation.item.create"):
            item = event["item"]
            text = item.get("arguments") or item.get("output") or item.get("content", [{}])[0].get("text", "")
            found.append((item.get("role", item["type"]), text))
        return found


class TestGettingReady:
    def test_sends_the_settings_without_waiting_for_a_greeting(self) -> None:
        desk = Desk()
        desk.open_link()
        assert desk.link.types() == ["session.update"]
        assert desk.told == []

    def test_is_ready_when_the_settings_are_in_force(self) -> None:
        desk = Desk()
        desk.open_link()
        desk.says("conversation.created", conversation={"id": "c"})
        desk.says("session.updated", session={})
        desk.says("session.created", session={})
        desk.says("session.updated", session={})
        assert desk.told == [ev.LinkReady()]
        assert desk.notes.of("ready") == [(0, {})]
        assert desk.notes.of("resume") == []

    def test_refused_settings_are_fatal_and_said(self) -> None:
        desk = Desk()
        desk.open_link()
        desk.error("invalid_value", desk.link.sent[0]["event_id"])
        assert isinstance(desk.told[-1], ev.LinkLost)
        assert desk.told[-1].fatal
        assert "refuses our settings" in desk.told[-1].reason
        assert desk.link.closes == 1

    def test_a_servers_own_trouble_with_the_settings_is_worth_another_try(self) -> None:
        desk = Desk()
        desk.open_link()
        desk.error("server_error", desk.link.sent[0]["event_id"])
        assert isinstance(desk.told[-1], ev.LinkLost)
        assert not desk.told[-1].fatal

    def test_another_audio_format_than_ours_is_refused_before_it_makes_noise(self) -> None:
        desk = Desk()
        desk.open_link()
        shape = {"format": {"type": "audio/pcm", "rate": 16000}}
        desk.says("session.updated", session={"audio": {"input": shape, "output": shape}})
        assert isinstance(desk.told[-1], ev.LinkLost)
        assert desk.told[-1].fatal
        assert "audio/pcm 16000" in desk.told[-1].reason

    def test_the_embedded_and_the_cloud_echo_of_our_format_is_fine(self) -> None:
        desk = Desk()
        desk.open_link()
        shape = {"format": {"type": "audio/pcm", "rate": 24000}}
        desk.says("session.updated", session={"audio": {"input": shape, "output": shape}})
        assert desk.told == [ev.LinkReady()]

    def test_nothing_is_listened_to_before_the_socket_is_open_or_after_hanging_up(self) -> None:
        desk = Desk()
        desk.talk.connect()
        desk.says("session.updated", session={})
        desk.ready()
        desk.talk.close()
        desk.fresh()
        desk.says("session.updated", session={})
        desk.talk.link_lost("late", False)
        assert desk.told == []

    def test_a_connection_that_was_never_used_is_given_up_with_what_it_lacked(self) -> None:
        desk = Desk()
        for _ in range(2):
            desk.talk.connect()
        desk.open_link()
        desk.open_link()
        desk.ready()
        desk.ready()
        assert [data["reason"] for _, data in desk.notes.of("drop")] == [
            "127.0.0.1:1 did not answer in time: check network and address",
            "127.0.0.1:1 did not answer in time: check network and address",
            "127.0.0.1:1 opened the connection but started no session: check session.url",
            "127.0.0.1:1 opened the connection but started no session: check session.url",
            "the session is renewed",
        ]


class TestASentence:
    def test_streams_while_it_is_spoken(self) -> None:
        desk = Desk().ready()
        desk.talk.open_turn(1)
        desk.talk.append(1, b"\x01\x02" * 480)
        desk.talk.append(1, b"\x03\x04" * 480)
        assert desk.link.audio() == b"\x01\x02" * 480 + b"\x03\x04" * 480
        assert desk.notes.of("append") == [(1, {"bytes": 960}), (1, {"bytes": 960})]

    def test_is_committed_and_asked_about_in_one_burst(self) -> None:
        desk = Desk().ready()
        desk.speak()
        assert desk.link.types()[-3:] == ["input_audio_buffer.append", "input_audio_buffer.commit", "response.create"]
        assert desk.link.sent[-1]["event_id"]
        assert desk.notes.of("commit") == [(1, {"ms": 1000})]

    def test_speech_of_another_turn_is_dropped_and_counted(self) -> None:
        desk = Desk().ready()
        desk.talk.append(1, SECOND)
        desk.talk.open_turn(2)
        desk.talk.append(1, SECOND)
        desk.talk.append(3, SECOND)
        assert desk.link.audio() == b""
        assert desk.talk.dropped_appends == 3

    def test_speech_after_the_commit_is_dropped(self) -> None:
        desk = Desk().ready()
        desk.speak()
        desk.talk.append(1, SECOND)
        assert len(desk.link.audio()) == len(SECOND)

    def test_less_than_a_tenth_of_a_second_is_cleared_instead_of_committed(self) -> None:
        desk = Desk().ready()
        desk.speak(audio=bytes(99 * MS))
        assert desk.link.types()[-1] == "input_audio_buffer.clear"
        assert desk.finished() == [(1, "failed", "nothing was said")]
        assert desk.link.of("response.create") == []

    def test_a_tenth_of_a_second_is_enough(self) -> None:
        desk = Desk().ready()
        desk.speak(audio=bytes(100 * MS))
        assert desk.link.types()[-1] == "response.create"

    def test_a_discarded_one_leaves_nothing_in_the_providers_buffer(self) -> None:
        desk = Desk().ready()
        desk.talk.open_turn(1)
        desk.talk.append(1, SECOND)
        desk.talk.discard(1)
        desk.talk.commit(1)
        assert desk.link.types()[-1] == "input_audio_buffer.clear"
        assert desk.told == [ev.LinkReady()]

    def test_a_discarded_one_is_taken_back_as_far_as_it_has_not_left(self) -> None:
        desk = Desk().ready()
        desk.talk.open_turn(1)
        desk.talk.append(1, SECOND)
        desk.talk.discard(1)
        assert 1 in desk.link.forgotten

    def test_a_committed_one_is_not_taken_back_in_halves(self) -> None:
        desk = Desk().ready()
        desk.speak(1)
        desk.talk.discard(1)
        desk.talk.open_turn(2)
        desk.talk.append(2, SECOND)
        desk.talk.open_turn(3)
        assert desk.link.forgotten == [2]

    def test_a_new_turn_starts_with_an_empty_buffer(self) -> None:
        desk = Desk().ready()
        desk.talk.open_turn(1)
        desk.talk.append(1, SECOND)
        desk.talk.open_turn(2)
        assert desk.link.types()[-1] == "input_audio_buffer.clear"

    def test_a_commit_that_the_provider_found_empty_ends_as_silence(self) -> None:
        desk = Desk().ready()
        desk.speak()
        desk.error("input_audio_buffer_commit_empty")
        assert desk.finished() == [(1, "failed", "nothing was said")]
        desk.created()
        assert desk.link.sent[-1] == {"type": "response.cancel", "response_id": "r1"}
        desk.delta()
        assert desk.played == []


class TestAReply:
    def test_is_played_as_it_comes_and_told_in_milliseconds(self) -> None:
        desk = Desk().ready()
        desk.speak()
        desk.fresh()
        desk.created(metadata={})
        desk.delta(b"\x01\x02" * 24 * 40)
        desk.delta(b"\x03\x04" * 24 * 60)
        desk.done()
        assert desk.played == [(1, "a1", b"\x01\x02" * 24 * 40), (1, "a1", b"\x03\x04" * 24 * 60)]
        assert desk.told == [ev.ReplyAudio(1, 40), ev.ReplyAudio(1, 60), ev.ResponseFinished(1, "completed")]
        assert [kind for kind, _, _ in desk.notes.all] == ["response", "first_delta"]

    def test_half_a_sample_waits_for_its_other_half(self) -> None:
        desk = Desk().ready()
        desk.speak()
        desk.created()
        desk.delta(b"\x01\x02\x03")
        desk.delta(b"\x04\x05\x06")
        assert [audio for _, _, audio in desk.played] == [b"\x01\x02", b"\x03\x04\x05\x06"]

    def test_half_a_sample_does_not_leak_into_the_next_item(self) -> None:
        desk = Desk().ready()
        desk.speak()
        desk.created()
        desk.delta(b"\x01\x02\x03")
        desk.delta(b"\x04\x05", item="a2")
        assert desk.played[-1] == (1, "a2", b"\x04\x05")

    def test_milliseconds_are_not_lost_to_rounding(self) -> None:
        desk = Desk().ready()
        desk.speak()
        desk.created()
        for _ in range(10):
            desk.delta(bytes(MS + MS // 2))
        assert sum(e.ms for e in desk.told if isinstance(e, ev.ReplyAudio)) == 15

    def test_beta_names_are_understood(self) -> None:
        desk = Desk().ready()
        desk.speak()
        desk.created()
        desk.says("response.audio.delta", response_id="r1", item_id="a1", delta=base64.b64encode(bytes(MS)).decode())
        desk.says("response.audio_transcript.delta", response_id="r1", item_id="a1", delta="hi")
        assert len(desk.played) == 1
        assert desk.captions == [("assistant", "hi")]

    def test_a_failure_without_an_error_event_is_told(self) -> None:
        desk = Desk().ready()
        desk.speak()
        desk.created()
        desk.done(status="failed", status_details={"type": "failed", "error": {"code": "boom", "message": "it broke"}})
        assert desk.finished() == [(1, "failed", "it broke")]
        assert desk.notes.of("error") == [(1, {"code": "boom", "message": "it broke"})]

    def test_an_incomplete_one_says_why(self) -> None:
        desk = Desk().ready()
        desk.speak()
        desk.created()
        desk.done(status="incomplete", status_details={"type": "incomplete", "reason": "max_output_tokens"})
        assert desk.finished() == [(1, "incomplete", "max_output_tokens")]

    def test_a_failure_over_quota_is_told_and_ends_the_link_for_good(self) -> None:
        desk = Desk().ready()
        desk.speak()
        desk.created()
        desk.done(status="failed", status_details={"error": {"type": "insufficient_quota", "message": "pay"}})
        assert desk.finished() == [(1, "failed", "pay")]
        assert desk.told[-1] == ev.LinkLost("the provider refuses us: pay (insufficient_quota)", True)

    def test_a_request_that_is_turned_down_fails_the_turn(self) -> None:
        desk = Desk().ready()
        desk.speak()
        desk.error("invalid_value", desk.link.sent[-1]["event_id"])
        assert desk.finished() == [(1, "failed", "about invalid_value")]
        desk.speak(2)
        assert desk.link.types()[-1] == "response.create"

    def test_captions_grow_and_the_persons_words_come_whole(self) -> None:
        desk = Desk().ready()
        desk.speak()
        desk.created()
        desk.words("It is ")
        desk.words("noon.")
        desk.says("conversation.item.input_audio_transcription.completed", item_id="u1", transcript=" what time? \n")
        assert desk.captions == [("assistant", "It is "), ("assistant", "It is noon."), ("user", "what time?")]

    def test_its_cost_is_noted(self) -> None:
        desk = Desk().ready()
        desk.speak()
        desk.created()
        desk.done(usage={"input_tokens": 7, "output_tokens": 3, "input_token_details": {"audio_tokens": 5}})
        assert desk.notes.of("usage") == [(1, {"input": 7, "input_audio": 5, "output": 3})]

    def test_can_be_asked_for_without_speech(self) -> None:
        desk = Desk().ready()
        desk.talk.open_turn(1)
        desk.talk.ask(1, "say hello")
        assert desk.link.types() == ["session.update", "response.create"]
        assert desk.link.sent[-1]["response"]["instructions"] == "say hello"
        desk.talk.append(1, SECOND)
        assert desk.link.audio() == b""


class TestOneResponseAtATime:
    def test_a_request_waits_for_the_end_of_the_cancelled_one(self) -> None:
        desk = Desk().ready()
        desk.speak(1)
        desk.created("r1")
        desk.talk.cancel(1)
        desk.speak(2)
        assert len(desk.link.of("response.create")) == 1
        desk.done("r1", "cancelled")
        assert [event["response"]["metadata"]["turn"] for event in desk.link.of("response.create")] == ["1", "2"]

    def test_busy_is_matched_by_event_id_and_asked_again_once(self) -> None:
        desk = Desk().ready()
        desk.speak()
        first = desk.link.sent[-1]["event_id"]
        desk.error("conversation_already_has_active_response", first)
        assert desk.finished() == []
        desk.done("somebody_elses")
        again = desk.link.sent[-1]
        assert again["type"] == "response.create"
        assert again["event_id"] != first
        desk.error("conversation_already_has_active_response", again["event_id"])
        assert desk.finished() == [(1, "failed", "about conversation_already_has_active_response")]
        desk.done("another")
        assert len(desk.link.of("response.create")) == 2

    def test_the_second_request_can_succeed(self) -> None:
        desk = Desk().ready()
        desk.speak()
        desk.error("conversation_already_has_active_response", desk.link.sent[-1]["event_id"])
        desk.done("somebody_elses")
        desk.created("r2")
        desk.delta(response="r2")
        desk.done("r2")
        assert desk.finished() == [(1, "completed", "")]
        assert len(desk.played) == 1

    def test_busy_about_something_else_changes_nothing(self) -> None:
        desk = Desk().ready()
        desk.speak()
        desk.error("conversation_already_has_active_response", "not ours")
        desk.created()
        desk.delta()
        assert len(desk.played) == 1

    def test_a_response_nobody_asked_for_is_cancelled_and_not_heard(self) -> None:
        desk = Desk().ready()
        desk.created("ghost", metadata={})
        desk.delta(response="ghost")
        desk.words("boo", response="ghost")
        assert desk.link.sent[-1] == {"type": "response.cancel", "response_id": "ghost"}
        assert desk.played == []
        assert desk.captions == []
        assert desk.talk.dropped_deltas == 1

    def test_a_ghost_holds_our_request_up_only_until_it_is_done(self) -> None:
        desk = Desk().ready()
        desk.created("ghost", metadata={})
        desk.speak()
        assert desk.link.of("response.create") == []
        desk.done("ghost", "cancelled")
        assert desk.link.types()[-1] == "response.create"
        assert desk.finished() == []

    def test_the_answer_to_an_older_request_is_told_apart_by_its_metadata(self) -> None:
        desk = Desk().ready()
        desk.speak()
        desk.created("old", metadata={"ask": "an older request"})
        desk.created("r1")
        desk.delta(response="old")
        desk.delta(response="r1")
        assert [item for _, item, _ in desk.played] == ["a1"]
        assert desk.link.of("response.cancel") == [{"type": "response.cancel", "response_id": "old"}]

    def test_a_response_the_server_forgot_does_not_block_for_ever(self) -> None:
        desk = Desk().ready()
        desk.speak(1)
        desk.created("r1")
        desk.talk.cancel(1)
        desk.speak(2)  # waits for r1's end, in vain
        desk.talk.cancel(2)  # dialogue has lost patience
        assert desk.finished() == [(2, "cancelled", "")]
        desk.speak(3)
        assert desk.link.sent[-1]["response"]["metadata"]["turn"] == "3"
        desk.created("r3")
        desk.delta(response="r3")
        assert [turn for turn, _, _ in desk.played] == [3]


class TestCancelling:
    def test_names_the_response_while_it_is_owed(self) -> None:
        desk = Desk().ready()
        desk.speak()
        desk.created()
        desk.talk.cancel(1)
        desk.talk.cancel(1)
        assert desk.link.of("response.cancel") == [{"type": "response.cancel", "response_id": "r1"}]
        desk.done(status="cancelled", status_details={"reason": "client_cancelled"})
        assert desk.finished() == [(1, "cancelled", "client_cancelled")]

    @pytest.mark.parametrize("begun", [True, False])
    def test_is_noted_once_for_one_interruption(self, begun: bool) -> None:
        desk = Desk().ready()
        desk.speak()
        if begun:
            desk.created()
        desk.talk.cancel(1)
        desk.talk.open_turn(2)
        assert desk.notes.of("cancel") == [(1, {"response_id": "r1" if begun else ""})]

    def test_waits_for_a_response_that_has_not_begun(self) -> None:
        desk = Desk().ready()
        desk.speak()
        desk.talk.cancel(1)
        assert desk.link.of("response.cancel") == []
        desk.created()
        assert desk.link.sent[-1] == {"type": "response.cancel", "response_id": "r1"}

    def test_sends_nothing_when_the_response_is_long_done(self) -> None:
        desk = Desk().ready()
        desk.speak()
        desk.created()
        desk.delta()
        desk.done()
        desk.fresh()
        desk.talk.cancel(1)
        assert desk.link.sent == []
        assert desk.told == []

    def test_what_still_arrives_is_not_played(self) -> None:
        desk = Desk().ready()
        desk.speak()
        desk.created()
        desk.delta()
        desk.talk.cancel(1)
        desk.delta()
        desk.words("unheard")
        assert len(desk.played) == 1
        assert desk.captions == []

    def test_items_nobody_heard_a_sound_of_are_forgotten_by_the_provider_too(self) -> None:
        desk = Desk().ready()
        desk.speak()
        desk.created()
        desk.words("I was about to say")
        desk.talk.cancel(1)
        desk.delta()
        desk.done(status="cancelled")
        assert desk.link.sent[-1]["type"] == "conversation.item.truncate"
        assert desk.link.sent[-1]["audio_end_ms"] == 0
        desk.drop()
        desk.ready()
        assert desk.replayed() == []

    def test_a_response_that_is_not_there_is_no_drama(self) -> None:
        desk = Desk().ready()
        desk.speak()
        desk.created()
        desk.error("response_cancel_not_active")
        desk.delta()
        assert len(desk.played) == 1

    def test_one_whose_end_got_lost_does_not_keep_the_next_one_waiting(self) -> None:
        desk = Desk().ready()
        desk.speak()
        desk.created()
        desk.talk.cancel(1)
        desk.error("response_cancel_not_active")
        assert desk.finished() == [(1, "cancelled", "")]
        desk.speak(2)
        assert desk.link.sent[-1]["type"] == "response.create"

    def test_a_completed_end_that_crossed_the_cancel_counts_as_cancelled(self) -> None:
        desk = Desk().ready()
        desk.speak()
        desk.created()
        desk.talk.cancel(1)
        desk.calls(("c1", "set_volume", "{}"))
        assert desk.finished() == [(1, "cancelled", "")]
        assert not [e for e in desk.told if isinstance(e, ev.ToolRequested)]

    def test_a_new_turn_ends_the_one_before(self) -> None:
        desk = Desk().ready()
        desk.speak(1)
        desk.created()
        desk.talk.open_turn(2)
        desk.delta()
        assert desk.link.types()[-1] == "response.cancel"
        assert desk.played == []

    def test_an_unsent_request_is_over_at_once(self) -> None:
        desk = Desk()
        desk.speak()
        desk.talk.cancel(1)
        assert desk.finished() == [(1, "cancelled", "")]
        desk.ready()
        assert desk.link.types() == ["session.update"]


class TestTruncating:
    def reply(self) -> Desk:
        desk = Desk().ready()
        desk.speak()
        desk.created()
        desk.words("one two three four five")
        desk.delta(bytes(1000 * MS))
        return desk

    @pytest.mark.parametrize(("heard", "end"), [(500, 500), (0, 0), (950, 900), (1000, 900)])
    def test_to_what_was_heard_and_never_to_what_the_service_may_not_have(self, heard: int, end: int) -> None:
        desk = self.reply()
        desk.talk.cancel(1)
        desk.talk.truncate(1, (ItemHeard("a1", heard, 1000),))
        assert desk.link.sent[-1]["audio_end_ms"] == end
        assert desk.link.sent[-1]["content_index"] == 0
        assert desk.notes.of("truncate") == [(1, {"item": "a1", "audio_end_ms": end})]

    def test_of_a_short_item_never_goes_below_zero(self) -> None:
        desk = self.reply()
        desk.talk.truncate(1, (ItemHeard("a1", 40, 60),))
        assert desk.link.sent[-1]["audio_end_ms"] == 0

    def test_leaves_alone_what_was_heard_to_its_end(self) -> None:
        desk = self.reply()
        desk.says("response.output_audio.done", response_id="r1", item_id="a1")
        desk.talk.truncate(1, (ItemHeard("a1", 1000, 1000),))
        assert desk.link.of("conversation.item.truncate") == []

    def test_goes_item_by_item(self) -> None:
        desk = self.reply()
        desk.delta(bytes(1000 * MS), item="a2")
        desk.done()
        desk.talk.truncate(1, (ItemHeard("a1", 1000, 1000), ItemHeard("a2", 300, 1000)))
        assert [(e["item_id"], e["audio_end_ms"]) for e in desk.link.of("conversation.item.truncate")] == [("a2", 300)]

    def test_shortens_our_own_record(self) -> None:
        desk = self.reply()
        desk.done()
        desk.talk.truncate(1, (ItemHeard("a1", 400, 1000),))
        desk.drop()
        desk.ready()
        assert desk.replayed() == [("assistant", "one two")]

    def test_shortens_our_record_of_a_reply_that_outlived_its_connection(self) -> None:
        desk = self.reply()
        desk.done()
        for _ in range(2):
            desk.drop()
            desk.ready()
        desk.talk.truncate(1, (ItemHeard("a1", 400, 1000),))
        desk.drop()
        desk.fresh()
        desk.ready()
        assert desk.replayed() == [("assistant", "one two")]

    def test_says_nothing_about_items_of_an_older_connection(self) -> None:
        desk = self.reply()
        desk.drop()
        desk.ready()
        desk.fresh()
        desk.talk.truncate(1, (ItemHeard("a1", 400, 1000),))
        assert desk.link.sent == []

    def test_too_long_after_all_is_no_drama(self) -> None:
        desk = self.reply()
        desk.says("error", error={"type": "invalid_request_error", "message": "Audio content is already shorter"})
        desk.delta()
        assert len(desk.played) == 2


class TestTools:
    def asked(self, *calls: tuple[str, str, str]) -> Desk:
        desk = Desk().ready()
        desk.speak()
        desk.created()
        desk.calls(*calls)
        return desk

    def test_are_requested_before_the_response_is_told_finished(self) -> None:
        desk = self.asked(("c1", "set_volume", '{"percent": 30}'), ("c2", "get_volume", "{}"))
        assert desk.told[-3:] == [
            ev.ToolRequested(1, "c1", "set_volume", {"percent": 30}),
            ev.ToolRequested(1, "c2", "get_volume", {}),
            ev.ResponseFinished(1, "tool_calls"),
        ]
        assert [data["name"] for _, data in desk.notes.of("tool")] == ["set_volume", "get_volume"]

    def test_all_answers_then_one_request(self) -> None:
        desk = self.asked(("c1", "a", "{}"), ("c2", "b", "{}"))
        desk.fresh()
        desk.talk.answer_tool(1, "c2", "two")
        assert desk.link.types() == ["conversation.item.create"]
        desk.talk.answer_tool(1, "c1", "one")
        assert desk.link.types() == ["conversation.item.create", "conversation.item.create", "response.create"]
        assert desk.link.sent[0]["item"]["call_id"] == "c2"
        assert desk.link.sent[0]["item"]["output"] == "two"

    def test_the_reply_goes_on_in_the_same_turn(self) -> None:
        desk = self.asked(("c1", "a", "{}"))
        desk.talk.answer_tool(1, "c1", "one")
        desk.created("r2")
        desk.delta(response="r2")
        desk.done("r2")
        assert desk.told[-2:] == [ev.ReplyAudio(1, 100), ev.ResponseFinished(1, "completed")]

    def test_are_found_in_the_events_before_if_the_last_one_is_bare(self) -> None:
        desk = Desk().ready()
        desk.speak()
        desk.created()
        call = {"response_id": "r1", "item_id": "f1", "call_id": "c1", "name": "get_volume", "arguments": "{}"}
        desk.says("response.function_call_arguments.done", **call)
        desk.done()
        assert ev.ToolRequested(1, "c1", "get_volume", {}) in desk.told

    def test_a_call_told_three_times_is_made_once(self) -> None:
        desk = Desk().ready()
        desk.speak()
        desk.created()
        desk.says("response.function_call_arguments.done", response_id="r1", item_id="f", call_id="c1", arguments="{}")
        item = {"type": "function_call", "id": "f", "call_id": "c1", "name": "a", "arguments": "{}"}
        desk.says("response.output_item.done", response_id="r1", item=item)
        desk.calls(("c1", "a", "{}"))
        assert [e for e in desk.told if isinstance(e, ev.ToolRequested)] == [ev.ToolRequested(1, "c1", "a", {})]

    @pytest.mark.parametrize("arguments", ["{", "[1]", "7", "[" * 100_000])
    def test_unreadable_arguments_are_answered_by_ourselves(self, arguments: str) -> None:
        desk = self.asked(("c1", "a", arguments))
        assert not [e for e in desk.told if isinstance(e, ev.ToolRequested)]
        assert "error" in json.loads(desk.link.of("conversation.item.create")[0]["item"]["output"])
        assert desk.link.types()[-1] == "response.create"

    @pytest.mark.parametrize("status", ["cancelled", "incomplete", "failed"])
    def test_of_a_response_that_broke_off_are_not_run(self, status: str) -> None:
        desk = Desk().ready()
        desk.speak()
        desk.created()
        output = [{"type": "function_call", "id": "f", "call_id": "c1", "name": "a", "arguments": "{}"}]
        desk.done(status=status, output=output)
        assert not [e for e in desk.told if isinstance(e, ev.ToolRequested)]
        assert desk.finished()[0][1] == status

    def test_an_answer_nobody_waits_for_is_dropped(self) -> None:
        desk = self.asked(("c1", "a", "{}"))
        desk.talk.answer_tool(1, "c1", "one")
        desk.fresh()
        desk.talk.answer_tool(1, "c1", "again")
        desk.talk.answer_tool(1, "c9", "unknown")
        desk.talk.answer_tool(7, "c1", "another turn")
        assert desk.link.sent == []

    def test_a_call_that_is_given_up_does_not_stay_open_at_the_provider(self) -> None:
        desk = self.asked(("c1", "a", "{}"))
        desk.fresh()
        desk.talk.cancel(1)
        assert desk.link.types() == ["conversation.item.create"]
        assert desk.link.sent[0]["item"]["call_id"] == "c1"
        assert desk.finished() == [(1, "cancelled", "")]


class TestALostConnection:
    def test_during_speech_loses_nothing(self) -> None:
        desk = Desk().ready()
        desk.talk.open_turn(1)
        desk.talk.append(1, b"\x01\x02" * 24_000)
        desk.drop()
        desk.talk.append(1, b"\x03\x04" * 24_000)
        desk.fresh()
        desk.ready()
        desk.talk.append(1, b"\x05\x06" * 24_000)
        desk.talk.commit(1)
        assert desk.link.audio() == b"\x01\x02" * 24_000 + b"\x03\x04" * 24_000 + b"\x05\x06" * 24_000
        assert desk.link.types()[-2:] == ["input_audio_buffer.commit", "response.create"]
        assert desk.notes.of("resume") == [(1, {"items": 0, "audio_ms": 2000})]

    def test_a_wake_while_connecting_is_heard_in_full(self) -> None:
        desk = Desk()
        desk.talk.connect()
        desk.speak()
        desk.link.open = True
        desk.talk.link_opened()
        desk.says("session.updated", session={})
        assert desk.link.types() == [
            "session.update",
            "input_audio_buffer.append",
            "input_audio_buffer.commit",
            "response.create",
        ]
        assert desk.told == [ev.LinkReady()]

    def test_a_sentence_with_a_pause_in_it_is_heard_in_full(self) -> None:
        desk = Desk()
        for turn in (1, 2, 3):
            desk.talk.open_turn(turn, continues=turn > 1)
            desk.talk.append(turn, bytes([turn]) * 1000 * MS)
            desk.talk.commit(turn)
            desk.talk.cancel(turn - 1)
        desk.ready()
        assert desk.link.audio() == b"".join(bytes([turn]) * 1000 * MS for turn in (1, 2, 3))
        assert desk.link.types()[-2:] == ["input_audio_buffer.commit", "response.create"]
        assert len(desk.link.of("response.create")) == 1
        assert desk.finished() == [(1, "cancelled", ""), (2, "cancelled", "")]
        desk.created()
        desk.delta()
        assert [turn for turn, _, _ in desk.played] == [3]

    def test_between_a_sentence_and_its_going_on_loses_neither_and_says_neither_twice(self) -> None:
        desk = Desk().ready()
        desk.speak(1, b"\x01" * 1000 * MS)
        desk.says("input_audio_buffer.committed", item_id="u1")
        desk.says("conversation.item.input_audio_transcription.completed", item_id="u1", transcript="what is the")
        desk.drop()
        desk.talk.open_turn(2, continues=True)
        desk.talk.append(2, b"\x02" * 1000 * MS)
        desk.talk.commit(2)
        desk.fresh()
        desk.ready()
        assert desk.link.audio() == b"\x01" * 1000 * MS + b"\x02" * 1000 * MS
        assert desk.replayed() == []

    @pytest.mark.parametrize("how", ["another matter", "called off", "unfinished", "muted"])
    def test_what_was_given_up_is_never_sent(self, how: str) -> None:
        desk = Desk()
        desk.talk.open_turn(1)
        desk.talk.append(1, b"\x01" * 1000 * MS)
        if how != "unfinished":
            desk.talk.commit(1)
        if how == "called off":
            desk.talk.cancel(1)
        desk.talk.open_turn(2, continues=how != "another matter")
        desk.talk.append(2, b"\x02" * 1000 * MS)
        if how == "muted":
            desk.talk.discard(2)
            desk.talk.open_turn(3)
            desk.talk.append(3, b"\x02" * 1000 * MS)
        desk.ready()
        assert desk.link.audio() == b"\x02" * 1000 * MS

    def test_before_any_answer_asks_again_without_telling_of_a_loss(self) -> None:
        desk = Desk().ready()
        desk.speak()
        desk.says("input_audio_buffer.committed", item_id="u1")
        desk.says("conversation.item.input_audio_transcription.completed", item_id="u1", transcript="what time")
        desk.created()
        desk.words("It is")
        desk.drop("gone")
        assert desk.told[-1] == ev.LinkLost("gone", False)
        assert desk.finished() == []
        desk.fresh()
        desk.ready()
        assert desk.replayed() == []  # neither the words nobody heard nor the transcript of what is said again
        assert desk.link.audio() == SECOND
        assert desk.link.types()[-2:] == ["input_audio_buffer.commit", "response.create"]
        desk.created("r2")
        desk.delta(response="r2")
        assert [turn for turn, _, _ in desk.played] == [1]

    def test_in_the_middle_of_a_reply_ends_the_turn(self) -> None:
        desk = Desk().ready()
        desk.speak()
        desk.created()
        desk.delta()
        desk.drop("gone")
        assert desk.told[-2:] == [ev.ResponseFinished(1, "lost", "gone"), ev.LinkLost("gone", False)]
        desk.fresh()
        desk.ready()
        assert desk.link.audio() == b""
        assert desk.link.of("response.create") == []

    def test_replays_the_conversation_in_its_order_not_that_of_arrival(self) -> None:
        desk = Desk().ready()
        desk.speak()
        desk.says("input_audio_buffer.committed", item_id="u1", previous_item_id=None)
        desk.created()
        desk.says("conversation.item.added", item={"id": "a1"}, previous_item_id="u1")
        desk.words("It is noon.")
        desk.delta()
        desk.done()
        desk.says("conversation.item.input_audio_transcription.completed", item_id="u1", transcript="What time is it?")
        desk.drop()
        desk.fresh()
        desk.ready()
        assert desk.replayed() == [("user", "What time is it?"), ("assistant", "It is noon.")]
        assert desk.link.types()[0] == "session.update"
        assert desk.notes.of("resume") == [(0, {"items": 2, "audio_ms": 0})]
        assert [kind for kind, _, _ in desk.notes.all] == ["resume", "ready"]

    def test_replays_again_after_the_next_loss_without_doubling(self) -> None:
        desk = Desk().ready()
        desk.speak()
        desk.created()
        desk.words("It is noon.")
        desk.delta()
        desk.done()
        for _ in range(3):
            desk.drop()
            desk.fresh()
            desk.ready()
            for event in desk.link.of("conversation.item.create"):
                desk.says("conversation.item.added", item=event["item"])
            assert desk.replayed() == [("assistant", "It is noon.")]

    def test_a_pending_tool_is_answered_on_the_new_connection(self) -> None:
        desk = Desk().ready()
        desk.speak()
        desk.says("input_audio_buffer.committed", item_id="u1")
        desk.created()
        desk.calls(("c1", "slow", '{"x": 1}'))
        desk.drop()
        desk.fresh()
        desk.ready()
        kinds = [kind for kind in desk.link.types() if kind != "session.update"]
        assert kinds == ["input_audio_buffer.append", "input_audio_buffer.commit", "conversation.item.create"]
        assert desk.replayed() == [("function_call", '{"x": 1}')]
        desk.talk.answer_tool(1, "c1", "done")
        assert desk.link.types()[-2:] == ["conversation.item.create", "response.create"]

    def test_a_tool_answered_in_between_is_replayed_with_its_call(self) -> None:
        desk = Desk().ready()
        desk.speak()
        desk.created()
        desk.calls(("c1", "slow", '{"x": 1}'))
        desk.drop()
        desk.talk.answer_tool(1, "c1", "done")
        desk.fresh()
        desk.ready()
        assert desk.replayed() == [("function_call", '{"x": 1}'), ("function_call_output", "done")]
        assert desk.link.types()[-1] == "response.create"

    def test_a_greeting_that_was_not_heard_is_asked_for_again(self) -> None:
        desk = Desk().ready()
        desk.talk.open_turn(1)
        desk.talk.ask(1, "say hello")
        desk.drop()
        desk.fresh()
        desk.ready()
        assert desk.link.sent[-1]["response"]["instructions"] == "say hello"

    def test_speech_that_kills_every_connection_is_given_up(self) -> None:
        desk = Desk().ready()
        desk.speak()
        for _ in range(4):
            desk.drop("poisoned")
            desk.ready()
        assert desk.finished() == [(1, "lost", "poisoned")]
        assert desk.link.types()[-1] == "session.update"

    def test_for_good_forgets_the_question(self) -> None:
        desk = Desk().ready()
        desk.speak()
        desk.error("invalid_api_key")
        assert desk.told[-1] == ev.LinkLost("the provider refuses us: about invalid_api_key (invalid_api_key)", True)
        assert desk.link.closes == 1
        desk.fresh()
        desk.ready()
        assert desk.link.types() == ["session.update"]

    def test_an_expired_session_is_a_drop_like_any_other(self) -> None:
        desk = Desk().ready()
        desk.error("session_expired")
        assert isinstance(desk.told[-1], ev.LinkLost)
        assert not desk.told[-1].fatal
        assert desk.link.closes == 1
        desk.talk.link_lost("1001", False)
        assert len([e for e in desk.told if isinstance(e, ev.LinkLost)]) == 1

    def test_a_renewal_in_silence_is_no_loss(self) -> None:
        desk = Desk().ready()
        desk.fresh()
        desk.ready()
        assert desk.told == [ev.LinkReady()]
        assert len(desk.link.endpoints) == 2

    def test_empties_no_buffer_that_the_new_session_does_not_have(self) -> None:
        desk = Desk().ready()
        desk.talk.open_turn(1)
        desk.talk.append(1, SECOND)
        desk.drop()
        desk.talk.discard(1)
        desk.fresh()
        desk.ready()
        desk.talk.open_turn(2)
        assert desk.link.types() == ["session.update"]

    def test_does_not_mistake_a_commit_for_one_of_the_old_connection(self) -> None:
        desk = Desk().ready()
        desk.speak(1)
        desk.drop()  # before the commit was answered
        desk.talk.cancel(1)
        desk.ready()
        desk.speak(2)
        desk.says("input_audio_buffer.committed", item_id="u2")
        desk.says("conversation.item.input_audio_transcription.completed", item_id="u2", transcript="said again anyway")
        desk.drop()
        desk.fresh()
        desk.ready()
        assert desk.replayed() == []
        assert desk.link.audio() == SECOND

    def test_keeps_a_minute_of_speech_and_no_more(self) -> None:
        desk = Desk()
        desk.talk.open_turn(1)
        for number in range(70):
            desk.talk.append(1, bytes([number]) * 1000 * MS)
        desk.ready()
        audio = desk.link.audio()
        assert len(audio) == 60 * 1000 * MS
        assert audio[0] == 10
        assert audio[-1] == 69


class TestWithTheProvidersTurnDetection:
    def listening(self) -> Desk:
        desk = Desk("server_vad").ready()
        desk.talk.open_turn(1)
        desk.talk.append(1, SECOND)
        return desk

    def test_the_providers_commit_ends_the_sentence(self) -> None:
        desk = self.listening()
        desk.says("input_audio_buffer.speech_started", audio_start_ms=100, item_id="u1")
        desk.says("input_audio_buffer.speech_stopped", audio_end_ms=900, item_id="u1")
        desk.says("input_audio_buffer.committed", item_id="u1")
        assert desk.told[-1] == ev.ServerEndedSpeech(1)
        desk.created("r1", metadata={})
        desk.delta()
        desk.done()
        assert desk.told[-2:] == [ev.ReplyAudio(1, 100), ev.ResponseFinished(1, "completed")]
        assert desk.link.of("input_audio_buffer.commit") == []
        assert desk.link.of("response.create") == []

    def test_a_response_without_a_commit_ends_it_too(self) -> None:
        desk = self.listening()
        desk.created("r1", metadata={})
        desk.delta()
        assert desk.told[-2:] == [ev.ServerEndedSpeech(1), ev.ReplyAudio(1, 100)]

    def test_nothing_more_is_sent_once_it_has_ended(self) -> None:
        desk = self.listening()
        desk.says("input_audio_buffer.committed", item_id="u1")
        desk.talk.append(1, SECOND)
        assert desk.link.audio() == SECOND

    def test_a_ghost_turn_is_cancelled(self) -> None:
        desk = Desk("semantic_vad").ready()
        desk.says("input_audio_buffer.committed", item_id="u1")
        desk.created("ghost", metadata={})
        desk.delta(response="ghost")
        assert desk.told == [ev.LinkReady()]
        assert desk.link.sent[-1] == {"type": "response.cancel", "response_id": "ghost"}
        assert desk.played == []

    def test_a_turn_discarded_while_the_provider_took_it_is_not_answered(self) -> None:
        desk = self.listening()
        desk.says("input_audio_buffer.committed", item_id="u1")
        desk.talk.discard(1)
        desk.created("r1", metadata={})
        desk.delta()
        assert desk.played == []
        assert desk.link.sent[-1] == {"type": "response.cancel", "response_id": "r1"}

    def test_the_answer_to_an_abandoned_sentence_is_not_taken_for_the_next_one(self) -> None:
        desk = self.listening()
        desk.says("input_audio_buffer.committed", item_id="u1")
        desk.talk.cancel(1)
        desk.talk.open_turn(2)
        desk.talk.append(2, SECOND)
        desk.created("r1", metadata={})
        desk.delta()
        assert desk.played == []
        assert ev.ServerEndedSpeech(2) not in desk.told

    def test_a_persons_insistence_commits_and_the_providers_own_answer_counts(self) -> None:
        desk = self.listening()
        desk.talk.commit(1)
        asked = desk.link.sent[-1]["event_id"]
        desk.error("conversation_already_has_active_response", asked)
        desk.created("r1", metadata={})
        desk.delta()
        desk.done()
        assert desk.finished() == [(1, "completed", "")]
        assert len(desk.link.of("response.create")) == 1

    def test_our_own_commit_is_not_taken_for_the_providers(self) -> None:
        desk = self.listening()
        desk.talk.commit(1)
        desk.talk.cancel(1)
        desk.talk.open_turn(2)
        desk.talk.append(2, SECOND)
        desk.says("input_audio_buffer.committed", item_id="u1")
        assert ev.ServerEndedSpeech(2) not in desk.told

    def woken_again(self) -> Desk:
        desk = self.listening()
        desk.talk.discard(1)
        desk.talk.open_turn(2)
        desk.talk.append(2, bytes(20 * MS))
        desk.fresh()
        return desk

    def test_a_commit_that_crossed_our_clear_belongs_to_the_sentence_that_was_given_up(self) -> None:
        desk = self.woken_again()
        desk.says("input_audio_buffer.committed", item_id="u1")
        desk.created("r1", metadata={})
        desk.delta()
        desk.says("input_audio_buffer.cleared")
        desk.says("conversation.item.input_audio_transcription.completed", item_id="u1", transcript="never mind")
        desk.done("r1", status="cancelled")
        assert desk.told == []
        assert desk.played == []
        assert desk.link.of("response.cancel") == [{"type": "response.cancel", "response_id": "r1"}]
        desk.talk.append(2, SECOND)
        desk.says("input_audio_buffer.committed", item_id="u2")
        desk.created("r2", metadata={})
        desk.delta(response="r2", item="a2")
        assert desk.told == [ev.ServerEndedSpeech(2), ev.ReplyAudio(2, 100)]

    def test_the_answer_to_it_may_come_after_the_clear(self) -> None:
        desk = self.woken_again()
        desk.says("input_audio_buffer.committed", item_id="u1")
        desk.says("input_audio_buffer.cleared")
        desk.created("r1", metadata={})
        desk.delta()
        assert desk.told == []
        assert desk.link.sent == [{"type": "response.cancel", "response_id": "r1"}]

    def test_or_never(self) -> None:
        desk = self.woken_again()
        desk.says("input_audio_buffer.committed", item_id="u1")
        desk.says("input_audio_buffer.cleared")
        desk.talk.append(2, SECOND)
        desk.says("input_audio_buffer.committed", item_id="u2")
        desk.created("r2", metadata={})
        desk.delta(response="r2")
        assert desk.told == [ev.ServerEndedSpeech(2), ev.ReplyAudio(2, 100)]

    def test_a_commit_after_the_clear_is_the_new_sentence(self) -> None:
        desk = self.woken_again()
        desk.says("input_audio_buffer.cleared")
        desk.says("input_audio_buffer.committed", item_id="u2")
        assert desk.told == [ev.ServerEndedSpeech(2)]

    def test_a_provider_that_never_tells_of_clears_is_not_waited_for_twice(self) -> None:
        desk = self.woken_again()
        desk.says("input_audio_buffer.committed", item_id="u1")
        desk.talk.discard(2)
        desk.talk.open_turn(3)
        desk.talk.append(3, SECOND)
        desk.says("input_audio_buffer.committed", item_id="u3")
        assert desk.told == [ev.ServerEndedSpeech(3)]

    def test_after_a_loss_a_finished_sentence_is_answered_all_the_same(self) -> None:
        desk = self.listening()
        desk.says("input_audio_buffer.committed", item_id="u1")
        desk.drop()
        desk.fresh()
        desk.ready()
        assert desk.link.audio() == SECOND
        assert desk.link.types()[-2:] == ["input_audio_buffer.commit", "response.create"]


class TestGarbage:
    @pytest.mark.parametrize(
        "event",
        [
            {},
            {"type": None},
            {"type": 7},
            {"type": "response.created"},
            {"type": "response.created", "response": []},
            {"type": "response.created", "response": {"id": 5}},
            {"type": "response.output_audio.delta", "response_id": "r1", "item_id": "a1", "delta": "?!"},
            {"type": "response.output_audio.delta", "response_id": "r1", "item_id": "a1", "delta": 7},
            {"type": "response.output_audio.delta", "response_id": "r1", "delta": ""},
            {"type": "response.done", "response": None},
            {"type": "conversation.item.added", "item": "x"},
            {"type": "input_audio_buffer.committed"},
            {"type": "response.output_item.done", "response_id": "r1", "item": {"type": "function_call"}},
        ],
    )
    def test_is_counted_and_passed_over(self, event: dict[str, Any]) -> None:
        desk = Desk().ready()
        desk.speak()
        desk.created()
        desk.talk.link_event(event)
        desk.delta()
        assert desk.talk.malformed == 1
        assert len(desk.played) == 1
        assert desk.notes.of("error")[0][1]["code"] == "malformed"

    @pytest.mark.parametrize("kind", ["ping", "rate_limits.updated", "response.content_part.added", "made.up"])
    def test_what_we_do_not_need_to_know_is_ignored(self, kind: str) -> None:
        desk = Desk().ready()
        desk.says(kind, anything=[1, {"x": None}])
        assert desk.talk.malformed == 0
        assert desk.told == [ev.LinkReady()]

    def test_does_not_fill_the_journal(self) -> None:
        desk = Desk().ready()
        for _ in range(250):
            desk.says("response.created")
        assert desk.talk.malformed == 250
        assert len(desk.notes.of("error")) == 3

    def test_an_error_in_an_odd_shape_is_noted(self) -> None:
        desk = Desk().ready()
        desk.says("error", error="it broke")
        desk.says("error")
        desk.says("error", error={"message": 7, "code": []})
        assert [data["message"] for _, data in desk.notes.of("error")] == ["it broke", "unknown", "unknown"]

    def test_an_unknown_status_still_frees_the_slot(self) -> None:
        desk = Desk().ready()
        desk.speak()
        desk.created()
        desk.done(status="finished?")
        assert desk.finished() == [(1, "completed", "")]
