"""What the device shows, as a function of the state: a light cannot disagree with the truth."""

from __future__ import annotations

from enum import Enum


class Indication(Enum):
    """The light's vocabulary, most urgent first; the value is its name in config, journal and README."""

    FAULT = "fault"  # the sound card is gone, or the provider refuses us for good: a person must act
    MUTED = "muted"
    LISTENING = "listening"
    THINKING = "thinking"
    WAITING = "waiting"  # thinking for longer than a second and a half
    SPEAKING = "speaking"
    FOLLOW_UP = "follow_up"  # may be answered without the wake word
    OFFLINE = "offline"  # backing off: trying again by itself
    CONNECTING = "connecting"
    IDLE = "idle"
