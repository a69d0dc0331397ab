"""What the model may do, and what becomes of it when it asks for something else."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_agent.session.tools import LIMIT_BYTES, Tool, Toolbox, device_tools

VOLUME = {"type": "integer", "minimum": 0, "maximum": 100}
SCHEMA = {
    "type": "object",
    "properties": {"percent": VOLUME, "room": {"type": "string", "enum": ["hall", "bath"]}, "x": {"type": "number"}},
    "required": ["percent"],
}


def box(run: Callable[..., str] = lambda **arguments: json.dumps(arguments)) -> Toolbox:
    return Toolbox([Tool("t", "a tool", SCHEMA, run)])


def error(result: str) -> str:
    said = json.loads(result)
    assert list(said) == ["error"]
    return str(said["error"])


class TestACall:
    def test_runs_the_tool_with_its_arguments(self) -> None:
        assert json.loads(box().call("t", {"percent": 30, "room": "bath"})) == {"percent": 30, "room": "bath"}

    def test_of_an_unknown_tool_is_answered(self) -> None:
        assert "there are: t" in error(box().call("format_disk", {}))

    @pytest.mark.parametrize(
        ("arguments", "why"),
        [
            ({}, "percent is missing"),
            ({"percent": "30"}, "expected type integer"),
            ({"percent": True}, "expected type integer"),
            ({"percent": 30.5}, "expected type integer"),
            ({"percent": float("nan")}, "expected type integer"),
            ({"percent": 101}, "at most 100"),
            ({"percent": -1}, "at least 0"),
            ({"percent": 10**400}, "at most 100"),
            ({"percent": -(10**400)}, "at least 0"),
            ({"percent": 1, "room": "moon"}, "one of hall, bath"),
            ({"percent": 1, "x": "y"}, "expected type number"),
            ({"percent": 1, "shell": "rm"}, "no argument 'shell'"),
        ],
    )
    def test_with_wrong_arguments_says_what_is_wrong_and_runs_nothing(
        self, arguments: dict[str, Any], why: str
    ) -> None:
        ran: list[Any] = []

        def note(**given: Any) -> str:
            ran.append(given)
            return "ran"

        assert why in error(box(note).call("t", arguments))
        assert ran == []

    def test_takes_a_whole_number_written_with_a_point(self) -> None:
        assert json.loads(box().call("t", {"percent": 30.0})) == {"percent": 30}

    def test_that_fails_is_answered(self) -> None:
        def fail(**arguments: Any) -> str:
            raise OSError("mixer is gone")

        assert error(box(fail).call("t", {"percent": 1})) == "t failed: OSError: mixer is gone"

    @pytest.mark.parametrize("kind", [ValueError, RecursionError, SystemExit])
    def test_that_fails_in_whatever_way_is_answered(self, kind: type[BaseException]) -> None:
        class Wordless(kind):  # type: ignore[misc, valid-type]
            def __str__(self) -> str:
                raise RuntimeError("no words")

        def fail(**arguments: Any) -> str:
            raise Wordless

        assert error(box(fail).call("t", {"percent": 1})) == "t failed: Wordless"

    def test_that_cannot_be_checked_is_answered(self) -> None:
        crooked = Toolbox([Tool("t", "", {"properties": {"x": {"enum": 7}}}, str)])
        assert error(crooked.call("t", {"x": 1})).startswith("t failed: TypeError")

    def test_may_carry_a_number_larger_than_any_float(self) -> None:
        assert json.loads(box().call("t", {"percent": 1, "x": 10**400}))["x"] == 10**400

    def test_with_an_endless_result_is_cut_and_says_so(self) -> None:
        result = box(lambda **_: "ü" * 10_000).call("t", {"percent": 1})
        assert len(result.encode()) <= LIMIT_BYTES
        assert result.endswith("[cut: the result has 20000 bytes]")

    def test_with_a_result_that_is_no_text_is_answered(self) -> None:
        wrong: Any = lambda **_: 7  # noqa: E731
        assert "not text" in error(box(wrong).call("t", {"percent": 1}))

    @settings(max_examples=100, deadline=None)
    @given(
        st.text(max_size=8) | st.just("t"),
        st.dictionaries(
            st.sampled_from(["percent", "room", "x", "y"]),
            st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.lists(st.integers()),
        ),
    )
    def test_raises_nothing_and_stays_small(self, name: str, arguments: dict[str, Any]) -> None:
        assert len(box().call(name, arguments).encode()) <= LIMIT_BYTES


class TestTheBox:
    def test_does_not_offer_what_cannot_be_undone_unless_told_to(self) -> None:
        tools = [Tool("look", "", SCHEMA, str, "read"), Tool("burn", "", SCHEMA, str, "danger")]
        assert [schema["name"] for schema in Toolbox(tools).schemas()] == ["look"]
        assert "no tool 'burn'" in error(Toolbox(tools).call("burn", {"percent": 1}))
        assert len(Toolbox(tools, allow=("read", "danger")).schemas()) == 2

    def test_refuses_two_tools_of_one_name(self) -> None:
        with pytest.raises(ValueError, match="tool t: there are two"):
            Toolbox([Tool("t", "", SCHEMA, str), Tool("t", "", SCHEMA, str)])


class TestTheDeviceTools:
    def device(self) -> tuple[Toolbox, list[int]]:
        volume = [70]
        status = {"network": "ok", "temperature_c": 51}
        return Toolbox(device_tools(lambda: volume[-1], volume.append, lambda: status)), volume

    def test_tell_and_set_the_volume(self) -> None:
        tools, volume = self.device()
        assert json.loads(tools.call("get_volume", {})) == {"percent": 70}
        assert json.loads(tools.call("set_volume", {"percent": 30})) == {"percent": 30}
        assert volume[-1] == 30
        assert isinstance(volume[-1], int)

    def test_tell_how_the_device_is(self) -> None:
        tools, _ = self.device()
        assert json.loads(tools.call("device_status", {}))["network"] == "ok"

    def test_do_not_set_an_impossible_volume(self) -> None:
        tools, volume = self.device()
        assert "at most 100" in error(tools.call("set_volume", {"percent": 400}))
        assert volume == [70]
