"""Which board this is: what a machine shows, held against every profile, evidence by evidence.

Law: pure judgement of a `Machine`; nothing is read, asked or set. Three kinds of evidence: proof comes from the
hardware itself (its codec's driver has found it, its EEPROM, its USB id); a word comes from an overlay, which a person
wrote into a file, or from a name that others share; a contradiction rules a profile out whatever speaks for it.
A pin is made an output on proof only.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from edge_agent.board.facts import HEADER_I2C, LedFacts, Profile
from edge_agent.board.machine import Card, Machine

CONFIG = "/boot/firmware/config.txt"
# what else is found at a codec's address; ovos-i2csound and Seeed's installer go by these addresses
SHARED = {
    0x18: "a TLV320AIC3104 (ReSpeaker 2-Mics v2)",
    0x1A: "a WM8960 (ReSpeaker 2-Mics v1, Waveshare, Adafruit), or a WM8731 (Mycroft Mark 1), or, if 0x52 answers "
    "too, the RT5645 of an AIY Voice Bonnet",
}
PROBED = (*SHARED, 0x35, 0x3B, 0x52)  # and the AC101 and AC108 of ReSpeaker's arrays, the Bonnet's controller


class Fit(StrEnum):
    """Best first. FITS: proved, and its cards are there.  LIKELY: its cards are there, and nobody else speaks for it.
    INCOMPLETE: it is there, and cannot be used yet.  CONTRADICTED: something else is in its place."""

    FITS = "fits"
    LIKELY = "likely"
    INCOMPLETE = "not ready"
    CONTRADICTED = "contradicted"


@dataclass(slots=True)
class Candidate:
    """One profile. evidence: for it.  against: what contradicts it.  missing: what is to be done before all of it
    works.  doubts: what looks the same.  input_card, output_card: as found."""

    profile: Profile
    fit: Fit = Fit.INCOMPLETE
    evidence: list[str] = field(default_factory=list)
    against: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)
    input_card: str = ""
    output_card: str = ""
    proved: bool = False

    @property
    def settings(self) -> str:
        """What to put into edge-agent.toml."""
        lines = ["[board]", f'profile = "{self.profile.id}"']
        facts = self.profile.audio
        cards = (
            ("input_card", self.input_card, facts.input_card),
            ("output_card", self.output_card, facts.output_card),
        )
        if named := [f'{key} = "{card}"' for key, card, usual in cards if card and card != usual]:
            lines += ["", "[audio]", *named]
        if self.profile.echo_tier == 1:
            lines += ["", "[echo]", 'engine = "off"']
        return "\n".join(lines)


@dataclass(frozen=True, slots=True)
class Detection:
    """candidates: best first.  found: the one that can be used, or None.  why_not: then."""

    machine: Machine
    candidates: tuple[Candidate, ...]
    found: Candidate | None
    why_not: str


def detect(machine: Machine, profiles: Sequence[Profile]) -> Detection:
    """Hold a machine against the profiles."""
    order = list(Fit)
    judged = (_judged(profile, machine, profiles) for profile in profiles)
    candidates = sorted((one for one in judged if one), key=lambda one: order.index(one.fit))
    for fit in (Fit.FITS, Fit.LIKELY):
        best = [one for one in candidates if one.fit is fit]
        if len(best) == 1:
            others = (one for one in candidates if not _is_twin(one, best[0]))
            return Detection(machine, tuple(others), best[0], "")
        if best:
            names = " and ".join(one.profile.name for one in best)
            return Detection(machine, tuple(candidates), None, f"ambiguous: {names}; choose one")
    return Detection(machine, tuple(candidates), None, _why_none(machine, candidates))


def _is_twin(one: Candidate, found: Candidate) -> bool:
    """Only its codec speaks for it, and the board that was found has the same: its doubts tell of this one."""
    chip = found.profile.detect.chip
    return one.fit is Fit.INCOMPLETE and chip is not None and one.profile.detect.chip == chip


def usable(detection: Detection) -> tuple[Profile | None, str]:
    """The profile to use without asking anybody, and a sentence about it: only what is proved drives a pin. A light
    whose bus is off is left dark: a device that hears and speaks is worth more than one that does not start."""
    found = detection.found
    if found is None:
        return None, f"no board is used: {detection.why_not}"
    profile = found.profile
    if profile.driven and found.fit is not Fit.FITS:
        pins = ", ".join(f"GPIO{pin}" for pin in profile.driven)
        return None, (
            f"no board is used: {profile.name} is only likely, and it would drive {pins}; "
            f'write profile = "{profile.id}" if it is one'
        )
    dark = profile.led.kind == "apa102" and not _has_spi(profile, detection.machine)
    audio = replace(profile.audio, input_card=found.input_card, output_card=found.output_card)
    chosen = replace(profile, audio=audio, led=LedFacts() if dark else profile.led)
    because = "; ".join([*found.evidence, *found.missing])
    return chosen, f"board {profile.id} ({found.fit}): {because}"


def _judged(profile: Profile, machine: Machine, profiles: Sequence[Profile]) -> Candidate | None:
    """What speaks for and against one profile; None where nothing speaks for it."""
    one = Candidate(profile)
    card = _card(profile, machine)
    if card:
        one.evidence.append(f"card {card.id} ({card.name})")
        one.output_card = card.id
        one.input_card = "" if profile.detect.usb_microphone else card.id
        _judge_codec(one, card)
    _judge_usb(one, card, machine)
    _judge_chip(one, card, machine)
    _judge_tree(one, machine)
    if not one.evidence and not one.missing:
        return None
    if profile.detect.usb_microphone:
        _find_microphone(one, machine)
    if not card and not profile.detect.usb:
        one.missing += _why_no_card(profile, machine)
    one.missing += _panel_troubles(profile, machine)
    if one.against:
        one.fit = Fit.CONTRADICTED
    elif one.input_card and one.output_card:
        one.fit = Fit.FITS if one.proved else Fit.LIKELY
        one.doubts += _twins(one, profiles)
    return one


def _card(profile: Profile, machine: Machine) -> Card | None:
    """The kernel appends _1 where an id is taken. Of several the one whose USB id is right."""
    ids = profile.detect.cards
    found = [card for card in machine.cards if any(re.fullmatch(rf"{re.escape(name)}(_\d)?", card.id) for name in ids)]
    return next((card for card in found if card.usb in profile.detect.usb), found[0] if found else None)


def _judge_codec(one: Candidate, card: Card) -> None:
    codec = one.profile.detect.codec
    if codec and card.pcms:
        if any(codec in pcm for pcm in card.pcms):
            one.evidence.append(f"its PCM is {card.pcms[0]}: the driver of the codec has found it")
            one.proved = True
        else:
            one.against.append(f"card {card.id} hangs on {card.pcms[0]}, not on a {codec}")


def _judge_usb(one: Candidate, card: Card | None, machine: Machine) -> None:
    wanted = one.profile.detect.usb
    if not wanted:
        return
    present = [f"{number} ({name})" if name else number for number, name in machine.usb if number in wanted]
    if card and card.usb in wanted:
        one.evidence.append(f"the card's USB id is {card.usb}")
        one.proved = True
    elif present:
        one.evidence.append(f"USB device {present[0]}")
        one.missing.append("it has no sound card: `dmesg | tail` says why, `modprobe snd-usb-audio` may help")
    else:
        one.evidence.clear()  # a card id such as USB is anybody's


def _judge_chip(one: Candidate, card: Card | None, machine: Machine) -> None:
    chip = one.profile.detect.chip
    if chip is None:
        return
    known = {device.place: device for device in machine.i2c}
    answers = (machine.answers or ()) if chip.bus == HEADER_I2C else ()
    device = known.get(chip.place)
    if device and device.name == chip.name and device.driver:
        one.evidence.append(f"{chip.place} on I2C is a {chip.name}, driver {device.driver}")
        one.proved = True
    elif device and device.name == chip.name:
        one.missing.append(
            f"an overlay names a {chip.name} at {chip.place}, but its driver has not found it: is the board firmly on "
            f"the header, and is it this board? `dmesg | grep {chip.place}`"
        )
    elif device and card:
        one.against.append(f"{chip.place} on I2C is a {device.name}, not a {chip.name}")
    elif chip.address in answers and not device:
        one.evidence.append(f"address {chip.address:#04x} answers on I2C: {SHARED.get(chip.address, chip.name)}")
    elif card and machine.i2c_buses and not one.proved:
        one.against.append(f"there is no {chip.name} at {chip.place} on I2C")
    for address in chip.unless:
        if address in answers or f"{chip.bus}-{address:04x}" in known:
            one.against.append(f"{address:#04x} answers on I2C, which this board does not have")


def _judge_tree(one: Candidate, machine: Machine) -> None:
    """What the device tree says: the word of an overlay, the EEPROM of a HAT."""
    wanted = one.profile.detect
    if wanted.hardware and machine.hardware:
        said = f"the device tree says hardware {machine.hardware!r}"
        if machine.hardware == wanted.hardware:
            one.evidence.append(said)
        elif one.evidence:
            one.against.append(said)
    if wanted.hat_vendor and wanted.hat_vendor == machine.hat_vendor and wanted.hat_product in machine.hat_product:
        one.evidence.append(f"its EEPROM says {machine.hat_vendor} {machine.hat_product}")
        one.proved = True


def _find_microphone(one: Candidate, machine: Machine) -> None:
    found = [card for card in machine.cards if card.is_usb and card.records]
    if len(found) == 1:
        one.input_card = found[0].id
        one.evidence.append(f"one USB microphone: card {found[0].id} ({found[0].name})")
    elif found:
        ids = ", ".join(card.id for card in found)
        one.missing.append(f"several USB microphones ({ids}): write the one to use under [audio] input_card")
    else:
        one.missing.append("no USB microphone is plugged in")


def _why_no_card(profile: Profile, machine: Machine) -> list[str]:
    """What is to be done for its sound card to appear."""
    overlay = profile.audio.overlay
    troubles = []
    if profile.detect.chip and HEADER_I2C not in machine.i2c_buses:
        troubles.append(f"the I2C bus is off: put dtparam=i2c_arm=on into {CONFIG} and restart")
    if not overlay:
        return troubles
    loaded = any(line.split(",", 1)[0] == f"dtoverlay={overlay}" for line in machine.config)
    installed = machine.overlays is None or overlay in machine.overlays
    if not installed:
        troubles.append(f"{overlay}.dtbo is not among the overlays: the wiring page says where it comes from")
    if not loaded:
        troubles.append(f"its sound card is not there: put dtoverlay={overlay} into {CONFIG} and restart")
    elif installed:
        word = profile.detect.codec or "snd"
        troubles.append(
            f"dtoverlay={overlay} is in {CONFIG}, but its sound card is not there: restart, then look at "
            f"`dmesg | grep -i -e {word} -e asoc`"
        )
    return troubles


def _panel_troubles(profile: Profile, machine: Machine) -> list[str]:
    """What is missing for its button and its light."""
    troubles = []
    if profile.led.kind == "apa102" and not _has_spi(profile, machine):
        port, device = profile.led.spi
        troubles.append(
            f"the light stays dark: there is no /dev/spidev{port}.{device}; put dtparam=spi=on into {CONFIG}, restart"
        )
    if profile.has_panel and machine.header is None:
        if machine.chips:
            labels = ", ".join(f"{chip.name} [{chip.label}]" for chip in machine.chips)
            troubles.append(f"no GPIO chip is the header's; there are: {labels}")
        elif any("gpiochip" in line for line in machine.denied):
            troubles.append("the GPIO chips may not be opened: add this user to the group gpio")
    return troubles


def _has_spi(profile: Profile, machine: Machine) -> bool:
    port, device = profile.led.spi
    return f"{port}.{device}" in machine.spi


def _twins(one: Candidate, profiles: Iterable[Profile]) -> list[str]:
    """Boards with the same codec, which would show the same under this one's overlay."""
    chip, overlay = one.profile.detect.chip, one.profile.audio.overlay
    return [
        f"a {other.name} would look the same under the overlay {overlay}: look at what is printed on the board"
        for other in profiles
        if chip and other.detect.chip == chip and other.id != one.profile.id
    ]


def _why_none(machine: Machine, candidates: Sequence[Candidate]) -> str:
    waiting = [one.profile.name for one in candidates if one.fit is Fit.INCOMPLETE]
    if len(waiting) == 1:
        return f"{waiting[0]} is not ready"
    if waiting:
        return f"not ready, and ambiguous: {' or '.join(waiting)}"
    if candidates:
        return "what there is contradicts itself"
    if not machine.cards:
        return "there is no sound card; `edge-agent board detect --probe` asks the I2C bus for a codec"
    return "no profile knows these sound cards: " + ", ".join(card.id for card in machine.cards)
