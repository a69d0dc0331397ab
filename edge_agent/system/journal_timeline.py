"""The story of a run, told in the journal: a sentence with fields for each decision, a line of figures for each turn.

Law: a listener. It reads happenings, keeps the turn it is in, and writes log lines; it never raises into the daemon,
and a happening it cannot tell is counted. Nothing that was spoken is told: of the text in a happening only what stands
under the names in `TOLD` passes, and the beginning of a provider's error message; numbers always do. INFO is enough to
find a fault; what comes several times a second is DEBUG or silent. Units are in the fields' names (EDGE_HEARD_MS).
"""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from edge_agent.system.journal import fields
from edge_agent.timeline import Happening

DEBUG, INFO, WARNING, ERROR = logging.DEBUG, logging.INFO, logging.WARNING, logging.ERROR

# kind -> level, sentence with the figures of the happening, sentence where one of them is missing
SENTENCES: dict[str, tuple[int, str, str]] = {
    "wake": (INFO, "wake word {word} ({score:.2f})", "wake word"),
    "listening": (INFO, "listening, because of {by}", "listening"),
    "stop_word": (INFO, "stop word {word} ({score:.2f})", "stop word"),
    "press": (INFO, "the button was pressed", ""),
    "speech_started": (DEBUG, "speech begins", ""),
    "speech_paused": (DEBUG, "a pause: an answer is asked for, and held", ""),
    "speech_resumed": (DEBUG, "it was only a pause: what was asked is taken back", ""),
    "speech_ended": (INFO, "the sentence is over, {speech_ms} ms of speech", "the sentence is over"),
    "commit": (INFO, "sentence sent, {ms} ms", "sentence sent"),
    "response": (DEBUG, "the provider answers", ""),
    "first_delta": (DEBUG, "the first sound of the reply has arrived", ""),
    "playing": (INFO, "the reply is playing", ""),
    "first_sample": (DEBUG, "the reply is in the air", ""),
    "duck": (DEBUG, "the reply is turned down: is somebody talking?", ""),
    "floor": (INFO, "while the reply plays it is stopped by {tier}: {why}", "who may stop the reply"),
    "given_up": (INFO, "what was heard was not for this device: it listens no longer", ""),
    "reply_paused": (DEBUG, "the reply is paused: somebody is talking", ""),
    "duck_released": (DEBUG, "the reply goes on: nobody wanted the floor", ""),
    "resume": (
        INFO,
        "the new session was told {items} items of the old one and {audio_ms} ms of speech",
        "the new session was told what the old one knew",
    ),
    "barge_in": (INFO, "interrupted by speech", ""),
    "flushed": (DEBUG, "the reply is cut off", ""),
    "silence": (DEBUG, "the air is silent", ""),
    "truncate": (INFO, "told the provider that {audio_end_ms} ms were heard", "told the provider what was heard"),
    "drained": (DEBUG, "the reply was heard to its end", ""),
    "underrun": (WARNING, "the loudspeaker ran dry {count} times", "the loudspeaker ran dry"),
    "follow_up": (DEBUG, "an answer needs no wake word now", ""),
    "idle": (DEBUG, "waiting for the wake word", ""),
    "ready": (INFO, "connected to the provider", ""),
    "drop": (WARNING, "the connection is lost: {reason}", "the connection is lost"),
    "renew": (INFO, "renewing the session before it expires", ""),
    "wake_doubted": (INFO, "the wake word {word} ({score:.2f}) was doubted: {why}", "a wake word was doubted"),
    "mute": (INFO, "muted: nothing is heard and no sound leaves the device", ""),
    "unmute": (INFO, "no longer muted", ""),
    "card_open": (
        INFO,
        "sound: microphone {input_card} at {input_rate} Hz, {channels} channels of {bits} bits; loudspeaker "
        "{output_card} at {rate} Hz; period {period}, buffer {buffer_ms} ms, {latency_ms} ms to the air; "
        "clocks: {clocks}",
        "the sound card is open",
    ),
    "card_gone": (ERROR, "{reason}", "the sound card is gone"),
    "sound_gap": (
        WARNING,
        "lost {lost_ms} ms of sound, {gaps} gaps played, {unheard_ms} ms came too fast to be heard; "
        "the audio thread was late by {median_ms} ms (p99 {p99_ms}, worst {worst_ms})",
        "sound was lost",
    ),
    "audio_thread": (
        INFO,
        "the audio thread was late by {median_ms} ms (p99 {p99_ms}, worst {worst_ms}) in {blocks} blocks; "
        "the loudspeaker's clock is {drift_ppm} ppm fast",
        "how late the audio thread was",
    ),
    "sound_lost": (WARNING, "without sound: the light says so, the session is kept, the card is looked for", ""),
    "sound_back": (INFO, "the sound card is back", ""),
    "alarm_set": (INFO, "{kind} set, due in {in_s} s", "a timer or an alarm is set"),
    "alarm_cancelled": (INFO, "{kind} cancelled", "a timer or an alarm is cancelled"),
    "alarm": (INFO, "the alarm rings", ""),
    "alarm_stopped": (INFO, "the alarm is silent, because of {by}", "the alarm is silent"),
    "alarm_missed": (WARNING, "{kind} missed: due {late_s} s ago, it is not rung any more", "an alarm is missed"),
    "waiting": (INFO, "no reply yet: the light and a sound say so", ""),
    "words": (INFO, "the device says by itself: {phrase}", "the device speaks by itself"),
    "error": (WARNING, "the provider reports an error: {reason}", "the provider reports an error"),
    "unexpected": (WARNING, "ignored {event} while {phase}", "ignored an event that has no meaning now"),
    "state": (DEBUG, "{phase}, link {link}, light {light}", "state"),
}
SILENT = frozenset({"append", "echo"})  # several times a second; they count in the line at the end of the turn
TOLD = frozenset(
    {"word", "by", "phase", "link", "light", "event", "status", "reason", "code", "type", "kind", "session", "model"}
    | {"input_card", "output_card", "period", "input_period", "why"}  # sound cards; the reason for a doubt
    | {"phrase", "tier"}  # the name of a sentence of our own
)
LONGEST_MESSAGE = 80  # characters of a provider's own words about an error: enough to search for, too few to quote much
SETTLE_MS = 500  # of audio time: the figures of an interrupted reply arrive after the next turn has begun
_OUR_CODE = re.compile(r"EA-\d{3}")


@dataclass(slots=True)
class _Turn:
    """The moments of one turn, ms of audio time, and its sums."""

    number: int
    at: dict[str, int] = field(default_factory=dict)
    last_sound_ms: int | None = None  # where hearing placed the end of the sentence
    cut_ms: int | None = None  # where hearing placed the beginning of the interruption
    heard_ms: int | None = None
    truncated_ms: int | None = None
    underruns: int = 0
    echo_reduction_db: float | None = None
    superseded_ms: int | None = None

    def between(self, earlier: int | None, *kinds: str) -> int | None:
        """From a moment to the first of these kinds that happened, ms."""
        later = next((self.at[kind] for kind in kinds if kind in self.at), None)
        return None if earlier is None or later is None else max(0, later - earlier)

    def figures(self) -> dict[str, int | float | None]:
        sentence = self.last_sound_ms if self.last_sound_ms is not None else self.at.get("commit")
        heard = self.heard_ms if self.heard_ms is not None else self.between(self.at.get("playing"), "drained")
        return {
            "wake_to_byte_ms": self.between(self.at.get("wake"), "append"),
            "speech_end_to_sample_ms": self.between(sentence, "first_sample", "playing"),
            "heard_ms": heard,
            "interruption_to_silence_ms": self.between(self.cut_ms, "silence", "flushed"),
            "truncated_ms": self.truncated_ms,
            "underruns": self.underruns,
            "echo_reduction_db": self.echo_reduction_db,
        }


_FIGURES = {
    "wake_to_byte_ms": "first byte {} ms after the wake word",
    "speech_end_to_sample_ms": "answer {} ms after the sentence",
    "heard_ms": "{} ms of it heard",
    "interruption_to_silence_ms": "silent {} ms after the interruption",
    "truncated_ms": "{} ms cut off",
    "underruns": "{} underruns",
    "echo_reduction_db": "echo reduced by {} dB",
}


class JournalTimeline:
    """Give it to `timeline.Recorder.listen`. untold: happenings that could not be told, whatever the reason."""

    def __init__(self, log: logging.Logger | None = None) -> None:
        self.untold = 0
        self._log = log or logging.getLogger("edge_agent.story")
        self._turns: dict[int, _Turn] = {}
        self._state: str | None = None
        self._session: str | None = None

    def __call__(self, happening: Happening) -> None:
        try:
            self._remember(happening)
            self._tell(happening)
            self._finish(happening)
        except Exception:  # the story is for people; the daemon does not end because of it
            self.untold += 1

    def _tell(self, happening: Happening) -> None:
        if happening.kind in SILENT:
            return
        level, full, plain = SENTENCES.get(happening.kind, (DEBUG, happening.kind.replace("_", " "), ""))
        if not self._log.isEnabledFor(level):
            return
        told = _told(happening.data)
        if happening.kind == "error":
            told |= _trouble(happening.data)
        try:
            sentence = full.format_map(told)
        except (KeyError, ValueError, TypeError):
            sentence = plain
        self._write(level, sentence, happening.turn, {**_coded(told), "event": happening.kind, "t_ms": happening.t_ms})

    def _write(self, level: int, sentence: str, turn: int, values: Mapping[str, Any]) -> None:
        about = {"session": self._session, "state": self._state, "turn": turn or None}
        self._log.log(level, "%s", sentence, extra=fields(**{**values, **about}))

    # --- the turn ---------------------------------------------------------------------------------------------------

    def _remember(self, happening: Happening) -> None:
        kind, data = happening.kind, happening.data
        if kind == "state":
            self._state = str(data.get("phase"))
        if kind == "ready" and "session" in data:
            self._session = str(data["session"])
        number = happening.turn or max(self._turns, default=0)
        if happening.turn and kind in ("wake", "listening", "response") and number not in self._turns:
            self._turns[number] = _Turn(number)
        turn = self._turns.get(number)
        if turn is None:
            return
        turn.at.setdefault(kind, happening.t_ms)
        if kind == "speech_ended":
            turn.last_sound_ms = data.get("last_ms")
        elif kind == "barge_in":
            turn.cut_ms = data.get("since_ms", happening.t_ms)
        elif kind == "flushed":
            heard = data.get("heard", ())
            turn.heard_ms = sum(item[1] for item in heard)
            turn.truncated_ms = sum(max(0, item[2] - item[1]) for item in heard)
        elif kind == "underrun":
            turn.underruns += data.get("count", 1)
        elif kind == "echo":
            turn.echo_reduction_db = data.get("reduction_db")

    def _finish(self, happening: Happening) -> None:
        """Sum up the turns that are over: at once where the floor is free again, else when the last figures are in."""
        newest = max(self._turns, default=0)
        for number, turn in sorted(self._turns.items()):
            if number < newest and turn.superseded_ms is None:
                turn.superseded_ms = happening.t_ms
            over = happening.kind in ("idle", "follow_up") and happening.turn == number
            settled = turn.superseded_ms is not None and happening.t_ms - turn.superseded_ms >= SETTLE_MS
            if over or settled:
                del self._turns[number]
                self._sum_up(turn)

    def _sum_up(self, turn: _Turn) -> None:
        figures = {name: value for name, value in turn.figures().items() if value is not None}
        told = ", ".join(words.format(figures[name]) for name, words in _FIGURES.items() if figures.get(name))
        answered = "playing" in turn.at or "first_sample" in turn.at
        self._write(INFO, f"turn over: {told or ('answered' if answered else 'no answer')}", turn.number, figures)


def _told(data: Mapping[str, Any]) -> dict[str, Any]:
    """What of a happening may be written down."""
    return {k: v for k, v in data.items() if isinstance(v, int | float) or (isinstance(v, str) and k in TOLD)}


def _trouble(data: Mapping[str, Any]) -> dict[str, str]:
    """The reason of a provider's error: its code, and the beginning of its message in one line."""
    words = [" ".join(value.split()) for value in (data.get("code"), data.get("message")) if isinstance(value, str)]
    cut = [word if len(word) <= LONGEST_MESSAGE else f"{word[: LONGEST_MESSAGE - 3]}..." for word in words if word]
    return {"reason": ": ".join(dict.fromkeys(cut))} if cut else {}


def _coded(told: Mapping[str, Any]) -> dict[str, Any]:
    """EDGE_CODE is ours (EA-nnn, the catalog's key); a provider's code, and its event, get names of their own."""
    values = {"ignored" if name == "event" else name: value for name, value in told.items()}
    if "code" in values and not _OUR_CODE.fullmatch(str(values["code"])):
        values["provider_code"] = values.pop("code")
    return values
