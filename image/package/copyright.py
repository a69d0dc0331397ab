"""The copyright file: our licence, the wake models' plainly, and that of every package that travels along.

Law: what the packages say of themselves in their metadata, and where their full texts lie; nothing is judged.
"""

from __future__ import annotations

from collections.abc import Iterable
from email import message_from_string
from email.message import Message
from pathlib import Path

OURS = """\
edge-agent, a voice appliance daemon. It is made from the sources of its own repository; nothing of it is Debian's.

The program: Copyright 2026 its authors, licensed under the Apache License, Version 2.0.
On Debian systems its full text is in /usr/share/common-licenses/Apache-2.0.

THE WAKE WORD MODELS ARE NOT FREE FOR COMMERCIAL USE.
The networks that hear "alexa", "hey jarvis", "hey mycroft" and "hey rhasspy"
(openwakeword/resources/models/*_v0.1.onnx, by David Scripka, of the openWakeWord project) are licensed under Creative
Commons Attribution-NonCommercial-ShareAlike 4.0 International (CC BY-NC-SA 4.0,
https://creativecommons.org/licenses/by-nc-sa/4.0/legalcode): for products that are sold or serve a business, train a
wake word of your own and name its file in [wake] of /etc/edge-agent/edge-agent.toml.
The two networks that all wake words share (melspectrogram.onnx, embedding_model.onnx) are under the Apache License 2.0,
the speech detector (silero_vad) under the MIT licence.

Python packages that travel along, below /opt/edge-agent/lib, unchanged but for files that were left out. Licences as
they state them; their full texts lie beside them in the folders named *.dist-info.

"""


def copyright_text(site: Path) -> str:
    """For the packages in a site-packages folder, in order of names."""
    entries = []
    for metadata in sorted(site.glob("*.dist-info/METADATA")):
        told = message_from_string(metadata.read_text(encoding="utf-8"))
        if told["Name"] != "edge-agent":
            entries.append(_entry(told, metadata.parent))
    return OURS + "\n".join(entries)


def _entry(told: Message, folder: Path) -> str:
    texts = ", ".join(_texts(folder)) or "none in its wheel"
    author = told["Author"] or told["Author-email"] or told["Maintainer"] or told["Maintainer-email"] or "see its texts"
    address = told["Home-page"] or next(iter(_addresses(told.get_all("Project-URL") or ())), "none stated")
    return (
        f"{told['Name']} {told['Version']}\n  by: {' '.join(str(author).split())}\n  from: {address}\n"
        f"  licence: {licence(told)}\n  texts: {texts}\n"
    )


def licence(told: Message) -> str:
    """The SPDX expression, else the classifiers, else the first line of the field, which may be a whole text."""
    if expression := told["License-Expression"]:
        return str(expression)
    kinds = [str(one).split(" :: ") for one in told.get_all("Classifier") or () if str(one).startswith("License ::")]
    if names := [parts[-1] for parts in kinds if parts[1:] != ["OSI Approved"]]:
        return " / ".join(names)
    lines = str(told["License"] or "").strip().splitlines()
    return lines[0].strip() if lines else "not stated in its metadata"


def _texts(folder: Path) -> Iterable[str]:
    names = ("LICEN[CS]E*", "COPYING*", "NOTICE*", "licenses/**/*")
    found = {path for pattern in names for path in folder.glob(pattern) if path.is_file()}
    return sorted(str(path.relative_to(folder.parent)) for path in found)


def _addresses(urls: Iterable[object]) -> list[str]:
    return [str(one).partition(", ")[2] for one in urls]
