"""The provider's key: found in two places, never seen in any other."""

from __future__ import annotations

import copy
import json
import logging
import pickle
import traceback
from pathlib import Path

import pytest

from edge_agent.system.credentials import STORES, CredentialError, Secret, find_key

KEY = "sk-proj-0123456789abcdefABCDEF_-"


def directory(tmp_path: Path, content: str | bytes) -> dict[str, str]:
    """An environment as systemd makes it, with this credential in it."""
    raw = content if isinstance(content, bytes) else content.encode()
    (tmp_path / "openai-api-key").write_bytes(raw)
    (tmp_path / "openai-api-key").chmod(0o400)
    return {"CREDENTIALS_DIRECTORY": str(tmp_path)}


def found(env: dict[str, str]) -> Secret:
    key = find_key(env)
    assert key is not None
    return key


class TestWhereItIsLookedFor:
    def test_nowhere_is_none(self) -> None:
        assert find_key({}) is None

    def test_the_environment_will_do(self) -> None:
        key = found({"OPENAI_API_KEY": KEY})
        assert (key.reveal(), key.origin) == (KEY, "$OPENAI_API_KEY")

    def test_the_credential_goes_first(self, tmp_path: Path) -> None:
        key = found({**directory(tmp_path, KEY), "OPENAI_API_KEY": "another"})
        assert (key.reveal(), key.origin) == (KEY, str(tmp_path / "openai-api-key"))

    def test_a_directory_of_other_credentials_is_no_key(self, tmp_path: Path) -> None:
        assert find_key({"CREDENTIALS_DIRECTORY": str(tmp_path)}) is None
        assert found({"CREDENTIALS_DIRECTORY": str(tmp_path), "OPENAI_API_KEY": KEY}).reveal() == KEY

    @pytest.mark.parametrize("end", ["\n", "\r\n"])
    def test_the_line_end_of_an_editor_is_no_part_of_it(self, tmp_path: Path, end: str) -> None:
        assert found(directory(tmp_path, KEY + end)).reveal() == KEY


class TestAFileThatOthersCanRead:
    def test_is_refused_outside_the_credentials_directory(self, tmp_path: Path) -> None:
        plain = tmp_path / "key.txt"
        plain.write_text(KEY)
        plain.chmod(0o644)
        credentials = tmp_path / "credentials"
        credentials.mkdir()
        (credentials / "openai-api-key").symlink_to(plain)
        with pytest.raises(CredentialError, match=rf"{plain}: found mode 0644.*chmod 600 {plain}"):
            find_key({"CREDENTIALS_DIRECTORY": str(credentials)})

    def test_is_taken_once_it_is_private(self, tmp_path: Path) -> None:
        plain = tmp_path / "key.txt"
        plain.write_text(KEY)
        plain.chmod(0o600)
        credentials = tmp_path / "credentials"
        credentials.mkdir()
        (credentials / "openai-api-key").symlink_to(plain)
        assert found({"CREDENTIALS_DIRECTORY": str(credentials)}).reveal() == KEY

    def test_inside_it_is_systemds_business(self, tmp_path: Path) -> None:
        env = directory(tmp_path, KEY)
        (tmp_path / "openai-api-key").chmod(0o440)
        assert found(env).reveal() == KEY


class TestTheFileThatACredentialCameFrom:
    """systemd hands over a copy that is ours alone, whatever the file's own mode is."""

    def env(self, tmp_path: Path, mode: int, *, where: str) -> tuple[dict[str, str], list[Path]]:
        """The environment of the service, with the file in the store, or shown by the unit; and the stores."""
        for folder in ("credentials", "run", "etc", "lib"):
            (tmp_path / folder).mkdir(exist_ok=True)
        file = tmp_path / where
        file.write_text(KEY)
        file.chmod(mode)
        env = {**directory(tmp_path / "credentials", KEY), "RUNTIME_DIRECTORY": str(tmp_path / "run")}
        return env, [tmp_path / "etc", tmp_path / "lib"]

    @pytest.mark.parametrize("where", ["etc/openai-api-key", "run/openai-api-key.source"])
    @pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o660, 0o610])
    def test_is_refused_when_others_can_read_it(self, tmp_path: Path, where: str, mode: int) -> None:
        env, stores = self.env(tmp_path, mode, where=where)
        file = tmp_path / "etc" / "openai-api-key"
        with pytest.raises(CredentialError, match=rf"^{file}: found mode {mode:04o}.*chmod 600 {file}$"):
            find_key(env, stores)

    def test_is_found_in_every_store(self, tmp_path: Path) -> None:
        env, stores = self.env(tmp_path, 0o644, where="lib/openai-api-key")
        with pytest.raises(CredentialError, match="lib/openai-api-key"):
            find_key(env, stores)

    @pytest.mark.parametrize("where", ["etc/openai-api-key", "run/openai-api-key.source"])
    @pytest.mark.parametrize("mode", [0o600, 0o400])
    def test_is_taken_when_it_is_roots_alone(self, tmp_path: Path, where: str, mode: int) -> None:
        env, stores = self.env(tmp_path, mode, where=where)
        key = find_key(env, stores)
        assert key is not None
        assert key.reveal() == KEY

    def test_may_be_gone_and_leave_the_place_where_it_was_shown(self, tmp_path: Path) -> None:
        env, stores = self.env(tmp_path, 0o644, where="run/openai-api-key.source")
        (tmp_path / "run" / "openai-api-key.source").write_text("")
        assert find_key(env, stores) is not None

    def test_is_nobodys_business_when_the_key_came_sealed(self, tmp_path: Path) -> None:
        env, stores = self.env(tmp_path, 0o644, where="etc/openai-api-key")
        (tmp_path / "credentials" / "openai-api-key").rename(tmp_path / "credentials" / "openai-api-key-sealed")
        key = find_key(env, stores)
        assert key is not None
        assert key.origin.endswith("openai-api-key-sealed")

    def test_is_where_systemd_looks(self) -> None:
        assert [str(store) for store in STORES][:2] == ["/etc/credstore", "/run/credstore"]


class TestAKeyOfTheWrongShape:
    @pytest.mark.parametrize(
        ("value", "said"),
        [
            ("", "found nothing in it"),
            (f"Bearer {KEY}", "found a space at character 7"),
            (f" {KEY}", "found a space at character 1"),
            (f"{KEY}\n", "found a line break after character 32"),
            (f"{KEY}\r\nX-Evil: 1", "found a line break after character 32"),
            (f"{KEY}\t", "found a space at character 33"),
            (f'"{KEY}"', "found a quotation mark at character 1"),
            (f"{KEY}\u200b", "found an unprintable or non-ASCII character at 33"),
            (f"{KEY}\0", "found an unprintable or non-ASCII character at 33"),
            (f"OPENAI_API_KEY={KEY}", "found `OPENAI_API_KEY=` in front of the key"),
            ("k" * 5000, "found 5000 characters"),
        ],
    )
    def test_is_told_by_its_place_and_never_by_its_text(self, value: str, said: str) -> None:
        with pytest.raises(CredentialError) as caught:
            find_key({"OPENAI_API_KEY": value})
        message = str(caught.value)
        assert message.startswith("$OPENAI_API_KEY: ")
        assert said in message
        assert "0123456789" not in message

    @pytest.mark.parametrize("content", ["", "\n", f"{KEY}\n\n", f"{KEY} \n", f"{KEY}\n{KEY}\n", b"\xff\xfe"])
    def test_is_refused_in_a_file_too(self, tmp_path: Path, content: str | bytes) -> None:
        with pytest.raises(CredentialError, match="openai-api-key: found") as caught:
            find_key(directory(tmp_path, content))
        assert "0123456789" not in str(caught.value)

    def test_a_wrong_credential_is_not_passed_over_for_the_environment(self, tmp_path: Path) -> None:
        with pytest.raises(CredentialError):
            find_key({**directory(tmp_path, ""), "OPENAI_API_KEY": KEY})

    def test_a_dangling_link_is_told(self, tmp_path: Path) -> None:
        (tmp_path / "openai-api-key").symlink_to(tmp_path / "gone")
        with pytest.raises(CredentialError, match="cannot be read"):
            find_key({"CREDENTIALS_DIRECTORY": str(tmp_path)})

    def test_a_directory_is_no_key(self, tmp_path: Path) -> None:
        (tmp_path / "openai-api-key").mkdir()
        with pytest.raises(CredentialError, match="not a file"):
            find_key({"CREDENTIALS_DIRECTORY": str(tmp_path)})


class TestASecret:
    SECRET = Secret(KEY, "$OPENAI_API_KEY")

    @pytest.mark.parametrize("shown", [repr(SECRET), str(SECRET), f"{SECRET}", f"{[SECRET]}", f"{SECRET!s} {SECRET!r}"])
    def test_never_shows_itself(self, shown: str) -> None:
        assert KEY not in shown
        assert "$OPENAI_API_KEY" in shown

    def test_stays_hidden_in_a_traceback(self) -> None:
        secret = self.SECRET
        try:
            raise ValueError(secret)
        except ValueError as error:
            story = traceback.TracebackException.from_exception(error, capture_locals=True)
        assert KEY not in "".join(story.format())

    def test_stays_hidden_in_a_log_line(self, caplog: pytest.LogCaptureFixture) -> None:
        logging.getLogger("edge_agent.test").warning("key %s", self.SECRET)
        assert KEY not in caplog.text

    def test_does_not_go_into_a_file(self) -> None:
        with pytest.raises(TypeError, match="secret"):
            pickle.dumps(self.SECRET)
        with pytest.raises(TypeError, match="secret"):
            copy.deepcopy(self.SECRET)
        with pytest.raises(TypeError):
            json.dumps(self.SECRET)
