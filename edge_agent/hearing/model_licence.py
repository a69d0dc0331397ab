"""What a model of one's own may be used for, as far as the file itself tells, or the file beside it.

Law: reading, never running: the network is not loaded, so a file that is none says nothing and does no harm. Sources:
ONNX 1.x `onnx.proto` (ModelProto.metadata_props is field 14, StringStringEntryProto has key 1 and value 2), protobuf's
wire format, and REUSE 3 for the file beside it (`hello.onnx.license` with an SPDX-License-Identifier).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

KEYS = ("license", "licence")  # as openWakeWord, livekit-wakeword and people write it
LONGEST = 120  # characters of a licence that are told: an SPDX expression, not the licence's text

_METADATA, _KEY, _VALUE = 14, 1, 2  # field numbers
_SIDE_FILE_BYTES = 64 * 1024
_SPDX = re.compile(r"SPDX-License-Identifier:[ \t]*(\S[^\r\n]*)")


def licence_of(path: Path) -> str:
    """The licence of an .onnx file: its metadata's, else that of the file beside it, else what to do about it."""
    return _inside(path) or _beside(path) or f"unknown (ask who trained it; put an SPDX line into {path.name}.license)"


def _inside(path: Path) -> str:
    try:
        model = memoryview(path.read_bytes())
        for number, prop in _fields(model):
            if number == _METADATA:
                pair = {n: bytes(value).decode(errors="replace") for n, value in _fields(prop)}
                if pair.get(_KEY, "").strip().lower() in KEYS and (told := _line(pair.get(_VALUE, ""))):
                    return told
    except (OSError, ValueError):
        return ""
    return ""


def _beside(path: Path) -> str:
    try:
        with path.with_name(f"{path.name}.license").open(encoding="utf-8", errors="replace") as file:
            text = file.read(_SIDE_FILE_BYTES)
    except OSError:
        return ""
    if spdx := _SPDX.search(text):
        return _line(spdx[1])
    return next((line for line in map(_line, text.splitlines()) if line), "")


def _line(text: str) -> str:
    """The text on one line, without what a terminal would take as a command."""
    told = "".join(letter for letter in " ".join(text.split()) if letter.isprintable())
    return told if len(told) <= LONGEST else f"{told[: LONGEST - 1]}…"


def _fields(message: memoryview) -> Iterator[tuple[int, memoryview]]:
    """Number and bytes of each field that has a length; numbers are passed over. Raises ValueError if it is none."""
    at = 0
    while at < len(message):
        tag, at = _varint(message, at)
        match tag & 7:  # the wire type: a varint, eight bytes, a length and as many bytes, four bytes
            case 0:
                _, at = _varint(message, at)
            case 1:
                at += 8
            case 5:
                at += 4
            case 2:
                size, at = _varint(message, at)
                if at + size > len(message):
                    raise ValueError("a field ends behind the message")
                yield tag >> 3, message[at : at + size]
                at += size
            case _:
                raise ValueError("no protobuf message")


def _varint(message: memoryview, at: int) -> tuple[int, int]:
    """A number of seven bits a byte, the lowest first, and where the next field begins."""
    value = 0
    for shift in range(0, 70, 7):
        if at >= len(message):
            break
        byte, at = message[at], at + 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
    raise ValueError("a number without an end")
