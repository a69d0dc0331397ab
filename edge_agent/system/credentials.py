"""The provider's key: where it may come from, and how it is kept from being seen.

Law: a secret travels in a `Secret`, whose text is only had by asking for it; no error, log line or repr holds any of
it. Sources, first found wins: the systemd credentials `openai-api-key` and `openai-api-key-sealed`
($CREDENTIALS_DIRECTORY), then $OPENAI_API_KEY. The credentials go first because every process of the same user can read
the environment of another.

What systemd hands over is a copy that only we can read; whether others can read the file it came from is judged by that
file's mode, which our unit shows us at `SOURCE`, or by the file itself where its folder lets us look.
"""

from __future__ import annotations

import stat
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NoReturn

CREDENTIAL = "openai-api-key"
SEALED = "openai-api-key-sealed"  # systemd has unsealed it; under a name of its own, as one name is loaded in one way
SOURCE = "openai-api-key.source"  # in $RUNTIME_DIRECTORY: the file in STORES[0], bound there by our unit; unreadable
STORES = tuple(
    Path(path) for path in ("/etc/credstore", "/run/credstore", "/usr/local/lib/credstore", "/usr/lib/credstore")
)
VARIABLE = "OPENAI_API_KEY"
DIRECTORY_VARIABLE = "CREDENTIALS_DIRECTORY"
LONGEST = 4096  # characters; the longest keys in use, signed tokens, are about half of it


class CredentialError(Exception):
    """The key is there but cannot be used; the text says where it was, what is wrong and what to do (exit 7)."""


class Secret:
    """A key, and `origin`, where it came from. Printing, formatting or logging it shows only the origin.

    Not a dataclass: `asdict` of whatever holds it would spell it out.
    """

    __slots__ = ("_value", "origin")

    def __init__(self, value: str, origin: str) -> None:
        self._value = value
        self.origin = origin

    def reveal(self) -> str:
        """The key itself: for the one header that needs it."""
        return self._value

    def __repr__(self) -> str:
        return f"Secret(from {self.origin})"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret is not to be copied or written to a file")


def find_key(env: Mapping[str, str], stores: Sequence[Path] = STORES) -> Secret | None:
    """The provider's key, or None where there is none. env: the process's environment. stores: where systemd looks for
    the credential in the clear, in its order. Raises CredentialError."""
    directory = env.get(DIRECTORY_VARIABLE)
    for name in (CREDENTIAL, SEALED) if directory else ():
        path = Path(directory or "") / name
        if path.is_symlink() or path.exists():
            if name == CREDENTIAL:
                _judge_sources(env, stores)
            return _from_file(path, path.parent)
    if VARIABLE in env:
        origin = f"${VARIABLE}"
        return Secret(_judged(env[VARIABLE], origin), origin)
    return None


def _judge_sources(env: Mapping[str, str], stores: Sequence[Path]) -> None:
    """Refuse a key whose file others can read. A file that we cannot even look at lies in a folder that keeps them out,
    too; our unit shows us that one as well, because a folder is opened more easily than one thinks.
    """
    shown = [(Path(folder) / SOURCE, stores[0]) for folder in env.get("RUNTIME_DIRECTORY", "").split(":") if folder]
    for path, store in [*shown, *((store / CREDENTIAL, store) for store in stores)]:
        try:
            status = path.stat()
        except OSError:
            continue
        if status.st_size and status.st_mode & (stat.S_IRWXG | stat.S_IRWXO):  # empty: where the file was bound once
            _refuse(store / CREDENTIAL, status.st_mode)


def _refuse(path: Path, mode: int) -> NoReturn:
    raise CredentialError(
        f"{path}: found mode {stat.S_IMODE(mode):04o}: others can read the key; run: chmod 600 {path}"
    )


def _from_file(path: Path, directory: Path) -> Secret:
    """Read one file. systemd guards what is in its directory; a file elsewhere, behind a link, must guard itself."""
    try:
        target = path.resolve(strict=True)
        mode = target.stat().st_mode
        if not stat.S_ISREG(mode):
            raise CredentialError(f"{path}: found something that is not a file; put the key alone into a file")
        outside = not target.is_relative_to(directory.resolve())
        if outside and mode & (stat.S_IRWXG | stat.S_IRWXO):
            _refuse(target, mode)
        raw = target.read_bytes()
    except OSError as error:
        raise CredentialError(f"{path}: cannot be read ({error.strerror}); see `systemctl cat edge-agent`") from None
    try:
        text = raw.decode("ascii")
    except UnicodeDecodeError as error:
        raise CredentialError(
            f"{path}: found a byte at {error.start} that is not ASCII; put the key alone in it"
        ) from None
    text = text.removesuffix("\n").removesuffix("\r")  # an editor ends the last line; a key never ends in one
    return Secret(_judged(text, str(path)), str(path))


def _judged(value: str, origin: str) -> str:
    """The value if it can be a key: one word of printable ASCII. What is wrong is told by place, never by text."""
    if not value:
        raise CredentialError(f"{origin}: found nothing in it; put the key there, or remove it")
    if len(value) > LONGEST:
        raise CredentialError(f"{origin}: found {len(value)} characters, more than any key has ({LONGEST})")
    for place, character in enumerate(value, start=1):
        if character in "\r\n":
            raise CredentialError(f"{origin}: found a line break after character {place - 1}; the key is one line")
        if character.isspace():
            raise CredentialError(
                f"{origin}: found a space at character {place}; the key is one word, without `Bearer`"
            )
        if character in "\"'":
            raise CredentialError(f"{origin}: found a quotation mark at character {place}; leave the quotes out")
        if not "!" <= character <= "~":
            raise CredentialError(
                f"{origin}: found an unprintable or non-ASCII character at {place}; copy the key again"
            )
    if value.startswith(f"{VARIABLE}="):
        raise CredentialError(f"{origin}: found `{VARIABLE}=` in front of the key; leave it out")
    return value
