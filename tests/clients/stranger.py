"""A public client at work: a script in an environment of its own talks with the server, and tells what it met."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.clients.environment import environment
from tests.clients.speech import spoken

PATIENCE_S = 120.0
QUESTION, WISH = "what can you do", "turn up the volume"


def tell(script: str, name: str, requirements: Sequence[str], url: str, folder: Path) -> Any:
    """What `script` (beside this file) prints after its talk with the server at `url`."""
    python = environment(name, requirements) / "bin/python"
    speeches = []
    for number, text in enumerate((QUESTION, WISH)):
        speeches.append(folder / f"speech-{number}.pcm")
        speeches[-1].write_bytes(spoken(text))
    command = [str(python), str(Path(__file__).with_name(script)), url, *map(str, speeches)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    assert done.returncode == 0, done.stderr[-3_000:]
    return json.loads(done.stdout.splitlines()[-1])
