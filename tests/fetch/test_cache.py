"""Response cache: immediate commits, ages, deletion of expired and used responses, disk errors."""

from __future__ import annotations

import contextlib
import datetime as dt
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from llm_stats.api.responses import Body
from llm_stats.errors import LoadFailed, UsageError
from llm_stats.fetch.cache import ResponseCache
from llm_stats.fetch.request_state import requests_since
from support.processes import PROGRAMS

URL = "https://sample.invalid/stats/v1/models/a%2Fb"
HOUR = dt.timedelta(hours=1)


def body(content: bytes = b"{}", age: dt.timedelta = dt.timedelta(0)) -> Body:
    return Body(content, dt.datetime.now(dt.UTC) - age)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / ".llm_stats" / "responses.sqlite"


@pytest.fixture
def cache(path: Path) -> Iterator[ResponseCache]:
    with ResponseCache(path, HOUR) as cache:
        yield cache


def test_get_returns_the_stored_body_with_its_time(cache: ResponseCache) -> None:
    stored = body(b'{"id": "a/b"}\xf0\x9f\x98\x80', age=dt.timedelta(minutes=59))
    cache.put(URL, stored)
    assert cache.get(URL) == stored
    assert cache.get(URL + "x") is None


def test_time_with_another_zone_is_converted(cache: ResponseCache) -> None:
    arrived = dt.datetime.now(dt.timezone(dt.timedelta(hours=5, minutes=30))) - dt.timedelta(
        minutes=1
    )
    cache.put(URL, Body(b"{}", arrived))
    assert cache.get(URL) == Body(b"{}", arrived)


def test_newer_response_replaces_the_older(cache: ResponseCache) -> None:
    cache.put(URL, body(b"old"))
    cache.put(URL, body(b"new"))
    cached = cache.get(URL)
    assert cached is not None
    assert cached.content == b"new"


@pytest.mark.parametrize("age", [HOUR * 1.01, -HOUR], ids=["too old", "from the future"])
def test_expired_response_is_not_used_and_deleted_by_the_next_run(
    path: Path, age: dt.timedelta
) -> None:
    with ResponseCache(path, HOUR) as cache:
        cache.put(URL, body(age=age))
        assert cache.get(URL) is None
    with ResponseCache(path, HOUR):
        pass
    assert count(path) == 0


def test_ttl_is_measured_from_the_newest_response(path: Path) -> None:
    """A run took two hours and was killed half an hour ago.

    The responses of its last hour are reused.
    """
    ages_in_minutes = {"first": 150, "middle": 89, "last": 30}
    with ResponseCache(path, HOUR) as killed:
        for name, age in ages_in_minutes.items():
            killed.put(name, body(age=dt.timedelta(minutes=age)))
    with ResponseCache(path, HOUR) as cache:
        assert [name for name in ages_in_minutes if cache.get(name)] == ["middle", "last"]


def test_response_does_not_expire_during_a_run(path: Path) -> None:
    with ResponseCache(path, HOUR) as killed:
        killed.put(URL, body())
    with ResponseCache(path, dt.timedelta(seconds=0.3)) as cache:
        time.sleep(0.5)
        assert cache.get(URL)


def test_status_is_stored(cache: ResponseCache) -> None:
    gone = Body(b"{}", dt.datetime.now(dt.UTC), 404)
    cache.put(URL, gone)
    assert cache.get(URL) == gone


class TestRequests:
    def test_are_logged_for_later_runs_and_visible_to_other_processes(self, path: Path) -> None:
        began = dt.datetime.now(dt.UTC)
        with ResponseCache(path, HOUR) as cache:
            cache.log_request()
            cache.log_request()
            assert requests_since(path, began) == 2
        with ResponseCache(path, HOUR) as later:
            later.log_request()
            ages = later.request_ages(60)
            assert ages == sorted(ages, reverse=True)
            assert len(ages) == 3
            assert all(0 <= age < 10 for age in ages)
        assert requests_since(path, began) == 3
        assert requests_since(path, dt.datetime.now(dt.UTC)) == 0

    def test_are_deleted_after_two_days(self, path: Path) -> None:
        with ResponseCache(path, HOUR) as cache:
            cache._connection.execute(
                "insert into request_log values (?)",
                ((dt.datetime.now(dt.UTC) - dt.timedelta(hours=49)).isoformat(),),
            )
            cache._connection.execute(
                "insert into request_log values (?)",
                ((dt.datetime.now(dt.UTC) - dt.timedelta(hours=47)).isoformat(),),
            )
        with ResponseCache(path, HOUR) as cache:
            assert len(cache.request_ages(3600 * 50)) == 1

    def test_count_is_zero_without_a_file_and_unknown_for_a_corrupt_file(self, path: Path) -> None:
        assert requests_since(path, dt.datetime.now(dt.UTC)) == 0
        path.parent.mkdir()
        path.write_bytes(b"not a database" * 500)
        assert requests_since(path, dt.datetime.now(dt.UTC)) is None


def count(path: Path) -> int:
    connection = sqlite3.connect(path)
    try:
        return int(connection.execute("select count(*) from cached_responses").fetchone()[0])
    finally:
        connection.close()


def test_file_does_not_grow_without_bound(path: Path) -> None:
    sizes = []
    for _ in range(5):
        with ResponseCache(path, HOUR) as cache:
            for number in range(50):
                cache.put(f"{URL}{number}", body(b"x" * 20_000))
            cache.end_run()
        sizes.append(path.stat().st_size)
    assert max(sizes) < 100_000


def test_used_responses_are_those_read_or_stored(path: Path) -> None:
    with ResponseCache(path, HOUR) as killed:
        for name in ("read", "unused"):
            killed.put(name, body())
    with ResponseCache(path, HOUR) as cache:
        cache.get("read")
        cache.put("stored", body())
        cache.end_run()
        assert [cache.get(name) is not None for name in ("read", "stored", "unused")] == [
            False,
            False,
            True,
        ]


def test_response_survives_a_kill_right_after_put(path: Path) -> None:
    command = [sys.executable, str(PROGRAMS / "cache_and_die.py"), str(path)]
    assert subprocess.run(command, check=False).returncode == -signal.SIGKILL
    with ResponseCache(path, HOUR) as cache:
        assert all(cache.get(str(number)) for number in range(100))


def test_ttl_beyond_the_calendar_is_limited(path: Path) -> None:
    with ResponseCache(path, dt.timedelta.max) as cache:
        cache.put(URL, body())
        assert cache.get(URL)


@pytest.mark.parametrize(
    "content",
    [b"not a database, but longer than its header" * 50, b"SQLite format 3\0" + b"\xff" * 5000],
    ids=["not a database", "corrupt database"],
)
def test_corrupt_file_is_replaced(path: Path, content: bytes) -> None:
    path.parent.mkdir()
    path.write_bytes(content)
    with ResponseCache(path, HOUR) as cache:
        cache.put(URL, body())
        assert cache.get(URL)


def test_unwritable_file_is_an_immediate_error(path: Path) -> None:
    path.mkdir(parents=True)
    with pytest.raises(
        UsageError,
        match=r"responses\.sqlite cannot be written: .*; make it writable or delete the file",
    ):
        ResponseCache(path, HOUR).__enter__()


def test_full_disk_is_not_a_usage_error(path: Path) -> None:
    path.parent.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=16k", "tmpfs", str(path.parent)]
    if (
        shutil.which("mount") is None
        or subprocess.run(mount, capture_output=True, check=False).returncode
    ):
        pytest.skip("cannot mount a disk")
    try:
        (path.parent / "ballast").write_bytes(b"x" * 12288)
        with (
            pytest.raises(LoadFailed, match="database or disk is full; nothing was published"),
            ResponseCache(path, HOUR),
        ):
            pass
    finally:
        subprocess.run(["umount", "-l", str(path.parent)], check=True)


@pytest.fixture
def short_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    """Set SQLite's lock timeout to a tenth of a second."""
    connect: Any = sqlite3.connect
    monkeypatch.setattr(
        sqlite3, "connect", lambda *args, **options: connect(*args, **options, timeout=0.1)
    )


@pytest.mark.usefixtures("short_wait")
def test_locked_file_is_an_error_without_a_long_wait(path: Path) -> None:
    with ResponseCache(path, HOUR):
        pass
    with contextlib.closing(sqlite3.connect(path)) as holder:
        holder.execute("begin exclusive")
        with pytest.raises(UsageError, match="database is locked"):
            ResponseCache(path, HOUR).__enter__()


@pytest.mark.usefixtures("short_wait")
def test_after_a_write_error_nothing_is_written(path: Path) -> None:
    with ResponseCache(path, HOUR) as cache:
        with contextlib.closing(sqlite3.connect(path)) as holder:
            holder.execute("begin exclusive")
            with pytest.raises(OSError, match="database is locked"):
                cache.log_request()
        with pytest.raises(OSError, match="database is locked"):
            cache.log_request()
        assert cache.request_ages(60) == []


def test_responses_of_concurrent_threads_are_all_stored(path: Path) -> None:
    urls = [str(number) for number in range(2_000)]

    def store(url: str) -> None:
        shared.log_request()
        shared.put(url, body(url.encode()))

    with ResponseCache(path, HOUR) as shared, ThreadPoolExecutor(32) as threads:
        list(threads.map(store, urls))
    with ResponseCache(path, HOUR) as cache:
        cached = [cache.get(url) for url in urls]
        assert [response.content for response in cached if response] == [
            url.encode() for url in urls
        ]
        assert len(cache.request_ages(60)) == len(urls)


def test_full_disk_is_an_error_and_keeps_earlier_responses(path: Path) -> None:
    done = subprocess.run(
        [sys.executable, str(PROGRAMS / "cache_on_full_disk.py"), str(path)],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.stderr == ""
    assert "responses.sqlite: " in done.stdout
    assert done.stdout.endswith("True\n")
    assert done.returncode == 0
