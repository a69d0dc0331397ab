"""One client's Realtime session, without sockets: client events in, server events out with the time they are due.

Law: sans-IO. No clock, thread or network; it is told the time (seconds, any origin, never going back), and speech is
heard and spoken elsewhere (`work`, `done`). It never raises, whatever the event: what cannot be done becomes an `error`
event, and the state is what it was before. One response at a time in the conversation, others out of band; ids are
counted, so a run can be repeated exactly.

The caller keeps what it is given until it is due. A cancel withdraws what was given but is not due yet: ask `stands`
before sending, and send in the order of the due times (equal ones in the order given).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from edge_agent.hearing.vad import SpeechDetector
from edge_agent.local.realtime import session_config
from edge_agent.local.realtime.answering import Answering
from edge_agent.local.realtime.client_events import checked, event_id_of
from edge_agent.local.realtime.ids import Ids
from edge_agent.local.realtime.items import Conversation, Entry, opened, shown_with_sound
from edge_agent.local.realtime.limits import DEFAULT_LIMITS, Limits
from edge_agent.local.realtime.listening import Listening
from edge_agent.local.realtime.mind import Mind
from edge_agent.local.realtime.outgoing import Outgoing, Timed
from edge_agent.local.realtime.playback import Playback
from edge_agent.local.realtime.refusal import Refused
from edge_agent.local.realtime.session_config import Kind
from edge_agent.local.speech.work import Result, Work

DEFAULT_SPEED = 4.0  # times real time: a reply is sent faster than it is spoken, as the service does
MAX_AGE_S = 3600.0  # the service's own


class Session:
    """brain: who answers.  wall: the local time, for the brain.  model_delay_ms: from a response's creation to its
    first sound, at least.  detector: for server-side turn detection; without it only `turn_detection: null` is taken.
    speed: how much faster than real time replies are sent.  max_age_s: then the session expires.
    limits: what it may ask for in a minute, and the longest input.
    kind: a transcription session (?intent=transcription) hears and writes, and never answers.  model: the name that it
    shows.  asked_model: the one that the client connected with; it may say it again.
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
        limits: Limits = DEFAULT_LIMITS,
        kind: Kind = "realtime",
        model: str = session_config.MODEL,
        asked_model: str = "",
    ) -> None:
        self._max_age_s, self._detects, self._asked_model = max_age_s, detector is not None, asked_model
        self._expires = float("inf")
        self._ids = Ids()
        self._config = session_config.initial(
            session_id=self._ids.next("sess"),
            model=model,
            expires_at=int(wall().timestamp() + max_age_s),
            detects=self._detects,
            kind=kind,
        )
        self._playback = Playback()
        self._conversation_id = self._ids.next("conv")
        self._conversation = Conversation()
        self._out = Outgoing(self._ids)
        self._answering = Answering(
            self._out,
            self._conversation,
            self._conversation_id,
            brain,
            wall,
            delay_s=model_delay_ms / 1000,
            speed=speed,
            limits=limits,
        )
        self._listening = Listening(
            self._out,
            self._conversation,
            self._config["audio"]["input"],
            detector,
            began=lambda: self._answering.interrupt(),
            ended=lambda: self._answering.create(self._config, {}),
            unheard=lambda why: self._answering.give_up(why),
            played=lambda: self._playback.over_at,
        )

    # --- what the caller does -----------------------------------------------------------------------------------------

    def open(self, now: float) -> list[Timed]:
        """The connection is there. Also hands out the session's end, due when its time is over."""
        self._out.now, self._expires = now, now + self._max_age_s
        self._out.tell("session.created", session=session_config.shown(self._config))
        if not self._transcribes:
            conversation = {"id": self._conversation_id, "object": "realtime.conversation"}
            self._out.tell("conversation.created", conversation=conversation)
        expired = Refused(
            f"Your session hit the maximum duration of {self._max_age_s / 60:g} minutes.", code="session_expired"
        )
        self._out.add([(self._expires, self._out.make("error", error=expired.error(None)))])
        return self._out.take_events()

    def receive(self, event: Any, now: float) -> list[Timed]:
        """A client event, as decoded from JSON. After the session has expired nothing is answered."""
        if not self._advance_to(now):
            return []
        mark = self._ids.mark()
        try:
            self._do(checked(event))
        except Refused as refusal:
            self._ids.back_to(mark)
            self._out.refuse(refusal, event_id_of(event))
        return self._given()

    def work(self) -> list[Work]:
        """Speech to be heard or spoken, each handed out once."""
        return self._out.take_work()

    def done(self, work_id: str, result: Result, now: float) -> list[Timed]:
        """The result of a job; that of a job nobody waits for any more is ignored."""
        if not self._advance_to(now):
            return []
        if not self._listening.heard(work_id, result):
            self._answering.done(work_id, result)
        return self._given()

    def stands(self, event: dict[str, Any]) -> bool:
        """Whether an event that is due may still be sent; asked once an event."""
        return self._out.stands(event["event_id"])

    # --- what is done with it -----------------------------------------------------------------------------------------

    def _advance_to(self, now: float) -> bool:
        """False once the session has expired."""
        self._out.now = max(self._out.now, now)
        self._answering.settle()
        return self._out.now < self._expires

    def _given(self) -> list[Timed]:
        self._answering.answer(heard=not self._listening.busy)
        events = self._out.take_events()
        self._playback.observe(events)
        return events

    @property
    def _transcribes(self) -> bool:
        return bool(self._config["type"] == "transcription")

    def _do(self, event: dict[str, Any]) -> None:
        match event["type"]:
            case "session.update":
                self._update(event["session"])
            case "input_audio_buffer.append":
                self._listening.append(event["audio"])
            case "input_audio_buffer.commit":
                self._listening.commit()
                self._listening.listen()
            case "input_audio_buffer.clear":
                self._listening.clear()
                self._out.tell("input_audio_buffer.cleared")
            case "conversation.item.create":
                self._create_item(event["item"], event.get("previous_item_id"))
            case "conversation.item.retrieve":
                entry = self._item(event["item_id"], "retrieve")
                self._out.tell("conversation.item.retrieved", item=shown_with_sound(entry, self._listening.format))
            case "conversation.item.delete":
                self._conversation.delete(self._finished(event["item_id"]).id)
                self._out.tell("conversation.item.deleted", item_id=event["item_id"])
            case "conversation.item.truncate":
                self._conversation.truncate(self._item(event["item_id"], "truncate"), event["audio_end_ms"])
                told = {key: event[key] for key in ("item_id", "content_index", "audio_end_ms")}
                self._out.tell("conversation.item.truncated", **told)
            case "response.create":
                self._create_response(event.get("response") or {})
            case "response.cancel":
                self._answering.cancel_asked(event.get("response_id"))

    def _update(self, change: Any) -> None:
        self._config = session_config.updated(
            self._config,
            change,
            detects=self._detects,
            has_spoken=self._answering.has_spoken,
            is_responding=self._playback.is_given(self._out.now),
            asked_model=self._asked_model,
        )
        self._asked_model = self._asked_model or str(change.get("model") or "")
        self._listening.configure(self._config["audio"]["input"])
        self._out.tell("session.updated", session=session_config.shown(self._config))
        if not self._transcribes:
            self._answering.configured(self._config)

    def _create_item(self, described: dict[str, Any], after: str | None) -> None:
        self._conversation.require_room()
        entry, unheard = opened(described, self._listening.format, self._ids)
        if entry.id == self._listening.item_id:
            raise Refused(f"The id '{entry.id}' is given away already.", code="item_exists", param="item.id")
        self._require_call(entry.item)
        pcm = entry.pcm
        previous = self._conversation.insert(entry, after)
        self._out.announce(entry, previous)
        if unheard is not None:
            self._listening.recognise(entry, unheard, pcm)

    def _create_response(self, response: dict[str, Any]) -> None:
        if self._transcribes:
            raise Refused(
                "A transcription session never answers: found 'response.create'. Connect without ?intent=transcription "
                "for a session that does.",
                code="unsupported_in_transcription_session",
            )
        self._answering.create(self._config, response)

    def _require_call(self, item: dict[str, Any]) -> None:
        """Whatever a function gave back was asked for in this conversation. Raises Refused."""
        if item["type"] != "function_call_output":
            return
        calls = (entry.item for entry in self._conversation if entry.item["type"] == "function_call")
        if all(call["call_id"] != item["call_id"] for call in calls):
            raise Refused(
                f"Tool call ID '{item['call_id']}' not found in conversation.",
                code="invalid_tool_call_id",
                param="item.call_id",
            )

    def _item(self, item_id: str, verb: str) -> Entry:
        entry = self._conversation.find(item_id)
        if entry is None:
            raise Refused(
                f"Error: cannot {verb} the item with id '{item_id}': it does not exist.",
                code=f"item_{verb}_invalid_item_id",
                param="item_id",
            )
        return entry

    def _finished(self, item_id: str) -> Entry:
        """An item that may be deleted: one that is still being said may not. Raises Refused."""
        entry = self._item(item_id, "delete")
        if response_id := self._answering.is_saying(entry):
            raise Refused(
                f"Item '{item_id}' belongs to a response in progress; cancel '{response_id}' first.",
                code="item_in_progress",
                param="item_id",
            )
        return entry
