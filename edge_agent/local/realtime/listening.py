"""The session's ears: the input buffer, the turns found in it, and the recordings that are being recognised.

Law: from appended sound to items of the conversation and their transcripts. What a turn is answered with is
`answering.py`'s business; it is told through `began`, `ended` and `unheard`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from edge_agent.hearing.vad import SpeechDetector
from edge_agent.local.realtime import transcription
from edge_agent.local.realtime.input_buffer import InputBuffer
from edge_agent.local.realtime.items import Conversation, Entry, message
from edge_agent.local.realtime.outgoing import Outgoing
from edge_agent.local.realtime.refusal import Refused
from edge_agent.local.realtime.turn_detection import KEPT_MS, SpeechStarted, TurnDetection
from edge_agent.local.realtime.wire_audio import decoded, milliseconds, wire_format
from edge_agent.local.speech.work import Failed, Recognised, Result


class Listening:
    """settings: the session's `audio.input`.  detector: None: the client finds the turns itself.

    began: a person began to speak over whatever is being said.  ended: a turn is to be answered.  unheard: what was
    said cannot be recognised, and why.  played: when the last reply will have been played (`playback.py`).
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
        unheard: Callable[[str], None],
        played: Callable[[], float],
    ) -> None:
        self._out, self._conversation, self._detector = out, conversation, detector
        self._began, self._ended, self._unheard, self._played = began, ended, unheard, played
        self._settings = settings
        self._buffer = InputBuffer(self.format.rate)
        self._detection: TurnDetection | None = None
        self._recognising: dict[str, tuple[Entry, int]] = {}  # by job: item and content part
        self._guessing = ""  # the job that shall tell whether the sentence before this pause is whole, or ""
        self._guessed = 0  # the pause for which that was asked
        self._idle_from_ms = 0  # nobody has spoken since, neither the person nor a reply
        self._answered = float(
            "inf"
        )  # the end of the reply to which the person said something: nobody need be prompted
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
        self._detection, self.item_id, self._guessing, self._guessed = None, "", "", 0
        self._idle_from_ms = self._buffer.ends_ms
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
            else:
                self._speech_stopped(fact.audio_end_ms, answers=detection.creates)
        self._await_words(detection)
        if detection.speaking:
            self._consider_pause(detection)
        else:
            oldest_ms = self._buffer.ends_ms - detection.padding_ms - KEPT_MS
            self._buffer.drop_before(min(oldest_ms, self._idle_from_ms))

    # --- turns --------------------------------------------------------------------------------------------------------

    def _speech_started(self, start_ms: int, *, interrupts: bool) -> None:
        self._buffer.drop_before(start_ms)
        self.item_id = self._out.ids.next("item")
        self._out.tell("input_audio_buffer.speech_started", audio_start_ms=start_ms, item_id=self.item_id)
        if interrupts:
            self._began()

    def _speech_stopped(self, end_ms: int, *, answers: bool, known: Recognised | None = None) -> None:
        """known: what was said, if that was recognised already."""
        self._answered = self._played()
        self._out.tell("input_audio_buffer.speech_stopped", audio_end_ms=end_ms, item_id=self.item_id)
        try:
            self.commit(end_ms, known)
            if answers:
                self._ended()
        except Refused as refusal:  # a running response, a full conversation: not the append's fault, so go on
            self._out.refuse(refusal, None)

    def _consider_pause(self, detection: TurnDetection) -> None:
        """semantic_vad: in a pause that is long enough, have it found out whether the sentence is whole."""
        after_ms = detection.asks_after_ms
        if self._guessing or after_ms is None or detection.pause_ms < after_ms or detection.pauses == self._guessed:
            return
        self._guessed = detection.pauses
        self._guessing = self._out.ask("recognise", self._buffer.pcm, rate=self._buffer.rate)

    def _guess(self, result: Result) -> None:
        """Only whole sentences count: of half of one nothing comes, and whoever has gone on is let speak."""
        detection, self._guessing = self._detection, ""
        if detection is None or not isinstance(result, Recognised) or not result.is_whole:
            return
        if detection.pause_ms and detection.pauses == self._guessed:
            self._speech_stopped(detection.finish().audio_end_ms, answers=detection.creates, known=result)

    def _await_words(self, detection: TurnDetection) -> None:
        """idle_timeout_ms: a person who says nothing after a reply was played is prompted, once a reply."""
        over, end_ms = self._played(), self._buffer.ends_ms
        if detection.speaking:
            self._answered = over
        if detection.idle_timeout_ms is None or over > self._out.now or over == self._answered:
            self._idle_from_ms = end_ms
        elif end_ms - self._idle_from_ms >= detection.idle_timeout_ms:
            self._prompt(over, self._idle_from_ms, end_ms)

    def _prompt(self, over: float, start_ms: int, end_ms: int) -> None:
        self._answered = over
        self._buffer.drop_before(start_ms)
        self.item_id = self._out.ids.next("item")
        span = {"audio_start_ms": start_ms, "audio_end_ms": end_ms}
        self._out.tell("input_audio_buffer.timeout_triggered", **span, item_id=self.item_id)
        try:
            self.commit()
            self._ended()
        except Refused as refusal:  # a full conversation
            self._out.refuse(refusal, None)
        self.listen()

    def commit(self, until_ms: int | None = None, known: Recognised | None = None) -> None:
        """What was appended becomes an item. known: its words, if they are. Raises Refused."""
        self._conversation.require_room()
        pcm = self._buffer.take(until_ms)
        item_id, self.item_id = self.item_id or self._out.ids.next("item"), ""
        rate = self._buffer.rate
        part = {"type": "input_audio", "transcript": None}
        entry = Entry(message(item_id, "user", part), pcm, rate, milliseconds(pcm, rate))
        previous = self._conversation.insert(entry)
        self._out.tell("input_audio_buffer.committed", item_id=item_id, previous_item_id=previous)
        self._out.announce(entry, previous)
        if known is None:
            self.recognise(entry, 0, pcm)
        else:
            self._understood(entry, 0, known)

    # --- words --------------------------------------------------------------------------------------------------------

    def recognise(self, entry: Entry, part: int, pcm: bytes) -> None:
        """Have a content part's sound made into words. pcm: that sound, which the conversation need not keep."""
        job = self._out.ask("recognise", pcm, rate=entry.rate)
        self._recognising[job] = (entry, part)

    def heard(self, work_id: str, result: Result) -> bool:
        """False: no job of ours."""
        if work_id == self._guessing:
            self._guess(result)
            return True
        if work_id not in self._recognising:
            return False
        self._understood(*self._recognising.pop(work_id), result)
        return True

    def _understood(self, entry: Entry, place: int, result: Result) -> None:
        entry.item["content"][place]["transcript"] = result.text if isinstance(result, Recognised) else ""
        for kind, fields in transcription.told(self._settings["transcription"], entry, place, result):
            self._out.tell(kind, **fields)
        if isinstance(result, Failed):
            self._unheard(result.reason)
