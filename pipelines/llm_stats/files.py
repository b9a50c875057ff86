"""Files: atomic writes, locks, fsync and permissions, normalized paths."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import functools
import logging
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from llm_stats.errors import UsageError

#: Error numbers of unsupported operations; some network shares return them.
_UNSUPPORTED = (errno.EINVAL, errno.ENOSYS, errno.ENOTSUP, errno.EPERM)
#: Maximum length of a file name in bytes.
_MAX_NAME = 255
#: Beginning of the names of temporary files and folders.
_TEMP_PREFIX = ".llm_stats."
#: Number of bytes that the longest derived file name adds to the name of the database.
_LONGEST_ADDITION = len("..files")


def atomic_write(file: Path, text: str) -> None:
    """Replace the content of a file with `text` in UTF-8. On an `OSError` the file is unchanged."""
    with _temp_path(file) as (temp, target):
        temp.write_text(text, "utf-8", newline="\n")
        temp.replace(target)


def require_writable(file: Path) -> None:
    """Raise `OSError` if `atomic_write` would fail; this check is for the start of a long run."""
    with _temp_path(file) as (temp, _):
        temp.touch()


def require_kind(file: Path, start: bytes, kind: str) -> None:
    """Raise `FileExistsError` if the file exists and is not of the expected kind.

    The expected kind is a regular file that is empty or begins with `start`. The message contains
    `kind`, such as `an HTML page`. With this check, a mistyped output path cannot
    overwrite a database.
    """
    if not file.exists():
        return
    if not file.is_file():
        raise FileExistsError(errno.EEXIST, "not a regular file")
    with file.open("rb") as stream:
        if stream.read(len(start)).lower() not in (b"", start):
            raise FileExistsError(errno.EEXIST, f"not {kind}")


@contextlib.contextmanager
def write_errors(file: Path) -> Iterator[None]:
    """Convert an `OSError` in the `with` block to a `UsageError` about an output file."""
    try:
        yield
    except OSError as error:
        raise UsageError(
            f"{file.resolve()} cannot be written: {error.strerror}; name another file"
        ) from None


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
            temp.unlink()


def require_replaceable(folder: Path) -> None:
    """Raise `OSError` unless files in the folder can be created, flushed to disk and replaced."""
    with temp_folder(folder) as temp:
        old, new = temp / "old", temp / "new"
        old.write_bytes(b"x")
        new.write_bytes(b"x")
        fsync(new)
        make_read_only(new)
        new.replace(old)
        fsync(temp)
        old.replace(target := folder / f"{temp.name}.new")
        target.unlink()


@contextlib.contextmanager
def temp_folder(parent: Path) -> Iterator[Path]:
    """Yield a new folder in `parent`; delete it at the end. Raises `OSError`."""
    folder = Path(tempfile.mkdtemp(prefix=_TEMP_PREFIX, dir=parent))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def has_files(folder: Path) -> bool:
    """Return whether a folder contains anything except temporary files of this module.

    Temporary files are ignored, because a killed or a concurrent run may have created them.
    """
    return any(not path.name.startswith(_TEMP_PREFIX) for path in folder.iterdir())


@contextlib.contextmanager
def hold_lock(file: Path) -> Iterator[None]:
    """Hold an exclusive lock on a file.

    The file is created if it is missing, and remains after the lock is released.

    Raises `BlockingIOError` if the lock is held already, or another `OSError` if the file cannot be
    locked. The operating system releases the lock when the process ends.
    """
    while True:
        descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o666)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.fstat(descriptor).st_nlink:  # otherwise the previous holder deleted the file
                yield
                return
        finally:
            os.close(descriptor)


def normalize_path(database: Path) -> Path:
    """Return the absolute path of a database; resolve symlinks in its folder's path.

    The database itself is not resolved, because a published database is a symlink. Raises
    `UsageError` if the file name is so long that names derived from it would exceed the limit.
    """
    length = len(os.fsencode(database.name))
    if length > _MAX_NAME - _LONGEST_ADDITION:
        raise UsageError(
            f"{database}: the file name has {length} bytes, more than "
            f"{_MAX_NAME - _LONGEST_ADDITION}; choose a shorter name"
        )
    return database.parent.resolve() / database.name


def fsync(path: Path) -> None:
    """Flush a file or folder to disk; log a warning if the file system does not support this."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in _UNSUPPORTED:
            raise
        kind = "folders" if path.is_dir() else "files"
        _warn_once(
            f"the file system does not sync {kind} to disk ({error.strerror}); "
            "a power failure may undo a run that was published"
        )
    finally:
        os.close(descriptor)


def make_read_only(file: Path) -> None:
    """Remove the write permission; log a warning if the file system does not support this."""
    try:
        file.chmod(0o444)
    except OSError as error:
        if error.errno not in _UNSUPPORTED:
            raise
        _warn_once(
            f"the file system does not change permissions ({error.strerror}); "
            "other programs can overwrite the published file"
        )


@functools.cache
def _warn_once(message: str) -> None:
    logging.getLogger(__name__).warning(message)
