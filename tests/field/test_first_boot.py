"""What a person wrote on the card comes into the device whole, or not at all; its secrets leave the card and go nowhere
else; and the card tells what happened.
"""

from __future__ import annotations

import base64
import contextlib
import errno
import os
import stat
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge_agent.cli import main
from edge_agent.config_file import load
from edge_agent.durable import Disk
from edge_agent.field import first_boot
from edge_agent.field.card_file import KEPT, NAME
from edge_agent.field.first_boot import HOSTNAME, PLAIN_KEY, SEALED_KEY, SETTINGS, SSH_KEY, STATUS, WIFI

PASSWORD = 'a "quoted" pass#word'
API_KEY = "sk-live-0123456789abcdef"
PUBLIC = base64.b64encode(b"\x00\x00\x00\x0bssh-ed25519\x00\x00\x00\x20" + bytes(range(32))).decode()
SSH = f"ssh-ed25519 {PUBLIC} me@laptop"
FULL = f"""\
# my kitchen
[wifi]
ssid = "Café №5"
password = 'a "quoted" pass#word'   # do not tell
country = "DE"

[device]
hostname = "kitchen"
api_key = "{API_KEY}"
ssh_key = "{SSH}"

[session]
provider = "openai"

[system]
language = "de"
"""
STEPS = 60  # more than a whole run has


class Card:
    """A card and a device in folders."""

    def __init__(self, folder: Path) -> None:
        self.card, self.root = folder / "card", folder / "root"
        self.card.mkdir()
        (self.root / "etc").mkdir(parents=True)
        (self.root / HOSTNAME).write_text("edge-agent\n")
        self.sealed = True

    def write(self, text: str | bytes) -> None:
        (self.card / NAME).write_bytes(text if isinstance(text, bytes) else text.encode())

    def boot(self, disk: Disk | None = None) -> first_boot.Outcome:
        return first_boot.run(self.card, self.root, seal=self.seal, disk=disk)

    def seal(self, key: bytes) -> bytes | None:
        return b"sealed:" + key[::-1] if self.sealed else None

    def text(self, name: str = NAME) -> str:
        return (self.card / name).read_bytes().decode()

    def status(self) -> str:
        return self.text(STATUS)

    def device(self) -> dict[str, bytes]:
        """Every file of the device, whole."""
        return {str(p.relative_to(self.root)): p.read_bytes() for p in self.root.rglob("*") if p.is_file()}

    def leaks(self) -> list[str]:
        """Files of the card that hold a secret."""
        secrets = (PASSWORD.encode(), API_KEY.encode())
        return [p.name for p in self.card.iterdir() if any(s in p.read_bytes() for s in secrets)]


@pytest.fixture
def card(tmp_path: Path) -> Card:
    return Card(tmp_path)


class PowerCut(BaseException):
    """Not an Exception: nobody cleans up."""


class Dying(Disk):
    """A disk whose power goes before its nth primitive step, or in the middle of that write."""

    def __init__(self, after: int, *, torn: bool = False) -> None:
        self.left, self.torn = after, torn

    def _spend(self) -> bool:
        self.left -= 1
        return self.left < 0

    def _write(self, path: Path, data: bytes, mode: int) -> None:
        if self._spend():
            if self.torn:
                path.write_bytes(data[: len(data) // 2])
            raise PowerCut
        super()._write(path, data, mode)

    def _rename(self, fresh: Path, path: Path) -> None:
        if self._spend():
            if self.torn and path.parent.name == "card":  # FAT renames in two steps: the old name may be gone
                path.unlink(missing_ok=True)
            raise PowerCut
        super()._rename(fresh, path)

    def remove(self, path: Path) -> bool:
        if self._spend():
            raise PowerCut
        return super().remove(path)

    def _sync(self, descriptor: int) -> None:
        if self._spend():
            raise PowerCut
        super()._sync(descriptor)


class Refusing(Disk):
    """A card, or a device, that takes nothing: read-only, or full."""

    def __init__(self, card: Path, number: int) -> None:
        self.card, self.number = card, number

    def _write(self, path: Path, data: bytes, mode: int) -> None:
        if path.is_relative_to(self.card):
            raise OSError(self.number, os.strerror(self.number))
        super()._write(path, data, mode)


class TestAWholeFile:
    def test_becomes_the_devices_own(self, card: Card) -> None:
        card.write(FULL)
        outcome = card.boot()
        assert not outcome.problems
        assert not outcome.warnings
        supplicant = (card.root / WIFI).read_text()
        assert f"\n\tssid={'Café №5'.encode().hex()}\n" in supplicant
        assert f'\n\tpsk="{PASSWORD}"\n' in supplicant
        assert "\ncountry=DE\n" in supplicant
        assert (card.root / HOSTNAME).read_text() == "kitchen\n"
        assert (card.root / SEALED_KEY).read_bytes() == b"sealed:" + API_KEY.encode()[::-1]
        assert not (card.root / PLAIN_KEY).exists()
        assert (card.root / SSH_KEY).read_text() == SSH + "\n"
        loaded = load(None, env={"EDGE_AGENT_CONFIG": _main(card)})
        assert loaded.settings.session.provider == "openai"
        assert loaded.settings.system.language == "de"

    def test_keeps_its_key_in_a_file_of_roots_own_where_nothing_can_encrypt(self, card: Card) -> None:
        card.sealed = False
        card.write(FULL)
        card.boot()
        assert (card.root / PLAIN_KEY).read_text() == API_KEY + "\n"
        assert not (card.root / SEALED_KEY).exists()

    def test_leaves_no_secret_readable_by_others(self, card: Card) -> None:
        card.sealed = False
        card.write(FULL)
        card.boot()
        for place in (WIFI, PLAIN_KEY):
            assert stat.S_IMODE((card.root / place).stat().st_mode) == 0o600

    def test_is_told_on_the_card_in_plain_words(self, card: Card) -> None:
        card.write(FULL)
        card.boot()
        status = card.status()
        for words in ("was understood", "Café №5", "name: kitchen", "ssh root@kitchen.local", 'language: "de"'):
            assert words in status
        assert "\r\n" in status, "a Windows editor shows it in one line"

    def test_may_begin_with_a_byte_order_mark_and_end_its_lines_as_windows_does(self, card: Card) -> None:
        card.write(b"\xef\xbb\xbf" + FULL.replace("\n", "\r\n").encode())
        assert not card.boot().problems
        assert card.text().count("\r\n") == card.text().count("\n")


class TestTheTemplate:
    def test_says_nothing_and_changes_nothing(self, card: Card) -> None:
        template = (Path(first_boot.__file__).with_name("edge-agent-card.toml")).read_text()
        card.write(template)
        before = card.device()
        assert not card.boot().problems
        assert {k: v for k, v in card.device().items() if k != SETTINGS} == before
        assert card.text() == template

    def test_is_right_with_every_line_in_use(self, card: Card) -> None:
        template = (Path(first_boot.__file__).with_name("edge-agent-card.toml")).read_text()
        text = "\n".join(line[2:] if line.startswith("# ") and " = " in line else line for line in template.split("\n"))
        text = text.replace("ssh-ed25519 AAAA... you@laptop", SSH).replace("sk-...", API_KEY)
        card.write(text)
        outcome = card.boot()
        assert not outcome.problems
        assert (card.root / WIFI).exists()


class TestTheSecrets:
    def test_leave_the_card_and_all_else_of_the_file_stays(self, card: Card) -> None:
        card.write(FULL)
        card.boot()
        assert not card.leaks()
        wanted = FULL.replace("'a \"quoted\" pass#word'   # do not tell", f'"{KEPT}"').replace(API_KEY, KEPT)
        assert card.text() == wanted

    @pytest.mark.parametrize(
        "text",
        [
            f'wifi = {{ssid = "x", password = "{API_KEY}", country = "DE"}}\n',
            f'wifi.ssid = "x"\nwifi.password = "{API_KEY}"\nwifi.country = "DE"\n',
            f'[wifi]\nssid = "x"\ncountry = "DE"\npassword = """\\\n{API_KEY}"""\n',
            f'[wifi]\nssid = "x"\ncountry = "DE"\npassword = "{API_KEY}"\n# the old one: {API_KEY}\n',
            f'[wifi]\n"password" = "{API_KEY}"\nssid = "x"\ncountry = "DE"\n',
        ],
        ids=["inline", "dotted", "lines", "comment", "quoted"],
    )
    def test_leave_it_however_they_were_written(self, card: Card, text: str) -> None:
        card.write(text)
        assert not card.boot().problems
        assert not card.leaks()
        assert tomllib.loads(card.text()) == {"wifi": {"ssid": "x", "password": KEPT, "country": "DE"}}
        assert not card.boot().problems
        assert API_KEY in (card.root / WIFI).read_text()

    def test_are_overwritten_where_they_lay(self, card: Card) -> None:
        """FAT gives clusters back as they are: whoever reads the raw card must not find them."""
        card.write(FULL)
        link = card.card.parent / "the-same-clusters"
        os.link(card.card / NAME, link)
        card.boot()
        assert link.read_bytes() == bytes(len(FULL.encode()))

    @pytest.mark.parametrize(
        "text",
        [
            FULL,
            FULL.replace('"DE"', '"Germany"'),
            FULL.replace("password", "passwort"),
            FULL.replace("api_key = ", "key = "),
            FULL.replace("[device]", "[devise]"),
            FULL.replace(f'"{API_KEY}"', API_KEY),
            FULL.replace(f'"{API_KEY}"', f"“{API_KEY}”"),
            FULL.replace(f'api_key = "{API_KEY}"', f'"{API_KEY}" = "api_key"'),
            FULL.replace('"openai"', f'"{API_KEY}"'),
            FULL + f'{API_KEY} = "x"\n',
            FULL.replace(f'"{API_KEY}"', f'" {API_KEY}"'),
            FULL.replace(f'"{API_KEY}"', f'["{API_KEY}"]'),
            FULL.replace(f'"{SSH}"', f'"-----BEGIN PRIVATE KEY----- {API_KEY}"'),
        ],
    )
    def test_are_in_no_message(self, card: Card, text: str, capfd: pytest.CaptureFixture[str]) -> None:
        card.write(text)
        with contextlib.suppress(SystemExit):
            main(["first-boot", "--card", str(card.card), "--root", str(card.root)])
        said = "".join(capfd.readouterr())
        assert said
        for secret in (API_KEY, PASSWORD, API_KEY[3:]):
            assert secret not in said
            assert secret not in card.status()


class TestAWrongFile:
    @pytest.fixture(autouse=True)
    def _booted(self, card: Card) -> None:
        card.write(FULL)
        card.boot()

    @pytest.mark.parametrize(
        ("text", "told"),
        [
            (b"\xff\xfe[\x00w\x00i\x00f\x00i\x00", "UTF-8"),
            (b"\x00" * 4096, "cannot be read"),
            (b"x" * 100_000, "65536"),
            ('[wifi]\nssid = "x"\npassword = "12345678"\n', "wifi.country: found nothing"),
            ('[wifi]\nssid = "x"\ncountry = "DE"\n', "wifi.password: found nothing"),
            ('[wifi]\nssid = "x"\ncountry = "DE"\npassword = "short"\n', "wifi.password: found 5 characters"),
            (f'[wifi]\nssid = "other"\ncountry = "DE"\npassword = "{KEPT}"\n', "the password of this other network"),
            (f'[wifi]\nssid = "{"x" * 33}"\ncountry = "DE"\npassword = "12345678"\n', "wifi.ssid: found 33 bytes"),
            ('[device]\nhostname = "my kitchen"\n', 'device.hostname: found "my kitchen"'),
            ('[device]\nssh_key = "ssh-ed25519 AAAA"\n', "device.ssh_key: found something else"),
            ("[device]\nhostname = 5\n", "device.hostname: found something else"),
            ('[session]\nprovider = "opneai"\n', 'session.provider: found "opneai"'),
            ('[board]\nprofile = "no-such-hat"\n', "no-such-hat"),
            ("wifi = 5\n", "wifi: found a value"),
            ("[wlan]\n", "wlan: found it"),
            ("[wifi]\nssid = Café\n", "line 2"),
        ],
    )
    def test_changes_nothing_and_is_told(self, card: Card, text: str | bytes, told: str) -> None:
        before = card.device()
        card.write(text)
        outcome = card.boot()
        assert outcome.problems
        assert card.device() == before
        assert told in card.status()
        assert "NOT used" in card.status()
        raw = text if isinstance(text, bytes) else text.encode()
        assert (card.card / NAME).read_bytes() == raw, "the person's own text is theirs to correct"

    def test_is_told_with_all_its_errors_at_once(self, card: Card) -> None:
        card.write(
            '[wifi]\nssid = "x"\npassword = "short"\ncountry = "de"\n[device]\nhostname = "-"\n[audio]\nrate = 5\n'
        )
        assert len(card.boot().problems) == 4

    def test_ends_the_command_with_the_code_of_configuration(self, card: Card) -> None:
        card.write("[wlan]\n")
        assert main(["first-boot", "--card", str(card.card), "--root", str(card.root)]) == 3


class TestNoFile:
    def test_leaves_everything_as_it_was(self, card: Card) -> None:
        before = card.device()
        assert not card.boot().problems
        assert card.device() == before
        assert "there is no edge-agent.toml" in card.status()

    def test_tells_of_a_name_that_windows_made_longer(self, card: Card) -> None:
        (card.card / f"{NAME}.txt").write_text(FULL)
        card.boot()
        assert f"{NAME}.txt is there: rename it" in card.status()


class TestALaterStart:
    @pytest.fixture(autouse=True)
    def _booted(self, card: Card) -> None:
        card.write(FULL)
        card.boot()

    def test_with_the_same_file_writes_nothing(self, card: Card) -> None:
        before = {p: p.stat().st_mtime_ns for p in card.card.parent.rglob("*") if p.is_file()}
        assert not card.boot(Dying(0)).problems, "not one step"
        assert {p: p.stat().st_mtime_ns for p in card.card.parent.rglob("*") if p.is_file()} == before

    def test_takes_a_changed_file_and_keeps_the_secrets_it_had(self, card: Card) -> None:
        card.write(card.text().replace("kitchen", "bath").replace('"DE"', '"AT"').replace('"de"', '"en"'))
        assert not card.boot().problems
        assert (card.root / HOSTNAME).read_text() == "bath\n"
        supplicant = (card.root / WIFI).read_text()
        assert f'psk="{PASSWORD}"' in supplicant
        assert "country=AT" in supplicant
        assert (card.root / SEALED_KEY).exists()
        assert 'language = "en"' in (card.root / SETTINGS).read_text()

    def test_takes_a_new_password(self, card: Card) -> None:
        card.write(card.text().replace(f'password = "{KEPT}"', 'password = "another one"'))
        card.boot()
        assert 'psk="another one"' in (card.root / WIFI).read_text()
        assert "another one" not in card.text()

    def test_leaves_alone_what_the_file_does_not_mention(self, card: Card) -> None:
        card.write('[device]\nhostname = "bath"\n')
        card.boot()
        assert (card.root / WIFI).exists()
        assert (card.root / SEALED_KEY).exists()
        assert (card.root / SSH_KEY).exists()

    def test_takes_away_what_is_empty(self, card: Card) -> None:
        card.write('[wifi]\nssid = ""\n[device]\napi_key = ""\nssh_key = ""\n')
        assert not card.boot().problems
        for place in (WIFI, SEALED_KEY, PLAIN_KEY, SSH_KEY):
            assert not (card.root / place).exists()
        assert "remote login: off" in card.status()

    def test_returns_a_setting_to_its_default_when_its_line_is_gone(self, card: Card) -> None:
        card.write(card.text().replace('language = "de"\n', ""))
        card.boot()
        assert load(None, env={"EDGE_AGENT_CONFIG": _main(card)}).settings.system.language == "en"


class TestACardThatTakesNothing:
    @pytest.mark.parametrize("name", ["EROFS", "ENOSPC"])
    def test_gives_its_facts_to_the_device_and_is_told_of(self, card: Card, name: str) -> None:
        card.write(FULL)
        outcome = card.boot(Refusing(card.card, getattr(errno, name)))
        assert not outcome.problems
        assert (card.root / HOSTNAME).read_text() == "kitchen\n"
        assert len(outcome.warnings) == 2
        assert "still stand in this file" in outcome.warnings[0]
        assert card.text() == FULL
        assert sorted(p.name for p in card.card.iterdir()) == [NAME]

    def test_is_cleaned_at_the_next_start_that_can(self, card: Card) -> None:
        card.write(FULL)
        card.boot(Refusing(card.card, errno.EROFS))
        card.boot()
        assert not card.leaks()


class TestADeviceThatTakesNothing:
    def test_is_told_of_on_the_card_which_stays_as_it_is(self, card: Card) -> None:
        card.write(FULL)
        with pytest.raises(OSError, match="No space left"):
            card.boot(Refusing(card.root, errno.ENOSPC))
        assert card.text() == FULL
        answer = (card.card / STATUS).read_text()
        assert "could NOT be kept in the device" in answer
        assert "No space left" in answer
        assert PASSWORD not in answer

    def test_takes_it_at_the_next_start(self, card: Card) -> None:
        card.write(FULL)
        with pytest.raises(OSError, match="No space left"):
            card.boot(Refusing(card.root, errno.ENOSPC))
        assert not card.boot().problems
        assert not card.leaks()


class TestAPowerCut:
    @pytest.mark.parametrize("torn", [False, True], ids=["between", "within"])
    def test_at_any_step_loses_nothing_and_the_next_start_does_the_rest(self, tmp_path: Path, torn: bool) -> None:
        wanted = self._undisturbed(tmp_path / "whole")
        for step, card in enumerate(self._cut_at_every_step(tmp_path, torn)):
            assert not card.boot().problems, f"cut at step {step}"
            assert (card.device(), card.text(), card.status()) == wanted, f"cut at step {step}"
            assert not card.leaks(), f"cut at step {step}"

    @pytest.mark.parametrize("torn", [False, True], ids=["between", "within"])
    def test_leaves_each_file_of_the_device_old_or_new(self, tmp_path: Path, torn: bool) -> None:
        wanted, _, _ = self._undisturbed(tmp_path / "whole")
        for step, card in enumerate(self._cut_at_every_step(tmp_path, torn)):
            for name, data in card.device().items():
                if not name.endswith(".new"):
                    assert data in (wanted[name], b"edge-agent\n"), f"{name}, cut at step {step}"

    def _undisturbed(self, folder: Path) -> tuple[dict[str, bytes], str, str]:
        folder.mkdir()
        card = Card(folder)
        card.write(FULL)
        card.boot()
        return card.device(), card.text(), card.status()

    def _cut_at_every_step(self, folder: Path, torn: bool) -> Iterator[Card]:
        for step in range(STEPS):
            place = folder / str(step)
            place.mkdir()
            card = Card(place)
            card.write(FULL)
            try:
                card.boot(Dying(step, torn=torn))
            except PowerCut:
                yield card
            else:
                assert step > 10, "the disk was hardly used"
                return
        pytest.fail("the test cut too few steps")


def _main(card: Card) -> str:
    main_file = card.root / "etc/edge-agent/edge-agent.toml"
    main_file.write_text("")
    return str(main_file)
