"""What is said: sentences of the grammar, sentences that are none, and a person's prompts with their words.

Law: words only. None of the strange sentences and none of the prompts was there when the engines' thresholds were
fitted; the grammar's sentences are what they are, but other voices say them.
"""

from __future__ import annotations

SENTENCES = (
    *("what time is it", "what's the time", "can you tell me the time", "what is the date", "what day is it today"),
    *("turn the volume up", "turn it down", "louder", "make it quieter", "volume sixty five percent"),
    *("set the volume to forty percent", "turn the volume to twenty", "what's the volume"),
    *("tell me another joke", "do you know a joke", "tell me a story", "what can you do", "who are you"),
    *("what's your name", "what was my first question", "what did i ask you last", "thank you", "good night"),
    *("goodbye", "good morning", "never mind", "be quiet", "yes", "no", "jarvis what time is it"),
)
REPEATED = ("repeat after me the sun is shining", "repeat after me we have bread and butter")
STRANGE = (
    *("how far is it to the station", "put the kettle on", "my sister lives in london", "when does the shop close"),
    *("how heavy is an elephant", "remember to buy milk", "do you play the piano", "tell my brother to come here"),
    *("the train is late again", "what a lovely garden", "read the newspaper to me", "who wrote that song"),
    *("it is too cold in here", "turn around slowly", "can you cook an egg", "nobody knows the answer"),
)

PROMPTS_PACKAGE = "asterisk-core-sounds-en-g722"  # CC-BY-SA-3.0, Digium and Allison Smith
PROMPTS = {
    "agent-incorrect": "login incorrect please enter your agent number followed by the pound key",
    "agent-newlocation": "please enter a new extension followed by pound",
    "auth-incorrect": "password incorrect please enter your password followed by the pound key",
    "conf-extended": "the conference has been extended",
    "conf-getchannel": "please enter the channel number followed by the pound key",
    "conf-hasleft": "has left the conference",
    "conf-invalidpin": "that pin is invalid for this conference",
    "conf-kicked": "you have been kicked from this conference",
    "conf-leaderhasleft": "the leader has left the conference",
    "conf-noempty": "no empty conferences currently exist",
    "conf-nonextended": "the conference cannot be extended",
    "conf-now-recording": "the conference is now being recorded",
    "conf-onlyone": "there is currently one other participant in the conference",
    "conf-onlyperson": "you are currently the only person in this conference",
    "conf-placeintoconf": "you will now be placed into the conference",
    "conf-waitforleader": "the conference will begin when the leader arrives",
    "demo-thanks": "goodbye thank you for trying out the asterisk open source pbx",
    "dir-nomore": "there are no more compatible entries in the directory",
    "dir-welcome": "welcome to the directory",
    "followme/no-recording": "you have an incoming call",
    "followme/options": "press one to accept this call or two to reject it",
    "followme/sorry": "i'm sorry but i was unable to locate the person you are calling",
    "hello-world": "hello world",
    "pbx-invalidpark": "i am sorry there is no call parked on that extension please try again",
    "privacy-incorrect": "i'm sorry that number is not valid",
    "privacy-unident": "the party you are trying to reach does not accept unidentified calls",
    "priv-recordintro": "at the tone please say your name",
    "queue-thankyou": "thank you for your patience",
    "queue-youarenext": "your call is now first in line and will be answered by the next available representative",
    "ss-noservice": "the number you have dialed is not in service please check the number and try again",
    "tt-monkeysintro": "they have been carried away by monkeys",
    "tt-somethingwrong": "something is terribly wrong",
    "tt-weasels": "weasels have eaten our phone system",
    "vm-delete": "press seven to delete this message",
    "vm-invalidpassword": "that is not a valid password please try again",
    "vm-mismatch": "the passwords you entered and re entered did not match please try again",
    "vm-msgsaved": "your message has been saved",
    "vm-nobodyavail": "nobody is available to take your call at the moment",
    "vm-prev": "press four for the previous message",
    "vm-reachoper": "press zero to reach an operator",
    "vm-rec-name": "after the tone say your name and then press the pound key",
    "vm-sorry": "i'm sorry i did not understand your response",
    "vm-tempgreetactive": "your temporary greeting is currently active",
    "vm-tocallback": "press two to call the person who sent this message",
    "vm-tooshort": "your message is too short",
    "vm-whichbox": "to leave a message please enter a mailbox number",
}

SPOKEN = (
    "It is eleven fifty two in the morning.",
    "Today is Saturday, November 21st, 2026.",
    "The volume is now at thirty five percent.",
    "Why did the clock get sent out of the classroom? It tocked too much.",
    "I asked the lamp how it was feeling today. It said, a little light headed.",
    "What did the wall say to the other wall? I will meet you at the corner.",
    "Once upon a time, in a village by the sea, there lived a small brown dog who was afraid of the waves.",
    "Every morning he sat on the warm stones and watched the boats go out.",
    "One day a little girl lost her red ball, and the water carried it away.",
    "Sorry, I did not understand that. Try: what time is it, or: tell me a joke.",
    "I can tell you the time and the date, change the volume, tell a joke or a story, and remember what you asked.",
    "You have not asked me anything yet.",
)
