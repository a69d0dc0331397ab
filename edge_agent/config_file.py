"""TOML files and drop-ins to typed settings.

Law: what a key is, and what it may hold, is declared in `config.py` and nowhere else; here is only the reading and the
judging. Precedence: defaults < edge-agent.toml < conf.d/*.toml in name order; what goes over what is a value, a list as
a whole, a table (a section, wake.thresholds) entry by entry. All that is wrong is told at once, a line each:
`FILE: KEY: found VALUE, expected WHAT`. A secret that strayed into a file is refused and never quoted.
"""

from __future__ import annotations

import difflib
import re
import stat
import tomllib
from collections.abc import Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, get_type_hints
from urllib.parse import urlsplit

from edge_agent.audio.alsa_config import is_name
from edge_agent.config import DROP_INS, MAIN_FILE, MAIN_FILE_VARIABLE, ConfigError, Loaded, Settings, declared
from edge_agent.config_text import allowed, entry, quoted

_SECRET_NAME = re.compile(r"(api|secret|auth|access).?key|token$|secret|password|credential", re.IGNORECASE)


def load(path: Path | None, *, env: Mapping[str, str]) -> Loaded:
    """Read the file (path, else $EDGE_AGENT_CONFIG, else /etc/edge-agent/edge-agent.toml) and the conf.d beside it.

    A file that was named must exist; without one in the standard place the defaults hold. Raises ConfigError with every
    problem of every file.
    """
    named = path or (Path(env[MAIN_FILE_VARIABLE]) if env.get(MAIN_FILE_VARIABLE) else None)
    main = named or MAIN_FILE
    problems: list[str] = []
    files = [main] if named is not None or _there(main) else []
    files += _drop_ins(main.parent / DROP_INS, problems)
    settings = Settings()
    origins = {f"{section}.{f.name}": "default" for section, f in declared()}
    for file in files:
        data = _read(file, problems)
        settings, taken = _apply(settings, data, str(file), problems)
        origins.update(dict.fromkeys(taken, str(file)))
    if problems:
        raise ConfigError("\n".join(problems))
    return Loaded(settings, origins, tuple(files))


def from_dict(data: Mapping[str, Any], source: str, base: Settings | None = None) -> Settings:
    """Settings from sections that are already read (a scenario's [config]), over `base` or the defaults.

    source: what an error names as the file. Raises ConfigError with every problem.
    """
    problems: list[str] = []
    settings, _ = _apply(base or Settings(), data, source, problems)
    if problems:
        raise ConfigError("\n".join(problems))
    return settings


# --- reading --------------------------------------------------------------------------------------------------------


def _there(file: Path) -> bool:
    """False only where there is nothing; what cannot be looked at is there, and reading it will say why not."""
    try:
        file.stat()
    except FileNotFoundError:
        return False
    except OSError:
        return True
    return True


def _drop_ins(directory: Path, problems: list[str]) -> list[Path]:
    """The directory's *.toml in name order; names with a dot in front are an editor's leavings."""
    try:
        return sorted(p for p in directory.iterdir() if p.suffix == ".toml" and not p.name.startswith("."))
    except FileNotFoundError:
        return []
    except OSError as error:
        problems.append(f"{directory}: directory: found {_why(error)}, expected a readable directory of *.toml files")
        return []


def _read(file: Path, problems: list[str]) -> dict[str, Any]:
    try:
        mode = file.stat().st_mode
        if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):  # a pipe or a device may have no end
            problems.append(f"{file}: file: found a pipe or a device, expected a readable TOML file")
            return {}
        text = file.read_bytes().decode("utf-8-sig")  # editors on Windows begin a file with a mark
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        problems.append(f"{file}: {_syntax(text, str(error))}")
    except UnicodeDecodeError as error:
        problems.append(f"{file}: file: found a byte at {error.start} that is not UTF-8, expected TOML text")
    except (ValueError, RecursionError):  # the parser's own limits; it names no line
        problems.append(f"{file}: file: found a number or brackets beyond all measure, expected TOML text")
    except OSError as error:
        problems.append(f"{file}: file: found {_why(error)}, expected a readable TOML file")
    return {}


def _why(error: OSError) -> str:
    return (error.strerror or type(error).__name__).lower()


def _syntax(text: str, message: str) -> str:
    """`line N: found TEXT, expected TOML (what the parser said)`. The parser names the line only in its message."""
    lines = text.splitlines() or [""]
    place = re.search(r"\(at line (\d+), column (\d+)\)", message)
    number = int(place[1]) if place else len(lines)
    what = message[: place.start()].strip() if place else message.removesuffix(" (at end of document)")
    column = f", column {place[2]}" if place else ", at the end of the file"
    line = lines[min(number, len(lines)) - 1]
    found = _quote_under(line.partition("=")[0].strip(), line)
    return f"line {number}: found {found}, expected TOML ({what}{column})"


# --- judging --------------------------------------------------------------------------------------------------------


def _apply(base: Settings, data: Mapping[str, Any], source: str, problems: list[str]) -> tuple[Settings, list[str]]:
    """`base` with what `data` sets and is allowed; the names of the keys taken. Problems are added, never raised."""
    known = {s.name for s in fields(Settings)}
    changed: dict[str, Any] = {}
    taken: list[str] = []
    for name, table in data.items():
        if name not in known:
            problems.append(f"{source}: {name}: found {_quote_under(name, table)}, expected {_section_advice(name)}")
        elif not isinstance(table, Mapping):
            problems.append(f"{source}: {name}: found {quoted(table)}, expected a table: [{name}] and its keys below")
        else:
            section = getattr(base, name)
            values = _judge(name, type(section), table, source, problems)
            for k, value in values.items():
                taken.append(f"{name}.{k}")
                if isinstance(value, dict):
                    taken += [f"{name}.{k}.{entry(item)}" for item in value]
                    values[k] = getattr(section, k) | value
            changed[name] = replace(section, **values)
    return replace(base, **changed), taken


def _judge(name: str, cls: type, table: Mapping[str, Any], source: str, problems: list[str]) -> dict[str, Any]:
    types, keys = get_type_hints(cls), {f.name: f for f in fields(cls)}
    values: dict[str, Any] = {}
    for k, found in table.items():
        if k not in keys:
            problems.append(f"{source}: {name}.{k}: found {_quote_under(k, found)}, expected {_key_advice(name, k)}")
            continue
        if types[k] == dict[str, float] and isinstance(found, Mapping):
            values[k] = _judge_entries(f"{name}.{k}", found, keys[k].metadata, source, problems)
            continue
        value, fits = _checked(found, types[k], keys[k].metadata)
        if fits:
            values[k] = value
        else:
            problems.append(
                f"{source}: {name}.{k}: found {_quote_under(k, found)}, expected {allowed(types[k], keys[k].metadata)}"
            )
    return values


def _judge_entries(
    key: str, table: Mapping[str, Any], facts: Mapping[str, Any], source: str, problems: list[str]
) -> dict[str, float]:
    """The entries of a table of numbers that are allowed; the key's bounds are those of each."""
    values: dict[str, float] = {}
    for k, found in table.items():
        value, fits = _checked(found, float, facts)
        if fits:
            values[k] = value
        else:
            told = _quote_under(k, found)
            problems.append(f"{source}: {key}.{entry(k)}: found {told}, expected {allowed(float, facts)}")
    return values


def _checked(found: Any, wanted: Any, facts: Mapping[str, Any]) -> tuple[Any, bool]:
    """The value in its declared type, and whether it is allowed. True is not the number 1, and NaN is no number."""
    if wanted == dict[str, float]:
        return found, False  # a table of them is judged entry by entry
    if wanted == list[str]:
        return found, isinstance(found, list) and all(isinstance(item, str) and item for item in found)
    if wanted in (int, float):
        kinds = int if wanted is int else int | float
        if isinstance(found, bool) or not isinstance(found, kinds) or found != found:
            return found, False
        lo, hi, multiple = facts["lo"], facts["hi"], facts["multiple"]
        if found == facts["none"]:
            return wanted(found), True
        fits = (lo is None or found >= lo) and (hi is None or found <= hi) and not (multiple and found % multiple)
        return (float(found) if fits and wanted is float else found), fits
    if facts["websocket"]:
        return found, found == "" or (isinstance(found, str) and _is_websocket(found))
    if facts["card"]:
        return found, isinstance(found, str) and is_name(found)
    return found, isinstance(found, wanted) and (not facts["choices"] or found in facts["choices"])


def _is_websocket(address: str) -> bool:
    """Whether it has what a connection needs: ws or wss, a host, and a port that can be one."""
    try:
        parts = urlsplit(address)
        return (
            parts.scheme in ("ws", "wss") and bool(parts.hostname) and parts.port != 0 and not re.search(r"\s", address)
        )
    except ValueError:  # of the port, or of brackets
        return False


def _key_advice(section: str, k: str) -> str:
    if _SECRET_NAME.search(k):
        return "no secret in a file of settings: use the systemd credential openai-api-key, or OPENAI_API_KEY"
    here = [f.name for s, f in declared() if s == section]
    elsewhere = [f"[{s}] {f.name}" for s, f in declared() if f.name == k]
    near = difflib.get_close_matches(k, here, n=1)
    if elsewhere:
        return f"a key of [{section}]; {elsewhere[0]} is the one of that name"
    if near:
        return f"a key of [{section}]; the nearest is {near[0]}"
    return f"a key of [{section}]: " + ", ".join(here)


def _section_advice(name: str) -> str:
    sections = [s.name for s in fields(Settings)]
    homes = [s for s, f in declared() if f.name == name]
    if _SECRET_NAME.search(name):
        return "no secret in a file of settings: use the systemd credential openai-api-key, or OPENAI_API_KEY"
    if homes:
        return f"it below [{homes[0]}]"
    near = difflib.get_close_matches(name, sections, n=1)
    if near:
        return f"a section; the nearest is [{near[0]}]"
    return "a section: " + ", ".join(f"[{s}]" for s in sections)


def _quote_under(k: str, value: Any) -> str:
    return "a secret (not shown)" if _SECRET_NAME.search(k) else quoted(value)
