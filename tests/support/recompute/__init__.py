"""Recomputation of every mart in Python, independent of the SQL.

Each function takes the records that `prepare` returned, and returns the rows of one view as dicts.
The code is slow and simple on purpose: where the SQL uses window functions, Python compares all
pairs.
"""

from __future__ import annotations

from collections.abc import Callable

from support.recompute.data_quality import data_quality
from support.recompute.leaderboard import head_to_head, leaderboard
from support.recompute.models import models
from support.recompute.pareto import price_performance, price_quality
from support.recompute.prices import (
    model_price_history,
    model_prices,
    offers,
    providers,
    workload_cost,
)
from support.recompute.records import Records, ReviewedLists, Rows, prepare
from support.recompute.scores import benchmarks, scores

__all__ = ["VIEWS", "ReviewedLists", "head_to_head", "prepare", "workload_cost"]

_BOARD = ("category", "evidence_scope", "model_id")

#: View -> the function that returns its rows, and the columns of its key.
VIEWS: dict[str, tuple[Callable[[Records], Rows], tuple[str, ...]]] = {
    "models": (models, ("model_id",)),
    "offers": (offers, ("model_id", "provider_id", "offer_number")),
    "model_prices": (model_prices, ("model_id",)),
    "model_price_history": (model_price_history, ("model_id", "valid_from")),
    "providers": (providers, ("provider_id",)),
    "scores": (scores, ("model_id", "benchmark_id")),
    "benchmarks": (benchmarks, ("benchmark_id",)),
    "leaderboard": (leaderboard, _BOARD),
    "price_performance": (price_performance, ("model_id", "benchmark_id")),
    "price_quality": (price_quality, _BOARD),
    "data_quality": (data_quality, ("rule", "model_id", "detail")),
}
