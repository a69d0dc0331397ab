"""What a person says and what becomes of it: the session, its audio, its items."""

from __future__ import annotations

from typing import Any

import pytest

from edge_agent.audio.wire import FORMATS, samples_from_pcm16
from edge_agent.local.speech.work import Failed, Recognised, Spoken
from tests.local.wire_client import VOLUME_TOOL, WireClient, joined, kinds, noise, quiet

TRANSCRIPTION = "conversation.item.input_audio_transcription"


class TestAnOpening:
    def test_tells_the_session_and_the_conversation(self) -> None:
        client = WireClient()
        assert kinds(client.events) == ["session.created", "conversation.created"]
        session = client.events[0]["session"]
        assert session["audio"]["input"]["turn_detection"] is None  # there is no speech detector
        assert session["output_modalities"] == ["audio"]
        assert session["expires_at"] > 0

    def test_shows_a_new_configuration_whole(self) -> None:
        client = WireClient()
        answer = client.configure(
            instructions="be brief",
            tools=[VOLUME_TOOL],
            tool_choice="auto",
            audio={
                "input": {"format": {"type": "audio/pcmu"}, "transcription": {"model": "gpt-transcribe"}},
                "output": {"voice": "cedar", "speed": 1.25},
            },
        )
        assert answer["type"] == "session.updated"
        session = answer["session"]
        assert session["instructions"] == "be brief"
        assert session["tools"] == [VOLUME_TOOL]
        assert session["audio"]["input"]["format"] == {"type": "audio/pcmu"}
        assert session["audio"]["output"] == {
            "format": {"type": "audio/pcm", "rate": 24_000},
            "voice": "cedar",
            "speed": 1.25,
        }
        assert session["id"] == client.events[0]["session"]["id"]

    def test_two_equal_sessions_say_the_same_to_the_byte(self) -> None:
        one, other = WireClient(), WireClient()
        one.turn()
        other.turn()
        assert (one.events, one.at) == (other.events, other.at)


class TestACommit:
    def test_makes_an_item_and_asks_to_recognise_it(self) -> None:
        client = WireClient()
        said = noise(500)
        assert client.append(said[:1000]) + client.append(said[1000:]) == []
        committed, added, done = client.say("input_audio_buffer.commit")
        assert kinds([committed, added, done]) == [
            "input_audio_buffer.committed",
            "conversation.item.added",
            "conversation.item.done",
        ]
        assert committed["item_id"] == added["item"]["id"] == done["item"]["id"]
        assert committed["previous_item_id"] is None
        assert added["item"]["role"] == "user"
        assert added["item"]["content"][0]["type"] == "input_audio"
        work = client.job("recognise")
        assert (work.payload, work.rate) == (said, 24_000)

    def test_takes_telephone_sound_at_its_own_rate(self) -> None:
        client = WireClient()
        client.configure(audio={"input": {"format": {"type": "audio/pcmu"}}})
        wire = FORMATS["audio/pcmu"].encode(samples_from_pcm16(noise(400, 8_000)))
        client.append(wire)
        client.say("input_audio_buffer.commit")
        work = client.job("recognise")
        assert work.rate == 8_000
        assert len(work.payload) == 2 * 8 * 400

    @pytest.mark.parametrize("ms", [0, 99])
    def test_of_too_little_is_an_error(self, ms: int) -> None:
        client = WireClient()
        client.append(noise(ms))
        (error,) = client.say("input_audio_buffer.commit", event_id="mine")
        assert error["error"]["code"] == "input_audio_buffer_commit_empty"
        assert error["error"]["event_id"] == "mine"
        assert client.jobs == []

    def test_tells_how_little_there_was(self) -> None:
        client = WireClient()
        client.append(noise(60)[:-24])
        (error,) = client.say("input_audio_buffer.commit")
        assert error["error"]["message"] == (
            "Error committing input audio buffer: buffer too small. Expected at least 100ms of audio, but buffer only "
            "has 59.50ms of audio."
        )

    def test_takes_as_much_as_one_append_may_hold(self) -> None:
        client = WireClient()
        most = bytes(15 * 1024 * 1024)
        assert client.append(most) == []
        assert client.append(b"") == []
        (error,) = client.append(most + b"\0\0\0\0")
        assert error["error"]["code"] == "string_above_max_length"
        client.say("input_audio_buffer.commit")
        assert len(client.job("recognise").payload) == len(most)

    def test_refused_leaves_the_sound_where_it_was(self) -> None:
        client = WireClient()
        client.append(noise(60))
        client.say("input_audio_buffer.commit")
        client.append(noise(60))
        assert kinds(client.say("input_audio_buffer.commit"))[0] == "input_audio_buffer.committed"

    def test_after_a_clear_has_only_what_came_later(self) -> None:
        client = WireClient()
        client.append(noise(700))
        assert kinds(client.say("input_audio_buffer.clear")) == ["input_audio_buffer.cleared"]
        client.append(quiet(200))
        client.say("input_audio_buffer.commit")
        assert client.job("recognise").payload == quiet(200)

    def test_after_a_change_of_rate_has_only_what_came_later(self) -> None:
        client = WireClient()
        client.append(noise(700))
        client.configure(audio={"input": {"format": {"type": "audio/pcma"}}})
        client.append(b"\xd5" * 8 * 200)
        client.say("input_audio_buffer.commit")
        assert len(client.job("recognise").payload) == 2 * 8 * 200


class TestATranscription:
    def committed(self, **transcription: Any) -> WireClient:
        client = WireClient()
        if transcription:
            client.configure(audio={"input": {"transcription": transcription}})
        client.append(noise(1_000))
        client.say("input_audio_buffer.commit")
        return client

    def test_is_sent_when_asked_for(self) -> None:
        client = self.committed(model="gpt-transcribe", language="en")
        item_id = client.events[-1]["item"]["id"]
        heard = client.hears("what time is it")
        assert kinds(heard) == [f"{TRANSCRIPTION}.delta", f"{TRANSCRIPTION}.completed"]
        assert {event["item_id"] for event in heard} == {item_id}
        assert heard[1]["transcript"] == joined(heard, f"{TRANSCRIPTION}.delta") == "what time is it"
        assert heard[1]["usage"]["input_tokens"] == 10  # one every 100 ms

    @pytest.mark.parametrize("model", ["whisper-1", "gpt-realtime-whisper"])
    def test_is_counted_in_seconds_where_the_model_is_billed_by_time(self, model: str) -> None:
        client = self.committed(model=model)
        assert client.hears()[1]["usage"] == {"type": "duration", "seconds": 1.0}

    def test_has_no_probabilities_even_when_they_are_asked_for(self) -> None:
        client = self.committed(model="gpt-transcribe")
        assert client.configure(include=["item.input_audio_transcription.logprobs"])["type"] == "session.updated"
        assert not any("logprobs" in event for event in client.hears())

    def test_may_come_after_the_next_sentence_was_committed(self) -> None:
        client = self.committed(model="gpt-transcribe")
        client.append(noise(300))
        client.say("input_audio_buffer.commit")
        one, other = client.jobs
        client.jobs.clear()
        second, first = client.done(other, Recognised("two"))[1], client.done(one, Recognised("one"))[1]
        assert (first["transcript"], second["transcript"]) == ("one", "two")
        assert first["item_id"] != second["item_id"]

    def test_is_not_sent_otherwise_but_kept(self) -> None:
        client = self.committed()
        item_id = client.events[-1]["item"]["id"]
        assert client.hears("what time is it") == []
        (retrieved,) = client.say("conversation.item.retrieve", item_id=item_id)
        assert retrieved["item"]["content"][0]["transcript"] == "what time is it"

    def test_that_fails_says_so(self) -> None:
        client = self.committed(model="whisper-1")
        (failed,) = client.done(client.job("recognise"), Failed("no dictionary"))
        assert failed["type"] == f"{TRANSCRIPTION}.failed"
        assert failed["error"]["message"] == "no dictionary"

    def test_may_come_after_its_item_was_deleted(self) -> None:
        client = self.committed(model="whisper-1")
        client.say("conversation.item.delete", item_id=client.events[-1]["item"]["id"])
        client.hears()
        client.text()
        client.respond()
        assert kinds(client.speaks())[0] == "response.output_item.added"

    def test_nobody_waits_for_changes_nothing(self) -> None:
        client = self.committed(model="whisper-1")
        work = client.job("recognise")
        client.done(work, Recognised("first"))
        assert client.done(work, Recognised("second")) == []


class TestTheEndOfTheSession:
    def test_is_told_and_then_nothing_more(self) -> None:
        client = WireClient(max_age_s=60)
        client.wait(59.9)
        assert kinds(client.text())[0] == "conversation.item.added"
        (expired,) = client.wait(0.2)
        assert expired["error"]["code"] == "session_expired"
        assert client.at[-1] == pytest.approx(160.0)
        assert client.text() == []

    def test_comes_while_a_job_is_open(self) -> None:
        client = WireClient(max_age_s=60)
        client.text()
        client.respond()
        client.wait(61)
        assert client.done(client.job("speak"), Spoken(noise(100))) == []
