"""English: what may be said to the built-in assistant, and everything it says.

Law: words only. No conversation, no tool, no recogniser; another language is another file with the same names.
Patterns are those of `grammar.py`. Spoken numbers are percent, 0 to 100.
"""

from __future__ import annotations

from datetime import datetime

from edge_agent.local.grammar import Grammar

ONES = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"),
    *("eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"),
)
TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
PERCENT = {
    "zero": 0,
    "five": 5,
    "ten": 10,
    **{f"{word} five": 10 * number + 5 for number, word in enumerate(TENS, 2)},
    **{word: 10 * number for number, word in enumerate(TENS, 2)},
    "a hundred": 100,
    "one hundred": 100,
}

# The uplink starts a little before the end of the wake word: its last syllables may stand in front of the sentence.
WAKE_RESIDUE = (
    "hey jarvis",
    "jarvis",
    "vis",
    "hey mycroft",
    "mycroft",
    "croft",
    "alexa",
    "lexa",
    "hey rhasspy",
    "rhasspy",
    "spee",
)
PRONUNCIATIONS = {
    "jarvis": "JH AA R V AH S",
    "vis": "V AH S",
    "mycroft": "M AY K R AO F T",
    "croft": "K R AO F T",
    "alexa": "AH L EH K S AH",
    "lexa": "L EH K S AH",
    "rhasspy": "R AE S P IY",
    "spee": "S P IY",
}

INTENTS = {
    "time": ("what time is it [now]", "(what is | what's) the time [now]", "[can you] tell me the time"),
    "date": (
        "(what | which) day is it [today]",
        "(what is | what's) the date [today]",
        "(what is | what's) today's date",
    ),
    "volume_up": ("volume up", "turn (it | the volume) up", "turn up the volume", "louder", "make it louder"),
    "volume_down": ("volume down", "turn (it | the volume) down", "turn down the volume", "quieter", "make it quieter"),
    "volume_set": ("(set | turn) the volume to <percent> [percent]", "volume <percent> [percent]"),
    "volume_get": ("(what is | what's) the volume", "how loud are you"),
    "joke": ("tell me a joke", "tell me another joke", "another joke", "do you know a joke"),
    "story": ("tell me a story", "tell me another story", "read me a story"),
    "abilities": ("what can you do", "what can i ask you", "what can i say", "help me", "help"),
    "identity": ("who are you", "what is your name", "what's your name"),
    "first_question": ("what did i ask you first", "what was my first question"),
    "last_question": ("what did i ask you last", "what did i ask you before", "what was my last question"),
    "thanks": ("thank you [very much]", "thanks [a lot]"),
    "goodbye": ("goodbye", "bye bye", "good night"),
    "hello": ("hello [there]", "good morning", "good evening"),
    "dismissal": ("never mind", "stop [it]", "be quiet"),
    "yes_no": ("yes", "no"),  # so that the recogniser need not take them for a hello
}
REPEAT_AFTER_ME = "repeat after me"  # what follows is free speech, so it is no pattern

GRAMMAR = Grammar(INTENTS, {"percent": tuple(PERCENT)}, before=WAKE_RESIDUE)

JOKES = (
    "Why did the clock get sent out of the classroom? It tocked too much.",
    "I asked the lamp how it was feeling today. It said, a little light headed.",
    "Why do teapots never get lost? They always follow the spout.",
    "What did the wall say to the other wall? I will meet you at the corner.",
)
STORY = (
    "Once upon a time, in a village by the sea, there lived a small brown dog who was afraid of the waves. "
    "Every morning he sat on the warm stones and watched the boats go out. "
    "One day a little girl lost her red ball, and the water carried it away. "
    "The dog looked at the ball, then at the girl, and forgot to be afraid. "
    "He ran and jumped, and swam, and brought it back. "
    "Since that day he sails with the fishermen, and he always sits at the very front."
)
DID_NOT_UNDERSTAND = (
    "Sorry, I did not understand that. Try: what time is it, or: tell me a joke.",
    "I did not get that. I only know a few sentences; say: what can you do.",
)
ABILITIES = (
    "I can tell you the time and the date, change the volume, tell a joke or a story, "
    "and remember what you asked. I work without the internet."
)
IDENTITY = "I am the built-in assistant of this device. I am small, but I work offline."
THANKS = "You are welcome."
GOODBYE = "Goodbye. I am here when you need me."
HELLO = "Hello. What can I do for you?"
DISMISSAL = "All right."
YES_NO = "I have no question for you. You may ask me one."
LISTENING = "I am listening. What can I do for you?"
NOTHING_ASKED = "You have not asked me anything yet."
NOTHING_TO_REPEAT = "I did not catch what I should repeat. Say: repeat after me, and then a few words."
NO_VOLUME = "I cannot change the volume on this device."
VOLUME_UNKNOWN = "I cannot tell how loud I am. Say, for example: set the volume to fifty percent."
VOLUME_FAILED = "That did not work. The volume is as it was."
TOOL_FINISHED = "Done."


def number(value: int) -> str:
    """0 to 100 in words."""
    if value == 100:
        return "one hundred"
    if value < len(ONES):
        return ONES[value]
    tens = TENS[value // 10 - 2]
    return tens if value % 10 == 0 else f"{tens} {ONES[value % 10]}"


def time_of_day(now: datetime) -> str:
    """Twelve-hour clock, as one says it."""
    if now.minute == 0 and now.hour in (0, 12):  # "twelve in the morning" could be either
        return "It is noon." if now.hour else "It is midnight."
    part = _part_of_day(now.hour)
    hour = number((now.hour - 1) % 12 + 1)
    if now.minute == 0:
        return f"It is {hour} o'clock {part}."
    minute = number(now.minute) if now.minute >= 10 else f"oh {number(now.minute)}"
    return f"It is {hour} {minute} {part}."


def _part_of_day(hour: int) -> str:
    if hour == 0 or hour >= 21:
        return "at night"
    return "in the morning" if hour < 12 else "in the afternoon" if hour < 18 else "in the evening"


def date(now: datetime) -> str:
    """Weekday, month, day and year; the names come from here, not from the process's locale."""
    suffix = "th" if now.day in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(now.day % 10, "th")
    return f"Today is {WEEKDAYS[now.weekday()]}, {MONTHS[now.month - 1]} {now.day}{suffix}, {now.year}."


def greeting(wake_phrase: str) -> str:
    return (
        "Hello, I am the built-in assistant of this device, and I work offline. "
        f"Say: {wake_phrase}, and then ask me, for example, what time it is."
    )


def first_question(question: str) -> str:
    return f"The first thing you asked me was: {question}."


def last_question(question: str) -> str:
    return f"Before that you asked me: {question}."


def volume_is(percent: int) -> str:
    return f"The volume is at {number(percent)} percent."


def volume_set(percent: int) -> str:
    return f"The volume is now at {number(percent)} percent."
