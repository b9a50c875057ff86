"""History of one model: offers, scores and listings, each with its period of validity."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from llm_stats.queries.changes import describe_listing
from llm_stats.table import Table
from llm_stats.text import format_number, format_offer, format_value, with_number
from llm_stats.warehouse.reader import Reader


def history(reader: Reader, model_id: str) -> Table:
    """Return the history of a model, oldest first.

    Columns: `valid_from, valid_to, kind, counterpart_id, description`. `kind` is `offer`, `score`
    or `listing`. A listing is a period in which the model was, or was not, in the catalog.
    `counterpart_id` is the provider or the benchmark; null for a listing. Raise `UsageError` for an
    unknown model.
    """
    reader.require_models([model_id])
    offers = reader.query(
        """
        select
            valid_from, valid_to, provider_id, offer_number,
            input_usd_per_mtok, output_usd_per_mtok, status, provider_name
        from history.offers where model_id = ?
        order by provider_id, offer_number, valid_from
        """,
        [model_id],
    ).rows
    scores = reader.query(
        """
        select
            valid_from, valid_to, benchmark_id, score_number, score, is_verified, is_self_reported,
            max_score, normalized_score, source_url, benchmark_name
        from history.scores where model_id = ?
        order by benchmark_id, score_number, valid_from
        """,
        [model_id],
    ).rows
    listings = reader.query(
        """
        select valid_from, valid_to, is_listed, reason
        from history.listings where model_id = ?
        order by valid_from
        """,
        [model_id],
    ).rows
    rows: list[tuple[Any, ...]] = [
        (start, end, "listing", None, describe_listing(is_listed, reason, is_first=number == 0))
        for number, (start, end, is_listed, reason) in enumerate(listings)
    ]
    before: dict[tuple[str, int], tuple[Any, ...]] = {}
    for start, end, provider, number, price_in, price_out, status, *attributes in offers:
        changes = _format_changes(before, (provider, number), ("name",), attributes)
        description = f"{format_offer(price_in, price_out)}, {status}{changes}"
        rows.append((start, end, "offer", with_number(provider, number), description))
    before = {}
    names = ("maximum", "normalized", "source", "name")
    for start, end, benchmark, number, score, is_verified, is_self_reported, *attributes in scores:
        changes = _format_changes(before, (benchmark, number), names, attributes)
        description = (
            f"{format_number(score)}, {_format_evidence(is_verified, is_self_reported)}{changes}"
        )
        rows.append((start, end, "score", with_number(benchmark, number), description))
    rows.sort(key=lambda row: (row[0], row[2], row[3]))
    return Table(
        ("valid_from", "valid_to", "kind", "counterpart_id", "description"),
        ("TIMESTAMP", "TIMESTAMP", *["VARCHAR"] * 3),
        rows,
    )


_PREPOSITIONS = {"offer": "at", "score": "on"}


def for_terminal(timeline: Table) -> Table:
    """Return the rows for a terminal of 80 columns, with times to the minute.

    Example of a description: `at northlight: 6.00 in, 30.00 out, active`.
    """
    rows = [
        (
            _format_minute(start),
            _format_minute(end),
            f"{_PREPOSITIONS[kind]} {counterpart}: {description}" if counterpart else description,
        )
        for start, end, kind, counterpart, description in timeline.rows
    ]
    return Table(("from (UTC)", "until (UTC)", "what"), ("VARCHAR",) * 3, rows).drop_empty_columns()


def _format_minute(time: dt.datetime | None) -> str | None:
    return None if time is None else time.isoformat(" ", "minutes")


def _format_changes(
    before: dict[tuple[str, int], tuple[Any, ...]],
    key: tuple[str, int],
    names: Sequence[str],
    values: Sequence[Any],
) -> str:
    """Return the changed attributes of an offer or score: ` (maximum 1 → 10)`.

    `values` are the attributes in this row. `before[key]` are the attributes in the previous row.
    The call updates `before[key]`.
    """
    old = before.get(key, tuple(values))
    before[key] = tuple(values)
    changes = [
        f"{name} {format_value(was)} → {format_value(now)}"
        for name, was, now in zip(names, old, values, strict=True)
        if was != now
    ]
    return f" ({', '.join(changes)})" if changes else ""


def _format_evidence(is_verified: bool, is_self_reported: bool) -> str:
    return "verified" if is_verified else "self-reported" if is_self_reported else "third party"
