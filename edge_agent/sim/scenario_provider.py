"""Who answers in a scenario: `[provider]`.

Law: reading and judging this table, nothing else. What is said is text; how it sounds is `passages.py`'s matter.

  reply_wav  the same recording, whatever was said
  passages   texts that are spoken in turn, whatever was said, by `voice`: a synthesiser's, or "device", the embedded
             server's own. In lock step only.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from edge_agent.sim.scenario_sound import EXPECTED_VOICE, VOICE
from edge_agent.sim.toml_table import Table

OWN_VOICE = "device"
_VOICE = re.compile(rf"{OWN_VOICE}|{VOICE.pattern}")


@dataclass(frozen=True, slots=True)
class ProviderSettings:
    reply_wav: Path | None = None
    model_delay_ms: float = 500.0
    passages: tuple[str, ...] = ()
    voice: str = OWN_VOICE  # of the passages


def provider_of(table: Table) -> ProviderSettings:
    wav = table.wav("reply_wav")
    delay_ms = table.number("model_delay_ms", 500.0, 0.0, 60_000.0)
    passages = tuple(table.take("passages", (), "texts, in brackets", _are_texts))
    voice = str(table.text("voice", OWN_VOICE, f"{OWN_VOICE}, {EXPECTED_VOICE}", _VOICE))
    if passages and wav is not None:
        table.wrong("passages", "reply_wav beside it", "one of them")
    if "voice" in table.given and not passages:
        table.wrong("voice", f'"{voice}" and no passages', "a voice only for passages")
    table.finish()
    return ProviderSettings(wav, delay_ms, passages, voice)


def _are_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(text, str) and text.strip() for text in value)
