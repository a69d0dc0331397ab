"""The daemon's own WebSocket against the embedded server with faults, on loopback sockets."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from edge_agent.local.consumption import Consumption
from edge_agent.local.faults.certificate import Certificate
from edge_agent.local.faults.fault import parsed
from edge_agent.local.guests import Guests
from edge_agent.local.realtime.mind import Answer, Question
from edge_agent.local.server import LocalServer
from edge_agent.local.speech.work import Recognised, Result, Work
from edge_agent.local.speech.workers import SpeechWorkers
from edge_agent.session.client import MAX_MESSAGE, WebSocketLink
from edge_agent.session.link import Endpoint
from edge_agent.sim import network
from tests.session.test_client import User

PATIENCE_S = 20.0
CLEAR = {"type": "input_audio_buffer.clear"}


class Idle:
    """A speech worker for whom there is nothing to do."""

    pid = None

    async def start(self) -> None: ...
    async def stop(self) -> None: ...
    async def perform(self, work: Work) -> Result:
        return Recognised("")


class Nobody:
    """A mind that is not asked."""

    def answer(self, question: Question) -> Answer:
        return ()


class Caller:
    """The daemon's link, and what it tells."""

    def __init__(self, url: str, **patience: float) -> None:
        self.user = User()
        self.link = WebSocketLink(self.user, **patience)
        self._endpoint = Endpoint(url, {"Authorization": "Bearer sk-secret"})

    def connect(self) -> None:
        self.link.connect(self._endpoint)

    async def until(self, what: str) -> Any:
        """The next of this kind that is told; what comes before is passed over."""
        while True:
            kind, value = await self.user.next()
            if kind == what:
                return value

    async def lost(self) -> tuple[str, bool]:
        reason, fatal = await self.until("lost")
        return reason, fatal

    async def opened(self) -> Caller:
        self.connect()
        await self.until("opened")
        return self

    async def answered(self) -> None:
        """The session does what it is asked."""
        self.link.send(CLEAR)
        while (await self.until("event"))["type"] != "input_audio_buffer.cleared":
            pass


@asynccontextmanager
async def serving(*specs: str) -> AsyncIterator[tuple[LocalServer, str]]:
    guests = Guests(lambda: Consumption(0.0, 0))
    server = LocalServer(Nobody(), SpeechWorkers(make=Idle), guests, faults=[parsed(spec) for spec in specs])
    listening, url = await server.listen("127.0.0.1", 0)
    async with listening:
        yield server, url


def told(story: Callable[[Caller], Awaitable[None]], *specs: str, **patience: float) -> None:
    """A story with the daemon's link and a server with these faults."""

    async def run() -> None:
        async with serving(*specs) as (_, url):
            caller = Caller(url, **patience)
            try:
                await asyncio.wait_for(story(caller), PATIENCE_S)
            finally:
                caller.link.close()

    asyncio.run(run())


def lost_by(*specs: str, **patience: float) -> tuple[str, bool]:
    """What the link says of the end, when it connects to a server with these faults."""
    ends: list[tuple[str, bool]] = []

    async def story(caller: Caller) -> None:
        caller.connect()
        ends.append(await caller.lost())

    told(story, *specs, **patience)
    return ends[0]


class TestAnUpgrade:
    @pytest.mark.parametrize(
        ("status", "words", "fatal"),
        [
            (401, "the key is refused (HTTP 401)", True),
            (403, "the key is refused (HTTP 403)", True),
            (404, "model or path not found (HTTP 404)", True),
            (429, "too many requests (HTTP 429)", False),
            (500, "HTTP 500: The server had an error", False),
            (503, "HTTP 503: The server had an error", False),
        ],
    )
    def test_that_is_refused_is_named(self, status: int, words: str, fatal: bool) -> None:
        reason, final = lost_by(f"refuse,value={status}")
        assert words in reason
        assert final is fatal

    def test_is_refused_as_the_service_refuses(self) -> None:
        async def knock() -> None:
            async with serving("refuse,value=429") as (_, url):
                with pytest.raises(InvalidStatus) as refused:
                    await connect(url)
                response = refused.value.response
                assert response.headers["Retry-After"] == "20"
                assert response.headers.get_all("Content-Type") == ["application/json"]
                assert json.loads(response.body)["error"]["code"] == "rate_limit_exceeded"

        asyncio.run(knock())

    def test_is_refused_as_often_as_told_and_no_more(self) -> None:
        async def story(caller: Caller) -> None:
            for _ in range(2):
                caller.connect()
                await caller.lost()
            await caller.opened()
            await caller.answered()

        told(story, "refuse,value=503,count=2")

    def test_that_is_never_answered_is_given_up(self) -> None:
        reason, fatal = lost_by("slow_upgrade,for_s=inf", open_timeout_s=0.3)
        assert "does not answer in time" in reason
        assert not fatal

    def test_that_is_slow_is_waited_for(self) -> None:
        async def story(caller: Caller) -> None:
            began = time.monotonic()
            await caller.opened()
            await caller.answered()
            assert time.monotonic() - began >= 0.4

        told(story, "slow_upgrade,for_s=0.4")

    def test_in_the_old_shape_is_let_in_told_and_shown_out(self) -> None:
        async def talk() -> None:
            async with serving() as (_, url), connect(url, additional_headers={"OpenAI-Beta": "realtime=v1"}) as socket:
                first = json.loads(await socket.recv())
                assert (first["type"], first["error"]["code"]) == ("error", "beta_api_shape_disabled")
                with pytest.raises(ConnectionClosed):
                    await socket.recv()
                assert socket.close_code == 4000
                assert socket.close_reason == "invalid_request_error.beta_api_shape_disabled"

        asyncio.run(talk())


class TestACertificate:
    @pytest.mark.parametrize(
        ("which", "words"),
        [
            ("expired", "the certificate is not valid (certificate has expired)"),
            ("wrong_host", "the certificate is not valid (IP address mismatch"),
            ("self_signed", "the certificate is not valid (self-signed certificate)"),
        ],
    )
    def test_that_is_wrong_is_named_and_so_is_the_clock(
        self, monkeypatch: pytest.MonkeyPatch, which: str, words: str
    ) -> None:
        async def story() -> None:
            async with serving(f"certificate,value={which}") as (server, url):
                assert url.startswith("wss://")
                assert server.certificate is not None
                if which != "self_signed":
                    monkeypatch.setenv("SSL_CERT_FILE", str(server.certificate.authority))
                caller = Caller(url)
                caller.connect()
                reason, fatal = await asyncio.wait_for(caller.lost(), PATIENCE_S)
                assert words in reason
                assert "a wrong clock makes every certificate invalid" in reason
                assert not fatal

        asyncio.run(story())

    def test_that_is_good_is_trusted_by_who_is_told_of_its_authority(self, monkeypatch: pytest.MonkeyPatch) -> None:
        async def story() -> None:
            async with serving("certificate,value=good") as (server, url):
                assert server.certificate is not None
                monkeypatch.setenv("SSL_CERT_FILE", str(server.certificate.authority))
                caller = Caller(url)
                await asyncio.wait_for(caller.opened(), PATIENCE_S)
                await caller.answered()
                caller.link.close()

        asyncio.run(story())

    def test_needs_a_program_and_says_so(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("PATH", "/nonexistent")
        with pytest.raises(ConnectionError, match="openssl is not installed"):
            Certificate("good")


class TestAConnection:
    def test_that_is_half_open_is_found_out_by_a_ping(self) -> None:
        reason, fatal = lost_by("half_open,at_s=0.1", ping_interval_s=0.3, ping_timeout_s=0.4)
        assert "does not answer any more (no pong)" in reason
        assert not fatal

    def test_that_is_half_open_is_not_found_out_by_the_server(self) -> None:
        async def story(caller: Caller) -> None:
            await caller.opened()
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(caller.lost(), 1.5)

        told(story, "half_open")

    def test_that_is_dropped_is_lost_without_a_goodbye(self) -> None:
        assert "broke without a goodbye" in lost_by("drop,after=session.created")[0]

    def test_that_stalls_answers_pings_and_goes_on(self) -> None:
        async def story(caller: Caller) -> None:
            await caller.opened()
            began = time.monotonic()
            await caller.answered()
            assert time.monotonic() - began >= 0.9

        told(story, "stall,for_s=1", ping_interval_s=0.2, ping_timeout_s=0.4)

    @pytest.mark.parametrize("code", [1000, 1001, 1011, 1013, 4000])
    def test_that_is_closed_says_with_what(self, code: int) -> None:
        assert f"the server closed the connection ({code} 'simulated')" in lost_by(f"close,value={code}")[0]

    def test_that_expires_is_told_and_closed(self) -> None:
        async def story(caller: Caller) -> None:
            caller.connect()
            kinds = []
            while (told_now := await caller.user.next())[0] != "lost":
                kinds.append(told_now[1]["type"] if told_now[0] == "event" else told_now[0])
            assert kinds[-1] == "error"
            assert "1001" in told_now[1][0]

        told(story, "expire,at_s=0.2")

    def test_whose_goodbye_is_answered_late_is_left_in_time(self) -> None:
        async def leave() -> float:
            async with serving("slow_close,for_s=0.6") as (_, url):
                socket = await connect(url)
                began = time.monotonic()
                await socket.close()
                return time.monotonic() - began

        assert 0.5 <= asyncio.run(leave()) < PATIENCE_S

    def test_whose_goodbye_is_never_answered_does_not_hold_the_daemon_up(self) -> None:
        async def story(caller: Caller) -> None:
            await caller.opened()
            await caller.answered()
            caller.link.close()
            await caller.opened()
            await caller.answered()

        told(story, "slow_close,for_s=60,count=1")

    def test_that_is_dropped_leaves_others_alone(self) -> None:
        async def story() -> None:
            async with serving("drop,after=input_audio_buffer.cleared") as (_, url):
                mine, theirs = Caller(url), Caller(url)
                for caller in (mine, theirs):
                    await caller.opened()
                mine.link.send(CLEAR)
                await mine.lost()
                await theirs.answered()
                theirs.link.close()

        asyncio.run(asyncio.wait_for(story(), PATIENCE_S))


class TestAMessage:
    def test_that_is_too_big_ends_the_connection_and_is_named(self) -> None:
        reason, fatal = lost_by("oversized")
        assert "too big (over 16 MiB)" in reason
        assert not fatal

    def test_that_is_no_utf8_ends_the_connection_and_is_named(self) -> None:
        assert "broke the WebSocket rules (1007" in lost_by("garbage,value=utf8")[0]

    @pytest.mark.parametrize("what", ["text", "truncated", "list", "deep", "binary"])
    def test_that_is_no_event_is_passed_over(self, what: str) -> None:
        async def story(caller: Caller) -> None:
            await caller.opened()
            await caller.answered()
            assert caller.link.malformed == 3

        told(story, f"garbage,value={what},count=3")

    def test_may_come_twice(self) -> None:
        async def story(caller: Caller) -> None:
            caller.connect()
            first, second = await caller.until("event"), await caller.until("event")
            assert first == second
            await caller.answered()

        told(story, "duplicate")


class TestTheTwinInSimulatedTime:
    def test_takes_as_much_as_the_real_link(self) -> None:
        assert network.MAX_MESSAGE == MAX_MESSAGE

    def test_is_as_patient(self) -> None:
        link = WebSocketLink()
        assert link._open_timeout_s == network.OPEN_TIMEOUT_S
        assert link._ping_interval_s + link._ping_timeout_s == network.PING_TIMEOUT_S
