"""Files: atomic writes, fsync, normalized paths."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Iterator
from pathlib import Path


def atomic_write(file: Path, text: str) -> None:
    """Puts a text into a file, in UTF-8. Raises `OSError`; the file is then as it was."""
    with _temp_path(file) as (aside, place):
        aside.write_text(text, "utf-8", newline="\n")
        aside.replace(place)


def require_writable(file: Path) -> None:
    """Raises `OSError` if `write` could not write there: better before a run than after it."""
    with _temp_path(file) as (aside, _):
        aside.touch()


@contextlib.contextmanager
def _temp_path(file: Path) -> Iterator[tuple[Path, Path]]:
    """A path beside the file to write to, gone afterwards, and the file itself, where a link leads to it."""
    place = file.resolve()
    if place.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    aside = place.with_name(f".{place.name}.{os.getpid()}")
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        yield aside, place
    finally:
        with contextlib.suppress(OSError):
            aside.unlink(missing_ok=True)


def normalize_path(database: Path) -> Path:
    """The path itself, absolute, its folder without links: of the link that the published path is, only the place counts."""
    return database.parent.resolve() / database.name


def fsync(path: Path) -> None:
    """Forces a file or folder to disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
