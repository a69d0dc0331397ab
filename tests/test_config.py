"""Configuration: declared once, read from files in a fixed order, judged as a whole, shown as it can be read again."""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any, get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_agent.config import MAIN_FILE, ConfigError, Loaded, Settings, declared
from edge_agent.config_file import from_dict, load
from edge_agent.config_text import reference, show


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def problems(path: Path) -> list[str]:
    """The lines of the error that this file must raise."""
    with pytest.raises(ConfigError) as caught:
        load(path, env={})
    return str(caught.value).splitlines()


def problem(tmp_path: Path, text: str) -> str:
    """The only thing wrong with this text, without the file's name."""
    path = write(tmp_path / "edge-agent.toml", text)
    (line,) = problems(path)
    assert line.startswith(f"{path}: ")
    return line.removeprefix(f"{path}: ")


class TestTheDeclarations:
    def test_every_default_is_itself_allowed(self) -> None:
        defaults: dict[str, dict[str, Any]] = {}
        for section, f in declared():
            defaults.setdefault(section, {})[f.name] = getattr(getattr(Settings(), section), f.name)
        assert from_dict(defaults, "defaults") == Settings()

    def test_every_key_says_what_it_means(self) -> None:
        assert all(f.metadata["doc"] for _, f in declared())

    def test_every_number_has_both_bounds(self) -> None:
        for section, f in declared():
            wanted = get_type_hints(type(getattr(Settings(), section)))[f.name]
            if wanted in (int, float):
                assert f.metadata["lo"] is not None, f.name
                assert f.metadata["hi"] is not None, f.name

    def test_no_key_holds_a_secret(self) -> None:
        assert not [f.name for _, f in declared() if "api_key" in f.name or "password" in f.name]


class TestWhereTheFileIs:
    def test_a_named_file_is_read(self, tmp_path: Path) -> None:
        path = write(tmp_path / "a.toml", "[audio]\nvolume = 55\n")
        assert load(path, env={}).settings.audio.volume == 55

    def test_the_environment_names_it_too(self, tmp_path: Path) -> None:
        path = write(tmp_path / "a.toml", "[audio]\nvolume = 55\n")
        assert load(None, env={"EDGE_AGENT_CONFIG": str(path)}).settings.audio.volume == 55

    def test_the_command_line_goes_before_the_environment(self, tmp_path: Path) -> None:
        here = write(tmp_path / "a.toml", "[audio]\nvolume = 1\n")
        there = write(tmp_path / "b.toml", "[audio]\nvolume = 2\n")
        assert load(here, env={"EDGE_AGENT_CONFIG": str(there)}).settings.audio.volume == 1

    def test_without_any_file_the_defaults_hold(self) -> None:
        if MAIN_FILE.parent.exists():
            pytest.skip(f"{MAIN_FILE.parent} exists on this machine")
        loaded = load(None, env={"EDGE_AGENT_CONFIG": ""})
        assert loaded.settings == Settings()
        assert loaded.files == ()
        assert set(loaded.origins.values()) == {"default"}

    def test_a_named_file_that_is_missing_is_an_error(self, tmp_path: Path) -> None:
        (line,) = problems(tmp_path / "none.toml")
        assert line == f"{tmp_path}/none.toml: file: found no such file or directory, expected a readable TOML file"


class TestPrecedence:
    def test_drop_ins_win_over_the_file_in_name_order(self, tmp_path: Path) -> None:
        path = write(tmp_path / "edge-agent.toml", "[audio]\nvolume = 1\nrate = 16000\n[wake]\npatience = 2\n")
        write(tmp_path / "conf.d/90-last.toml", "[audio]\nvolume = 3\n")
        write(tmp_path / "conf.d/10-first.toml", "[audio]\nvolume = 2\nbuffer_ms = 80\n")
        settings = load(path, env={}).settings
        assert (settings.audio.volume, settings.audio.buffer_ms, settings.audio.rate) == (3, 80, 16_000)
        assert settings.wake.patience == 2

    def test_every_key_remembers_who_set_it(self, tmp_path: Path) -> None:
        path = write(tmp_path / "edge-agent.toml", "[audio]\nvolume = 1\nrate = 16000\n")
        drop = write(tmp_path / "conf.d/10.toml", "[audio]\nvolume = 2\n")
        loaded = load(path, env={})
        assert loaded.origins["audio.volume"] == str(drop)
        assert loaded.origins["audio.rate"] == str(path)
        assert loaded.origins["audio.channels"] == "default"
        assert loaded.files == (path, drop)

    def test_what_is_not_toml_by_name_is_left_alone(self, tmp_path: Path) -> None:
        path = write(tmp_path / "edge-agent.toml", "")
        write(tmp_path / "conf.d/10.toml.bak", "[audio]\nvolume = 2\n")
        write(tmp_path / "conf.d/.10.toml", "[audio]\nvolume = 2\n")
        write(tmp_path / "conf.d/README", "not TOML at all")
        assert load(path, env={}).settings == Settings()


class TestWhatIsWrongIsToldAtOnce:
    def test_every_problem_of_every_file_is_a_line(self, tmp_path: Path) -> None:
        path = write(tmp_path / "edge-agent.toml", "[audio]\nvolume = 101\nearcons = 1\n[turn]\ndetection = 'loud'\n")
        drop = write(tmp_path / "conf.d/10.toml", "[audio\n")
        assert problems(path) == [
            f"{path}: audio.volume: found 101, expected a whole number from 0 to 100",
            f"{path}: audio.earcons: found 1, expected true or false",
            f'{path}: turn.detection: found "loud", expected one of local, server_vad, semantic_vad',
            f'{drop}: line 1: found "[audio", expected TOML '
            "(Expected ']' at the end of a table declaration, column 7)",
        ]

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("[audio]\nvolume = true", "audio.volume: found true, expected a whole number from 0 to 100"),
            ("[audio]\nvolume = 70.0", "audio.volume: found 70.0, expected a whole number from 0 to 100"),
            ("[audio]\nvolume = '70'", 'audio.volume: found "70", expected a whole number from 0 to 100'),
            ("[audio]\nvolume = -1", "audio.volume: found -1, expected a whole number from 0 to 100"),
            ("[wake]\nthreshold = nan", "wake.threshold: found nan, expected a number from 0.05 to 0.99, or 0"),
            ("[wake]\nthreshold = inf", "wake.threshold: found inf, expected a number from 0.05 to 0.99, or 0"),
            ("[wake]\nthreshold = true", "wake.threshold: found true, expected a number from 0.05 to 0.99, or 0"),
            ("[session]\nmodel = 5", 'session.model: found 5, expected text in "quotes"'),
            ("[session]\nmodel = 2026-11-21", 'session.model: found 2026-11-21, expected text in "quotes"'),
            ("[wake]\nwords = 'alexa'", 'wake.words: found "alexa", expected a list of texts, as ["one", "two"]'),
            ("[wake]\nwords = ['a', 1]", 'wake.words: found ["a", 1], expected a list of texts, as ["one", "two"]'),
            ("[wake]\nwords = ['']", 'wake.words: found [""], expected a list of texts, as ["one", "two"]'),
            (
                "[echo]\ndevice = 'x'",
                'echo.device: found "x", expected a key of [echo]: engine, max_delay_ms, tail_ms',
            ),
            ("audio = 3", "audio: found 3, expected a table: [audio] and its keys below"),
            ("[[audio]]\nvolume = 3", "audio: found [{volume = 3}], expected a table: [audio] and its keys below"),
        ],
    )
    def test_a_value_is_quoted_beside_what_is_allowed(self, tmp_path: Path, text: str, said: str) -> None:
        assert problem(tmp_path, text) == said

    @pytest.mark.parametrize(
        "url",
        [
            "nonsense",
            "https://example.org/v1/realtime",
            "ws://",
            "wss:///v1",
            "ws://:80",
            "ws://a:70000",
            "ws://[x",
            "ws://a b",
        ],
    )
    def test_an_address_that_is_none_of_a_websocket_is_refused(self, tmp_path: Path, url: str) -> None:
        said = problem(tmp_path, f"[session]\nurl = '{url}'")
        expected = "an address that begins with ws:// or wss:// and names a host, or nothing"
        assert said == f'session.url: found "{url}", expected {expected}'

    def test_an_address_with_a_password_is_not_quoted(self, tmp_path: Path) -> None:
        assert "hush" not in problem(tmp_path, "[session]\nurl = 'http://me:hush@example.org'")

    def test_a_rate_of_half_samples_is_refused(self, tmp_path: Path) -> None:
        said = problem(tmp_path, "[audio]\nrate = 22050")
        assert said.endswith("expected a whole number from 16000 to 48000, a multiple of 100")

    def test_a_whole_number_is_a_number(self, tmp_path: Path) -> None:
        loaded = load(write(tmp_path / "a.toml", "[turn]\nfollow_up_s = 8\n"), env={})
        assert loaded.settings.turn.follow_up_s == 8.0
        assert isinstance(loaded.settings.turn.follow_up_s, float)

    def test_a_number_too_large_for_a_float_is_only_wrong(self, tmp_path: Path) -> None:
        assert "expected a number from 0 to 60" in problem(tmp_path, f"[turn]\nfollow_up_s = {'9' * 400}")

    def test_a_misspelt_key_is_told_the_nearest(self, tmp_path: Path) -> None:
        said = problem(tmp_path, "[wake]\ntreshold = 0.6")
        assert said == "wake.treshold: found 0.6, expected a key of [wake]; the nearest is threshold"

    def test_a_key_in_the_wrong_section_is_told_the_right_one(self, tmp_path: Path) -> None:
        said = problem(tmp_path, "[board]\nvolume = 60")
        assert said == "board.volume: found 60, expected a key of [board]; [audio] volume is the one of that name"

    def test_a_key_above_all_sections_is_told_where_it_belongs(self, tmp_path: Path) -> None:
        assert problem(tmp_path, "volume = 60") == "volume: found 60, expected it below [audio]"

    def test_a_key_like_no_other_is_told_them_all(self, tmp_path: Path) -> None:
        said = problem(tmp_path, "[system]\nqqq = 1")
        assert said == "system.qqq: found 1, expected a key of [system]: language, log_level"

    def test_a_misspelt_section_is_told_the_nearest(self, tmp_path: Path) -> None:
        said = problem(tmp_path, "[sesion]\nmodel = 'x'")
        assert said == 'sesion: found {model = "x"}, expected a section; the nearest is [session]'

    def test_an_unfinished_text_is_placed(self, tmp_path: Path) -> None:
        said = problem(tmp_path, "[session]\nmodel = \"gpt\nvoice = 'x'\n")
        assert said.startswith('line 2: found "model = \\"gpt", expected TOML (')

    def test_an_end_too_early_is_placed(self, tmp_path: Path) -> None:
        assert problem(tmp_path, "[wake]\nwords = [").startswith('line 2: found "words = [", expected TOML (')

    def test_a_long_value_is_cut(self, tmp_path: Path) -> None:
        said = problem(tmp_path, f"[system]\nlog_level = '{'x' * 500}'")
        assert len(said) < 200
        assert "…, expected one of debug" in said

    def test_bytes_that_are_not_text_are_placed(self, tmp_path: Path) -> None:
        path = tmp_path / "edge-agent.toml"
        path.write_bytes(b"[audio]\n\xff")
        assert problems(path) == [f"{path}: file: found a byte at 8 that is not UTF-8, expected TOML text"]

    def test_a_mark_at_the_beginning_is_no_part_of_the_text(self, tmp_path: Path) -> None:
        path = tmp_path / "edge-agent.toml"
        path.write_bytes(b"\xef\xbb\xbf[audio]\nvolume = 55\n")
        assert load(path, env={}).settings.audio.volume == 55

    def test_what_may_have_no_end_is_not_read(self, tmp_path: Path) -> None:
        os.mkfifo(tmp_path / "pipe.toml")
        for path in (tmp_path / "pipe.toml", Path("/dev/zero")):
            assert problems(path) == [f"{path}: file: found a pipe or a device, expected a readable TOML file"]

    def test_a_directory_is_no_file(self, tmp_path: Path) -> None:
        assert problems(tmp_path) == [f"{tmp_path}: file: found is a directory, expected a readable TOML file"]

    def test_a_file_for_another_user_says_so(self, tmp_path: Path) -> None:
        path = write(tmp_path / "edge-agent.toml", "")
        path.chmod(0)
        if os.access(path, os.R_OK):
            pytest.skip("this user reads everything")
        assert problems(path) == [f"{path}: file: found permission denied, expected a readable TOML file"]

    def test_conf_d_must_be_a_directory(self, tmp_path: Path) -> None:
        path = write(tmp_path / "edge-agent.toml", "")
        write(tmp_path / "conf.d", "")
        (line,) = problems(path)
        assert line.endswith("conf.d: directory: found not a directory, expected a readable directory of *.toml files")


class TestATableOfNumbers:
    def test_may_be_written_in_a_line_or_as_a_section_of_its_own(self, tmp_path: Path) -> None:
        line = "[wake]\nthresholds = { hey_jarvis = 0.6, '/path/own.onnx' = 0.4 }\n"
        section = "[wake.thresholds]\nhey_jarvis = 0.6\n'/path/own.onnx' = 0.4\n"
        for text in (line, section):
            settings = load(write(tmp_path / "a.toml", text), env={}).settings
            assert settings.wake.thresholds == {"hey_jarvis": 0.6, "/path/own.onnx": 0.4}

    def test_is_empty_by_default_and_nobody_elses(self) -> None:
        assert Settings().wake.thresholds == {}
        assert Settings().wake.thresholds is not Settings().wake.thresholds

    def test_is_judged_entry_by_entry(self, tmp_path: Path) -> None:
        text = "[wake.thresholds]\nalexa = 2\n'/path/own.onnx' = true\nhey_jarvis = nan\nfine = 0.5\nx = {y = 1}\n"
        path = write(tmp_path / "a.toml", text)
        assert problems(path) == [
            f"{path}: wake.thresholds.alexa: found 2, expected a number from 0.05 to 0.99",
            f'{path}: wake.thresholds."/path/own.onnx": found true, expected a number from 0.05 to 0.99',
            f"{path}: wake.thresholds.hey_jarvis: found nan, expected a number from 0.05 to 0.99",
            f"{path}: wake.thresholds.x: found {{y = 1}}, expected a number from 0.05 to 0.99",
        ]

    @pytest.mark.parametrize("found", ["0.5", "[0.5]", '"alexa"'])
    def test_that_is_none_is_told_what_one_looks_like(self, tmp_path: Path, found: str) -> None:
        said = problem(tmp_path, f"[wake]\nthresholds = {found}")
        expected = "a table of numbers from 0.05 to 0.99, as {one = 0.6}"
        assert said == f"wake.thresholds: found {found}, expected {expected}"

    def test_never_quotes_a_secret_that_strayed_into_it(self, tmp_path: Path) -> None:
        assert "hush" not in problem(tmp_path, "[wake.thresholds]\napi_key = 'hush'")
        assert "hush" not in problem(tmp_path, "[wake.thresholds]\n'sk-hush-hush-0123' = 7")

    def test_of_a_drop_in_goes_over_the_files_entry_by_entry(self, tmp_path: Path) -> None:
        path = write(tmp_path / "edge-agent.toml", "[wake.thresholds]\nalexa = 0.3\nhey_jarvis = 0.4\n")
        drop = write(tmp_path / "conf.d/10.toml", "[wake.thresholds]\nhey_jarvis = 0.7\nhey_mycroft = 0.8\n")
        loaded = load(path, env={})
        assert loaded.settings.wake.thresholds == {"alexa": 0.3, "hey_jarvis": 0.7, "hey_mycroft": 0.8}
        assert loaded.origins["wake.thresholds.alexa"] == str(path)
        assert loaded.origins["wake.thresholds.hey_jarvis"] == str(drop)
        assert f"# from {path}, {drop}\nthresholds = " in show(loaded, origin=True)

    def test_leaves_the_base_as_it_was(self) -> None:
        base = from_dict({"wake": {"thresholds": {"alexa": 0.3}}}, "base")
        assert from_dict({"wake": {"thresholds": {"hey_jarvis": 0.4}}}, "story.toml", base) != base
        assert base.wake.thresholds == {"alexa": 0.3}

    def test_beside_a_list_which_a_drop_in_replaces_as_a_whole(self, tmp_path: Path) -> None:
        path = write(tmp_path / "edge-agent.toml", "[wake]\nstop_words = ['alexa']\n")
        write(tmp_path / "conf.d/10.toml", "[wake]\nstop_words = ['hey_mycroft']\n")
        assert load(path, env={}).settings.wake.stop_words == ["hey_mycroft"]


class TestASecretThatStrayedIn:
    @pytest.mark.parametrize(
        "text",
        [
            "openai_api_key = 'hush-hush'",
            "[session]\napi_key = 'hush-hush'",
            "[session]\nurl_token = 'hush-hush'",
            "[session]\npassword = 'hush-hush",
            "[sekret]\nthing = 'sk-hush-hush-0123456789'",
            "[system]\nlog_level = 'sk-hush-hush-0123456789'",
        ],
    )
    def test_is_refused_and_never_quoted(self, tmp_path: Path, text: str) -> None:
        said = problem(tmp_path, text)
        assert "hush" not in said
        assert "not shown" in said

    def test_is_told_where_it_belongs(self, tmp_path: Path) -> None:
        said = problem(tmp_path, "[session]\nopenai_api_key = 'x'")
        assert "systemd credential openai-api-key, or OPENAI_API_KEY" in said

    def test_a_count_of_tokens_is_no_secret(self, tmp_path: Path) -> None:
        said = problem(tmp_path, "[session]\nmax_output_tokens = 5")
        assert said == "session.max_output_tokens: found 5, expected a whole number from 64 to 4096"


class TestAScenariosConfig:
    def test_goes_over_the_base(self) -> None:
        base = from_dict({"audio": {"volume": 20, "rate": 16_000}}, "base")
        settings = from_dict({"audio": {"volume": 30}}, "story.toml", base)
        assert (settings.audio.volume, settings.audio.rate) == (30, 16_000)

    def test_is_judged_like_a_file(self) -> None:
        with pytest.raises(ConfigError, match=r"^story.toml: audio.volume: found 300, expected"):
            from_dict({"audio": {"volume": 300}}, "story.toml")

    def test_leaves_the_base_as_it_was(self) -> None:
        base = Settings()
        from_dict({"audio": {"volume": 30}}, "story.toml", base)
        assert base == Settings()


def value_of(wanted: Any, facts: Mapping[str, Any]) -> st.SearchStrategy[Any]:
    """Any value that this key allows."""
    if facts["choices"]:
        return st.sampled_from(facts["choices"])
    if wanted is bool:
        return st.booleans()
    if wanted is int:
        step = facts["multiple"] or 1
        return st.integers(int(facts["lo"]) // step, int(facts["hi"]) // step).map(lambda n: n * step)
    if wanted is float:
        return st.floats(facts["lo"], facts["hi"])
    if facts["websocket"]:
        return st.sampled_from(["", "ws://localhost:8080/v1/realtime", "wss://[::1]/v1?model=m", "wss://example.org"])
    if facts["card"]:
        return st.sampled_from(["", "S330", "sndrpihifiberry,1", "pcm:room"])
    text = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
    if wanted == dict[str, float]:
        return st.dictionaries(text, st.floats(facts["lo"], facts["hi"]), max_size=3)
    return text if wanted is str else st.lists(text.filter(bool), max_size=3)


@st.composite
def configurations(draw: st.DrawFn) -> dict[str, dict[str, Any]]:
    chosen: dict[str, dict[str, Any]] = {}
    for section, f in draw(st.lists(st.sampled_from(list(declared())), max_size=12)):
        wanted = get_type_hints(type(getattr(Settings(), section)))[f.name]
        chosen.setdefault(section, {})[f.name] = draw(value_of(wanted, f.metadata))
    return chosen


class TestShow:
    @given(configurations())
    def test_what_it_prints_reads_back_as_the_same_settings(self, data: dict[str, dict[str, Any]]) -> None:
        settings = from_dict(data, "any")
        text = show(Loaded(settings), effective=True, origin=True)
        assert from_dict(tomllib.loads(text), "shown") == settings

    def test_without_more_shows_only_what_was_set(self, tmp_path: Path) -> None:
        path = write(tmp_path / "a.toml", "[turn]\nsilence_ms = 900\n")
        assert show(load(path, env={})) == "[turn]\n# silence that ends a sentence, ms\nsilence_ms = 900\n"

    def test_effective_shows_every_key(self) -> None:
        shown = tomllib.loads(show(Loaded(Settings()), effective=True))
        assert {(s, k) for s, table in shown.items() for k in table} == {(s, f.name) for s, f in declared()}

    def test_origin_names_the_file(self, tmp_path: Path) -> None:
        path = write(tmp_path / "a.toml", "[turn]\nsilence_ms = 900\n")
        assert f"# from {path}\nsilence_ms = 900\n" in show(load(path, env={}), origin=True)

    def test_with_nothing_set_says_so_and_is_valid(self) -> None:
        assert tomllib.loads(show(Loaded(Settings()))) == {}
        assert "--effective" in show(Loaded(Settings()))

    def test_json_holds_settings_and_origins(self, tmp_path: Path) -> None:
        path = write(tmp_path / "a.toml", "[turn]\nsilence_ms = 900\n")
        story = json.loads(show(load(path, env={}), as_json=True, origin=True))
        assert story == {"settings": {"turn": {"silence_ms": 900}}, "origins": {"turn.silence_ms": str(path)}}

    @pytest.mark.parametrize("as_json", [False, True])
    @pytest.mark.parametrize(
        "url",
        [
            "wss://user:hush-hush@example.org/v1/realtime",
            "wss://example.org/v1/realtime?model=m&api-key=hush-hush",
            "wss://example.org/v1/realtime?access_token=hush-hush",
            "wss://example.org/sk-proj-hush-hush-0123",
        ],
    )
    def test_never_prints_the_secret_of_an_address(self, url: str, as_json: bool) -> None:
        loaded = Loaded(from_dict({"session": {"url": url}}, "x"), {"session.url": "x"})
        text = show(loaded, as_json=as_json)
        assert "hush" not in text
        assert "wss://" in text

    def test_leaves_ordinary_words_alone(self) -> None:
        words = "You are the bearer of good news at a risk-averse desk."
        loaded = Loaded(from_dict({"session": {"instructions": words}}, "x"), {"session.instructions": "x"})
        assert words in show(loaded)


class TestReference:
    def test_has_one_row_for_every_key_and_a_head(self) -> None:
        rows = reference().splitlines()
        assert len(rows) == 2 + len(list(declared()))
        assert all(row.startswith("| ") and row.endswith(" |") for row in [rows[0], *rows[2:]])

    def test_tells_the_default_and_what_is_allowed(self) -> None:
        (row,) = (r for r in reference().splitlines() if "`silence_ms`" in r)
        assert row == (
            "| `turn` | `silence_ms` | `800` | a whole number from 200 to 3000 | silence that ends a sentence, ms |"
        )

    def test_covers_every_section(self) -> None:
        assert all(f"| `{f.name}` |" in reference() for f in fields(Settings))
