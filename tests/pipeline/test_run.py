"""Complete runs: order of the models, errors of the API, the published file."""

from __future__ import annotations

import copy
import datetime as dt
import socket
from pathlib import Path

import llm_stats
import pytest
from llm_stats import sample
from llm_stats.errors import UsageError
from llm_stats.pipeline.run import execute
from llm_stats.sample import SampleApi
from llm_stats.settings import Settings
from llm_stats.warehouse.duckdb_file import DuckDBWarehouse
from llm_stats.warehouse.working_copy import DuckDBWorkingCopy
from support.command import Command
from support.queries import query_rows
from support.sample_requests import requested_ids

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("unchecked")]


class TestApiErrors:
    """Each API error has its own message and exit code; models without an error are published."""

    def test_unreachable_api(self, llm_stats: Command) -> None:
        with socket.socket() as unused:
            unused.bind(("127.0.0.1", 0))
            port = unused.getsockname()[1]
        done = llm_stats("run", "--all", "--base-url", f"http://127.0.0.1:{port}/stats/v1")
        assert done.code == 3
        assert (
            f"the catalog could not be read: no response from http://127.0.0.1:{port}/stats/v1: "
            "Connection refused"
        ) in done.err

    def test_wrong_catalog(self, llm_stats: Command, api: SampleApi) -> None:
        done = llm_stats("run", "--all", "--base-url", api.base_url.replace("/stats", ""))
        assert "wrong base URL?" in done.err
        assert done.code == 3

    def test_unknown_id_and_invalid_records_among_good_ones(
        self, run: Command, api: SampleApi, workdir: Path
    ) -> None:
        """The good record has an undocumented field, empty lists and nulls.

        It is the first record in the database.
        """
        records = sample.today()[:2]
        records[0]["providers"][0]["input_price_per_m"] = "free"
        good = records[1] | {
            "carbon_g": 12,
            "providers": [],
            "scores": [],
            "modalities": [],
            "top_scores": {},
            "inference": {"available": False},
            "sources": dict.fromkeys(records[1]["sources"]),
        }
        nulls = ("family", "context_window", "param_count", "release_date")
        good |= dict.fromkeys(nulls)
        api.publish([{"id": "broken"}, records[0], good])
        done = run("broken", "aurora-large-1", "no-such-model", good["id"], "--concurrency", 1)
        assert "4 models requested: 1 loaded, 1 not_found, 2 rejected" in done.out
        assert done.code == 4
        assert (
            "not_found: no-such-model: HTTP 404 not_found: There is no model 'no-such-model'."
            in done.out
        )
        assert (
            "rejected: aurora-large-1: providers[0].input_price_per_m: Input should be a "
            "valid number, got 'free'"
        ) in done.out
        assert "new fields, kept in the column `extra`: models.carbon_g" in done.out
        fetches = (
            "select model_id, outcome, http_status, message is null from raw.fetches order by "
            "outcome, model_id"
        )
        assert query_rows(workdir / "llm_stats.duckdb", fetches) == [
            (good["id"], "loaded", 200, True),
            ("no-such-model", "not_found", 404, False),
            ("aurora-large-1", "rejected", 200, False),
            ("broken", "rejected", 200, False),
        ]
        assert query_rows(
            workdir / "llm_stats.duckdb", "select model_id, offer_count from marts.models"
        ) == [(good["id"], 0)]
        assert query_rows(
            workdir / "llm_stats.duckdb", "select extra ->> '$.carbon_g' from raw.models"
        ) == [("12",)]
        columns = """
            select table_name || '.' || column_name, data_type
            from duckdb_columns() where schema_name = 'raw'
        """
        types = dict(query_rows(workdir / "llm_stats.duckdb", columns))
        assert types["models.param_count"] == "BIGINT"
        assert types["models__providers.input_price_per_m"] == "DOUBLE"
        assert types["models__scores.scored_at"] == "TIMESTAMP"
        assert types["models__scores._dlt_list_idx"] == "BIGINT"


def test_run_publishes_exactly_the_change(run: Command, api: SampleApi, two_days: Path) -> None:
    offers = "select model_id, provider_id, input_usd_per_mtok from marts.offers"
    before = set(query_rows(two_days, offers))
    records = copy.deepcopy(sample.today())
    emptied = next(entry for entry in records if entry["id"] == "murmur-1")
    emptied["providers"] = []
    records[0]["providers"][0]["input_price_per_m"] = 4.5
    api.publish(records)
    done = run("--all")
    assert done.code == 0
    assert sorted(requested_ids(api)) == sorted([records[0]["id"], "murmur-1"])
    assert "\n3 changes, largest first:\n  murmur-1 at " in done.out
    assert "quota" not in done.out, "the API sends no headers about it"
    after = set(query_rows(two_days, offers))
    assert after - before == {("aurora-large-1", "northlight", 4.5)}
    assert {row for row in before - after if row[0] != "murmur-1"} == {
        ("aurora-large-1", "northlight", 5.0)
    }
    assert not [row for row in after if row[0] == "murmur-1"]


def test_run_without_due_models_publishes_nothing(run: Command, one_model: Path) -> None:
    before = one_model.readlink()
    assert run("murmur-1", "--max-age", "1d").code == 0
    assert one_model.readlink() == before


def test_string_in_python_is_one_id(api: SampleApi, one_model: Path) -> None:
    result = llm_stats.run("murmur-1", base_url=api.base_url, database=one_model, max_age="1d")
    assert result.skipped == 1
    assert result.requested == 0
    assert result.exit_code == 0


def test_broken_view_publishes_nothing(
    run: Command, one_model: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    before = one_model.read_bytes()
    broken = tmp_path / "sql"
    (broken / "marts").mkdir(parents=True)
    (broken / "marts" / "bad.sql").write_text(
        "-- Grain: id.\ncreate view marts.bad as\nselect nothing"
    )
    monkeypatch.setattr("llm_stats.transform.files.sql_folder", lambda: broken)
    done = run("aurora-large-1")
    assert "marts/bad.sql, line 3: Binder Error" in done.err
    assert done.code == 1
    assert one_model.read_bytes() == before
    assert list((one_model.parent / ".llm_stats" / "work").iterdir()) == []


def test_clock_before_the_last_run_is_an_error(api: SampleApi, one_model: Path) -> None:
    """tests/warehouse/test_retention.py tests the advice for a clock that was fast."""
    settings = Settings.read(base_url=api.base_url, model_ids=["murmur-1"], database=one_model)
    before = one_model.read_bytes()
    with pytest.raises(UsageError, match=r"system clock .2020-01-01 .* fix the clock"):
        execute(settings, clock=lambda: dt.datetime(2020, 1, 1, tzinfo=dt.UTC))
    assert one_model.read_bytes() == before


def test_ctrl_c_while_publishing_reports_an_unknown_state(
    run: Command, one_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = one_model.readlink()
    publish = DuckDBWarehouse.publish

    def interrupted(self: DuckDBWarehouse, copy: DuckDBWorkingCopy) -> None:
        publish(self, copy)
        raise KeyboardInterrupt

    monkeypatch.setattr(DuckDBWarehouse, "publish", interrupted)
    done = run("murmur-1")
    assert "interrupted; `llm-stats status` shows" in done.err
    assert done.code == 130
    assert one_model.readlink() != before


@pytest.mark.usefixtures("one_model")
def test_interrupt_during_the_report_does_not_deny_publishing(
    run: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("llm_stats.report.page._bundle_library", lambda: "")  # takes seconds
    monkeypatch.setattr("llm_stats.report.page.collect", interrupt)
    done = run("murmur-1", "--max-age", "1d", "--report", "page.html")
    assert done.err.endswith("interrupted; `llm-stats status` shows whether a run was published\n")
    assert done.code == 130


@pytest.mark.usefixtures("one_model")
def test_interrupt_during_the_cleanup_of_a_library_is_an_interrupt(
    run: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """dlt can raise `OSError` if Ctrl-C interrupts it while it restores its configuration."""

    def load(*_: object, **__: object) -> None:
        try:
            raise KeyboardInterrupt
        finally:
            raise OSError("No such file or directory")

    monkeypatch.setattr("llm_stats.load.loader.load", load)
    done = run("murmur-1")
    assert "interrupted; nothing was published" in done.err
    assert done.code == 130
