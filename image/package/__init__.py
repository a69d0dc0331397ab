"""The Debian package of edge-agent: its locked environment, its units, its scripts, put together by `dpkg-deb`.

Law: the same sources give the same bytes. Nothing here decides what the program is: the environment is what uv.lock
says, less what `slimming.py` gives a reason for.
"""
