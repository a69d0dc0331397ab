"""`lab wake`: what a recording does to the appliance's wake word."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import pytest
import soxr

from edge_agent.audio.wav import WavError, write_wav
from edge_agent.field.lab_wake import Examined, examine, report
from edge_agent.hearing.models import WORDS, wake_head
from edge_agent.hearing.wake import ModelError
from tests.hearing.voices import SHARED, speech, spoken


@pytest.fixture
def jarvis(tmp_path: Path) -> Path:
    return spoken("hey jarvis", tmp_path)


def only(results: list[Examined]) -> Examined:
    (result,) = results
    return result


class TestADetection:
    def test_tells_file_model_score_and_time(self, jarvis: Path) -> None:
        (found,) = only(list(examine([jarvis]))).detections
        assert (found.file, found.model) == (str(jarvis), "hey_jarvis")
        assert found.score > 0.9
        assert 0.8 < found.time_s < 1.3  # the phrase ends 0.94 s into the file

    def test_has_the_highest_score_of_its_phrase_not_the_first(self, jarvis: Path) -> None:
        result = only(list(examine([jarvis], threshold=0.05)))
        assert [found.score for found in result.detections] == [
            peak.peak for peak in result.peaks if peak.model == "hey_jarvis"
        ]

    def test_does_not_depend_on_the_rate_of_the_file(self, tmp_path: Path) -> None:
        wide = soxr.resample(speech("hey jarvis", tmp_path), 16_000, 48_000)
        write_wav(tmp_path / "wide.wav", np.asarray(wide, np.float32), 48_000)
        assert len(only(list(examine([tmp_path / "wide.wav"], ["hey_jarvis"]))).detections) == 1

    def test_of_a_word_at_the_very_edges_of_a_file_counts(self, tmp_path: Path) -> None:
        phrase = speech("alexa", tmp_path)
        loud = np.flatnonzero(np.abs(phrase) > 0.02)
        write_wav(tmp_path / "tight.wav", phrase[loud[0] : loud[-1]], 16_000)
        assert len(only(list(examine([tmp_path / "tight.wav"], ["alexa"]))).detections) == 1

    def test_is_made_for_each_phrase_in_order(self, tmp_path: Path) -> None:
        pause = np.zeros(24_000, np.float32)
        parts = [speech("alexa", tmp_path), pause, speech("hey jarvis", tmp_path), pause, speech("alexa", tmp_path)]
        write_wav(tmp_path / "three.wav", np.concatenate(parts), 16_000)
        detections = only(list(examine([tmp_path / "three.wav"]))).detections
        assert [found.model for found in detections] == ["alexa", "hey_jarvis", "alexa"]


class TestThePeaks:
    def test_are_given_for_every_model_with_its_licence(self, jarvis: Path) -> None:
        peaks = only(list(examine([jarvis]))).peaks
        assert [peak.model for peak in peaks] == list(WORDS)
        assert {peak.licence for peak in peaks} == {"CC BY-NC-SA 4.0"}
        assert {peak.model: peak.threshold for peak in peaks}["alexa"] == 0.9

    def test_of_a_file_that_wakes_nothing_are_given_too(self, tmp_path: Path) -> None:
        write_wav(tmp_path / "silence.wav", np.zeros(8000, np.float32), 16_000)
        result = only(list(examine([tmp_path / "silence.wav"], ["alexa"])))
        assert result.detections == ()
        assert result.peaks[0].peak < 0.02

    def test_of_an_own_head_carry_its_file_name_and_its_licence(self, jarvis: Path, tmp_path: Path) -> None:
        own = tmp_path / "hello_shop.onnx"
        own.write_bytes(wake_head("hey_jarvis").path.read_bytes())
        own.with_name("hello_shop.onnx.license").write_text("SPDX-License-Identifier: LicenseRef-Our-Shop\n")
        result = only(list(examine([jarvis], [str(own)])))
        assert (result.peaks[0].model, result.peaks[0].licence) == ("hello_shop", "LicenseRef-Our-Shop")
        assert result.detections[0].model == "hello_shop"


class TestTheReport:
    def test_as_json_is_an_object_a_line(self, jarvis: Path) -> None:
        out = io.StringIO()
        report(examine([jarvis], ["alexa", "hey_jarvis"]), out, as_json=True)
        detection, *peaks = [json.loads(line) for line in out.getvalue().splitlines()]
        assert list(detection) == ["file", "model", "score", "time_s"]
        assert [list(peak) for peak in peaks] == [["file", "model", "peak", "threshold", "licence"]] * 2

    def test_for_a_person_shows_what_woke_when_and_the_licence(self, jarvis: Path) -> None:
        out = io.StringIO()
        report(examine([jarvis], ["alexa", "hey_jarvis"]), out, as_json=False)
        assert "hey_jarvis       score 0.9" in out.getvalue()
        assert "peaks: alexa 0.0" in out.getvalue()
        assert "hey_jarvis: threshold 0.55, licence CC BY-NC-SA 4.0" in out.getvalue()

    def test_for_a_person_says_when_nothing_woke_it(self, jarvis: Path) -> None:
        out = io.StringIO()
        report(examine([jarvis], ["alexa"]), out, as_json=False)
        assert "nothing woke it" in out.getvalue()


class TestBadInput:
    def test_a_missing_model_is_told_before_any_file_is_read(self) -> None:
        with pytest.raises(ModelError, match="computer"):
            list(examine(["/nowhere.wav"], ["computer"]))

    def test_a_missing_file_is_named(self) -> None:
        with pytest.raises(WavError, match=r"/nowhere\.wav"):
            list(examine(["/nowhere.wav"], ["alexa"]))


class TestTheSharedRecordings:
    def test_wake_each_word_and_nothing_else(self) -> None:
        if not SHARED.is_dir():
            pytest.skip("the recordings for development are not part of the product")
        files = sorted((SHARED / "wake" / "positives").glob("tts_*_alexa.wav"))
        files += sorted((SHARED / "wake" / "negatives").glob("o*.wav"))
        for result in examine(files):
            expected = [word for word in WORDS if Path(result.file).stem.endswith(word)]
            assert [found.model for found in result.detections] == expected
