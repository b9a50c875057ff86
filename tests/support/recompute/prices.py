"""`models` and the views of prices: `offers`, `model_prices`, `providers`."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterable
from fractions import Fraction
from typing import Any

from support.recompute.records import (
    FETCHED_AT,
    Records,
    Rows,
    median_or_none,
    most_common,
    rounded,
)


def models(records: Records) -> Rows:
    def given(text: str | None) -> str | None:
        return text or None

    def utc(text: str | None) -> dt.datetime | None:
        return (
            dt.datetime.fromisoformat(text).astimezone(dt.UTC).replace(tzinfo=None)
            if text
            else None
        )

    return [
        {
            "model_id": record["id"],
            "model_name": record["name"],
            "model_description": given(record["description"]),
            "model_type": record["model_type"],
            "organization_id": record["organization"]["id"],
            "organization_name": record["organization"]["name"],
            "family_id": (record.get("family") or {}).get("id"),
            "family_name": (record.get("family") or {}).get("name"),
            "license_id": record["license"]["id"],
            "license_name": record["license"]["name"],
            "allow_commercial": record["license"]["allow_commercial"],
            "is_open_weight": record["open_weight"],
            "modalities": sorted(set(record["modalities"])) or None,
            "context_window_tokens": record.get("context_window"),
            "param_count": record.get("param_count"),
            "release_date": dt.date.fromisoformat(record["release_date"])
            if record.get("release_date")
            else None,
            "offer_count": len(record["providers"]),
            "benchmark_count": len({score["benchmark_id"] for score in record["scores"]}),
            "is_served_by_gateway": record["inference"]["available"],
            "upstream_url": given(record["url"]),
            "api_ref_url": given(record["sources"].get("api_ref")),
            "paper_url": given(record["sources"].get("paper")),
            "weights_url": given(record["sources"].get("weights")),
            "repo_url": given(record["sources"].get("repo")),
            "upstream_created_at": utc(record["created_at"]),
            "upstream_updated_at": utc(record["updated_at"]),
            "fetched_at": FETCHED_AT,
        }
        for record in records
    ]


def blended(offer: dict[str, Any]) -> float | None:
    """`(3 * input + output) / 4`; equal on paper is equal here, for 0.1 is taken as the decimal it is written as."""
    prices = offer["input_price_per_m"], offer["output_price_per_m"]
    if None in prices:
        return None
    given, taken = (Fraction(repr(float(price))) for price in prices)
    return rounded(float((3 * given + taken) / 4))


def _numbered(records: Records) -> Iterable[tuple[str, int, dict[str, Any]]]:
    """Each offer with its model and its number, which counts the provider's offers in the order of price."""

    def price(offer: dict[str, Any]) -> tuple[Any, ...]:
        prices = (blended(offer), offer["input_price_per_m"], offer["output_price_per_m"])
        known = [(price is None, price or 0) for price in prices]
        return (*known, offer["provider_name"].encode(), offer["status"].encode())

    for record in records:
        seen: Counter[str] = Counter()
        for offer in sorted(record["providers"], key=price):
            seen[offer["provider_id"]] += 1
            yield record["id"], seen[offer["provider_id"]], offer


def offers(records: Records) -> Rows:
    rows: Rows = []
    for model_id, offer_number, offer in _numbered(records):
        price = blended(offer)
        is_available = offer["status"] == "active"
        rows.append(
            {
                "model_id": model_id,
                "provider_id": offer["provider_id"],
                "offer_number": offer_number,
                "provider_name": offer["provider_name"],
                "status": offer["status"],
                "is_available": is_available,
                "input_usd_per_mtok": offer["input_price_per_m"],
                "output_usd_per_mtok": offer["output_price_per_m"],
                "blended_usd_per_mtok": price,
                "is_free": offer["input_price_per_m"] == 0 and offer["output_price_per_m"] == 0,
                "valid_from": FETCHED_AT,
            }
        )
    for row in rows:
        siblings = [
            other for other in comparable_offers(rows) if other["model_id"] == row["model_id"]
        ]
        paid = [other["blended_usd_per_mtok"] for other in siblings if not other["is_free"]]
        is_ranked = any(other is row for other in siblings)
        cheaper = [
            other
            for other in siblings
            if is_ranked and other["blended_usd_per_mtok"] < row["blended_usd_per_mtok"]
        ]
        row["price_rank"] = len(cheaper) + 1 if is_ranked else None
        row["is_cheapest"] = row["price_rank"] == 1
        has_multiple = row["blended_usd_per_mtok"] is not None and not row["is_free"] and paid
        row["price_ratio_to_cheapest"] = (
            row["blended_usd_per_mtok"] / min(paid) if has_multiple else None
        )
    return rows


def comparable_offers(rows: Rows) -> Rows:
    return [row for row in rows if row["is_available"] and row["blended_usd_per_mtok"] is not None]


def model_prices(records: Records) -> Rows:
    rows: Rows = []
    for record in records:
        mine = comparable_offers(offers([record]))
        paid = [offer["blended_usd_per_mtok"] for offer in mine if not offer["is_free"]]
        rows.append(
            {
                "model_id": record["id"],
                "offer_count": len(mine),
                "cheapest_provider_ids": sorted(
                    {offer["provider_id"] for offer in mine if offer["is_cheapest"]}
                )
                or None,
                "min_blended_usd_per_mtok": min(paid, default=None),
                "median_blended_usd_per_mtok": median_or_none(paid),
                "max_blended_usd_per_mtok": max(paid, default=None),
                "spread_ratio": max(paid) / min(paid) if paid else None,
                "has_free_offer": any(offer["is_free"] for offer in mine) if mine else None,
            }
        )
    return rows


def providers(records: Records) -> Rows:
    listed = offers(records)
    paid: dict[str, Rows] = defaultdict(list)
    for offer in comparable_offers(listed):
        if not offer["is_free"]:
            paid[offer["model_id"]].append(offer)
    rows: Rows = []
    for provider_id in {offer["provider_id"] for offer in listed}:
        mine = [offer for offer in listed if offer["provider_id"] == provider_id]
        multiples = [
            min(own)
            for rivals in paid.values()
            if len(rivals) >= 2
            and (
                own := [
                    offer["price_ratio_to_cheapest"]
                    for offer in rivals
                    if offer["provider_id"] == provider_id
                ]
            )
        ]
        rows.append(
            {
                "provider_id": provider_id,
                "provider_name": most_common([offer["provider_name"] for offer in mine]),
                "model_count": len({offer["model_id"] for offer in mine}),
                "offer_count": len(mine),
                "competitive_model_count": len(multiples),
                "cheapest_count": multiples.count(1),
                "median_price_ratio": median_or_none(multiples),
            }
        )
    return rows
