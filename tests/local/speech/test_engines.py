"""Which ears and which voice: the rule, told with its reason."""

from __future__ import annotations

from dataclasses import fields
from importlib.util import find_spec
from pathlib import Path

import pytest

from edge_agent.config import Session
from edge_agent.local.speech import engines
from edge_agent.local.speech.engines import Engine, chosen_recogniser, chosen_voice, is_installed, weights
from edge_agent.local.speech.voice import SpeechError


def there_are(monkeypatch: pytest.MonkeyPatch, *names: str, memory_mb: float = 4000) -> None:
    monkeypatch.setattr(engines, "is_installed", lambda name: name in names)
    pages = {"SC_PAGESIZE": 1_000_000, "SC_PHYS_PAGES": round(memory_mb)}
    monkeypatch.setattr("edge_agent.local.speech.engines.os.sysconf", pages.__getitem__)


class TestAuto:
    def test_takes_the_better_engine_where_it_is_installed(self, monkeypatch: pytest.MonkeyPatch) -> None:
        there_are(monkeypatch, *engines.RECOGNISERS, *engines.VOICES)
        assert chosen_recogniser() == Engine("moonshine", "the better one")
        assert chosen_voice() == Engine("hibari", "the better one")

    def test_else_takes_the_small_one_and_says_how_to_get_the_better(self, monkeypatch: pytest.MonkeyPatch) -> None:
        there_are(monkeypatch, "pocketsphinx", "espeak-ng")
        assert str(chosen_recogniser()) == "pocketsphinx (moonshine is not installed; `make speech` installs it)"
        assert str(chosen_voice()) == "espeak-ng (hibari is not installed; `make speech` installs it)"

    def test_takes_the_small_one_on_a_small_board(self, monkeypatch: pytest.MonkeyPatch) -> None:
        there_are(monkeypatch, *engines.RECOGNISERS, *engines.VOICES, memory_mb=430)
        assert str(chosen_recogniser()) == "pocketsphinx (430 MB of memory are too little for moonshine)"
        assert chosen_voice().name == "espeak-ng"

    def test_speaks_with_the_better_voice_even_there_if_it_is_the_only_one(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        there_are(monkeypatch, "pocketsphinx", "hibari", memory_mb=430)
        assert chosen_voice().name == "hibari"

    def test_without_any_voice_says_what_to_install(self, monkeypatch: pytest.MonkeyPatch) -> None:
        there_are(monkeypatch, "pocketsphinx")
        with pytest.raises(SpeechError, match="install the Debian package espeak-ng"):
            chosen_voice()


class TestAName:
    def test_is_obeyed_even_on_a_small_board(self, monkeypatch: pytest.MonkeyPatch) -> None:
        there_are(monkeypatch, *engines.RECOGNISERS, memory_mb=430)
        assert chosen_recogniser("moonshine") == Engine("moonshine", "as configured")
        assert chosen_recogniser("pocketsphinx") == Engine("pocketsphinx", "as configured")

    def test_of_what_is_not_installed_is_never_replaced_in_silence(self, monkeypatch: pytest.MonkeyPatch) -> None:
        there_are(monkeypatch, "pocketsphinx", "espeak-ng")
        with pytest.raises(SpeechError, match="moonshine: not installed; `make speech` installs it"):
            chosen_recogniser("moonshine")

    def test_nobody_knows_is_told_with_the_ones_there_are(self) -> None:
        with pytest.raises(SpeechError, match="voice: found 'marin', expected auto, hibari, espeak-ng"):
            chosen_voice("marin")


class TestWhatIsInstalled:
    def test_always_has_the_small_ears(self) -> None:
        assert is_installed("pocketsphinx")

    def test_has_no_voice_without_its_program(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        monkeypatch.setenv("PATH", str(tmp_path))
        assert not is_installed("espeak-ng")

    def test_has_no_moonshine_without_its_weights(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        """Later releases of the package download them, at run time."""
        if find_spec("moonshine_voice") is not None:
            pytest.skip("the whole package is installed")
        (tmp_path / "moonshine_voice").mkdir()
        (tmp_path / "moonshine_voice" / "__init__.py").touch()
        monkeypatch.syspath_prepend(tmp_path)
        assert find_spec("moonshine_voice") is not None
        assert not is_installed("moonshine")

    @pytest.mark.parametrize("name", [*engines.RECOGNISERS, *engines.VOICES])
    def test_has_its_weights_where_it_says(self, name: str) -> None:
        if not is_installed(name):
            pytest.skip(f"{name} is not installed (make speech)")
        found = weights(name)
        assert found.path.exists()
        assert found.licence in ("MIT", "BSD-2-Clause", "Apache-2.0", "GPL-3.0-or-later")


class TestTheConfiguration:
    def test_knows_the_same_names(self) -> None:
        allowed = {key.name: key.metadata["choices"] for key in fields(Session) if "choices" in key.metadata}
        assert allowed["local_recogniser"] == (engines.AUTO, *engines.RECOGNISERS)
        assert allowed["local_voice"] == (engines.AUTO, *engines.VOICES)


class TestAnotherLanguage:
    def test_takes_the_engines_that_speak_it(self, monkeypatch: pytest.MonkeyPatch) -> None:
        there_are(monkeypatch, *engines.RECOGNISERS, *engines.VOICES)
        assert str(chosen_recogniser(language="de")) == "pocketsphinx (moonshine is English only)"
        assert str(chosen_voice(language="de")) == "espeak-ng (hibari is English only)"

    @pytest.mark.parametrize("name", engines.ENGLISH_ONLY)
    def test_is_never_given_to_one_that_does_not(self, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
        there_are(monkeypatch, *engines.RECOGNISERS, *engines.VOICES)
        choose = chosen_recogniser if name in engines.RECOGNISERS else chosen_voice
        with pytest.raises(SpeechError, match=f"found '{name}', which is English only; for 'de' choose auto or"):
            choose(name, "de")
