"""Sound between the wire's formats and the PCM that the ears and the voice work with.

Law: pure conversion. PCM is 16-bit little-endian mono; on the input side it keeps the wire's own rate.
"""

from __future__ import annotations

import base64
import binascii
from typing import Any

import numpy as np
import soxr

from edge_agent.audio.wire import FORMATS, WireFormat, pcm16, samples_from_pcm16
from edge_agent.local.realtime.refusal import Refused
from edge_agent.local.realtime.shape import wrong_type
from edge_agent.local.speech.work import WORK_RATE

LARGEST_APPEND = 15 * 1024 * 1024  # bytes of one append, decoded


def wire_format(described: dict[str, Any]) -> WireFormat:
    """A checked `format` object's format."""
    return FORMATS[described["type"]]


def decoded(audio: Any, fmt: WireFormat, param: str) -> bytes:
    """Base64 of the wire's format to PCM at the format's rate. Raises Refused."""
    if not isinstance(audio, str):
        raise wrong_type(param, audio, "a base64 string")
    if len(audio) * 3 // 4 > LARGEST_APPEND + 2:
        raise Refused(
            f"Audio of {len(audio) * 3 // 4} bytes is too large; the maximum is {LARGEST_APPEND}.",
            code="string_above_max_length",
            param=param,
        )
    try:
        data = base64.b64decode(audio, validate=True)
    except (binascii.Error, ValueError):
        raise Refused(
            f"Invalid '{param}'. Expected base64-encoded audio bytes, but got something else.",
            code="invalid_value",
            param=param,
        ) from None
    if len(data) % fmt.sample_bytes:
        raise Refused(
            f"Invalid '{param}': {len(data)} bytes are no whole number of 16-bit samples.",
            code="invalid_value",
            param=param,
        )
    return data if fmt.name == "audio/pcm" else pcm16(fmt.decode(data))


def encoded(pcm: bytes, fmt: WireFormat, rate: int = WORK_RATE) -> bytes:
    """PCM at `rate` to the wire's format."""
    if fmt.name == "audio/pcm" and rate == fmt.rate:
        return pcm
    samples = samples_from_pcm16(pcm)
    if rate != fmt.rate:
        samples = np.asarray(soxr.resample(samples, rate, fmt.rate), np.float32)
    return fmt.encode(samples)


def milliseconds(pcm: bytes | bytearray, rate: int) -> int:
    return len(pcm) * 500 // rate
