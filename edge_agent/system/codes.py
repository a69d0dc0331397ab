"""What can go wrong, by its number: the one table behind the journal's catalog and the device's own explanations.

Law: words only. A code, once given, keeps its meaning for ever: people quote it, search for it and script on it. What
is said in `what` is known for certain when the code is logged; what may lie behind it stands under `causes`, the
likeliest first; `remedy` is what to do, in the order to do it. `@NAME@` is filled in by journalctl from the line's own
fields, so only fields that every line of that code has may stand there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Trouble:
    """subject: one line, as a heading. causes, remedy: one sentence an entry."""

    code: str
    subject: str
    what: str
    causes: tuple[str, ...]
    remedy: tuple[str, ...]


UNKNOWN, CONFIGURATION, DEVICE, MODEL, NETWORK, KEY = "EA-100", "EA-101", "EA-102", "EA-103", "EA-104", "EA-105"
BUG, CRASH, WATCHDOG, MEMORY, INSTALLATION, SLOW = "EA-106", "EA-107", "EA-108", "EA-109", "EA-110", "EA-111"
NO_VOICE, NO_LIGHT, AGAIN = "EA-120", "EA-121", "EA-122"

_WAITS = (
    "edge-agent does not run any more (systemd: @EDGE_RESULT@, @EDGE_STATUS@). As far as the board has a light, "
    "a button and a loudspeaker, the light shows a fault, and a press of the button tells why. After ten minutes it is "
    "started again by itself."
)
_LINES = "Its last lines: journalctl _SYSTEMD_INVOCATION_ID=@EDGE_INVOCATION@"
_START = "Then: systemctl start edge-agent"
_REPORT = "If it comes again, report it with those lines."

TABLE: Final[tuple[Trouble, ...]] = (
    Trouble(
        UNKNOWN,
        "The voice appliance does not run",
        _WAITS,
        ("systemd could not start it, or ended it for a reason of its own.",),
        ("See: systemctl status edge-agent", _LINES, _START),
    ),
    Trouble(
        CONFIGURATION,
        "The configuration is wrong",
        _WAITS,
        ("A key in /etc/edge-agent/edge-agent.toml, or in conf.d beside it, has a value that it cannot have.",),
        ("Have it told which: edge-agent config check", "Correct that file.", _START),
    ),
    Trouble(
        DEVICE,
        "The sound card or the front panel cannot be used",
        _WAITS,
        (
            "The card that [audio] names may not be opened by the user edge-agent.",
            "Another program holds a pin of the front panel, or [board] names another board than this one.",
        ),
        (_LINES, "See what there is: arecord -l; aplay -l; gpioinfo", _START),
    ),
    Trouble(
        MODEL,
        "A model or a voice cannot be loaded",
        _WAITS,
        (
            "[wake] names a file that is not there, or is no model for the wake word.",
            "It lies below /home, /root or /run/user, where the service sees nothing (edge-agent config check does).",
            "The package is damaged, or the card it lies on.",
        ),
        (
            _LINES,
            "Put models of your own into /var/lib/edge-agent or /etc/edge-agent, readable by the user edge-agent.",
            "Have it told what is there: edge-agent deps",
            "Or install the package again.",
            _START,
        ),
    ),
    Trouble(
        NETWORK,
        "The service cannot be reached",
        _WAITS,
        ("The address under [session] url is wrong, or its server does not run.",),
        (_LINES, _START),
    ),
    Trouble(
        KEY,
        "The key for the service cannot be used",
        _WAITS,
        (
            "The file can be read by others than root.",
            "It holds more than the key alone, or nothing.",
            "It was sealed for another machine, or before this one was set up anew.",
            'There is none, and [session] provider = "openai" needs one.',
        ),
        (
            _LINES,
            "In the clear: chmod 600 /etc/credstore/openai-api-key",
            "Sealed: write /etc/credstore.encrypted/openai-api-key-sealed again, with systemd-creds encrypt.",
            _START,
        ),
    ),
    Trouble(
        BUG,
        "A bug ended the voice appliance",
        _WAITS,
        (
            "Where its last lines name an ImportError: the package is damaged, or the card it lies on.",
            "Else a mistake in edge-agent.",
        ),
        (_LINES, "At an ImportError: install the package again.", _REPORT),
    ),
    Trouble(
        CRASH,
        "The voice appliance crashed",
        _WAITS,
        ("A mistake in a library, or in a driver.", "Memory or a card that fails, or too little power."),
        (_LINES, "Look for the kernel's own complaints: journalctl -k -p warning", _REPORT),
    ),
    Trouble(
        WATCHDOG,
        "The voice appliance hung",
        _WAITS,
        (
            "The driver of the sound card does not answer.",
            "The machine was so busy, or its card so slow, that nothing moved for twenty seconds.",
        ),
        (_LINES, "They show where each thread stood.", "Unplug a USB sound card and plug it in again.", _REPORT),
    ),
    Trouble(
        MEMORY,
        "The voice appliance had too little memory",
        _WAITS,
        (
            "Other programs take it.",
            "The embedded server's better recogniser or voice is too large for this machine.",
            "If the status is KILL and the kernel says nothing of it: somebody ended it so, again and again.",
        ),
        (
            "Have the kernel say whom it ended: journalctl -k -g 'oom-kill|out of memory'",
            "See who takes it: systemd-cgtop -m",
            'Let the smaller ones serve: [session] local_recogniser = "pocketsphinx", local_voice = "espeak-ng"',
            _START,
        ),
    ),
    Trouble(
        INSTALLATION,
        "The installation is damaged",
        _WAITS,
        (
            "The program, one of its libraries, its user or one of its folders is missing, or may not be used.",
            "The package is damaged, or the card it lies on.",
        ),
        ("Install the package again.", "See: systemctl status edge-agent", _LINES, _START),
    ),
    Trouble(
        SLOW,
        "The voice appliance did not start in time",
        _WAITS,
        ("A card that has become slow.", "Another program that keeps the machine busy."),
        (_LINES, "See who is busy: systemd-cgtop", _START),
    ),
    Trouble(
        NO_VOICE,
        "The fault cannot be spoken",
        "The fault is told in the journal, and shown as far as the board has a light: @EDGE_REASON@",
        ("The sound card is missing.", "espeak-ng or alsa-utils is not installed."),
        ("See what there is: aplay -l", "A press of the button tries again."),
    ),
    Trouble(
        NO_LIGHT,
        "The fault cannot be shown by the light",
        "The fault is told in the journal, and spoken as far as there is a loudspeaker: @EDGE_REASON@",
        ("No board is set.", "Another program holds a pin, or the board is another one."),
        ("See [board] in /etc/edge-agent/edge-agent.toml.",),
    ),
    Trouble(
        AGAIN,
        "The voice appliance is tried again",
        "It has been told for long enough that @EDGE_FAULT@ keeps edge-agent from running: now it is started again.",
        ("Time is over.",),
        ("Nothing is to be done. If it fails again, that is told again.",),
    ),
)

BY_CODE: Final[dict[str, Trouble]] = {trouble.code: trouble for trouble in TABLE}
