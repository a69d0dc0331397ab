"""The Wi-Fi of the card's file as wpa_supplicant's own: one network, its country, readable by root alone.

Law: pure functions between texts. The name is written as hexadecimal digits, so that no name can end its line; the
password between quotes, which wpa_supplicant reads up to the last one of the line. The passphrase itself is kept, not
its hash: WPA3 needs it.
"""

from __future__ import annotations

import re

from edge_agent.field.card_file import OPEN

HEADER = "# written by `edge-agent first-boot` from edge-agent.toml on the card; changes belong there\n"


def supplicant(ssid: str, password: str, country: str) -> str:
    """The whole of wpa_supplicant's file. All three as card_file judged them."""
    if password == OPEN:
        access = ["key_mgmt=NONE"]
    else:
        secret = password if re.fullmatch(r"[0-9A-Fa-f]{64}", password) else f'"{password}"'
        access = ["key_mgmt=WPA-PSK WPA-PSK-SHA256 SAE", "ieee80211w=1", f"psk={secret}"]
    network = [f"ssid={ssid.encode().hex()}", "scan_ssid=1", *access]
    top = ["ctrl_interface=/run/wpa_supplicant", f"country={country}"]
    return HEADER + "\n".join([*top, "network={", *(f"\t{line}" for line in network), "}"]) + "\n"


def password_of(text: str, ssid: str) -> str | None:
    """The password that `supplicant` wrote for this network; None where the file is of another one."""
    if not re.search(rf"^\tssid={ssid.encode().hex()}$", text, re.MULTILINE):
        return None
    if "\tkey_mgmt=NONE\n" in text:
        return OPEN
    found = re.search(r"^\tpsk=(.*)$", text, re.MULTILINE)
    return found[1].removeprefix('"').removesuffix('"') if found else None
