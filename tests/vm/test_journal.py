"""What the daemon tells, read back by journalctl: fields to search by, and an explanation for each code."""

from __future__ import annotations

import pytest

from edge_agent.system import codes
from edge_agent.system.journal import message_id
from tests.vm.guest import Guest
from tests.vm.stage import READY_S

pytestmark = pytest.mark.vm

WRONG = "/etc/edge-agent/conf.d/50-wrong.toml"
FAULT = "edge-agent-fault.service"


class TestALine:
    def test_is_found_by_its_fields_and_says_who_wrote_it(self, guest: Guest) -> None:
        found = guest.journal("-b EDGE_EVENT=card_open")
        assert found, guest.story()
        line = found[-1]  # a guest in real time loses its sound now and then, and opens the card again
        assert line["MESSAGE"].startswith("sound: microphone "), line
        assert line["EDGE_RATE"] == "48000", line
        assert line["EDGE_T_MS"].isdecimal(), line
        expected = {
            "_SYSTEMD_UNIT": "edge-agent.service",
            "_PID": guest.show("MainPID")["MainPID"],
            "SYSLOG_IDENTIFIER": "edge-agent",
            "PRIORITY": "6",
            "LOGGER": "edge_agent.story",
            "EDGE_EVENT": "card_open",
        }
        assert {name: line.get(name) for name in expected} == expected

    def test_once_the_provider_is_there_carries_the_state(self, guest: Guest) -> None:
        guest.await_journal("connected to the provider", limit_s=READY_S)
        line = guest.journal("-b -u edge-agent EDGE_EVENT=ready")[-1]
        assert line.get("EDGE_STATE") == "idle", line


class TestAFailure:
    """The configuration is wrong: the daemon ends for good, its fault service says why, under a code."""

    def test_is_found_by_its_code_and_explained_by_the_catalog(self, guest: Guest) -> None:
        guest.put(WRONG, '[audio]\nvolume = "loud"\n')
        before = guest.cursor()
        assert guest.run("systemctl restart edge-agent", limit_s=READY_S, check=False).code != 0, guest.story()
        guest.await_journal(codes.CONFIGURATION, after=before, unit=FAULT)
        (line,) = guest.journal(f"-b EDGE_CODE={codes.CONFIGURATION}")
        assert line["MESSAGE_ID"] == message_id(codes.CONFIGURATION)
        assert (line["PRIORITY"], line["_SYSTEMD_UNIT"]) == ("3", FAULT)
        assert (line["EDGE_RESULT"], line["EDGE_STATUS"]) == ("exit-code", "3"), line
        explained = guest.run(f"journalctl --no-pager -x MESSAGE_ID={line['MESSAGE_ID']}").out
        assert f"Subject: {codes.CONFIGURATION}: {codes.BY_CODE[codes.CONFIGURATION].subject}" in explained
        assert "(systemd: exit-code, 3)" in explained
        # the field that names the failed run leads to what was wrong, and where
        told = f"journalctl --no-pager -o cat _SYSTEMD_INVOCATION_ID={line['EDGE_INVOCATION']}"
        assert f"{WRONG}: audio.volume: found 'loud'" in guest.run(told).out.replace('"', "'"), guest.story()
