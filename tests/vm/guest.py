"""A guest at work: commands run in it, files come and go, lines of its journal are awaited.

Law: every wait has a limit in seconds of the guest's clock, which the guest itself keeps; the wall's limit behind it
only catches a guest that is dead. What a command prints is text (UTF-8).
"""

from __future__ import annotations

import base64
import itertools
import json
import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.vm.machine import Frozen, Machine

GRACE_S = 120.0  # of the wall, beyond a request's own limit: a guest that swaps, a host that is busy
UNIT = "edge-agent.service"


class GuestError(Exception):
    """A command failed or was not over in time, or the guest is dead; the text has what it printed."""


@dataclass(frozen=True, slots=True)
class Done:
    """A command that is over. code: its exit status, None if its limit ended it."""

    command: str
    code: int | None
    out: str
    err: str

    def __str__(self) -> str:
        ended = "was stopped at its limit" if self.code is None else f"ended with {self.code}"
        return f"`{self.command}` {ended}\n{self.out}{self.err}"


class Guest:
    """What runs in `machine`, from the moment its agent answers. Shell lines are run by `sh -c`, as root."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self._ids = itertools.count(1)
        self._replies: dict[int, queue.Queue[dict[str, Any]]] = {}
        self._up: queue.Queue[dict[str, Any]] = queue.Queue()
        self._replies[0] = self._up
        self._sending = threading.Lock()
        self._reader = threading.Thread(target=self._read, name="guest", daemon=True)
        self._reader.start()

    def wait_until_up(self, wall_s: float) -> float:
        """After a boot: until the agent runs; the guest's own seconds since its kernel began."""
        return float(self._reply(self._up, wall_s, "the boot")["up"])

    def run(self, line: str, *, limit_s: float = 60.0, stdin: bytes = b"", check: bool = True) -> Done:
        """Raises GuestError where `check` and the command does not end with 0."""
        return self.start(line, limit_s=limit_s, stdin=stdin)(check)

    def start(self, line: str, *, limit_s: float = 60.0, stdin: bytes = b"") -> Callable[[bool], Done]:
        """Begin a command; what is returned waits for its end, as `run` does."""
        finish = self._ask(limit_s, line, run=["sh", "-c", line], stdin=base64.b64encode(stdin).decode())

        def wait(check: bool = True) -> Done:
            reply = finish()
            done = Done(line, reply["code"], reply["out"], reply["err"])
            if check and done.code != 0:
                raise GuestError(str(done))
            return done

        return wait

    def put(self, path: str, data: bytes | str, *, mode: int = 0o644) -> None:
        """Write a file, root's; its folders are made."""
        raw = data.encode() if isinstance(data, str) else data
        self._ask(60, path, put=path, data=base64.b64encode(raw).decode(), mode=mode)()

    def get(self, path: str) -> bytes:
        return base64.b64decode(self._ask(60, path, get=path)()["data"])

    def await_line(self, pattern: str, line: str, *, limit_s: float = 60.0) -> str:
        """The first line that the shell line prints and that matches. Raises GuestError."""
        return self.awaiting(pattern, line, limit_s=limit_s)()

    def awaiting(self, pattern: str, line: str, *, limit_s: float = 60.0) -> Callable[[], str]:
        """As `await_line`, from now on; what is returned waits for it."""
        request: dict[str, Any] = {"await": pattern, "run": ["sh", "-c", line]}
        finish = self._ask(limit_s, line, **request)

        def wait() -> str:
            found = finish()["line"]
            if found is None:
                raise GuestError(f"{pattern!r} did not come within {limit_s:.0f} s of the guest; {self.story()}")
            return str(found)

        return wait

    # --- the journal ------------------------------------------------------------------------------------------------

    def cursor(self) -> str:
        """The journal's place now: what comes later is after it."""
        last = self.run("journalctl -n 1 -o json --output-fields=MESSAGE").out.splitlines()[-1]
        return str(json.loads(last)["__CURSOR"])

    def await_journal(self, pattern: str, *, after: str = "", unit: str = UNIT, limit_s: float = 60.0) -> str:
        """The first message that matches, of this boot or after a cursor."""
        return self.awaiting_journal(pattern, after=after, unit=unit, limit_s=limit_s)()

    def awaiting_journal(
        self, pattern: str, *, after: str = "", unit: str = UNIT, limit_s: float = 60.0
    ) -> Callable[[], str]:
        since = f"--after-cursor='{after}'" if after else "-b"
        return self.awaiting(pattern, f"journalctl -f -n all -o cat -u {unit} {since}", limit_s=limit_s)

    def journal(self, options: str = f"-u {UNIT} -o json") -> list[dict[str, Any]]:
        """Entries with all their fields, oldest first."""
        return [json.loads(line) for line in self.run(f"journalctl --no-pager {options} -o json").out.splitlines()]

    def show(self, *properties: str, unit: str = UNIT) -> dict[str, str]:
        """What systemd says of a unit: all properties, or these."""
        wanted = f"-p {','.join(properties)}" if properties else ""
        lines = self.run(f"systemctl show {unit} {wanted}").out.splitlines()
        return dict(line.split("=", 1) for line in lines if "=" in line)

    def await_ready(self, limit_s: float, unit: str = UNIT) -> None:
        """Until the unit's start is over and it is active. Raises GuestError with its story where it is not."""
        try:
            self.run(f"systemctl start {unit} && systemctl is-active {unit}", limit_s=limit_s)
        except GuestError as error:
            raise GuestError(f"{error}\n{self.story()}") from None

    def story(self) -> str:
        """What the daemon told last, for whoever has to explain a failure."""
        try:
            tail = self.run(f"journalctl -b -n 60 -o short-monotonic -u {UNIT}; systemctl --failed", check=False).out
        except GuestError as error:
            tail = str(error)
        return f"the journal's end:\n{tail}"

    # --- the machine ------------------------------------------------------------------------------------------------

    def freeze(self, name: str) -> Frozen:
        """End it here, to go on later: `name`.qcow2 and its memory beside this machine's folder."""
        self.run("sync")
        place = self.machine.directory.parent
        return self.machine.freeze(place / f"{name}.qcow2", place / f"{name}.memory")

    def power_off(self) -> None:
        self.start("systemctl poweroff")
        self.machine.ended(GRACE_S * self.machine.slow)

    # --- requests ---------------------------------------------------------------------------------------------------

    def _ask(self, limit_s: float, what: str, **request: Any) -> Callable[[], dict[str, Any]]:
        number = next(self._ids)
        answer = self._replies[number] = queue.Queue()
        message = json.dumps({"id": number, "limit": limit_s, **request}).encode() + b"\n"
        try:
            with self._sending:
                self.machine.agent.sendall(message)
        except OSError:
            raise GuestError(f"{what}: the guest is gone:\n{self.machine.words()}") from None

        def finish() -> dict[str, Any]:
            reply = self._reply(answer, limit_s * self.machine.slow + GRACE_S, what)
            del self._replies[number]
            if "error" in reply:
                raise GuestError(f"{what}: {reply['error']}")
            return reply

        return finish

    def _reply(self, answer: queue.Queue[dict[str, Any]], wall_s: float, what: str) -> dict[str, Any]:
        try:
            reply = answer.get(timeout=wall_s)
        except queue.Empty:
            raise GuestError(f"{what}: no answer within {wall_s:.0f} s of the wall:\n{self.machine.words()}") from None
        if "gone" in reply:
            answer.put(reply)
            raise GuestError(f"{what}: the guest is gone:\n{self.machine.words()}")
        return reply

    def _read(self) -> None:
        with self.machine.agent.makefile("rb") as lines:
            try:
                for line in lines:
                    reply = json.loads(line)
                    if reply["id"] in self._replies:
                        self._replies[reply["id"]].put(reply)
            except (OSError, ValueError):  # killed in the middle of a line
                pass
        for answer in list(self._replies.values()):
            answer.put({"gone": True})
