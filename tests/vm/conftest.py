"""What the guest's tests share: one stage for the whole run, and a guest of their own for each."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from image.debian_root import RootError
from tests.vm import stage as stages
from tests.vm.guest import Guest
from tests.vm.stage import SLOW, Stage


@pytest.fixture(scope="session")
def stage() -> Iterator[Stage]:
    """Skips where no guest can run."""
    if reason := stages.missing():
        pytest.skip(reason)
    deb = stages.package()
    assert deb is not None
    try:
        made = Stage(deb)
    except RootError as error:
        pytest.skip(f"Debian cannot be had: {error}")
    try:
        yield made
        for name, cost in made.times.items():
            print(f"\nvm: {name}: {cost}")
    finally:
        made.close()


@pytest.fixture
def guest(stage: Stage) -> Iterator[Guest]:
    """The package installed, its service READY; time runs as it does outside, so sound may be lost."""
    with stage.guest(stage.installed()) as running:
        yield running


@pytest.fixture
def slow_guest(stage: Stage) -> Iterator[Guest]:
    """As `guest`, with time for its sound."""
    with stage.guest(stage.installed(), slow=SLOW) as running:
        yield running
