"""The board of this device: none, one that is named, or the one that it proves to be.

Law: it chooses and tells the log why; judging is `detect.py`'s, reading `profile.py`'s.
"""

from __future__ import annotations

import logging
from pathlib import Path

from edge_agent.board.detect import detect, usable
from edge_agent.board.facts import Profile
from edge_agent.board.machine import ROOT, look
from edge_agent.board.profile import load, load_all

log = logging.getLogger(__name__)

NONE, AUTO = "none", "auto"


def chosen(name: str, root: Path = ROOT) -> Profile | None:
    """The profile that `[board] profile` asks for. auto: what is found below `root`, and nothing where that is not
    clear; it never fails. Raises BoardError for a name or a file that cannot be used."""
    if name == NONE:
        return None
    if name != AUTO:
        return load(name)
    profile, why = usable(detect(look(root), load_all()))
    log.info("%s", why, extra={"edge": {"board": profile.id if profile else NONE}})
    return profile
