"""Words against words: how many are wrong, however numbers and signs are written.

Law: text in, counts out. The word error rate is the least number of words to be changed, left out or put in, over the
number that was said (NIST's definition, without its weights).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from edge_agent.local.assistant.language_en import number

_ORDINALS = {"21st": "twenty first"}
_WRITTEN = {"%": " percent ", "per cent": "percent", "good bye": "goodbye", "dialled": "dialed", "£": ""}


def words(text: str) -> list[str]:
    """Lower case, no punctuation, numbers up to a hundred in words, years as two of them."""
    plain = text.lower().replace("’", "'")
    for written, said in _WRITTEN.items():
        plain = plain.replace(written, said)
    found = re.findall(r"[a-z0-9']+", plain)
    return [word for one in found for word in _said(one).split()]


def errors(said: Sequence[str], heard: Sequence[str]) -> int:
    """The edit distance (Levenshtein)."""
    row = list(range(len(heard) + 1))
    for count, word in enumerate(said, 1):
        above, row[0] = row[0], count
        for place, other in enumerate(heard, 1):
            above, row[place] = row[place], min(above + (word != other), row[place] + 1, row[place - 1] + 1)
    return row[-1]


def error_rate(pairs: Iterable[tuple[str, str]]) -> float:
    """Of (said, heard) together, 0 to 1 and beyond. Nothing said: 0."""
    wrong = total = 0
    for said, heard in pairs:
        wanted = words(said)
        wrong += errors(wanted, words(heard))
        total += len(wanted)
    return wrong / total if total else 0.0


def _said(word: str) -> str:
    if word in _ORDINALS:
        return _ORDINALS[word]
    if not word.isdecimal():
        return word
    value = int(word)
    if value <= 100:
        return number(value)
    if 1100 <= value < 2100:
        return f"{number(value // 100)} {number(value % 100)}"
    return word
