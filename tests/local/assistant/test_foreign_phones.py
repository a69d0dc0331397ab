"""Another language's sounds for English ears."""

from __future__ import annotations

import pytest

from edge_agent.local.assistant.foreign_phones import ELSE, NEAREST, phones, pronunciations

ARPABET = {
    *(
        "AA",
        "AE",
        "AH",
        "AO",
        "AW",
        "AY",
        "B",
        "CH",
        "D",
        "DH",
        "EH",
        "ER",
        "EY",
        "F",
        "G",
        "HH",
        "IH",
        "IY",
        "JH",
        "K",
    ),
    *("L", "M", "N", "NG", "OW", "OY", "P", "R", "S", "SH", "T", "TH", "UH", "UW", "V", "W", "Y", "Z", "ZH"),
}


class TestAWord:
    def test_is_said_with_the_nearest_sounds(self) -> None:
        assert phones("tsaɪt") == "T S AY T"
        assert phones("ʃpɛːtɜ") == "SH P EH T ER"

    def test_takes_the_longest_sound_that_fits(self) -> None:
        assert phones("aʊ") == "AW"
        assert phones("aa") == "AA AA"

    def test_with_a_sound_that_is_not_known_is_named(self) -> None:
        with pytest.raises(KeyError, match="θɪŋ: no English sound is near to 'θ'"):
            phones("θɪŋ")


class TestADictionary:
    def test_has_a_second_pronunciation_where_there_is_one(self) -> None:
        assert pronunciations("ich ɪç ist ɪst") == {"ich": "IH SH", "ich(2)": "IH HH", "ist": "IH S T"}

    def test_has_compounds_of_its_words(self) -> None:
        assert pronunciations("ein aɪn und ʊnt zig tsɪk", {"einundzig": ("ein", "und", "zig")})["einundzig"] == (
            "AY N UH N T T S IH K"
        )

    def test_of_words_without_a_sound_is_refused(self) -> None:
        with pytest.raises(ValueError, match="shorter"):
            pronunciations("ich ɪç ist")


class TestTheTable:
    def test_has_only_phones_that_the_ears_know(self) -> None:
        assert {phone for said in (*NEAREST.values(), *ELSE.values()) for phone in said.split()} <= ARPABET

    def test_says_nothing_else_in_the_same_way(self) -> None:
        assert all(NEAREST[sound] != said for sound, said in ELSE.items())
