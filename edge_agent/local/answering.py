"""The session's voice: one response at a time, from response.create to its end.

Law: it asks the brain, has the answer spoken, lays its events out in time (`reply.py`) and takes them back on a cancel.
What was said by the person is in the conversation; how it came there is `listening.py`'s business.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from edge_agent.local.brain import Call, Mind, Question
from edge_agent.local.items import Conversation, Entry, Tokens, text_tokens
from edge_agent.local.outgoing import Outgoing
from edge_agent.local.refusal import Refused
from edge_agent.local.reply import Reply, Timed
from edge_agent.local.wish import wish_of
from edge_agent.local.work import Failed, Result, Spoken

TOKENS_PER_MINUTE = 1_000_000  # what rate_limits.updated tells: nothing is limited here


class Answering:
    """brain: who answers.  wall: the local time, for the brain.  delay_s: from a response's creation to its first
    sound, at least.  speed: how much faster than real time replies are sent.

    has_spoken: the voice was heard, and cannot be changed any more.
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
    ) -> None:
        self._out, self._conversation, self._conversation_id = out, conversation, conversation_id
        self._brain, self._wall, self._delay_s, self._speed = brain, wall, delay_s, speed
        self._speaking: dict[str, str] = {}  # by job: the words of the sentence
        self._reply: Reply | None = None
        self.has_spoken = False

    def settle(self) -> None:
        """A reply whose end is due is over."""
        reply = self._reply
        if reply is not None and reply.ends is not None and reply.ends <= self._out.now:
            reply.settle()
            self._reply = None

    def is_saying(self, entry: Entry) -> str:
        """The id of the response whose item this is, or ""."""
        return self._reply.id if self._reply is not None and self._reply.entry is entry else ""

    def will_say(self, item_id: str) -> bool:
        """Whether a response in progress has given this id to its item."""
        return self._reply is not None and self._reply.item_id == item_id

    def create(self, config: Mapping[str, Any], response: dict[str, Any]) -> None:
        """config: the session's.  response: of response.create. Raises Refused."""
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
        wish = wish_of(config, response, self._context(response.get("input")))
        self._reply = Reply(
            id=self._out.ids.next("resp"),
            conversation_id=self._conversation_id,
            item_id=self._out.ids.next("item"),
            wish=wish,
            make=self._out.make,
            speed=self._speed,
            first_s=self._out.now + self._delay_s,
        )
        self._out.add([(self._out.now, self._reply.begin())])
        limit = {"limit": TOKENS_PER_MINUTE, "remaining": TOKENS_PER_MINUTE, "reset_seconds": 0.0}
        self._out.tell("rate_limits.updated", rate_limits=[{"name": "tokens", **limit}])

    def _context(self, described: list[dict[str, Any]] | None) -> list[dict[str, Any]] | None:
        """The items given instead of the conversation, references resolved. Raises Refused."""
        if described is None:
            return None
        return [
            self._conversation.entry(item["id"], "response.input").item if item["type"] == "item_reference" else item
            for item in described
        ]

    def answer(self) -> None:
        """Everything that was said has been recognised: ask the brain, if it was not asked yet."""
        reply = self._reply
        if reply is None or reply.asked:
            return
        reply.asked = True
        everything, cached = self._conversation.tokens()
        reply.used = (everything + Tokens(text_tokens(reply.wish.prompt)), cached)
        items = self._conversation.items if reply.wish.items is None else reply.wish.items
        answer = self._brain.answer(Question(items, self._wall(), reply.wish.instructions, reply.wish.tools))
        if isinstance(answer, Call):
            call_id = self._out.ids.next("call")
            self._give(reply, lambda at, before: reply.call(at, call_id, answer.name, answer.arguments, before))
        elif reply.written:
            self._give(reply, lambda at, before: reply.write(at, answer.text, before))
        elif answer.pcm:
            self._say(reply, answer.text, answer.pcm)
        else:
            self._speaking[self._out.ask("speak", answer.text, speed=reply.wish.voice_speed)] = answer.text

    def spoken(self, work_id: str, result: Result) -> bool:
        """False: no job of ours."""
        if work_id not in self._speaking:
            return False
        words = self._speaking.pop(work_id)
        if self._reply is None:
            return True
        if isinstance(result, Spoken):
            self._say(self._reply, words, result.pcm)
        else:
            self._fail(self._reply, result.reason if isinstance(result, Failed) else "the voice gave no sound")
        return True

    def give_up(self, why: str) -> None:
        """What should be answered could not be heard."""
        if self._reply is not None and not self._reply.asked:
            self._fail(self._reply, why)

    def cancel_asked(self, response_id: str | None) -> None:
        """Raises Refused."""
        if self._reply is None or response_id not in (None, self._reply.id):
            raise Refused("Cancellation failed: no active response found", code="response_cancel_not_active")
        self.cancel("client_cancelled")

    def cancel(self, reason: str) -> None:
        """End the response here, if there is one; what is not due yet is taken back."""
        reply = self._reply
        if reply is None:
            return
        planned = reply.entry
        events, withdrawn = reply.cancel(self._out.now, reason)
        if planned is not None and reply.entry is None:  # nothing of it was sent: there is no such item
            self._conversation.delete(planned.id)
        self._out.add(events)
        self._out.withdraw(withdrawn)
        self._speaking.clear()
        self._reply = None

    def _fail(self, reply: Reply, why: str) -> None:
        self._out.add(reply.fail(self._out.now, why))
        self._reply = None

    def _say(self, reply: Reply, words: str, pcm: bytes) -> None:
        self.has_spoken = True
        whole = pcm[: len(pcm) // 2 * 2]  # a voice that died may leave half a sample
        self._give(reply, lambda at, before: reply.speak(at, words, whole, before))

    def _give(self, reply: Reply, lay_out: Callable[[float, str | None], list[Timed]]) -> None:
        """Put what is said into the conversation, and lay its events out in time."""
        at = max(self._out.now, reply.first_s)
        self._out.add(lay_out(at, self._conversation.last))
        if reply.entry is not None:
            self._conversation.insert(reply.entry)
