"""What the tests talk to in the guest: it runs commands, moves files, and tells what came of it, a line of JSON each.

Law: the standard library only, one file: it is copied into the guest and run there by systemd, as root. A request names
its own limit in seconds of the guest's clock, so a guest that lives slowly is not hurried. Requests run side by side; a
reply carries its request's id.

Requests: {"id", "run": [argv], "limit", "stdin": base64} → {"id", "code", "out", "err"} (code None: the limit was
reached); {"id", "await": regex, "run": [argv], "limit"} → {"id", "line"} (the first line of its output that matches,
None if the limit was reached or it ended), {"id", "put": path, "data": base64, "mode"} and {"id", "get": path} →
{"id", "data": base64}. What fails answers {"id", "error"}.
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import re
import selectors
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

PORT = "/dev/virtio-ports/vm.agent"
PIECE = 1 << 16  # bytes
_writing = threading.Lock()


def serve(port: int) -> None:
    """Requests until the port closes. port: a file descriptor, blocking."""
    kept = b""
    tell(port, {"id": 0, "up": Path("/proc/uptime").read_text().split()[0]})
    while True:
        piece = os.read(port, PIECE)
        if not piece:  # nobody is on the host's side; a virtio port has no event for his coming
            time.sleep(0.1)
            continue
        *lines, kept = (kept + piece).split(b"\n")
        for line in lines:
            threading.Thread(target=answer, args=(port, json.loads(line)), daemon=True).start()


def answer(port: int, request: dict[str, Any]) -> None:
    try:
        reply = carry_out(request)
    except Exception as error:  # whatever it was, the one who asked must know
        reply = {"error": f"{type(error).__name__}: {error}"}
    tell(port, {"id": request["id"], **reply})


def tell(port: int, reply: dict[str, Any]) -> None:
    data = json.dumps(reply).encode() + b"\n"
    with _writing:
        while data:
            data = data[os.write(port, data[:PIECE]) :]


def carry_out(request: dict[str, Any]) -> dict[str, Any]:
    if "put" in request:
        path = Path(request["put"])
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(base64.b64decode(request["data"]))
        path.chmod(request["mode"])
        return {}
    if "get" in request:
        return {"data": base64.b64encode(Path(request["get"]).read_bytes()).decode()}
    if "await" in request:
        return {"line": awaited(request["await"], request["run"], request["limit"])}
    return run(request["run"], request["limit"], base64.b64decode(request.get("stdin", "")))


def run(command: list[str], limit_s: float, stdin: bytes) -> dict[str, Any]:
    child = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True
    )
    try:
        out, err = child.communicate(stdin, timeout=limit_s)
        code: int | None = child.returncode
    except subprocess.TimeoutExpired:
        kill(child)
        out, err = child.communicate()
        code = None
    return {"code": code, "out": out.decode(errors="replace"), "err": err.decode(errors="replace")}


def awaited(pattern: str, command: list[str], limit_s: float) -> str | None:
    """The first line of the command's output that matches; the command is over then."""
    deadline = time.monotonic() + limit_s
    child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True)
    assert child.stdout is not None
    kept = b""
    try:
        with selectors.DefaultSelector() as ready:
            ready.register(child.stdout, selectors.EVENT_READ)
            while (left_s := deadline - time.monotonic()) > 0:
                if not ready.select(left_s):
                    continue
                piece = os.read(child.stdout.fileno(), PIECE)
                if not piece:
                    return None
                *lines, kept = (kept + piece).split(b"\n")
                for line in lines:
                    text = line.decode(errors="replace")
                    if re.search(pattern, text):
                        return text
        return None
    finally:
        kill(child)
        child.communicate()


def kill(child: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)


if __name__ == "__main__":
    serve(os.open(sys.argv[1] if len(sys.argv) > 1 else PORT, os.O_RDWR))
