"""The least that must hold before anything lands: a Debian with the package on it boots to READY and talks.

Law: it exits with 0 and a line that begins with SKIPPED where this machine cannot run a guest, with 1 where the product
failed in it. Everything is told in one line a step, with its seconds, because what a slow machine waits for should be
seen. The package is put on the disk before the boot: to install it in the guest, as `test_install` does, takes minutes.
"""

from __future__ import annotations

import sys
import time

from image.debian_root import RootError
from tests.vm import conversation
from tests.vm import stage as stages
from tests.vm.guest import GuestError
from tests.vm.machine import MachineError
from tests.vm.stage import READY_S, SLOW, Stage


def main() -> int:
    began = time.monotonic()

    def tell(what: str) -> None:
        print(f"vm: {time.monotonic() - began:4.0f} s  {what}", flush=True)

    deb = stages.package()
    if (reason := stages.missing()) or deb is None:
        print(f"SKIPPED: {reason}")
        return 0
    try:
        stage = Stage(deb)
    except RootError as error:
        print(f"SKIPPED: {error}")
        return 0
    try:
        tell("Debian's root, disk and kernel are there")
        disk = stage.preinstalled()
        tell(f"{deb.name} is on it")
        with stage.guest(disk, slow=SLOW) as guest:
            tell(f"the guest has booted ({guest.machine.cpu_s:.0f} s of processor time)")
            guest.await_ready(READY_S)
            tell("edge-agent.service is READY")
            talk = conversation.hold(guest)
            tell(f'asked for the day, understood "{talk.understood}" ({guest.machine.cpu_s:.0f} s of processor time)')
    except MachineError as error:
        print(f"SKIPPED: QEMU does not run here: {error}")
        return 0
    except GuestError as error:
        print(f"FAILED: {error}")
        return 1
    finally:
        stage.close()
    if talk.understood != talk.date:
        print(f"FAILED: expected {talk.date!r}, understood {talk.understood!r}\n{talk.told}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
