"""Demo: two runs on the bundled records, over real HTTP, without a key.

The first run is dated yesterday. The second run reads the catalog, requests only the six models
whose summary has changed, and finds that one model has left the catalog.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from pydantic import SecretStr
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource

from llm_stats.files import normalize_path
from llm_stats.pipeline.result import RunResult
from llm_stats.pipeline.run import execute
from llm_stats.sample import SAMPLE_KEY, SampleApi, today, yesterday
from llm_stats.settings import Settings
from llm_stats.table import Table
from llm_stats.warehouse.duckdb_reader import DuckDBReader

#: Queries that the demo prints, by heading.
COMPARISONS = {
    "Cheapest offers that are not free, in US dollars per million tokens "
    "(blended: 3 parts input, 1 part output)": """
        select
            model_id,
            provider_id,
            input_usd_per_mtok as input_usd,
            output_usd_per_mtok as output_usd,
            blended_usd_per_mtok as blended_usd
        from marts.offers inner join marts.models using (model_id)
        where is_cheapest and not is_free and model_type = 'llm'
        order by blended_usd_per_mtok, model_id limit 5
    """,
    "Best scores": """
        select benchmark_id, best_value, scale, best_model_ids, model_count
        from marts.benchmarks where is_comparable order by model_count desc, benchmark_id limit 5
    """,
    "Best value on sample-reasoning (nothing cheaper is as good)": """
        select model_id, provider_id, price_usd_per_mtok, value
        from marts.price_performance where benchmark_id = 'sample-reasoning' and is_pareto
        order by price_usd_per_mtok, model_id limit 5
    """,
}


class _GivenOnly(Settings):
    """Settings that ignore the environment and configuration files."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        *_: object,
        **__: object,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return (init_settings,)


def run_demo(database: Path) -> RunResult:
    """Load the sample. Load yesterday's records first if the database is new."""
    database = normalize_path(database)
    with SampleApi() as api:
        settings = demo_settings(api, database)
        if not database.exists():
            api.publish(yesterday())
            execute(
                settings,
                all_models=True,
                clock=lambda: dt.datetime.now(dt.UTC) - dt.timedelta(days=1),
            )
        api.publish(today())
        return execute(settings, all_models=True)


def demo_settings(api: SampleApi, database: Path) -> Settings:
    """Return settings for the sample API, without a rate limit and without a response cache."""
    return _GivenOnly(
        api_key=SecretStr(SAMPLE_KEY),
        base_url=api.base_url,
        database=database,
        requests_per_minute=0,
        cache_ttl=dt.timedelta(0),
    )


def comparisons(database: Path) -> list[tuple[str, Table]]:
    """Return the results of `COMPARISONS` by heading."""
    with DuckDBReader(database) as reader:
        return [(heading, reader.query(query)) for heading, query in COMPARISONS.items()]
