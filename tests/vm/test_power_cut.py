"""The plug is pulled at ten moments: what the product said it has kept is there after, and nothing is there by half.

QEMU is killed, and with it the guest's memory, the data that its kernel had not yet written, and what the disk's cache
(qcow2's tables of new blocks) had not been told to flush; what the guest flushed stays, for the host itself goes on. So
this shows that the product flushes what it promises and replaces files whole. It does not show what an SD card does
that loses power in the middle of writing a block, or that lies about its cache.

Five cuts come while `state_writer` rests after a step, when nothing later has flushed that step for it; five come in
the middle of its work. All go on from one frozen moment; the steps and the fractions of a second are drawn with one
seed.
"""

from __future__ import annotations

import json
import random
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.vm import state_writer
from tests.vm.guest import Guest
from tests.vm.machine import Frozen
from tests.vm.stage import READY_S, Stage
from tests.vm.state_writer import FIFO, KINDS, READY

pytestmark = pytest.mark.vm

Found = dict[str, Any]  # what `state_writer.read` has of one disk
SEED = 5
CUTS = 10
NEVER = 10**9
LATER_S = 0.5  # wall: into the step or two after the one that was told
REACHED_S = 120.0  # wall
PYTHON = "/opt/edge-agent/bin/python -I /root/state_writer.py"


@dataclass(frozen=True, slots=True)
class Cut:
    """step: the last that was told. stopped: whether the writer rested then. disk: as it was left."""

    step: int
    stopped: bool
    disk: Path

    def kept(self, *kinds: str) -> set[int]:
        """The steps of these kinds that may be what is found: the last that was told, or the one under way."""
        mine = [step for step in range(self.step + 1) if KINDS[step % len(KINDS)] in kinds]
        under_way = self.step + 1
        late = [under_way] if not self.stopped and KINDS[under_way % len(KINDS)] in kinds else []
        return {*mine[-1:], *late}


def pulled(stage: Stage, writing: Frozen, name: str, step: int, later_s: float | None) -> Cut:
    """later_s: how long after the step was told, wall; None: the writer rests there."""
    with stage.guest(writing) as guest:
        guest.run(f"echo {step if later_s is None else NEVER} > {FIFO}")
        await_serial(guest, lambda text: told(text) >= step)
        time.sleep(later_s or 0)
        guest.machine.kill()
        last = told(serial(guest))
        disk = guest.machine.disk.rename(stage.folder / f"{name}.qcow2")
    return Cut(last, later_s is None, disk)


def await_serial(guest: Guest, enough: Callable[[str], bool]) -> None:
    until = time.monotonic() + REACHED_S
    while not enough(serial(guest)):
        assert guest.machine.alive, guest.machine.words()
        assert time.monotonic() < until, f"{guest.machine.words()}\n{guest.story()}"
        time.sleep(0.005)


def serial(guest: Guest) -> str:
    return guest.machine.serial.read_text(errors="replace")


def told(text: str) -> int:
    """The last step that the writer said is kept; -1 where there is none."""
    steps = re.findall(r"kept (\d+)\r?\n", text)
    return int(steps[-1]) if steps else -1


@pytest.fixture(scope="module")
def cuts(stage: Stage) -> list[Cut]:
    """Ten disks, each of a guest that lost its power."""
    with stage.guest(stage.installed()) as guest:
        guest.run("systemctl stop edge-agent edge-agent-fault")  # it would only take the writer's processor
        guest.put("/root/state_writer.py", Path(state_writer.__file__).read_bytes())
        guest.run(f"mkfifo {FIFO}; systemd-run -q --unit=writer {PYTHON} write")
        await_serial(guest, lambda text: READY.decode().strip() in text)
        writing = guest.freeze("writing")
    chance = random.Random(SEED)
    resting = [len(KINDS) * chance.randint(1, 5) + number % len(KINDS) for number in range(CUTS // 2)]
    busy = chance.sample(range(len(KINDS), 6 * len(KINDS)), CUTS - len(resting))
    moments = [*((step, None) for step in resting), *((step, chance.uniform(0, LATER_S)) for step in busy)]
    return [pulled(stage, writing, f"cut-{number}", *moment) for number, moment in enumerate(moments)]


@pytest.fixture(scope="module")
def after(stage: Stage, cuts: list[Cut]) -> Iterator[Guest]:
    """A guest that boots from the last of the disks; the others lie mounted at /mnt/0, /mnt/1 and so on."""
    *others, last = (cut.disk for cut in cuts)
    with stage.guest(Frozen(last), disks=others) as guest:
        for number in range(len(others)):
            guest.run(f"mkdir -p /mnt/{number} && mount -t ext4 /dev/vd{chr(ord('c') + number)} /mnt/{number}")
        yield guest


@pytest.fixture(scope="module")
def found(after: Guest, cuts: list[Cut]) -> list[tuple[Cut, Found]]:
    """What the product reads on each disk; the one that was booted from is the last."""
    places = [*(f"/mnt/{number}" for number in range(len(cuts) - 1)), "/"]
    told = json.loads(after.run(f"{PYTHON} read {' '.join(places)}", limit_s=120).out)
    return [(cut, told[place]) for cut, place in zip(cuts, places, strict=True)]


class TestAPowerCut:
    def test_comes_at_ten_moments_of_all_kinds(self, cuts: list[Cut]) -> None:
        assert len(cuts) == CUTS
        assert {cut.step % len(KINDS) for cut in cuts if cut.stopped} == set(range(len(KINDS)))
        assert len({cut.step for cut in cuts if not cut.stopped}) >= CUTS // 2 - 1

    def test_leaves_the_alarms_that_were_kept_last_and_all_of_them(self, found: list[tuple[Cut, Found]]) -> None:
        for cut, there in found:
            whole = [[f"{step}-{n}" for n in range(state_writer.ALARMS)] for step in cut.kept("alarms")]
            assert there["alarms"] in whole, (cut, there["alarms"])

    def test_leaves_a_mute_that_was_kept_and_none_that_was_lifted(self, found: list[tuple[Cut, Found]]) -> None:
        for cut, there in found:
            states = {KINDS[step % len(KINDS)] == "muted" for step in cut.kept("muted", "unmuted")}
            assert there["muted"] in states, (cut, there["muted"])

    def test_leaves_a_first_boot_whole_or_to_be_finished_by_the_next_start(
        self, found: list[tuple[Cut, Found]]
    ) -> None:
        for cut, there in found:
            assert there["unread"] == [], (cut, there)
            assert there["name"].startswith("device-"), (cut, there)
            step = int(there["name"].removeprefix("device-"))
            assert step in cut.kept("card"), (cut, there)
            assert there["key"] == f"key-{step}\n", (cut, there)
            assert f"volume = {step % 100}\n" in there["settings"], (cut, there)


class TestTheMachineAfterAPowerCut:
    def test_finds_nothing_wrong_with_the_file_systems(self, after: Guest, found: list[tuple[Cut, Found]]) -> None:
        """After the journal of ext4 was replayed, and all that the product kept was read."""
        errors = after.run("cat /sys/fs/ext4/vd*/errors_count").out.split()
        assert errors == ["0"] * len(found), after.run("dmesg | tail -n 30").out

    def test_runs_the_daemon_again_and_still_has_the_journal_of_before(self, after: Guest) -> None:
        after.await_ready(READY_S)
        earlier = after.run("journalctl --no-pager -b -1 -o cat -u edge-agent").out
        assert "sound: microphone" in earlier, after.story()
