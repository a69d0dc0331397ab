"""What is said in a survey of playback: by the device at length, by the people who do or do not interrupt it.

Law: data. The replies are of the kind that assistants give; none holds a wake word but those of NAMING.
"""

REPLIES = (
    "Here is what I found.",
    "Tomorrow will be mostly sunny, with a high of nineteen degrees and a light wind from the west.",
    "In the evening some clouds come in, and there is a small chance of rain after ten.",
    "You have three appointments today.",
    "The first one is at half past nine, with the dentist on Market Street.",
    "Then there is lunch with your sister, and at four the plumber comes to look at the boiler.",
    "To make the sauce, melt fifty grams of butter in a small pan and stir in two spoons of flour.",
    "Let it cook for a minute, but do not let it turn brown.",
    "Add the milk slowly, a little at a time, and keep stirring until it is smooth.",
    "The museum opens at ten and closes at six, except on Mondays.",
    "Tickets cost twelve euros, and children under seven go in for nothing.",
    "Once upon a time there was a clockmaker who lived at the edge of a small town.",
    "Every morning he wound all his clocks, and every evening he set them right again.",
    "One night, just before midnight, all of them stopped.",
    "He lit a candle, went from one to the next, and could find nothing wrong.",
    "The distance from the earth to the moon is about three hundred and eighty four thousand kilometres.",
    "Light needs a little more than a second for it, and a car would be on the road for half a year.",
    "I have put milk, bread, apples and washing powder on the shopping list.",
    "Is there anything else you would like me to add?",
    "The next train leaves at seventeen minutes past eight from platform four.",
    "It is running five minutes late because of works on the line near the river.",
    "The word comes from Latin, where it meant something like to carry across.",
    "There are several ways to do that, and I will go through them one by one.",
    "First, make sure that the device is plugged in and that the light at its back is green.",
    "Then hold the button for five seconds, until you hear a short tone.",
    "If that does not help, take out the battery, wait a minute, and put it back.",
    "The whale is not a fish but a mammal, and it has to come up to breathe.",
    "Some of them stay below for more than an hour, and dive deeper than two thousand metres.",
    "In the news today, the city council has voted for a new bridge over the southern canal.",
    "Work is to begin in spring and will take three years, if nothing comes in between.",
    "Your timer for the potatoes has eleven minutes left.",
    "The recipe serves four, so for six people take half as much again of everything.",
    "Mix well, cover the bowl with a cloth, and leave it in a warm place for an hour.",
    "That is a good question, and people have argued about it for a long time.",
    "Some say that it began in the north, others that traders brought it from the coast.",
    "What we know for certain is that it was common by the end of the century.",
    "The film lasts two hours and eight minutes, and it starts at a quarter to nine.",
    "Of those who have seen it, most liked the music better than the story.",
    "I would take the second road, because the first one is closed near the church.",
    "The quick way takes twenty five minutes, the quiet one about ten minutes more.",
    "Your brother's birthday is on the eleventh, which is next Thursday.",
    "Last year you gave him a book about sailing, and the year before a pair of gloves.",
)
NAMING = (
    "You can call me at any time by saying hey jarvis.",
    "Just say hey jarvis, and then ask your question.",
    "If I do not answer, say hey jarvis a little louder.",
)
OPENERS = ("tell me more about it", "please go on with that", "what is there to know today", "read it to me please")
INTERRUPTIONS = (
    "stop, that is enough",
    "wait a moment, I have another question",
    "no, I meant the other one",
    "what is the weather going to be like tomorrow",
    "can you say that again a little slower",
    "turn the lights in the kitchen off please",
    "how long do I have to wait for it",
    "excuse me, what time is it now",
    "please set a timer for ten minutes",
    "that is not what I asked you",
    "tell me something about Berlin instead",
    "never mind, play some music",
    "hold on, who told you that",
    "and how much would that cost me",
    "skip this part and go to the end",
    "okay okay, but what about Sunday",
)
CALLS = (
    "hey jarvis, what time is it",
    "hey jarvis, stop that please",
    "hey jarvis, how long is it still going to take",
)
BACKCHANNELS = ("uh-huh", "okay", "mhm", "yeah", "right", "I see", "ah, okay", "oh, really")
