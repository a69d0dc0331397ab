"""Spoken test material: the shared recordings where they are, and flite's voices, which the project installs."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from edge_agent.audio.format import HEARING_BLOCK, HEARING_RATE, Samples
from edge_agent.audio.wav import read_at

SHARED = Path(__file__).parents[2].parent / "shared" / "audio"


def recording(name: str) -> Samples:
    """A shared recording at 16 kHz; the test is skipped without it."""
    path = SHARED / name
    if not path.is_file():
        pytest.skip(f"{path} is not there: the recordings for development are not part of the product")
    return read_at(path, HEARING_RATE)


def spoken(text: str, folder: Path, voice: str = "slt") -> Path:
    """A WAV file of `text`; the test is skipped without flite."""
    if shutil.which("flite") is None:
        pytest.skip("the flite command is not installed (apt install flite)")
    path = folder / "spoken.wav"
    subprocess.run(["flite", "-voice", voice, "-t", text, "-o", str(path)], check=True, capture_output=True)
    return path


def speech(text: str, folder: Path, voice: str = "slt") -> Samples:
    """`text` at 16 kHz, at the level of a person a metre away."""
    return np.float32(0.3) * read_at(spoken(text, folder, voice), HEARING_RATE)


def silence(seconds: float) -> Samples:
    """A quiet room: -70 dBFS of noise, the same every time."""
    noise = np.random.default_rng(7).standard_normal(round(seconds * HEARING_RATE))
    return (10 ** (-70 / 20) * noise).astype(np.float32)


def blocks(*parts: Samples) -> Samples:
    """The parts one after the other, shape (n, 160); what does not fill a block is left out."""
    samples = np.concatenate(parts)
    return samples[: len(samples) // HEARING_BLOCK * HEARING_BLOCK].reshape(-1, HEARING_BLOCK)
