"""The embedded server as its users start it: a process of its own on a loopback port, one for all the clients here."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from edge_agent.local.child import ServerChild


@pytest.fixture(scope="session")
def server() -> Iterator[ServerChild]:
    child = ServerChild()
    yield child
    child.stop()
