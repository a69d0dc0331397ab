"""What the device says when its daemon does not run: a sentence for each code that stands for that, in each language.

Law: words only. A sentence says what is wrong in words of daily life, and who can mend it; the code is for the journal.
It is spoken by espeak-ng, so it holds nothing that must be read like a technician: no file names, no abbreviations.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from edge_agent.system import codes

SENTENCES: Final[Mapping[str, Mapping[str, str]]] = {
    "en": {
        codes.UNKNOWN: "I cannot start, and I do not know why. Please have somebody look at me.",
        codes.CONFIGURATION: "My settings contain a mistake. Somebody has to correct the configuration.",
        codes.DEVICE: "I cannot use the sound card or the front panel. Please check how they are plugged in.",
        codes.MODEL: "I cannot load my wake word or my voice. They have to be installed again.",
        codes.NETWORK: "I cannot reach the service that answers for me. Please check the network.",
        codes.KEY: "I cannot use the key for the service. Somebody has to set it up again.",
        codes.BUG: "There is a mistake in my program. Please report it.",
        codes.CRASH: "I crashed several times in a row. I will try again in a few minutes.",
        codes.WATCHDOG: "I got stuck several times in a row. Please unplug the sound card and plug it in again.",
        codes.MEMORY: "I do not have enough memory. Another program may be using it.",
        codes.INSTALLATION: "My program is damaged. It has to be installed again.",
        codes.SLOW: "I took too long to start. I will try again in a few minutes.",
    },
    "de": {
        codes.UNKNOWN: "Ich kann nicht starten und weiß nicht, warum. Bitte lass jemanden nach mir sehen.",
        codes.CONFIGURATION: "In meinen Einstellungen ist ein Fehler. Jemand muss die Konfiguration berichtigen.",
        codes.DEVICE: "Ich kann die Soundkarte oder die Bedientafel nicht benutzen. Bitte prüfe, ob alles steckt.",
        codes.MODEL: "Ich kann mein Weckwort oder meine Stimme nicht laden. Sie müssen neu installiert werden.",
        codes.NETWORK: "Ich erreiche den Dienst nicht, der für mich antwortet. Bitte prüfe das Netzwerk.",
        codes.KEY: "Ich kann den Schlüssel für den Dienst nicht benutzen. Jemand muss ihn neu einrichten.",
        codes.BUG: "In meinem Programm ist ein Fehler. Bitte melde ihn.",
        codes.CRASH: "Ich bin mehrmals hintereinander abgestürzt. In einigen Minuten versuche ich es wieder.",
        codes.WATCHDOG: "Ich bin mehrmals hängen geblieben. Bitte zieh die Soundkarte heraus und steck sie wieder ein.",
        codes.MEMORY: "Mein Speicher reicht nicht aus. Vielleicht braucht ihn ein anderes Programm.",
        codes.INSTALLATION: "Mein Programm ist beschädigt. Es muss neu installiert werden.",
        codes.SLOW: "Mein Start hat zu lange gedauert. In einigen Minuten versuche ich es wieder.",
    },
}
