"""`edge-agent calibrate`: a sweep through the real audio path, and all that it tells of it.

Law: the order of things; each figure is measured elsewhere (here, a file each), judged in `findings.py` and
`verdict.py`, told in `report.py`, kept in `kept.py`. Which device, which engine: the
caller's. The device is closed again, whatever happens.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

from edge_agent.audio.device import AudioDevice, DeviceError
from edge_agent.field.calibration.canceller import noise_beside_db
from edge_agent.field.calibration.clock import Clock
from edge_agent.field.calibration.engine import Reduction, reduction
from edge_agent.field.calibration.microphone import Microphone, microphones
from edge_agent.field.calibration.path import Path, measure
from edge_agent.field.calibration.programme import FEWEST_SWEEPS, Programme
from edge_agent.field.calibration.recording import record
from edge_agent.hearing.echo.engine import EchoEngine

FREE = Programme(FEWEST_SWEEPS + 1, loud=False, voice=False)  # for two clocks, with nothing that corrects them
_TAKEN = ("busy", "unavailable")  # as the kernel and PortAudio call a card that another program holds
_BUSY = "If the daemon holds it, stop the daemon first: sudo systemctl stop edge-agent"


@dataclass(frozen=True, slots=True)
class Setting:
    """Under which circumstances it is measured, as the configuration and the board's profile have them.

    tier: the profile's, or None without a board.  channels: the card's, from 1, a row each, the reference last.
    two_clocks: the loudspeaker's clock is made to follow the microphone's.  volume: percent.
    """

    board: str = "none"
    tier: int | None = None
    hardware_mute: bool = False
    input_card: str = ""
    output_card: str = ""
    channels: tuple[int, ...] = (1,)
    has_reference: bool = False
    two_clocks: bool = False
    engine: str = "neural"
    volume: int = 70
    gain_db: float = 0.0
    tail_ms: int = 192
    max_delay_ms: int = 500
    buffer_ms: int = 60


@dataclass(frozen=True, slots=True)
class Figures:
    """path: to the first microphone.  microphones: every channel, the reference last.  reference_ms: delay of the
    reference channel.  clocks: of two clocks, measured while nothing corrects them.  noise_beside_db: see
    `canceller.py`.  lost, gaps: blocks that the card says it has lost, or not got in time.
    heard: whether a person heard the sweep; None if nobody was asked.
    """

    path: Path
    microphones: tuple[Microphone, ...]
    reference_ms: float | None
    clocks: Clock | None
    noise_beside_db: float | None
    reduction: Reduction | None
    lost: int
    gaps: int
    latency_ms: float
    heard: bool | None = None
    obtained: dict[str, Any] = field(default_factory=dict)


def examine(
    device: AudioDevice,
    engine: EchoEngine,
    setting: Setting,
    programme: Programme,
    *,
    free: AudioDevice | None = None,
    opened: Callable[[], None] = lambda: None,
    tell: Callable[[float], None] = lambda done_s: None,
    ask: Callable[[], bool | None] = lambda: None,
) -> Figures:
    """Play, record, measure. device: closed.  free: the same cards with nothing that makes one clock follow another.

    opened: called when the card is.  tell: how many seconds of the programme are done.  ask: whether the sweep was
    heard; asked only if the microphone did not. Raises DeviceError.
    """
    with closing(device):
        _open(device)
        opened()
        recording = record(device, programme, volume=setting.volume, tell=tell)
    clocks = None
    if free is not None:
        with closing(free):
            _open(free)
            alone = record(free, FREE, volume=setting.volume, tell=lambda done_s: tell(programme.seconds + done_s))
        clocks = measure(alone, FREE, 0, tail_ms=setting.tail_ms, steered=False).clock
    path = measure(recording, programme, 0, tail_ms=setting.tail_ms, steered=setting.two_clocks)
    reference_ms = None
    if recording.has_reference:
        wire = measure(recording, programme, len(recording.rows) - 1, tail_ms=setting.tail_ms, steered=False)
        reference_ms = wire.delay_ms if wire.arrives else None
    return Figures(
        path=path,
        microphones=microphones(recording, programme, setting.channels),
        reference_ms=reference_ms,
        clocks=clocks,
        noise_beside_db=noise_beside_db(recording.rows[0], programme),
        reduction=reduction(engine, recording, programme) if path.arrives else None,
        lost=recording.lost,
        gaps=recording.gaps,
        latency_ms=recording.latency_ms,
        heard=None if path.arrives else ask(),
        obtained=recording.obtained,
    )


def _open(device: AudioDevice) -> None:
    try:
        device.open()
    except DeviceError as error:
        if any(word in str(error).lower() for word in _TAKEN):
            raise DeviceError(f"{error}. {_BUSY}") from error
        raise
