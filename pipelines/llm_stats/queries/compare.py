"""Comparison of models side by side: facts, cheapest offers, head-to-head, shared benchmarks."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

from llm_stats.errors import UsageError
from llm_stats.table import Table
from llm_stats.text import format_offer, format_value
from llm_stats.warehouse.reader import Reader, placeholders

#: Rows of the table that `facts` returns: heading, and column of `marts.models`.
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
    "left the catalog (UTC)": "unlisted_since",
}
#: Texts for null facts. A null fact without a text is displayed as `–`.
_NULL_TEXTS = {"fetched (UTC)": "not yet"}


def facts(reader: Reader, model_ids: Sequence[str]) -> Table:
    """Return one row per fact and one column per model.

    Raise `UsageError` for an unknown model, or for fewer than two models.
    """
    if len(model_ids) < 2:
        raise UsageError("name at least two different models to compare")
    reader.require_models(model_ids)
    filter_clause = f"model_id in ({placeholders(model_ids)})"
    models = reader.query(
        f"select model_id, {', '.join(_FACTS.values())} from marts.models where {filter_clause}",
        model_ids,
    )
    by_model = {model_id: values for model_id, *values in models.rows}
    cheapest = reader.query(
        f"""
        select
            model_id,
            input_usd_per_mtok,
            output_usd_per_mtok,
            suspect_reason,
            string_agg(distinct provider_id, ' or ' order by provider_id)
        from marts.offers
        where is_cheapest and {filter_clause}
        group by model_id, input_usd_per_mtok, output_usd_per_mtok, suspect_reason
        order by min(provider_id)
        """,
        model_ids,
    )
    offers: dict[str, list[str]] = {model_id: [] for model_id in model_ids}
    for (
        model_id,
        input_usd,
        output_usd,
        suspect_reason,
        providers,
    ) in cheapest.rows:  # one row per price pair: several pairs can have the same blended price
        note = f" (suspect: {suspect_reason})" if suspect_reason else ""
        offers[model_id].append(f"{format_offer(input_usd, output_usd)}, {providers}{note}")
    rows = []
    for index, fact in enumerate(_FACTS):
        values = [by_model[model_id][index] for model_id in model_ids]
        if fact == "left the catalog (UTC)" and not any(values):
            continue
        texts = [
            _NULL_TEXTS.get(fact, format_value(None)) if value is None else format_value(value)
            for value in values
        ]
        rows.append((fact, *texts))
    rows.append(
        (
            "cheapest offer, $ per M tokens",
            *("; ".join(offers[model_id]) or "–" for model_id in model_ids),
        )
    )
    return Table(("fact", *model_ids), ("VARCHAR",) * (len(model_ids) + 1), rows)


def head_to_head(reader: Reader, model_ids: Sequence[str]) -> Table:
    """Return one row per pair of models, with numbers of shared benchmarks.

    Columns: `model_id, opponent_model_id, win_count, tie_count, loss_count`. `win_count` counts the
    benchmarks on which `model_id` is better. Benchmarks that the leaderboard does not use are
    omitted. The macro `marts.head_to_head` is not used, because PostgreSQL cannot store it.
    """
    values = reader.query(
        f"""
        select benchmark_id, model_id, directed_value
        from staging.compared_scores
        where evidence_scope = 'all' and is_counted and model_id in ({placeholders(model_ids)})
        """,
        model_ids,
    )
    by_model: dict[str, dict[str, float]] = {model_id: {} for model_id in model_ids}
    for benchmark_id, model_id, value in values.rows:
        by_model[model_id][benchmark_id] = value
    rows = []
    for model_id, opponent_id in itertools.combinations(model_ids, 2):
        own, other = by_model[model_id], by_model[opponent_id]
        shared = own.keys() & other.keys()
        wins = sum(own[benchmark_id] > other[benchmark_id] for benchmark_id in shared)
        ties = sum(own[benchmark_id] == other[benchmark_id] for benchmark_id in shared)
        rows.append((model_id, opponent_id, wins, ties, len(shared) - wins - ties))
    columns = ("model_id", "opponent_model_id", "win_count", "tie_count", "loss_count")
    return Table(columns, ("VARCHAR", "VARCHAR", *["BIGINT"] * 3), rows)


def benchmarks(reader: Reader, model_ids: Sequence[str]) -> Table:
    """Return one row per benchmark on which all models have a score.

    Columns: `benchmark_id`, `category`, one column per model with its value, `winner`, `note`.
    The note `not counted` marks a benchmark that neither the leaderboard nor `head_to_head` uses.
    """
    rows = [
        (
            benchmark,
            category,
            *values,
            ", ".join(winners) if winners else f"not comparable: {reason}",
            note,
        )
        for benchmark, category, values, winners, reason, note in _shared_benchmarks(
            reader, model_ids
        )
    ]
    columns = ("benchmark_id", "category", *model_ids, "winner", "note")
    return Table(
        columns, ("VARCHAR", "VARCHAR", *["DOUBLE"] * len(model_ids), "VARCHAR", "VARCHAR"), rows
    )


def benchmarks_for_terminal(reader: Reader, model_ids: Sequence[str]) -> Table:
    """Return the benchmarks for a terminal of 80 columns; the best value is marked: `best 0.91`."""
    rows = [
        (
            benchmark,
            *(
                f"best {format_value(value)}" if model_id in winners else format_value(value)
                for model_id, value in zip(model_ids, values, strict=True)
            ),
            note if winners else f"not comparable: {reason}",
        )
        for benchmark, _, values, winners, reason, note in _shared_benchmarks(reader, model_ids)
    ]
    types = ("VARCHAR", *["NUMBER"] * len(model_ids), "VARCHAR")  # NUMBER: right-aligned
    return Table(("benchmark_id", *model_ids, "note"), types, rows).drop_empty_columns()


def _shared_benchmarks(reader: Reader, model_ids: Sequence[str]) -> list[tuple[Any, ...]]:
    """Return one tuple per benchmark on which all models have a score.

    `(benchmark_id, category, values, winners, not_comparable_reason, note)`; the values are in the
    order of `model_ids`.
    """
    shared = reader.query(
        f"""
        select
            benchmark_id,
            category,
            not_comparable_reason,
            concat_ws(
                ', ',
                case when benchmarks.is_lower_better then 'lower is better' end,
                case
                    when
                        benchmarks.is_comparable
                        and (benchmarks.model_count < 3 or benchmarks.organization_count < 2)
                        then 'not counted'
                end
            ) as note,
            shared_scores.model_id,
            shared_scores.value,
            shared_scores.value_rank
        from staging.shared_scores([{placeholders(model_ids)}]) as shared_scores
        inner join marts.benchmarks using (benchmark_id)
        where shared_scores.model_count = {len(model_ids)}
        order by category, benchmark_id, shared_scores.model_id
        """,
        model_ids,
    )
    rows = []
    for (benchmark, category, reason, note), group in itertools.groupby(
        shared.rows, lambda row: row[:4]
    ):
        scores = {model_id: (value, value_rank) for *_, model_id, value, value_rank in group}
        winners = (
            []
            if reason
            else [model_id for model_id, (_, value_rank) in scores.items() if value_rank == 1]
        )
        rows.append(
            (
                benchmark,
                category,
                [scores[model_id][0] for model_id in model_ids],
                winners,
                reason,
                note or None,
            )
        )
    return rows
