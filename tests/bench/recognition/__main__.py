"""The table: each engine that is installed, on the same recordings.

Law: what is said to whom where, and the printing; a figure is made in `hear.py`, `say.py` and `words.py`. All the
recordings are heard at 3 m in the simulated room, its noise 20 or 10 dB below the voice. Nobody has listened.
"""

from __future__ import annotations

import argparse
import subprocess
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import soxr

from edge_agent.audio.format import HEARING_RATE, Samples
from edge_agent.local.assistant.language_en import GRAMMAR, REPEAT_AFTER_ME
from edge_agent.local.speech import engines
from edge_agent.local.speech.voice import SpeechError
from edge_agent.local.speech.work import WORK_RATE
from edge_agent.sim.voice import VoiceError
from tests.bench.debian import CorpusError
from tests.bench.recognition.hear import Heard, hear
from tests.bench.recognition.say import bandwidth_hz, paused, say, tilt_db
from tests.bench.recognition.talkers import TALKERS, prompts
from tests.bench.recognition.texts import REPEATED, SENTENCES, SPOKEN, STRANGE
from tests.bench.recognition.words import error_rate
from tests.bench.wake_words.acoustics import Place

METRES, RT60_S, SNRS_DB = 3.0, 0.4, (20.0, 10.0)
LEAD_S, TAIL_S = 0.3, 0.8
SHARE = 3  # each talker says every third sentence, the next talker the next third
PROMPT, SENTENCE, REPEAT, OTHER = "a person's prompts", "sentences", "repeat after me", "strange sentences"


@dataclass(frozen=True, slots=True)
class Case:
    kind: str
    talker: str
    said: str
    snr_db: float
    samples: Samples


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.recognition", description=__doc__)
    parser.add_argument("--every", type=int, default=1, metavar="N", help="only every N-th sentence: a quick look")
    parser.add_argument("--ears", nargs="*", default=engines.RECOGNISERS, metavar="NAME", help="only these")
    parser.add_argument("--no-voices", action="store_true", help="only the ears")
    arguments = parser.parse_args()
    every = arguments.every
    missing: list[str] = []
    cases = sorted(_cases(every, missing), key=lambda case: case.kind != PROMPT)  # the prompts come first
    for line in missing:
        print(f"left out: {line}")
    there = [name for name in arguments.ears if engines.is_installed(name)]
    count = sum(case.kind == PROMPT for case in cases)
    heard = {name: hear(name, [case.samples for case in cases], count) for name in there}
    print(
        f"\nEars: {len(cases)} recordings, {METRES:g} m, noise {SNRS_DB[0]:g} and {SNRS_DB[1]:g} dB below the voice\n"
    )
    _print_ears(cases, heard)
    if arguments.no_voices:
        return
    print("\nVoices (nobody has listened)\n")
    _print_voices(SPOKEN[::every], there[0])


def _cases(every: int, missing: list[str]) -> Iterator[Case]:
    kinds = {**dict.fromkeys(SENTENCES, SENTENCE), **dict.fromkeys(REPEATED, REPEAT), **dict.fromkeys(STRANGE, OTHER)}
    for count, (name, say_all) in enumerate(TALKERS.items()):
        texts = list(kinds)[count % SHARE :: SHARE * every]
        try:
            sounds = say_all(texts)
        except (VoiceError, SpeechError, OSError, subprocess.SubprocessError) as error:
            missing.append(f"{name}: {error}")
            continue
        for number, (text, sound) in enumerate(zip(texts, sounds, strict=True)):
            snr_db = SNRS_DB[(number + count // SHARE) % 2]
            kind = SENTENCE if GRAMMAR.parse(text) else kinds[text]  # the grammar may have learnt a strange one
            yield Case(kind, name, text, snr_db, _heard(sound, snr_db, number))
    try:
        for number, (text, sound) in enumerate(prompts()[:: 2 * every]):
            snr_db = SNRS_DB[number % 2]
            yield Case(PROMPT, "allison", text, snr_db, _heard(sound, snr_db, number))
    except CorpusError as error:
        missing.append(f"{PROMPT}: {error}")


def _heard(sound: Samples, snr_db: float, seed: int) -> Samples:
    return Place(METRES, RT60_S, snr_db, seed=seed % 8).heard(sound, lead_s=LEAD_S, tail_s=TAIL_S)


# --- ears -----------------------------------------------------------------------------------------------------------


def _print_ears(cases: Sequence[Case], heard: dict[str, Heard]) -> None:
    rows: list[tuple[str, Callable[[Heard], str]]] = []
    for kind in (PROMPT, SENTENCE, REPEAT, OTHER):
        for snr_db in SNRS_DB:
            chosen = [n for n, case in enumerate(cases) if (case.kind, case.snr_db) == (kind, snr_db)]
            if chosen:
                rows += _rows(kind, snr_db, cases, chosen)
    for talker in dict.fromkeys(case.talker for case in cases if case.kind == SENTENCE):
        chosen = [n for n, case in enumerate(cases) if (case.kind, case.talker) == (SENTENCE, talker)]
        rows.append((f"{SENTENCE}, {talker} (n={len(chosen)}): right intent", partial(_right_share, cases, chosen)))
    rows += [
        ("CPU seconds a second of sound", lambda one: f"{one.cpu:.3f}"),
        ("CPU seconds to load", lambda one: f"{one.load_s:.1f}"),
        ("memory, peak of the process", lambda one: f"{one.peak_mb:.0f} MB"),
    ]
    _table(["", *heard], [[title, *(tell(one) for one in heard.values())] for title, tell in rows])


def _rows(
    kind: str, snr_db: float, cases: Sequence[Case], chosen: Sequence[int]
) -> Iterator[tuple[str, Callable[[Heard], str]]]:
    where = f"{kind}, {snr_db:g} dB (n={len(chosen)})"
    if kind == PROMPT:
        yield (
            f"{where}: word errors of a dictation",
            lambda one: f"{100 * error_rate((cases[n].said, one.dictated[n]) for n in chosen):.1f} %",
        )
    if kind == SENTENCE:
        yield f"{where}: right intent", lambda one: _share(_right(cases, one, chosen))
        yield (
            f"{where}: wrong intent",
            lambda one: _share(_taken(one, n) and not _is_right(cases, one, n) for n in chosen),
        )
        return
    if kind == REPEAT:
        yield f"{where}: taken for one", lambda one: _share(REPEAT_AFTER_ME in one.understood[n] for n in chosen)
        yield (
            f"{where}: word errors",
            lambda one: f"{100 * error_rate((cases[n].said, one.understood[n]) for n in chosen):.1f} %",
        )
        return
    yield f"{where}: taken for a sentence", lambda one: _share(_taken(one, n) for n in chosen)


def _right_share(cases: Sequence[Case], chosen: Sequence[int], heard: Heard) -> str:
    return _share(_right(cases, heard, chosen))


def _taken(heard: Heard, number: int) -> bool:
    return GRAMMAR.parse(heard.understood[number]) is not None


def _is_right(cases: Sequence[Case], heard: Heard, number: int) -> bool:
    return GRAMMAR.parse(heard.understood[number]) == GRAMMAR.parse(cases[number].said)


def _right(cases: Sequence[Case], heard: Heard, chosen: Sequence[int]) -> Iterator[bool]:
    return (_is_right(cases, heard, number) for number in chosen)


def _share(hits: Iterator[bool]) -> str:
    found = list(hits)
    return f"{100 * sum(found) / len(found):.0f} %"


# --- voices ---------------------------------------------------------------------------------------------------------


def _print_voices(texts: Sequence[str], ears: str) -> None:
    lines = []
    for name in (one for one in engines.VOICES if engines.is_installed(one)):
        spoken = say(name, texts)
        whole = np.concatenate(spoken.samples)
        near = [np.asarray(soxr.resample(one, WORK_RATE, HEARING_RATE), np.float32) for one in spoken.samples]
        far = [_heard(one, 10.0, number) for number, one in enumerate(near)]
        rates = []
        for sounds in (near, far):
            dictated = hear(ears, sounds, len(sounds)).dictated
            rates.append(f"{100 * error_rate(zip(texts, dictated, strict=True)):.1f} %")
        words = sum(len(text.split()) for text in texts)
        lines.append(
            [
                *(name, *rates, f"{spoken.cpu:.3f}", f"{spoken.first_ms:.0f} ms", f"{spoken.load_s:.1f} s"),
                *(f"{spoken.peak_mb:.0f} MB", f"{bandwidth_hz(whole) / 1000:.1f} kHz", f"{tilt_db(whole):.1f} dB/oct"),
                *(f"{100 * paused(whole):.0f} %", f"{words / (len(whole) / WORK_RATE / 60):.0f}"),
            ]
        )
    heads = [
        *("voice", f"WER by {ears}, near", "3 m, 10 dB", "CPU s/s", "short sentence", "load", "peak", "99 % below"),
        *("tilt", "pauses", "words/min"),
    ]
    _table(heads, lines)


def _table(heads: Sequence[str], lines: Sequence[Sequence[str]]) -> None:
    print("| " + " | ".join(heads) + " |")
    print("|" + "|".join("---" for _ in heads) + "|")
    for line in lines:
        print("| " + " | ".join(line) + " |")


if __name__ == "__main__":
    main()
