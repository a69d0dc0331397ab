"""A conversation with the installed product: spoken into its sound card, answered out of it."""

from __future__ import annotations

import pytest

from tests.vm import conversation
from tests.vm.guest import Guest

pytestmark = pytest.mark.vm


class TestAConversation:
    def test_is_heard_answered_and_recognised_from_the_loudspeaker(self, slow_guest: Guest) -> None:
        talk = conversation.hold(slow_guest)
        assert talk.understood == talk.date, talk.told
        assert "wake word hey_jarvis" in talk.told
        assert "Traceback" not in talk.told
        told = slow_guest.journal("-b -u edge-agent EDGE_TURN=1")
        assert any(line["MESSAGE"].startswith("turn over: ") for line in told), told
