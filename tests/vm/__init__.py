"""A whole machine for the product: Debian under QEMU, with systemd, journald, the kernel's sound cards and GPIO chips.

Law: what runs in the guest is the package as a user installs it; nothing of the checkout is seen there. `roots` makes
what a guest is made of (cached, named by its ingredients), `machine` is one QEMU process, `guest` talks to what runs in
it (`guest_agent`, over a serial port), `sound`, `gpio` and `journal` know the guest's devices. Nothing here sleeps
where an event can be awaited, and no QEMU outlives the process that started it.
"""
