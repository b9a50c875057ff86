"""`models` and the price views: `offers`, `model_prices`, `providers`."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterable
from fractions import Fraction
from statistics import median
from typing import Any

from support.recompute.records import (
    FETCHED_AT,
    Listing,
    Records,
    Rows,
    median_or_none,
    most_common,
    rounded,
)


def models(records: Records) -> Rows:
    def text_or_none(text: str | None) -> str | None:
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
            "model_description": text_or_none(record["description"]),
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
            "benchmark_count": len({score["benchmark_id"] for score in record["scores"]})
            if Listing.of(record).has_record
            else None,
            "is_served_by_gateway": record["inference"]["available"],
            "upstream_url": text_or_none(record["url"]),
            "api_ref_url": text_or_none(record["sources"].get("api_ref")),
            "paper_url": text_or_none(record["sources"].get("paper")),
            "weights_url": text_or_none(record["sources"].get("weights")),
            "repo_url": text_or_none(record["sources"].get("repo")),
            "upstream_created_at": utc(record["created_at"]),
            "upstream_updated_at": utc(record["updated_at"]),
            "fetched_at": FETCHED_AT if Listing.of(record).has_record else None,
            "is_listed": Listing.of(record).is_listed,
            "listed_at": FETCHED_AT if Listing.of(record).is_listed else None,
            "unlisted_since": FETCHED_AT if Listing.of(record).is_listed is False else None,
        }
        for record in records
    ]


def blended(offer: dict[str, Any]) -> float | None:
    """Return `(3 * input + output) / 4`, computed exactly from the decimal prices, then rounded."""
    prices = offer["input_price_per_m"], offer["output_price_per_m"]
    if None in prices:
        return None
    input_price, output_price = (Fraction(repr(float(price))) for price in prices)
    return rounded(float((3 * input_price + output_price) / 4))


def _numbered(records: Records) -> Iterable[tuple[dict[str, Any], int, dict[str, Any]]]:
    """Yield record, offer number and offer; a provider's offers are numbered by price."""

    def sort_key(offer: dict[str, Any]) -> tuple[Any, ...]:
        prices = (blended(offer), offer["input_price_per_m"], offer["output_price_per_m"])
        known = [(price is None, price or 0) for price in prices]
        return (*known, offer["provider_name"].encode(), offer["status"].encode())

    for record in records:
        seen: Counter[str] = Counter()
        for offer in sorted(record["providers"], key=sort_key):
            seen[offer["provider_id"]] += 1
            yield record, seen[offer["provider_id"]], offer


def offers(records: Records) -> Rows:
    rows: Rows = []
    for record, offer_number, offer in _numbered(records):
        price = blended(offer)
        is_available = offer["status"] == "active" and Listing.of(record).is_listed is not False
        rows.append(
            {
                "model_id": record["id"],
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
        has_ratio = row["blended_usd_per_mtok"] is not None and not row["is_free"] and paid
        row["price_ratio_to_cheapest"] = (
            row["blended_usd_per_mtok"] / min(paid) if has_ratio else None
        )
    return rows


def comparable_offers(rows: Rows) -> Rows:
    return [row for row in rows if row["is_available"] and row["blended_usd_per_mtok"] is not None]


def model_prices(records: Records) -> Rows:
    rows: Rows = []
    for record in records:
        own_offers = comparable_offers(offers([record]))
        paid = [offer["blended_usd_per_mtok"] for offer in own_offers if not offer["is_free"]]
        rows.append(
            {
                "model_id": record["id"],
                "offer_count": len(own_offers),
                "cheapest_provider_ids": sorted(
                    {offer["provider_id"] for offer in own_offers if offer["is_cheapest"]}
                )
                or None,
                "min_blended_usd_per_mtok": min(paid, default=None),
                "median_blended_usd_per_mtok": rounded(median(paid)) if paid else None,
                "max_blended_usd_per_mtok": max(paid, default=None),
                "spread_ratio": max(paid) / min(paid) if paid else None,
                "has_free_offer": any(offer["is_free"] for offer in own_offers)
                if own_offers
                else None,
            }
        )
    return rows


def providers(records: Records) -> Rows:
    all_offers = offers(records)
    paid: dict[str, Rows] = defaultdict(list)
    for offer in comparable_offers(all_offers):
        if not offer["is_free"]:
            paid[offer["model_id"]].append(offer)
    rows: Rows = []
    for provider_id in {offer["provider_id"] for offer in all_offers}:
        own_offers = [offer for offer in all_offers if offer["provider_id"] == provider_id]
        price_ratios = [
            min(own_ratios)
            for rivals in paid.values()
            if len(rivals) >= 2
            and (
                own_ratios := [
                    offer["price_ratio_to_cheapest"]
                    for offer in rivals
                    if offer["provider_id"] == provider_id
                ]
            )
        ]
        rows.append(
            {
                "provider_id": provider_id,
                "provider_name": most_common([offer["provider_name"] for offer in own_offers]),
                "model_count": len({offer["model_id"] for offer in own_offers}),
                "offer_count": len(own_offers),
                "competitive_model_count": len(price_ratios),
                "cheapest_count": price_ratios.count(1),
                "median_price_ratio": median_or_none(price_ratios),
            }
        )
    return rows
