"""WAV files in and out, for the technician's commands, the simulator and the tests.

Law: files only, never in the path of live sound. Reads integer PCM of 8 to 32 bits and floats, also files whose
writer could not go back to fill in the length (a speech engine writing to a pipe); writes 16-bit PCM. Samples float32
in [-1, 1].
"""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soxr

from edge_agent.audio.format import Samples
from edge_agent.audio.wire import FULL_SCALE

PCM, FLOAT, EXTENSIBLE = 1, 3, 0xFFFE  # wFormatTag (Microsoft, "Multiple Channel Audio Data and WAVE Files")


class WavError(Exception):
    """The file is missing or no WAV file that can be read; the text names the file and the reason."""


def read_wav(path: str | Path) -> tuple[Samples, int]:
    """Samples, shape (n,) for mono, else (channels, n), and the rate in Hz. Raises WavError."""
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        raise WavError(f"{path}: {error.strerror or error}") from error
    if data[:4] != b"RIFF" or data[8:12] != b"WAVE":
        raise WavError(f"{path}: not a WAV file (it begins with {data[:4]!r}, expected b'RIFF')")
    chunks = _chunks(data)
    if len(chunks.get(b"fmt ", b"")) < 16:
        raise WavError(f"{path}: no complete 'fmt ' chunk")
    if b"data" not in chunks:
        raise WavError(f"{path}: no 'data' chunk")
    tag, channels, rate, _, frame_bytes, bits = struct.unpack_from("<HHIIHH", chunks[b"fmt "])
    if tag == EXTENSIBLE and len(chunks[b"fmt "]) >= 26:
        tag = struct.unpack_from("<H", chunks[b"fmt "], 24)[0]
    if not channels or not rate or frame_bytes != channels * ((bits + 7) // 8):
        raise WavError(
            f"{path}: contradictory header ({channels} channels, {rate} Hz, {bits} bits, {frame_bytes} bytes a frame)"
        )
    body = chunks[b"data"]
    flat = _samples(tag, bits, body[: len(body) // frame_bytes * frame_bytes])
    if flat is None:
        raise WavError(
            f"{path}: format {tag} with {bits} bits; expected PCM of 8, 16, 24 or 32 bits, or 32- or 64-bit float"
        )
    return (flat if channels == 1 else np.ascontiguousarray(flat.reshape(-1, channels).T)), rate


def write_wav(path: str | Path, samples: Samples, rate: int) -> None:
    """16-bit PCM; samples of shape (n,) or (channels, n), clipped to [-1, 1]. Raises WavError."""
    channels = 1 if samples.ndim == 1 else samples.shape[0]
    scaled = np.clip(np.rint(samples.T * FULL_SCALE), -FULL_SCALE, FULL_SCALE - 1).astype("<i2")
    body = scaled.tobytes()
    header = struct.pack("<HHIIHH", PCM, channels, rate, rate * channels * 2, channels * 2, 16)
    head = b"RIFF" + struct.pack("<I", 36 + len(body)) + b"WAVEfmt " + struct.pack("<I", 16) + header
    try:
        Path(path).write_bytes(head + b"data" + struct.pack("<I", len(body)) + body)
    except OSError as error:
        raise WavError(f"{path}: {error.strerror or error}") from error


def read_at(path: str | Path, rate: int) -> Samples:
    """The file as mono (channels averaged) at `rate` Hz, shape (n,). Raises WavError."""
    samples, found = read_wav(path)
    mono = samples if samples.ndim == 1 else samples.mean(axis=0, dtype=np.float32)
    if found == rate or not len(mono):
        return mono
    return np.asarray(soxr.resample(mono, found, rate), dtype=np.float32)


def _chunks(data: bytes) -> dict[bytes, bytes]:
    """The RIFF chunks by name, the first of each; one that claims more than there is gets what there is."""
    chunks: dict[bytes, bytes] = {}
    at = 12
    while at + 8 <= len(data):
        name, size = struct.unpack_from("<4sI", data, at)
        chunks.setdefault(name, data[at + 8 : at + 8 + size])
        at += 8 + size + size % 2
    return chunks


def _samples(tag: int, bits: int, body: bytes) -> Samples | None:
    """The body as one row of float32, channels interleaved; None for a format that is not read."""
    integer: npt.NDArray[np.signedinteger]
    match tag, bits:
        case 1, 8:
            return (np.frombuffer(body, np.uint8).astype(np.float32) - np.float32(128)) / np.float32(128)
        case 1, 16:
            return np.frombuffer(body, "<i2").astype(np.float32) / np.float32(FULL_SCALE)
        case 1, 24:
            wide = np.zeros((len(body) // 3, 4), np.uint8)
            wide[:, 1:] = np.frombuffer(body, np.uint8).reshape(-1, 3)
            integer = wide.reshape(-1).view("<i4")
        case 1, 32:
            integer = np.frombuffer(body, "<i4")
        case 3, 32 | 64:
            return np.frombuffer(body, "<f4" if bits == 32 else "<f8").astype(np.float32)
        case _:
            return None
    return (integer / 2.0**31).astype(np.float32)
