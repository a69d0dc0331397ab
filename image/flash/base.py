"""What Debian puts on the card: the packages, by purpose, and how their root is made (once; kept by debian_root).

Law: only packages here, no file of ours: those change daily, and this root takes ten minutes under emulation. The
initramfs is therefore not made in it (update-initramfs is diverted away) but afterwards, from our own scripts.

Network: systemd-networkd with wpa_supplicant, not NetworkManager. Wi-Fi is known from a file before the network starts
and never changes while it runs; one file with network, country and password, readable by root alone, is the whole of
it. NetworkManager would add 9 MB with GLib and a daemon more to a board of 512 MB.
"""

from __future__ import annotations

from pathlib import Path

from image.debian_root import debian_root

SUITE = "trixie"
ARCHITECTURE = "arm64"

BOOT = ("linux-image-arm64", "initramfs-tools", "zstd", "raspi-firmware", "dosfstools", "e2fsprogs", "fdisk")
SYSTEM = ("systemd-sysv", "udev", "kmod", "dbus", "systemd-timesyncd", "systemd-zram-generator", "tzdata")
NETWORK = ("systemd-resolved", "wpasupplicant", "wireless-regdb", "firmware-brcm80211", "ca-certificates")
PERSON = ("openssh-server", "alsa-utils")
PRODUCT = ("python3", "libportaudio2", "espeak-ng", "flite")  # what the product's package would fetch anyway
PACKAGES = (*BOOT, *SYSTEM, *NETWORK, *PERSON, *PRODUCT)

NO_INITRAMFS_YET = (
    'chroot "$1" dpkg-divert --quiet --local --rename --divert /usr/sbin/update-initramfs.debian'
    " --add /usr/sbin/update-initramfs",
    'mkdir -p "$1/usr/sbin" && ln -s /bin/true "$1/usr/sbin/update-initramfs"',
)


def base_root(*, fresh: bool = False) -> Path:
    """The tarball of Debian's part: made (10 to 15 minutes under emulation), or kept. Raises RootError."""
    return debian_root(
        SUITE,
        ARCHITECTURE,
        PACKAGES,
        before=NO_INITRAMFS_YET,
        components=("main", "non-free-firmware"),
        fresh=fresh,
    )
