"""German through ears that have only ever heard English: what can be expected of them, which is not much.

The bounds are what was measured with a margin; the voices are espeak-ng's, the room is quiet.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import numpy as np
import pytest
import soxr

from edge_agent.audio.format import HEARING_RATE
from edge_agent.local.assistant import language_de as german
from edge_agent.local.speech.speech import perform, switch
from edge_agent.local.speech.work import WORK_RATE, Recognised, Spoken, Work
from tests.local.speech.test_recogniser_pocketsphinx import in_the_room

pytestmark = pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="espeak-ng is not installed")
SENTENCES = (
    *(
        "wie spät ist es",
        "was kannst du",
        "gute nacht",
        "auf wiedersehen",
        "wie geht es dir",
        "was ist sieben mal acht",
    ),
    *("weck mich um halb acht", "stell einen timer auf fünf minuten", "nein danke", "wie lange noch"),
)
STRANGE = ("der zug nach hamburg hat heute verspätung", "mein bruder kommt am samstag", "nächste woche habe ich urlaub")


@pytest.fixture(autouse=True)
def in_german() -> Iterator[None]:
    switch("de")
    yield
    switch("en")


def heard(sentence: str) -> str:
    sound = in_the_room("espeak-ng:de", sentence)
    pcm = np.asarray(soxr.resample(sound, HEARING_RATE, WORK_RATE) * 32767, "<i2").tobytes()
    result = perform(Work("1", "recognise", pcm))
    assert isinstance(result, Recognised), result
    return result.text


class TestASentence:
    def test_is_understood_more_often_than_not(self) -> None:
        right = [german.GRAMMAR.parse(heard(one)) == german.GRAMMAR.parse(one) for one in SENTENCES]
        assert sum(right) >= 6, right

    def test_of_another_kind_is_refused(self) -> None:
        assert [heard(one) for one in STRANGE] == ["", "", ""]

    def test_that_is_to_be_repeated_is_not_invented(self) -> None:
        """There is nothing that could take down German words."""
        assert "sprich mir nach" not in heard("sprich mir nach der mond ist aufgegangen")

    def test_is_spoken_by_a_german_voice(self) -> None:
        spoken = perform(Work("1", "speak", "Guten Morgen"))
        switch("en")
        english = perform(Work("1", "speak", "Guten Morgen"))
        assert isinstance(spoken, Spoken)
        assert isinstance(english, Spoken)
        assert spoken.pcm != english.pcm
