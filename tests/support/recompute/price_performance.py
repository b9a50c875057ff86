"""`price_performance`: scores by price."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from support.recompute.prices import comparable_offers, offers
from support.recompute.records import (
    Records,
    Rows,
)
from support.recompute.scores import goodness, scores


def price_performance(records: Records) -> Rows:
    offers_by_model: dict[str, Rows] = defaultdict(list)
    for offer in comparable_offers(offers(records)):
        offers_by_model[offer["model_id"]].append(offer)
    rows: Rows = []
    for score in scores(records):
        own_offers = offers_by_model[score["model_id"]]
        if not own_offers or not score["is_comparable"]:
            continue
        price = min(offer["blended_usd_per_mtok"] for offer in own_offers)
        paid = [offer["blended_usd_per_mtok"] for offer in own_offers if not offer["is_free"]]
        rows.append(
            {
                "model_id": score["model_id"],
                "benchmark_id": score["benchmark_id"],
                "provider_id": min(
                    (
                        offer["provider_id"]
                        for offer in own_offers
                        if offer["blended_usd_per_mtok"] == price
                    ),
                    key=str.encode,
                ),
                "price_usd_per_mtok": price,
                "paid_price_usd_per_mtok": min(paid, default=None),
                "value": score["value"],
                "is_lower_better": score["is_lower_better"],
                "value_per_usd": score["value"] / price
                if price > 0 and not score["is_lower_better"]
                else None,
            }
        )
    by_benchmark: dict[str, Rows] = defaultdict(list)
    for row in rows:
        by_benchmark[row["benchmark_id"]].append(row)
    for row in rows:
        rivals = by_benchmark[row["benchmark_id"]]
        dominating = [other for other in rivals if _dominates(other, row, "price_usd_per_mtok")]
        dominating.sort(
            key=lambda o: (
                o["price_usd_per_mtok"],
                -goodness(o["benchmark_id"], o["value"]),
                o["model_id"].encode(),
            )
        )
        row["is_pareto"] = not dominating
        row["is_pareto_paid"] = row["paid_price_usd_per_mtok"] is not None and not any(
            _dominates(other, row, "paid_price_usd_per_mtok")
            for other in rivals
            if other["paid_price_usd_per_mtok"] is not None
        )
        row["dominated_by_model_id"] = dominating[0]["model_id"] if dominating else None
    return rows


def _dominates(other: dict[str, Any], row: dict[str, Any], price: str) -> bool:
    other_goodness, row_goodness = (goodness(r["benchmark_id"], r["value"]) for r in (other, row))
    return (
        other[price] <= row[price]
        and other_goodness >= row_goodness
        and (other[price] < row[price] or other_goodness > row_goodness)
    )
