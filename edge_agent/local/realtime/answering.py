"""The session's voice: from response.create to the response's end, the conversation's own and those out of band.

Law: it asks the brain, has the answer spoken, has its events laid out in time (`reply.py`) and taken back on a cancel.
What was said by the person is in the conversation; how it came there is `listening.py`'s business.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from edge_agent.local.realtime.context import TooLong, fitting
from edge_agent.local.realtime.items import Conversation, Entry, opened
from edge_agent.local.realtime.limits import MOST_OUTPUT_TOKENS, Limits, RateLimits
from edge_agent.local.realtime.mind import Call, Mind, Question, Say
from edge_agent.local.realtime.outgoing import Outgoing
from edge_agent.local.realtime.output import Calling, Output, Place, Speech, Writing
from edge_agent.local.realtime.refusal import Refused
from edge_agent.local.realtime.reply import Reply
from edge_agent.local.realtime.responses import Responses
from edge_agent.local.realtime.shape import wrong_value
from edge_agent.local.realtime.tokens import Cache, sum_of, text_tokens
from edge_agent.local.realtime.tool_servers import ToolServers
from edge_agent.local.realtime.wire_audio import wire_format
from edge_agent.local.realtime.wish import voice_name, wish_of
from edge_agent.local.speech.work import Failed, Recognised, Result, Spoken


class Answering:
    """brain: who answers.  wall: the local time, for the brain.  delay_s: from a response's creation to its first
    item, at least.  speed: how much faster than real time replies are sent.
    """

    def __init__(
        self,
        out: Outgoing,
        conversation: Conversation,
        conversation_id: str,
        brain: Mind,
        wall: Callable[[], datetime],
        *,
        delay_s: float,
        speed: float,
        limits: Limits,
    ) -> None:
        self._out, self._conversation, self._conversation_id = out, conversation, conversation_id
        self._brain, self._wall, self._delay_s, self._speed = brain, wall, delay_s, speed
        self._limits, self._rates, self._cache = limits, RateLimits(limits), Cache()
        self._servers = ToolServers(out, conversation)
        self._responses = Responses()
        self._speaking: dict[str, tuple[Reply, int]] = {}  # by job: the place of the sentence in the answer
        self._hearing: dict[str, tuple[Reply, dict[str, Any]]] = {}  # by job: the content part
        self._voice = ""  # that was heard

    @property
    def has_spoken(self) -> bool:
        """The voice was heard, and cannot be changed any more."""
        return self._voice != ""

    # --- what the session does ----------------------------------------------------------------------------------------

    def configured(self, config: Mapping[str, Any]) -> None:
        """The session's configuration has changed."""
        self._servers.configured(config["tools"])

    def settle(self) -> None:
        """A response whose end is due is over."""
        for reply in self._responses:
            reply.settle()
            if reply.ends is not None and reply.ends <= self._out.now:
                self._over(reply)

    def is_saying(self, entry: Entry) -> str:
        """The id of the response whose unfinished item this is, or ""."""
        reply = self._responses.saying(entry)
        return "" if reply is None else reply.id

    def create(self, config: Mapping[str, Any], response: dict[str, Any]) -> None:
        """config: the session's.  response: of response.create. Raises Refused."""
        self.settle()
        shared = self._is_shared(response.get("conversation"))
        self._responses.require_room(shared=shared)
        if shared:
            self._conversation.require_room()
        wish = wish_of(config, response)
        self._require_voice(response)
        context, needs, unheard = self._own_context(config, response.get("input"))
        self._servers.offered(response.get("tools") or (), shared=shared)
        reply = Reply(
            id=self._out.ids.next("resp"),
            conversation_id=self._conversation_id if shared else None,
            wish=wish,
            out=self._out,
            first_s=self._out.now + self._delay_s,
            held=min(MOST_OUTPUT_TOKENS, wish.longest or MOST_OUTPUT_TOKENS),
            context=context,
            needs=needs,
        )
        self._begin(reply)
        for entry, part in unheard if reply.ends is None else ():
            job = self._out.ask("recognise", entry.pcm, rate=entry.rate)
            self._hearing[job] = (reply, part)
            reply.hearing.add(job)

    def answer(self, *, heard: bool) -> None:
        """Ask the brain for whoever was not asked yet. heard: all that was said in the conversation is recognised."""
        for reply in self._responses:
            if reply.asked or reply.ends is not None or reply.hearing or (reply.needs and not heard):
                continue
            reply.asked = True
            self._ask(reply)

    def done(self, work_id: str, result: Result) -> None:
        """The result of a job; that of a job nobody waits for any more is ignored."""
        if work_id in self._hearing:
            reply, part = self._hearing.pop(work_id)
            reply.hearing.discard(work_id)
            if isinstance(result, Failed):
                self._fail(reply, "local_speech_failed", result.reason)
            else:
                part["transcript"] = result.text if isinstance(result, Recognised) else ""
        elif work_id in self._speaking:
            reply, place = self._speaking.pop(work_id)
            if isinstance(result, Spoken):
                reply.voiced[place] = result.pcm[
                    : len(result.pcm) // 2 * 2
                ]  # a voice that died may leave half a sample
                self._go_on(reply)
            else:
                why = result.reason if isinstance(result, Failed) else "the voice gave no sound"
                self._fail(reply, "local_speech_failed", why)

    def give_up(self, why: str) -> None:
        """What should be answered could not be heard."""
        for reply in self._responses:
            if reply.needs and not reply.asked and reply.ends is None:
                self._fail(reply, "local_speech_failed", why)

    def cancel_asked(self, response_id: str | None) -> None:
        """None: the conversation's response. Raises Refused."""
        self._cut(self._responses.chosen(response_id), "client_cancelled")

    def interrupt(self) -> None:
        """A person speaks: the conversation's response ends here, if there is one."""
        self.settle()
        if (reply := self._responses.shared) is not None:
            self._cut(reply, "turn_detected")

    # --- beginning ----------------------------------------------------------------------------------------------------

    def _is_shared(self, conversation: str | None) -> bool:
        if conversation not in (None, "auto", "none", self._conversation_id):
            raise wrong_value("response.conversation", conversation, "'auto' or 'none'")
        return conversation != "none"

    def _require_voice(self, response: Mapping[str, Any]) -> None:
        voice = ((response.get("audio") or {}).get("output") or {}).get("voice")
        if voice is not None and self._voice not in ("", voice_name(voice)):
            raise Refused(
                f"Cannot update a conversation's voice once it has spoken, as {self._voice!r}.",
                code="cannot_update_voice",
                param="response.audio.output.voice",
            )

    def _own_context(
        self, config: Mapping[str, Any], described: list[dict[str, Any]] | None
    ) -> tuple[list[Entry] | None, bool, list[tuple[Entry, dict[str, Any]]]]:
        """Of `input`: the items, whether some are the conversation's, and the parts to be heard. Raises Refused."""
        if described is None:
            return None, True, []
        entries, needs, unheard = [], False, []
        fmt = wire_format(config["audio"]["input"]["format"])
        for place, item in enumerate(described):
            if item["type"] == "item_reference":
                entries.append(self._conversation.entry(item["id"], f"response.input[{place}].id"))
                needs = True
                continue
            entry, part = opened(item, fmt, self._out.ids, f"response.input[{place}]")
            entries.append(entry)
            if part is not None:
                unheard.append((entry, entry.item["content"][part]))
        return entries, needs, unheard

    def _begin(self, reply: Reply) -> None:
        now = self._out.now
        needed = text_tokens(reply.wish.prompt) + sum_of(self._read_by(reply)).total
        refused = self._rates.exceeded(now, min(needed, self._limits.input_tokens))
        reply.held = 0 if refused else reply.held + needed
        if not refused:
            self._rates.begin(now, reply.held)
        self._responses.add(reply)
        reply.begin()
        self._out.tell("rate_limits.updated", rate_limits=self._rates.shown(now))
        if refused:
            reply.finish("failed", error=refused)

    # --- asking and saying --------------------------------------------------------------------------------------------

    def _read_by(self, reply: Reply) -> list[Entry]:
        """What a response reads, before anything is left out."""
        if reply.context is not None:
            return reply.context
        return [entry for entry in self._conversation if not entry.forgotten and self._responses.saying(entry) is None]

    def _ask(self, reply: Reply) -> None:
        entries, prompt = self._read_by(reply), reply.wish.prompt
        try:
            read = fitting(entries, reply.wish.truncation, limit=self._limits.input_tokens, prompt=text_tokens(prompt))
        except TooLong as error:
            self._fail(reply, "context_length_exceeded", str(error), kind="invalid_request_error")
            return
        if reply.context is None:
            for entry in entries[: len(entries) - len(read)]:
                entry.forgotten = True
        reply.everything, reply.cached = self._cache.read(prompt, read)
        offer = reply.wish.offer
        question = Question(
            [entry.item for entry in read],
            self._wall(),
            reply.wish.instructions,
            offer.names,
            must_call=offer.must_call,
            most_calls=None if offer.parallel else 1,
        )
        answer = offer.kept(self._brain.answer(question))
        if answer is None:
            wanted = ", ".join(sorted(offer.names))
            self._fail(reply, "tool_choice_unmet", f"A call of one of {wanted} was required, and none fits.")
            return
        reply.parts = answer
        for place, part in enumerate(answer):
            if isinstance(part, Say) and part.pcm:
                reply.voiced[place] = part.pcm
            elif isinstance(part, Say) and not reply.written:
                self._speaking[self._out.ask("speak", part.text, speed=reply.wish.voice_speed)] = (reply, place)
        self._go_on(reply)

    def _go_on(self, reply: Reply) -> None:
        """Lay out what is ready of an answer, in its order."""
        while reply.laid < len(reply.parts):
            part = reply.parts[reply.laid]
            if isinstance(part, Say) and not reply.written and reply.laid not in reply.voiced:
                return
            if reply.left == 0 or not self._give(reply, part).whole:
                self._drop_jobs(reply)
                reply.finish("incomplete", reason="max_output_tokens")
                return
            reply.laid += 1
        reply.finish("completed")

    def _give(self, reply: Reply, part: Say | Call) -> Output:
        """Lay out an item, and put it into the conversation."""

        def of(place: Place) -> Output:
            if isinstance(part, Call):
                return Calling(place, self._out.ids.next("call"), part.name, part.arguments)
            if reply.written:
                return Writing(place, part.text)
            return Speech(place, part.text, reply.voiced[reply.laid], reply.wish.fmt, self._speed)

        output = reply.add(self._conversation.last, of)
        if isinstance(output, Speech):
            self._voice = self._voice or reply.wish.voice
        if reply.shared:
            self._conversation.insert(output.entry)
        return output

    # --- ending -------------------------------------------------------------------------------------------------------

    def _fail(self, reply: Reply, code: str, why: str, kind: str = "server_error") -> None:
        self._drop_jobs(reply)
        reply.finish("failed", error={"type": kind, "code": code, "message": why})

    def _cut(self, reply: Reply, reason: str) -> None:
        self._drop_jobs(reply)
        for entry in reply.cut(reason):
            if reply.shared:
                self._conversation.delete(entry.id)
        self._over(reply)

    def _over(self, reply: Reply) -> None:
        self._responses.remove(reply)
        if reply.held:
            used = reply.everything.total + reply.output.total
            self._rates.end(self._out.now if reply.ends is None else reply.ends, reply.held, used)

    def _drop_jobs(self, reply: Reply) -> None:
        """What is still being spoken or heard for it is worthless."""
        for jobs in (self._speaking, self._hearing):
            for job in [job for job, (waiting, _) in jobs.items() if waiting is reply]:
                del jobs[job]
