"""A newer package over the installed one, a broken upgrade, and the way out again: what stays, and what does not.

The newer package is the one under test, packed again with a higher version, another line in the unit and another number
in the program, so that what runs after can be told from what ran before.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.vm import roots
from tests.vm.guest import Guest
from tests.vm.stage import INSTALL_S, READY_S, Stage, unpack

pytestmark = pytest.mark.vm

NEWER = "9.9.9"
SETTINGS = "[audio]\nvolume = 31\n"
OWN = '[system]\nlog_level = "debug"\n'
KEPT = {
    "/etc/edge-agent/edge-agent.toml": SETTINGS,
    "/etc/edge-agent/conf.d/20-own.toml": OWN,
    "/var/lib/edge-agent/muted": "muted by a person\n",
    "/etc/credstore/openai-api-key": "sk-vm-0123456789abcdef\n",
}
# Ends dpkg itself in the middle of this package's configuration, once.
BREAK = "if [ -e /run/break ]; then rm /run/break; kill -9 $PPID; exit 1; fi\n"
APT = "cd /root && DEBIAN_FRONTEND=noninteractive apt-get -q -y install --allow-downgrades"
# What a Debian system writes by itself while packages come and go.
NOISE = (
    "/var/lib/dpkg",
    "/var/lib/apt",
    "/var/cache",
    "/var/log",
    "/var/lib/systemd",
    "/etc/ld.so.cache",
    "/etc/.pwd.lock",
)
DIRECTORIES = ("/etc", "/home", "/opt", "/root", "/srv", "/usr", "/var")


@pytest.fixture(scope="module")
def newer(stage: Stage, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A parcel with newer.deb and edge-agent.deb."""
    folder = tmp_path_factory.mktemp("newer")
    tree = folder / "tree"
    subprocess.run(["dpkg-deb", "-R", stage.deb, tree], check=True)
    control = tree / "DEBIAN/control"
    control.write_text(re.sub(r"^Version: .*$", f"Version: {NEWER}", control.read_text(), flags=re.MULTILINE))
    postinst = tree / "DEBIAN/postinst"
    postinst.write_text(postinst.read_text().replace("\nset -e\n", f"\nset -e\n{BREAK}", 1))
    unit = tree / "usr/lib/systemd/system/edge-agent.service"
    unit.write_text(
        re.sub(r"^Description=.*$", f"Description=edge-agent {NEWER}", unit.read_text(), flags=re.MULTILINE)
    )
    module = next(tree.glob("opt/edge-agent/lib/python3.*/site-packages/edge_agent/__init__.py"))
    module.write_text(f'__version__ = "{NEWER}"\n')
    for compiled in (module.parent / "__pycache__").glob("__init__.*.pyc"):
        compiled.unlink()
    made = folder / "newer.deb"
    subprocess.run(["dpkg-deb", "--root-owner-group", "-Zgzip", "-z1", "-b", tree, made], check=True)
    return roots.parcel(folder / "parcel.tar", {"newer.deb": made, "edge-agent.deb": stage.deb})


@pytest.fixture
def lived_in(stage: Stage, newer: Path) -> Iterator[Guest]:
    """The package installed, and somebody has made it theirs. /root has both versions."""
    with stage.guest(stage.installed(), parcel=newer) as guest:
        unpack(guest)
        for path, text in KEPT.items():
            guest.put(path, text, mode=0o600 if "credstore" in path else 0o644)
        guest.run("chown edge-agent: /var/lib/edge-agent/muted")
        yield guest


def kept(guest: Guest) -> dict[str, str]:
    return {path: guest.get(path).decode() for path in KEPT}


def version(guest: Guest) -> str:
    return guest.run("dpkg-query -W -f '${Version} ${db:Status-Status}' edge-agent", check=False).out


def listing(guest: Guest) -> set[str]:
    paths = guest.run(f"find {' '.join(DIRECTORIES)} -xdev", limit_s=120, check=False).out.splitlines()
    return {path for path in paths if not path.startswith(NOISE)}


class TestAnUpgrade:
    def test_that_is_cut_in_the_middle_is_mended_by_dpkg_and_keeps_all_that_is_somebodys(self, lived_in: Guest) -> None:
        before, pid = lived_in.cursor(), lived_in.show("MainPID")
        lived_in.run("touch /run/break")
        broken = lived_in.run(f"{APT} ./newer.deb </dev/null", limit_s=INSTALL_S, check=False)
        assert broken.code != 0, broken
        assert version(lived_in) == f"{NEWER} half-configured", broken
        assert lived_in.show("MainPID") == pid, "the old one runs until the new one is in order"
        mended = lived_in.run("dpkg --configure -a </dev/null", limit_s=INSTALL_S)
        lived_in.await_ready(READY_S)
        assert version(lived_in) == f"{NEWER} installed", mended
        assert kept(lived_in) == KEPT
        assert lived_in.run("edge-agent --version").out == f"edge-agent {NEWER}\n"
        assert lived_in.show("MainPID") != pid, lived_in.story()
        told = lived_in.run(f"journalctl --no-pager -u edge-agent -o cat --after-cursor='{before}'").out
        assert f"Started edge-agent.service - edge-agent {NEWER}." in told
        assert "muted, as it was left" in told

    def test_back_to_the_older_version_is_possible_even_from_half_unpacked_files(self, lived_in: Guest) -> None:
        struck = "until ls /opt/edge-agent/lib/python3.*/site-packages/edge_agent/*.dpkg-new; do sleep 0.1; done"
        strike = lived_in.start(
            f"{struck} >/dev/null 2>&1; kill -9 $(grep -lx dpkg /proc/[0-9]*/comm | cut -d/ -f3)",
            limit_s=INSTALL_S,
        )
        broken = lived_in.run(f"{APT} ./newer.deb </dev/null", limit_s=INSTALL_S, check=False)
        strike(True)
        assert broken.code != 0, broken
        assert version(lived_in).endswith("half-installed"), broken
        # apt refuses while a package is half there; dpkg, which mends it, does not
        lived_in.run("cd /root && dpkg -i ./edge-agent.deb </dev/null", limit_s=INSTALL_S)
        lived_in.await_ready(READY_S)
        assert version(lived_in).endswith("~deb13 installed")
        assert kept(lived_in) == KEPT
        assert lived_in.run("edge-agent --version").out != f"edge-agent {NEWER}\n"


class TestARemoval:
    def test_leaves_what_is_somebodys_and_a_purge_leaves_the_key_alone(self, stage: Stage, lived_in: Guest) -> None:
        with stage.guest(stage.booted()) as bare:
            earlier = listing(bare)
        lived_in.run("apt-get -q -y remove edge-agent", limit_s=INSTALL_S)
        assert lived_in.run("find /proc -maxdepth 1 -user edge-agent").out == ""
        # A name that systemd remembers, without a file and not running ("not-found inactive"), is none.
        left_over = "systemctl list-units --all --state=loaded,active,failed --plain --no-legend 'edge-agent*'"
        units = lived_in.run(left_over).out
        assert units == "", units
        files = (
            "find /etc /opt /usr /var/lib /run -xdev -path /var/lib/dpkg -prune -o -type f -path '*edge-agent*' -print"
        )
        left = set(lived_in.run(files, check=False).out.split())  # dpkg took /opt with it, which was empty
        kept_ours = {path for path in KEPT if "edge-agent" in path}
        assert {path for path in left if not path.startswith("/var/lib/systemd/deb-systemd-helper")} == kept_ours, left
        assert kept(lived_in) == KEPT

        purged = lived_in.run("apt-get -q -y purge edge-agent", limit_s=INSTALL_S).out
        assert "the provider's key is yours and stays: /etc/credstore/openai-api-key" in purged
        assert (
            lived_in.run(
                "getent passwd edge-agent; getent group edge-agent; find / -xdev -name '*edge-agent*' "
                "-not -path '/proc/*' -not -path '/root/*' -not -path '/var/lib/apt/*'",
                check=False,
            ).out
            == ""
        )
        owned = set(lived_in.run("cat /var/lib/dpkg/info/*.list", limit_s=120).out.splitlines())
        mine = {path for path in listing(lived_in) - earlier - owned if "__pycache__" not in path}
        # its folder is systemd's own
        assert {path for path in mine if not path.startswith("/root/")} == {"/etc/credstore/openai-api-key"}
