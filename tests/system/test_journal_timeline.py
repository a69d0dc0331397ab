"""The journal tells the story of a run in sentences and figures, and nothing that was said."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from edge_agent.system.journal_timeline import SENTENCES, JournalTimeline
from edge_agent.timeline import Happening

Line = tuple[int, str, dict[str, Any]]


class Book(logging.Handler):
    """Keeps level, sentence and fields of each line."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[Line] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append((record.levelno, record.getMessage(), record.__dict__["edge"]))

    def said(self, level: int = logging.INFO) -> list[str]:
        return [sentence for number, sentence, _ in self.lines if number >= level]

    def figures(self, beginning: str) -> dict[str, Any]:
        (found,) = (values for _, sentence, values in self.lines if sentence.startswith(beginning))
        return found


@pytest.fixture
def log() -> logging.Logger:
    return logging.Logger("story", logging.DEBUG)


@pytest.fixture
def book(log: logging.Logger) -> Book:
    book = Book()
    log.addHandler(book)
    return book


@pytest.fixture
def story(log: logging.Logger, book: Book) -> JournalTimeline:
    return JournalTimeline(log)


def tell(story: JournalTimeline, *happenings: tuple[int, int, str, dict[str, Any]]) -> None:
    for t_ms, turn, kind, data in happenings:
        story(Happening(t_ms, turn, kind, data))


ANSWERED: tuple[tuple[int, int, str, dict[str, Any]], ...] = (
    (900, 0, "ready", {"session": "sess_1"}),
    (1000, 3, "wake", {"word": "hey_jarvis", "score": 0.973, "since_ms": 600}),
    (1000, 3, "listening", {"by": "wake", "since_ms": 600}),
    (1080, 3, "append", {"bytes": 960}),
    (1100, 3, "append", {"bytes": 960}),
    (3700, 3, "speech_ended", {"speech_ms": 1900, "last_ms": 3000}),
    (3710, 3, "commit", {"ms": 1900}),
    (3900, 3, "response", {}),
    (4100, 3, "playing", {}),
    (4200, 3, "first_sample", {}),
    (5000, 0, "echo", {"reduction_db": 31.5, "delay_ms": 42.0}),
    (8300, 3, "drained", {}),
    (8300, 3, "follow_up", {}),
)


class TestADecision:
    def test_is_a_sentence_with_its_figures(self, story: JournalTimeline, book: Book) -> None:
        tell(story, (1000, 3, "wake", {"word": "hey_jarvis", "score": 0.973, "since_ms": 600}))
        ((level, sentence, values),) = book.lines
        assert (level, sentence) == (logging.INFO, "wake word hey_jarvis (0.97)")
        assert (values["turn"], values["score"], values["since_ms"], values["event"]) == (3, 0.973, 600, "wake")

    def test_of_a_stop_word_names_it(self, story: JournalTimeline, book: Book) -> None:
        tell(story, (1000, 3, "stop_word", {"word": "never_mind", "score": 0.871}))
        ((level, sentence, values),) = book.lines
        assert (level, sentence) == (logging.INFO, "stop word never_mind (0.87)")
        assert (values["turn"], values["score"], values["event"]) == (3, 0.871, "stop_word")

    @pytest.mark.parametrize("kind", sorted(SENTENCES))
    def test_is_told_even_when_its_figures_are_missing(self, story: JournalTimeline, book: Book, kind: str) -> None:
        tell(story, (0, 1, kind, {}))
        assert story.untold == 0
        assert book.lines[0][1]
        assert "{" not in book.lines[0][1]

    def test_carries_the_state_and_the_session_it_was_made_in(self, story: JournalTimeline, book: Book) -> None:
        state = {"phase": "speaking", "link": "ready", "muted": False, "light": "speaking"}
        tell(story, (0, 0, "ready", {"session": "sess_1"}), (10, 4, "state", state), (20, 4, "barge_in", {}))
        values = book.figures("interrupted")
        assert (values["state"], values["session"], values["turn"]) == ("speaking", "sess_1", 4)

    def test_of_no_turn_names_none(self, story: JournalTimeline, book: Book) -> None:
        tell(story, (0, 0, "mute", {}))
        assert book.figures("muted")["turn"] is None

    def test_that_is_new_to_the_journal_is_a_debug_line(self, story: JournalTimeline, book: Book) -> None:
        tell(story, (0, 0, "brand_new", {"count": 2}))
        assert book.lines == [(logging.DEBUG, "brand new", book.lines[0][2])]
        assert book.lines[0][2]["count"] == 2

    def test_trouble_stands_out(self, story: JournalTimeline, book: Book) -> None:
        tell(
            story,
            (0, 0, "drop", {"reason": "no route to host"}),
            (10, 0, "sound_lost", {}),
            (20, 2, "error", {"code": "rate_limit_exceeded", "message": "Rate limit reached,\nslow down."}),
        )
        assert book.said(logging.WARNING) == [
            "the connection is lost: no route to host",
            "without sound: the light says so, the session is kept, the card is looked for",
            "the provider reports an error: rate_limit_exceeded: Rate limit reached, slow down.",
        ]

    @pytest.mark.parametrize(
        ("data", "said"),
        [
            ({"code": "unknown", "message": "unknown"}, ": unknown"),
            ({"code": "boom", "message": ""}, ": boom"),
            ({"code": "", "message": "it broke"}, ": it broke"),
            ({"code": "c", "message": "x" * 500}, ": c: " + "x" * 77 + "..."),
            ({"code": 7, "message": None}, ""),
        ],
    )
    def test_of_the_provider_to_fail_says_what_and_no_more_than_a_line(
        self, story: JournalTimeline, book: Book, data: dict[str, Any], said: str
    ) -> None:
        tell(story, (0, 1, "error", data))
        assert book.said() == [f"the provider reports an error{said}"]
        assert story.untold == 0

    @pytest.mark.parametrize(
        ("kind", "data", "said"),
        [
            ("commit", {"ms": 1900}, "sentence sent, 1900 ms"),
            ("truncate", {"item": "a1", "audio_end_ms": 1800}, "told the provider that 1800 ms were heard"),
            (
                "resume",
                {"items": 4, "audio_ms": 900},
                "the new session was told 4 items of the old one and 900 ms of speech",
            ),
        ],
    )
    def test_of_the_session_is_told_with_the_figures_it_notes(
        self, story: JournalTimeline, book: Book, kind: str, data: dict[str, Any], said: str
    ) -> None:
        tell(story, (0, 1, kind, data))
        assert book.said() == [said]

    def test_of_the_card_is_told_as_it_was_really_opened(self, story: JournalTimeline, book: Book) -> None:
        obtained = {
            "input_card": "Mic",
            "output_card": "DAC",
            "input_rate": 16_000,
            "rate": 48_000,
            "channels": 4,
            "bits": 32,
            "period": "10 ms",
            "buffer_ms": 60.0,
            "input_buffer_ms": 60.0,
            "latency_ms": 45.0,
            "clocks": 2,
        }
        tell(story, (0, 0, "card_open", obtained))
        assert book.lines[0][:2] == (
            logging.INFO,
            "sound: microphone Mic at 16000 Hz, 4 channels of 32 bits; loudspeaker DAC at 48000 Hz; "
            "period 10 ms, buffer 60.0 ms, 45.0 ms to the air; clocks: 2",
        )
        assert obtained.items() <= book.lines[0][2].items()

    def test_about_a_timer_is_told_without_its_label(self, story: JournalTimeline, book: Book) -> None:
        tell(
            story,
            (0, 0, "alarm_set", {"kind": "timer", "in_s": 180, "label": "a secret"}),
            (180_000, 0, "alarm", {"count": 1}),
            (185_000, 0, "alarm_stopped", {"by": "press", "count": 1}),
            (186_000, 0, "alarm_missed", {"kind": "alarm", "late_s": 3600}),
        )
        assert book.said() == [
            "timer set, due in 180 s",
            "the alarm rings",
            "the alarm is silent, because of press",
            "alarm missed: due 3600 s ago, it is not rung any more",
        ]
        assert book.lines[-1][0] == logging.WARNING

    def test_to_speak_by_itself_names_the_sentence(self, story: JournalTimeline, book: Book) -> None:
        tell(story, (0, 1, "waiting", {}), (1000, 1, "words", {"phrase": "moment"}))
        assert book.said()[-1] == "the device says by itself: moment"

    def test_of_the_card_that_is_gone_is_an_error_in_its_own_words(self, story: JournalTimeline, book: Book) -> None:
        tell(story, (0, 0, "card_gone", {"reason": "the card 'Mic' is busy: held by pulseaudio (471)"}))
        assert book.lines[0][:2] == (logging.ERROR, "the card 'Mic' is busy: held by pulseaudio (471)")

    def test_of_lost_sound_is_a_warning_with_its_figures(self, story: JournalTimeline, book: Book) -> None:
        late = {"median_ms": 0.5, "p99_ms": 7.0, "worst_ms": 83.1, "blocks": 4000}
        tell(story, (0, 0, "sound_gap", {"lost_ms": 60, "gaps": 1, "unheard_ms": 30, **late}))
        assert book.lines[0][:2] == (
            logging.WARNING,
            "lost 60 ms of sound, 1 gaps played, 30 ms came too fast to be heard; "
            "the audio thread was late by 0.5 ms (p99 7.0, worst 83.1)",
        )
        assert book.lines[0][2]["lost_ms"] == 60

    def test_of_the_audio_thread_is_told_with_its_quantiles(self, story: JournalTimeline, book: Book) -> None:
        late = {"median_ms": 0.5, "p99_ms": 3.0, "worst_ms": 8.2, "blocks": 60_000, "drift_ppm": -12.3}
        tell(story, (0, 0, "audio_thread", late))
        assert book.said() == [
            "the audio thread was late by 0.5 ms (p99 3.0, worst 8.2) in 60000 blocks; "
            "the loudspeaker's clock is -12.3 ppm fast"
        ]

    def test_a_providers_code_is_not_taken_for_ours(self, story: JournalTimeline, book: Book) -> None:
        tell(story, (0, 0, "error", {"code": "rate_limit"}), (0, 0, "sound_lost", {"code": "EA-101"}))
        first, second = (values for _, _, values in book.lines)
        assert (first.get("code"), first["provider_code"]) == (None, "rate_limit")
        assert second["code"] == "EA-101"

    def test_a_quiet_level_costs_only_the_turns_line(
        self, story: JournalTimeline, book: Book, log: logging.Logger
    ) -> None:
        log.setLevel(logging.INFO)
        tell(story, *ANSWERED)
        assert not any(level < logging.INFO for level, _, _ in book.lines)


class TestWhatWasSaid:
    @pytest.mark.parametrize(
        "name", ["text", "transcript", "arguments", "output", "instructions", "message", "anything"]
    )
    def test_is_never_told(self, story: JournalTimeline, book: Book, name: str) -> None:
        for kind in ("talk", "speech_ended", "response", "brand_new"):
            tell(story, (0, 1, kind, {name: "my pin is 4711"}))
        assert "4711" not in str(book.lines)
        assert len(book.lines) == 4

    @pytest.mark.parametrize("name", ["text", "transcript", "arguments", "output", "instructions", "anything"])
    def test_is_not_told_of_an_error_either(self, story: JournalTimeline, book: Book, name: str) -> None:
        tell(story, (0, 1, "error", {name: "my pin is 4711", "message": f"{'x' * 80} my pin is 4711"}))
        assert "4711" not in str(book.lines)

    def test_is_not_told_inside_a_list_either(self, story: JournalTimeline, book: Book) -> None:
        tell(story, (0, 1, "response", {"items": ["my pin is 4711"], "deep": {"word": "4711"}}))
        assert "4711" not in str(book.lines)


class TestTheLineOfATurn:
    def test_comes_once_when_the_floor_is_free(self, story: JournalTimeline, book: Book) -> None:
        tell(story, *ANSWERED, (14_300, 3, "idle", {}))
        assert [line for line in book.said() if line.startswith("turn over")] == [
            "turn over: first byte 80 ms after the wake word, answer 1200 ms after the sentence, "
            "4200 ms of it heard, echo reduced by 31.5 dB"
        ]

    def test_has_the_figures_as_fields(self, story: JournalTimeline, book: Book) -> None:
        tell(story, *ANSWERED)
        values = book.figures("turn over")
        assert values["turn"] == 3
        assert values["session"] == "sess_1"
        assert values["wake_to_byte_ms"] == 80
        assert values["speech_end_to_sample_ms"] == 1200
        assert values["heard_ms"] == 4200
        assert values["underruns"] == 0
        assert values["echo_reduction_db"] == 31.5
        assert "truncated_ms" not in values

    def test_of_an_interrupted_one_waits_for_its_last_figures(self, story: JournalTimeline, book: Book) -> None:
        tell(
            story,
            *ANSWERED[:-2],
            (6000, 3, "barge_in", {"since_ms": 5760}),
            (6000, 4, "listening", {"by": "barge_in", "since_ms": 5760}),
            (6030, 3, "flushed", {"heard": [["item_1", 1800, 2900]]}),
            (6050, 3, "silence", {}),
        )
        assert not any(line.startswith("turn over") for line in book.said())
        tell(story, (6600, 4, "append", {"bytes": 960}))
        values = book.figures("turn over")
        assert (values["turn"], values["heard_ms"], values["truncated_ms"]) == (3, 1800, 1100)
        assert values["interruption_to_silence_ms"] == 290

    def test_of_a_wake_without_a_word_says_so(self, story: JournalTimeline, book: Book) -> None:
        tell(story, (0, 1, "listening", {"by": "press"}), (6000, 1, "idle", {}))
        assert book.said()[-1] == "turn over: no answer"

    def test_counts_what_ran_dry(self, story: JournalTimeline, book: Book) -> None:
        tell(story, *ANSWERED[:-1], (8300, 3, "underrun", {"count": 2}), (8310, 3, "underrun", {}), ANSWERED[-1])
        assert book.figures("turn over")["underruns"] == 3


class TestAStoryThatCannotBeTold:
    def test_never_disturbs_the_daemon(self, story: JournalTimeline, book: Book) -> None:
        tell(story, (0, 1, "listening", {}), (10, 1, "flushed", {"heard": 7}), (20, 1, "underrun", {"count": "many"}))
        assert story.untold == 2
        tell(story, (30, 1, "mute", {}))
        assert book.said()[-1].startswith("muted")

    def test_append_is_never_told_one_by_one(self, story: JournalTimeline, book: Book) -> None:
        tell(story, *[(n, 1, "append", {"bytes": 960}) for n in range(0, 1000, 20)])
        assert book.lines == []
