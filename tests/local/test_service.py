"""The embedded server as a service: started by its first connection, gone when nobody talks, and told what it costs."""

from __future__ import annotations

import asyncio
import json
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from websockets.asyncio.client import connect

PATIENCE_S = 60.0
SERVER = (sys.executable, "-m", "edge_agent", "local-server")


@contextmanager
def running(*command: str) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
    return port


def until_open(port: int, process: subprocess.Popen[str]) -> None:
    """Somebody listens there; nothing is connected by looking."""
    deadline = time.monotonic() + PATIENCE_S
    wanted = f":{port:04X} 00000000:0000 0A"
    with open("/proc/net/tcp", encoding="ascii") as table:
        while wanted not in table.read():
            assert process.poll() is None, process.communicate()
            assert time.monotonic() < deadline, "nobody listens"
            table.seek(0)


async def greeted(url: str) -> str:
    async with asyncio.timeout(PATIENCE_S), connect(url) as client:
        kind: str = json.loads(await client.recv())["type"]
    return kind


class TestWithoutAnyGuest:
    def test_it_ends_after_a_while_and_says_so(self) -> None:
        with running(*SERVER, "--idle-exit", "0.2") as server:
            said, logged = server.communicate(timeout=PATIENCE_S)
        assert server.returncode == 0
        assert said.startswith("listening ws://127.0.0.1:")
        assert "nobody has talked for 0 s: the server ends" in logged


class TestAGuest:
    def test_keeps_it_alive_and_is_told_with_its_cost(self) -> None:
        async def stay(url: str) -> None:
            async with asyncio.timeout(PATIENCE_S), connect(url) as client:
                await client.recv()
                await asyncio.sleep(1.0)  # five times what it would wait without a guest
                await client.close()

        with running(*SERVER, "--idle-exit", "0.2") as server:
            assert server.stdout is not None
            asyncio.run(stay(server.stdout.readline().split()[1]))
            _, logged = server.communicate(timeout=PATIENCE_S)
        assert "session over after 1 s, 0 left; the server has used " in logged
        assert " MB, " in logged


class TestStartedBySystemd:
    @pytest.fixture(autouse=True)
    def _tool(self) -> None:
        if shutil.which("systemd-socket-activate") is None:
            pytest.skip("systemd-socket-activate is not here")

    def test_it_takes_the_connection_that_started_it(self) -> None:
        port = free_port()
        with running("systemd-socket-activate", "-l", f"127.0.0.1:{port}", *SERVER, "--idle-exit", "0.2") as server:
            until_open(port, server)
            kind = asyncio.run(greeted(f"ws://127.0.0.1:{port}/v1/realtime"))
            said, _ = server.communicate(timeout=PATIENCE_S)
        assert kind == "session.created"
        assert server.returncode == 0
        assert said == f"listening ws://127.0.0.1:{port}/v1/realtime\n"


class TestASignal:
    def test_ends_it_in_good_order(self) -> None:
        with running(*SERVER) as server:
            assert server.stdout is not None
            server.stdout.readline()
            server.send_signal(signal.SIGTERM)
            server.communicate(timeout=PATIENCE_S)
        assert server.returncode == 0
