"""As much of a broken configuration as can be understood: for the part of the program that tells that it is broken.

Law: it never raises and never complains; what cannot be understood keeps its default. The daemon itself must not use
it: a device that half obeys its configuration is worse than one that says that it is wrong. A line that is no TOML is
left out, and the rest is read without it; so is the longest line of a file that the parser breaks on (a number of
thousands of digits, thousands of brackets).
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from edge_agent.config import DROP_INS, MAIN_FILE, MAIN_FILE_VARIABLE, Settings

MOST_LINES = 20  # of no TOML, in one file: more is no configuration with a mistake in it


def salvage(env: Mapping[str, str]) -> Settings:
    """The settings of the files that the daemon reads. env: may name another main file, as for the daemon."""
    main = Path(env.get(MAIN_FILE_VARIABLE) or MAIN_FILE)
    settings = Settings()
    for file in [main, *_drop_ins(main.parent / DROP_INS)]:
        with suppress(OSError):
            if not file.is_file():  # a pipe may have no end
                continue
            settings = _with(settings, _tables(file.read_bytes().decode("utf-8-sig", "replace")), str(file))
    return settings


def _drop_ins(directory: Path) -> list[Path]:
    with suppress(OSError):
        return sorted(path for path in directory.iterdir() if path.suffix == ".toml" and path.name[0] != ".")
    return []


def _tables(text: str) -> dict[str, Any]:
    """The TOML in a text, without the lines that are none."""
    lines = text.splitlines()
    for _ in range(MOST_LINES):
        try:
            return tomllib.loads("\n".join(lines))
        except tomllib.TOMLDecodeError as error:
            place = re.search(r"at line (\d+)", str(error))
            number = int(place[1]) if place else len(lines)
        except Exception:  # ValueError of a number, RecursionError: the parser's own limits, which name no line
            number = 1 + max(range(len(lines)), key=lambda at: len(lines[at]))
        if not lines:
            break
        del lines[min(number, len(lines)) - 1]
    return {}


def _with(settings: Settings, data: Mapping[str, Any], source: str) -> Settings:
    """`settings` with each key of `data` that the daemon would take, by itself."""
    try:
        from edge_agent.config_file import from_dict
    except Exception:  # numpy, which it stands on, may be what is broken
        return settings
    for section, table in data.items():
        for key, value in table.items() if isinstance(table, Mapping) else ():
            with suppress(Exception):  # ConfigError, and what judging or quoting an absurd value may raise
                settings = from_dict({section: {key: value}}, source, settings)
    return settings
