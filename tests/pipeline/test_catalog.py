"""Runs of `--all`: what they load from the catalog, which models are due, and what changed."""

from __future__ import annotations

import copy
import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from fake_api import faults
from fake_api.server import FakeApi
from llm_stats.sample import SampleApi, summary_of
from support.command import Command
from support.daily_runs import DailyRuns
from support.queries import query_rows
from support.synthetic_catalog import synthetic_catalog

pytestmark = pytest.mark.slow

RECORDS = synthetic_catalog(12, providers=1, scores=1)
IDS = [entry["id"] for entry in RECORDS]

PRICE_CHANGES = "select model_id, kind, new_input_usd_per_mtok from marts.price_changes"
SCORE_CHANGES = "select model_id, kind from marts.score_changes"


@pytest.fixture
def runs(api: SampleApi, tmp_path: Path) -> DailyRuns:
    return DailyRuns(api, tmp_path / "w.duckdb")


@pytest.fixture
def loaded(api: SampleApi, twelve_models: Path) -> DailyRuns:
    """Return runs into a warehouse that a first run filled from the same records."""
    return DailyRuns(api, twelve_models)


def repriced(*model_ids: str, price: float = 3.5) -> list[dict[str, Any]]:
    """Return the records with another input price of some models."""
    records = copy.deepcopy(RECORDS)
    for record in records:
        if record["id"] in model_ids:
            record["providers"][0]["input_price_per_m"] = price
    return records


class TestLoad:
    def test_summaries_are_stored_once_and_each_read_has_a_row(self, tmp_path: Path) -> None:
        """The catalog has three pages, and an undocumented field that differs in each response."""
        volatile = {faults.LIST: faults.volatile_field()}
        with FakeApi(RECORDS, page_size=5, faults=volatile) as api:
            runs = DailyRuns(api, tmp_path / "w.duckdb")
            first = runs.run()
            stored = "select id, content_hash, read_at, extra from raw.catalog_models order by id"
            before = runs.query(stored)
            assert len(api.requests) == 3 + 12
            assert first.exit_code == 0
            assert first.catalog is not None
            assert first.catalog.changed == 12
            assert runs.query("select id, summary_hash from raw.models order by id") == [
                (model_id, content_hash) for model_id, content_hash, *_ in before
            ]
            runs.day = 1
            second = runs.run()
            assert runs.requested == [], "an undocumented field is not a change"
            assert len(api.requests) == 3
        assert second.exit_code == 0
        assert second.catalog is not None
        assert second.catalog.changed == 0
        assert second.skipped == 12
        assert second.is_published
        assert runs.query(stored) == before
        reads = "select pages, models, total, is_complete, is_trusted from raw.catalog_reads"
        assert runs.query(reads) == [(3, 12, 12, True, True)] * 2
        loads = """
            select count(distinct loads.load_id)
            from raw.catalog_reads as reads
            inner join raw._dlt_loads as loads on reads._dlt_load_id = loads.load_id
        """
        assert runs.query(loads) == [(2,)]
        listed = "select count(*), count(distinct listed_at) from marts.models where is_listed"
        assert runs.query(listed) == [(12, 1)]
        assert runs.query(
            "select count(*) from marts.models, raw.catalog_reads where listed_at = read_at"
        ) == [(12,)]

    def test_changed_price_is_dated_by_the_read_that_found_it(
        self, loaded: DailyRuns, api: SampleApi
    ) -> None:
        loaded.day = 1
        api.publish(repriced(IDS[3]))
        result = loaded.run()
        assert loaded.requested == [IDS[3]]
        assert result.catalog is not None
        assert result.catalog.changed == 1
        assert result.changes is not None
        assert [row[1] for row in result.changes.rows] == [IDS[3]]
        assert loaded.query(PRICE_CHANGES) == [(IDS[3], "price_changed", 3.5)]
        assert loaded.query(SCORE_CHANGES) == []
        assert loaded.query("select count(*) from staging.summaries_ahead") == [(0,)]
        loaded.day = 2
        assert loaded.run().changes.rows == []  # type: ignore[union-attr]
        assert loaded.requested == []


class TestCatalogOnly:
    def test_then_records_add_scores_without_changes(self, runs: DailyRuns, api: SampleApi) -> None:
        first = runs.run(catalog_only=True)
        assert first.exit_code == 0
        assert first.is_published
        assert len(api.requests) == 1
        assert len(first.new_models) == 12
        facts = """
            select count(*), sum(offer_count), count(benchmark_count), count(fetched_at)
            from marts.models
        """
        assert runs.query(facts) == [(12, 12, 0, 0)]
        assert runs.query("select count(*) from marts.offers where price_rank = 1") == [(12,)]
        for child in ("providers", "modalities", "top_scores"):
            expected = sum(len(record[child]) for record in RECORDS)
            counted = runs.query(f"select count(*) from raw.catalog_models__{child}")
            assert counted == [(expected,)], child
        runs.day = 1
        second = runs.run()
        assert second.exit_code == 0
        assert sorted(runs.requested) == IDS
        assert runs.query(facts) == [(12, 12, 12, 12)]
        assert second.new_models == []
        assert second.changes is not None
        assert second.changes.rows == []
        assert runs.query(PRICE_CHANGES) == []
        assert runs.query(SCORE_CHANGES) == []
        assert runs.query("select count(*) from history.scores where valid_to is null") == [(12,)]

    def test_change_is_published_at_once_and_never_twice(
        self, loaded: DailyRuns, api: SampleApi
    ) -> None:
        loaded.day = 0.5
        api.publish(repriced(IDS[3]))
        watch = loaded.run(catalog_only=True)
        assert watch.exit_code == 0
        assert watch.changes is not None
        assert [row[1] for row in watch.changes.rows] == [IDS[3]]
        offer = f"select input_usd_per_mtok from marts.offers where model_id = '{IDS[3]}'"
        assert loaded.query(offer) == [(3.5,)]
        assert loaded.query("select model_id from staging.summaries_ahead") == [(IDS[3],)]
        dated = """
            select changes.changed_at = reads.read_at
            from marts.price_changes as changes
            cross join (select max(read_at) as read_at from raw.catalog_reads) as reads
        """
        assert loaded.query(dated) == [(True,)]
        loaded.day = 1
        assert loaded.run().changes.rows == []  # type: ignore[union-attr]
        assert loaded.requested == [IDS[3]]
        assert loaded.query(PRICE_CHANGES) == [(IDS[3], "price_changed", 3.5)]

    def test_requires_all(self, run: Command, workdir: Path) -> None:
        (workdir / "ids.txt").write_text(IDS[0])
        for arguments in (["--catalog-only"], [IDS[0], "--catalog-only"]):
            done = run(*arguments)
            assert "--catalog-only reads the whole catalog; add --all" in done.err
            assert done.code == 2
        assert run("--all", IDS[0], "--catalog-only").code == 2
        assert not (workdir / "llm_stats.duckdb").exists()

    def test_prints_the_catalog_in_one_line(
        self, run: Command, api: SampleApi, workdir: Path
    ) -> None:
        done = run("--all", "--catalog-only")
        assert "catalog: 12 models on 1 page, 12 new or changed\n" in done.out
        assert "12 new models\n" in done.out
        assert "warning" not in done.out
        assert done.code == 0
        assert len(api.requests) == 1
        assert query_rows(workdir / "llm_stats.duckdb", "select count(*) from raw.models") == [(0,)]


class TestListings:
    LISTED = (
        "select is_listed, reason from history.listings where model_id = '{}' order by valid_from"
    )
    CHANGED = "select model_id, kind, reason from marts.model_changes order by changed_at, model_id"

    def test_model_that_leaves_and_comes_back(self, loaded: DailyRuns, api: SampleApi) -> None:
        gone = IDS[3]
        state = f"""
            select is_listed, unlisted_since is null, is_available, price_rank
            from marts.models inner join marts.offers using (model_id)
            where model_id = '{gone}'
        """
        assert loaded.query(state) == [(True, True, True, 1)]
        api.publish([record for record in RECORDS if record["id"] != gone])
        for day, missing in ((1, 1), (2, 0)):
            loaded.day = day
            left = loaded.run()
            assert left.exit_code == 0
            assert left.catalog is not None
            assert left.catalog.missing == missing
            assert left.catalog.is_trusted
            assert loaded.requested == []
            assert loaded.query(state) == [(False, False, False, None)]
            assert loaded.query(self.CHANGED) == [(gone, "unlisted", "catalog")]
        found_at = f"""
            select unlisted_since = (select min(read_at) from raw.catalog_reads where models = 11)
            from marts.models
            where model_id = '{gone}'
        """
        assert loaded.query(found_at) == [(True,)]

        loaded.day = 3
        api.publish(RECORDS, [summary_of(entry) for entry in RECORDS if entry["id"] != gone])
        assert loaded.run([gone]).exit_code == 0
        assert loaded.query(state) == [(False, False, False, None)], "a record does not relist it"

        loaded.day = 4
        api.publish(RECORDS)
        loaded.run()
        assert loaded.query(state) == [(True, True, True, 1)]
        assert loaded.query(self.LISTED.format(gone)) == [
            (True, "catalog"),
            (False, "catalog"),
            (True, "catalog"),
        ]
        assert loaded.query(self.CHANGED)[1:] == [(gone, "relisted", "catalog")]
        assert loaded.query(PRICE_CHANGES) == []

    def test_many_missing_models_are_not_trusted_unless_allowed(
        self, run: Command, api: SampleApi, twelve_models: Path
    ) -> None:
        """Eleven of twelve models are missing: more than ten, and more than a fifth."""
        api.publish(RECORDS[:1])
        unlisted = "select count(*) from marts.models where not is_listed"
        done = run("--all", "--catalog-only")
        assert (
            "warning: 11 of 12 listed models are missing in the catalog; no model was unlisted; "
            "if they left, add --allow-failure models_left\n"
        ) in done.out
        assert done.code == 0
        assert query_rows(twelve_models, unlisted) == [(0,)]
        reads = "select is_complete, is_trusted from raw.catalog_reads order by read_at"
        assert query_rows(twelve_models, reads) == [(True, True), (True, False)]
        allowed = run("--all", "--catalog-only", "--allow-failure", "models_left")
        assert "warning" not in allowed.out
        assert allowed.code == 0
        assert query_rows(twelve_models, unlisted) == [(11,)]

    def test_only_models_that_join_after_the_first_read_are_changes(
        self, runs: DailyRuns, api: SampleApi
    ) -> None:
        runs.run(IDS[:2])
        assert runs.query("select is_listed, listed_at from marts.models") == [(None, None)] * 2
        runs.day = 1
        runs.run(catalog_only=True)
        listed = "select count(*) from marts.models where is_listed and listed_at is not null"
        assert runs.query(listed) == [(12,)]
        assert runs.query(self.CHANGED) == []
        runs.day = 2
        api.publish([*RECORDS, RECORDS[0] | {"id": "new"}])
        runs.run(catalog_only=True)
        assert runs.query(listed) == [(13,)]
        assert runs.query(self.CHANGED) == [("new", "listed", "catalog")]


def test_summary_that_always_differs_is_no_change(runs: DailyRuns, api: SampleApi) -> None:
    """The catalog rounds the price and the name of a model differently from its record."""
    summaries = [summary_of(record) for record in repriced(IDS[3])]
    summaries[4] |= {"name": "Another name"}
    api.publish(RECORDS, summaries)
    requested = []
    for day in (0, 1, 8, 15):
        runs.day = day
        assert runs.run().exit_code == 0
        requested.append(len(runs.requested))
    assert requested == [12, 0, 12, 12], "by age only"
    assert runs.query(PRICE_CHANGES) == []
    assert runs.query("select count(*) from history.offers") == [(12,)]
    rows = """
        select model_id, detail from marts.data_quality
        where rule = 'summary_differs' order by model_id
    """
    assert runs.query(rows) == [
        (
            IDS[3],
            f"offers of {RECORDS[3]['providers'][0]['provider_id']} in the catalog differ "
            "from the record, which is used",
        ),
        (IDS[4], "facts in the catalog differ from the record, which is used"),
    ]


class TestDue:
    def test_order_of_due_models(self, loaded: DailyRuns, api: SampleApi) -> None:
        """Models without a record come first, then old records, then models that changed."""
        loaded.day = 5
        loaded.run(IDS[:6])
        assert loaded.requested == IDS[:6], "named ids have no default age"
        new = RECORDS[0] | {"id": "new"}
        api.publish([*repriced(IDS[2], IDS[8]), new])
        loaded.day = 6.4
        loaded.run(max_age=dt.timedelta(days=7))
        assert loaded.requested == ["new", IDS[8], IDS[2]]
        loaded.day = 6.6
        api.publish([*repriced(IDS[2], price=4), new])
        loaded.run()
        old = [model_id for model_id in IDS[6:] if model_id != IDS[8]]
        assert loaded.requested == [*old, IDS[8], IDS[2]]
        loaded.day = 6.7
        loaded.run()
        assert loaded.requested == []
        loaded.run(max_age=dt.timedelta(0))
        assert sorted(loaded.requested) == sorted([*IDS, "new"])
