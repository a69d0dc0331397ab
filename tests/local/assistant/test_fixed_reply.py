"""Who answers: the recording that is always the same."""

from __future__ import annotations

import re
import wave
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest

from edge_agent.audio.wav import WavError
from edge_agent.local.assistant.fixed_reply import FixedReply
from edge_agent.local.realtime.mind import Mind, Question, Say
from edge_agent.local.speech.work import WORK_RATE
from tests.local.conversation import spoken

NOW = datetime(2026, 11, 21, 15, 5)


def wav_file(path: Path, *, rate: int = WORK_RATE, channels: int = 1, width: int = 2, frames: int = 2400) -> Path:
    left = (np.sin(np.arange(frames) * 0.05) * 8000).astype("<i2")
    rows = np.stack([left, *[np.zeros_like(left)] * (channels - 1)], axis=1)
    with wave.open(str(path), "wb") as wav:
        wav.setnchannels(channels)
        wav.setsampwidth(width)
        wav.setframerate(rate)
        wav.writeframes(rows.tobytes() if width == 2 else bytes(frames * channels * width))
    return path


class TestAFixedReply:
    def test_is_the_recording_whatever_was_said(self, tmp_path: Path) -> None:
        mind: Mind = FixedReply(wav_file(tmp_path / "a.wav"), "Beep.")
        (one,), (other,) = mind.answer(Question([], NOW)), mind.answer(Question([spoken("stop")], NOW))
        assert one == other
        assert isinstance(one, Say)
        assert one.text == "Beep."
        assert len(one.pcm) == 2 * 2400

    @pytest.mark.parametrize(("rate", "channels"), [(48_000, 1), (16_000, 2), (24_000, 2)])
    def test_is_brought_to_the_wires_rate_and_one_channel(self, tmp_path: Path, rate: int, channels: int) -> None:
        path = wav_file(tmp_path / "a.wav", rate=rate, channels=channels, frames=rate)
        (reply,) = FixedReply(path).answer(Question([], NOW))
        assert isinstance(reply, Say)
        assert abs(len(reply.pcm) - 2 * WORK_RATE) <= 4
        loudest = int(np.abs(np.frombuffer(reply.pcm, "<i2")[2000:-2000].astype(int)).max())
        assert loudest == pytest.approx(8000 / channels, rel=0.02)  # the others are silent

    def test_may_have_been_cut_short(self, tmp_path: Path) -> None:
        path = wav_file(tmp_path / "cut.wav", channels=2)
        path.write_bytes(path.read_bytes()[:-1001])
        (reply,) = FixedReply(path).answer(Question([], NOW))
        assert isinstance(reply, Say)
        assert len(reply.pcm) == 2 * (2400 - 251)

    @pytest.mark.parametrize("content", [None, b"", b"RIFF", b"hello, I am no sound", b"RIFF\x00\x00\x00\x00WAVE"])
    def test_that_is_no_recording_is_named(self, tmp_path: Path, content: bytes | None) -> None:
        path = tmp_path / "bad.wav"
        if content is not None:
            path.write_bytes(content)
        with pytest.raises(WavError, match=re.escape(str(path))):
            FixedReply(path)

    def test_without_sound_is_named(self, tmp_path: Path) -> None:
        with pytest.raises(WavError, match=r"empty\.wav: found no sound"):
            FixedReply(wav_file(tmp_path / "empty.wav", frames=0))
