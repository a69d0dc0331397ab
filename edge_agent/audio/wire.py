"""Sound as bytes: PCM16 little endian, G.711 mu-law and A-law, base64. The three formats of the Realtime API.

Law: pure conversion; no JSON, no turn, no socket. Rates in Hz; samples float32 in [-1, 1], full scale 32768.
G.711 after ITU-T G.711 (1988), as tables: one look-up a sample in each direction.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from edge_agent.audio.format import HEARING_RATE, WIRE_RATE, Samples
from edge_agent.audio.resample import BlockResampler

FULL_SCALE = 32768.0


@dataclass(frozen=True, slots=True)
class WireFormat:
    """name: as in `session.audio.*.format.type`.  rate: Hz."""

    name: str
    rate: int

    @property
    def sample_bytes(self) -> int:
        return 2 if self.name == "audio/pcm" else 1

    @property
    def bytes_per_ms(self) -> int:
        return self.rate * self.sample_bytes // 1000

    def encode(self, samples: Samples) -> bytes:
        """Samples at this format's rate to bytes."""
        if self.name == "audio/pcm":
            return pcm16(samples)
        table = _MU_ENCODE if self.name == "audio/pcmu" else _A_ENCODE
        return table[_int16(samples).view(np.uint16)].tobytes()

    def decode(self, data: bytes) -> Samples:
        """Whole samples' bytes to samples at this format's rate."""
        if self.name == "audio/pcm":
            return samples_from_pcm16(data)
        table = _MU_DECODE if self.name == "audio/pcmu" else _A_DECODE
        return table[np.frombuffer(data, np.uint8)]


def pcm16(samples: Samples) -> bytes:
    """Samples, shape (n,), to 2n bytes; what is outside [-1, 1] is clipped."""
    return _int16(samples).tobytes()


def samples_from_pcm16(data: bytes) -> Samples:
    """2n bytes to samples, shape (n,). Raises ValueError for an odd number of bytes."""
    if len(data) % 2:
        raise ValueError(f"PCM16 comes in pairs of bytes, got {len(data)}")
    return np.frombuffer(data, "<i2").astype(np.float32) / np.float32(FULL_SCALE)


def base64_from_bytes(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def bytes_from_base64(text: str) -> bytes:
    """Raises ValueError for anything that is not base64."""
    return base64.b64decode(text, validate=True)


class UplinkEncoder:
    """Blocks of 16 kHz to slices of the wire's bytes. slice_ms: length of a slice, a whole number of milliseconds."""

    def __init__(self, fmt: WireFormat, slice_ms: int = 20) -> None:
        if slice_ms < 1:
            raise ValueError(f"a slice has at least 1 ms, got {slice_ms}")
        self._format = fmt
        self._resampler = BlockResampler(HEARING_RATE, fmt.rate)
        self._slice = slice_ms * fmt.bytes_per_ms
        self._pending = bytearray()

    def feed(self, block16k: Samples) -> list[bytes]:
        """10 ms, shape (160,), in; whole slices out, none or more."""
        self._pending += self._format.encode(self._resampler.process(block16k))
        return self._slices()

    def flush(self) -> list[bytes]:
        """What remains of the turn, the filter's tail included; the last slice may be short. Then as new.

        Without sound since the last flush there is nothing to send.
        """
        tail = round(self._resampler.latency_ms * self._format.rate / 1000)
        if tail:
            silence = np.zeros(self._resampler.in_block, np.float32)
            end = self._resampler.process(silence)[:tail]
            if self._pending or np.any(end):
                self._pending += self._format.encode(end)
        slices = self._slices()
        if self._pending:
            slices.append(bytes(self._pending))
        self._pending.clear()
        self._resampler.reset()
        return slices

    def _slices(self) -> list[bytes]:
        whole = len(self._pending) // self._slice * self._slice
        slices = [bytes(self._pending[at : at + self._slice]) for at in range(0, whole, self._slice)]
        del self._pending[:whole]
        return slices


class DownlinkDecoder:
    """The wire's bytes, cut anywhere, to samples at 24 kHz. What is not a whole sample yet waits for the next call."""

    def __init__(self, fmt: WireFormat) -> None:
        self._format = fmt
        self._resampler = BlockResampler(fmt.rate, WIRE_RATE)
        self._odd = b""
        self._rest = np.zeros(0, np.float32)

    def feed(self, data: bytes) -> Samples:
        """Any number of bytes; shape (n,) at 24 kHz. At another wire rate, less than 10 ms waits for the next call."""
        data = self._odd + data
        whole = len(data) // self._format.sample_bytes * self._format.sample_bytes
        self._odd = data[whole:]
        samples = self._format.decode(data[:whole])
        if self._format.rate == WIRE_RATE:
            return samples
        return self._resampled(np.concatenate((self._rest, samples)))

    def flush(self) -> Samples:
        """What waits: the end of an item, the filter's tail included. Then as new."""
        owed = round(len(self._rest) * WIRE_RATE / self._format.rate + self._resampler.latency_ms * WIRE_RATE / 1000)
        padding = np.zeros(2 * self._resampler.in_block, np.float32)
        tail = (
            self._resampled(np.concatenate((self._rest, padding)))[:owed]
            if self._format.rate != WIRE_RATE
            else padding[:0]
        )
        self.reset()
        return tail

    def reset(self) -> None:
        """Forget what waits."""
        self._odd = b""
        self._rest = self._rest[:0]
        self._resampler.reset()

    def _resampled(self, samples: Samples) -> Samples:
        size = self._resampler.in_block
        count = len(samples) // size
        self._rest = samples[count * size :].copy()
        out = np.empty(count * self._resampler.out_block, np.float32)
        for row, block in zip(
            out.reshape(count, self._resampler.out_block), samples[: count * size].reshape(count, size), strict=True
        ):
            row[:] = self._resampler.process(block)
        return out


def _int16(samples: Samples) -> npt.NDArray[np.int16]:
    scaled = np.clip(np.rint(samples * np.float32(FULL_SCALE)), -FULL_SCALE, FULL_SCALE - 1)
    return np.asarray(scaled, dtype="<i2")


def _mu_decode_table() -> npt.NDArray[np.int32]:
    """256 codes to 16-bit values: bits inverted; sign, 3 bits of exponent, 4 of mantissa; biased by 33 of 14 bits."""
    code = ~np.arange(256) & 0xFF
    magnitude = ((((code & 0x0F) << 3) + 132) << ((code >> 4) & 7)) - 132
    return np.where(code & 0x80, -magnitude, magnitude)


def _a_decode_table() -> npt.NDArray[np.int32]:
    """256 codes to 16-bit values: even bits inverted; sign (1 is positive), 3 bits of exponent, 4 of mantissa."""
    code = np.arange(256) ^ 0x55
    exponent = (code >> 4) & 7
    step = ((code & 0x0F) << 4) + 8
    magnitude = np.where(exponent == 0, step, (step + 256) << np.maximum(exponent - 1, 0))
    return np.where(code & 0x80, magnitude, -magnitude)


def _encode_table(decoded: npt.NDArray[np.int32]) -> npt.NDArray[np.uint8]:
    """All 65536 values, in the order of their unsigned view, to the code whose decoded value is nearest."""
    order = np.lexsort((-np.arange(256), decoded))
    levels = decoded[order]
    values = np.arange(65536).astype(np.uint16).view(np.int16).astype(np.int32)
    above = np.clip(np.searchsorted(levels, values), 1, 255)
    nearer_below = (values - levels[above - 1]) < (levels[above] - values)
    return order[np.where(nearer_below, above - 1, above)].astype(np.uint8)


_MU_DECODE = (_mu_decode_table() / FULL_SCALE).astype(np.float32)
_A_DECODE = (_a_decode_table() / FULL_SCALE).astype(np.float32)
_MU_ENCODE = _encode_table(_mu_decode_table())
_A_ENCODE = _encode_table(_a_decode_table())

PCM16_24K = WireFormat("audio/pcm", WIRE_RATE)
PCMU_8K = WireFormat("audio/pcmu", 8_000)
PCMA_8K = WireFormat("audio/pcma", 8_000)
FORMATS = {fmt.name: fmt for fmt in (PCM16_24K, PCMU_8K, PCMA_8K)}
