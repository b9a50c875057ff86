"""Rows of a PostgreSQL warehouse, to compare its content before and after a run."""

from __future__ import annotations

from support.postgres_server import execute_sql

CONTENT = (
    (
        "select model_id, model_name, organization_id, release_date, context_window_tokens "
        "from staging.models"
    ),
    (
        "select model_id, list_index, provider_id, input_usd_per_mtok, output_usd_per_mtok "
        "from staging.offers"
    ),
    "select model_id, list_index, benchmark_id, score, is_verified from staging.scores",
    (
        "select model_id, provider_id, offer_number, price_rank, price_ratio_to_cheapest, "
        "is_cheapest from marts.offers"
    ),
    (
        "select category, evidence_scope, model_id, mean_win_rate, benchmark_count, rank "
        "from marts.leaderboard"
    ),
    (
        "select model_id, provider_id, offer_number, input_usd_per_mtok, output_usd_per_mtok, "
        "valid_to is null from history.offers"
    ),
    (
        "select model_id, benchmark_id, score_number, score, is_verified, valid_to is null "
        "from history.scores"
    ),
)


def content(url: str) -> list[list[tuple[object, ...]]]:
    """Return the rows of the tables and views.

    Columns with times are omitted, because times differ from run to run.
    """
    return [sorted(execute_sql(url, query), key=repr) for query in CONTENT]


def loads(url: str) -> list[tuple[object, ...]]:
    """Return `(load id, number of requested models)` for each load."""
    return execute_sql(
        url, "select load_id, count(*) from staging.fetches group by load_id order by load_id"
    )
