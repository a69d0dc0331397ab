"""The commands at their edges: folders that cannot be written, readers that go, letters a terminal lacks, signals."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from edge_agent import cli

COMMAND = [sys.executable, "-m", "edge_agent"]
CLEAN = {name: value for name, value in os.environ.items() if name not in ("OPENAI_API_KEY", "CREDENTIALS_DIRECTORY")}
END_S = 60  # far longer than anything here takes on a busy machine
SHORT = 'duration_s = 1\n[config.session]\nprovider = "local"\n'
LONG = SHORT.replace("1", "600", 1)
NEVER = '[[expect]]\nname = "It greets"\ncheck = "greets"\n'


@pytest.fixture
def short(tmp_path: Path) -> Path:
    return written(tmp_path / "short.toml", SHORT)


def written(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def ran(*arguments: str | Path, **env: str) -> subprocess.CompletedProcess[str]:
    """`edge-agent ARGUMENTS` to its end, in a process of its own."""
    return subprocess.run(
        [*COMMAND, *map(str, arguments)], capture_output=True, text=True, timeout=END_S, env={**CLEAN, **env}
    )


def in_shell(line: str, **env: str) -> subprocess.CompletedProcess[str]:
    """A line of bash in which $EA is edge-agent; it fails if any part of a pipe does."""
    words = {**CLEAN, "EA": " ".join(COMMAND), **env}
    return subprocess.run(
        ["bash", "-o", "pipefail", "-c", line], capture_output=True, text=True, timeout=END_S, env=words
    )


def refused(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> str:
    """The one line with which this is refused as wrong usage."""
    assert cli.main([str(argument) for argument in arguments]) == cli.USAGE
    (line,) = capsys.readouterr().err.splitlines()
    return line


class TestAnOutputFolder:
    def test_that_is_a_file_is_refused(self, tmp_path: Path, short: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert str(short) in refused(capsys, "demo", "--out", short)
        assert "not a directory" in refused(capsys, "simulate", short, "--out", short / "x")

    def test_that_takes_no_files_is_refused(self, short: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert "/proc/x" in refused(capsys, "simulate", short, "--out", "/proc/x")
        assert "/proc:" in refused(capsys, "simulate", short, "--out", "/proc")

    def test_with_something_in_the_way_is_refused_before_the_run(
        self, tmp_path: Path, short: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        (tmp_path / "out" / "index.html").mkdir(parents=True)
        assert "index.html: is a directory" in refused(capsys, "simulate", short, "--out", tmp_path / "out")
        assert [path.name for path in (tmp_path / "out").iterdir()] == ["index.html"], "nothing was run or written"

    @pytest.mark.parametrize("name", ["events.jsonl", "summary.json", "room.wav", "index.html"])
    def test_on_a_disk_that_fills_up_is_one_line(
        self, tmp_path: Path, short: Path, name: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        (tmp_path / "out").mkdir()
        (tmp_path / "out" / name).symlink_to("/dev/full")
        assert f"{name}: no space left" in refused(capsys, "simulate", short, "--out", tmp_path / "out").lower()

    def test_holds_utf8_whatever_the_locale(self, tmp_path: Path) -> None:
        story = written(tmp_path / "größe.toml", SHORT + NEVER.replace("It greets", "Grüßt — ✓"))
        assert ran("simulate", story, "--out", tmp_path / "out", LC_ALL="C", PYTHONUTF8="0").returncode == cli.STEP
        assert "Grüßt — ✓" in (tmp_path / "out" / "index.html").read_text(encoding="utf-8")


class TestAReader:
    def test_who_has_seen_enough_is_no_failure(self, tmp_path: Path, short: Path) -> None:
        done = in_shell(f"$EA simulate {short} --out {tmp_path}/out | head -1")
        assert (done.returncode, done.stderr) == (0, "")
        assert (tmp_path / "out" / "index.html").exists()

    def test_who_reads_nothing_is_no_failure(self) -> None:
        done = in_shell("$EA config show --effective --origin | true")
        assert (done.returncode, done.stderr) == (0, "")

    def test_who_leaves_does_not_make_a_failed_story_a_good_one(self, tmp_path: Path) -> None:
        story = written(tmp_path / "story.toml", SHORT + NEVER)
        assert in_shell(f"$EA simulate {story} --out {tmp_path}/out | true").returncode == cli.STEP

    @pytest.mark.parametrize("unbuffered", ["", "1"])
    @pytest.mark.parametrize("command", ["config show --effective", "simulate {short} --out {out}", "--help"])
    def test_that_is_a_full_disk_is_one_line_at_most(
        self, tmp_path: Path, short: Path, command: str, unbuffered: str
    ) -> None:
        line = command.format(short=short, out=tmp_path / "out")
        done = in_shell(f"$EA {line} >/dev/full", PYTHONUNBUFFERED=unbuffered)
        assert "Traceback" not in done.stderr
        assert "Exception ignored" not in done.stderr
        if command != "--help":  # argparse itself swallows what it cannot print
            assert (done.returncode, len(done.stderr.splitlines())) == (cli.USAGE, 1)
            assert "No space left on device" in done.stderr

    def test_that_was_never_there_is_not_missed(self, tmp_path: Path, short: Path) -> None:
        done = in_shell(f"$EA simulate {short} --out {tmp_path}/out >&-")
        assert (done.returncode, done.stderr) == (0, "")
        assert in_shell(f"$EA simulate {short} --out {tmp_path}/out >&- 2>&-").returncode == 0


class TestATerminalWithFewLetters:
    @pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
    def test_gets_marks_that_it_can_tell_apart_and_no_error(self, tmp_path: Path, encoding: str) -> None:
        story = written(tmp_path / "story.toml", SHORT + NEVER)
        done = ran("simulate", story, "--out", tmp_path / "out", PYTHONIOENCODING=encoding)
        assert (done.returncode, done.stderr) == (cli.STEP, "")
        assert "FAILED: It greets" in done.stdout


class TestTheCommandLine:
    @pytest.mark.parametrize(
        ("arguments", "said"),
        [
            (["simulate", "x", "--out", "y", "--seed", "-1"], "--seed: found '-1', expected a whole number from 0"),
            (["simulate", "x", "--out", "y", "--seed", "4294967296"], "to 4294967295"),
            (["simulate", "x", "--out", "y", "--seed", "1.5"], "--seed: found '1.5'"),
            (["local-server", "--port", "65536"], "--port: found '65536', expected a whole number from 0 to 65535"),
            (["local-server", "--port=-1"], "--port: found '-1'"),
            (["local-server", "--model-delay-ms", "nan"], "found 'nan', expected a number from 0 to 60000"),
            (["local-server", "--model-delay-ms", "inf"], "found 'inf'"),
            (["local-server", "--model-delay-ms=-0.1"], "found '-0.1'"),
            (["local-server", "--fault", "fire"], '--fault: fire: kind: found "fire", expected one of drop, offline'),
            (["local-server", "--fault", "refuse,value=4"], "refuse,value=4: value: found 4, expected status, one of"),
        ],
    )
    def test_is_judged_like_a_file(self, arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
        with pytest.raises(SystemExit) as ended:
            cli.main(arguments)
        assert ended.value.code == cli.USAGE
        assert said in capsys.readouterr().err


class TestARecordingOfAScenario:
    @pytest.mark.parametrize(
        ("table", "key"),
        [
            ('[[talker]]\nat_s = 0.5\nwav = "bad.wav"\n', "talker.wav"),
            ('[provider]\nreply_wav = "bad.wav"\n', "provider.reply_wav"),
        ],
    )
    @pytest.mark.parametrize("realtime", [[], ["--realtime"]])
    def test_that_is_none_is_the_scenarios_fault(
        self, tmp_path: Path, table: str, key: str, realtime: list[str], capsys: pytest.CaptureFixture[str]
    ) -> None:
        written(tmp_path / "bad.wav", "not a recording")
        story = written(tmp_path / "story.toml", "duration_s = 1\n" + table)
        code = cli.main(["simulate", str(story), "--out", str(tmp_path / "out"), *realtime])
        assert code == cli.CONFIGURATION
        assert f"{story}: {key}: found {tmp_path}/bad.wav: not a WAV file" in capsys.readouterr().err


class TestASummary:
    def test_of_a_story_that_expects_nothing_has_passed(
        self, tmp_path: Path, short: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert cli.main(["simulate", str(short), "--json", "--out", str(tmp_path / "out")]) == cli.FINE
        assert json.loads(capsys.readouterr().out)["passed"] is True
        assert json.loads((tmp_path / "out" / "summary.json").read_text())["passed"] is True

    def test_of_a_story_whose_step_did_not_happen_has_not(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        story = written(tmp_path / "story.toml", SHORT + NEVER)
        assert cli.main(["simulate", str(story), "--json", "--out", str(tmp_path / "out")]) == cli.STEP
        assert json.loads(capsys.readouterr().out)["passed"] is False


class TestStoppingOnPurpose:
    @pytest.mark.parametrize("realtime", [[], ["--realtime"]])
    @pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
    def test_is_a_line_and_leaves_an_earlier_run_alone(
        self, tmp_path: Path, number: signal.Signals, realtime: list[str]
    ) -> None:
        story = written(tmp_path / "long.toml", LONG)
        (tmp_path / "out").mkdir()
        before = written(tmp_path / "out" / "summary.json", "of the run before")
        run = subprocess.Popen(
            [*COMMAND, "simulate", str(story), "--out", str(tmp_path / "out"), *realtime],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=CLEAN,
        )
        try:
            assert run.stdout is not None
            while "link ready" not in run.stdout.readline():
                assert run.poll() is None
            run.send_signal(number)
            _, said = run.communicate(timeout=END_S)
        finally:
            run.kill()
            run.wait()
        assert run.returncode == 128 + number
        assert said.startswith("stopped at 0:")
        assert len(said.splitlines()) == 1
        assert before.read_text() == "of the run before"
        assert [path.name for path in (tmp_path / "out").iterdir()] == ["summary.json"]

    @pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
    def test_gives_a_terminal_its_cursor_back(self, tmp_path: Path, number: signal.Signals) -> None:
        story = written(tmp_path / "long.toml", LONG)
        ours, theirs = pty.openpty()
        run = subprocess.Popen(
            [*COMMAND, "simulate", str(story), "--out", str(tmp_path / "out"), "--realtime"],
            stdout=theirs,
            stderr=subprocess.DEVNULL,
            env={**CLEAN, "TERM": "xterm"},
        )
        os.close(theirs)
        shown = b""
        try:
            while b"link ready" not in shown.replace(b"\x1b[0m", b"").replace(b"\x1b[38;2;90;200;120m", b""):
                shown += os.read(ours, 65_536)
            run.send_signal(number)
            try:
                while piece := os.read(ours, 65_536):
                    shown += piece
            except OSError:  # the other side has been closed
                pass
            assert run.wait(END_S) == 128 + number
        finally:
            run.kill()
            run.wait()
            os.close(ours)
        assert shown.rfind(b"\x1b[?25h") > shown.rfind(b"\x1b[?25l") >= 0

    def test_while_the_libraries_load_is_silent(self) -> None:
        """The first library of ours sends the signal: no waiting for the right moment."""
        program = (
            "import os, signal, sys\n"
            "class Finder:\n"
            "    def find_spec(self, name, path=None, target=None):\n"
            "        if name == 'edge_agent.audio.wav': os.kill(os.getpid(), signal.SIGINT)\n"
            "sys.meta_path.insert(0, Finder())\n"
            "import edge_agent.cli\n"
        )
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=END_S)
        assert (done.returncode, done.stderr) == (130, "")
