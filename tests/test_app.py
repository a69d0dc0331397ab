"""The composition root: what it tells of itself when it has put the daemon together."""

from __future__ import annotations

import logging
from dataclasses import replace

import pytest

from edge_agent import app
from edge_agent.config import Settings
from edge_agent.system.credentials import Secret
from edge_agent.system.systemd import Notifier

KEY = Secret("sk-no-key", "the test")
ADDRESS = "ws://127.0.0.1:9/v1/realtime"


class TestTheProvider:
    @pytest.mark.parametrize(
        ("provider", "key", "url", "told"),
        [
            ("auto", None, "", "provider local, without a key"),
            ("auto", KEY, "", "provider openai, its key from the test"),
            ("auto", None, ADDRESS, "provider openai, without a key"),
            ("local", KEY, "", "provider local, without a key"),
            ("openai", None, ADDRESS, "provider openai, without a key"),
        ],
    )
    def test_that_will_answer_is_told_and_where_its_key_is_from(
        self, caplog: pytest.LogCaptureFixture, provider: str, key: Secret | None, url: str, told: str
    ) -> None:
        default = Settings()
        settings = replace(
            default,
            audio=replace(default.audio, words=False),
            session=replace(default.session, provider=provider, url=url),
        )
        with caplog.at_level(logging.INFO, "edge_agent"):
            app.daemon(settings, key, Notifier())
        assert [line for record in caplog.records if (line := record.getMessage()).startswith("provider ")] == [told]
        assert "sk-no-key" not in caplog.text
