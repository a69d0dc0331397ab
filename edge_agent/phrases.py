"""What the device says by itself, without a provider: each sentence by name, in each language.

Law: words only. A sentence is short, says what is, and promises nothing. Its name is what `dialogue` asks for; every
language has them all.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from edge_agent.dialogue.words import FAILED, MOMENT, NO_ANSWER, REFUSED, UNREACHABLE

VOICES: Final[Mapping[str, str]] = {"en": "en-us+f3", "de": "de+f3"}  # espeak-ng's names

SENTENCES: Final[Mapping[str, Mapping[str, str]]] = {
    "en": {
        MOMENT: "One moment, please.",
        NO_ANSWER: "I got no answer.",
        UNREACHABLE: "I could not reach the service.",
        FAILED: "That did not work.",
        REFUSED: "The service does not let me in.",
    },
    "de": {
        MOMENT: "Einen Moment, bitte.",
        NO_ANSWER: "Ich habe keine Antwort bekommen.",
        UNREACHABLE: "Ich erreiche den Dienst nicht.",
        FAILED: "Das hat nicht geklappt.",
        REFUSED: "Der Dienst lässt mich nicht herein.",
    },
}
