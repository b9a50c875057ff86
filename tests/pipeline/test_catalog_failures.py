"""Runs of `--all` with a faulty catalog: what is loaded, exit codes, warnings, and a kill.

The faults themselves have tests in `tests/fetch/test_catalog.py`, exit codes and texts in
`test_result.py`, plans in `test_plan.py`.
"""

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
from fake_api.faults import LIST
from fake_api.server import FakeApi
from llm_stats.sample import SAMPLE_KEY, SampleApi, summary_of
from support.command import Command, CommandResult
from support.daily_runs import DailyRuns
from support.queries import query_rows
from support.sample_requests import requested_ids
from support.twelve_models import IDS, RECORDS

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("short_backoff", "unchecked")]

SUMMARIES = [summary_of(record) for record in RECORDS]
UNLISTED = "select count(*) from marts.models where not is_listed"
READS = """
    select pages, models, total, is_complete, is_trusted from raw.catalog_reads order by read_at
"""


def test_incomplete_read_loads_the_pages_that_arrived_and_unlists_nobody(
    llm_stats: Command, twelve_models: Path
) -> None:
    """The prices of all models have changed, and a model has left the catalog."""
    changed = copy.deepcopy(RECORDS[1:])
    for record in changed:
        record["providers"][0]["input_price_per_m"] += 1
    expired = faults.error(410, "cursor_expired")
    with FakeApi(changed, page_size=5, faults={LIST: when.page(2, expired)}) as api:
        done = llm_stats("run", "--all", "--base-url", api.base_url)
        assert sorted(requested_ids(api)) == IDS[1:6]
    reason = "page 2 did not arrive: HTTP 410 cursor_exp"
    assert f"warning: the catalog is incomplete: {reason}" in done.out
    assert "; no model was unlisted\n" in done.out
    assert done.code == 4
    assert query_rows(twelve_models, UNLISTED) == [(0,)]
    assert query_rows(twelve_models, READS)[1][-2:] == (False, False)
    prices = "select model_id from marts.price_changes order by model_id"
    assert query_rows(twelve_models, prices) == [(model_id,) for model_id in IDS[1:6]]


class TestSummaries:
    def test_invalid_one_is_named_and_differing_ones_are_not_changes(self, tmp_path: Path) -> None:
        """One summary is invalid. Two others differ from their records, in a price and a name."""
        found = """
            select rule, model_id, detail from marts.data_quality
            where rule in ('summary_rejected', 'summary_differs') order by rule, model_id
        """
        summaries = copy.deepcopy(SUMMARIES)
        summaries[0]["providers"] = "none"
        summaries[3]["providers"][0]["input_price_per_m"] += 1
        summaries[4]["name"] = "Another name"
        with SampleApi(RECORDS) as api:
            api.publish(RECORDS, summaries)
            runs = DailyRuns(api, tmp_path / "w.duckdb")
            result = runs.run()
            assert result.exit_code == 0
            assert result.catalog is not None
            assert result.catalog.rejected == 1
            assert runs.requested == IDS
        assert runs.query("select count(*) from marts.models where is_listed") == [(12,)]
        assert runs.query("select count(*) from marts.offers") == [(12,)]
        assert runs.query("from staging.summaries_ahead") == []
        *differing, rejected = runs.query(found)
        assert rejected[:2] == ("summary_rejected", IDS[0])
        assert differing == [
            (
                "summary_differs",
                IDS[3],
                f"offers of {RECORDS[3]['providers'][0]['provider_id']} in the catalog differ "
                "from the record, which is used",
            ),
            (
                "summary_differs",
                IDS[4],
                "facts in the catalog differ from the record, which is used",
            ),
        ]
        assert runs.query("select count(*) from history.offers") == [(12,)]
        for changes in ("price_changes", "score_changes", "model_changes"):
            assert runs.query(f"from marts.{changes}") == []

    def test_without_a_valid_one_ids_and_records_are_used(
        self, llm_stats: Command, twelve_models: Path
    ) -> None:
        """No summary is valid, and a known model is missing. It must not become unlisted."""
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


def test_records_that_fail_leave_the_summaries(llm_stats: Command, workdir: Path) -> None:
    """In the first run, ten records fail and two are deferred. The second run loads those two.

    The two records add scores, but no changes.
    """
    file = workdir / "llm_stats.duckdb"
    facts = """
        select count(*), sum(offer_count), count(benchmark_count), count(fetched_at)
        from marts.models where is_listed
    """

    def run(failing: list[str]) -> CommandResult:
        with FakeApi(RECORDS, page_size=5, faults=dict.fromkeys(failing, faults.error(500))) as api:
            given = ("--requests-per-minute", 0, "--concurrency", 1)
            return llm_stats("run", "--all", "--base-url", api.base_url, *given)

    first = run(IDS)
    assert "catalog: 12 models on 3 pages, 12 new or changed" in first.out
    assert "12 models requested: 10 failed, 2 deferred; " in first.out
    assert "stopped early: no usable response for 10 models in a row" in first.out
    assert "\n12 new models\n" in first.out
    assert first.code == 4
    assert query_rows(file, facts) == [(12, 12, 0, 0)]
    assert query_rows(file, "select count(*) from marts.offers where is_available") == [(12,)]
    assert query_rows(file, READS) == [(3, 12, 12, True, True)]

    second = run(IDS[:10])
    assert "12 models requested: 2 loaded, 10 failed; " in second.out
    assert "stopped early" not in second.out
    assert "\n0 changes\n" in second.out
    assert second.code == 0, "no failure is new"
    assert query_rows(file, facts) == [(12, 12, 2, 2)]
    assert query_rows(file, "select count(*) from history.scores where valid_to is null") == [(2,)]
    for changes in ("price_changes", "score_changes", "model_changes"):
        assert query_rows(file, f"from marts.{changes}") == []


def test_kill_between_catalog_and_records_loses_no_response(
    llm_stats: Command, workdir: Path
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
    ahead = "select count(*) from staging.summaries_ahead"
    assert query_rows(file, ahead) == [(0,)], "no record is due"
