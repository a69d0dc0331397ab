"""The image of a whole SD card: Debian arm64 with edge-agent, read-only, for the boards that Debian's kernel knows.

Law: the builder's half of the card. What a card does when it starts lies in `card/` (units, initramfs, settings), as
files that are copied; what a person wrote on it is read by the product (`edge-agent first-boot`).
"""
