"""What the sound card does to the sound in a scenario: `[[card]]`.

Law: reading and judging these tables, nothing else; `card.py` performs them.

  overrun  the machine was busy: whole blocks of the microphones are lost, the loudspeaker plays a gap, the card says so
  lost     samples of the microphones are lost and nobody is told (a USB hub, a bad resampler): the echo comes earlier
  repeated samples come twice and nobody is told: the echo comes later
  gone     the card is pulled out, and is back for_s later
"""

from __future__ import annotations

from dataclasses import dataclass

from edge_agent.sim.toml_table import Table
from edge_agent.toml_table import REQUIRED

KINDS = ("overrun", "lost", "repeated", "gone")


@dataclass(frozen=True, slots=True)
class CardTrouble:
    """blocks: lost in an overrun.  samples: lost or repeated.  for_s: gone for so long."""

    at_s: float
    kind: str
    blocks: int = 2
    samples: int = 32
    for_s: float = 3.0

    @property
    def extent(self) -> dict[str, float]:
        """How much of it, under the scenario's own key."""
        if self.kind == "overrun":
            return {"blocks": self.blocks}
        return {"for_s": self.for_s} if self.kind == "gone" else {"samples": self.samples}


def card_of(tables: list[Table], duration_s: float) -> tuple[CardTrouble, ...]:
    """In order of time."""
    found = []
    for table in tables:
        kind = table.choice("kind", REQUIRED, KINDS) or "lost"
        at_s = table.number("at_s", REQUIRED, 0.0, duration_s)
        trouble = CardTrouble(0.0 if at_s is None else at_s, kind)
        if kind == "overrun":
            blocks = table.integer("blocks", trouble.blocks, 1, 100)
            trouble = CardTrouble(trouble.at_s, kind, blocks=blocks)
        elif kind == "gone":
            trouble = CardTrouble(trouble.at_s, kind, for_s=table.number("for_s", trouble.for_s, 0.1, 600.0))
        else:
            samples = table.integer("samples", trouble.samples, 1, 320)
            trouble = CardTrouble(trouble.at_s, kind, samples=samples)
        table.finish()
        found.append(trouble)
    return tuple(sorted(found, key=lambda trouble: trouble.at_s))
