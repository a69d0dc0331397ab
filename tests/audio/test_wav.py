"""WAV files: every common format in, 16 bits out, and errors that name the file."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest

from edge_agent.audio.wav import WavError, read_at, read_wav, write_wav


def file_with(path: Path, tag: int, bits: int, body: bytes, channels: int = 1, size: int | None = None) -> Path:
    frame = channels * bits // 8
    head = struct.pack("<HHIIHH", tag, channels, 8_000, 8_000 * frame, frame, bits)
    data = b"data" + struct.pack("<I", len(body) if size is None else size) + body
    listed = b"LIST" + struct.pack("<I", 3) + b"abc\x00"  # of odd length, so padded
    path.write_bytes(b"RIFF\xff\xff\xff\xffWAVEfmt " + struct.pack("<I", 16) + head + listed + data)
    return path


class TestWriting:
    @pytest.mark.parametrize("shape", [(480,), (2, 480), (8, 480)])
    def test_comes_back_to_the_bit(self, tmp_path: Path, shape: tuple[int, ...]) -> None:
        samples = np.random.default_rng(0).integers(-32768, 32767, shape).astype(np.float32) / np.float32(32768)
        write_wav(tmp_path / "a.wav", samples, 16_000)
        back, rate = read_wav(tmp_path / "a.wav")
        assert rate == 16_000
        assert back.dtype == np.float32
        assert np.array_equal(back, samples)

    def test_clips(self, tmp_path: Path) -> None:
        write_wav(tmp_path / "a.wav", np.array([3.0, -3.0], np.float32), 8_000)
        assert read_wav(tmp_path / "a.wav")[0].tolist() == [32767 / 32768, -1.0]

    def test_where_it_cannot_names_the_file(self, tmp_path: Path) -> None:
        with pytest.raises(WavError, match=r"missing/a\.wav"):
            write_wav(tmp_path / "missing" / "a.wav", np.zeros(1, np.float32), 8_000)


class TestReading:
    @pytest.mark.parametrize(
        ("tag", "bits", "body"),
        [
            (1, 8, bytes([128, 192, 0])),
            (1, 16, struct.pack("<3h", 0, 16384, -32768)),
            (1, 24, b"\x00\x00\x00" + b"\x00\x00\x40" + b"\x00\x00\x80"),
            (1, 32, struct.pack("<3i", 0, 2**30, -(2**31))),
            (3, 32, struct.pack("<3f", 0, 0.5, -1)),
            (3, 64, struct.pack("<3d", 0, 0.5, -1)),
        ],
    )
    def test_understands_every_common_format(self, tmp_path: Path, tag: int, bits: int, body: bytes) -> None:
        samples, rate = read_wav(file_with(tmp_path / "a.wav", tag, bits, body))
        assert rate == 8_000
        assert samples.tolist() == [0, 0.5, -1]

    def test_takes_what_is_there_when_a_pipe_left_the_length_open(self, tmp_path: Path) -> None:
        body = struct.pack("<4h", 1, 2, 3, 4) + b"\x05"
        samples, _ = read_wav(file_with(tmp_path / "a.wav", 1, 16, body, size=0x7FFFF000))
        assert (samples * 32768).tolist() == [1, 2, 3, 4]

    def test_gives_channels_as_rows(self, tmp_path: Path) -> None:
        samples, _ = read_wav(file_with(tmp_path / "a.wav", 1, 16, struct.pack("<4h", 1, 2, 3, 4), channels=2))
        assert (samples * 32768).tolist() == [[1, 3], [2, 4]]

    def test_at_another_rate_is_mono_of_the_same_length_in_time(self, tmp_path: Path) -> None:
        t = np.arange(48_000) / 48_000
        stereo = np.stack((np.sin(2 * np.pi * 440 * t), np.zeros(48_000))).astype(np.float32)
        write_wav(tmp_path / "a.wav", stereo, 48_000)
        mono = read_at(tmp_path / "a.wav", 16_000)
        assert mono.shape == (16_000,)
        assert np.abs(mono - 0.5 * np.sin(2 * np.pi * 440 * np.arange(16_000) / 16_000))[200:-200].max() < 0.001


class TestErrors:
    @pytest.mark.parametrize(
        ("content", "said"),
        [
            (b"", "not a WAV"),
            (b"ID3\x04mp3", "not a WAV"),
            (b"RIFF\x00\x00\x00\x00WAVE", "'fmt '"),
            (
                b"RIFF\x00\x00\x00\x00WAVEfmt \x10\x00\x00\x00" + struct.pack("<HHIIHH", 1, 1, 8000, 16000, 2, 16),
                "'data'",
            ),
        ],
    )
    def test_name_the_file_and_the_reason(self, tmp_path: Path, content: bytes, said: str) -> None:
        path = tmp_path / "odd.wav"
        path.write_bytes(content)
        with pytest.raises(WavError, match=said) as caught:
            read_wav(path)
        assert str(path) in str(caught.value)

    def test_tell_of_a_format_that_is_not_read(self, tmp_path: Path) -> None:
        with pytest.raises(WavError, match="format 6 with 8 bits"):
            read_wav(file_with(tmp_path / "a.wav", 6, 8, b"\x00"))

    def test_tell_of_a_contradictory_header(self, tmp_path: Path) -> None:
        with pytest.raises(WavError, match="contradictory"):
            read_wav(file_with(tmp_path / "a.wav", 1, 16, b"", channels=0))

    def test_tell_of_a_missing_file(self, tmp_path: Path) -> None:
        with pytest.raises(WavError, match="No such file"):
            read_at(tmp_path / "none.wav", 16_000)
