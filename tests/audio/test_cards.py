"""Cards by their ids: what they can do, who holds one, and errors that say what to do.

alsa-lib is made of arithmetic here, since no machine that tests has a card; the last class asks the real one.
"""

from __future__ import annotations

import errno
from pathlib import Path
from typing import Any

import pytest

from edge_agent.audio import cards
from edge_agent.audio.cards import CAPTURE, FORMATS, PLAYBACK, RATES, Abilities
from edge_agent.audio.device import DeviceError

TWO_CARDS = """\
 0 [vc4hdmi        ]: vc4-hdmi - vc4-hdmi
                      vc4-hdmi
12 [Mic            ]: USB-Audio - USB Mic [no card, 3 [Fake]: a name]
                      Someone USB Mic at usb-1, full speed
 3 [sndrpihifiberry]: HifiberryDac - snd_rpi_hifiberry_dac
"""


class AlsaLib:
    """alsa-lib with one card behind it. refuses: errno of opening.  said: its functions' names, as they were called."""

    def __init__(
        self,
        *,
        rates: tuple[int, ...] = (),
        formats: tuple[str, ...] = (),
        channels: tuple[int, int] = (1, 2),
        refuses: int = 0,
    ) -> None:
        self.rates, self.formats, self.channels, self.refuses = rates, formats, channels, refuses
        self.opened: list[tuple[bytes, int, int]] = []
        self.said: list[str] = []

    def __getattr__(self, name: str) -> Any:
        """What only has to succeed."""

        def succeed(*_: Any) -> int:
            self.said.append(name)
            return 0

        return succeed

    def snd_pcm_open(self, handle: Any, name: bytes, stream: int, mode: int) -> int:
        self.opened.append((name, stream, mode))
        return -self.refuses

    def snd_pcm_hw_params_get_channels_min(self, params: Any, found: Any) -> None:
        found._obj.value = self.channels[0]

    def snd_pcm_hw_params_get_channels_max(self, params: Any, found: Any) -> None:
        found._obj.value = self.channels[1]

    def snd_pcm_hw_params_test_rate(self, handle: Any, params: Any, rate: int, near: int) -> int:
        return 0 if rate in self.rates else -errno.EINVAL

    def snd_pcm_hw_params_test_format(self, handle: Any, params: Any, code: int) -> int:
        return 0 if code in [FORMATS[name] for name in self.formats] else -errno.EINVAL


def ask(alsa: AlsaLib, card: str = "Mic", stream: int = CAPTURE) -> Abilities | None:
    return cards.ask(cards.hardware(card), stream, card, lambda: alsa)


def refusal(code: int, card: str = "Mic", stream: int = CAPTURE) -> str:
    with pytest.raises(DeviceError) as caught:
        ask(AlsaLib(refuses=code), card, stream)
    return str(caught.value)


@pytest.fixture
def kernel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A kernel with three cards; its processes are put under the path returned."""
    (tmp_path / "cards").write_text(TWO_CARDS)
    processes = tmp_path / "proc"
    processes.mkdir()
    monkeypatch.setattr(cards, "CARDS", tmp_path / "cards")
    monkeypatch.setattr(cards, "PROCESSES", processes)
    return processes


def process(processes: Path, pid: int, name: str, *files: str) -> None:
    descriptors = processes / str(pid) / "fd"
    descriptors.mkdir(parents=True)
    (processes / str(pid) / "comm").write_text(f"{name}\n")
    for number, file in enumerate(files):
        (descriptors / str(number)).symlink_to(file)


class TestTheIds:
    def test_are_the_kernels_in_its_order_and_whole(self, kernel: Path) -> None:
        assert cards.ids() == ("vc4hdmi", "Mic", "sndrpihifiberry")

    def test_are_none_where_the_kernel_has_no_sound(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(cards, "CARDS", tmp_path / "nowhere")
        assert cards.ids() == ()

    @pytest.mark.parametrize(
        ("card", "pcm"), [("Mic", "hw:CARD=Mic,DEV=0"), ("Mic,2", "hw:CARD=Mic,DEV=2"), ("3", "hw:CARD=3,DEV=0")]
    )
    def test_make_the_hardwares_name_with_the_card_by_id(self, card: str, pcm: str) -> None:
        assert cards.hardware(card) == pcm


class TestWhatACardCanDo:
    def test_is_what_alsa_says(self) -> None:
        alsa = AlsaLib(rates=(16_000, 44_100, 48_000), formats=("S16_LE", "S32_LE"), channels=(2, 6))
        assert ask(alsa) == Abilities((48_000, 44_100, 16_000), ("S16_LE", "S32_LE"), (2, 6))

    def test_is_asked_of_the_right_direction_and_never_waits_for_a_busy_card(self) -> None:
        alsa = AlsaLib()
        ask(alsa, "Mic", CAPTURE)
        ask(alsa, "DAC,1", PLAYBACK)
        nonblock = 1  # SND_PCM_NONBLOCK
        assert alsa.opened == [(b"hw:CARD=Mic,DEV=0", 1, nonblock), (b"hw:CARD=DAC,DEV=1", 0, nonblock)]

    def test_leaves_the_card_free_and_no_configuration_behind(self) -> None:
        """PortAudio takes whatever configuration alsa-lib has read, and ours is written after the question."""
        alsa = AlsaLib()
        ask(alsa)
        assert alsa.said.count("snd_pcm_hw_params_malloc") == alsa.said.count("snd_pcm_hw_params_free") == 1
        assert alsa.said[-2:] == ["snd_pcm_close", "snd_config_update_free_global"]

    def test_leaves_none_behind_either_when_it_was_refused(self) -> None:
        alsa = AlsaLib(refuses=errno.EBUSY)
        with pytest.raises(DeviceError):
            ask(alsa)
        assert alsa.said == ["snd_config_update_free_global"]

    def test_is_unknown_without_alsa(self) -> None:
        assert cards.ask("hw:CARD=Mic,DEV=0", CAPTURE, "Mic", lambda: None) is None

    @pytest.mark.parametrize(
        ("formats", "wide"),
        [(("S16_LE",), False), ((), False), (("S16_LE", "S24_3LE"), True), (("S32_LE",), True), (("S24_LE",), True)],
    )
    def test_is_wide_with_any_format_above_sixteen_bits(self, formats: tuple[str, ...], wide: bool) -> None:
        assert Abilities((48_000,), formats, (1, 2)).wide is wide


class TestARefusal:
    def test_of_a_missing_card_names_it_those_that_are_there_and_the_key(self, kernel: Path) -> None:
        text = refusal(errno.ENODEV, "Jabra")
        for said in ("no microphone", "'Jabra' is not there", "vc4hdmi, Mic, sndrpihifiberry", "[audio] input_card"):
            assert said in text

    def test_on_the_other_side_names_that_sides_key(self, kernel: Path) -> None:
        text = refusal(errno.ENODEV, "Jabra", PLAYBACK)
        assert "no loudspeaker" in text
        assert "output_card" in text
        assert "input_card" not in text

    def test_where_the_kernel_has_no_sound_says_so(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(cards, "CARDS", tmp_path / "nowhere")
        assert "the kernel has no sound" in refusal(errno.ENOENT)

    @pytest.mark.parametrize("card", ["vc4hdmi", "vc4hdmi,0"])
    def test_of_a_card_without_that_direction_does_not_send_for_the_plug(self, kernel: Path, card: str) -> None:
        text = refusal(errno.ENOENT, card)
        assert f"card {card!r} has no microphone" in text
        assert "plug" not in text

    def test_of_a_busy_card_names_who_holds_it(self, kernel: Path) -> None:
        process(kernel, 471, "pulseaudio", "/dev/null", "/dev/snd/pcmC12D0c")
        text = refusal(errno.EBUSY)
        assert "'Mic' is busy: held by pulseaudio (471)" in text
        assert "input_card" in text

    def test_of_a_busy_card_whose_holder_is_hidden_says_how_to_find_it(self, kernel: Path) -> None:
        assert "fuser -v /dev/snd" in refusal(errno.EBUSY)

    @pytest.mark.parametrize("code", [errno.EACCES, errno.EPERM])
    def test_of_permission_names_the_group(self, kernel: Path, code: int) -> None:
        assert "group 'audio'" in refusal(code)

    def test_of_any_other_kind_gives_the_systems_words(self, kernel: Path) -> None:
        assert "Input/output error" in refusal(errno.EIO)


class TestTheHolders:
    def test_are_those_of_that_card_and_no_other_in_order(self, kernel: Path) -> None:
        process(kernel, 9, "arecord", "/dev/snd/pcmC12D0c")
        process(kernel, 30, "aplay", "/dev/snd/pcmC12D1p", "/dev/snd/pcmC12D1p")
        process(kernel, 31, "other", "/dev/snd/pcmC1D0c", "/dev/snd/controlC12", "/dev/snd/pcmC120D0c")
        assert cards.holders("Mic,0") == ["aplay (30)", "arecord (9)"]

    def test_of_a_card_that_is_not_there_are_none(self, kernel: Path) -> None:
        process(kernel, 9, "arecord", "/dev/snd/pcmC12D0c")
        assert cards.holders("Jabra") == []

    def test_that_end_while_they_are_looked_at_do_not_matter(self, kernel: Path) -> None:
        (kernel / "8").mkdir()
        process(kernel, 9, "arecord", "/dev/snd/pcmC12D0c")
        assert cards.holders("Mic") == ["arecord (9)"]


class TestAnOpenCard:
    PARAMS = "access: MMAP_INTERLEAVED\nformat: S16_LE\nrate: 44100 (44100/1)\nperiod_size: 441\nbuffer_size: 2646\n"

    @pytest.fixture
    def sound(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        monkeypatch.setattr(cards, "SOUND", tmp_path)
        return tmp_path

    @pytest.mark.parametrize(
        ("card", "stream", "where"),
        [("Mic", CAPTURE, "Mic/pcm0c"), ("DAC", PLAYBACK, "DAC/pcm0p"), ("DAC,2", PLAYBACK, "DAC/pcm2p")],
    )
    def test_tells_its_period_and_its_buffer(self, sound: Path, card: str, stream: int, where: str) -> None:
        file = sound / where / "sub0" / "hw_params"
        file.parent.mkdir(parents=True)
        file.write_text(self.PARAMS)
        assert cards.running(card, stream) == (10.0, 60.0)
        assert cards.running(card, CAPTURE if stream == PLAYBACK else PLAYBACK) is None

    @pytest.mark.parametrize("text", ["closed\n", "", "rate: fast\nperiod_size: 1\nbuffer_size: 1\n"])
    def test_that_is_not_open_tells_nothing(self, sound: Path, text: str) -> None:
        file = sound / "Mic" / "pcm0c" / "sub0" / "hw_params"
        file.parent.mkdir(parents=True)
        file.write_text(text)
        assert cards.running("Mic", CAPTURE) is None


class TestTheRealAlsa:
    @pytest.fixture(autouse=True)
    def _needs_it(self) -> None:
        if cards.load_alsa() is None:
            pytest.skip("alsa-lib (libasound2) is not installed")

    def test_knows_its_null_pcm_which_can_do_everything(self) -> None:
        able = cards.ask("null", CAPTURE, "null")
        assert able is not None
        assert (able.rates, able.formats) == (RATES, tuple(FORMATS))
        assert able.channels[0] == 1
        assert able.channels[1] >= 8

    def test_refuses_a_card_that_is_not_there_without_a_word_of_its_own(
        self, capfd: pytest.CaptureFixture[str]
    ) -> None:
        with pytest.raises(DeviceError, match="NoSuchCard"):
            cards.abilities("NoSuchCard", CAPTURE)
        assert capfd.readouterr() == ("", "")
