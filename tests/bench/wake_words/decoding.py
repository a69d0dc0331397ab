"""From a file of a Debian package to the clips of sound in it, 16 kHz mono.

Law: files in, samples out. What ffmpeg reads, ffmpeg reads. One game keeps seven thousand spoken lines in one
archive (`debian.queen_table`).
"""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from edge_agent.audio.format import HEARING_RATE, Samples
from tests.bench.debian import queen_table

_LONG = 400_000  # bytes: a file so large is music, or a long speech
_TOGETHER = 40
_TIMEOUT_S = 600.0


class DecodingError(Exception):
    """This file holds no sound that can be read; the text says which and why."""


def clips(paths: Sequence[Path]) -> Iterator[Samples]:
    """The sound of the files, in order, a long file by itself, short ones up to 40 in one clip.

    (ffmpeg's start costs more than a spoken word.) Files that are no sound are passed over.
    """
    waiting: list[Path] = []
    for path in paths:
        is_long = path.stat().st_size > _LONG
        if waiting and (is_long or len(waiting) == _TOGETHER):
            yield from _readable(waiting)
            waiting = []
        if path.name == "queen.1c":
            yield from _amazon_queen(path)
        elif is_long:
            yield from _readable([path])
        else:
            waiting.append(path)
    if waiting:
        yield from _readable(waiting)


def decoded(paths: Sequence[Path], *options: str) -> Samples:
    """What ffmpeg makes of some files, one after the other; `options` for raw samples. Raises DecodingError."""
    command = ["ffmpeg", "-v", "error", "-nostdin"]
    for path in paths:
        command += [*options, *(["-f", "g722"] if path.suffix == ".g722" else []), "-i", str(path)]
    joined = "".join(f"[{n}:a:0]" for n in range(len(paths))) + f"concat=n={len(paths)}:v=0:a=1"
    command += ["-filter_complex", joined, "-ac", "1", "-ar", str(HEARING_RATE), "-f", "s16le", "-"]
    try:
        done = subprocess.run(command, capture_output=True, timeout=_TIMEOUT_S, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise DecodingError(f"ffmpeg could not be run ({error}); install the Debian package ffmpeg") from error
    if done.returncode != 0 or not done.stdout:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        raise DecodingError(f"{paths[0]}: {said[-1] if said else 'found no sound'}")
    return np.frombuffer(done.stdout[: len(done.stdout) // 2 * 2], "<i2").astype(np.float32) / np.float32(32768.0)


def _readable(paths: Sequence[Path]) -> Iterator[Samples]:
    """All of them, or, where one is broken, those that are not."""
    try:
        yield decoded(paths)
    except DecodingError:
        for path in paths if len(paths) > 1 else ():
            yield from _readable([path])


def _amazon_queen(path: Path) -> Iterator[Samples]:
    """The spoken lines, fifty in one run: ffmpeg's start costs more than a line."""
    whole = path.read_bytes()
    lines = [whole[offset : offset + size] for name, offset, size in queen_table(whole) if name.endswith(".SB")]
    for first in range(0, len(lines), 50):
        yield _through_ffmpeg(b"".join(lines[first : first + 50]), "-f", "mp3")


def _through_ffmpeg(sound: bytes, *options: str) -> Samples:
    with tempfile.NamedTemporaryFile(prefix="edge-agent-bench-") as file:
        file.write(sound)
        file.flush()
        return decoded([Path(file.name)], *options)
