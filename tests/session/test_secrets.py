"""Where the key could be shown: it is not, and everything else is."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.dialogue import events as ev
from edge_agent.session.link import Endpoint
from edge_agent.session.refusal import why_not_opened
from edge_agent.session.secrets import Secrets
from tests.session.test_conversation import Desk

KEY = "a-key-in-no-known-shape"
BEARER = Endpoint("ws://127.0.0.1:1/", {"Authorization": f"Bearer {KEY}"})


class TestAText:
    @pytest.mark.parametrize(
        ("said", "shown"),
        [
            (f"wrong key {KEY}.", "wrong key ***."),
            (f"got 'Bearer {KEY}', and {KEY} again", "got '***', and *** again"),
            (f"cut off in the middle of {KEY[:-3]}", "cut off in the middle of ***"),
            ("nothing of it", "nothing of it"),
            ("", ""),
        ],
    )
    def test_shows_everything_but_the_key(self, said: str, shown: str) -> None:
        assert Secrets(BEARER).masked(said) == shown

    def test_shows_no_key_of_an_earlier_endpoint(self) -> None:
        secrets = Secrets(BEARER)
        secrets.add(Endpoint("ws://127.0.0.1:2/", {"api-key": "another-one"}))
        assert secrets.masked(f"{KEY} another-one") == "*** ***"

    @pytest.mark.parametrize("dummy", ["", "x", "-"])
    def test_is_not_blackened_by_a_dummy_that_a_local_server_wants(self, dummy: str) -> None:
        assert Secrets(Endpoint("ws://h/", {"api-key": dummy})).masked("x-box") == "x-box"


class TestJson:
    def test_keeps_its_shape(self) -> None:
        event = {"a": [1, 2.5, None, True, KEY], KEY: {"b": f"<{KEY}>"}}
        assert Secrets(BEARER).masked_json(event) == {"a": [1, 2.5, None, True, "***"], "***": {"b": "<***>"}}

    @given(
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.text(max_size=8),
            lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
        )
    )
    def test_without_the_key_is_what_it_was(self, value: Any) -> None:
        assert Secrets(BEARER).masked_json(value) == value


class TestAnAddress:
    @pytest.mark.parametrize(
        ("url", "where"),
        [
            ("wss://api.openai.com/v1/realtime?model=m", "api.openai.com"),
            ("ws://user:SECRET@127.0.0.1:9/x?api_key=SECRET", "127.0.0.1:9"),
            ("://user:SECRET@127.0.0.1:9/x?api_key=SECRET", "the address"),
            ("user:SECRET@127.0.0.1:9/x", "the address"),
            ("ws://user:SECRET/more@127.0.0.1/x", "the address"),
            ("ws://user:12/SECRET@127.0.0.1/x", "the address"),
            ("ws://[::1?api_key=SECRET", "the address"),
            ("SECRET", "the address"),
        ],
    )
    def test_is_host_and_port_or_nothing(self, url: str, where: str) -> None:
        assert Endpoint(url, {}).where == where
        for error in (ValueError(f"bad {url}"), OSError(111, "refused")):
            sentence, _ = why_not_opened(error, Endpoint(url, {}))
            assert sentence.startswith(f"cannot connect to {where}: ")
            assert "SECRET" not in sentence


class TestAProvidersWords:
    def test_carry_no_key_into_the_story_or_to_the_person(self) -> None:
        desk = Desk(key=KEY).ready()
        desk.says("error", error={"code": "invalid_api_key", "message": f"Incorrect API key provided: {KEY}."})
        assert desk.notes.of("error") == [
            (0, {"code": "invalid_api_key", "message": "Incorrect API key provided: ***."})
        ]
        assert isinstance(desk.told[-1], ev.LinkLost)
        assert "***" in desk.told[-1].reason
        assert KEY not in str(desk.notes.all) + str(desk.told)

    def test_about_a_failed_reply_carry_none_either(self) -> None:
        desk = Desk(key=KEY).ready()
        desk.speak()
        desk.created()
        desk.done(status="failed", status_details={"error": {"code": "boom", "message": f"{KEY} is no good"}})
        assert desk.finished() == [(1, "failed", "*** is no good")]
        assert KEY not in str(desk.notes.all)
