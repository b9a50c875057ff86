"""Score views: `scores` and `benchmarks`. `Comparison` compares the models of one benchmark."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from statistics import median
from typing import Any

from support.recompute.prices import priced_model_ids
from support.recompute.records import Records, Rows, most_common, once_per_catalog

#: Evidence scope of the leaderboard -> the kinds of evidence that count, best first.
EVIDENCE = {
    "all": ("verified", "third_party", "self_reported"),
    "independent": ("verified", "third_party"),
}


def evidence_of(score: dict[str, Any]) -> str:
    if score["verified_by_llmstats"]:
        return "verified"
    return "self_reported" if score["is_self_reported"] else "third_party"


def _moment(score: dict[str, Any]) -> dt.datetime:
    """Return the time of a score in UTC; an unknown time is older than any other."""
    if score["scored_at"] is None:
        return dt.datetime.min.replace(tzinfo=dt.UTC)
    return dt.datetime.fromisoformat(score["scored_at"]).astimezone(dt.UTC)


@dataclass(frozen=True)
class Comparison:
    """One benchmark in one evidence scope: the chosen scores of its models on one scale.

    `listed` maps each model id to the model's scores in the scope, in the order of the record.
    """

    benchmark_id: str
    listed: dict[str, Rows]

    @cached_property
    def is_lower_better(self) -> bool:
        return any(score["is_lower_better"] for score in self.chosen.values())

    @cached_property
    def chosen(self) -> dict[str, dict[str, Any]]:
        """The chosen score of each model: best evidence, then newest, highest, first listed."""
        chosen = {}
        for model_id, scores in self.listed.items():
            best_evidence = min(map(evidence_of, scores), key=EVIDENCE["all"].index)
            scores = [score for score in scores if evidence_of(score) == best_evidence]
            newest = max(map(_moment, scores))
            scores = [score for score in scores if _moment(score) == newest]
            highest = max(score["score"] for score in scores)
            chosen[model_id] = next(score for score in scores if score["score"] == highest)
        return chosen

    @cached_property
    def scale(self) -> str:
        normalized = [score.get("normalized_score") for score in self.chosen.values()]
        is_usable = all(value is not None and 0 <= value <= 1 for value in normalized)
        return "normalized" if is_usable else "raw"

    @cached_property
    def values(self) -> dict[str, float]:
        name = "normalized_score" if self.scale == "normalized" else "score"
        return {model_id: score[name] for model_id, score in self.chosen.items()}

    @cached_property
    def not_comparable_reason(self) -> str | None:
        values = list(self.values.values())
        fractions = [value for value in values if 0 <= value <= 1]
        if len(values) < 2:
            return "fewer than 2 models"
        if (
            self.scale == "raw"
            and fractions
            and max(values) > 1
            and max(values) > 10 * median(fractions)
        ):
            return "values look like two units mixed"
        return None

    @cached_property
    def goodness(self) -> dict[str, float]:
        """The value of each model, negated if a lower value is better."""
        sign = -1 if self.is_lower_better else 1
        return {model_id: sign * value for model_id, value in self.values.items()}

    @cached_property
    def win_counts(self) -> dict[str, Fraction]:
        """The number of other models that each model beats; a tie counts half."""
        goodness = self.goodness
        return {  # 1 is subtracted for the tie of each model with itself
            model_id: Fraction(sum(_half_points(mine, other) for other in goodness.values()) - 1, 2)
            for model_id, mine in goodness.items()
        }

    @cached_property
    def win_rates(self) -> dict[str, Fraction]:
        """The share of other models that each model beats; empty if there is only one model."""
        others = len(self.chosen) - 1
        return {name: wins / others for name, wins in self.win_counts.items()} if others else {}


def _half_points(mine: float, other: float) -> int:
    return 2 if mine > other else 1 if mine == other else 0


@once_per_catalog
def comparisons(records: Records, scope: str = "all") -> list[Comparison]:
    """Return each benchmark that has a score in the evidence scope."""
    listed: dict[str, dict[str, Rows]] = defaultdict(lambda: defaultdict(list))
    for record in records:
        for score in record["scores"]:
            if evidence_of(score) in EVIDENCE[scope]:
                listed[score["benchmark_id"]][record["id"]].append(score)
    return [Comparison(benchmark_id, by_model) for benchmark_id, by_model in listed.items()]


@once_per_catalog
def scores(records: Records) -> Rows:
    return [
        {
            "model_id": model_id,
            "benchmark_id": comparison.benchmark_id,
            "upstream_benchmark_id": score["upstream_benchmark_id"],
            "benchmark_name": score["benchmark_name"],
            "category": score["category"] or None,
            "scale": comparison.scale,
            "value": comparison.values[model_id],
            "is_lower_better": comparison.is_lower_better,
            "benchmark_rank": 1
            + sum(other > comparison.goodness[model_id] for other in comparison.goodness.values()),
            "win_rate": float(comparison.win_rates[model_id]) if comparison.win_rates else None,
            "gap_to_best": max(comparison.goodness.values()) - comparison.goodness[model_id],
            "model_count": len(comparison.chosen),
            "is_comparable": comparison.not_comparable_reason is None,
            "not_comparable_reason": comparison.not_comparable_reason,
            "evidence": evidence_of(score),
            "score_count": len({_identity(entry) for entry in comparison.listed[model_id]}),
            "is_disputed": len({entry["score"] for entry in comparison.listed[model_id]}) > 1,
            "score": score["score"],
            "normalized_score": score.get("normalized_score"),
            "max_score": score["max_score"],
            "is_verified": score["verified_by_llmstats"],
            "is_self_reported": score["is_self_reported"],
            "scored_at": _moment(score).replace(tzinfo=None) if score["scored_at"] else None,
            "api_rank": score.get("rank"),
            "source_url": score.get("source_url") or None,
        }
        for comparison in comparisons(records)
        for model_id, score in comparison.chosen.items()
    ]


def _identity(score: dict[str, Any]) -> tuple[Any, ...]:
    """Return a key that ignores the category of a listed score.

    A score listed under two categories has one key. A score listed under two benchmark ids has two.
    """
    same = (
        "upstream_benchmark_id",
        "benchmark_name",
        "score",
        "max_score",
        "normalized_score",
        "is_self_reported",
    )
    return (
        *(score.get(name) for name in same),
        score["verified_by_llmstats"],
        _moment(score),
        score.get("source_url") or None,
    )


def benchmarks(records: Records) -> Rows:
    organizations = {record["id"]: record["organization"]["id"] for record in records}
    priced = priced_model_ids(records)
    all_scores = scores(records)
    rows: Rows = []
    for comparison in comparisons(records):
        mine = [row for row in all_scores if row["benchmark_id"] == comparison.benchmark_id]
        chosen = comparison.chosen.values()
        best = min(mine, key=lambda row: row["benchmark_rank"])["value"]
        rows.append(
            {
                "benchmark_id": comparison.benchmark_id,
                "benchmark_name": most_common([row["benchmark_name"] for row in mine]),
                "category": most_common([row["category"] for row in mine if row["category"]]),
                "description": most_common(
                    [score["description"] for score in chosen if score.get("description")]
                ),
                "model_count": len(mine),
                "organization_count": len({organizations[row["model_id"]] for row in mine}),
                "priced_model_count": sum(row["model_id"] in priced for row in mine),
                "scale": comparison.scale,
                "is_lower_better": comparison.is_lower_better,
                "best_value": best,
                "best_model_ids": sorted(
                    (row["model_id"] for row in mine if row["value"] == best), key=str.encode
                ),
                "median_value": median(row["value"] for row in mine),
                "verified_share": sum(row["evidence"] == "verified" for row in mine) / len(mine),
                "self_reported_share": sum(row["evidence"] == "self_reported" for row in mine)
                / len(mine),
                "disputed_count": sum(row["is_disputed"] for row in mine),
                "is_comparable": comparison.not_comparable_reason is None,
                "not_comparable_reason": comparison.not_comparable_reason,
            }
        )
    return rows
