"""Runs of `--all` with a faulty catalog: what is loaded, exit codes, warnings, lost requests."""

from __future__ import annotations

import copy
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from fake_api import faults, when
from fake_api.faults import LIST, Fault
from fake_api.server import FakeApi
from llm_stats.sample import SAMPLE_KEY, SampleApi, summary_of
from support.command import Command
from support.daily_runs import DailyRuns
from support.queries import query_rows
from support.sample_requests import requested_ids
from support.synthetic_catalog import synthetic_catalog

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("short_backoff")]

RECORDS = synthetic_catalog(12, providers=1, scores=1)
SUMMARIES = [summary_of(record) for record in RECORDS]
IDS = [entry["id"] for entry in RECORDS]
UNLISTED = "select count(*) from marts.models where not is_listed"
READS = """
    select pages, models, total, is_complete, is_trusted from raw.catalog_reads order by read_at
"""


class TestIncompleteRead:
    @pytest.mark.parametrize(
        ("fault", "code", "reason"),
        [
            (faults.error(410, "cursor_expired"), 4, "page 2 did not arrive: HTTP 410 cursor_exp"),
            (faults.error(500), 4, "page 2 did not arrive: HTTP 500 internal_error"),
            (faults.quota(), 75, "page 2 did not arrive: the quota is spent: HTTP 429"),
            (faults.repeated_cursor(), 0, "page 3 lists no new model, but has a cursor"),
            (faults.edited(lambda page: page["models"].pop()), 0, "10 models of 11 listed"),
        ],
        ids=["expired", "500", "quota", "repeated", "short"],
    )
    def test_loads_the_pages_that_arrived_and_unlists_nobody(
        self, llm_stats: Command, twelve_models: Path, fault: Fault, code: int, reason: str
    ) -> None:
        """The prices of all models changed; of the first page, also one model left."""
        changed = copy.deepcopy(RECORDS[1:])
        for record in changed:
            record["providers"][0]["input_price_per_m"] += 1
        with FakeApi(changed, page_size=5, faults={LIST: when.page(2, fault)}) as api:
            done = llm_stats("run", "--all", "--base-url", api.base_url)
        assert f"warning: the catalog is incomplete: {reason}" in done.out
        assert "; no model was unlisted\n" in done.out
        assert done.code == code
        assert query_rows(twelve_models, UNLISTED) == [(0,)]
        assert query_rows(twelve_models, READS)[1][-2:] == (False, False)
        prices = "select model_id from marts.price_changes order by model_id"
        assert query_rows(twelve_models, prices)[:5] == [(model_id,) for model_id in IDS[1:6]]

    def test_model_on_a_page_that_always_fails_is_fetched_by_age(self, twelve_models: Path) -> None:
        with FakeApi(RECORDS, page_size=5, faults={LIST: when.page(2, faults.error(410))}) as api:
            runs = DailyRuns(api, twelve_models)
            runs.day = 6.6
            assert runs.run().exit_code == 4
            assert sorted(runs.requested) == IDS


class TestInvalidSummary:
    RULES = "select model_id from marts.data_quality where rule = 'summary_rejected'"

    def test_is_named_and_its_record_is_fetched(self, tmp_path: Path) -> None:
        with SampleApi(RECORDS) as api:
            api.publish(RECORDS, [SUMMARIES[0] | {"providers": "none"}, *SUMMARIES[1:]])
            runs = DailyRuns(api, tmp_path / "w.duckdb")
            first = runs.run()
            assert first.exit_code == 0
            assert first.catalog is not None
            assert first.catalog.rejected == 1
            assert runs.query(self.RULES) == [(IDS[0],)]
            assert runs.query("select count(*) from marts.models where is_listed") == [(12,)]
            assert runs.query("select count(*) from marts.offers") == [(12,)]
            runs.day = 1
            runs.run()
            assert runs.requested == IDS[:1], "the catalog does not show whether it changed"
            assert runs.query(self.RULES) == [(IDS[0],)]
            runs.day = 2
            api.publish(RECORDS)
            runs.run()
            assert runs.requested == []
            assert runs.query(self.RULES) == []
            assert runs.query("select count(*) from marts.price_changes") == [(0,)]
            assert runs.query("select count(*) from marts.model_changes") == [(0,)]

    def test_without_a_valid_one_ids_and_records_are_used(
        self, llm_stats: Command, twelve_models: Path
    ) -> None:
        """One known model is missing, but it is not unlisted."""
        with SampleApi(RECORDS) as api:
            given = ("--all", "--base-url", api.base_url, "--requests-per-minute", 0)
            changed = copy.deepcopy(RECORDS)
            changed[11]["providers"][0]["input_price_per_m"] = 4
            api.publish(changed, [{"id": model_id} for model_id in IDS[1:]])
            done = llm_stats("run", *given)
            assert done.code == 0
            assert (
                "warning: no summary in the catalog is valid; only its ids are used\n" in done.out
            )
            assert sorted(requested_ids(api)) == IDS
        assert query_rows(twelve_models, UNLISTED) == [(0,)]
        assert query_rows(twelve_models, READS)[1] == (1, 11, 11, True, False)
        changes = "select model_id, new_input_usd_per_mtok from marts.price_changes"
        assert query_rows(twelve_models, changes) == [(IDS[11], 4)]
        assert query_rows(twelve_models, "select count(*) from raw.catalog_models") == [(12,)]

    def test_first_catalog_without_a_valid_one(self, llm_stats: Command, workdir: Path) -> None:
        """A price watch gets no prices, which is not a success."""
        facts = "select count(*), count(is_listed) from marts.models"
        with SampleApi(RECORDS) as api:
            api.publish(RECORDS, [{"id": model_id} for model_id in IDS])
            given = ("run", "--all", "--base-url", api.base_url, "--requests-per-minute", 0)
            watch = llm_stats(*given, "--catalog-only")
            assert "no summary in the catalog is valid" in watch.out
            assert watch.code == 4
            assert query_rows(workdir / "llm_stats.duckdb", facts) == [(0, 0)]
            done = llm_stats(*given)
        assert "only its ids are used" in done.out
        assert done.code == 0
        assert query_rows(workdir / "llm_stats.duckdb", facts) == [(12, 0)]


def test_records_that_all_fail_leave_the_summaries(llm_stats: Command, workdir: Path) -> None:
    with FakeApi(RECORDS, faults=dict.fromkeys(IDS, faults.error(500))) as api:
        done = llm_stats("run", "--all", "--base-url", api.base_url, "--requests-per-minute", 0)
    assert "stopped early: no usable response for 10 models in a row" in done.out
    assert done.code == 4
    assert query_rows(
        workdir / "llm_stats.duckdb", "select count(*), sum(offer_count) from marts.models"
    ) == [(12, 12)]


def test_listed_model_without_a_record_stays_listed(tmp_path: Path) -> None:
    """Its record is not found on three days running, but the catalog lists it each time."""
    with FakeApi(RECORDS, faults={IDS[0]: faults.error(404)}) as api:
        runs = DailyRuns(api, tmp_path / "w.duckdb")
        codes = []
        for runs.day in range(3):
            codes.append(runs.run().exit_code)
            assert IDS[0] in runs.requested
        assert codes == [4, 0, 0], "only the first failure is new"
    state = f"""
        select is_listed, fetched_at is null, is_available
        from marts.models inner join marts.offers using (model_id)
        where model_id = '{IDS[0]}'
    """
    assert runs.query(state) == [(True, True, True)]
    assert runs.query("select count(*) from marts.model_changes") == [(0,)]


def test_quota_that_ends_after_the_catalog(llm_stats: Command, workdir: Path) -> None:
    """The summaries are published; the next run fetches the records."""
    file = workdir / "llm_stats.duckdb"
    with FakeApi(RECORDS, page_size=5, daily_quota=3) as api:
        done = llm_stats("run", "--all", "--base-url", api.base_url, "--requests-per-minute", 0)
    assert done.code == 75
    assert "12 models requested: 12 deferred; " in done.out
    assert "catalog: 12 models on 3 pages, 12 new or changed" in done.out
    assert "12 models are deferred to a later run" in done.out
    facts = "select count(*), sum(offer_count), count(fetched_at) from marts.models"
    assert query_rows(file, facts) == [(12, 12, 0)]
    assert query_rows(file, READS) == [(3, 12, 12, True, True)]
    with SampleApi(RECORDS) as api:
        done = llm_stats("run", "--all", "--base-url", api.base_url, "--requests-per-minute", 0)
    assert done.code == 0
    assert query_rows(file, facts) == [(12, 12, 12)]


class TestKill:
    def test_between_catalog_and_records_loses_no_response(
        self, llm_stats: Command, workdir: Path
    ) -> None:
        """The run is killed while it waits for three records. The nine others are cached."""
        file = workdir / "llm_stats.duckdb"
        slow = dict.fromkeys(IDS[:3], when.first(1, faults.slow(3600)))
        with FakeApi(RECORDS, page_size=5, faults=slow) as api:
            given = ["run", "--all", "--base-url", api.base_url, "--requests-per-minute", "0"]
            killed = subprocess.Popen(
                [sys.executable, "-m", "llm_stats", *given],
                cwd=workdir,
                env=os.environ | {"LLM_STATS_API_KEY": SAMPLE_KEY},
            )
            while len(api.requests) < 3 + 12:
                assert killed.poll() is None
                time.sleep(0.01)
            time.sleep(0.1)  # until the responses have arrived
            os.kill(killed.pid, signal.SIGKILL)
            killed.wait()
            assert not file.exists()
            del api.requests[:]
            done = llm_stats(*given)
            assert done.err == ""
            assert done.code == 0
            assert sorted(requested_ids(api)) == IDS[:3]
            assert len(api.requests) == 3 + 3, "pages of the catalog are not cached"
        assert query_rows(file, READS) == [(3, 12, 12, True, True)]
        hashed = "select id from raw.models where summary_hash is not null order by id"
        assert query_rows(file, hashed) == [(model_id,) for model_id in IDS[:3]]
        assert query_rows(file, "select count(*) from raw.models") == [(12,)]
        with SampleApi(RECORDS) as api:
            given[3] = api.base_url
            assert llm_stats(*given).code == 0
            assert len(api.requests) == 1, "no record is due"
