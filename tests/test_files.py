"""Files: atomic writes, checks of output files and folders, fsync, locks."""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from llm_stats import files
from llm_stats.errors import UsageError


def entries(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def failing(code: int) -> Callable[..., None]:
    """Return a function that raises `OSError` with an error number."""

    def fail(*_: object, **__: object) -> None:
        raise OSError(code, os.strerror(code))

    return fail


class TestAtomicWrite:
    def test_writes_utf_8_into_new_folders(self, tmp_path: Path) -> None:
        file = tmp_path / "a" / "b" / "page.html"
        for text in ("first\n", "é\nsecond"):
            files.atomic_write(file, text)
            assert file.read_bytes() == text.encode()
        assert entries(file.parent) == ["page.html"], "the temporary file is gone"

    def test_replaces_the_target_of_a_link(self, tmp_path: Path) -> None:
        (tmp_path / "link").symlink_to("file")
        files.atomic_write(tmp_path / "link", "x")
        assert (tmp_path / "link").is_symlink()
        assert (tmp_path / "file").read_text() == "x"

    @pytest.mark.parametrize("operation", ["pathlib.Path.write_text", "pathlib.Path.replace"])
    def test_error_leaves_the_file_unchanged(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, operation: str
    ) -> None:
        (tmp_path / "file").write_text("before")
        with monkeypatch.context() as patched:
            patched.setattr(operation, failing(errno.ENOSPC))
            with pytest.raises(OSError, match="No space left"):
                files.atomic_write(tmp_path / "file", "after")
        assert (tmp_path / "file").read_text() == "before"
        assert entries(tmp_path) == ["file"]

    def test_folder_is_an_error(self, tmp_path: Path) -> None:
        for function in (lambda file: files.atomic_write(file, "x"), files.require_writable):
            with pytest.raises(IsADirectoryError):
                function(tmp_path)
        assert entries(tmp_path) == []


def test_file_is_writable_if_its_folder_is(tmp_path: Path) -> None:
    files.require_writable(tmp_path / "file")
    assert entries(tmp_path) == [], "the check creates no file"
    (tmp_path / "file").touch()
    with pytest.raises((NotADirectoryError, FileExistsError)):
        files.require_writable(tmp_path / "file" / "page.html")


def test_missing_permission_is_noticed_before_writing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pathlib.Path.touch", failing(errno.EACCES))
    with (
        pytest.raises(UsageError, match=r"file cannot be written: Permission denied; name another"),
        files.write_errors(tmp_path / "file"),
    ):
        files.require_writable(tmp_path / "file")


@pytest.mark.parametrize("content", [None, b"", b"<!doctype html>", b"<!DOCTYPE HTML><p>"])
def test_expected_kind_of_an_output_file(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "page").write_bytes(content)
    files.require_kind(tmp_path / "page", b"<!doctype html>", "an HTML page")


def test_other_kind_of_an_output_file(tmp_path: Path) -> None:
    (tmp_path / "page").write_bytes(b"<!doctype xml>")
    with pytest.raises(FileExistsError, match="not an HTML page"):
        files.require_kind(tmp_path / "page", b"<!doctype html>", "an HTML page")
    with pytest.raises(FileExistsError, match="not a regular file"):
        files.require_kind(tmp_path, b"<!doctype html>", "an HTML page")


@pytest.mark.parametrize("operation", ["os.fsync", "os.chmod", "os.replace", "os.unlink"])
def test_folder_whose_files_cannot_be_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, operation: str
) -> None:
    files.require_replaceable(tmp_path)
    assert entries(tmp_path) == []
    monkeypatch.setattr(operation, failing(errno.EIO))
    with pytest.raises(OSError, match="Input/output error"):
        files.require_replaceable(tmp_path)


def test_folder_is_tested_with_files_in_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A read-only file replaces another file, and is then moved out of the temporary folder."""
    synced, renamed = [], []
    fsync, replace = files.fsync, Path.replace

    def record_sync(path: Path) -> None:
        synced.append(path)
        fsync(path)

    def record_rename(path: Path, target: Path) -> Path:
        renamed.append((path.stat().st_mode & 0o777, target.exists(), target.parent))
        return replace(path, target)

    monkeypatch.setattr(files, "fsync", record_sync)
    monkeypatch.setattr(Path, "replace", record_rename)
    files.require_replaceable(tmp_path)
    file, temporary = synced
    assert file.parent == temporary
    assert temporary.parent == tmp_path
    assert renamed == [(0o444, True, temporary), (0o444, False, tmp_path)]


def test_temporary_folder_is_not_foreign_and_is_deleted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not files.has_files(tmp_path)
    with files.temp_folder(tmp_path) as folder:
        assert folder.parent == tmp_path
        assert not files.has_files(tmp_path)
        (tmp_path / "notes.txt").touch()
        assert files.has_files(tmp_path)
    assert entries(tmp_path) == ["notes.txt"]
    with files.temp_folder(tmp_path) as folder:
        shutil.rmtree(folder)  # cannot be deleted again


def test_lock_excludes_others_and_is_released(tmp_path: Path) -> None:
    before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208
    for _ in range(2):
        with files.hold_lock(tmp_path / "lock"):
            with pytest.raises(BlockingIOError), files.hold_lock(tmp_path / "lock"):
                pass
            (tmp_path / "lock").write_text("the file is open for reading and writing")
    assert len(os.listdir("/proc/self/fd")) == before  # noqa: PTH208
    (tmp_path / "link").symlink_to("lock")
    with pytest.raises(OSError, match="symbolic links"), files.hold_lock(tmp_path / "link"):
        pass


def test_lock_of_a_deleted_file_is_taken_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process deletes the file between `open` and `flock`."""
    flock = fcntl.flock
    attempts = []

    def delete_first(descriptor: int, operation: int) -> None:
        attempts.append(operation)
        if len(attempts) == 1:
            (tmp_path / "lock").unlink()
        flock(descriptor, operation)

    monkeypatch.setattr("fcntl.flock", delete_first)
    with files.hold_lock(tmp_path / "lock"):
        assert (tmp_path / "lock").exists()
    assert len(attempts) == 2


def test_longest_name_of_a_database(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(".")
    assert files.normalize_path(tmp_path / "link" / ("x" * 248)) == tmp_path / ("x" * 248)
    with pytest.raises(UsageError, match="has 249 bytes, more than 248; choose a shorter name"):
        files.normalize_path(tmp_path / ("x" * 249))


def test_unsupported_operations_are_one_warning_each(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    files._warn_once.cache_clear()
    (tmp_path / "file").touch()
    before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208
    monkeypatch.setattr("os.fsync", failing(errno.EINVAL))
    monkeypatch.setattr("os.chmod", failing(errno.EPERM))
    for _ in range(2):
        files.fsync(tmp_path)
        files.fsync(tmp_path / "file")
        files.make_read_only(tmp_path / "file")
    assert caplog.messages == [
        *(
            f"the file system does not sync {kind} to disk (Invalid argument); "
            "a power failure may undo a run that was published"
            for kind in ("folders", "files")
        ),
        "the file system does not change permissions (Operation not permitted); "
        "other programs can overwrite the published file",
    ]
    assert len(os.listdir("/proc/self/fd")) == before  # noqa: PTH208
    files._warn_once.cache_clear()


def test_other_errors_are_raised(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for operation, function in (("os.fsync", files.fsync), ("os.chmod", files.make_read_only)):
        monkeypatch.setattr(operation, failing(errno.EIO))
        with pytest.raises(OSError, match="Input/output error"):
            function(tmp_path)


def test_read_only_file_has_no_write_permission(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    files.make_read_only(tmp_path / "file")
    assert (tmp_path / "file").stat().st_mode & 0o777 == 0o444
