"""Warehouse on file systems that lack features: warnings, and errors before any request."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from llm_stats import files
from llm_stats.errors import UsageError
from llm_stats.sample import SampleApi
from llm_stats.warehouse.duckdb_file import DuckDBWarehouse
from support.command import Command
from support.queries import query_rows
from support.republish import republish


@pytest.fixture(autouse=True)
def new_process() -> None:
    """Reset the warnings that are logged once per process."""
    files._warn_once.cache_clear()


def unsupported(code: int, folders_only: bool = False) -> object:
    """Return a function that raises `OSError(code)`, to replace a function of `os`.

    With `folders_only`, the function raises only if its argument is the descriptor of a folder.
    """

    def fail(descriptor: int, *_: object, **__: object) -> None:
        if not folders_only or os.path.isdir(f"/proc/self/fd/{descriptor}"):  # noqa: PTH112
            raise OSError(code, os.strerror(code))

    return fail


@pytest.mark.usefixtures("unchecked")
def test_share_without_permissions_and_folder_sync_is_published_with_two_warnings(
    run: Command, one_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.chmod", unsupported(errno.EPERM))
    monkeypatch.setattr("os.fsync", unsupported(errno.EINVAL, folders_only=True))
    done = run("murmur-1", "--quiet")
    assert done.err.splitlines() == [
        "llm-stats: warning: the file system does not change permissions "
        "(Operation not permitted); other programs can overwrite the published file",
        "llm-stats: warning: the file system does not sync folders to disk (Invalid argument); "
        "a power failure may undo a run that was published",
    ]
    assert done.code == 0
    assert query_rows(one_model, "select count(*) from raw.fetches") == [(2,)]


def test_warning_is_logged_as_json(
    run: Command, workdir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with DuckDBWarehouse(workdir / "llm_stats.duckdb").lock():  # ends the run after the warning
        monkeypatch.setattr("os.fsync", unsupported(errno.EINVAL, folders_only=True))
        done = run("murmur-1", "--log-format", "json")
    assert (
        sum('"level": "warning", "event": "warning"' in line for line in done.err.splitlines()) == 1
    )
    assert done.code == 6


@pytest.mark.parametrize(
    ("operation", "code", "advice"),
    [
        ("os.fsync", errno.EIO, "use a writable folder, or name another file with --database"),
        ("os.replace", errno.EIO, "use a writable folder, or name another file with --database"),
        ("os.fsync", errno.ENOSPC, "free some disk space"),
        ("os.fsync", errno.EDQUOT, "free some disk space"),
    ],
)
def test_failing_disk_is_found_before_the_first_request(
    run: Command,
    workdir: Path,
    api: SampleApi,
    monkeypatch: pytest.MonkeyPatch,
    operation: str,
    code: int,
    advice: str,
) -> None:
    monkeypatch.setattr(operation, unsupported(code))
    done = run("murmur-1")
    assert done.err == (
        f"llm-stats: {workdir}/llm_stats.duckdb cannot be written: {os.strerror(code)}: "
        f"{workdir}; {advice}\n"
    )
    assert done.code == 2
    assert api.requests == []
    assert list(workdir.iterdir()) == []


def test_folder_next_to_the_database_is_tested_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The folder may be a link to another disk."""
    fail, fsync = unsupported(errno.EIO), os.fsync

    def fsync_or_fail(descriptor: int) -> None:
        opened = Path(f"/proc/self/fd/{descriptor}").readlink()
        (fail if opened.is_relative_to(tmp_path / ".w") else fsync)(descriptor)  # type: ignore[operator]

    monkeypatch.setattr("os.fsync", fsync_or_fail)
    with pytest.raises(UsageError, match=r"w\.duckdb cannot be written: Input.*/\.w; use a"):
        DuckDBWarehouse(tmp_path / "w.duckdb").ensure_writable_folder()


@pytest.fixture
def append_only(workdir: Path) -> Iterator[Path]:
    """Yield a folder whose files can be neither renamed nor deleted."""
    (folder := workdir / "folder").mkdir()
    if (
        not shutil.which("chattr")
        or subprocess.run(["chattr", "+a", folder], check=False).returncode
    ):
        pytest.skip("the file system has no attribute for append-only folders")
    yield folder
    subprocess.run(["chattr", "-a", folder], check=True)


def test_folder_that_refuses_renames(run: Command, api: SampleApi, append_only: Path) -> None:
    done = run("murmur-1", "--database", append_only / "w.duckdb")
    assert f"cannot be written: Operation not permitted: {append_only}; use a writable" in done.err
    assert done.code == 2
    assert api.requests == []


def test_missing_folder_is_an_error(run: Command, workdir: Path, api: SampleApi) -> None:
    done = run("murmur-1", "--database", "misspelled/llm_stats.duckdb")
    assert done.err == (
        f"llm-stats: {workdir}/misspelled/llm_stats.duckdb cannot be written: there is no folder "
        f"{workdir}/misspelled; create it, or name another file with --database\n"
    )
    assert done.code == 2
    assert api.requests == []
    assert list(workdir.iterdir()) == []


@pytest.mark.parametrize("command", ["run x", "demo", "show", "rollback"])
def test_name_that_is_too_long_is_an_error(llm_stats: Command, workdir: Path, command: str) -> None:
    done = llm_stats(*command.split(), "--database", "é" * 125)
    assert "the file name has 250 bytes, more than 248; choose a shorter name" in done.err
    assert done.code == 2
    assert list(workdir.iterdir()) == []


@pytest.mark.slow
@pytest.mark.usefixtures("unchecked")
def test_longest_name_works(
    run: Command, llm_stats: Command, workdir: Path, one_model: Path
) -> None:
    for name in ("a" * 248, "a" * 241 + ".duckdb"):
        shutil.copyfile(one_model, workdir / name)
    assert run("murmur-1", "--database", "a" * 248).code == 0
    republish(workdir / ("a" * 241 + ".duckdb"))
    for name in ("a" * 248, "a" * 241 + ".duckdb"):
        assert llm_stats("show", "--database", name).code == 0
