"""State of requests in the cache file: idempotency seed, validators, files of older versions."""

from __future__ import annotations

import contextlib
import datetime as dt
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from llm_stats.api.quota import Quota
from llm_stats.api.responses import Body
from llm_stats.fetch import request_state
from llm_stats.fetch.cache import ResponseCache
from llm_stats.fetch.request_state import last_quota, requests_since
from llm_stats.schema.fetch import Validators

HOUR = dt.timedelta(hours=1)
NOON = dt.datetime(2026, 11, 28, 12, tzinfo=dt.UTC)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "responses.sqlite"


class TestSeed:
    def test_is_the_same_in_the_next_run(self, path: Path) -> None:
        seeds = set()
        for _ in range(2):
            with ResponseCache(path, HOUR) as cache:
                seeds |= {cache.idempotency_seed(), cache.idempotency_seed()}
        assert len(seeds) == 1

    def test_is_the_same_after_kill_9(self, path: Path) -> None:
        program = f"""
import datetime as dt, os, signal, sys
from pathlib import Path
from llm_stats.fetch.cache import ResponseCache
with ResponseCache(Path({str(path)!r}), dt.timedelta(hours=1)) as cache:
    print(cache.idempotency_seed(), flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""
        killed = subprocess.run(
            [sys.executable, "-c", program], capture_output=True, text=True, check=False
        )
        assert killed.returncode == -signal.SIGKILL, killed.stderr
        with ResponseCache(path, HOUR) as cache:
            assert cache.idempotency_seed() == killed.stdout.strip()

    def test_is_replaced_by_a_published_run(self, path: Path) -> None:
        with ResponseCache(path, HOUR) as cache:
            seed = cache.idempotency_seed()
            cache.end_run()
            assert cache.idempotency_seed() != seed

    def test_is_replaced_after_the_ttl_of_the_cache(self, path: Path) -> None:
        with ResponseCache(path, HOUR) as cache:
            seed = cache.idempotency_seed()
            cache._connection.execute(
                "update idempotency_seed set created_at = ?",
                ((dt.datetime.now(dt.UTC) - HOUR).isoformat(),),
            )
        with ResponseCache(path, HOUR) as cache:
            assert cache.idempotency_seed() != seed

    def test_is_not_kept_without_a_cache(self, path: Path) -> None:
        with ResponseCache(path, dt.timedelta(0)) as cache:
            seed = cache.idempotency_seed()
            assert cache.idempotency_seed() == seed
        with ResponseCache(path, dt.timedelta(0)) as cache:
            assert cache.idempotency_seed() != seed

    @pytest.mark.parametrize(
        ("created", "now", "is_kept"),
        [
            (NOON, NOON + dt.timedelta(minutes=59), True),
            (NOON.replace(hour=23, minute=59), NOON.replace(day=29, hour=0), False),
            (NOON, NOON - dt.timedelta(minutes=1), False),
        ],
        ids=["same day", "after midnight", "clock set back"],
    )
    def test_is_replaced_at_midnight(
        self, created: dt.datetime, now: dt.datetime, is_kept: bool
    ) -> None:
        with contextlib.closing(sqlite3.connect(":memory:")) as connection:
            connection.executescript(request_state.SETUP)
            oldest = created - HOUR
            seed = request_state.current_seed(connection, oldest, created)
            assert (request_state.current_seed(connection, oldest, now) == seed) is is_kept


def test_cached_body_keeps_its_validators(path: Path) -> None:
    validators = Validators('W/"1"', "Wed, 21 Oct 2026 07:28:00 GMT")
    stored = Body(b"{}", dt.datetime.now(dt.UTC), 200, validators)
    with ResponseCache(path, HOUR) as cache:
        cache.put("url", stored)
    with ResponseCache(path, HOUR) as cache:
        assert cache.get("url") == stored


class TestOlderFile:
    """A file without validators, seed and quota, written by an earlier version."""

    @pytest.fixture
    def older(self, path: Path) -> Path:
        now = dt.datetime.now(dt.UTC).isoformat(timespec="microseconds")
        with contextlib.closing(sqlite3.connect(path)) as connection:
            connection.execute("create table request_log (sent_at text not null)")
            connection.execute("insert into request_log values (?)", (now,))
            connection.execute(
                "create table cached_responses (url text primary key, status integer not null, "
                "received_at text not null, body blob not null)"
            )
            connection.execute("insert into cached_responses values ('url', 200, ?, 'x')", (now,))
            connection.commit()
        return path

    def test_keeps_its_responses_and_its_request_log(self, older: Path) -> None:
        midnight = dt.datetime.now(dt.UTC) - HOUR
        for _ in range(2):
            with ResponseCache(older, HOUR) as cache:
                cached = cache.get("url")
                assert cached is not None
                assert cached.validators == Validators()
                assert len(cache.request_ages(60)) == 1
        assert requests_since(older, midnight) == 1

    def test_has_no_quota_before_the_next_run(self, older: Path) -> None:
        assert last_quota(older, dt.datetime.now(dt.UTC)) is None
        assert requests_since(older, dt.datetime.now(dt.UTC) - HOUR) == 1


def test_newer_quota_replaces_the_older(path: Path) -> None:
    with ResponseCache(path, HOUR) as cache:
        cache.store_quota(Quota(2, 250))
        cache.store_quota(Quota(1))
    stored = last_quota(path, dt.datetime.now(dt.UTC))
    assert stored is not None
    assert stored[0] == Quota(1)
