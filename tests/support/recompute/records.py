"""Records of the API: types, preparation as in staging, helpers for several views."""

from __future__ import annotations

import datetime as dt
import functools
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from statistics import median
from typing import Any, Protocol, TypeVar

from support.recompute.metadata import read_record, read_score

Rows = list[dict[str, Any]]
Records = list[dict[str, Any]]
_Result = TypeVar("_Result")

FETCHED_AT = dt.datetime.fromisoformat("2026-01-01")


@dataclass(frozen=True)
class Listing:
    """State of a model in the catalog, stored in a record under `LISTING`.

    If a record has no listing, the catalog was never read. `summary_texts` maps each
    unreadable field of the summary to its text.
    """

    has_record: bool = True
    is_listed: bool | None = None
    summary_texts: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, record: dict[str, Any]) -> Listing:
        listing = record.get(LISTING, cls())
        assert isinstance(listing, cls)
        return listing


#: Key of the listing in a record; the API has no such field.
LISTING = "_listing"


class _Connection(Protocol):
    def execute(self, query: str) -> Any: ...


@dataclass(frozen=True)
class ReviewedLists:
    """Reviewed lists of the schema `staging`, without the column `reason`.

    The keys of `categories`, and the ids in `lower_is_better`, are canonical benchmark ids.
    """

    aliases: dict[str, str] = field(default_factory=dict)
    categories: dict[str, set[str]] = field(default_factory=dict)
    lower_is_better: set[str] = field(default_factory=set)

    @classmethod
    def read(cls, connection: _Connection) -> ReviewedLists:
        def rows(columns: str, table: str) -> list[Any]:
            return list(connection.execute(f"select {columns} from staging.{table}").fetchall())

        categories: dict[str, set[str]] = {}
        for benchmark_id, category in rows("benchmark_id, category", "benchmark_categories"):
            categories.setdefault(benchmark_id, set()).add(category)
        return cls(
            aliases=dict(rows("alias, benchmark_id", "benchmark_aliases")),
            categories=categories,
            lower_is_better={
                name for (name,) in rows("benchmark_id", "lower_is_better_benchmarks")
            },
        )


def prepare(records: Records, lists: ReviewedLists) -> Records:
    """Return the records as staging holds them; the functions of this package expect this form.

    Unreadable metadata is null. Prices and scores are rounded. In each score, `benchmark_id` is the
    canonical id. Three fields are added: `upstream_benchmark_id`, `is_lower_better` and
    `categories`. `categories` also contains the categories of the reviewed list.
    """
    prices = ("input_price_per_m", "output_price_per_m")
    return [
        read_record(record)
        | {
            "providers": [_with_rounded(offer, prices) for offer in record["providers"]],
            "scores": [_prepare_score(score, lists) for score in record["scores"]],
        }
        for record in records
    ]


def once_per_catalog(function: Callable[..., _Result]) -> Callable[..., _Result]:
    """Keep the results of a function until it is called with another list of records.

    Several views read the scores, the benchmarks or the leaderboard of the same records.
    """
    last: Records | None = None
    results: dict[tuple[object, ...], _Result] = {}

    @functools.wraps(function)
    def call(records: Records, *arguments: object) -> _Result:
        nonlocal last
        if records is not last:
            last = records
            results.clear()
        if arguments not in results:
            results[arguments] = function(records, *arguments)
        return results[arguments]

    return call


def _prepare_score(score: dict[str, Any], lists: ReviewedLists) -> dict[str, Any]:
    benchmark_id = lists.aliases.get(score["benchmark_id"], score["benchmark_id"])
    upstream_categories = {score["category"]} if score["category"] else set()
    read = read_score(score)
    return _with_rounded(read, ("score", "max_score", "normalized_score")) | {
        "benchmark_id": benchmark_id,
        "upstream_benchmark_id": score["benchmark_id"],
        "is_lower_better": benchmark_id in lists.lower_is_better,
        "categories": upstream_categories | lists.categories.get(benchmark_id, set()),
    }


def rounded(value: float) -> float:
    """Round a value to twelve significant digits; negative zero becomes zero."""
    return float(f"{value:.12g}") + 0.0


def _with_rounded(entry: dict[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return entry | {name: rounded(entry[name]) for name in names if entry.get(name) is not None}


def most_common(names: list[str]) -> str | None:
    counts = Counter(names)
    return min(counts, key=lambda name: (-counts[name], name.encode())) if counts else None


def median_or_none(values: Iterable[float]) -> float | None:
    values = list(values)
    return median(values) if values else None


def number_text(value: float) -> str:
    """Return a number as texts show it: `0.5`, and `4800` without a decimal point."""
    return repr(float(value)).removesuffix(".0")
