"""Score views: `scores`, `benchmarks`, `leaderboard`."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterable
from fractions import Fraction
from statistics import median
from typing import Any

from support.recompute.records import (
    Listing,
    Records,
    Rows,
    most_common,
)

#: Benchmark ids in `staging.lower_is_better_benchmarks`. The fixture `database` of
#: tests/sql/marts/test_recompute.py adds them.
LOWER_IS_BETTER: set[str] = set()


def _evidence(score: dict[str, Any]) -> str:
    if score["verified_by_llmstats"]:
        return "verified"
    return "self_reported" if score["is_self_reported"] else "third_party"


def _chosen(
    records: Records, counts: Callable[[dict[str, Any]], bool]
) -> dict[str, dict[str, dict[str, Any]]]:
    """Return the score chosen for each benchmark and model, as `{benchmark_id: {model_id: score}}`.

    Only scores for which `counts` returns True are considered.
    """
    chosen: dict[str, dict[str, dict[str, Any]]] = defaultdict(dict)
    order = ("verified", "third_party", "self_reported")
    for record in records:
        entries: dict[str, Rows] = defaultdict(list)
        for score in filter(counts, record["scores"]):
            entries[score["benchmark_id"]].append(score)
        for benchmark_id, same in entries.items():
            best_evidence = min(map(_evidence, same), key=order.index)
            same = [score for score in same if _evidence(score) == best_evidence]
            newest = max(_moment(score["scored_at"]) for score in same)
            same = [score for score in same if _moment(score["scored_at"]) == newest]
            highest = max(score["score"] for score in same)
            chosen[benchmark_id][record["id"]] = next(
                score for score in same if score["score"] == highest
            )
    return chosen


def _moment(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text)


def _values(chosen: dict[str, dict[str, Any]]) -> tuple[str, dict[str, float]]:
    """Return the scale of a benchmark and each model's value.

    Adding 0.0 to a value turns negative zero into zero.
    """
    if all(score.get("normalized_score") is not None for score in chosen.values()):
        return "normalized", {
            model_id: score["normalized_score"] + 0.0 for model_id, score in chosen.items()
        }
    return "raw", {model_id: score["score"] + 0.0 for model_id, score in chosen.items()}


def _not_comparable(scale: str, values: Iterable[float]) -> str | None:
    values = list(values)
    fractions = [value for value in values if 0 <= value <= 1]
    if len(values) < 2:
        return "fewer than 2 models"
    if scale == "raw" and fractions and max(values) > 1 and max(values) > 10 * median(fractions):
        return "values look like two units mixed"
    return None


def goodness(benchmark_id: str, value: float) -> float:
    return -value if benchmark_id in LOWER_IS_BETTER else value


def _win_rates(benchmark_id: str, values: dict[str, float]) -> dict[str, Fraction | None]:
    """Return the win rate of each model against all others; a tie counts half."""
    rates: dict[str, Fraction | None] = {}
    for model_id, value in values.items():
        mine = goodness(benchmark_id, value)
        others = [
            goodness(benchmark_id, other)
            for other_id, other in values.items()
            if other_id != model_id
        ]
        half_points = sum(2 if mine > other else 1 if mine == other else 0 for other in others)
        rates[model_id] = Fraction(half_points, 2 * len(others)) if others else None
    return rates


def scores(records: Records) -> Rows:
    rows: Rows = []
    for benchmark_id, chosen in _chosen(records, lambda score: True).items():
        scale, values = _values(chosen)
        reason = _not_comparable(scale, values.values())
        by_model = {model_id: goodness(benchmark_id, value) for model_id, value in values.items()}
        rates = _win_rates(benchmark_id, values)
        for model_id, score in chosen.items():
            listed = [
                entry["score"]
                for record in records
                if record["id"] == model_id
                for entry in record["scores"]
                if entry["benchmark_id"] == benchmark_id
            ]
            same = ("benchmark_name", "score", "max_score", "normalized_score", "is_self_reported")
            distinct = {
                (
                    *(entry.get(name) for name in same),
                    entry["verified_by_llmstats"],
                    _moment(entry["scored_at"]),
                    entry.get("source_url") or None,
                )
                for record in records
                if record["id"] == model_id
                for entry in record["scores"]
                if entry["benchmark_id"] == benchmark_id
            }
            rate = rates[model_id]
            rows.append(
                {
                    "model_id": model_id,
                    "benchmark_id": benchmark_id,
                    "benchmark_name": score["benchmark_name"],
                    "category": score["category"] or None,
                    "scale": scale,
                    "value": values[model_id],
                    "is_lower_better": benchmark_id in LOWER_IS_BETTER,
                    "benchmark_rank": sum(other > by_model[model_id] for other in by_model.values())
                    + 1,
                    "win_rate": None if rate is None else float(rate),
                    "gap_to_best": max(by_model.values()) - by_model[model_id],
                    "model_count": len(chosen),
                    "is_comparable": reason is None,
                    "not_comparable_reason": reason,
                    "evidence": _evidence(score),
                    "score_count": len(distinct),
                    "is_disputed": len(set(listed)) > 1,
                    "score": score["score"],
                    "normalized_score": score.get("normalized_score"),
                    "max_score": score["max_score"],
                    "is_verified": score["verified_by_llmstats"],
                    "is_self_reported": score["is_self_reported"],
                    "scored_at": _moment(score["scored_at"])
                    .astimezone(dt.UTC)
                    .replace(tzinfo=None),
                    "api_rank": score.get("rank"),
                    "source_url": score.get("source_url") or None,
                }
            )
    return rows


def benchmarks(records: Records) -> Rows:
    rows: Rows = []
    all_scores = scores(records)
    for benchmark_id in {row["benchmark_id"] for row in all_scores}:
        mine = [row for row in all_scores if row["benchmark_id"] == benchmark_id]
        best = min(mine, key=lambda row: row["benchmark_rank"])["value"]
        rows.append(
            {
                "benchmark_id": benchmark_id,
                "benchmark_name": most_common([row["benchmark_name"] for row in mine]),
                "category": most_common([row["category"] for row in mine if row["category"]]),
                "model_count": len(mine),
                "scale": mine[0]["scale"],
                "is_lower_better": benchmark_id in LOWER_IS_BETTER,
                "best_value": best,
                "best_model_ids": sorted(
                    (row["model_id"] for row in mine if row["value"] == best), key=str.encode
                ),
                "median_value": median(row["value"] for row in mine),
                "verified_share": sum(row["evidence"] == "verified" for row in mine) / len(mine),
                "self_reported_share": sum(row["evidence"] == "self_reported" for row in mine)
                / len(mine),
                "disputed_count": sum(row["is_disputed"] for row in mine),
                "is_comparable": mine[0]["is_comparable"],
                "not_comparable_reason": mine[0]["not_comparable_reason"],
            }
        )
    return rows


def leaderboard(records: Records) -> Rows:
    comparable = {row["benchmark_id"] for row in benchmarks(records) if row["is_comparable"]}
    scopes: dict[str, Callable[[dict[str, Any]], bool]] = {
        "all": lambda score: True,
        "independent": lambda score: _evidence(score) != "self_reported",
    }
    unlisted = {record["id"] for record in records if Listing.of(record).is_listed is False}
    rows: Rows = []
    for scope, counts in scopes.items():
        won: dict[tuple[str, str], list[Fraction]] = defaultdict(list)
        for benchmark_id, chosen in _chosen(records, counts).items():
            if benchmark_id not in comparable or len(chosen) < 3:
                continue
            for model_id, rate in _win_rates(benchmark_id, _values(chosen)[1]).items():
                entries = [
                    entry
                    for record in records
                    if record["id"] == model_id
                    for entry in record["scores"]
                ]
                categories = {
                    entry["category"]
                    for entry in entries
                    if entry["benchmark_id"] == benchmark_id and entry["category"]
                }
                for category in categories | {"overall"}:
                    assert rate is not None
                    won[category, model_id].append(rate)
        means = {
            (category, model_id): sum(rates, Fraction(0)) / len(rates)
            for (category, model_id), rates in won.items()
            if model_id not in unlisted
        }
        for (category, model_id), mean in means.items():
            rivals = [means[key] for key in means if key[0] == category and len(won[key]) >= 3]
            count = len(won[category, model_id])
            rows.append(
                {
                    "category": category,
                    "evidence_scope": scope,
                    "model_id": model_id,
                    "mean_win_rate": float(mean),
                    "benchmark_count": count,
                    "rank": sum(rival > mean for rival in rivals) + 1 if count >= 3 else None,
                }
            )
    return rows
