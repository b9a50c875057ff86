"""The timeline of one model: each offer and each score, and from when to when it was true."""

from __future__ import annotations

from typing import Any

from llm_stats.changes import numbered, offer
from llm_stats.output import number
from llm_stats.reader import Reader, Table


def timeline(reader: Reader, model_id: str) -> Table:
    """Oldest first: `valid_from, valid_to, kind, counterpart_id, says`. Raises `UsageError` for an unknown model."""
    reader.require_models([model_id])
    offers = reader.query(
        """
        select valid_from, valid_to, provider_id, offer_no, input_usd_per_mtok, output_usd_per_mtok, status
        from history.offers where model_id = ?
        """,
        [model_id],
    ).rows
    scores = reader.query(
        """
        select valid_from, valid_to, benchmark_id, score_no, score, max_score, is_verified, is_self_reported
        from history.scores where model_id = ?
        order by benchmark_id, score_no, valid_from
        """,
        [model_id],
    ).rows
    rows: list[tuple[Any, ...]] = [
        (start, end, "offer", numbered(provider, no), f"{offer(price_in, price_out)}, {status}")
        for start, end, provider, no, price_in, price_out, status in offers
    ]
    maxima: dict[tuple[str, int], float] = {}
    for start, end, benchmark, no, score, most, verified, own in scores:
        before = maxima.get((benchmark, no), most)
        maxima[benchmark, no] = most
        maximum = f" (maximum {number(before)} → {number(most)})" if before != most else ""
        rows.append((start, end, "score", numbered(benchmark, no), f"{number(score)}{maximum}, {_evidence(verified, own)}"))
    rows.sort(key=lambda row: (row[0], row[2], row[3]))
    return Table(("valid_from", "valid_to", "kind", "counterpart_id", "says"), ("TIMESTAMP", "TIMESTAMP", *["VARCHAR"] * 3), rows)


def _evidence(is_verified: bool, is_self_reported: bool) -> str:
    return "verified" if is_verified else "self-reported" if is_self_reported else "third party"
