"""Checks of JSON values, and what they say."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.local.realtime import shape
from edge_agent.local.realtime.refusal import Refused

POINT = shape.record({"x": shape.number(0, 10), "name": shape.or_null(shape.text(3))}, required=("x",))


def refusal(check: shape.Check, value: Any) -> Refused:
    with pytest.raises(Refused) as refused:
        check(value, "place")
    return refused.value


class TestANumber:
    whole = staticmethod(shape.number(1, 5, whole=True))

    @pytest.mark.parametrize("value", [1, 5, 3.0])
    def test_whole_in_range_is_taken_as_an_integer(self, value: float) -> None:
        assert type(self.whole(value, "n")) is int

    @pytest.mark.parametrize(
        ("value", "code"),
        [
            (True, "invalid_type"),
            ("3", "invalid_type"),
            (None, "invalid_type"),
            (float("nan"), "invalid_type"),
            (float("inf"), "invalid_value"),
            (-float("inf"), "invalid_value"),
            (10**400, "invalid_value"),
            (2.5, "invalid_value"),
            (0, "invalid_value"),
        ],
    )
    def test_otherwise_is_refused(self, value: Any, code: str) -> None:
        refused = refusal(self.whole, value)
        assert refused.code == code
        assert "an integer from 1 to 5" in str(refused)


class TestAPattern:
    check = staticmethod(shape.matching("[a-z]+", "small letters"))

    def test_holds_from_end_to_end(self) -> None:
        assert self.check("abc", "place") == "abc"
        for wrong in ("", "abC", "abc\n", "é", "\ud800"):
            assert refusal(self.check, wrong).code == "invalid_value"
        assert refusal(self.check, 5).code == "invalid_type"


class TestAHugeInteger:
    def test_is_told_by_its_size(self) -> None:
        assert "an integer of 33220 bits" in str(refusal(shape.number(0, 1), 10**10_000))


class TestARecord:
    def test_says_where_a_field_of_old_has_gone(self) -> None:
        check = shape.record({"new": shape.boolean}, gone={"old": "use 'new'"})
        assert str(refusal(check, {"old": True})).endswith("use 'new'.")
        assert "Known are: new" in str(refusal(check, {"other": True}))

    def test_without_a_name_names_the_field_alone(self) -> None:
        with pytest.raises(Refused) as refused:
            POINT({"x": "1"}, "")
        assert refused.value.param == "x"

    def test_is_a_copy(self) -> None:
        value = {"x": 1}
        assert POINT(value, "place") == value
        assert POINT(value, "place") is not value

    @pytest.mark.parametrize(
        ("value", "param"),
        [
            ({}, "place.x"),
            ({"x": "1"}, "place.x"),
            ({"x": 1, "y": 2}, "place.y"),
            ({"x": 1, "name": "long"}, "place.name"),
            ([], "place"),
        ],
    )
    def test_names_what_is_wrong(self, value: Any, param: str) -> None:
        assert refusal(POINT, value).param == param


class TestAVariant:
    check = staticmethod(shape.tagged({"point": shape.record({"type": shape.text(), "x": shape.number(0, 1)})}))

    @pytest.mark.parametrize(
        ("value", "param"),
        [
            ({}, "place.type"),
            ({"type": None}, "place.type"),
            ({"type": {}}, "place.type"),
            ({"type": "line"}, "place.type"),
            ({"type": "point", "x": 2}, "place.x"),
        ],
    )
    def test_is_chosen_by_its_tag(self, value: Any, param: str) -> None:
        assert refusal(self.check, value).param == param


class TestAListing:
    def test_names_the_element(self) -> None:
        assert refusal(shape.list_of(shape.boolean), [True, 1]).param == "place[1]"

    def test_has_a_longest(self) -> None:
        assert "at most 1" in str(refusal(shape.list_of(shape.boolean, 1), [True, True]))


class TestAnObjectOfTheClients:
    def test_may_hold_anything_that_can_be_repeated(self) -> None:
        value = {"a": [1, 2.5, None, {"b": "é"}]}
        assert shape.mapping(value, "place") == value

    def test_may_be_deep_but_not_bottomless(self) -> None:
        value: dict[str, Any] = {}
        for _ in range(31):
            value = {"in": value}
        assert shape.mapping(value, "place") == value
        assert "levels" in str(refusal(shape.mapping, {"in": value}))

    @pytest.mark.parametrize("inner", [float("nan"), float("inf"), "\ud800", {"\udfff": 1}])
    def test_may_not_hold_what_json_cannot(self, inner: Any) -> None:
        assert refusal(shape.mapping, {"a": [inner]}).code == "invalid_value"


class TestAnyCheck:
    JSON = st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
        max_leaves=5,
    )

    @given(JSON)
    def test_takes_a_value_or_refuses_it_briefly(self, value: Any) -> None:
        for check in (POINT, shape.metadata, shape.either(shape.one_of("a"), POINT), shape.list_of(shape.text(2))):
            try:
                check(value, "place")
            except Refused as refused:
                assert len(str(refused)) < 400  # noqa: PT017
                assert (refused.param or "").startswith("place")  # noqa: PT017
