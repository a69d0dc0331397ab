"""A card's file that no parser gets through is refused in words, as any other mistake in it; nothing of it is shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge_agent.config import ConfigError
from edge_agent.field.card_file import NAME, read


@pytest.mark.parametrize(
    "value", ["9" * 5000, "0x" + "f" * 5000, "[" * 5000 + "]" * 5000], ids=["digits", "hexadecimal", "brackets"]
)
@pytest.mark.parametrize("place", ["[audio]\nvolume", "[wifi]\npassword", "[device]\nhostname"])
def test_a_value_beyond_all_measure_is_refused(tmp_path: Path, place: str, value: str) -> None:
    (tmp_path / NAME).write_text(f"{place} = {value}\n")
    with pytest.raises(ConfigError, match=NAME) as refused:
        read(tmp_path / NAME)
    assert len(str(refused.value)) < 1000
