"""The vocabulary of faults: one syntax for the command line, scenario files and tests."""

from __future__ import annotations

import math
from typing import Any

import pytest

from edge_agent.local.faults.fault import Fault, FaultError, fault_of, parsed
from edge_agent.local.faults.fault_kinds import KINDS
from edge_agent.local.faults.fault_text import help_text, markdown

NEEDED: dict[str, dict[str, Any]] = {
    "delay": {"value": 300},
    "error": {"value": "server_error"},
    "certificate": {"value": "expired"},
}


def wrong(spec: str) -> list[str]:
    with pytest.raises(FaultError) as caught:
        parsed(spec)
    return str(caught.value).splitlines()


class TestASpec:
    def test_is_a_kind_alone(self) -> None:
        assert parsed("drop") == Fault("drop")

    def test_is_a_kind_with_the_keys_of_a_table(self) -> None:
        spec = "delay,value=400,jitter_ms=50,for_s=2.5,after=response.created,delay_s=0.5,way=both,count=3"
        assert parsed(spec) == Fault("delay", 400.0, 2.5, None, "response.created", 0.5, 50.0, 3, "", "both")

    def test_may_have_spaces(self) -> None:
        assert parsed("error, value = server_error") == Fault("error", "server_error")

    def test_may_last_for_ever(self) -> None:
        assert parsed("stall,for_s=inf").for_s == math.inf

    @pytest.mark.parametrize("kind", KINDS)
    def test_says_the_same_as_a_table(self, kind: str) -> None:
        table = {"kind": kind, **NEEDED.get(kind, {})}
        told = ",".join([kind, *(f"{key}={value}" for key, value in table.items() if key != "kind")])
        assert parsed(told) == fault_of(table)

    @pytest.mark.parametrize(
        "spec",
        [
            "drop",
            "half_open",
            "half_open,for_s=5",
            "error,value=server_error",
            "delay,value=400,for_s=inf,jitter_ms=20,way=up",
            "wrong_types,value=response.id,count=2,only=response.done",
            "refuse,value=429,count=0",
            "close,value=4000,after=response.created",
            "drop,at_s=0.5",
        ],
    )
    def test_can_be_written_again(self, spec: str) -> None:
        assert parsed(parsed(spec).spec()) == parsed(spec)


class TestANote:
    def test_can_be_written_as_json(self) -> None:
        assert parsed("stall,for_s=2").noted() == {"kind": "stall", "for_s": 2.0, "value": None}
        assert parsed("half_open,after=response.created").noted() == {
            "kind": "half_open",
            "for_s": None,
            "value": None,
            "after": "response.created",
        }


class TestAKind:
    @pytest.mark.parametrize("kind", ["drop", "stall", "delay", "error", "expire", "offline"])
    def test_of_the_contract_lasts_three_seconds_or_as_long_as_told(self, kind: str) -> None:
        assert fault_of({"kind": kind, **NEEDED.get(kind, {})}).for_s == 3.0
        assert fault_of({"kind": kind, "for_s": 1.5, **NEEDED.get(kind, {})}).for_s == 1.5

    @pytest.mark.parametrize("kind", KINDS)
    def test_is_told_with_its_meaning(self, kind: str) -> None:
        assert f"  {kind} " in help_text()
        assert f"| `{kind}` |" in markdown()

    def test_has_a_value_of_its_own_where_it_can_do_without(self) -> None:
        assert parsed("refuse").value == 503
        assert parsed("close").value == 1011
        assert parsed("oversized").value == 17
        assert parsed("garbage").value == "any"


class TestWhatIsWrong:
    @pytest.mark.parametrize(
        ("spec", "errors"),
        [
            ("fire", ['kind: found "fire", expected one of ' + ", ".join(KINDS)]),
            ("", ['kind: found "", expected one of ' + ", ".join(KINDS)]),
            ("delay", ["value: found nothing, expected milliseconds, a number from 0 to 60000"]),
            ("delay,value=long", ['value: found "long", expected milliseconds, a number from 0 to 60000']),
            ("error", ["value: found nothing, expected the error's code"]),
            ("drop,value=3", ["value: found 3, expected a key of drop: count, at_s, after, delay_s"]),
            ("drop,for_s", ['drop: found "for_s", expected KEY=VALUE']),
            ("drop,for_s=1,for_s=2", ["for_s: found it twice, expected it once"]),
            ("stall,for_s=-1", ["for_s: found -1, expected a number from 0 to 3600, or inf"]),
            ("stall,for_s=nan", ["for_s: found nan, expected a number from 0 to 3600, or inf"]),
            ("drop,at_s=inf", ["at_s: found inf, expected a number from 0 to 3600"]),
            ("drop,at_s=1,after=error", ["at_s: found both at_s and after, expected one of them"]),
            ("drop,delay_s=1", ["delay_s: found no `after`, expected a delay only behind an event"]),
            ("garbage,count=0", ["count: found 0, expected a whole number from 1 to 1000"]),
            ("stall,way=left", ['way: found "left", expected one of down, up, both']),
            (
                "close,value=1006",
                ["value: found 1006, expected a close code that may be sent, a number from 1000 to 4999"],
            ),
            ("refuse,at_s=1", ["at_s: found 1, expected a key of refuse: value, count"]),
            (
                "refuse,value=418",
                ["value: found 418, expected status, one of 400, 401, 403, 404, 408, 410, 429, 500, 502, 503, 504"],
            ),
        ],
    )
    def test_names_key_value_and_what_is_allowed(self, spec: str, errors: list[str]) -> None:
        assert wrong(spec) == errors

    def test_is_told_all_at_once(self) -> None:
        assert len(wrong("delay,value=x,for_s=y,count=z,colour=red")) == 4

    @pytest.mark.parametrize("value", [True, None, [1], {}, "1"])
    def test_is_a_value_of_another_type(self, value: Any) -> None:
        with pytest.raises(FaultError):
            fault_of({"kind": "delay", "value": value})
        with pytest.raises(FaultError):
            fault_of({"kind": "drop", "count": value})
