"""Files that a power cut leaves whole: the old text or the new one, on the disk before the next step begins.

Law: each public method is one step; it writes beside the file, syncs, renames, syncs the folder. A step that finds
its work done touches nothing, so that it may be repeated at every start without wearing the card. Raises OSError.
"""

from __future__ import annotations

import os
from pathlib import Path

NEW = ".new"  # behind the name of a file that is being written


class Disk:
    """The disk of this machine; a test's may lose its power."""

    def replace(self, path: Path, data: bytes, *, mode: int = 0o644) -> bool:
        """`path` holds `data` with this mode, its folders made (0755); whether anything had to be done."""
        if _holds(path, data, mode):
            return False
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_name(path.name + NEW)
        try:
            self._write(fresh, data, mode)
        except OSError:
            fresh.unlink(missing_ok=True)
            raise
        self._rename(fresh, path)
        return True

    def replace_and_wipe(self, path: Path, data: bytes) -> None:
        """As `replace`, and what the old file held is overwritten where it lay: FAT frees clusters, it clears none.

        A power cut between the two leaves the old text in free clusters, out of the file but not off the card.
        """
        with path.open("r+b") as old:
            length = os.fstat(old.fileno()).st_size
            if self.replace(path, data):  # else `old` is the file that stays
                old.write(bytes(length))
                old.flush()
                self._sync(old.fileno())

    def remove(self, path: Path) -> bool:
        """There is no such file; whether there was one."""
        if not path.is_symlink() and not path.exists():
            return False
        path.unlink()
        self._sync_folder(path.parent)
        return True

    def finish(self, path: Path) -> None:
        """A rename that a power cut interrupted: the new file is whole, or the old one would still be there."""
        fresh = path.with_name(path.name + NEW)
        if fresh.exists() and not path.exists():
            self._rename(fresh, path)

    def _write(self, path: Path, data: bytes, mode: int) -> None:
        path.unlink(missing_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        with os.fdopen(descriptor, "wb") as writer:
            writer.write(data)
            writer.flush()
            self._sync(descriptor)

    def _rename(self, fresh: Path, path: Path) -> None:
        fresh.replace(path)
        self._sync_folder(path.parent)

    def _sync(self, descriptor: int) -> None:
        os.fsync(descriptor)

    def _sync_folder(self, folder: Path) -> None:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _holds(path: Path, data: bytes, mode: int) -> bool:
    """FAT has no modes: there, the mount's decide, and only the text counts."""
    try:
        same = path.read_bytes() == data
        return same and (path.stat().st_mode & 0o077) & ~mode == 0
    except OSError:
        return False
