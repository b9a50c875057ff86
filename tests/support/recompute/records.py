"""Records of the API: types, rounding as in staging, helpers for several views."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from statistics import median
from typing import Any

Rows = list[dict[str, Any]]
Records = list[dict[str, Any]]

FETCHED_AT = dt.datetime.fromisoformat("2026-01-01")


@dataclass(frozen=True)
class Listing:
    """The state of a model in the catalog, stored in a record under `LISTING`.

    In a record without a listing, the catalog was not read.
    """

    has_record: bool = True
    is_listed: bool | None = None

    @classmethod
    def of(cls, record: dict[str, Any]) -> Listing:
        listing = record.get(LISTING, cls())
        assert isinstance(listing, cls)
        return listing


#: Key of the listing in a record; the API has no such field.
LISTING = "_listing"


def rounded(value: float) -> float:
    """Round a value to twelve significant digits; negative zero becomes zero."""
    return float(f"{value:.12g}") + 0.0


def rounded_records(records: Records) -> Records:
    """Return the records with prices and scores rounded as in staging."""

    def entry(values: dict[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
        found = {name: values.get(name) for name in names if values.get(name) is not None}
        return values | {name: rounded(value) for name, value in found.items() if value is not None}

    prices = ("input_price_per_m", "output_price_per_m")
    scores = ("score", "max_score", "normalized_score")
    return [
        record
        | {
            "providers": [entry(offer, prices) for offer in record["providers"]],
            "scores": [entry(score, scores) for score in record["scores"]],
        }
        for record in records
    ]


def most_common(names: list[str]) -> str | None:
    counts = Counter(names)
    return min(counts, key=lambda name: (-counts[name], name.encode())) if counts else None


def median_or_none(values: Iterable[float]) -> float | None:
    values = list(values)
    return median(values) if values else None
