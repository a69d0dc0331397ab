"""What is told of a run beside its verdict, and what stands in its way before it begins.

Law: reading and collecting, nothing is judged. All of it is the same from run to run.
"""

from __future__ import annotations

from typing import Any

from edge_agent.audio.wav import WavError, read_wav
from edge_agent.sim.device import SimulatedDevice
from edge_agent.sim.room_plan import room_facts
from edge_agent.sim.scenario import Scenario, Talk


def circumstances(scenario: Scenario, device: SimulatedDevice) -> dict[str, Any]:
    """For summary.json: under which it happened, and what the card did to the sound."""
    card = device.card
    return {
        "scenario": scenario.path.stem,
        "seed": scenario.seed,
        "duration_s": device.t_ms / 1000,
        "room": room_facts(scenario),
        "card": {"lost_blocks": card.lost_blocks, "slips": card.slips},
    }


def unreadable(scenario: Scenario) -> list[str]:
    """The recordings of a scenario that cannot be read, a line each."""
    named = [("talker.wav", cue.wav) for cue in scenario.cues if isinstance(cue, Talk)]
    named += [("background.wav", sound.wav) for sound in scenario.backgrounds]
    wrong = []
    for key, path in (*named, ("provider.reply_wav", scenario.provider.reply_wav)):
        try:
            if path is not None and not read_wav(path)[0].size:
                wrong.append(f"{key}: found no sound in {path}, expected a recording")
        except WavError as error:
            wrong.append(f"{key}: found {error}, expected a WAV file")
    return wrong
