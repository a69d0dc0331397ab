"""The built-in assistant: good company without the internet.

Law: no clock, no sound, no wire; it is asked once a response and keeps nothing between two: whatever it remembers
stands in the conversation, so a resumed session knows exactly what has been replayed to it. It never pretends to be the
cloud, and it knows when it did not understand.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from edge_agent.local.assistant.grammar import Meaning
from edge_agent.local.assistant.language import ENGLISH, Texts
from edge_agent.local.assistant.recollection import Recollection, words_of
from edge_agent.local.assistant.skills.calendar import Calendar
from edge_agent.local.assistant.skills.skill import Asked, Skill, result_of
from edge_agent.local.assistant.skills.status import Status
from edge_agent.local.assistant.skills.sums import Sums
from edge_agent.local.assistant.skills.timers import Timers
from edge_agent.local.assistant.skills.volume import Volume
from edge_agent.local.assistant.understanding import Understanding, understanding
from edge_agent.local.realtime.mind import Answer, Call, Item, Question, Say

WAKE_PHRASE = "hey jarvis"
SKILLS: Sequence[Skill] = (Calendar(), Timers(), Volume(), Status(), Sums())
SKILL_OF = {intent: skill for skill in SKILLS for intent in skill.intents}
OWNER_OF = {tool: skill for skill in SKILLS for tool in skill.tools}
OF_THE_CONVERSATION = frozenset({"first_question", "last_question", "again", "yes", "no", "beyond"})
"""The intents that are answered from what was said before; a pack has no answers to them."""


@dataclass(frozen=True, slots=True)
class Brain:
    """wake_phrase: how to call it, told in the greeting.  language: one of LANGUAGES."""

    wake_phrase: str = WAKE_PHRASE
    language: str = ENGLISH

    def answer(self, question: Question) -> Answer:
        return (_Conversation(self.wake_phrase, question, understanding(self.language)).part(),)


class _Conversation:
    """One question, with all that was said before."""

    def __init__(self, wake_phrase: str, question: Question, mind: Understanding) -> None:
        self._wake_phrase, self._question, self._mind = wake_phrase, question, mind
        self._past = Recollection(question.items, mind)
        self._texts: Texts = mind.language.TEXTS

    def part(self) -> Say | Call:
        waiting = self._past.waiting()
        if waiting is None:
            greeting = self._texts.greeting.format(self._wake_phrase)
            return Say(greeting if self._question.instructions else self._texts.listening)
        if waiting.get("type") == "function_call_output":
            return self._after_call(waiting)
        sentence, place = words_of(waiting), self._past.asked()
        if self._mind.is_an_emergency(sentence):
            return Say(self._texts.emergency)
        repeated = self._mind.repeated(sentence)
        if repeated is not None:
            return Say(repeated or self._texts.nothing_to_repeat)
        meaning = self._past.meaning(place)
        return self._to(meaning, place) if meaning is not None else Say(self._at_a_loss(sentence))

    # --- understood ---------------------------------------------------------------------------------------------------

    def _to(self, meaning: Meaning, place: int) -> Say | Call:
        if meaning.intent in SKILL_OF:
            return SKILL_OF[meaning.intent].begin(self._asked(meaning))
        if meaning.intent in OF_THE_CONVERSATION:
            return Say(self._of_the_conversation(meaning.intent, place))
        return Say(self._in_turn(self._mind.language.ANSWERS[meaning.intent]))

    def _after_call(self, output: Item) -> Say | Call:
        """A function has answered: go on with what the person wanted of it."""
        name = self._past.called(output)
        skill, result = OWNER_OF.get(name), result_of(output.get("output"))
        if skill is None:
            return Say(self._texts.failed if "error" in result else self._texts.done)
        meaning = self._past.meaning(self._past.asked())
        wanted = meaning if meaning is not None and meaning.intent in skill.intents else Meaning("")
        return skill.go_on(self._asked(wanted), name, result)

    def _asked(self, meaning: Meaning) -> Asked:
        return Asked(meaning, self._mind.language, self._question.now, self._question.tools)

    def _in_turn(self, variants: Sequence[str]) -> str:
        """The first of those that were told least often."""
        return min(variants, key=self._past.told)

    def _of_the_conversation(self, intent: str, place: int) -> str:
        texts = self._texts
        match intent:
            case "beyond":
                return self._by_turns(texts.beyond)
            case "again":
                return self._past.last_said() or texts.nothing_said
            case "yes" | "no":
                asked = self._past.meant(place) is not None
                return texts.say_it_again if asked and intent == "no" else texts.no_question
        asked_before = list(self._past.sentences(place))
        if not asked_before:
            return texts.nothing_asked
        first = intent == "first_question"
        return texts.first_question.format(asked_before[0]) if first else texts.last_question.format(asked_before[-1])

    # --- not understood -----------------------------------------------------------------------------------------------

    def _at_a_loss(self, sentence: str) -> str:
        """Nothing was heard, nearly a sentence, a question for the world, or words that it does not know."""
        texts = self._texts
        if not self._mind.bare(sentence):
            return self._by_turns(texts.unheard)
        if near := self._mind.near(sentence):
            question = texts.did_you_mean.format(near)
            if question != self._past.last_said():
                return question
        knowledge = self._mind.asks_for_knowledge(sentence)
        return self._by_turns(texts.beyond if knowledge else texts.not_understood)

    def _by_turns(self, ladder: Sequence[str]) -> str:
        """The next of these, the further the longer nothing was understood, and never one twice running."""
        texts, last = self._texts, self._past.last_said()
        opening = texts.did_you_mean.partition("{}")[0]
        alike = ladder if ladder is texts.beyond else (*texts.unheard, *texts.not_understood)
        step = min(self._past.said_in_a_row(alike, "" if ladder is texts.beyond else opening), len(ladder) - 1)
        return ladder[step] if ladder[step] != last else ladder[step - 1]
