"""The machine we live in: systemd, journald, credentials."""
