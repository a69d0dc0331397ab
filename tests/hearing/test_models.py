"""The models: found in their wheels without importing them, loaded for one thread, and named with their licence."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from edge_agent.hearing import models
from edge_agent.hearing.models import Model, session, speech_model, wake_features, wake_head
from edge_agent.hearing.wake import ModelError


class TestABundledModel:
    @pytest.mark.parametrize("word", models.WORDS)
    def test_is_found_under_its_name_with_its_licence(self, word: str) -> None:
        head = wake_head(word)
        assert head.name == word
        assert head.path.is_file()
        assert head.licence == "CC BY-NC-SA 4.0"

    def test_names_the_package_and_version_it_comes_from(self) -> None:
        assert wake_head("alexa").source == f"openwakeword {version('openwakeword')}"
        assert speech_model().source == f"silero_vad {version('silero-vad')}"
        assert not wake_head("alexa").own

    def test_comes_with_the_networks_it_shares(self) -> None:
        assert [model.licence for model in wake_features()] == ["Apache-2.0", "Apache-2.0"]

    def test_for_speech_is_free_to_use(self) -> None:
        assert speech_model().licence == "MIT"

    def test_is_found_and_run_without_importing_the_package_around_it(self) -> None:
        program = (
            "import sys; from edge_agent.hearing.models import *; "
            "[session(m) for m in (wake_head('alexa'), *wake_features(), speech_model())]; "
            "sys.exit(bool({'openwakeword', 'silero_vad', 'scipy', 'sklearn', 'torch'} & set(sys.modules)))"
        )
        assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


class TestAHeadOfYourOwn:
    def test_is_taken_by_its_path_and_named_after_its_file(self, tmp_path: Path) -> None:
        path = tmp_path / "hello_shop.onnx"
        path.write_bytes(wake_head("alexa").path.read_bytes())
        path.with_name("hello_shop.onnx.license").write_text("SPDX-License-Identifier: MIT\n")
        assert wake_head(str(path)) == Model("hello_shop", path, "MIT", str(path))
        assert wake_head(str(path)).own

    def test_of_which_nobody_knows_the_licence_says_what_to_do(self, tmp_path: Path) -> None:
        path = tmp_path / "hello_shop.onnx"
        path.write_bytes(wake_head("alexa").path.read_bytes())
        expected = "unknown (ask who trained it; put an SPDX line into hello_shop.onnx.license)"
        assert wake_head(str(path)).licence == expected


class TestAMissingModel:
    def test_tells_which_words_there_are(self) -> None:
        with pytest.raises(ModelError, match=r"computer.*alexa, hey_jarvis, hey_mycroft, hey_rhasspy.*\[wake\]"):
            wake_head("computer")

    def test_tells_the_path_that_is_not_there(self) -> None:
        with pytest.raises(ModelError, match=r"/nowhere/mine\.onnx: no such file"):
            wake_head("/nowhere/mine.onnx")

    def test_of_the_wrong_kind_is_told_from_a_missing_one(self) -> None:
        with pytest.raises(ModelError, match=r"TFLite.*export"):
            wake_head("/somewhere/mine.tflite")


class TestABrokenModel:
    def test_names_the_file_and_what_to_do(self, tmp_path: Path) -> None:
        path = tmp_path / "broken.onnx"
        path.write_bytes(b"not a network")
        with pytest.raises(ModelError, match=r"broken\.onnx: not a model.*export it again"):
            session(wake_head(str(path)))


class TestASession:
    def test_uses_one_thread_that_never_spins(self) -> None:
        options = session(wake_head("alexa")).get_session_options()
        assert (options.intra_op_num_threads, options.inter_op_num_threads) == (1, 1)
        assert options.get_session_config_entry("session.intra_op.allow_spinning") == "0"
