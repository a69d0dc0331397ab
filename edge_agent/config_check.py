"""What a configuration names outside of its files: wake words, boards, folders. Is it there, and can it be used?

Law: looking, never starting; every complaint is a line `FILE: KEY: found VALUE, expected WHAT`, as those about the
files themselves. The daemon finds the same when it starts, each with the code of its kind; `config check` tells all.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from edge_agent.board.board import BoardError
from edge_agent.board.chosen import AUTO, NONE
from edge_agent.board.profile import load as load_profile
from edge_agent.config import Loaded, Settings, WakeWord
from edge_agent.config_text import entry, masked, quoted
from edge_agent.hearing.echo import engines
from edge_agent.hearing.echo.engine import EngineError
from edge_agent.hearing.models import wake_head
from edge_agent.hearing.wake import ModelError
from edge_agent.hearing.wake_openwakeword import OpenWakeWord
from edge_agent.session.servers import server_of


def examine(loaded: Loaded) -> list[str]:
    """All that is wrong with what the settings name; empty: they can be used. Loads the wake words' networks."""
    return [
        f"{loaded.origins.get(key, 'default')}: {key}: {line.removeprefix(f'{key}: ')}"
        for key, line in _complaints(loaded.settings)
    ]


def _complaints(settings: Settings) -> Iterator[tuple[str, str]]:
    yield from _of_wake_words(settings.wake)
    try:
        engines.make(settings.echo.engine)
    except EngineError as error:
        yield "echo.engine", str(error)
    try:
        if settings.board.profile not in (NONE, AUTO):
            audio, profile = settings.audio, load_profile(settings.board.profile)
            if wrong := profile.lacks_card(audio.input_card, audio.output_card):
                yield wrong.partition(":")[0], wrong
    except BoardError as error:
        yield from (("board.profile", line) for line in str(error).splitlines())
    if wrong := server_of(settings.session.provider).wrong_with(settings.turn.detection):
        yield "turn.detection", wrong
    if settings.session.traffic_log and (wrong := _unwritable(Path(settings.session.traffic_log))):
        yield "session.traffic_log", f"found {quoted(settings.session.traffic_log)}, expected {wrong}"


def _of_wake_words(wake: WakeWord) -> Iterator[tuple[str, str]]:
    deaf = [line for word in wake.words if (line := _why_deaf([word]))]
    yield from (("wake.words", line) for line in deaf or [_why_deaf(wake.words)] if line)
    yield from (("wake.stop_words", line) for word in wake.stop_words if (line := _why_deaf([word])))
    wakes, stops = [_name(word) for word in wake.words], [_name(word) for word in wake.stop_words]
    for word, name in zip(wake.stop_words, stops, strict=True):
        if name in wakes:
            yield "wake.stop_words", f"found {quoted(word)}, expected a word that is not in wake.words too"
    if len(set(stops)) < len(stops):
        yield "wake.stop_words", f"found {quoted(wake.stop_words)}, expected each name once"
    known = dict.fromkeys([*wake.words, *wake.stop_words])
    for word, threshold in wake.thresholds.items():
        if word not in (*known, *wakes, *stops):
            expected = f"a word that is in wake.words or wake.stop_words: {', '.join(map(masked, known))}"
            yield f"wake.thresholds.{entry(word)}", f"found {threshold:g}, expected {expected}"


def _name(word: str) -> str:
    """What the wake engine calls this word: two words of one name are the same to it."""
    try:
        return wake_head(word).name
    except ModelError:
        return word


def _why_deaf(words: Sequence[str]) -> str:
    """What the wake engine says of these words, or nothing."""
    try:
        OpenWakeWord(words)
    except ModelError as error:
        return str(error)
    return ""


def _unwritable(file: Path) -> str:
    """What is to be put right, or nothing. This user's rights are not the daemon's: only what is missing counts."""
    if file.is_dir():
        return "a file, not a folder"
    return "" if os.path.isdir(file.parent) else f"a file in a folder that exists (there is no {file.parent})"
