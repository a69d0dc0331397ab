"""The session's ears: the input buffer, the turns found in it, and the recordings that are being recognised.

Law: from appended sound to items of the conversation and their transcripts. What a turn is answered with is
`answering.py`'s business; it is told through `began` and `ended`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from edge_agent.hearing.vad import SpeechDetector
from edge_agent.local.input_buffer import InputBuffer
from edge_agent.local.items import Conversation, Entry, message, text_tokens
from edge_agent.local.outgoing import Outgoing
from edge_agent.local.refusal import Refused
from edge_agent.local.turn_detection import KEPT_MS, SpeechStarted, TurnDetection
from edge_agent.local.wire_audio import decoded, milliseconds, wire_format
from edge_agent.local.work import Failed, Recognised, Result

_TRANSCRIPTION = "conversation.item.input_audio_transcription"


class Listening:
    """settings: the session's `audio.input`.  detector: None: the client finds the turns itself.

    began: a person began to speak over whatever is being said.  ended: a turn is to be answered.
    """

    def __init__(
        self,
        out: Outgoing,
        conversation: Conversation,
        settings: Mapping[str, Any],
        detector: SpeechDetector | None,
        *,
        began: Callable[[], None],
        ended: Callable[[], None],
    ) -> None:
        self._out, self._conversation, self._detector = out, conversation, detector
        self._began, self._ended = began, ended
        self._settings = settings
        self._buffer = InputBuffer(self.format.rate)
        self._detection: TurnDetection | None = None
        self._recognising: dict[str, tuple[Entry, int]] = {}  # by job: item and content part
        self.item_id = ""  # that the speech being heard will have, or ""
        self.listen()

    @property
    def format(self) -> Any:
        return wire_format(self._settings["format"])

    @property
    def busy(self) -> bool:
        """Whether something that was said is not recognised yet."""
        return bool(self._recognising)

    def configure(self, settings: Mapping[str, Any]) -> None:
        before, self._settings = self._settings, settings
        if any(before[key] != settings[key] for key in ("turn_detection", "format")):
            self._buffer.change_rate(self.format.rate)
            self.listen()

    def listen(self) -> None:
        """Begin to look for speech, from here on."""
        settings = self._settings["turn_detection"]
        self._detection, self.item_id = None, ""
        if settings is not None and self._detector is not None:
            begins_ms = self._buffer.ends_ms
            self._detection = TurnDetection(self._detector, settings, self._buffer.rate, begins_ms=begins_ms)

    def clear(self) -> None:
        self._buffer.clear()
        self.listen()

    def append(self, audio: Any) -> None:
        """Raises Refused."""
        pcm = decoded(audio, self.format, "audio")
        self._buffer.append(pcm)
        detection = self._detection
        if detection is None:
            return
        for fact in detection.hear(pcm):
            if isinstance(fact, SpeechStarted):
                self._speech_started(fact.audio_start_ms, interrupts=detection.interrupts)
                continue
            try:
                self._speech_stopped(fact.audio_end_ms, answers=detection.creates)
            except Refused as refusal:  # a running response, a full conversation: not the append's fault, so go on
                self._out.refuse(refusal, None)
        if not detection.speaking:
            self._buffer.drop_before(self._buffer.ends_ms - detection.padding_ms - KEPT_MS)

    def _speech_started(self, start_ms: int, *, interrupts: bool) -> None:
        self._buffer.drop_before(start_ms)
        self.item_id = self._out.ids.next("item")
        self._out.tell("input_audio_buffer.speech_started", audio_start_ms=start_ms, item_id=self.item_id)
        if interrupts:
            self._began()

    def _speech_stopped(self, end_ms: int, *, answers: bool) -> None:
        self._out.tell("input_audio_buffer.speech_stopped", audio_end_ms=end_ms, item_id=self.item_id)
        self.commit(end_ms)
        if answers:
            self._ended()

    def commit(self, until_ms: int | None = None) -> None:
        """What was appended becomes an item. Raises Refused."""
        self._conversation.require_room()
        pcm = self._buffer.take(until_ms)
        item_id, self.item_id = self.item_id or self._out.ids.next("item"), ""
        rate = self._buffer.rate
        part = {"type": "input_audio", "transcript": None}
        entry = Entry(message(item_id, "user", part), pcm, rate, milliseconds(pcm, rate))
        previous = self._conversation.insert(entry)
        self._out.tell("input_audio_buffer.committed", item_id=item_id, previous_item_id=previous)
        self._out.announce(entry, previous)
        self.recognise(entry, 0)

    def recognise(self, entry: Entry, part: int) -> None:
        """Have a content part's sound made into words."""
        job = self._out.ask("recognise", entry.pcm, rate=entry.rate)
        self._recognising[job] = (entry, part)

    def heard(self, work_id: str, result: Result) -> bool:
        """False: no job of ours."""
        if work_id not in self._recognising:
            return False
        entry, place = self._recognising.pop(work_id)
        words = result.text if isinstance(result, Recognised) else ""
        entry.item["content"][place]["transcript"] = words
        if self._settings["transcription"] is not None:
            self._transcribed(entry, place, words, result)
        return True

    def _transcribed(self, entry: Entry, place: int, words: str, result: Result) -> None:
        where = {"item_id": entry.id, "content_index": place}
        if isinstance(result, Failed):
            error = {"type": "server_error", "code": "local_speech_failed", "message": result.reason}
            self._out.tell(f"{_TRANSCRIPTION}.failed", **where, error=error)
            return
        self._out.tell(f"{_TRANSCRIPTION}.delta", **where, delta=words)
        usage = _usage(entry.ms, words)
        self._out.tell(f"{_TRANSCRIPTION}.completed", **where, transcript=words, usage=usage)


def _usage(ms: int, words: str) -> dict[str, Any]:
    heard, written = -(-ms // 100), text_tokens(words)
    details = {"audio_tokens": heard, "text_tokens": 0}
    return {
        "type": "tokens",
        "input_tokens": heard,
        "output_tokens": written,
        "total_tokens": heard + written,
        "input_token_details": details,
    }
