"""Files: atomic writes, fsync, normalized paths."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Iterator
from pathlib import Path


def atomic_write(file: Path, text: str) -> None:
    """Replace the content of a file with `text` in UTF-8. On an `OSError` the file is unchanged."""
    with _temp_path(file) as (temp, target):
        temp.write_text(text, "utf-8", newline="\n")
        temp.replace(target)


def require_writable(file: Path) -> None:
    """Raise `OSError` if `atomic_write` could not write the file; call it before a long run."""
    with _temp_path(file) as (temp, _):
        temp.touch()


@contextlib.contextmanager
def _temp_path(file: Path) -> Iterator[tuple[Path, Path]]:
    """Yield a temporary path next to the file, and the file itself with symlinks resolved.

    The temporary file is deleted at the end.
    """
    target = file.resolve()
    if target.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    temp = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        yield temp, target
    finally:
        with contextlib.suppress(OSError):
            temp.unlink(missing_ok=True)


def normalize_path(database: Path) -> Path:
    """Return the absolute path; symlinks are resolved in its folder, but not in the file name.

    The published database is itself a symlink, which must not be resolved.
    """
    return database.parent.resolve() / database.name


def fsync(path: Path) -> None:
    """Flush a file or folder to disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def make_read_only(file: Path) -> None:
    """Remove the write permission of a file."""
    file.chmod(0o444)
