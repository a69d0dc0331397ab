"""Another language's sounds in the phones of the small ears, which have only ever heard English.

Law: a table from the International Phonetic Alphabet to ARPAbet, the nearest English sound for each; a pack writes its
words in the former. Long and short vowels are two sounds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

NEAREST: Final[Mapping[str, str]] = {
    **{"aɪ": "AY", "aʊ": "AW", "ɔø": "OY", "ts": "T S", "tʃ": "CH"},
    **{"ɑː": "AA", "ɑ": "AA", "a": "AA", "eː": "EY", "e": "EY", "ɛː": "EH", "ɛ": "EH", "ə": "AH", "ɜ": "ER"},
    **{"iː": "IY", "i": "IY", "ɪ": "IH", "oː": "OW", "o": "OW", "ɔ": "AO", "ɒ": "AO", "uː": "UW", "u": "UW", "ʊ": "UH"},
    **{"yː": "UW", "y": "UH", "øː": "ER", "ø": "ER", "œ": "AH"},
    **{"b": "B", "d": "D", "f": "F", "ɡ": "G", "h": "HH", "j": "Y", "k": "K", "l": "L", "m": "M", "n": "N", "ŋ": "NG"},
    **{"p": "P", "r": "R", "ɾ": "R", "s": "S", "z": "Z", "ʃ": "SH", "ç": "SH", "x": "HH", "t": "T", "v": "V"},
}
# what a speaker of English makes of some of them instead: a second pronunciation of every word that has one
ELSE: Final[Mapping[str, str]] = {
    **{"ɜ": "AH", "yː": "IY", "y": "IH", "øː": "UH", "a": "AH", "oː": "AO", "ç": "HH", "x": "K", "ə": "EH"},
}
_LONGEST = max(map(len, NEAREST))


def pronunciations(words: str, compounds: Mapping[str, Sequence[str]] | None = None) -> dict[str, str]:
    """As the recogniser's dictionary has them: "word" and "word(2)".

    words: each followed by its IPA.  compounds: words that are said as others one after the other.
    Raises KeyError: a sound that is not in the table, or a part that is no word.
    """
    pairs = words.split()
    ipa = dict(zip(pairs[::2], pairs[1::2], strict=True))
    ipa |= {word: "".join(ipa[part] for part in parts) for word, parts in (compounds or {}).items()}
    first = {word: phones(sounds) for word, sounds in ipa.items()}
    second = {word: phones(sounds, {**NEAREST, **ELSE}) for word, sounds in ipa.items()}
    return first | {f"{word}(2)": said for word, said in second.items() if said != first[word]}


def phones(ipa: str, table: Mapping[str, str] = NEAREST) -> str:
    """Of a word. Raises KeyError: a sound that is not in the table."""
    found, rest = [], ipa
    while rest:
        size = next((size for size in range(_LONGEST, 0, -1) if rest[:size] in table), 0)
        if not size:
            raise KeyError(f"{ipa}: no English sound is near to {rest[0]!r}; there are: {' '.join(table)}")
        found.append(table[rest[:size]])
        rest = rest[size:]
    return " ".join(found)
