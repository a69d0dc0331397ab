"""The package's life in a Debian of its own: installed, made somebody's, upgraded, removed, purged; nobody is asked.

A root with all that the package needs is unpacked, and apt-get works in it with no network, no terminal, and no word on
how to answer (DEBIAN_FRONTEND is not set). No systemd runs there: what the service does meanwhile, tests/vm tells.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from edge_agent import __version__
from image.debian_root import NATIVE, debian_root
from image.package.contents import SETTINGS
from image.package.locked import REPOSITORY
from image.package.release import RELEASES

pytestmark = pytest.mark.vm

NEWER = "9.9.9"
FILE = "etc/edge-agent/edge-agent.toml"
OWN = '[audio]\nvolume = 31\n[wake]\nwords = ["alexa"]\n'
KEPT = {
    FILE: OWN,
    "etc/edge-agent/conf.d/20-own.toml": '[system]\nlog_level = "debug"\n',
    "var/lib/edge-agent/muted": "muted by a person\n",
    "etc/credstore/openai-api-key": "sk-0123456789abcdef\n",
}
KEY = "etc/credstore/openai-api-key"
# Names of ours that nobody else's package has; /proc is the host's.
OURS = ("find", "/", "-xdev", "-name", "*edge-agent*", "-not", "-path", "/proc/*", "-not", "-path", "/debs/*")
DEVICES = ("null", "zero", "random", "urandom")
# A console would be asked by dpkg: setsid takes it away, as an unattended upgrade has none.
INSIDE = """
mount -t tmpfs dev "$1/dev"; for d in {devices}; do : >"$1/dev/$d"; mount --bind "/dev/$d" "$1/dev/$d"; done
ln -s /proc/self/fd "$1/dev/fd"; mount -t tmpfs shm "$(mkdir -v "$1/dev/shm" | cut -d"'" -f2)"
mount -t proc proc "$1/proc"; root=$1; shift; exec setsid --wait chroot "$root" "$@" </dev/null
"""


@dataclass(frozen=True)
class Done:
    """How a program in the root ended, and all that it said."""

    code: int
    out: str


@dataclass
class Debian:
    """A root below `path`. told: what apt-get said at each step of the life."""

    path: Path
    told: dict[str, str] = field(default_factory=dict)

    def run(self, *command: str) -> Done:
        space = ("unshare", "--mount", "--pid", "--net", "--fork", "--kill-child", "sh", "-ec")
        inside = (INSIDE.format(devices=" ".join(DEVICES)), "sh", str(self.path), *command)
        environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8", "HOME": "/root"}
        done = subprocess.run(
            [*space, *inside], env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
        )
        return Done(done.returncode, done.stdout)

    def apt(self, step: str, *words: str) -> None:
        done = self.run("apt-get", "-q", "-y", "-o", "Dpkg::Options::=--force-unsafe-io", *words)
        assert done.code == 0, f"{step}: {done.out}"
        self.told[step] = done.out

    def says(self, *command: str) -> str:
        done = self.run(*command)
        assert done.code == 0, done.out
        return done.out

    def kept(self) -> dict[str, str]:
        return {name: (self.path / name).read_text() for name in KEPT if (self.path / name).exists()}

    def ours(self) -> set[str]:
        return set(self.says(*OURS).split())

    def packages(self) -> set[str]:
        return set(self.says("dpkg-query", "-W", "-f", "${Package}\\n").split())


@pytest.fixture(scope="module")
def deb() -> Path:
    """The youngest package for Debian 13 on this machine."""
    if os.geteuid() != 0:
        pytest.skip("a root is unpacked with its owners: that takes root")
    made = sorted((REPOSITORY / "dist").glob(f"edge-agent_*~deb13_{NATIVE}.deb"), key=lambda one: one.stat().st_mtime)
    if not made:
        pytest.skip(f"no package in dist/: python3 -m image.package --suite trixie --arch {NATIVE}")
    return made[-1]


@pytest.fixture(scope="module")
def debian(deb: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Debian]:
    """A clean Debian with what the package depends on, and with /debs: the package and a newer one."""
    folder = tmp_path_factory.mktemp("lifecycle")
    root = folder / "root"
    (root / "debs").mkdir(parents=True)
    needs = sorted({one.split()[0] for one in RELEASES["trixie"].depends})
    tarball = debian_root("trixie", NATIVE, needs)
    subprocess.run(["tar", "-C", root, "--exclude=./dev/*", "-xf", tarball], check=True)
    repack(deb, folder / "tree", root / "debs")
    yield Debian(root)
    subprocess.run(["rm", "-rf", folder], check=True)


def repack(deb: Path, tree: Path, target: Path) -> None:
    """Both as dpkg need not decompress them. The newer one has other words in the file for settings, too."""
    subprocess.run(["dpkg-deb", "-R", deb, tree], check=True)
    for name in ("edge-agent", "newer"):
        if name == "newer":
            control = tree / "DEBIAN/control"
            control.write_text(re.sub(r"(?m)^Version: .*$", f"Version: {NEWER}", control.read_text()))
            with (tree / SETTINGS).open("a") as settings:
                settings.write(f"# New in {NEWER}.\n")
        pack = ("dpkg-deb", "--root-owner-group", "-Znone", "-b", str(tree), str(target / f"{name}.deb"))
        subprocess.run(pack, check=True, stdout=subprocess.DEVNULL)
    subprocess.run(["rm", "-rf", tree], check=True)


@pytest.fixture(scope="module")
def before(debian: Debian) -> set[str]:
    """The packages that were there."""
    return debian.packages()


@pytest.fixture(scope="module")
def installed(debian: Debian, before: set[str]) -> Debian:
    debian.apt("install", "install", "/debs/edge-agent.deb")
    return debian


@pytest.fixture(scope="module")
def lived_in(installed: Debian) -> Debian:
    """Somebody has made it theirs."""
    for name, text in KEPT.items():
        (installed.path / name).parent.mkdir(parents=True, exist_ok=True)
        (installed.path / name).write_text(text)
    return installed


@pytest.fixture(scope="module")
def upgraded(lived_in: Debian) -> Debian:
    lived_in.apt("upgrade", "install", "/debs/newer.deb")
    return lived_in


@pytest.fixture(scope="module")
def removed(upgraded: Debian) -> Debian:
    upgraded.apt("remove", "remove", "edge-agent")
    return upgraded


@pytest.fixture(scope="module")
def purged(removed: Debian) -> Debian:
    removed.apt("purge", "purge", "edge-agent")
    return removed


class TestAnInstallation:
    def test_brings_a_program_that_starts(self, installed: Debian) -> None:
        assert installed.says("edge-agent", "--version") == f"edge-agent {__version__}\n"

    def test_brings_modules_that_are_compiled(self, installed: Debian) -> None:
        """All of them: the service cannot write where they lie, and would compile them at every start."""
        site = next((installed.path / "opt/edge-agent/lib").glob("python3.*/site-packages"))
        sources = {one for one in site.rglob("*.py") if "lib2to3" not in one.parts}
        bare = [one for one in sources if not list((one.parent / "__pycache__").glob(f"{one.stem}.cpython-*.pyc"))]
        assert len(sources) > 500
        assert bare == []

    def test_fetches_nothing_beside_what_it_depends_on(self, installed: Debian, before: set[str]) -> None:
        assert installed.packages() - before == {"edge-agent"}

    def test_lays_a_file_for_settings_that_is_in_order(self, installed: Debian) -> None:
        assert (installed.path / FILE).read_bytes() == (installed.path / SETTINGS).read_bytes()
        assert (installed.path / FILE).stat().st_mode & 0o777 == 0o644
        assert installed.run("edge-agent", "config", "check").code == 0

    def test_makes_a_user_without_a_shell_in_the_groups_of_its_devices(self, installed: Debian) -> None:
        assert installed.says("getent", "passwd", "edge-agent").strip().endswith(":/usr/sbin/nologin")
        assert {"audio", "gpio", "spi"} <= set(installed.says("id", "-nG", "edge-agent").split())

    def test_makes_a_store_for_the_key_that_is_roots_alone(self, installed: Debian) -> None:
        assert installed.says("stat", "-c", "%a %U", "/etc/credstore") == "700 root\n"

    def test_enables_the_service_for_the_next_boot_but_not_the_local_server(self, installed: Debian) -> None:
        assert installed.run("systemctl", "is-enabled", "edge-agent.service").out == "enabled\n"
        assert installed.run("systemctl", "is-enabled", "edge-agent-local.socket").out == "disabled\n"

    def test_has_its_files_as_they_were_packed(self, installed: Debian) -> None:
        assert installed.says("dpkg", "--verify", "edge-agent") == ""


class TestAnUpgrade:
    def test_of_a_file_both_sides_changed_asks_nothing(self, upgraded: Debian) -> None:
        """apt-get ended with 0, with nobody there to answer. Nor was anything laid beside the file."""
        assert f"# New in {NEWER}." in (upgraded.path / SETTINGS).read_text()
        assert not re.search(r"Configuration file|==> |\[default=", upgraded.told["upgrade"])
        assert [one.name for one in (upgraded.path / FILE).parent.iterdir() if "dpkg" in one.name] == []
        assert upgraded.says("dpkg-query", "-W", "-f", "${Version} ${db:Status-Status}", "edge-agent") == (
            f"{NEWER} installed"
        )

    def test_keeps_settings_state_and_key(self, upgraded: Debian) -> None:
        assert upgraded.kept() == KEPT

    def test_goes_by_the_settings_of_somebody_and_not_by_its_own(self, upgraded: Debian) -> None:
        told = upgraded.says("edge-agent", "config", "show", "--effective")
        assert "\nvolume = 31\n" in told, told
        assert 'words = ["alexa"]\n' in told, told

    def test_leaves_the_service_enabled(self, upgraded: Debian) -> None:
        assert upgraded.run("systemctl", "is-enabled", "edge-agent.service").out == "enabled\n"


class TestARemoval:
    def test_takes_the_program_and_its_units(self, removed: Debian) -> None:
        assert not (removed.path / "opt/edge-agent").exists()
        """That it was enabled is remembered in /etc and /var/lib/systemd, as Debian does, for when it comes back."""
        assert {Path(one).parts[1] for one in removed.ours()} <= {"etc", "var"}, removed.ours()

    def test_keeps_settings_state_and_key(self, removed: Debian) -> None:
        assert removed.kept() == KEPT

    def test_keeps_the_user_for_its_files_are_there(self, removed: Debian) -> None:
        assert removed.run("getent", "passwd", "edge-agent").code == 0


class TestAPurge:
    def test_leaves_nothing_of_ours(self, purged: Debian) -> None:
        assert purged.ours() == set()

    def test_takes_the_user_and_its_group(self, purged: Debian) -> None:
        assert purged.run("getent", "passwd", "edge-agent").code == 2
        assert purged.run("getent", "group", "edge-agent").code == 2

    def test_leaves_the_key_and_says_where(self, purged: Debian) -> None:
        assert purged.kept() == {KEY: KEPT[KEY]}
        assert f"the provider's key is yours and stays: /{KEY}" in purged.told["purge"]

    def test_leaves_nothing_half_done(self, purged: Debian, before: set[str]) -> None:
        assert purged.says("dpkg", "--audit") == ""
        assert purged.packages() == before
