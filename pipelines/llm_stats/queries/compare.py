"""Models side by side: their facts and cheapest offers, and every benchmark they share."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

from llm_stats.errors import UsageError
from llm_stats.table import Table
from llm_stats.text import format_offer, format_value
from llm_stats.warehouse.reader import Reader, placeholders

#: Rows of the facts table: a heading, and an expression over `marts.models`.
_FACTS = {
    "organization": "organization_name",
    "license": "license_name",
    "commercial use": "allow_commercial",
    "open weight": "is_open_weight",
    "modalities": "modalities",
    "context window, tokens": "context_window_tokens",
    "parameters": "param_count",
    "released": "release_date",
    "fetched (UTC)": "fetched_at",
}


def facts(reader: Reader, model_ids: Sequence[str]) -> Table:
    """One row a fact, one column a model. Raises `UsageError` for an unknown model, or for fewer than two."""
    if len(model_ids) < 2:
        raise UsageError("name at least two different models to compare")
    reader.require_models(model_ids)
    found = reader.query(
        f"select model_id, {', '.join(_FACTS.values())} from marts.models where model_id in ({placeholders(model_ids)})", model_ids
    )
    by_model = {model_id: values for model_id, *values in found.rows}
    cheapest = reader.query(
        f"""
        select model_id, input_usd_per_mtok, output_usd_per_mtok, string_agg(distinct provider_id, ' or ' order by provider_id)
        from marts.offers
        where is_cheapest and model_id in ({placeholders(model_ids)})
        group by model_id, input_usd_per_mtok, output_usd_per_mtok
        order by min(provider_id)
        """,
        model_ids,
    )
    offers: dict[str, list[str]] = {model_id: [] for model_id in model_ids}
    for model_id, input_usd, output_usd, providers in cheapest.rows:  # of one blended price, but perhaps of other parts
        offers[model_id].append(f"{format_offer(input_usd, output_usd)}, {providers}")
    rows = [(fact, *(format_value(by_model[model_id][place]) for model_id in model_ids)) for place, fact in enumerate(_FACTS)]
    rows.append(("cheapest offer, $ per M tokens", *("; ".join(offers[model_id]) or "–" for model_id in model_ids)))
    return Table(("fact", *model_ids), ("VARCHAR",) * (len(model_ids) + 1), rows)


def benchmarks(reader: Reader, model_ids: Sequence[str]) -> Table:
    """One row per benchmark that all the models share: each one's value, and who wins."""
    rows = [
        (
            benchmark,
            category,
            *values,
            ", ".join(winners) if winners else f"not comparable: {reason}",
            "lower is better" if lower else None,
        )
        for benchmark, category, values, winners, reason, lower in _shared_benchmarks(reader, model_ids)
    ]
    columns = ("benchmark_id", "category", *model_ids, "winner", "note")
    return Table(columns, ("VARCHAR", "VARCHAR", *["DOUBLE"] * len(model_ids), "VARCHAR", "VARCHAR"), rows)


def benchmarks_for_terminal(reader: Reader, model_ids: Sequence[str]) -> Table:
    """The same in 80 columns: the best value is marked where it stands."""
    rows = [
        (
            benchmark,
            *(
                f"best {format_value(value)}" if model_id in winners else format_value(value)
                for model_id, value in zip(model_ids, values, strict=True)
            ),
            f"not comparable: {reason}" if not winners else "lower is better" if lower else None,
        )
        for benchmark, _, values, winners, reason, lower in _shared_benchmarks(reader, model_ids)
    ]
    types = ("VARCHAR", *["NUMBER"] * len(model_ids), "VARCHAR")  # with numbers they stand to the right
    return Table(("benchmark_id", *model_ids, "note"), types, rows).drop_empty_columns()


def _shared_benchmarks(reader: Reader, model_ids: Sequence[str]) -> list[tuple[Any, ...]]:
    """`benchmark_id, category, values, winner_model_ids, not_comparable_reason, is_lower_better`, the values in the order of the models."""
    shared = reader.query(
        f"""
        with named_scores as (
            select
                model_id,
                benchmark_id,
                value,
                rank() over (partition by benchmark_id order by case when is_lower_better then value else -value end) as place,
                count(*) over (partition by benchmark_id) as model_count
            from marts.scores
            where model_id in ({placeholders(model_ids)})
        )

        select benchmark_id, category, not_comparable_reason, is_lower_better, named_scores.model_id, named_scores.value, place
        from named_scores inner join marts.benchmarks using (benchmark_id)
        where named_scores.model_count = {len(model_ids)}
        order by category, benchmark_id, named_scores.model_id
        """,
        model_ids,
    )
    rows = []
    for (benchmark, category, reason, lower), group in itertools.groupby(shared.rows, lambda row: row[:4]):
        scores = {model_id: (value, place) for *_, model_id, value, place in group}
        winners = [] if reason else [model_id for model_id, (_, place) in scores.items() if place == 1]
        rows.append((benchmark, category, [scores[model_id][0] for model_id in model_ids], winners, reason, lower))
    return rows
