"""The servers that speak the GA protocol, and what each of them does otherwise than OpenAI's: one row a server.

Law: data, each row checked against the server itself. A departure that can be met on receipt (an event's older name, an
error's word in `type` instead of `code`) has no place here: `openai_events.py` understands both, whoever speaks.
"""

from __future__ import annotations

from dataclasses import dataclass

OPENAI = "openai"


@dataclass(frozen=True, slots=True)
class Server:
    """url: where it is unless the configuration says otherwise. takes_key: it knows us by one; another never gets it.
    clears: it empties its audio buffer when asked. leaves_turns: it lets us decide when a sentence is over."""

    url: str
    takes_key: bool = True
    clears: bool = True
    leaves_turns: bool = True

    def wrong_with(self, detection: str) -> str:
        """Why this `turn.detection` cannot be had here, or nothing."""
        if self.leaves_turns or detection != "local":
            return ""
        return 'found "local", expected "server_vad": this server finds the end of a sentence itself, always'


SERVERS = {
    OPENAI: Server("wss://api.openai.com/v1/realtime"),
    # Hugging Face, version 1.1.0, run: `input_audio_buffer.clear` is an unknown event to it; `turn_detection` null
    # changes nothing, and a commit neither ends a sentence nor makes an item.
    "speech-to-speech": Server("ws://127.0.0.1:8765/v1/realtime", takes_key=False, clears=False, leaves_turns=False),
}


def server_of(provider: str) -> Server:
    """The row of `session.provider`; OpenAI's for whoever has none: the embedded server departs in nothing."""
    return SERVERS.get(provider, SERVERS[OPENAI])
