"""Recomputation of every mart in Python, independent of the SQL.

Each function takes the records of a single load, as the API returns them. Each function returns the
rows of one view as dicts. The code is slow and simple on purpose: it compares all pairs, while the
SQL uses window functions.
"""

from __future__ import annotations

from collections.abc import Callable

from support.recompute.data_quality import data_quality
from support.recompute.price_performance import price_performance
from support.recompute.prices import model_prices, models, offers, providers
from support.recompute.records import Records, Rows, rounded_records
from support.recompute.scores import benchmarks, leaderboard, scores


def _on_rounded(view: Callable[[Records], Rows]) -> Callable[[Records], Rows]:
    return lambda records: view(rounded_records(records))


#: View -> the function that returns its rows, and the columns of its key.
VIEWS: dict[str, tuple[Callable[[Records], Rows], tuple[str, ...]]] = {
    "models": (_on_rounded(models), ("model_id",)),
    "offers": (_on_rounded(offers), ("model_id", "provider_id", "offer_number")),
    "model_prices": (_on_rounded(model_prices), ("model_id",)),
    "providers": (_on_rounded(providers), ("provider_id",)),
    "scores": (_on_rounded(scores), ("model_id", "benchmark_id")),
    "benchmarks": (_on_rounded(benchmarks), ("benchmark_id",)),
    "leaderboard": (_on_rounded(leaderboard), ("category", "evidence_scope", "model_id")),
    "price_performance": (_on_rounded(price_performance), ("model_id", "benchmark_id")),
    "data_quality": (_on_rounded(data_quality), ("rule", "model_id", "detail")),
}
