"""Who speaks: real people first, then synthetic voices, in two halves that share nobody.

Law: names, packages and file patterns only. Everything is in Debian's archive; nothing is copied into the project.
DEV may be tuned on, JUDGE is only measured. The halves share no person, no game and (of the synthesisers) no voice.
The casts of the three games are counted by role: an actor may have played two of them.
"""

from __future__ import annotations

from dataclasses import dataclass

DEV, JUDGE = "dev", "judge"
PERSON, VOICE = "person", "voice"

G722 = ("-f", "g722")
GSM = ("-f", "gsm")
DRASCULA = ("-f", "u8", "-ar", "11025", "-ac", "1")
QUEEN = "flight-of-the-amazon-queen"
QUEEN_ROLES = ("08", "12", "24", "25", "33", "35", "39", "48", "57", "59", "61")  # dialogues with most lines


@dataclass(frozen=True, slots=True)
class Talker:
    """package, pattern: a Debian package and a glob in its files; of the game `QUEEN`, a regular expression on the
    names in its archive; of a synthesiser ("flite", "espeak-ng"), the voice. decode: what ffmpeg must be told."""

    name: str
    half: str
    package: str
    pattern: str
    decode: tuple[str, ...] = ()

    @property
    def kind(self) -> str:
        return VOICE if self.package in ("flite", "espeak-ng") else PERSON


def _prompts(name: str, half: str, language: str) -> Talker:
    return Talker(f"{name}-{language}", half, f"asterisk-core-sounds-{language}-g722", "**/*.g722", G722)


def _fish(name: str, half: str, language: str, side: str) -> Talker:
    return Talker(name, half, f"fillets-ng-data-{language}", f"**/*-{side}-*.ogg")


def _drascula(role: str, pattern: str) -> Talker:
    return Talker(f"drascula-{role}", DEV, "drascula", f"**/en/{pattern}.ALS", DRASCULA)


TALKERS = (
    _prompts("allison", DEV, "en"),
    _prompts("allison", DEV, "es"),
    Talker("menardi-it", DEV, "asterisk-prompt-it-menardi-wav", "**/*.wav"),
    Talker("colombia-es", DEV, "asterisk-prompt-es-co", "**/*.gsm", GSM),
    _fish("fish-small-nl", DEV, "nl", "m"),
    _fish("fish-big-nl", DEV, "nl", "v"),
    _drascula("john", "[0-9]*"),
    _drascula("count", "D[0-9]*"),
    _drascula("braun", "VB[0-9]*"),
    _drascula("bj", "BJ[0-9]*"),
    _drascula("igor", "I[0-9]*"),
    _drascula("wolf", "L[0-9]*"),
    _drascula("innkeeper", "T[0-9]*"),
    *(Talker(f"flite-{name}", DEV, "flite", name) for name in ("awb", "kal16")),
    *(Talker(f"espeak-{name}", DEV, "espeak-ng", name) for name in ("en-us+f3", "en-gb-scotland+m3")),
    _prompts("june", JUDGE, "fr"),
    _prompts("carlo", JUDGE, "it"),
    _prompts("ivrvoice", JUDGE, "ru"),
    Talker("armelle-fr", JUDGE, "asterisk-prompt-fr-armelle", "**/*.gsm", GSM),
    _fish("fish-small-cs", JUDGE, "cs", "m"),
    _fish("fish-big-cs", JUDGE, "cs", "v"),
    Talker("queen-joe", JUDGE, QUEEN, r"\d\d\d{4}J\d"),
    *(Talker(f"queen-{role}", JUDGE, QUEEN, rf"{role}\d{{4}}P\d") for role in QUEEN_ROLES),
    *(Talker(f"flite-{name}", JUDGE, "flite", name) for name in ("slt", "rms")),
    *(Talker(f"espeak-{name}", JUDGE, "espeak-ng", name) for name in ("en-gb", "en-us+f2")),
)

SENTENCES = (  # what the synthesisers say: requests as they are made at home, half of them with a comma
    "What's the weather like in Hamburg tomorrow afternoon?",
    "Turn off the lights in the kitchen and the hallway, please.",
    "Set a timer for twenty five minutes, and tell me when it is over.",
    "Remind me to call my mother on Sunday, after lunch.",
    "How long does it take to boil an egg, if I like it soft?",
    "Play something quiet, maybe the record we had yesterday evening.",
    "Who wrote the book about the old man and the sea?",
    "Is there any train to Munich before eight o'clock in the morning?",
    "Add milk, two lemons, and a bag of flour to the shopping list.",
    "What is the difference between a crocodile and an alligator?",
    "Can you tell my brother, that I will be twenty minutes late?",
    "Wake me up at half past six, but not on Saturday.",
    "How many people live in Australia?",
    "When the washing machine is done, please tell everybody in the house.",
    "Translate good evening into Portuguese.",
    "I would like to know, how the match ended last night.",
)
