"""What a sentence means: one of the grammar, nearly one, something to repeat, or a question for the whole world.

Law: one sentence at a time; what was said before it is `recollection.py`'s business. Sentences may be spoken (words
only) or written (signs, capitals, digits).
"""

from __future__ import annotations

import functools
import re

from edge_agent.local.assistant.grammar import Meaning
from edge_agent.local.assistant.language import Language, language
from edge_agent.local.assistant.nearest import nearest
from edge_agent.local.speech.word_graph import WordGraph

NEAR = 0.26  # of a sentence's words: one word in four
_FULL_HOUR = re.compile(r"(?<=\d)[:.]00\b")
_NUMBER = re.compile(r"\d+")


class Understanding:
    """Of one language. Raises ValueError for one there is not."""

    def __init__(self, name: str) -> None:
        self.language: Language = language(name)
        bare = self.language.GRAMMAR.bare
        pairs = {bare(one): said for said, written in self.language.SPELLINGS.items() for one in written}
        self._said = {written: said for written, said in pairs.items() if written not in ("", said)}
        self._written = re.compile(rf"\b(?:{'|'.join(map(re.escape, self._said))})\b")

    def bare(self, sentence: str) -> str:
        """Its words, small numbers spelt out, without what may surround it."""
        spelt = _NUMBER.sub(self._spelt, _FULL_HOUR.sub("", sentence))
        grammar = self.language.GRAMMAR
        bare = grammar.bare(spelt)
        if grammar.parse(bare) is not None:  # "I am" is no time of day
            return bare
        return self._written.sub(lambda found: self._said[found.group()], bare)

    def meaning(self, sentence: str) -> Meaning | None:
        """None: it is no sentence of the grammar."""
        return self.language.GRAMMAR.parse(self.bare(sentence))

    def repeated(self, sentence: str) -> str | None:
        """What is to be said again, "" for nothing; None: that was not asked."""
        key, bare = self.language.REPEAT_AFTER_ME, self.bare(sentence)
        if not f"{bare} ".startswith(f"{key} "):
            return None
        rest = bare.removeprefix(key).strip()
        return f"{rest[0].upper()}{rest[1:]}." if rest else ""

    def near(self, sentence: str) -> str:
        """The sentence of the grammar that was probably meant, or ""."""
        bare = self.bare(sentence)
        found = nearest(bare, self._graph, NEAR)
        return found.sentence if found is not None and self._figures(found.sentence) == self._figures(bare) else ""

    def is_an_emergency(self, sentence: str) -> bool:
        """Somebody may be in danger: no joke is in place then, and no promise."""
        bare = f" {self.bare(sentence)} "
        return any(f" {sign} " in bare for sign in self.language.EMERGENCY)

    def _figures(self, bare: str) -> list[str | int]:
        """Its numbers and days: whoever says another one means another thing."""
        known = self._figure_words
        return [known.get(word, word) for word in bare.split() if word in known or word.isdigit()]

    @functools.cached_property
    def _figure_words(self) -> dict[str, str | int]:
        """Each word to what it stands for: "eins" and "eine" are one number."""
        pack = self.language
        words: dict[str, str | int] = {day.lower(): day for day in pack.WEEKDAYS}
        words |= {word: word for value in range(101) for word in pack.number(value).split()}
        return words | {word: value for word, value in (*pack.NUMBERS.items(), *pack.COUNTS.items()) if " " not in word}

    def asks_for_knowledge(self, sentence: str) -> bool:
        """It begins as questions do that only the world answers."""
        bare = f"{self.bare(sentence)} "
        return any(bare.startswith(f"{opening} ") for opening in self.language.KNOWLEDGE)

    def _spelt(self, digits: re.Match[str]) -> str:
        value = int(digits.group()[:4])
        return f" {self.language.number(value)} " if value <= 100 else digits.group()

    @functools.cached_property
    def _graph(self) -> WordGraph:
        grammar = self.language.GRAMMAR
        return WordGraph(grammar.patterns(), grammar.slots, {})


@functools.cache
def understanding(name: str) -> Understanding:
    """The one of this language; a grammar is compiled once."""
    return Understanding(name)
