"""One client's Realtime session, without sockets: client events in, server events out with the time they are due.

Law: sans-IO. No clock, thread or network; it is told the time (seconds, any origin, never going back), and speech is
heard and spoken elsewhere (`work`, `done`). It never raises, whatever the event: what cannot be done becomes an `error`
event, and the state is what it was before. One response at a time; ids are counted, so a run can be repeated exactly.

The caller keeps what it is given until it is due. A cancel withdraws what was given but is not due yet: ask `stands`
before sending, and send in the order of the due times (equal ones in the order given).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from edge_agent.hearing.vad import SpeechDetector
from edge_agent.local import session_config
from edge_agent.local.brain import Call, Mind, Question
from edge_agent.local.client_events import checked, event_id_of
from edge_agent.local.ids import Ids
from edge_agent.local.input_buffer import InputBuffer
from edge_agent.local.items import Conversation, Entry, Tokens, message, opened, shown_with_sound, text_tokens
from edge_agent.local.refusal import Refused
from edge_agent.local.reply import Reply, Timed
from edge_agent.local.turn_detection import KEPT_MS, SpeechStarted, TurnDetection
from edge_agent.local.wire_audio import decoded, milliseconds, wire_format
from edge_agent.local.wish import wish_of
from edge_agent.local.work import Failed, Recognised, Result, Spoken, Work

DEFAULT_SPEED = 4.0  # times real time: a reply is sent faster than it is spoken, as the service does
MAX_AGE_S = 3600.0  # the service's own
TOKENS_PER_MINUTE = 1_000_000  # what rate_limits.updated tells: nothing is limited here


class Session:
    """brain: who answers.  wall: the local time, for the brain.  model_delay_ms: from a response's creation to its
    first sound, at least.  detector: for server-side turn detection; without it only `turn_detection: null` is taken.
    speed: how much faster than real time replies are sent.  max_age_s: then the session expires.
    """

    def __init__(
        self,
        *,
        brain: Mind,
        wall: Callable[[], datetime],
        model_delay_ms: float = 0,
        detector: SpeechDetector | None = None,
        speed: float = DEFAULT_SPEED,
        max_age_s: float = MAX_AGE_S,
        model: str = session_config.MODEL,
    ) -> None:
        self._brain, self._wall, self._detector = brain, wall, detector
        self._delay_s, self._speed, self._max_age_s = model_delay_ms / 1000, speed, max_age_s
        self._ids = Ids()
        self._config = session_config.initial(
            session_id=self._ids.next("sess"),
            model=model,
            expires_at=int(wall().timestamp() + max_age_s),
            detects=detector is not None,
        )
        self._conversation_id = self._ids.next("conv")
        self._conversation = Conversation()
        self._buffer = InputBuffer(self._input_format.rate)
        self._detection: TurnDetection | None = None
        self._speech_item = ""  # the id that the speech being heard will have, or ""
        self._work: list[Work] = []
        self._hearing: dict[str, tuple[Entry, int]] = {}  # recognitions under way: item and content part
        self._speaking: dict[str, str] = {}  # sentences under way, and their words
        self._reply: Reply | None = None
        self._withdrawn: set[str] = set()
        self._has_spoken = False
        self._now = 0.0
        self._expires = float("inf")
        self._out: list[Timed] = []

    # --- what the caller does -----------------------------------------------------------------------------------------

    def open(self, now: float) -> list[Timed]:
        """The connection is there. Also hands out the session's end, due when its time is over."""
        self._now, self._expires = now, now + self._max_age_s
        self._listen()
        self._tell("session.created", session=session_config.shown(self._config))
        conversation = {"id": self._conversation_id, "object": "realtime.conversation"}
        self._tell("conversation.created", conversation=conversation)
        expired = Refused(
            f"Your session hit the maximum duration of {self._max_age_s / 60:g} minutes.", code="session_expired"
        )
        self._out.append((self._expires, self._make("error", error=expired.error(None))))
        return self._taken()

    def receive(self, event: Any, now: float) -> list[Timed]:
        """A client event, as decoded from JSON. After the session has expired nothing is answered."""
        if not self._advance_to(now):
            return []
        try:
            self._do(checked(event))
        except Refused as refusal:
            self._tell("error", error=refusal.error(event_id_of(event)))
        return self._taken()

    def work(self) -> list[Work]:
        """Speech to be heard or spoken, each handed out once."""
        work, self._work = self._work, []
        return work

    def done(self, work_id: str, result: Result, now: float) -> list[Timed]:
        """The result of a job; that of a job nobody waits for any more is ignored."""
        if not self._advance_to(now):
            return []
        if work_id in self._hearing:
            self._heard(*self._hearing.pop(work_id), result)
        elif work_id in self._speaking:
            self._spoken(self._speaking.pop(work_id), result)
        return self._taken()

    def stands(self, event: dict[str, Any]) -> bool:
        """Whether an event that is due may still be sent; asked once an event."""
        event_id = event["event_id"]
        if event_id in self._withdrawn:
            self._withdrawn.remove(event_id)
            return False
        return True

    # --- time and events ----------------------------------------------------------------------------------------------

    def _advance_to(self, now: float) -> bool:
        """False once the session has expired."""
        self._now = max(self._now, now)
        if self._reply is not None and self._reply.ends is not None and self._reply.ends <= self._now:
            self._reply.settle()
            self._reply = None
        return self._now < self._expires

    def _make(self, kind: str, **fields: Any) -> dict[str, Any]:
        return {"type": kind, "event_id": self._ids.next("event"), **fields}

    def _tell(self, kind: str, **fields: Any) -> None:
        self._out.append((self._now, self._make(kind, **fields)))

    def _taken(self) -> list[Timed]:
        out, self._out = self._out, []
        return out

    def _do(self, event: dict[str, Any]) -> None:
        match event["type"]:
            case "session.update":
                self._update(event["session"])
            case "input_audio_buffer.append":
                self._append(event["audio"])
            case "input_audio_buffer.commit":
                self._commit()
                self._listen()
            case "input_audio_buffer.clear":
                self._buffer.clear()
                self._listen()
                self._tell("input_audio_buffer.cleared")
            case "conversation.item.create":
                self._create_item(event["item"], event.get("previous_item_id"))
            case "conversation.item.retrieve":
                entry = self._conversation.entry(event["item_id"])
                self._tell("conversation.item.retrieved", item=shown_with_sound(entry, self._input_format))
            case "conversation.item.delete":
                self._conversation.delete(self._finished(event["item_id"]).id)
                self._tell("conversation.item.deleted", item_id=event["item_id"])
            case "conversation.item.truncate":
                self._conversation.truncate(self._finished(event["item_id"]), event["audio_end_ms"])
                told = {key: event[key] for key in ("item_id", "content_index", "audio_end_ms")}
                self._tell("conversation.item.truncated", **told)
            case "response.create":
                self._create(event.get("response") or {})
            case "response.cancel":
                self._cancel_asked(event.get("response_id"))

    # --- the session and what is heard --------------------------------------------------------------------------------

    @property
    def _input_format(self) -> Any:
        return wire_format(self._config["audio"]["input"]["format"])

    def _update(self, change: Any) -> None:
        before = self._config["audio"]["input"]
        self._config = session_config.updated(
            self._config, change, detects=self._detector is not None, has_spoken=self._has_spoken
        )
        after = self._config["audio"]["input"]
        if (before["turn_detection"], before["format"]) != (after["turn_detection"], after["format"]):
            self._buffer.change_rate(self._input_format.rate)
            self._listen()
        self._tell("session.updated", session=session_config.shown(self._config))

    def _listen(self) -> None:
        """Begin to look for speech, from here on."""
        settings = self._config["audio"]["input"]["turn_detection"]
        self._detection, self._speech_item = None, ""
        if settings is not None and self._detector is not None:
            begins_ms = self._buffer.ends_ms
            self._detection = TurnDetection(self._detector, settings, self._buffer.rate, begins_ms=begins_ms)

    def _append(self, audio: Any) -> None:
        pcm = decoded(audio, self._input_format, "audio")
        self._buffer.append(pcm)
        if self._detection is None:
            return
        detection = self._detection
        for fact in detection.hear(pcm):
            if isinstance(fact, SpeechStarted):
                self._speech_started(fact.audio_start_ms, interrupts=detection.interrupts)
                continue
            try:
                self._speech_stopped(fact.audio_end_ms, answers=detection.creates)
            except Refused as refusal:  # a running response, a full conversation: not the append's fault, so go on
                self._tell("error", error=refusal.error(None))
        if not detection.speaking:
            self._buffer.drop_before(self._buffer.ends_ms - detection.padding_ms - KEPT_MS)

    def _speech_started(self, start_ms: int, *, interrupts: bool) -> None:
        self._buffer.drop_before(start_ms)
        self._speech_item = self._ids.next("item")
        self._tell("input_audio_buffer.speech_started", audio_start_ms=start_ms, item_id=self._speech_item)
        if interrupts and self._reply is not None:
            self._cancel("turn_detected")

    def _speech_stopped(self, end_ms: int, *, answers: bool) -> None:
        self._tell("input_audio_buffer.speech_stopped", audio_end_ms=end_ms, item_id=self._speech_item)
        self._commit(end_ms)
        if answers:
            self._create({})

    def _commit(self, until_ms: int | None = None) -> None:
        self._conversation.require_room()
        pcm = self._buffer.take(until_ms)
        item_id, self._speech_item = self._speech_item or self._ids.next("item"), ""
        part = {"type": "input_audio", "transcript": None}
        rate = self._buffer.rate
        entry = Entry(message(item_id, "user", part), pcm, rate, milliseconds(pcm, rate))
        previous = self._conversation.insert(entry)
        self._tell("input_audio_buffer.committed", item_id=item_id, previous_item_id=previous)
        self._announce(entry, previous)
        self._recognise(entry, 0)

    def _recognise(self, entry: Entry, part: int) -> None:
        work = Work(self._ids.next("work"), "recognise", entry.pcm, entry.rate)
        self._hearing[work.id] = (entry, part)
        self._work.append(work)

    def _heard(self, entry: Entry, place: int, result: Result) -> None:
        heard = result.text if isinstance(result, Recognised) else ""
        entry.item["content"][place]["transcript"] = heard
        if self._config["audio"]["input"]["transcription"] is not None:
            where = {"item_id": entry.id, "content_index": place}
            kind = "conversation.item.input_audio_transcription"
            if isinstance(result, Failed):
                error = {"type": "server_error", "code": "local_speech_failed", "message": result.reason}
                self._tell(f"{kind}.failed", **where, error=error)
            else:
                self._tell(f"{kind}.delta", **where, delta=heard)
                usage = _transcription_usage(entry.ms, heard)
                self._tell(f"{kind}.completed", **where, transcript=heard, usage=usage)
        if isinstance(result, Failed) and self._reply is not None and not self._reply.asked:
            self._out += self._reply.fail(self._now, result.reason)
            self._reply = None
        self._answer()

    # --- the conversation ---------------------------------------------------------------------------------------------

    def _create_item(self, described: dict[str, Any], after: str | None) -> None:
        self._conversation.require_room()
        entry, unheard = opened(described, self._input_format, self._ids)
        if entry.id == self._speech_item or (self._reply is not None and entry.id == self._reply.item_id):
            raise Refused(f"The id '{entry.id}' is given away already.", code="item_exists", param="item.id")
        previous = self._conversation.insert(entry, after)
        self._announce(entry, previous)
        if unheard is not None:
            self._recognise(entry, unheard)

    def _announce(self, entry: Entry, previous: str | None) -> None:
        for kind in ("conversation.item.added", "conversation.item.done"):
            self._tell(kind, item=entry.snapshot(), previous_item_id=previous)

    def _finished(self, item_id: str) -> Entry:
        """An item that may be changed: one that is still being said may not. Raises Refused."""
        entry = self._conversation.entry(item_id)
        if self._reply is not None and self._reply.entry is entry:
            raise Refused(
                f"Item '{item_id}' belongs to a response in progress; cancel '{self._reply.id}' first.",
                code="item_in_progress",
                param="item_id",
            )
        return entry

    # --- the reply ----------------------------------------------------------------------------------------------------

    def _create(self, response: dict[str, Any]) -> None:
        if response.get("conversation") not in (None, "auto", self._conversation_id):
            raise Refused(
                "Out-of-band responses are not supported by this server: found "
                f"conversation {response['conversation']!r}, expected 'auto' or nothing.",
                code="unsupported_parameter",
                param="response.conversation",
            )
        if self._reply is not None:
            raise Refused(
                f"Conversation already has an active response in progress: {self._reply.id}. "
                "Wait until the response is finished before creating a new one.",
                code="conversation_already_has_active_response",
            )
        self._conversation.require_room()
        wish = wish_of(self._config, response, self._context(response.get("input")))
        reply = Reply(
            id=self._ids.next("resp"),
            conversation_id=self._conversation_id,
            item_id=self._ids.next("item"),
            wish=wish,
            make=self._make,
            speed=self._speed,
            first_s=self._now + self._delay_s,
        )
        self._reply = reply
        self._out.append((self._now, reply.begin()))
        limit = {"limit": TOKENS_PER_MINUTE, "remaining": TOKENS_PER_MINUTE, "reset_seconds": 0.0}
        self._tell("rate_limits.updated", rate_limits=[{"name": "tokens", **limit}])
        self._answer()

    def _context(self, described: list[dict[str, Any]] | None) -> list[dict[str, Any]] | None:
        """The items given instead of the conversation, references resolved. Raises Refused."""
        if described is None:
            return None
        return [
            self._conversation.entry(item["id"], "response.input").item if item["type"] == "item_reference" else item
            for item in described
        ]

    def _answer(self) -> None:
        """Ask the brain, once everything that was said has been recognised."""
        reply = self._reply
        if reply is None or reply.asked or self._hearing:
            return
        reply.asked = True
        everything, cached = self._conversation.tokens()
        reply.used = (everything + Tokens(text_tokens(reply.wish.prompt)), cached)
        items = self._conversation.items if reply.wish.items is None else reply.wish.items
        answer = self._brain.answer(Question(items, self._wall(), reply.wish.instructions, reply.wish.tools))
        if isinstance(answer, Call):
            self._give(
                reply, lambda at, before: reply.call(at, self._ids.next("call"), answer.name, answer.arguments, before)
            )
        elif reply.written:
            self._give(reply, lambda at, before: reply.write(at, answer.text, before))
        elif answer.pcm:
            self._spoken(answer.text, Spoken(answer.pcm))
        else:
            work = Work(self._ids.next("work"), "speak", answer.text, speed=reply.wish.voice_speed)
            self._speaking[work.id] = answer.text
            self._work.append(work)

    def _spoken(self, words: str, result: Result) -> None:
        reply = self._reply
        if reply is None:
            return
        if not isinstance(result, Spoken):
            why = result.reason if isinstance(result, Failed) else "the voice gave no sound"
            self._out += reply.fail(self._now, why)
            self._reply = None
            return
        self._has_spoken = True
        whole = len(result.pcm) // 2 * 2  # a voice that died may leave half a sample
        self._give(reply, lambda at, before: reply.speak(at, words, result.pcm[:whole], before))

    def _give(self, reply: Reply, lay_out: Callable[[float, str | None], list[Timed]]) -> None:
        """Put what is said into the conversation, and lay its events out in time."""
        at = max(self._now, reply.first_s)
        self._out += lay_out(at, self._conversation.last)
        if reply.entry is not None:
            self._conversation.insert(reply.entry)

    def _cancel_asked(self, response_id: str | None) -> None:
        if self._reply is None or response_id not in (None, self._reply.id):
            raise Refused("Cancellation failed: no active response found", code="response_cancel_not_active")
        self._cancel("client_cancelled")

    def _cancel(self, reason: str) -> None:
        reply = self._reply
        assert reply is not None
        planned = reply.entry
        events, withdrawn = reply.cancel(self._now, reason)
        if planned is not None and reply.entry is None:  # nothing of it was sent: there is no such item
            self._conversation.delete(planned.id)
        self._out += events
        self._withdrawn.update(withdrawn)
        self._speaking.clear()
        self._reply = None


def _transcription_usage(ms: int, words: str) -> dict[str, Any]:
    heard, written = -(-ms // 100), text_tokens(words)
    details = {"audio_tokens": heard, "text_tokens": 0}
    return {
        "type": "tokens",
        "input_tokens": heard,
        "output_tokens": written,
        "total_tokens": heard + written,
        "input_token_details": details,
    }
