"""The journal's catalog: for each code of the table what `journalctl -x` tells below the line.

Law: text out of `codes.py`, nothing else. `python -m edge_agent.system.catalog` prints it; a test keeps
`systemd/edge-agent.catalog` equal to it. Form: systemd.io/CATALOG (a file is UTF-8, an entry begins with `-- ` and the
MESSAGE_ID, its header ends at the first empty line).
"""

from __future__ import annotations

import sys

from edge_agent.system.codes import TABLE, Trouble
from edge_agent.system.journal import message_id

HEAD = "# Made from edge_agent/system/codes.py: python -m edge_agent.system.catalog > systemd/edge-agent.catalog"
SUPPORT = "file:///usr/share/doc/edge-agent/systemd.md"


def catalog() -> str:
    """The whole file."""
    return "\n\n".join([HEAD, *(_entry(trouble) for trouble in TABLE)]) + "\n"


def _entry(trouble: Trouble) -> str:
    return "\n".join(
        [
            f"-- {message_id(trouble.code)}",
            f"Subject: {trouble.code}: {trouble.subject}",
            "Defined-By: edge-agent",
            f"Support: {SUPPORT}",
            "",
            trouble.what,
            "",
            "Likely causes:",
            *(f"- {cause}" for cause in trouble.causes),
            "",
            "What to do:",
            *(f"{number}. {step}" for number, step in enumerate(trouble.remedy, start=1)),
        ]
    )


if __name__ == "__main__":
    sys.stdout.write(catalog())
