"""Models that the dlt source requests: ids, `add_limit`, budget, ages."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import dlt
import pytest
from dlt.extract.source import DltSource
from dlt.pipeline.exceptions import PipelineStepFailed
from fake_api import faults, when
from fake_api.faults import LIST, Fault
from fake_api.server import FakeApi
from llm_stats import llm_stats as source
from llm_stats import sample
from llm_stats.sample import SampleApi
from support.dlt_pipeline import IDS, counts, extract, query, source_of
from support.sample_requests import requested_ids
from support.synthetic_catalog import synthetic_catalog

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("no_telemetry")]


class TestAddLimit:
    """dlt's `add_limit` on the source, with 200 models in pages of 50."""

    @pytest.mark.parametrize(
        ("limited", "pages", "tables"),
        [
            (lambda source: source.add_limit(2), 2, ("models", "fetches")),
            (lambda source: source.with_resources("models").add_limit(1), 1, ("models",)),
            (lambda source: source.add_limit(1).with_resources("fetches"), 1, ("fetches",)),
        ],
        ids=["all", "selected before", "selected after"],
    )
    def test_counts_pages_and_stops_requesting(
        self,
        pipeline: dlt.Pipeline,
        limited: Callable[[DltSource], DltSource],
        pages: int,
        tables: tuple[str, ...],
    ) -> None:
        with SampleApi(synthetic_catalog(200, 1, 1)) as api:
            rows = extract(pipeline, limited(source_of(api, all_models=True, concurrency=4)))
            assert 50 * pages <= len(requested_ids(api)) <= 50 * pages + 2 * 4
        without_children = {table: count for table, count in rows.items() if "__" not in table}
        assert without_children == dict.fromkeys(tables, 50 * pages)


class TestModelIds:
    def test_all_models_are_those_that_the_api_lists(
        self, workdir: Path, loaded: dlt.Pipeline
    ) -> None:
        assert query(workdir, "select id from raw.models order by id") == [
            (model_id,) for model_id in sorted(IDS)
        ]
        assert counts(workdir)["fetches"] == len(IDS)

    @pytest.mark.parametrize(
        ("fault", "max_requests", "error"),
        [
            (faults.error(410, "cursor_expired"), None, "page 2 did not arrive: HTTP 410"),
            (faults.slow(0), 1, "page 2 did not arrive: the budget of 1 request is spent"),
        ],
        ids=["page fails", "budget"],
    )
    def test_catalog_that_is_cut_off_is_an_error(
        self, pipeline: dlt.Pipeline, fault: Fault, max_requests: int | None, error: str
    ) -> None:
        with FakeApi(page_size=5, faults={LIST: when.page(2, fault)}) as api:
            with pytest.raises(PipelineStepFailed, match=error):
                pipeline.run(source_of(api, all_models=True, max_requests=max_requests))
            assert not requested_ids(api)

    def test_budget_defers_the_rest_and_is_not_used_up_by_the_same_failing_ids(
        self,
        workdir: Path,
        api: SampleApi,
        pipeline: dlt.Pipeline,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        """All settings come from dlt's configuration."""
        ids = ["gone-1", "gone-2", *IDS[:2]]
        monkeypatch.delenv("LLM_STATS_API_KEY")
        settings = {
            "API_KEY": sample.SAMPLE_KEY,
            "BASE_URL": api.base_url,
            "CONCURRENCY": "1",
            "MAX_AGE": "1h",
            "MAX_REQUESTS": "2",
            "MODEL_IDS": json.dumps(ids),
        }
        for name, value in settings.items():
            monkeypatch.setenv(f"SOURCES__LLM_STATS__{name}", value)
        for _ in range(2):
            pipeline.run(source())
        assert requested_ids(api) == ids
        outcomes = "select outcome, count(*) from raw.fetches group by all order by all"
        assert query(workdir, outcomes) == [("deferred", 4), ("loaded", 2), ("not_found", 2)]
        assert query(workdir, "select id from raw.models order by id") == [
            (model_id,) for model_id in sorted(IDS[:2])
        ]

    def test_max_age_skips_models_fetched_recently_even_after_a_drop(
        self, workdir: Path, pipeline: dlt.Pipeline
    ) -> None:
        """The limit ends the first load after 50 of 60 models: 49 loaded, one not found.

        After `drop`, dlt restores the fetch times from the destination.
        """
        records = synthetic_catalog(60, 1, 1)
        ids = [entry["id"] for entry in records]
        with FakeApi(records, faults={ids[0]: when.first(1, faults.error(404))}) as api:
            pipeline.run(source_of(api, all_models=True, max_age="1h").add_limit(1))
            loaded = {model_id for (model_id,) in query(workdir, "select id from raw.models")}
            assert len(loaded) == 49
            del api.requests[:]
            pipeline.run(source_of(api, all_models=True, max_age="60m"))
            assert sorted(requested_ids(api)) == sorted({*ids} - loaded)
            assert counts(workdir)["models"] == 60
            assert counts(workdir)["fetches"] == 61
            pipeline.drop()
            del api.requests[:]
            pipeline.run(source_of(api, all_models=True, max_age="1h"))
            assert requested_ids(api) == []

    def test_loads_without_max_age_keep_no_state(self, loaded: dlt.Pipeline) -> None:
        assert "sources" not in loaded.state

    def test_a_load_of_some_tables_skips_no_model_in_a_load_of_all_tables(
        self, api: SampleApi, pipeline: dlt.Pipeline
    ) -> None:
        ids = ["aurora-large-1", "murmur-1"]
        for _ in range(2):
            extract(pipeline, source_of(api, ids, max_age="1h").with_resources("models"))
        assert sorted(requested_ids(api)) == ids
        rows = extract(pipeline, source_of(api, ids, max_age="1h"))
        assert sorted(requested_ids(api)) == sorted([*ids, *ids])
        assert rows["models__providers"] > 0

    @pytest.mark.parametrize(
        ("ids", "all_models", "error"),
        [
            (None, False, "no models to fetch: pass model_ids or all_models=True, or set"),
            (["murmur-1"], True, "all_models=True fetches every model; remove model_ids"),
        ],
        ids=["none", "both"],
    )
    def test_selection_that_is_empty_or_contradicts_itself_is_an_error(
        self,
        api: SampleApi,
        pipeline: dlt.Pipeline,
        ids: list[str] | None,
        all_models: bool,
        error: str,
    ) -> None:
        with pytest.raises(PipelineStepFailed, match=error):
            pipeline.run(source_of(api, ids, all_models=all_models))
        assert not api.requests

    def test_all_models_takes_precedence_over_ids_in_the_configuration(
        self, api: SampleApi, pipeline: dlt.Pipeline, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("SOURCES__LLM_STATS__MODEL_IDS", json.dumps(IDS[:1]))
        pipeline.extract(source_of(api, all_models=True))
        assert sorted(requested_ids(api)) == sorted(IDS)
