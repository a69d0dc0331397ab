"""The Debian package, judged without building one: what it says, what it holds, what it leaves out."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from email import message_from_string
from importlib.metadata import distribution
from pathlib import Path

import pytest

from edge_agent.field.packages import LEFT_OUT, installed
from edge_agent.hearing.models import WORDS, speech_model, wake_features, wake_head
from image.package.__main__ import main, upstream
from image.package.archive import MAINTAINER_SCRIPTS, SCRIPTS, archive, control
from image.package.compiled import FROM_SOURCE
from image.package.contents import PLACES, SETTINGS, UNITS, lay, places
from image.package.copyright import copyright_text, licence
from image.package.locked import BOARD, BUILD, REPOSITORY, requirements
from image.package.release import BUILD_DEPENDS, RELEASES, PackageError, here, release
from image.package.slimming import FILES, PACKAGES, slim

PI_OS = 'PRETTY_NAME="Debian GNU/Linux 13 (trixie)"\nVERSION_ID="13"\nVERSION_CODENAME=trixie\nID=debian\n'


class TestAMachine:
    def test_is_known_by_its_release_and_its_python(self) -> None:
        assert here(PI_OS, "arm64", "3.13") is RELEASES["trixie"]

    def test_of_32_bits_is_refused_and_told_what_to_install(self) -> None:
        with pytest.raises(PackageError, match=r"armhf.*64-bit Raspberry Pi OS"):
            here(PI_OS, "armhf", "3.13")

    def test_whose_python_is_not_debians_is_refused(self) -> None:
        with pytest.raises(PackageError, match=r"Python 3\.12; Debian trixie has 3\.13"):
            here(PI_OS, "arm64", "3.12")

    @pytest.mark.parametrize("told", ["", "VERSION_CODENAME=noble\n"])
    def test_of_another_system_is_refused(self, told: str) -> None:
        with pytest.raises(PackageError, match="Debian bookworm and trixie only"):
            here(told, "amd64", "3.12")


class TestAVersion:
    def test_is_older_than_the_release_after_it_and_younger_for_a_younger_debian(self) -> None:
        bookworm, trixie = (RELEASES[suite].version("0.1.0") for suite in ("bookworm", "trixie"))
        assert (bookworm, trixie) == ("0.1.0~deb12", "0.1.0~deb13")
        for older, younger in ((bookworm, trixie), (trixie, "0.1.0"), (trixie, RELEASES["bookworm"].version("0.1.1"))):
            assert subprocess.run(["dpkg", "--compare-versions", older, "lt", younger]).returncode == 0


class TestControl:
    def test_demands_the_python_its_environment_is_bound_to_and_no_other(self) -> None:
        depends = RELEASES["trixie"].depends
        assert {"python3 (>= 3.13~)", "python3 (<< 3.14~)", "libasound2t64"} <= set(depends)
        assert {"python3 (>= 3.11~)", "python3 (<< 3.12~)", "libasound2"} <= set(RELEASES["bookworm"].depends)

    def test_demands_what_the_program_calls_and_loads(self) -> None:
        names = {one.split()[0] for one in RELEASES["trixie"].depends}
        assert {"alsa-utils", "espeak-ng", "libportaudio2", "libsystemd0", "systemd", "ca-certificates"} <= names

    def test_says_that_the_wake_models_are_not_for_commercial_use(self) -> None:
        assert re.search(r"CC BY-NC-SA 4\.0: not for\n commercial use", control(release("trixie"), "arm64", "1", 1))

    def test_has_no_line_that_dpkg_would_take_for_another_field(self) -> None:
        told = control(release("trixie"), "arm64", "0.1.0", 1)
        assert told.endswith("\n")
        assert all(re.match(r"[A-Z][\w-]*: \S| \S", line) for line in told.splitlines())


class TestThePlaces:
    def test_have_each_a_file(self) -> None:
        assert {str(path.relative_to(REPOSITORY)) for path in places()} >= set(PLACES)

    def test_name_the_file_that_is_missing(self, tmp_path: Path) -> None:
        for source in PLACES:
            (tmp_path / source).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / source).write_text("")
        (tmp_path / "systemd/60-edge-agent.rules").unlink()
        with pytest.raises(PackageError, match=r"needs systemd/60-edge-agent\.rules"):
            places(tmp_path)

    def test_take_every_unit_there_is(self) -> None:
        units = {path.name for path in (REPOSITORY / "systemd").iterdir() if path.suffix in (".service", ".socket")}
        assert units <= {Path(place).name for place in places().values() if place.startswith(UNITS)}

    def test_give_the_change_log_the_same_bytes_each_time(self, tmp_path: Path) -> None:
        for one in ("a", "b"):
            lay(tmp_path / one)
        read = [(tmp_path / one / PLACES["CHANGELOG.md"]).read_bytes() for one in ("a", "b")]
        assert read[0] == read[1]

    def test_units_start_the_program_where_it_is_put(self) -> None:
        for source, place in places().items():
            if place.startswith(UNITS) and source.suffix == ".service":
                starts = re.findall(r"^ExecStart=(\S+)", source.read_text(encoding="utf-8"), re.MULTILINE)
                assert starts, source.name
                assert {Path(start).parent for start in starts} == {Path("/opt/edge-agent/bin")}, source.name


class TestTheFileForSettings:
    def test_sets_nothing_so_that_defaults_of_a_new_version_count(self) -> None:
        (source,) = (one for one, place in PLACES.items() if place == SETTINGS)
        text = (REPOSITORY / source).read_text(encoding="utf-8")
        assert tomllib.loads(text) == {}

    def test_is_none_of_dpkgs_or_an_upgrade_would_ask_who_edited_it(self) -> None:
        assert [place for place in places().values() if place.startswith("etc/")] == []


class TestTheName:
    def test_is_the_path_of_the_package_and_asking_makes_nothing(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert main(["--name", "--suite=trixie", "--arch=arm64", f"--out={tmp_path}/a"]) == 0
        assert capsys.readouterr().out == f"{tmp_path}/a/edge-agent_{upstream()}~deb13_arm64.deb\n"
        assert list(tmp_path.iterdir()) == []

    def test_is_absolute_for_apt_takes_a_bare_name_for_a_package_of_debians(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert main(["--name", "--suite=bookworm", "--arch=amd64", "--out=here"]) == 0
        assert capsys.readouterr().out.startswith(f"{Path.cwd()}/here/edge-agent_")


class TestWhatMakingItTakes:
    def test_is_told_as_words_for_apt(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["--needs"]) == 0
        assert tuple(capsys.readouterr().out.split()) == BUILD_DEPENDS

    def test_is_known_to_a_python_that_has_nothing_installed(self) -> None:
        """`make deb` asks before it installs."""
        command = [
            sys.executable,
            "-I",
            "-S",
            "-c",
            f"import sys; sys.path.insert(0, {str(REPOSITORY)!r}); import runpy; "
            "sys.argv = ['', '--needs']; runpy.run_module('image.package', run_name='__main__')",
        ]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
        assert "gcc" in done.stdout.split()


class TestTheScripts:
    @pytest.mark.parametrize("name", MAINTAINER_SCRIPTS)
    def test_are_plain_sh(self, name: str) -> None:
        text = (SCRIPTS / name).read_text(encoding="utf-8")
        assert text.startswith("#!/bin/sh\n")
        assert "\nset -e\n" in text
        assert subprocess.run(["sh", "-n", str(SCRIPTS / name)]).returncode == 0

    @pytest.mark.parametrize("name", MAINTAINER_SCRIPTS)
    def test_please_shellcheck(self, name: str) -> None:
        if not shutil.which("shellcheck"):
            pytest.skip("shellcheck is not here")
        done = subprocess.run(["shellcheck", str(SCRIPTS / name)], capture_output=True, text=True)
        assert done.returncode == 0, done.stdout

    @pytest.mark.parametrize("name", MAINTAINER_SCRIPTS)
    def test_never_ask(self, name: str) -> None:
        assert not re.search(r"\bread\b|debconf|db_", (SCRIPTS / name).read_text(encoding="utf-8"))

    def test_leave_the_key_to_the_person(self) -> None:
        text = (SCRIPTS / "postrm").read_text(encoding="utf-8")
        assert not re.search(r"rm .*credstore", text)
        assert "the provider's key is yours and stays" in text


class TestTheLock:
    def test_is_read_with_its_hashes_and_without_its_comments(self) -> None:
        export = "# by uv\na==1 ; python_full_version < '3.12' \\\n    --hash=sha256:1\n    # via b\n"
        export += "b==2 \\\n    --hash=sha256:2\n"
        assert [one.name for one in requirements(export)] == ["a", "b"]
        assert requirements(export)[0].text == "a==1 ; python_full_version < '3.12' \\\n    --hash=sha256:1"
        assert requirements("# nothing\n") == ()

    @pytest.mark.parametrize("path", [BOARD, BUILD])
    def test_and_what_stands_outside_it_names_version_and_hash(self, path: Path) -> None:
        found = requirements(path.read_text(encoding="utf-8"))
        assert found
        assert all(re.match(r"\S+==\S+ ", one.text) and "--hash=sha256:" in one.text for one in found)

    def test_has_all_that_is_made_from_source_or_left_out(self) -> None:
        lock = tomllib.loads((REPOSITORY / "uv.lock").read_text(encoding="utf-8"))
        names = {one["name"] for one in lock["package"]} | {one.name for one in requirements(BOARD.read_text())}
        assert set(FROM_SOURCE) | set(PACKAGES) <= names


@pytest.fixture(scope="module")
def site() -> Path:
    return Path(str(distribution("numpy").locate_file("")))


class TestWhatIsLeftOut:
    def test_is_none_of_the_networks_that_are_loaded(self, site: Path) -> None:
        loaded = {model.path for model in (*map(wake_head, WORDS), *wake_features(), speech_model())}
        gone = {path for pattern in FILES if "/" in pattern for path in site.glob(pattern)}
        assert gone
        assert not loaded & gone

    def test_is_no_package_that_the_program_imports(self) -> None:
        """With an import of any of them forbidden, each module of ours is imported and each network loaded."""
        modules = {"scikit-learn": "sklearn", "protobuf": "google"}
        names = [modules.get(name, name) for name in PACKAGES]
        code = f"""
import importlib, pkgutil, sys
class Forbid:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {names!r}:
            raise ImportError("left out of the package: " + name)
sys.meta_path.insert(0, Forbid())
import edge_agent
for one in pkgutil.walk_packages(edge_agent.__path__, "edge_agent."):
    if not one.name.endswith("__main__"):
        importlib.import_module(one.name)
import gpiozero, pocketsphinx, soxr, websockets
from edge_agent.hearing.models import session, speech_model, wake_head
session(speech_model()), session(wake_head("alexa"))
"""
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=REPOSITORY)
        assert done.returncode == 0, done.stderr[-2000:]

    def test_is_told_by_edge_agent_deps_as_left_out_on_purpose(self) -> None:
        demanded = {"scikit-learn", "scipy", "tqdm", "protobuf", "flatbuffers", "sounddevice", "setuptools"}
        assert demanded <= set(PACKAGES) & set(LEFT_OUT)

    def test_keeps_modules_networks_metadata_and_licences(self, tmp_path: Path) -> None:
        kept = ("numpy/__init__.py", "a-1.dist-info/METADATA", "a-1.dist-info/licenses/LICENSE")
        gone = ("numpy/tests/test_a.py", "numpy/__init__.pyi", "a-1.dist-info/RECORD", "bin/f2py")
        for name in (*kept, *gone):
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text("1234")
        assert slim(tmp_path) == 16
        assert {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()} == set(kept)


class TestTheCopyrightFile:
    def test_names_the_wake_models_licence_and_each_package_with_its_texts(self, tmp_path: Path) -> None:
        folder = tmp_path / "soxr-1.1.0.dist-info"
        (folder / "licenses").mkdir(parents=True)
        (folder / "licenses" / "LICENSE.txt").write_text("…")
        (folder / "METADATA").write_text("Name: soxr\nVersion: 1.1.0\nLicense-Expression: LGPL-2.1-or-later\n\nLong.")
        text = copyright_text(tmp_path)
        assert "Apache License, Version 2.0" in text
        assert "CC BY-NC-SA 4.0" in text
        assert "soxr 1.1.0\n" in text
        assert "licence: LGPL-2.1-or-later\n  texts: soxr-1.1.0.dist-info/licenses/LICENSE.txt\n" in text

    def test_states_a_licence_for_every_package_that_travels(self) -> None:
        travel = {package.name for package in installed("edge-agent")[0]} - set(PACKAGES)
        assert {"numpy", "soxr", "websockets"} <= travel
        told = {name: message_from_string(distribution(name).read_text("METADATA") or "") for name in travel}
        assert [name for name in travel if licence(told[name]).startswith("not stated")] == []


class TestTheArchive:
    @pytest.fixture
    def built(self, tmp_path: Path) -> tuple[Path, Path]:
        """The same tree twice, written at other times under another mask."""
        made = []
        for number, mask in enumerate((0o022, 0o077)):
            old = os.umask(mask)
            tree = tmp_path / f"tree{number}"
            for name in (SETTINGS, "opt/edge-agent/bin/edge-agent", "opt/edge-agent/lib/a.so"):
                (tree / name).parent.mkdir(parents=True, exist_ok=True)
                (tree / name).write_text("the same\n")
                os.utime(tree / name, (number, number))
            (tree / "usr/bin").mkdir(parents=True)
            (tree / "usr/bin/edge-agent").symlink_to("/opt/edge-agent/bin/edge-agent")
            made.append(archive(tree, tmp_path / f"out{number}", release("trixie"), "arm64", "0.1.0", 1_700_000_000))
            os.umask(old)
        return made[0], made[1]

    def test_has_the_same_bytes_each_time(self, built: tuple[Path, Path]) -> None:
        assert built[0].read_bytes() == built[1].read_bytes()

    def test_is_named_for_its_debian_and_its_machine(self, built: tuple[Path, Path]) -> None:
        assert built[0].name == "edge-agent_0.1.0~deb13_arm64.deb"

    def test_is_roots_and_only_programs_are_executable(self, built: tuple[Path, Path]) -> None:
        listed = subprocess.run(["dpkg-deb", "-c", str(built[0])], capture_output=True, text=True, check=True).stdout
        rows = [line.split() for line in listed.splitlines()]
        assert {row[1] for row in rows} == {"root/root"}
        modes = {row[5]: row[0] for row in rows}
        assert modes["./opt/edge-agent/bin/edge-agent"] == "-rwxr-xr-x"
        assert modes["./opt/edge-agent/lib/a.so"] == modes[f"./{SETTINGS}"] == "-rw-r--r--"
        assert modes["./opt/edge-agent/lib/"] == "drwxr-xr-x"
