"""The environments that the other tests here install on demand."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.clients.environment import environment


class TestWhatCannotBeInstalled:
    def test_skips_the_test_with_the_installers_reason_each_time(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
        for _ in range(2):
            with pytest.raises(pytest.skip.Exception, match=r"cannot be installed: .*missing-1\.0-py3-none-any\.whl"):
                environment("nothing", [str(tmp_path / "missing-1.0-py3-none-any.whl")])


class TestAnEnvironment:
    def test_is_made_once(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
        made = environment("empty", ["missing-package==1.0"], without=["missing-package"])
        (made / "mark").touch()
        assert (environment("empty", ["missing-package==1.0"], without=["missing-package"]) / "mark").exists()
        assert (made / "bin/python").exists()
