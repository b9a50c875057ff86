"""The timeline of one model: each offer and each score, and from when to when it was true."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from llm_stats.table import Table
from llm_stats.text import format_number, format_offer, format_value, with_number
from llm_stats.warehouse.reader import Reader


def history(reader: Reader, model_id: str) -> Table:
    """Oldest first: `valid_from, valid_to, kind, counterpart_id, says`. Raises `UsageError` for an unknown model."""
    reader.require_models([model_id])
    offers = reader.query(
        """
        select valid_from, valid_to, provider_id, offer_number, input_usd_per_mtok, output_usd_per_mtok, status, provider_name
        from history.offers where model_id = ?
        order by provider_id, offer_number, valid_from
        """,
        [model_id],
    ).rows
    scores = reader.query(
        """
        select
            valid_from, valid_to, benchmark_id, score_number, score, is_verified, is_self_reported,
            max_score, normalized_score, category, source_url, benchmark_name
        from history.scores where model_id = ?
        order by benchmark_id, score_number, valid_from
        """,
        [model_id],
    ).rows
    rows: list[tuple[Any, ...]] = []
    before: dict[tuple[str, int], tuple[Any, ...]] = {}
    for start, end, provider, no, price_in, price_out, status, *more in offers:
        says = f"{format_offer(price_in, price_out)}, {status}{_changed_attributes(before, (provider, no), ('name',), more)}"
        rows.append((start, end, "offer", with_number(provider, no), says))
    before = {}
    for start, end, benchmark, no, score, verified, own, *more in scores:
        moved = _changed_attributes(before, (benchmark, no), ("maximum", "normalized", "category", "source", "name"), more)
        rows.append((start, end, "score", with_number(benchmark, no), f"{format_number(score)}, {_evidence(verified, own)}{moved}"))
    rows.sort(key=lambda row: (row[0], row[2], row[3]))
    return Table(("valid_from", "valid_to", "kind", "counterpart_id", "description"), ("TIMESTAMP", "TIMESTAMP", *["VARCHAR"] * 3), rows)


def for_terminal(found: Table) -> Table:
    """The same rows in 80 columns: `at northlight: 6.00 in, 30.00 out, active`, to the minute."""
    rows = [
        (_minute(start), _minute(end), f"{'at' if kind == 'offer' else 'on'} {counterpart}: {says}")
        for start, end, kind, counterpart, says in found.rows
    ]
    return Table(("from (UTC)", "until (UTC)", "what"), ("VARCHAR",) * 3, rows).drop_empty_columns()


def _minute(moment: dt.datetime | None) -> str | None:
    return None if moment is None else moment.isoformat(" ", "minutes")


def _changed_attributes(
    before: dict[tuple[str, int], tuple[Any, ...]], key: tuple[str, int], names: Sequence[str], values: Sequence[Any]
) -> str:
    """` (maximum 1 → 10)`: what else is not as it was in the row before of the same offer or score."""
    old = before.get(key, tuple(values))
    before[key] = tuple(values)
    moved = [f"{name} {format_value(was)} → {format_value(now)}" for name, was, now in zip(names, old, values, strict=True) if was != now]
    return f" ({', '.join(moved)})" if moved else ""


def _evidence(is_verified: bool, is_self_reported: bool) -> str:
    return "verified" if is_verified else "self-reported" if is_self_reported else "third party"
