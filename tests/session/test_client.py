"""The real WebSocket against real servers on loopback: good ones, dying ones, and ones that never learned to speak."""

from __future__ import annotations

import asyncio
import json
import logging
import shutil
import ssl
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.http11 import Request, Response
from websockets.utils import accept_key

from edge_agent.session.client import MAX_UNSENT, WebSocketLink
from edge_agent.session.link import Endpoint

PATIENCE_S = 10.0  # a bound for a broken test, never reached by a good one
Told = tuple[str, Any]
Role = Callable[[ServerConnection], Awaitable[None]]


class User:
    """Everything the link tells, in order."""

    def __init__(self) -> None:
        self.told: asyncio.Queue[Told] = asyncio.Queue()
        self.on_event: Callable[[dict[str, Any]], None] = lambda event: None

    def link_opened(self) -> None:
        self.told.put_nowait(("opened", None))

    def link_event(self, event: dict[str, Any]) -> None:
        self.on_event(event)
        self.told.put_nowait(("event", event))

    def link_lost(self, reason: str, fatal: bool) -> None:
        self.told.put_nowait(("lost", (reason, fatal)))

    async def next(self) -> Told:
        return await asyncio.wait_for(self.told.get(), PATIENCE_S)

    async def expect(self, what: str) -> Any:
        kind, value = await self.next()
        assert kind == what, f"{kind}: {value}"
        return value

    async def lost(self) -> tuple[str, bool]:
        reason, fatal = await self.expect("lost")
        return reason, fatal


def run(story: Awaitable[None]) -> None:
    async def bounded() -> None:
        await asyncio.wait_for(story, 3 * PATIENCE_S)

    asyncio.run(bounded())


def port_of(server: Server | asyncio.Server) -> int:
    port: int = next(iter(server.sockets)).getsockname()[1]
    return port


def endpoint(port: int, scheme: str = "ws", key: str = "sk-secret") -> Endpoint:
    return Endpoint(f"{scheme}://127.0.0.1:{port}/v1/realtime?model=m", {"Authorization": f"Bearer {key}"})


def accept(key: str) -> bytes:
    """The server's half of a handshake, by hand."""
    return (
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Accept: {accept_key(key)}\r\n\r\n"
    ).encode()


@asynccontextmanager
async def websocket_server(role: Role, **options: Any) -> AsyncIterator[int]:
    async with serve(role, "127.0.0.1", 0, **options) as server:
        yield port_of(server)


@asynccontextmanager
async def raw_server(
    role: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]],
) -> AsyncIterator[int]:
    async def played(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await role(reader, writer)
        finally:
            writer.transport.abort()

    server = await asyncio.start_server(played, "127.0.0.1", 0)
    try:
        yield port_of(server)
    finally:
        server.close()


async def echo(connection: ServerConnection) -> None:
    async for message in connection:
        await connection.send(message)


def saying(*messages: str | bytes) -> Role:
    async def role(connection: ServerConnection) -> None:
        for message in messages:
            await connection.send(message)
        await connection.wait_closed()

    return role


class TestAConnection:
    def test_carries_objects_both_ways_in_order(self) -> None:
        async def story() -> None:
            async with websocket_server(echo) as port:
                user = User()
                link = WebSocketLink(user)
                link.connect(endpoint(port))
                await user.expect("opened")
                for number in range(50):
                    link.send({"n": number, "text": "größer ☃"})
                for number in range(50):
                    assert await user.expect("event") == {"n": number, "text": "größer ☃"}
                assert link.bytes_out > 50 * len('{"n":0,"text":""}')
                link.close()

        run(story())

    def test_presents_itself_and_its_key_and_asks_for_no_compression(self) -> None:
        async def story() -> None:
            seen: list[Request] = []

            async def look(connection: ServerConnection) -> None:
                assert connection.request is not None
                seen.append(connection.request)
                await connection.wait_closed()

            async with websocket_server(look) as port:
                user = User()
                link = WebSocketLink(user)
                link.connect(endpoint(port))
                await user.expect("opened")
                link.close()
            assert seen[0].headers["Authorization"] == "Bearer sk-secret"
            assert seen[0].headers["User-Agent"].startswith("edge-agent/")
            assert "Sec-WebSocket-Extensions" not in seen[0].headers
            assert "OpenAI-Beta" not in seen[0].headers
            assert seen[0].path == "/v1/realtime?model=m"

        run(story())

    def test_takes_a_message_of_fifteen_mebibytes(self) -> None:
        async def story() -> None:
            async with websocket_server(saying('{"big":"' + "x" * (15 << 20) + '"}')) as port:
                user = User()
                link = WebSocketLink(user)
                link.connect(endpoint(port))
                await user.expect("opened")
                assert len((await user.expect("event"))["big"]) == 15 << 20
                link.close()

        run(story())

    def test_without_one_what_is_sent_is_dropped(self) -> None:
        link = WebSocketLink(User())
        link.send({"lost": True})
        link.close()
        assert link.bytes_out == 0


class TestTheUserIsToldOnce:
    @pytest.mark.parametrize(
        ("code", "said"), [(1000, "1000"), (1001, "Your session hit the maximum duration"), (4000, "4000")]
    )
    def test_of_a_close_whatever_its_code(self, code: int, said: str) -> None:
        async def story() -> None:
            async def leave(connection: ServerConnection) -> None:
                await connection.close(code, "Your session hit the maximum duration of 60 minutes.")

            async with websocket_server(leave) as port:
                user = User()
                link = WebSocketLink(user)
                link.connect(endpoint(port))
                await user.expect("opened")
                reason, fatal = await user.lost()
                assert said in reason
                assert not fatal
                assert user.told.empty()
                link.send({"too": "late"})

        run(story())

    def test_of_a_server_that_was_killed(self) -> None:
        async def story() -> None:
            async def die(connection: ServerConnection) -> None:
                await connection.recv()
                connection.transport.abort()

            async with websocket_server(die) as port:
                user = User()
                link = WebSocketLink(user)
                link.connect(endpoint(port))
                await user.expect("opened")
                link.send({})
                reason, fatal = await user.lost()
                assert "without a goodbye" in reason
                assert not fatal

        run(story())

    def test_of_a_server_that_hangs(self) -> None:
        async def story() -> None:
            async def half_open(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
                """Shakes hands like a WebSocket server, and never speaks again."""
                request = (await reader.readuntil(b"\r\n\r\n")).decode()
                key = next(line.split(": ")[1] for line in request.split("\r\n") if "-Key:" in line)
                writer.write(accept(key))
                await reader.read()

            async with raw_server(half_open) as port:
                user = User()
                link = WebSocketLink(user, ping_interval_s=0.05, ping_timeout_s=0.05)
                link.connect(endpoint(port))
                await user.expect("opened")
                reason, fatal = await user.lost()
                assert "no pong" in reason
                assert not fatal

        run(story())

    def test_nothing_at_all_after_hanging_up(self) -> None:
        async def story() -> None:
            async with websocket_server(echo) as port:
                user = User()
                link = WebSocketLink(user)
                link.connect(endpoint(port))
                await user.expect("opened")
                link.send({"n": 1})
                link.close()
                link.connect(endpoint(port))
                await user.expect("opened")
                link.send({"n": 2})
                assert await user.expect("event") == {"n": 2}
                link.close()

        run(story())

    def test_nothing_of_an_attempt_that_a_newer_one_replaced(self) -> None:
        async def story() -> None:
            async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
                await reader.read()

            async with raw_server(silent) as dead, websocket_server(echo) as port:
                user = User()
                link = WebSocketLink(user, open_timeout_s=0.3)
                link.connect(endpoint(dead))
                await asyncio.sleep(0)
                link.connect(endpoint(port))
                await user.expect("opened")
                link.send({"n": 1})
                assert await user.expect("event") == {"n": 1}
                link.close()

        run(story())

    def test_hanging_up_from_within_an_event_is_the_last_one(self) -> None:
        async def story() -> None:
            left = asyncio.Event()

            async def talk(connection: ServerConnection) -> None:
                await saying('{"n":1}', '{"n":2}')(connection)
                left.set()

            async with websocket_server(talk) as port:
                user = User()
                link = WebSocketLink(user)
                user.on_event = lambda event: link.close()
                link.connect(endpoint(port))
                await user.expect("opened")
                assert await user.expect("event") == {"n": 1}
                await left.wait()
                assert user.told.empty()

        run(story())

    def test_of_its_own_bug_and_the_loop_gets_the_traceback(self) -> None:
        async def story() -> None:
            bugs: list[BaseException] = []
            asyncio.get_running_loop().set_exception_handler(lambda _, context: bugs.append(context["exception"]))

            def trip(event: dict[str, Any]) -> None:
                raise LookupError("a bug of ours")

            async with websocket_server(saying("{}")) as port:
                user = User()
                user.on_event = trip
                link = WebSocketLink(user)
                link.connect(endpoint(port))
                await user.expect("opened")
                reason, _ = await user.lost()
                assert "LookupError" in reason
            assert [type(bug) for bug in bugs] == [LookupError]

        run(story())


class TestGarbage:
    def test_is_counted_reported_once_and_passed_over(self, caplog: pytest.LogCaptureFixture) -> None:
        async def story() -> None:
            junk: list[str | bytes] = ["{", "[1]", '"x"', "", b"\x00\x01", "[" * 200_000, "1" * 10_000, "null"]
            async with websocket_server(saying(*junk, '{"n":1}')) as port:
                user = User()
                link = WebSocketLink(user)
                link.connect(endpoint(port))
                await user.expect("opened")
                assert await user.expect("event") == {"n": 1}
                assert link.malformed == len(junk)
                link.close()

        run(story())
        assert len([record for record in caplog.records if "passed over" in record.getMessage()]) == 1

    def test_of_twenty_mebibytes_is_a_drop_with_a_reason(self) -> None:
        async def story() -> None:
            async with websocket_server(saying("x" * (20 << 20))) as port:
                user = User()
                link = WebSocketLink(user)
                link.connect(endpoint(port))
                await user.expect("opened")
                reason, fatal = await user.lost()
                assert "too big" in reason
                assert not fatal

        run(story())

    def test_that_is_not_even_text_is_a_drop_with_a_reason(self) -> None:
        async def story() -> None:
            async def half(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
                request = (await reader.readuntil(b"\r\n\r\n")).decode()
                key = next(line.split(": ")[1] for line in request.split("\r\n") if "-Key:" in line)
                writer.write(accept(key) + b"\x81\x02\xff\xfe")
                await reader.read()

            async with raw_server(half) as port:
                user = User()
                link = WebSocketLink(user)
                link.connect(endpoint(port))
                await user.expect("opened")
                reason, _ = await user.lost()
                assert "WebSocket rules" in reason

        run(story())


class TestANetworkThatTakesNothing:
    def test_is_given_up_before_memory_is(self) -> None:
        async def story() -> None:
            over = asyncio.Event()

            async def deaf(connection: ServerConnection) -> None:
                connection.transport.pause_reading()
                await over.wait()
                connection.transport.abort()

            async with websocket_server(deaf) as port:
                user = User()
                link = WebSocketLink(user)
                link.connect(endpoint(port))
                await user.expect("opened")
                piece = {"audio": "x" * 100_000}
                for _ in range(4 * MAX_UNSENT // 100_000):
                    link.send(piece)
                    if not user.told.empty():
                        break
                    await asyncio.sleep(0)
                reason, fatal = await user.lost()
                assert "takes nothing" in reason
                assert not fatal
                over.set()

        run(story())


class TestTakingBack:
    def test_leaves_unsent_what_still_waits_and_only_that(self) -> None:
        async def story() -> None:
            over = asyncio.Event()
            seen: list[dict[str, Any]] = []

            async def slow(connection: ServerConnection) -> None:
                connection.transport.pause_reading()
                await over.wait()
                connection.transport.resume_reading()
                async for message in connection:
                    seen.append(json.loads(message))
                    if seen[-1].get("last"):
                        await connection.send('{"read": true}')

            async with websocket_server(slow) as port:
                user = User()
                link = WebSocketLink(user)
                link.connect(endpoint(port))
                await user.expect("opened")
                for number in range(700):
                    link.send({"n": number, "audio": "x" * 10_000}, lot=1)
                    await asyncio.sleep(0)
                link.send({"truncate": True})
                link.send({"other": True}, lot=2)
                link.forget_unsent(1)
                link.forget_unsent(0)
                link.send({"last": True})
                over.set()
                await user.expect("event")
                link.close()
            numbers = [event["n"] for event in seen if "n" in event]
            assert numbers == list(range(len(numbers)))
            assert len(numbers) < 700
            assert [event for event in seen if "n" not in event] == [
                {"truncate": True},
                {"other": True},
                {"last": True},
            ]

        run(story())

    def test_makes_room_again(self) -> None:
        async def story() -> None:
            async with websocket_server(echo) as port:
                user = User()
                link = WebSocketLink(user)
                link.connect(endpoint(port))
                await user.expect("opened")
                for _ in range(3):  # without a pause: nothing of it has left
                    link.send({"audio": "x" * (MAX_UNSENT // 2)}, lot=1)
                    link.forget_unsent(1)
                link.send({"n": 1})
                assert await user.expect("event") == {"n": 1}
                link.close()

        run(story())

    def test_without_a_connection_is_nothing(self) -> None:
        WebSocketLink(User()).forget_unsent(1)


class TestARefusal:
    @pytest.mark.parametrize(
        ("status", "words", "fatal"),
        [
            (HTTPStatus.UNAUTHORIZED, "key is refused", True),
            (HTTPStatus.FORBIDDEN, "key is refused", True),
            (HTTPStatus.NOT_FOUND, "model or path not found", True),
            (HTTPStatus.TOO_MANY_REQUESTS, "too many requests", False),
            (HTTPStatus.SERVICE_UNAVAILABLE, "HTTP 503: say *** again", False),
        ],
    )
    def test_at_the_door_is_put_into_words(self, status: HTTPStatus, words: str, fatal: bool) -> None:
        async def story() -> None:
            def refuse(connection: ServerConnection, request: Request) -> Response:
                key = request.headers["Authorization"].split()[1]
                return connection.respond(status, f'{{"error": {{"message": "say {key} again"}}}}')

            async with websocket_server(echo, process_request=refuse) as port:
                user = User()
                link = WebSocketLink(user)
                link.connect(endpoint(port))
                reason, was_fatal = await user.lost()
                assert words in reason
                assert was_fatal is fatal
                assert "sk-secret" not in reason

        run(story())

    def test_in_a_goodbye_shows_no_key(self) -> None:
        async def story() -> None:
            async def leave(connection: ServerConnection) -> None:
                await connection.close(3000, "no such key: sk-secret")

            async with websocket_server(leave) as port:
                user = User()
                link = WebSocketLink(user)
                link.connect(endpoint(port))
                await user.expect("opened")
                reason, _ = await user.lost()
                assert "no such key: ***" in reason

        run(story())

    def test_a_redirect_is_not_followed_with_the_key(self) -> None:
        async def story() -> None:
            visits: list[str] = []

            async def thief(connection: ServerConnection) -> None:
                visits.append("here")

            async with websocket_server(thief) as elsewhere:

                def send_on(connection: ServerConnection, request: Request) -> Response:
                    response = connection.respond(HTTPStatus.FOUND, "")
                    response.headers["Location"] = f"ws://127.0.0.1:{elsewhere}/?api_key=sk-secret"
                    return response

                async with websocket_server(echo, process_request=send_on) as port:
                    user = User()
                    link = WebSocketLink(user)
                    link.connect(endpoint(port))
                    reason, fatal = await user.lost()
                    assert f"127.0.0.1:{elsewhere}" in reason
                    assert "sk-secret" not in reason
                    assert fatal
            assert visits == []

        run(story())

    def test_nobody_there(self) -> None:
        async def story() -> None:
            async with websocket_server(echo) as port:
                pass
            user = User()
            link = WebSocketLink(user)
            link.connect(endpoint(port))
            reason, fatal = await user.lost()
            assert "connection refused" in reason
            assert f"127.0.0.1:{port}" in reason
            assert not fatal

        run(story())

    def test_an_unknown_name(self) -> None:
        async def story() -> None:
            user = User()
            link = WebSocketLink(user)
            link.connect(Endpoint("ws://no-such-host.invalid/v1/realtime", {}))
            reason, fatal = await user.lost()
            assert "no-such-host.invalid" in reason
            assert "name" in reason
            assert not fatal

        run(story())

    @pytest.mark.parametrize("url", ["http://127.0.0.1/", "nonsense", "ws://", "ws://[::1", "ws://127.0.0.1:99999/"])
    def test_an_address_that_is_none(self, url: str) -> None:
        async def story() -> None:
            user = User()
            link = WebSocketLink(user)
            link.connect(Endpoint(url, {}))
            reason, _ = await user.lost()
            assert reason.startswith("cannot connect to ")

        run(story())

    def test_a_handshake_that_stops_half_way(self) -> None:
        async def story() -> None:
            async def half(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
                await reader.readuntil(b"\r\n\r\n")
                writer.write(b"HTTP/1.1 101 Switching Proto")
                await writer.drain()

            async with raw_server(half) as port:
                user = User()
                link = WebSocketLink(user)
                link.connect(endpoint(port))
                reason, fatal = await user.lost()
                assert "does not speak WebSocket" in reason
                assert not fatal

        run(story())

    def test_a_handshake_that_never_ends(self) -> None:
        async def story() -> None:
            async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
                await reader.read()

            async with raw_server(silent) as port:
                user = User()
                link = WebSocketLink(user, open_timeout_s=0.1)
                link.connect(endpoint(port))
                reason, fatal = await user.lost()
                assert "in time" in reason
                assert not fatal

        run(story())

    def test_another_protocol(self) -> None:
        async def story() -> None:
            async def ssh(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
                writer.write(b"SSH-2.0-OpenSSH_9.2\r\n")
                await writer.drain()
                await reader.read(1)

            async with raw_server(ssh) as port:
                user = User()
                link = WebSocketLink(user)
                link.connect(endpoint(port))
                reason, fatal = await user.lost()
                assert "does not speak WebSocket" in reason
                assert not fatal

        run(story())

    def test_a_key_that_is_no_header(self) -> None:
        async def story() -> None:
            async with websocket_server(echo) as port:
                user = User()
                link = WebSocketLink(user)
                link.connect(endpoint(port, key="sk-secret\r\nX: y"))
                reason, _ = await user.lost()
                assert "sk-secret" not in reason

        run(story())


class TestTLS:
    @pytest.fixture
    def certificate(self, tmp_path: Path) -> ssl.SSLContext:
        openssl = shutil.which("openssl")
        if openssl is None:
            pytest.skip("no openssl to make a certificate with")
        key, cert = tmp_path / "key.pem", tmp_path / "cert.pem"
        command = [openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=x", "-days", "2"]
        subprocess.run([*command, "-keyout", str(key), "-out", str(cert)], check=True, capture_output=True)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(cert, key)
        return context

    def test_a_certificate_that_is_not_trusted_raises_a_doubt_about_the_clock(
        self, certificate: ssl.SSLContext
    ) -> None:
        async def story() -> None:
            async with websocket_server(echo, ssl=certificate) as port:
                user = User()
                link = WebSocketLink(user)
                link.connect(endpoint(port, "wss"))
                reason, fatal = await user.lost()
                assert "certificate is not valid" in reason
                assert "clock" in reason
                assert not fatal

        run(story())

    def test_a_server_without_it_is_named(self) -> None:
        async def story() -> None:
            async with websocket_server(echo) as port:
                user = User()
                link = WebSocketLink(user)
                link.connect(endpoint(port, "wss"))
                reason, fatal = await user.lost()
                assert "wss://" in reason
                assert not fatal

        run(story())


class TestTheLog:
    def test_never_holds_the_key_even_at_debug(self, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level(logging.DEBUG)

        async def story() -> None:
            async with websocket_server(echo, logger=logging.getLogger("quiet")) as port:
                user = User()
                link = WebSocketLink(user)
                link.connect(endpoint(port))
                await user.expect("opened")
                link.send({"n": 1})
                await user.expect("event")
                link.close()

        logging.getLogger("quiet").setLevel(logging.CRITICAL)
        run(story())
        assert "sk-secret" not in caplog.text
