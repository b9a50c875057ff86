"""Last failed run: stored next to the DuckDB file, shown by `status`, deleted after a success."""

from __future__ import annotations

from pathlib import Path

import pytest
from llm_stats.errors import CheckFailed, Interrupted, QuotaSpent
from llm_stats.queries.status import Status, status
from llm_stats.sample import SAMPLE_KEY, SampleApi
from llm_stats.warehouse import runs
from llm_stats.warehouse.duckdb_file import DuckDBWarehouse
from llm_stats.warehouse.duckdb_reader import DuckDBReader
from support.command import Command
from support.republish import republish

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("unchecked")]


def read_status(database: Path) -> Status:
    with DuckDBReader(database) as reader:
        return status(reader)


def test_rejected_key_is_poor_health_until_a_run_succeeds(
    run: Command, llm_stats: Command, one_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LLM_STATS_API_KEY", "wrong-key")
    failed = run("murmur-1")
    assert failed.code == 3
    out = llm_stats("status").out
    message = failed.err.removeprefix("llm-stats: ").strip()
    assert f" ago with exit code 3: {message}\n" in out
    assert "\nhealth      poor: the last run failed; " in out
    current = read_status(one_model)
    assert current.failed_at is not None
    assert current.failed_at > current.last_run_at
    assert current.failed_exit_code == 3
    assert current.failed_message == message
    assert "wrong-key" not in DuckDBWarehouse(one_model).last_failure.read_text()

    monkeypatch.setenv("LLM_STATS_API_KEY", SAMPLE_KEY)
    assert run("murmur-1", "--max-age", "1d").code == 0, "no model is due"
    assert not DuckDBWarehouse(one_model).last_failure.exists()
    assert read_status(one_model).failed_at is None


def test_run_that_publishes_only_failures_has_failed(
    run: Command, llm_stats: Command, api: SampleApi, one_model: Path
) -> None:
    api.publish([{"id": "murmur-1"}])
    assert run("murmur-1").code == 3
    out = llm_stats("status").out
    assert " ago with exit code 3: nothing could be fetched: " in out
    assert "\nhealth      poor: the last run failed; " in out


def test_failed_check_is_one_line(llm_stats: Command, one_model: Path) -> None:
    failure = CheckFailed("nothing was published: checks failed:\n  error: keys: …", ("keys",))
    with pytest.raises(CheckFailed), DuckDBWarehouse(one_model).lock():
        raise failure
    line = " ago with exit code 5: nothing was published: checks failed\n"
    assert line in llm_stats("status").out


def test_signal_is_a_failure_but_ctrl_c_and_a_spent_quota_are_not(tmp_path: Path) -> None:
    warehouse = DuckDBWarehouse(tmp_path / "w.duckdb")
    for error in (Interrupted("Ctrl-C"), KeyboardInterrupt(), QuotaSpent("spent")):
        with pytest.raises(type(error)), warehouse.lock():
            raise error
    assert runs.read_failure(warehouse.last_failure) is None
    with pytest.raises(Interrupted), warehouse.lock():
        raise Interrupted("interrupted by SIGTERM", 143)
    failure = runs.read_failure(warehouse.last_failure)
    assert failure is not None
    assert (failure.exit_code, failure.message) == (143, "interrupted by SIGTERM")


def test_rollback_does_not_change_the_last_failure(llm_stats: Command, two_days: Path) -> None:
    file = DuckDBWarehouse(two_days).last_failure
    assert llm_stats("rollback", "--to", "x").code == 2
    assert not file.exists()
    with pytest.raises(ValueError, match="bug"), DuckDBWarehouse(two_days).lock():
        raise ValueError("bug")
    assert llm_stats("rollback").code == 0
    assert "with exit code 1: ValueError: bug\n" in llm_stats("status").out


def test_file_that_cannot_be_written_or_read_is_ignored(
    llm_stats: Command, one_model: Path
) -> None:
    warehouse = DuckDBWarehouse(one_model)
    file = warehouse.last_failure
    file.mkdir()
    republish(one_model)
    with pytest.raises(CheckFailed, match="reason"), warehouse.lock():
        raise CheckFailed("reason")
    assert llm_stats("status").code == 0
    file.rmdir()
    for text in ("", "[]", '{"at": "x"}', '{"at": "2026-11-23T12:00:00"}'):
        file.write_text(text)
        assert runs.read_failure(file) is None
    assert read_status(one_model).failed_at is None
