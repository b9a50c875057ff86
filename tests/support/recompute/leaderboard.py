"""`leaderboard` and `head_to_head`: the models compared over all their benchmarks.

The strength of a model is its log odds of beating an average opponent. On one benchmark, the
log odds of a model's win rate are its strength relative to the other models. The strength of a
model depends on the strengths of its opponents, so all strengths are computed in rounds.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable
from itertools import permutations

from support.recompute.prices import priced_model_ids
from support.recompute.records import Listing, Records, Rows, once_per_catalog
from support.recompute.scores import EVIDENCE, Comparison, comparisons, evidence_of

ROUNDS = 5
#: Category that contains all benchmarks of the leaderboard.
OVERALL = "overall"
#: Number of benchmarks (see `counted`) that a model needs for a rank.
RANKED_FROM = 3


def counted(records: Records, scope: str) -> list[Comparison]:
    """Return the comparable benchmarks with at least 3 models of at least 2 organizations."""
    organizations = {record["id"]: record["organization"]["id"] for record in records}
    return [
        comparison
        for comparison in comparisons(records, scope)
        if comparison.not_comparable_reason is None
        and len(comparison.chosen) >= 3
        and len({organizations[model_id] for model_id in comparison.chosen}) >= 2
    ]


def _log_odds(comparison: Comparison, model_id: str) -> float:
    """Return the log odds of the win rate, with half a win and half a loss added."""
    wins = comparison.win_counts[model_id]
    losses = len(comparison.chosen) - 1 - wins
    return math.log((float(wins) + 0.5) / (float(losses) + 0.5))


class _Strengths:
    """Strengths of all models in an evidence scope, computed from the `counted` benchmarks."""

    def __init__(self, benchmarks: list[Comparison]) -> None:
        self.benchmarks = benchmarks
        self.of_model: dict[str, list[Comparison]] = defaultdict(list)
        for comparison in benchmarks:
            for model_id in comparison.chosen:
                self.of_model[model_id].append(comparison)
        self._set(
            {
                model_id: _mean(_log_odds(comparison, model_id) for comparison in mine)
                for model_id, mine in self.of_model.items()
            }
        )
        for _ in range(ROUNDS):
            self._set(
                {model_id: self.on(model_id, mine) for model_id, mine in self.of_model.items()}
            )

    def _set(self, strength: dict[str, float]) -> None:
        """Set the strength of each model, and the sum of the strengths on each benchmark."""
        self.strength = strength
        self.sums = {
            comparison.benchmark_id: math.fsum(strength[model_id] for model_id in comparison.chosen)
            for comparison in self.benchmarks
        }

    def on(self, model_id: str, benchmarks: list[Comparison]) -> float:
        """Return the strength that explains the model's results on these benchmarks.

        The strength s solves `s = mean log odds + mean of (sum of strengths - s) / opponents`. The
        sum includes the model's own strength of the previous round, so it is the same for all
        models. Of two models with the same benchmarks, the one with better results is stronger.
        """
        return math.fsum(
            _log_odds(comparison, model_id)
            + self.sums[comparison.benchmark_id] / _opponents(comparison)
            for comparison in benchmarks
        ) / (len(benchmarks) + math.fsum(1 / _opponents(comparison) for comparison in benchmarks))

    def field(self, model_id: str, benchmarks: Iterable[Comparison]) -> float:
        """Return the mean strength of the other models on these benchmarks."""
        return _mean(
            (self.sums[comparison.benchmark_id] - self.strength[model_id]) / _opponents(comparison)
            for comparison in benchmarks
        )


def _opponents(comparison: Comparison) -> int:
    return len(comparison.chosen) - 1


@once_per_catalog
def leaderboard(records: Records) -> Rows:
    unlisted = {record["id"] for record in records if Listing.of(record).is_listed is False}
    priced = priced_model_ids(records)
    rows: Rows = []
    for scope in EVIDENCE:
        strengths = _Strengths(counted(records, scope))
        for model_id, benchmarks in strengths.of_model.items():
            if model_id in unlisted:
                continue
            by_category: dict[str, list[Comparison]] = defaultdict(list)
            for comparison in benchmarks:
                for category in categories(comparison):
                    by_category[category].append(comparison)
            for category, mine in by_category.items():
                evidence = [evidence_of(comparison.chosen[model_id]) for comparison in mine]
                rows.append(
                    {
                        "category": category,
                        "evidence_scope": scope,
                        "model_id": model_id,
                        "adjusted_win_rate": round(_logistic(strengths.on(model_id, mine)), 12),
                        "mean_win_rate": float(
                            sum(comparison.win_rates[model_id] for comparison in mine) / len(mine)
                        ),
                        "field_strength": round(_logistic(strengths.field(model_id, mine)), 12),
                        "benchmark_count": len(mine),
                        "self_reported_share": evidence.count("self_reported") / len(mine),
                        "is_priced": model_id in priced,
                    }
                )
    _rank(rows)
    return rows


def categories(comparison: Comparison) -> set[str]:
    """Return the categories of all scores on the benchmark, and `overall`."""
    return {OVERALL}.union(
        *(score["categories"] for scores in comparison.listed.values() for score in scores)
    )


def _rank(rows: Rows) -> None:
    boards: dict[tuple[str, str], Rows] = defaultdict(list)
    for row in rows:
        row["rank"] = None
        if row["benchmark_count"] >= RANKED_FROM:
            boards[row["category"], row["evidence_scope"]].append(row)
    for board in boards.values():
        rates = [comparable_rate(row) for row in board]
        for row, rate in zip(board, rates, strict=True):
            row["rank"] = 1 + sum(other > rate for other in rates)


def comparable_rate(row: dict[str, float]) -> float:
    """Return the adjusted win rate of a row, rounded so that equal rates tie."""
    return round(row["adjusted_win_rate"], 9)


def head_to_head(records: Records, category: str = OVERALL) -> Rows:
    """Return the rows of the macro `head_to_head` for every model, with a column `model_id`.

    The macro always uses the category `overall`.
    """
    results: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0, 0])
    for comparison in counted(records, "all"):
        goodness = comparison.goodness if category in categories(comparison) else {}
        for pair in permutations(goodness, 2):
            mine, other = (goodness[model_id] for model_id in pair)
            results[pair][0 if mine > other else 1 if mine == other else 2] += 1
    return [
        {
            "model_id": model_id,
            "opponent_model_id": opponent,
            "shared_benchmark_count": sum(counts),
            "win_count": counts[0],
            "tie_count": counts[1],
            "loss_count": counts[2],
        }
        for (model_id, opponent), counts in results.items()
    ]


def _mean(values: Iterable[float]) -> float:
    values = list(values)
    return math.fsum(values) / len(values)


def _logistic(log_odds: float) -> float:
    return 1 / (1 + math.exp(-log_odds))
