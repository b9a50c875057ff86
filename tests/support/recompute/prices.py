"""The price views: `offers`, `model_prices`, `model_price_history`, `providers`."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from fractions import Fraction
from statistics import median, median_low
from typing import Any

from support.recompute.records import (
    FETCHED_AT,
    Listing,
    Records,
    Rows,
    median_or_none,
    most_common,
    number_text,
    rounded,
)


def blended(offer: dict[str, Any]) -> float | None:
    """Return `(3 * input + output) / 4`, computed exactly and then rounded."""
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
                "is_first_party": offer["provider_id"] == record["organization"]["id"],
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
        reasons = [reason for _, reason in price_findings(row, siblings)]
        row["is_suspect"] = bool(reasons)
        row["suspect_reason"] = "; ".join(reasons) or None
    return rows


def price_findings(offer: dict[str, Any], model_offers: Rows) -> list[tuple[str, str]]:
    """Return, for each suspect price of an offer, the rule of `data_quality` and the reason.

    `model_offers` holds all offers of the model.
    """
    paid = [other for other in comparable_offers(model_offers) if not other["is_free"]]
    prices = {kind: offer[f"{kind}_usd_per_mtok"] for kind in ("input", "output")}
    findings = []
    for kind, price in prices.items():
        typical = median_low([other[f"{kind}_usd_per_mtok"] for other in paid]) if paid else None
        if typical and price is not None and price / 100 >= typical:
            reason = (
                f"{kind} price {number_text(price)} is at least 100 times "
                f"the model's median {number_text(typical)}"
            )
            findings.append(("price_outlier", reason))
        is_one_of_two = len(paid) == 2 and any(other is offer for other in paid)
        if is_one_of_two and price and not any(map(_is_lopsided, paid)):
            (other_price,) = (other[f"{kind}_usd_per_mtok"] for other in paid if other is not offer)
            if other_price / 100 >= price:
                reason = (
                    f"{kind} price {number_text(price)} is at most a hundredth of "
                    f"the model's only other price {number_text(other_price)}"
                )
                findings.append(("price_outlier", reason))
    if _is_lopsided(offer):
        reason = (
            f"input price {number_text(prices['input'])} and "
            f"output price {number_text(prices['output'])} differ by a factor of 100 or more"
        )
        findings.append(("price_lopsided", reason))
    return findings


def _is_lopsided(offer: dict[str, Any]) -> bool:
    lower, higher = sorted(offer[f"{kind}_usd_per_mtok"] or 0 for kind in ("input", "output"))
    return bool(lower > 0 and higher / 100 >= lower)


def workload_cost(records: Records, input_tokens: int, output_tokens: int) -> Rows:
    """Return the cost of the tokens at each available priced offer, rounded once at the end."""
    rows: Rows = []
    for offer in comparable_offers(offers(records)):
        input_cost, output_cost = (
            Fraction(repr(float(offer[f"{kind}_usd_per_mtok"]))) * tokens / 1_000_000
            for kind, tokens in (("input", input_tokens), ("output", output_tokens))
        )
        rows.append(
            {
                "model_id": offer["model_id"],
                "provider_id": offer["provider_id"],
                "offer_number": offer["offer_number"],
                "provider_name": offer["provider_name"],
                "input_usd_per_mtok": offer["input_usd_per_mtok"],
                "output_usd_per_mtok": offer["output_usd_per_mtok"],
                "input_cost_usd": rounded(float(input_cost)),
                "output_cost_usd": rounded(float(output_cost)),
                "cost_usd": rounded(float(input_cost + output_cost)),
                "is_suspect": offer["is_suspect"],
                "suspect_reason": offer["suspect_reason"],
            }
        )
    for row in rows:
        cheaper = [other for other in rows if other["cost_usd"] < row["cost_usd"]]
        row["cost_rank"] = len(cheaper) + 1
        own = [other for other in cheaper if other["model_id"] == row["model_id"]]
        row["model_cost_rank"] = len(own) + 1
    return rows


def comparable_offers(rows: Rows) -> Rows:
    return [row for row in rows if row["is_available"] and row["blended_usd_per_mtok"] is not None]


def priced_model_ids(records: Records) -> set[str]:
    """Return the models with an available priced offer, free offers included."""
    return {offer["model_id"] for offer in comparable_offers(offers(records))}


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
                "is_suspect": any(
                    offer["is_suspect"]
                    for offer in own_offers
                    if offer["blended_usd_per_mtok"] == min(paid)
                )
                if paid
                else None,
                "has_free_offer": any(offer["is_free"] for offer in own_offers)
                if own_offers
                else None,
            }
        )
    return rows


def model_price_history(records: Records) -> Rows:
    """Return the history after one load: one row per model with an available paid offer."""
    rows: Rows = []
    for record in records:
        paid = [offer for offer in comparable_offers(offers([record])) if not offer["is_free"]]
        if not paid:
            continue
        lowest = min(offer["blended_usd_per_mtok"] for offer in paid)
        rows.append(
            {
                "model_id": record["id"],
                "valid_from": FETCHED_AT,
                "valid_to": None,
                "is_current": True,
                "min_blended_usd_per_mtok": lowest,
                "provider_ids": sorted(
                    {
                        offer["provider_id"]
                        for offer in paid
                        if offer["blended_usd_per_mtok"] == lowest
                    },
                    key=str.encode,
                ),
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
