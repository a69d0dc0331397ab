"""A Raspberry Pi's GPIO header in the guest: the kernel's simulator behind the same character device.

Law: the daemon's side is untouched (gpiozero, its lgpio factory, /dev/gpiochip0); here a finger presses (the pull of a
simulated line) and an eye looks at the light (its level in sysfs). gpiozero only takes a machine for a Pi whose
/proc/cpuinfo says so; the unit under test gets such a file bound over it, and nothing else is changed.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from tests.vm.guest import Guest

BUTTON, LAMP = 17, 25  # BCM numbers, as on the AIY Voice HAT's kind of board
PROFILE = f"""name = "simulated panel"
tested = false
sources = ["tests/vm/gpio.py"]
echo_tier = 2

[button]
pin = {BUTTON}
active = "low"
pull = "up"

[led]
kind = "led"
pins = [{LAMP}]
"""
CONFIGURATION = """[audio]
input_card = "Loopback"
output_card = "Loopback"
buffer_ms = 200

[board]
profile = "/etc/edge-agent/panel.toml"
pin_factory = "lgpio"
"""
# Revision a22082 is a Raspberry Pi 3B: 40-pin header, gpiochip0.
CPUINFO = "processor\t: 0\nHardware\t: BCM2835\nRevision\t: a22082\nSerial\t\t: 0000000000000000\n"
DROP_IN = "[Service]\nBindReadOnlyPaths=/etc/edge-agent/cpuinfo:/proc/cpuinfo\n"
LEVELS = "/sys/devices/platform/gpio-sim.0/gpiochip0"
LINES = 28  # of a Pi's header
MAKE = f"""set -e
insmod /root/gpio-simulator.ko
mountpoint -q /sys/kernel/config || mount -t configfs none /sys/kernel/config
cd /sys/kernel/config/gpio-sim
mkdir -p pi/bank
echo {LINES} >pi/bank/num_lines
echo pinctrl-bcm2835 >pi/bank/label
echo 1 >pi/live
cat pi/bank/chip_name
"""


class Panel:
    """The header of a guest in which it was `made`."""

    def __init__(self, guest: Guest) -> None:
        self._guest = guest

    @classmethod
    def made(cls, guest: Guest) -> Panel:
        """In a guest that has /root/gpio-simulator.ko; the button is up. Raises GuestError."""
        guest.run("modprobe configfs", check=False)  # where the kernel has it built in, there is no module
        chip = guest.run(MAKE).out.split()[-1]
        assert chip == "gpiochip0", f"a Pi's header is gpiochip0, found {chip}"
        guest.run("udevadm settle")
        panel = cls(guest)
        panel._pull("pull-up")
        return panel

    def configure(self) -> None:
        """Describe it to the daemon, and make the guest pass for a Pi."""
        self._guest.put("/etc/edge-agent/panel.toml", PROFILE)
        self._guest.put("/etc/edge-agent/edge-agent.toml", CONFIGURATION)
        self._guest.put("/etc/edge-agent/cpuinfo", CPUINFO)
        self._guest.put("/etc/systemd/system/edge-agent.service.d/pi.conf", DROP_IN)
        self._guest.run("systemctl daemon-reload")

    @contextmanager
    def pressed(self) -> Iterator[None]:
        """The button is down."""
        self._pull("pull-down")
        try:
            yield
        finally:
            self._pull("pull-up")

    def press(self, for_s: float = 0.2) -> None:
        """Down and up again, timed by the guest."""
        path = f"{LEVELS}/sim_gpio{BUTTON}/pull"
        self._guest.run(f"echo pull-down >{path}; sleep {for_s}; echo pull-up >{path}")

    @property
    def lit(self) -> bool:
        return self._guest.run(f"cat {LEVELS}/sim_gpio{LAMP}/value").out.strip() == "1"

    def await_light(self, on: bool, limit_s: float = 10.0) -> None:
        """Until the lamp is on, or off. Raises GuestError."""
        look = f"while cat {LEVELS}/sim_gpio{LAMP}/value; do sleep 0.02; done"
        self._guest.await_line(f"^{int(on)}$", look, limit_s=limit_s)

    def _pull(self, way: str) -> None:
        self._guest.run(f"echo {way} >{LEVELS}/sim_gpio{BUTTON}/pull")
