"""`price_performance` and `price_quality`: quality by price, on a benchmark or on a leaderboard."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from support.recompute.leaderboard import comparable_rate, leaderboard
from support.recompute.prices import comparable_offers, offers
from support.recompute.records import Records, Rows
from support.recompute.scores import scores


def price_performance(records: Records) -> Rows:
    prices = _cheapest_offers(records)
    boards: dict[str, list[_Candidate]] = defaultdict(list)
    for score in scores(records):
        offer = prices.get(score["model_id"])
        if not offer or not score["is_comparable"]:
            continue
        price, is_lower_better = offer["price_usd_per_mtok"], score["is_lower_better"]
        row = {
            "model_id": score["model_id"],
            "benchmark_id": score["benchmark_id"],
            **offer,
            "value": score["value"],
            "is_lower_better": is_lower_better,
            "value_per_usd": score["value"] / price if price > 0 and not is_lower_better else None,
        }
        goodness = -score["value"] if is_lower_better else score["value"]
        boards[score["benchmark_id"]].append((goodness, row))
    return _with_frontiers(boards)


def price_quality(records: Records) -> Rows:
    prices = _cheapest_offers(records)
    boards: dict[tuple[str, str], list[_Candidate]] = defaultdict(list)
    for ranked in leaderboard(records):
        offer = prices.get(ranked["model_id"])
        if not offer or ranked["rank"] is None:
            continue
        names = (
            *("category", "evidence_scope", "model_id", "adjusted_win_rate"),
            *("rank", "benchmark_count", "self_reported_share"),
        )
        row = {name: ranked[name] for name in names} | offer
        boards[ranked["category"], ranked["evidence_scope"]].append((comparable_rate(ranked), row))
    return _with_frontiers(boards)


#: Quality of a model (higher is better), and the row of the model.
_Candidate = tuple[float, dict[str, Any]]


def _cheapest_offers(records: Records) -> dict[str, dict[str, Any]]:
    """Return the cheapest offer and the lowest price above 0 of each priced model."""
    offers_by_model: dict[str, Rows] = defaultdict(list)
    for offer in comparable_offers(offers(records)):
        offers_by_model[offer["model_id"]].append(offer)
    cheapest = {}
    for model_id, own_offers in offers_by_model.items():
        paid = [offer for offer in own_offers if not offer["is_free"]]
        first, first_paid = (
            min(
                candidates,
                key=lambda offer: (
                    offer["blended_usd_per_mtok"],
                    offer["provider_id"].encode(),
                    offer["offer_number"],
                ),
                default=dict.fromkeys(("blended_usd_per_mtok", "is_suspect")),
            )
            for candidates in (own_offers, paid)
        )
        cheapest[model_id] = {
            "provider_id": first["provider_id"],
            "price_usd_per_mtok": first["blended_usd_per_mtok"],
            "paid_price_usd_per_mtok": first_paid["blended_usd_per_mtok"],
            "is_suspect": first["is_suspect"],
            "is_paid_price_suspect": first_paid["is_suspect"],
        }
    return cheapest


def _with_frontiers(boards: dict[Any, list[_Candidate]]) -> Rows:
    """Add the Pareto columns to the rows of all boards (benchmarks or leaderboards)."""
    return [
        row
        | _frontier_columns((goodness, row), candidates)
        | {"priced_model_count": len(candidates)}
        for candidates in boards.values()
        for goodness, row in candidates
    ]


def _frontier_columns(candidate: _Candidate, board: list[_Candidate]) -> dict[str, Any]:
    dominating = sorted(
        (other for other in board if _dominates(other, candidate, "price_usd_per_mtok")),
        key=lambda other: (
            other[1]["price_usd_per_mtok"],
            -other[0],
            other[1]["model_id"].encode(),
        ),
    )
    paid = [other for other in board if other[1]["paid_price_usd_per_mtok"] is not None]
    is_paid = candidate[1]["paid_price_usd_per_mtok"] is not None
    return {
        "is_pareto": not dominating,
        "is_pareto_paid": is_paid
        and not any(_dominates(other, candidate, "paid_price_usd_per_mtok") for other in paid),
        "dominated_by_model_id": dominating[0][1]["model_id"] if dominating else None,
    }


def _dominates(other: _Candidate, candidate: _Candidate, price: str) -> bool:
    other_price, own_price = other[1][price], candidate[1][price]
    return (
        other_price <= own_price
        and other[0] >= candidate[0]
        and (other_price < own_price or other[0] > candidate[0])
    )
