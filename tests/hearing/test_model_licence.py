"""What a model of one's own may be used for: told by its metadata, else by the file beside it, else by nobody."""

from __future__ import annotations

from pathlib import Path

import onnxruntime
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.hearing.model_licence import LONGEST, licence_of
from edge_agent.hearing.models import wake_head


def field(number: int, content: bytes) -> bytes:
    """A field with a length, as protobuf writes it."""
    return varint(number << 3 | 2) + varint(len(content)) + content


def varint(value: int) -> bytes:
    low, rest = value & 0x7F, value >> 7
    return bytes([low | 0x80]) + varint(rest) if rest else bytes([low])


def metadata(key: str, value: str) -> bytes:
    return field(14, field(1, key.encode()) + field(2, value.encode()))


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """A head of one's own, which says nothing of a licence."""
    path = tmp_path / "yours.onnx"
    path.write_bytes(wake_head("alexa").path.read_bytes())
    return path


def beside(path: Path, text: str) -> None:
    path.with_name(f"{path.name}.license").write_text(text, encoding="utf-8")


def with_metadata(path: Path, *pairs: tuple[str, str]) -> None:
    path.write_bytes(path.read_bytes() + b"".join(metadata(key, value) for key, value in pairs))


class TestTheMetadata:
    @pytest.mark.parametrize("key", ["license", "licence", "License", "LICENCE"])
    def test_is_read_under_every_spelling(self, own: Path, key: str) -> None:
        with_metadata(own, ("author", "me"), (key, "CC-BY-4.0"))
        assert licence_of(own) == "CC-BY-4.0"

    def test_is_what_onnx_runtime_reads_too(self, own: Path) -> None:
        with_metadata(own, ("license", "CC-BY-4.0"))
        read = onnxruntime.InferenceSession(str(own), providers=["CPUExecutionProvider"]).get_modelmeta()
        assert read.custom_metadata_map == {"license": licence_of(own)}

    def test_goes_before_the_file_beside(self, own: Path) -> None:
        with_metadata(own, ("license", "MIT"))
        beside(own, "SPDX-License-Identifier: Apache-2.0\n")
        assert licence_of(own) == "MIT"

    def test_that_is_empty_counts_as_none(self, own: Path) -> None:
        with_metadata(own, ("license", " "))
        beside(own, "SPDX-License-Identifier: Apache-2.0\n")
        assert licence_of(own) == "Apache-2.0"

    def test_that_is_a_whole_text_is_told_in_one_short_line_that_no_terminal_obeys(self, own: Path) -> None:
        with_metadata(own, ("license", "The\n\x1b[2J licence " + "x" * 500))
        told = licence_of(own)
        assert told.startswith("The [2J licence xx")
        assert len(told) == LONGEST


class TestTheFileBeside:
    @pytest.mark.parametrize(
        ("text", "told"),
        [
            ("SPDX-FileCopyrightText: 2026 me\n\nSPDX-License-Identifier: CC-BY-SA-4.0\n", "CC-BY-SA-4.0"),
            ("# SPDX-License-Identifier:MIT OR Apache-2.0\r\n", "MIT OR Apache-2.0"),
            ("\n  Ours; for our shops only.\nmore\n", "Ours; for our shops only."),
        ],
    )
    def test_says_it_in_an_spdx_line_or_in_its_first(self, own: Path, text: str, told: str) -> None:
        beside(own, text)
        assert licence_of(own) == told

    @pytest.mark.parametrize("text", ["", "\n \n"])
    def test_that_is_empty_says_nothing(self, own: Path, text: str) -> None:
        beside(own, text)
        assert licence_of(own).startswith("unknown (ask who trained it; put an SPDX line into yours.onnx.license)")

    def test_that_is_a_folder_says_nothing(self, own: Path) -> None:
        own.with_name("yours.onnx.license").mkdir()
        assert licence_of(own).startswith("unknown")


class TestAFileThatIsNoModel:
    @given(st.binary(max_size=200))
    def test_does_no_harm(self, tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
        path = tmp_path_factory.getbasetemp() / "none.onnx"
        path.write_bytes(content)
        assert licence_of(path)

    def test_that_was_cut_off_anywhere_says_nothing(self, tmp_path: Path) -> None:
        path, whole = tmp_path / "cut.onnx", field(7, b"x" * 60) + metadata("license", "MIT")
        for length in range(len(whole)):
            path.write_bytes(whole[:length])
            assert licence_of(path).startswith("unknown")
        path.write_bytes(whole)
        assert licence_of(path) == "MIT"

    def test_that_is_not_there_says_nothing(self, tmp_path: Path) -> None:
        assert licence_of(tmp_path / "gone.onnx").startswith("unknown")
