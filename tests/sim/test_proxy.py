"""The counting proxy, on real loopback sockets."""

from __future__ import annotations

import asyncio
import base64
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException
from websockets.http11 import Request, Response

from edge_agent.local.faults.fault import Fault, parsed
from edge_agent.sim.proxy import CountingProxy

PATH = "/v1/realtime"
PATIENCE_S = 5.0


class Upstream:
    """A server that keeps what it gets and echoes it; `requests` are the handshakes it has seen."""

    def __init__(self) -> None:
        self.got: list[str | bytes] = []
        self.requests: list[Request] = []
        self.connections: list[ServerConnection] = []
        self.gone = asyncio.Event()
        self.url = ""
        self.refuses = 0

    async def serve(self, connection: ServerConnection) -> None:
        assert connection.request is not None
        self.requests.append(connection.request)
        self.connections.append(connection)
        try:
            async for message in connection:
                self.got.append(message)
                await connection.send(message)
        finally:
            self.gone.set()

    def admit(self, connection: ServerConnection, request: Request) -> Response | None:
        return connection.respond(self.refuses, "no\n") if self.refuses else None


@asynccontextmanager
async def upstream() -> AsyncIterator[Upstream]:
    far = Upstream()
    async with serve(
        far.serve, "127.0.0.1", 0, compression=None, max_size=None, process_request=far.admit, close_timeout=1
    ) as server:
        far.url = f"ws://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}{PATH}"
        yield far


@contextmanager
def running(url: str, tap: Any = None) -> Iterator[CountingProxy]:
    proxy = CountingProxy(url, tap)
    proxy.start()
    try:
        yield proxy
    finally:
        proxy.stop()


def dial(proxy: CountingProxy, query: str = "", **options: Any) -> connect:
    return connect(proxy.url + query, compression=None, proxy=None, close_timeout=1, **options)


def on_loopback(test: Callable[[Upstream, CountingProxy], Awaitable[None]]) -> CountingProxy:
    """Run a test with a server and a proxy before it."""

    async def run() -> CountingProxy:
        async with upstream() as far:
            with running(far.url) as proxy:
                await asyncio.wait_for(test(far, proxy), PATIENCE_S)
            return proxy

    return asyncio.run(run())


def fault(kind: str, for_s: float = 0.3, value: float | str | None = None) -> Fault:
    return Fault(kind, value, for_s)


async def lost(client: ClientConnection) -> tuple[int | None, str | None]:
    """Wait until the connection is gone; its close code and reason."""
    with suppress(ConnectionClosed):
        while True:
            await client.recv()
    return client.close_code, client.close_reason


class TestRelaying:
    def test_is_verbatim_in_order_and_both_ways(self) -> None:
        messages: list[str | bytes] = ['{"type": "a"}', '{"b":\t1}', b"\x00\xff", "no json", "ü" * 100, "x" * 2_000_000]

        async def test(far: Upstream, proxy: CountingProxy) -> None:
            async with dial(proxy, max_size=None) as client:
                for message in messages:
                    await client.send(message)
                assert [await client.recv() for _ in messages] == messages
            assert far.got == messages

        on_loopback(test)

    def test_keeps_path_query_and_headers(self) -> None:
        async def test(far: Upstream, proxy: CountingProxy) -> None:
            headers = {"Authorization": "Bearer secret", "User-Agent": "edge-agent/1"}
            async with dial(proxy, "?model=m&x=%20y", additional_headers=headers, user_agent_header=None) as client:
                await client.send("hello")
                await client.recv()
            (request,) = far.requests
            assert request.path == PATH + "?model=m&x=%20y"
            assert request.headers["Authorization"] == "Bearer secret"
            assert request.headers.get_all("User-Agent") == ["edge-agent/1"]
            assert request.headers["Host"] in far.url

        on_loopback(test)

    def test_has_an_address_of_its_own(self) -> None:
        async def test(far: Upstream, proxy: CountingProxy) -> None:
            assert proxy.url.startswith("ws://127.0.0.1:")
            assert proxy.url.endswith(PATH)
            assert proxy.url != far.url

        on_loopback(test)

    def test_serves_several_at_once(self) -> None:
        async def test(far: Upstream, proxy: CountingProxy) -> None:
            async with dial(proxy) as one, dial(proxy) as other:
                await one.send("1")
                await other.send("2")
                assert (await one.recv(), await other.recv()) == ("1", "2")

        on_loopback(test)


class TestCounting:
    def test_weighs_what_leaves_the_device_and_nothing_else(self) -> None:
        audio = base64.b64encode(bytes(961)).decode()
        append = json.dumps({"type": "input_audio_buffer.append", "audio": audio})
        commit = json.dumps({"type": "input_audio_buffer.commit"})

        async def test(far: Upstream, proxy: CountingProxy) -> None:
            async with dial(proxy) as client:
                for message in (append, commit, "nonsense", "[1]"):
                    await client.send(message)
                    await client.recv()

        proxy = on_loopback(test)
        assert [(p.kind, p.pcm_bytes, p.wire_bytes) for p in proxy.log] == [
            ("input_audio_buffer.append", 961, len(append)),
            ("input_audio_buffer.commit", 0, len(commit)),
            ("?", 0, 8),
            ("?", 0, 3),
        ]
        assert (proxy.messages, proxy.pcm_bytes) == (4, 961)
        assert proxy.wire_bytes == len(append) + len(commit) + 11

    def test_finds_sound_wherever_it_hides(self) -> None:
        audio = base64.b64encode(bytes(100)).decode()
        item = {"type": "message", "content": [{"type": "input_audio", "audio": audio}, {"type": "input_text"}]}

        async def test(far: Upstream, proxy: CountingProxy) -> None:
            async with dial(proxy) as client:
                await client.send(json.dumps({"type": "conversation.item.create", "item": item}))
                await client.recv()

        assert on_loopback(test).pcm_bytes == 100

    def test_tells_when(self) -> None:
        marks: list[float] = []

        async def test(far: Upstream, proxy: CountingProxy) -> None:
            async with dial(proxy) as client:
                for _ in range(2):
                    marks.append(time.monotonic())
                    await client.send('{"type": "x"}')
                    await client.recv()
                marks.append(time.monotonic())

        proxy = on_loopback(test)
        assert len(proxy.between(marks[0], marks[1])) == 1
        assert len(proxy.between(marks[1], marks[2])) == 1
        assert proxy.between(marks[2], marks[2] + 100) == []

    def test_is_open_to_a_tap(self) -> None:
        class Tap:
            def __init__(self) -> None:
                self.seen: list[tuple[str, str | bytes]] = []

            def outgoing(self, message: str | bytes) -> None:
                self.seen.append(("out", message))

            def incoming(self, message: str | bytes) -> None:
                self.seen.append(("in", message))

        tap = Tap()

        async def run() -> None:
            async with upstream() as far:
                with running(far.url, tap) as proxy:
                    async with dial(proxy) as client:
                        await client.send("hello")
                        await client.recv()

        asyncio.run(run())
        assert tap.seen == [("out", "hello"), ("in", "hello")]


class TestADeath:
    def test_of_the_server_drops_the_client_at_once(self) -> None:
        async def test(far: Upstream, proxy: CountingProxy) -> None:
            async with dial(proxy) as client:
                await client.send("hello")
                await client.recv()
                far.connections[0].transport.abort()
                assert (await lost(client))[0] == 1006

        on_loopback(test)

    def test_of_the_client_drops_the_server_at_once(self) -> None:
        async def test(far: Upstream, proxy: CountingProxy) -> None:
            client = await dial(proxy)
            await client.send("hello")
            await client.recv()
            client.transport.abort()
            await far.gone.wait()
            await far.connections[0].wait_closed()
            assert far.connections[0].close_code == 1006

        on_loopback(test)


class TestAClose:
    @pytest.mark.parametrize(("code", "reason"), [(1000, ""), (1001, "bye"), (4000, "invalid_request_error.beta")])
    def test_of_the_server_reaches_the_client_as_it_was_after_all_that_was_said(self, code: int, reason: str) -> None:
        async def test(far: Upstream, proxy: CountingProxy) -> None:
            async with dial(proxy) as client:
                await client.send("hello")
                assert await client.recv() == "hello"
                await far.connections[0].send("last words")
                await far.connections[0].close(code, reason)
                assert await client.recv() == "last words"
                assert await lost(client) == (code, reason)

        on_loopback(test)

    def test_of_the_client_reaches_the_server_as_it_was(self) -> None:
        async def test(far: Upstream, proxy: CountingProxy) -> None:
            client = await dial(proxy)
            await client.send("hello")
            await client.recv()
            await client.close(1001, "going home")
            await far.connections[0].wait_closed()
            assert (far.connections[0].close_code, far.connections[0].close_reason) == (1001, "going home")

        on_loopback(test)


class TestAServerThatIsNotThere:
    def test_is_not_there_for_the_client_either(self) -> None:
        async def run() -> None:
            async with upstream() as far:
                url = far.url
            with running(url) as proxy:
                with pytest.raises((OSError, EOFError, WebSocketException)):
                    await dial(proxy)
                async with upstream() as again:
                    proxy.upstream = again.url
                    async with dial(proxy) as client:
                        await client.send("hello")
                        assert await client.recv() == "hello"

        asyncio.run(asyncio.wait_for(run(), PATIENCE_S))

    def test_or_refuses_does_so_with_its_own_status(self) -> None:
        async def test(far: Upstream, proxy: CountingProxy) -> None:
            far.refuses = 401
            with pytest.raises(InvalidStatus) as caught:
                await dial(proxy)
            assert caught.value.response.status_code == 401

        on_loopback(test)


class TestAFault:
    def test_drop_loses_both_sides(self) -> None:
        async def test(far: Upstream, proxy: CountingProxy) -> None:
            async with dial(proxy) as client:
                await client.send("hello")
                await client.recv()
                proxy.fault(fault("drop"))
                assert (await lost(client))[0] == 1006
                await far.gone.wait()
            async with dial(proxy) as client:
                await client.send("again")
                assert await client.recv() == "again"

        on_loopback(test)

    def test_offline_lets_nobody_in_until_it_is_over(self) -> None:
        async def test(far: Upstream, proxy: CountingProxy) -> None:
            async with dial(proxy) as client:
                await client.send("hello")
                await client.recv()
                began = time.monotonic()
                proxy.fault(fault("offline", 0.3))
                assert (await lost(client))[0] == 1006
            while True:
                try:
                    again = await dial(proxy)
                except (OSError, EOFError, WebSocketException):
                    continue
                break
            assert time.monotonic() - began >= 0.3
            await again.close()

        on_loopback(test)

    @pytest.mark.parametrize(("kind", "value"), [("stall", None), ("delay", 300.0)])
    def test_holds_back_the_server_but_not_the_client(self, kind: str, value: float | None) -> None:
        async def test(far: Upstream, proxy: CountingProxy) -> None:
            async with dial(proxy) as client:
                await client.send("hello")
                await client.recv()
                began = time.monotonic()
                proxy.fault(fault(kind, 0.3, value))
                await client.send("one")
                await client.send("two")
                assert [await client.recv(), await client.recv()] == ["one", "two"]
                assert time.monotonic() - began >= 0.29
                assert all(passed.at_s - began < 0.29 for passed in proxy.log[1:])

        on_loopback(test)

    def test_error_is_said_in_the_servers_name(self) -> None:
        async def test(far: Upstream, proxy: CountingProxy) -> None:
            async with dial(proxy) as client:
                await client.send("hello")
                await client.recv()
                proxy.fault(fault("error", value="server_error"))
                event = json.loads(await client.recv())
                assert (event["type"], event["error"]["code"]) == ("error", "server_error")
                await client.send("still here")
                assert await client.recv() == "still here"

        on_loopback(test)

    def test_expire_ends_the_session_as_the_provider_does(self) -> None:
        async def test(far: Upstream, proxy: CountingProxy) -> None:
            async with dial(proxy) as client:
                await client.send("hello")
                await client.recv()
                proxy.fault(fault("expire"))
                assert json.loads(await client.recv())["error"]["code"] == "session_expired"
                assert await lost(client) == (1001, "Your session hit the maximum duration of 60 minutes.")
                await far.gone.wait()

        on_loopback(test)

    def test_half_open_answers_no_ping_and_relays_nothing(self) -> None:
        async def test(far: Upstream, proxy: CountingProxy) -> None:
            async with dial(proxy, ping_interval=0.2, ping_timeout=0.3) as client:
                await client.send("hello")
                await client.recv()
                proxy.fault(parsed("half_open"))
                await asyncio.sleep(0.05)
                await client.send("into nothing")
                assert (await lost(client))[0] in (1006, 1011)
                assert far.got == ["hello"]

        on_loopback(test)

    def test_garbage_crosses_as_it_is(self) -> None:
        async def test(far: Upstream, proxy: CountingProxy) -> None:
            async with dial(proxy) as client:
                await client.send("hello")
                await client.recv()
                proxy.fault(parsed("garbage,value=binary"))
                assert isinstance(await client.recv(), bytes)
                proxy.fault(parsed("garbage,value=utf8"))
                assert (await lost(client))[0] in (1006, 1007)

        on_loopback(test)

    def test_refuse_is_said_in_the_servers_name_and_the_server_not_asked(self) -> None:
        async def test(far: Upstream, proxy: CountingProxy) -> None:
            proxy.fault(parsed("refuse,value=429"))
            with pytest.raises(InvalidStatus) as caught:
                await dial(proxy)
            assert caught.value.response.status_code == 429
            assert caught.value.response.headers["Retry-After"] == "20"
            async with dial(proxy) as client:
                await client.send("hello")
                assert await client.recv() == "hello"
            assert len(far.requests) == 1

        on_loopback(test)

    def test_a_stall_upwards_holds_back_the_client(self) -> None:
        async def test(far: Upstream, proxy: CountingProxy) -> None:
            async with dial(proxy) as client:
                began = time.monotonic()
                proxy.fault(parsed("stall,for_s=0.3,way=up"))
                await asyncio.sleep(0.05)
                await client.send("one")
                assert await client.recv() == "one"
                assert time.monotonic() - began >= 0.29

        on_loopback(test)

    def test_before_the_start_is_refused(self) -> None:
        with pytest.raises(RuntimeError, match="before start"):
            CountingProxy("ws://127.0.0.1:9/").fault(fault("drop"))


class TestStopping:
    def test_drops_who_is_connected_and_frees_the_port(self) -> None:
        async def test(far: Upstream, proxy: CountingProxy) -> None:
            async with dial(proxy) as client:
                await client.send("hello")
                await client.recv()
                await asyncio.to_thread(proxy.stop)
                assert (await lost(client))[0] is not None
                with pytest.raises(OSError, match=r"refused|Connect call failed"):
                    await dial(proxy)
                proxy.stop()

        on_loopback(test)
