"""How patient the agent is: every duration the dialogue waits for, in seconds, as data.

Law: no behaviour. `app.py` fills it from the configuration.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Policy:
    follow_up_s: float = 6.0  # after a reply was heard, no wake word is needed for so long; 0: never
    no_speech_s: float = 6.0  # awake without a word
    max_speech_s: float = 30.0  # the longest sentence
    guesses: int = 2  # pauses of one sentence that are taken for its end; who pauses more is waited for
    ending_s: float = 3.0  # a pause that hearing neither ends nor takes back
    cue_s: float = 1.0  # thinking for longer than this is shown and heard
    words_s: float = 2.0  # and for longer than this is said
    words: bool = True  # the device says sentences of its own
    reply_s: float = 15.0  # waiting for the first sound of a reply
    stall_s: float = 10.0  # a reply that stops arriving
    tool_s: float = 10.0  # a tool that does not answer
    most_calls: int = 16  # of tools, in one turn
    connect_s: float = 15.0  # an attempt to connect, until ready
    backoff_s: tuple[float, ...] = (0.5, 1.0, 2.0, 4.0, 8.0)  # between attempts; the last one repeats
    fault_s: float = 60.0  # between attempts when the provider refuses us
    steady_s: float = 30.0  # a connection that held so long is not held against the server any more
    renew_s: float = 50 * 60.0  # age at which a session is renewed, in silence
    ring_s: float = 120.0  # an alarm that nobody ends
    ring_every_s: float = 3.0  # from one sound of it to the next: as much pause as sound, for a word to be heard in
    ring_patience_s: float = 10.0  # a reply may go on for so long beside an alarm that is due
    listen_while_speaking: str = "auto"  # what stops a reply: auto, speech, wake or button (`tier.py`)
    greeting: str = ""
    provider_detects: bool = False  # the provider decides when a sentence is over
