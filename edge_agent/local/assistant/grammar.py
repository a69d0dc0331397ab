"""Sentences a person may say, written once as patterns: for the recogniser a JSGF grammar, for the brain a parser.

Law: no language and no recogniser here; a language pack brings the patterns. A pattern is JSGF's expansion without
weights: words, `[optional]`, `(one | other)` and `<slot>`. Words are lower case, separated by single spaces.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

TOKEN = re.compile(r"<\w+>|[\[\]()|]|[^\s\[\]()|<>]+")
_OPENING = {"[": "(?:", "(": "(?:"}
_CLOSING = {"]": ")?", ")": ")"}


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a sentence was taken for: the intent's name and the words found in its slots."""

    intent: str
    slots: Mapping[str, str] = field(default_factory=dict)


class Grammar:
    """intents: name -> patterns.  slots: name -> the words or phrases it may hold.  before, after: phrases that may
    surround every sentence without changing it (the rest of a wake phrase, a please).

    Raises ValueError for a pattern with unbalanced brackets or an unknown slot.
    """

    def __init__(
        self,
        intents: Mapping[str, Sequence[str]],
        slots: Mapping[str, Sequence[str]],
        before: Sequence[str] = (),
        after: Sequence[str] = (),
    ) -> None:
        self._intents = intents
        self._slots = slots
        self._before = before
        self._after = after
        self._parsers = [
            (name, self._compile(name, pattern)) for name, patterns in intents.items() for pattern in patterns
        ]
        self._prefix = self._surrounding(before, "^(?:{} )+")
        self._suffix = self._surrounding(after, "(?: {})+$")

    def words(self) -> set[str]:
        """Every word that can occur."""
        patterns = [pattern for patterns in self._intents.values() for pattern in patterns]
        fillings = [phrase for phrases in self._slots.values() for phrase in phrases]
        tokens = TOKEN.findall(" ".join([*patterns, *fillings, *self._before, *self._after]))
        return {token for token in tokens if token[0] not in "[]()|<"}

    def jsgf(self, name: str) -> str:
        """The whole grammar for a recogniser, its public rule called `name`."""
        rules = [f"<{slot}> = {_factored(phrases)};" for slot, phrases in self._slots.items()]
        rules += [f"<{intent}_> = {' | '.join(patterns)};" for intent, patterns in self._intents.items()]
        sentence = "(" + " | ".join(f"<{intent}_>" for intent in self._intents) + ")"
        if self._before:
            sentence = f"[{' | '.join(self._before)}] {sentence}"
        if self._after:
            sentence = f"{sentence} [{' | '.join(self._after)}]"
        return "\n".join(["#JSGF V1.0;", f"grammar {name};", *rules, f"public <{name}> = {sentence};"])

    def patterns(self) -> list[str]:
        """Every pattern, with what may stand behind it; slots stand in `slots`, what may stand in front in `before`."""
        after = f" [{' | '.join(self._after)}]" if self._after else ""
        return [f"{pattern}{after}" for patterns in self._intents.values() for pattern in patterns]

    @property
    def before(self) -> Sequence[str]:
        """Phrases that may stand in front of a sentence without changing it."""
        return self._before

    @property
    def slots(self) -> Mapping[str, Sequence[str]]:
        """Name -> the words or phrases it may hold."""
        return self._slots

    def bare(self, sentence: str) -> str:
        """The sentence in lower case, without punctuation and without what may surround it."""
        text = " ".join(re.sub(r"[^\w\s']", " ", sentence.lower().replace("’", "'")).split())
        if self._suffix:
            text = self._suffix.sub("", text)
        return self._prefix.sub("", text + " ").strip() if self._prefix else text

    def parse(self, sentence: str) -> Meaning | None:
        """What the sentence means, or None when no pattern covers the whole of it."""
        text = self.bare(sentence) + " "
        for intent, parser in self._parsers:
            found = parser.fullmatch(text)
            if found:
                return Meaning(intent, {slot: words.strip() for slot, words in found.groupdict().items() if words})
        return None

    def _compile(self, intent: str, pattern: str) -> re.Pattern[str]:
        parts = []
        for token in TOKEN.findall(pattern):
            if token in _OPENING:
                parts.append(_OPENING[token])
            elif token in _CLOSING:
                parts.append(_CLOSING[token])
            elif token == "|":
                parts.append("|")
            elif token.startswith("<"):
                parts.append(self._slot(intent, token[1:-1]))
            else:
                parts.append(re.escape(token) + " ")
        try:
            return re.compile("".join(parts))
        except re.error as error:
            raise ValueError(
                f"grammar: {intent}: found pattern {pattern!r}, expected balanced brackets ({error})"
            ) from None

    def _slot(self, intent: str, slot: str) -> str:
        if slot not in self._slots:
            raise ValueError(f"grammar: {intent}: found <{slot}>, expected one of {sorted(self._slots)}")
        return f"(?P<{slot}>{'|'.join(re.escape(phrase) + ' ' for phrase in self._slots[slot])})"

    @staticmethod
    def _surrounding(phrases: Sequence[str], frame: str) -> re.Pattern[str] | None:
        if not phrases:
            return None
        longest_first = sorted(phrases, key=len, reverse=True)
        return re.compile(frame.format("(?:" + "|".join(map(re.escape, longest_first)) + ")"))


def _factored(phrases: Sequence[str]) -> str:
    """The same phrases as one expansion in which what they share stands once: "(twenty | thirty) [one | two]". A
    recogniser is slower for every word that could be there.
    """
    tails: dict[str, list[str]] = {}
    for phrase in phrases:
        first, _, rest = phrase.partition(" ")
        tails.setdefault(first, []).append(rest)
    heads: dict[tuple[str, ...], list[str]] = {}
    for first, rests in tails.items():
        heads.setdefault(tuple(sorted(rests)), []).append(first)
    return " | ".join(_joined(firsts, rests) for rests, firsts in heads.items())


def _joined(firsts: Sequence[str], rests: Sequence[str]) -> str:
    more = [rest for rest in rests if rest]
    if not more:
        return " | ".join(firsts)
    head = firsts[0] if len(firsts) == 1 else f"({' | '.join(firsts)})"
    inner = _factored(more)
    return f"{head} [{inner}]" if len(more) < len(rests) else f"{head} ({inner})"
