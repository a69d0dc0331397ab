"""One conversation in a guest: a wake phrase and a question are said, the reply is recorded and recognised."""

from __future__ import annotations

import re
from dataclasses import dataclass

from tests.daemon.test_pulse import asked, weekday_and_month
from tests.vm.guest import Guest
from tests.vm.sound import Recording, say

CONNECTED = "connected to the provider"
CONNECTED_S = 60.0  # guest: the embedded server starts a process of its own
ANSWERED_S = 45.0  # guest: the question takes 4 s, the answer 4 s, thinking the rest
LOST = re.compile(r"lost (\d+) ms of sound")


@dataclass(frozen=True, slots=True)
class Talk:
    """What came of it. understood: weekday and month that were recognised in the reply; date: what they should be.

    told: what the daemon wrote into the journal meanwhile.
    """

    understood: str
    date: str
    told: str


def hold(guest: Guest) -> Talk:
    """Ask for the day. Raises GuestError where no answer comes."""
    guest.await_journal(CONNECTED, limit_s=CONNECTED_S)
    before = guest.cursor()
    over = guest.awaiting_journal("turn over: .*answer", after=before, limit_s=ANSWERED_S)
    recording = Recording(guest)
    spoken = say(guest, asked())
    over()
    spoken(True)
    guest.run("sleep 0.5")  # of sound that is still in the cable
    understood = weekday_and_month(recording.stop())
    date = guest.run("LC_ALL=C date '+%A %B'").out.strip().lower()
    told = guest.run(f"journalctl -u edge-agent -o short-monotonic --after-cursor='{before}'").out
    return Talk(understood, date, told)
