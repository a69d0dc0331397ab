"""A part of one core for a process and all its threads, as the kernel's own scheduler deals it out.

Law: a control group of our own, for processes that this bench started, gone when they have ended. Version 2 of the
interface where it is mounted (`cpu.max`), else version 1 (`cpu.cfs_quota_us`): what systemd's CPUQuota= sets. It takes
root; where it cannot be had, RuntimeError says why.

How fair that is: the share is dealt out anew every 10 ms, a block of sound, so that the process is slowed and not put
to sleep for 85 ms in 100, as the usual period would have it. Still it is a fast core that works in bursts and not a
slow one that works all the time; the share is of one core for all threads, and a Raspberry Pi has four slow ones;
caches, memory and the rest of the machine are those of a server. It says whether the work fits into the time, and
little about what a Pi would be late by.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

PERIOD_US = 10_000
SHORTEST_US = 1_000  # the kernel deals out no less
V2, V1 = Path("/sys/fs/cgroup"), Path("/sys/fs/cgroup/cpu")


@contextmanager
def limit(share: float) -> Iterator[Callable[[int], None]]:
    """What puts a process, by its id, under this share of one core; at 1 nothing is done. Raises RuntimeError."""
    if share == 1.0:
        yield lambda pid: None
        return
    group = _group(share)
    try:
        yield lambda pid: _enter(group, pid)
    finally:
        group.rmdir()


def _group(share: float) -> Path:
    quota_us = max(SHORTEST_US, round(share * PERIOD_US))
    for root, controllers in ((V2, "cgroup.subtree_control"), (V1, "cpu.cfs_quota_us")):
        if not (root / controllers).exists():
            continue
        group = root / f"edge-agent-bench-{os.getpid()}"
        try:
            group.mkdir()
        except OSError as error:
            raise RuntimeError(f"no control group under {root}: {error.strerror}; run it as root") from error
        try:
            if controllers == "cpu.cfs_quota_us":
                (group / "cpu.cfs_period_us").write_text(str(PERIOD_US))
                (group / "cpu.cfs_quota_us").write_text(str(quota_us))
            else:
                (group / "cpu.max").write_text(f"{quota_us} {PERIOD_US}")
            return group
        except OSError as error:
            group.rmdir()
            raise RuntimeError(f"{group}: the cpu controller is not to be had: {error.strerror}") from error
    raise RuntimeError("this kernel has no control groups for the CPU mounted under /sys/fs/cgroup")


def _enter(group: Path, pid: int) -> None:
    (group / "cgroup.procs").write_text(str(pid))
