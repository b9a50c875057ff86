"""Runs of `--all`: what they load from the catalog, which models are due, and what changed.

The tests prove that the parts of a run work together. Plans have their own tests in `test_plan.py`,
and the history has golden cases in `tests/sql/history/cases`.
"""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
from fake_api import faults
from fake_api.server import FakeApi
from llm_stats.sample import SampleApi
from support.command import Command
from support.daily_runs import DailyRuns
from support.queries import query_rows
from support.twelve_models import IDS, RECORDS

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("unchecked")]

PRICE_CHANGES = """
    select model_id, kind, new_input_usd_per_mtok from marts.price_changes order by changed_at
"""
SCORE_CHANGES = "select model_id, kind from marts.score_changes"
MODEL_CHANGES = """
    select model_id, kind, reason from marts.model_changes order by changed_at, model_id
"""
AHEAD = "select model_id from staging.summaries_ahead"


def repriced(model_id: str, price: float) -> list[dict[str, Any]]:
    """Return the records, with `price` as the input price of one model."""
    records = copy.deepcopy(RECORDS)
    for record in records:
        if record["id"] == model_id:
            record["providers"][0]["input_price_per_m"] = price
    return records


def test_unchanged_catalog_adds_only_a_row_about_the_read(twelve_models: Path) -> None:
    """The catalog has three pages, and an undocumented field that differs in each response."""
    volatile = {faults.LIST: faults.volatile_field()}
    stored = "select id, content_hash, read_at, extra from raw.catalog_models order by id"
    with FakeApi(RECORDS, page_size=5, faults=volatile) as api:
        runs = DailyRuns(api, twelve_models)
        before = runs.query(stored)
        assert len(before) == 12
        assert runs.query("select id, summary_hash from raw.models order by id") == [
            (model_id, content_hash) for model_id, content_hash, *_ in before
        ]
        runs.day = 1
        result = runs.run()
        assert runs.requested == [], "an undocumented field is not a change"
        assert len(api.requests) == 3
    assert result.exit_code == 0
    assert result.catalog is not None
    assert result.catalog.changed == 0
    assert result.skipped == 12
    assert result.is_published
    assert runs.query(stored) == before
    reads = "select pages, models, total, is_complete, is_trusted from raw.catalog_reads"
    assert runs.query(f"{reads} order by read_at") == [
        (1, 12, 12, True, True),
        (3, 12, 12, True, True),
    ]
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


class TestCatalogOnly:
    def test_first_read_adds_offers_without_changes(
        self, run: Command, api: SampleApi, one_failing: Path
    ) -> None:
        """An earlier run loaded the records of five models by their ids."""
        listed = "select distinct is_listed, listed_at is null from marts.models"
        assert query_rows(one_failing, listed) == [(None, True)]
        done = run("--all", "--catalog-only")
        assert "catalog: 12 models on 1 page, 12 new or changed\n" in done.out
        assert "\n7 new models, 0 changes:\n" in done.out
        assert "warning" not in done.out
        assert done.code == 0
        assert len(api.requests) == 1
        facts = """
            select count(*), sum(offer_count), count(benchmark_count), count(fetched_at)
            from marts.models
        """
        assert query_rows(one_failing, facts) == [(12, 12, 5, 5)]
        ranked = "select count(*) from marts.offers where price_rank = 1"
        assert query_rows(one_failing, ranked) == [(12,)]
        assert query_rows(one_failing, listed) == [(True, False)]
        assert query_rows(one_failing, MODEL_CHANGES) == []
        for child in ("providers", "modalities", "top_scores"):
            expected = sum(len(record[child]) for record in RECORDS)
            counted = f"select count(*) from raw.catalog_models__{child}"
            assert query_rows(one_failing, counted) == [(expected,)], child

    def test_requires_all(self, run: Command, workdir: Path) -> None:
        (workdir / "ids.txt").write_text(IDS[0])
        for arguments in (["--catalog-only"], [IDS[0], "--catalog-only"]):
            done = run(*arguments)
            assert "--catalog-only reads the whole catalog; add --all" in done.err
            assert done.code == 2
        assert run("--all", IDS[0], "--catalog-only").code == 2
        assert not (workdir / "llm_stats.duckdb").exists()


def test_change_is_published_by_the_read_that_found_it_and_never_again(
    api: SampleApi, twelve_models: Path
) -> None:
    """Three runs on days 0.5, 1 and 6.6.

    Day 0.5: a price has changed and a model has left; the run reads only the catalog.
    Day 1: the run fetches the record with the changed price.
    Day 6.6: the price has changed again, the model is back, and there is a new model.
    """
    runs = DailyRuns(api, twelve_models)
    changed, gone = IDS[3], IDS[5]
    state = f"""
        select is_listed, unlisted_since is null, is_available, price_rank
        from marts.models inner join marts.offers using (model_id)
        where model_id = '{gone}'
    """
    assert runs.query(state) == [(True, True, True, 1)]

    runs.day = 0.5
    api.publish([record for record in repriced(changed, 3.5) if record["id"] != gone])
    watch = runs.run(catalog_only=True)
    assert watch.exit_code == 0
    assert runs.requested == []
    assert watch.catalog is not None
    assert watch.catalog.changed == 1
    assert watch.catalog.missing == 1
    assert watch.catalog.is_trusted
    assert {(row[1], row[3]) for row in watch.changes.rows} == {
        (changed, "price_changed"),
        (gone, "unlisted"),
    }
    offer = f"select input_usd_per_mtok from marts.offers where model_id = '{changed}'"
    assert runs.query(offer) == [(3.5,)]
    assert runs.query(AHEAD) == [(changed,)]
    assert runs.query(state) == [(False, False, False, None)]
    dates = """
        select price.changed_at, model.unlisted_since, max(reads.read_at)
        from marts.price_changes as price, marts.models as model, raw.catalog_reads as reads
        where not model.is_listed
        group by all
    """
    ((priced_at, unlisted_since, read_at),) = runs.query(dates)
    assert priced_at == unlisted_since == read_at

    runs.day = 1
    daily = runs.run()
    assert runs.requested == [changed]
    assert not daily.changes
    assert daily.catalog is not None
    assert daily.catalog.missing == 0
    assert runs.query(AHEAD) == []
    assert runs.query(PRICE_CHANGES) == [(changed, "price_changed", 3.5)]
    assert runs.query(SCORE_CHANGES) == []
    assert runs.query(MODEL_CHANGES) == [(gone, "unlisted", "catalog")]

    runs.day = 6.6
    api.publish([*repriced(changed, 4), RECORDS[0] | {"id": "new"}])
    weekly = runs.run()
    old = [model_id for model_id in IDS if model_id != changed]
    assert runs.requested == ["new", *old, changed]
    assert weekly.new_models == ["new"]
    assert {(row[1], row[3]) for row in weekly.changes.rows} == {
        (changed, "price_changed"),
        (gone, "relisted"),
    }
    assert runs.query(state) == [(True, True, True, 1)]
    assert runs.query(PRICE_CHANGES) == [
        (changed, "price_changed", 3.5),
        (changed, "price_changed", 4),
    ]
    assert runs.query(MODEL_CHANGES) == [
        (gone, "unlisted", "catalog"),
        ("new", "listed", "catalog"),
        (gone, "relisted", "catalog"),
    ]


def test_many_missing_models_are_unlisted_if_allowed(
    run: Command, api: SampleApi, twelve_models: Path
) -> None:
    """Eleven of twelve models are missing; without `--allow-failure`, they would stay listed."""
    api.publish(RECORDS[:1])
    allowed = run("--all", "--catalog-only", "--allow-failure", "models_left")
    assert "warning" not in allowed.out
    assert allowed.code == 0
    unlisted = "select count(*) from marts.models where not is_listed"
    assert query_rows(twelve_models, unlisted) == [(11,)]
