"""A transcription session (?intent=transcription): it hears and writes down, and never answers."""

from __future__ import annotations

from tests.local.realtime.test_protocol_silence import COMMITTED, STARTED, STOPPED, says
from tests.local.wire_client import LoudnessDetector, WireClient, kinds, noise, quiet


class TestATranscriptionSession:
    def session(self) -> WireClient:
        return WireClient(detector=LoudnessDetector(), kind="transcription")

    def test_opens_without_a_conversation(self) -> None:
        client = self.session()
        assert kinds(client.events) == ["session.created"]
        assert client.events[0]["session"]["type"] == "transcription"
        assert client.events[0]["session"]["object"] == "realtime.transcription_session"

    def test_writes_down_what_is_said_and_answers_nothing(self) -> None:
        client = self.session()
        events = says(client, noise(800) + quiet(1_000))
        assert kinds(events) == [STARTED, STOPPED, COMMITTED, "conversation.item.added", "conversation.item.done"]
        heard = client.hears("what time is it")
        assert heard[-1]["transcript"] == "what time is it"
        client.wait(60)
        assert client.jobs == []

    def test_takes_sound_that_the_client_commits(self) -> None:
        client = self.session()
        heard = {"turn_detection": None, "transcription": {"model": "gpt-realtime-whisper", "language": "en"}}
        (answer,) = client.say("session.update", session={"type": "transcription", "audio": {"input": heard}})
        assert answer["session"]["audio"]["input"]["transcription"]["language"] == "en"
        client.append(noise(1_500))
        client.say("input_audio_buffer.commit")
        assert client.hears("hello")[-1]["usage"] == {"type": "duration", "seconds": 1.5}

    def test_refuses_to_answer(self) -> None:
        client = self.session()
        (refused,) = client.respond()
        assert refused["error"]["code"] == "unsupported_in_transcription_session"
        (refused,) = client.say("response.cancel")
        assert refused["error"]["code"] == "response_cancel_not_active"

    def test_refuses_the_settings_of_another_kind(self) -> None:
        client = self.session()
        assert client.configure()["error"]["code"] == "invalid_parameter"
        assert client.send({"type": "session.update", "session": {"type": "transcription"}})[0]["session"]["id"]
