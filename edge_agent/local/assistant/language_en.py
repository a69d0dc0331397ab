"""English: what may be said to the built-in assistant, and everything it says.

Law: words only (`language.py` tells what a pack is made of). Patterns are those of `grammar.py`.
"""

from __future__ import annotations

from datetime import datetime

from edge_agent.local.assistant.grammar import Grammar
from edge_agent.local.assistant.language import WAKE_RESIDUE, WAKE_SOUNDS, Day, Operator, Part, Texts, slots

NAME, VOICE, TAKES_DICTATION, DOUBT, FULL_DAY_CLOCK = "en", "en-us+f3", True, 0.5, False
ONES = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"),
    *("thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"),
)
TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


def number(value: int) -> str:
    """0 to 100 in words."""
    if value == 100:
        return "one hundred"
    if value < len(ONES):
        return ONES[value]
    tens = TENS[value // 10 - 2]
    return tens if value % 10 == 0 else f"{tens} {ONES[value % 10]}"


NUMBERS = {**{number(value): value for value in range(101)}, "a hundred": 100}
PERCENT = {words: value for words, value in NUMBERS.items() if value % 5 == 0 and value != 15}
COUNTS = {words: value for words, value in NUMBERS.items() if 1 <= value <= 60 or value == 90}
SPANS = {
    **{"a minute": 60, "half a minute": 30, "an hour": 3600, "half an hour": 1800, "a quarter of an hour": 900},
    **{"an hour and a half": 5400, "one and a half hours": 5400, "two and a half minutes": 150},
}
HOURS = {number(value): value for value in range(1, 13)}
MINUTES = {
    **{"o'clock": 0},
    **{f"oh {number(value)}": value for value in range(1, 10)},
    **{number(value): value for value in range(10, 60)},
}
OFFSETS = {
    **{"half past": 30, "quarter past": 15, "a quarter past": 15, "quarter to": -15, "a quarter to": -15},
    **{"five past": 5, "ten past": 10, "twenty past": 20, "five to": -5, "ten to": -10, "twenty to": -20},
}
PARTS: dict[str, Part] = {
    **{"in the morning": "morning", "a m": "morning", "in the afternoon": "afternoon", "p m": "afternoon"},
    **{"in the evening": "evening", "at night": "night"},
}
DAYS: dict[str, tuple[Day, Part | None]] = {
    **{"tomorrow": ("tomorrow", None), "tomorrow morning": ("tomorrow", "morning"), "every day": ("daily", None)},
    **{"every morning": ("daily", "morning"), "every evening": ("daily", "evening"), "today": ("today", None)},
    **{"this evening": ("today", "evening"), "tonight": ("today", "evening")},
}
OPERATORS: dict[str, Operator] = {"plus": "+", "and": "+", "minus": "-", "times": "*", "divided by": "/"}
LABELS = {name: name for name in ("eggs", "pasta", "pizza", "tea", "rice", "potatoes", "cake", "bread", "laundry")}
MOMENTS = {"noon": 720, "midnight": 0}
UNITS = (("day", "days"), ("hour", "hours"), ("minute", "minutes"), ("second", "seconds"))

_SET = "(set | start) (a | the) timer (for | of)"
_NAMED = "[for the <label>]"
_TIME = "(<hour> [<minute>] | <moment>) [<part>] [<day>]"
_TIME_PAST = "<offset> <hour> [<part>] [<day>]"
_ALARM = "set (an | the) alarm (for | at)"
INTENTS = {
    "time": ("what time is it [now]", "(what is | what's) the time [now]", "[can you] tell me the time"),
    "date": ("(what | which) day is it [today]", "(what is | what's) (the date [today] | today's date)"),
    "timer_set": (
        f"{_SET} <minutes> (minute | minutes) [and <seconds> (second | seconds)] {_NAMED}",
        f"{_SET} <hours> (hour | hours) [and <minutes> (minute | minutes)] {_NAMED}",
        f"{_SET} (<seconds> (second | seconds) | <span>) {_NAMED}",
        "set a <minutes> minute timer [for the <label>]",
        "remind me in (<minutes> (minute | minutes) | <span>)",
    ),
    "alarm_set": (f"{_ALARM} {_TIME}", f"{_ALARM} {_TIME_PAST}"),
    "wake": (
        *(f"wake me [up] at {_TIME}", f"wake me [up] at {_TIME_PAST}"),
        "wake me [up] <day> at <hour> [<minute>] [<part>]",
    ),
    "timers_left": ("how (long | much time) is left", "how much longer", "how long does the timer (have | run)"),
    "timers_list": (
        *("(what | which) (timers | alarms) are (running | set)", "list (my | the | all) (timers | alarms)"),
        *("(what | which) (timers | alarms) do i have", "(is there | are there) (a timer | an alarm | any timers)"),
    ),
    "timer_cancel": ("(cancel | stop | delete) (the | my) timer", "(cancel | stop) the timer for the <label>"),
    "alarm_cancel": ("(cancel | stop | delete | turn off) (the | my) alarm",),
    "timers_cancel": ("(cancel | stop | delete) (all | all the | all my) timers",),
    "alarms_cancel": ("(cancel | stop | delete) (all | all the | all my) alarms",),
    "volume_up": ("volume up", "turn (it | the volume) up", "turn up the volume", "[make it] louder"),
    "volume_down": ("volume down", "turn (it | the volume) down", "turn down the volume", "[make it] quieter"),
    "volume_set": ("(set | turn) the volume to <percent> [percent]", "volume <percent> [percent]"),
    "volume_get": ("(what is | what's) the volume", "how loud (are you | is it)"),
    "status_network": ("are you (online | connected)", "is the network there", "do you have a network"),
    "status_warm": ("how (warm | hot) are you", "(what is | what's) your temperature"),
    "status_uptime": ("how long have you been (running | on)",),
    "sum": ("(what is | what's | how much is) <first> <operator> <second>",),
    "joke": ("tell me (a | another) joke", "another joke", "do you know a joke"),
    "story": ("tell me (a | another) story", "another story", "read me a story"),
    "abilities": ("what can you do", "what can i (ask you | say)", "help me", "help"),
    "help_timers": ("help with (timers | alarms)", "how do i set (a timer | an alarm)"),
    "help_volume": ("help with the volume", "how do i change the volume"),
    "help_fun": ("help with (jokes | stories | jokes and stories)",),
    "help_device": ("help with the device", "what do you know about yourself"),
    "identity": ("who are you", "(what is | what's) your name"),
    "kind": ("what are you", "are you a (robot | person | computer)", "are you human"),
    "offline": ("do you (need | use) the internet", "do you work offline", "are you in the cloud"),
    "privacy": (
        *("(do | did) you record me", "what do you (store | record)", "where does my voice go", "who can hear me"),
        *("are you (spying on | listening to) me", "are you always listening"),
    ),
    "tongue": ("what languages do you speak", "do you speak (german | english | french | spanish)"),
    "age": ("how old are you", "when is your birthday"),
    "home": ("where are you", "where do you live"),
    "first_question": ("what did i ask you first", "what was my first question"),
    "last_question": ("what did i ask you last", "what did i ask you before", "what was my last question"),
    "again": ("say that again", "repeat that", "what did you say"),
    "how_are_you": ("how are you [today]", "how do you do"),
    "there": ("are you there", "can you hear me"),
    "love": ("i (love | like) you", "do you (love | like) me"),
    "insult": ("you are (stupid | useless | an idiot)", "i hate you"),
    "praise": ("well done", "good job", "you are (great | funny | clever)"),
    "sorry": ("sorry", "i am sorry"),
    "thanks": ("thank you [very much]", "thanks [a lot]"),
    "goodbye": ("goodbye", "bye bye", "see you [later]"),
    "good_night": ("good night",),
    "hello": ("hello [there]", "good morning", "good evening"),
    "dismissal": ("never mind", "stop [it]", "be quiet"),
    "yes": ("yes", "that is right"),
    "no": ("no [thank you]",),
    "beyond": (
        *("(what is | what's | how is) the weather [like] [today | tomorrow]", "will it rain [today | tomorrow]"),
        *("(what is | what's | tell me) the news", "play [some] music", "turn (on | off) the (light | lights)"),
    ),
}
REPEAT_AFTER_ME = "repeat after me"  # what follows is free speech, so it is no pattern
SLOTS = slots(PERCENT, HOURS, COUNTS, SPANS, LABELS, HOURS, MINUTES, MOMENTS, OFFSETS, PARTS, DAYS, NUMBERS, OPERATORS)
GRAMMAR = Grammar(INTENTS, SLOTS, WAKE_RESIDUE, after=("please",))
EMERGENCY = (
    *("ambulance", "call the police", "fire brigade", "fire department", "emergency", "heart attack", "nine one one"),
    *("i have fallen", "i fell", "i can't get up", "i cannot breathe", "i can't breathe", "i am hurt", "i am bleeding"),
    *("kill myself", "suicide", "want to die", "the house is on fire", "somebody broke in"),
)
KNOWLEDGE = (
    *("who is", "who was", "who are", "who wrote", "who won", "who made", "what is", "what's", "what are", "what was"),
    *("what does", "where is", "where are", "where was", "when is", "when was", "when did", "when does", "why"),
    *("how far", "how many", "how much", "how big", "how tall", "how old is", "how do i", "how does", "how is"),
    *("tell me about", "explain", "translate", "search", "look up", "play", "call", "send", "buy", "order"),
    *("will it", "is it going to", "read me the", "turn on", "turn off", "switch on", "switch off"),
)

JOKES = (
    "Why did the clock get sent out of the classroom? It tocked too much.",
    "I asked the lamp how it was feeling today. It said, a little light headed.",
    "Why do teapots never get lost? They always follow the spout.",
    "What did the wall say to the other wall? I will meet you at the corner.",
    "My loudspeaker and I get along. We are on the same wavelength.",
)
STORY = (
    "Once upon a time, in a village by the sea, there lived a small brown dog who was afraid of the waves. "
    "Every morning he sat on the warm stones and watched the boats go out. "
    "One day a little girl lost her red ball, and the water carried it away. "
    "The dog looked at the ball, then at the girl, and forgot to be afraid. "
    "He ran and jumped, and swam, and brought it back. "
    "Since that day he sails with the fishermen, and he always sits at the very front."
)
STORIES = (
    STORY,
    "There was once a clock in a tower that was always five minutes late. "
    "The mayor scolded it, and the clockmaker shook his head. "
    "But the baker's boy, who was always late himself, looked up at it every morning and was in good time. "
    "One night somebody put the clock right. The next day the boy missed his train, and the whole town had no bread. "
    "Since then nobody has touched the clock, and everybody has breakfast.",
    "In an old lighthouse lived a moth who danced around the lamp, and her shadow was as large as a whale. "
    "A fisherman who had lost his way saw the whale, laughed, and steered after it, straight into the harbour. "
    "In the morning he told everybody about it. The moth slept, and never knew that she was famous.",
)
ABILITIES = (
    "I know the time and the date, timers and alarms, the volume, how this device is, sums, jokes, and stories. "
    "I work without the internet. Say, for example: help with timers."
)
ANSWERS = {
    "joke": JOKES,
    "story": STORIES,
    "abilities": (ABILITIES,),
    "help_timers": ("Say: set a timer for ten minutes. Or: wake me at seven. Then: how long is left.",),
    "help_volume": ("Say: turn up the volume, or: set the volume to fifty percent.",),
    "help_fun": ("Say: tell me a joke, or: tell me a story. Or say: repeat after me, and then anything you like.",),
    "help_device": ("Ask me: are you online, how warm are you, or: what do you store.",),
    "identity": ("I am the built-in assistant of this device. I am small, but I work offline.",),
    "kind": ("I am a program on this device. I know a few dozen sentences, and I am no person.",),
    "offline": ("I work without the internet. Everything I know is on this device, and that is not much.",),
    "privacy": (
        "I wait for the wake word here on the device, and your voice does not leave it. What was said stays in memory "
        "for a while; only your timers are written down. With a cloud service that is different.",
    ),
    "tongue": ("I speak English now. I can speak German too, when I am set up for it.",),
    "age": ("I was started not long ago, and I never count birthdays.",),
    "home": ("I live on this device, and nowhere else.",),
    "how_are_you": ("I am fine, thank you. All my parts are where they should be.", "Still fine, thank you."),
    "there": ("Yes, I can hear you.",),
    "love": ("That is kind of you. I am only a program, but I like to be useful.", "That is kind. Thank you."),
    "insult": ("I am sorry that I was no help. I know only a few things.", "I am sorry. I do my best."),
    "praise": ("Thank you.", "That is kind."),
    "sorry": ("It is all right.",),
    "thanks": ("You are welcome.",),
    "goodbye": ("Goodbye. I am here when you need me.",),
    "good_night": ("Good night. Sleep well.",),
    "hello": ("Hello. I am listening.",),
    "dismissal": ("All right.",),
}
TEXTS = Texts(
    greeting="Hello, I am the built-in assistant of this device, and I work offline. "
    "Say: {}, and then ask me, for example, what time it is.",
    listening="I am listening.",
    unheard=(
        "Sorry, I did not catch a word. Please say it again, a little slower.",
        "I could not hear that well. It helps to come nearer, and to say a short sentence.",
        "I still cannot make it out. For help say: what can you do. To end this, say: stop.",
    ),
    not_understood=(
        "Sorry, I did not understand that. Try: what time is it, or: tell me a joke.",
        "I did not get that. I only know a few sentences; say: what can you do.",
        "I still do not understand. For help say: what can you do. To end this, say: stop.",
    ),
    beyond=(
        "I work without the internet here, so I cannot know that. I can tell you the time, or set a timer.",
        "That is out there in the world, and I have no internet here. Say: what can you do, to hear what I have.",
        "I cannot look that up. I know only what is on this device.",
    ),
    emergency="I cannot call anybody. Please call your emergency number, in Europe one one two, or somebody near you.",
    did_you_mean="Did you mean: {}?",
    say_it_again="All right. Please say it in another way, or say: what can you do.",
    no_question="I have no question for you. You may ask me one.",
    first_question="The first thing you asked me was: {}.",
    last_question="Before that you asked me: {}.",
    nothing_asked="You have not asked me anything yet.",
    nothing_said="I have not said anything yet.",
    nothing_to_repeat="I did not catch what I should repeat. Say: repeat after me, and then a few words.",
    no_volume="I cannot change the volume on this device.",
    volume_unknown="I cannot tell how loud I am. Say, for example: set the volume to fifty percent.",
    volume_is="The volume is at {} percent.",
    volume_set="The volume is now at {} percent.",
    done="Done.",
    failed="That did not work. Everything is as it was.",
    no_timers="This device has no timers for me.",
    timer_set="Your timer is set: {}.",
    timer_set_for="Your timer for the {1} is set: {0}.",
    alarm_set="Your alarm is set for {}.",
    alarm_set_daily="Your alarm is set for {}, every day.",
    timer_left="The timer has {} left.",
    timer_left_for="The timer for the {} has {} left.",
    alarm_at="There is an alarm set for {}.",
    ringing="One is ringing now.",
    none_set="No timer and no alarm is set.",
    many_set="There are {} of them. The next ones:",
    which_one="There are several. Say: cancel all timers, or: what timers are running.",
    cancelled="It is cancelled.",
    all_cancelled="All of them are cancelled.",
    too_many="There are too many timers already. Cancel one of them first.",
    is_over="That time is over already.",
    no_such="There is no such timer.",
    no_status="This device does not tell me that.",
    connected="My connection is up. I work on this device, so I do not need the internet for it.",
    not_connected="My connection is just being made again.",
    warm="The processor is at {} degrees.",
    uptime="I have been running for {}.",
    time_is="It is {}.",
    today_is="Today is {}, {}.",
    today="{}, today",
    tomorrow="{}, tomorrow",
    on_day="{}, on {}",
    both="{} and {}",
    decimal_sign=".",
    result="That is {}.",
    by_zero="Nobody can divide by zero, and neither can I.",
)


def count(value: int, unit: tuple[str, str]) -> str:
    return f"{number(value) if value <= 100 else value} {unit[value != 1]}"


def clock(now: datetime) -> str:
    """Twelve-hour clock, as one says it."""
    if now.minute == 0 and now.hour in (0, 12):  # "twelve in the morning" could be either
        return "noon" if now.hour else "midnight"
    hour, part = number((now.hour - 1) % 12 + 1), _part_of_day(now.hour)
    if now.minute == 0:
        return f"{hour} o'clock {part}"
    return f"{hour} {number(now.minute) if now.minute >= 10 else f'oh {number(now.minute)}'} {part}"


def _part_of_day(hour: int) -> str:
    if hour == 0 or hour >= 21:
        return "at night"
    return "in the morning" if hour < 12 else "in the afternoon" if hour < 18 else "in the evening"


def day(when: datetime) -> str:
    """The names come from here, not from the process's locale."""
    suffix = "th" if when.day in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(when.day % 10, "th")
    return f"{WEEKDAYS[when.weekday()]}, {MONTHS[when.month - 1]} {when.day}{suffix}"


PRONUNCIATIONS = WAKE_SOUNDS
# How a dictation may write what the grammar says in words.
SPELLINGS: dict[str, tuple[str, ...]] = {
    **{number(value): (str(value),) for value in range(101)},
    **{"a hundred": ("100",), "percent": ("%", "per cent"), "goodbye": ("good-bye",), "i": ("I",)},
    **{
        "jarvis": ("Jarvis",),
        "mycroft": ("Mycroft",),
        "alexa": ("Alexa",),
        "german": ("German",),
        "a m": ("am",),
        "p m": ("pm",),
    },
    **{"english": ("English",), "french": ("French",), "spanish": ("Spanish",)},
}
