"""The packages that are really there: followed however far down, with the licence that each declares."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import Distribution, PackageNotFoundError, PathDistribution, requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from edge_agent.field.packages import LEFT_OUT, Absent, Package, installed, licence

Find = Callable[[str], Distribution]


@pytest.fixture
def site(tmp_path: Path) -> Find:
    """Finds what lies in a folder of its own."""

    def find(name: str) -> Distribution:
        folder = tmp_path / f"{name}.dist-info"
        if not folder.is_dir():
            raise PackageNotFoundError(name)
        return PathDistribution(folder)

    return find


def put(site: Path, name: str, *lines: str) -> Distribution:
    folder = site / f"{name}.dist-info"
    folder.mkdir()
    head = ["Metadata-Version: 2.4", f"Name: {name}", "Version: 1.0"]
    (folder / "METADATA").write_text("\n".join([*head, *lines]) + "\n")
    return PathDistribution(folder)


def names(packages: tuple[Package, ...]) -> list[str]:
    return [package.name for package in packages]


class TestWhatIsNeeded:
    def test_is_followed_however_far_down_and_each_told_once(self, tmp_path: Path, site: Find) -> None:
        put(tmp_path, "top", "Requires-Dist: b>=1", "Requires-Dist: a")
        put(tmp_path, "a", "Requires-Dist: c")
        put(tmp_path, "b", "Requires-Dist: c", "Requires-Dist: top")
        put(tmp_path, "c")
        put(tmp_path, "stranger")
        packages, absent = installed("top", site)
        assert names(packages) == ["a", "b", "c", "top"]
        assert absent == ()

    def test_is_not_what_only_other_machines_or_extras_need(self, tmp_path: Path, site: Find) -> None:
        never, test = "; sys_platform == 'never'", "; extra == 'test'"
        put(tmp_path, "top", f"Requires-Dist: elsewhere {never}", f"Requires-Dist: tester {test}")
        put(tmp_path, "tester")
        assert names(installed("top", site)[0]) == ["top"]
        assert installed("top", site)[1] == ()

    def test_is_what_an_extra_that_was_asked_for_needs(self, tmp_path: Path, site: Find) -> None:
        put(tmp_path, "top", "Requires-Dist: plain", "Requires-Dist: middle")
        put(tmp_path, "middle", "Requires-Dist: plain[fast]")
        put(tmp_path, "plain", "Requires-Dist: engine; extra == 'fast'")
        put(tmp_path, "engine")
        assert names(installed("top", site)[0]) == ["engine", "middle", "plain", "top"]

    def test_is_the_same_under_every_spelling(self, tmp_path: Path, site: Find) -> None:
        put(tmp_path, "top", "Requires-Dist: A_b", "Requires-Dist: a.B")
        put(tmp_path, "a-b")
        assert names(installed("top", site)[0]) == ["a-b", "top"]


class TestWhatIsNotThere:
    def test_is_told_with_who_needs_it_and_what_to_do(self, tmp_path: Path, site: Find) -> None:
        put(tmp_path, "top", "Requires-Dist: gone")
        assert installed("top", site)[1] == (Absent("gone", "top", "install the locked environment again"),)

    def test_on_purpose_has_its_reason(self, tmp_path: Path, site: Find) -> None:
        put(tmp_path, "top", "Requires-Dist: torch>=1.12")
        assert installed("top", site)[1] == (Absent("torch", "top", LEFT_OUT["torch"]),)

    def test_may_be_the_package_itself(self, site: Find) -> None:
        packages, (absent,) = installed("top", site)
        assert (packages, absent.name) == ((), "top")


class TestALicence:
    @pytest.mark.parametrize(
        ("lines", "told"),
        [
            (("License-Expression: MIT", "Classifier: License :: OSI Approved :: BSD License"), "MIT"),
            (("Classifier: License :: OSI Approved :: BSD License", "License: a long text"), "BSD License"),
            (("Classifier: License :: OSI Approved", "License: zlib"), "zlib"),
            (("Classifier: License :: Public Domain", "Classifier: License :: A :: B"), "Public Domain / B"),
            (("License: The licence", "        and its text"), "The licence"),
            (("License: ",), "unknown"),
            ((), "unknown"),
        ],
    )
    def test_is_the_expression_else_the_classifier_else_the_first_line(
        self, tmp_path: Path, lines: tuple[str, ...], told: str
    ) -> None:
        assert licence(put(tmp_path, "one", *lines)) == told


class TestThisInstallation:
    def test_has_all_that_edge_agent_needs_and_no_tool_of_its_developers(self) -> None:
        packages, absent = installed("edge-agent")
        demands = [Requirement(line) for line in requires("edge-agent") or ()]
        needed = {one.name.lower() for one in demands if one.marker is None or one.marker.evaluate({"extra": ""})}
        assert needed <= set(names(packages))
        assert not {"pytest", "mypy", "ruff", "hypothesis", "openai"} & set(names(packages))
        assert {one.name for one in absent} <= set(LEFT_OUT)
        assert all(package.version for package in packages)
        assert [package.name for package in packages if package.licence == "unknown"] == []
