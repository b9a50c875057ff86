"""Every mart recomputed from records, in plain Python: from the definitions, not from the SQL.

A catalog is a list of records as the API returns them, all fetched once at the same time. Each
function returns the rows of one view as dicts. It is deliberately slow and simple: it compares all
pairs where the SQL uses windows.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from fractions import Fraction
from statistics import median, median_low
from typing import Any

Rows = list[dict[str, Any]]
Records = list[dict[str, Any]]

FETCHED_AT = dt.datetime.fromisoformat("2026-01-01")

LOWER_IS_BETTER: set[str] = set()


def rounded(value: float) -> float:
    """Round to twelve significant digits; minus zero becomes zero."""
    return float(f"{value:.12g}") + 0.0


def _rounded_records(records: Records) -> Records:
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


def blended(offer: dict[str, Any]) -> float | None:
    """Return `(3 * input + output) / 4`, computed exactly with the decimal numbers as written."""
    prices = offer["input_price_per_m"], offer["output_price_per_m"]
    if None in prices:
        return None
    given, taken = (Fraction(repr(float(price))) for price in prices)
    return rounded(float((3 * given + taken) / 4))


def _numbered(records: Records) -> Iterable[tuple[str, int, dict[str, Any]]]:
    """Yield each offer with its model and its number.

    The number counts the provider's offers in order of price.
    """

    def price(offer: dict[str, Any]) -> tuple[Any, ...]:
        prices = (blended(offer), offer["input_price_per_m"], offer["output_price_per_m"])
        known = [(price is None, price or 0) for price in prices]
        return (*known, offer["provider_name"].encode(), offer["status"].encode())

    for record in records:
        seen: Counter[str] = Counter()
        for offer in sorted(record["providers"], key=price):
            seen[offer["provider_id"]] += 1
            yield record["id"], seen[offer["provider_id"]], offer


def _most(names: list[str]) -> str | None:
    counts = Counter(names)
    return min(counts, key=lambda name: (-counts[name], name.encode())) if counts else None


def _median(values: Iterable[float]) -> float | None:
    values = list(values)
    return median(values) if values else None


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
            other for other in _comparable_offers(rows) if other["model_id"] == row["model_id"]
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


def _comparable_offers(rows: Rows) -> Rows:
    return [row for row in rows if row["is_available"] and row["blended_usd_per_mtok"] is not None]


def model_prices(records: Records) -> Rows:
    rows: Rows = []
    for record in records:
        mine = _comparable_offers(offers([record]))
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
                "median_blended_usd_per_mtok": _median(paid),
                "max_blended_usd_per_mtok": max(paid, default=None),
                "spread_ratio": max(paid) / min(paid) if paid else None,
                "has_free_offer": any(offer["is_free"] for offer in mine) if mine else None,
            }
        )
    return rows


def providers(records: Records) -> Rows:
    listed = offers(records)
    paid: dict[str, Rows] = defaultdict(list)
    for offer in _comparable_offers(listed):
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
                "provider_name": _most([offer["provider_name"] for offer in mine]),
                "model_count": len({offer["model_id"] for offer in mine}),
                "offer_count": len(mine),
                "competitive_model_count": len(multiples),
                "cheapest_count": multiples.count(1),
                "median_price_ratio": _median(multiples),
            }
        )
    return rows


def _evidence(score: dict[str, Any]) -> str:
    if score["verified_by_llmstats"]:
        return "verified"
    return "self_reported" if score["is_self_reported"] else "third_party"


def _chosen(
    records: Records, counts: Callable[[dict[str, Any]], bool]
) -> dict[str, dict[str, dict[str, Any]]]:
    """Return benchmark → model → the chosen score, among the scores that count."""
    chosen: dict[str, dict[str, dict[str, Any]]] = defaultdict(dict)
    order = ("verified", "third_party", "self_reported")
    for record in records:
        entries: dict[str, Rows] = defaultdict(list)
        for score in filter(counts, record["scores"]):
            entries[score["benchmark_id"]].append(score)
        for benchmark_id, same in entries.items():
            best_evidence = min(map(_evidence, same), key=order.index)
            same = [score for score in same if _evidence(score) == best_evidence]
            newest = max(_moment(score["scored_at"]) for score in same)
            same = [score for score in same if _moment(score["scored_at"]) == newest]
            highest = max(score["score"] for score in same)
            chosen[benchmark_id][record["id"]] = next(
                score for score in same if score["score"] == highest
            )
    return chosen


def _moment(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text)


def _values(chosen: dict[str, dict[str, Any]]) -> tuple[str, dict[str, float]]:
    """Return the scale of a benchmark and each model's value on it.

    0.0 is added, because there is no negative zero.
    """
    if all(score.get("normalized_score") is not None for score in chosen.values()):
        return "normalized", {
            model_id: score["normalized_score"] + 0.0 for model_id, score in chosen.items()
        }
    return "raw", {model_id: score["score"] + 0.0 for model_id, score in chosen.items()}


def _not_comparable(scale: str, values: Iterable[float]) -> str | None:
    values = list(values)
    fractions = [value for value in values if 0 <= value <= 1]
    if len(values) < 2:
        return "fewer than 2 models"
    if scale == "raw" and fractions and max(values) > 1 and max(values) > 10 * median(fractions):
        return "values look like two units mixed"
    return None


def _goodness(benchmark_id: str, value: float) -> float:
    return -value if benchmark_id in LOWER_IS_BETTER else value


def _win_rates(benchmark_id: str, values: dict[str, float]) -> dict[str, Fraction | None]:
    """Return the win rates: each model against each other one; a win counts one, a tie a half."""
    rates: dict[str, Fraction | None] = {}
    for model_id, value in values.items():
        mine = _goodness(benchmark_id, value)
        others = [
            _goodness(benchmark_id, other)
            for other_id, other in values.items()
            if other_id != model_id
        ]
        points = sum(
            Fraction(2 if mine > other else 1 if mine == other else 0, 2) for other in others
        )
        rates[model_id] = Fraction(points, len(others)) if others else None
    return rates


def scores(records: Records) -> Rows:
    rows: Rows = []
    for benchmark_id, chosen in _chosen(records, lambda score: True).items():
        scale, values = _values(chosen)
        reason = _not_comparable(scale, values.values())
        goodness = {model_id: _goodness(benchmark_id, value) for model_id, value in values.items()}
        rates = _win_rates(benchmark_id, values)
        for model_id, score in chosen.items():
            listed = [
                entry["score"]
                for record in records
                if record["id"] == model_id
                for entry in record["scores"]
                if entry["benchmark_id"] == benchmark_id
            ]
            same = ("benchmark_name", "score", "max_score", "normalized_score", "is_self_reported")
            distinct = {
                (
                    *(entry.get(name) for name in same),
                    entry["verified_by_llmstats"],
                    _moment(entry["scored_at"]),
                    entry.get("source_url") or None,
                )
                for record in records
                if record["id"] == model_id
                for entry in record["scores"]
                if entry["benchmark_id"] == benchmark_id
            }
            rate = rates[model_id]
            rows.append(
                {
                    "model_id": model_id,
                    "benchmark_id": benchmark_id,
                    "benchmark_name": score["benchmark_name"],
                    "category": score["category"] or None,
                    "scale": scale,
                    "value": values[model_id],
                    "is_lower_better": benchmark_id in LOWER_IS_BETTER,
                    "benchmark_rank": sum(other > goodness[model_id] for other in goodness.values())
                    + 1,
                    "win_rate": None if rate is None else float(rate),
                    "gap_to_best": max(goodness.values()) - goodness[model_id],
                    "model_count": len(chosen),
                    "is_comparable": reason is None,
                    "not_comparable_reason": reason,
                    "evidence": _evidence(score),
                    "score_count": len(distinct),
                    "is_disputed": len(set(listed)) > 1,
                    "score": score["score"],
                    "normalized_score": score.get("normalized_score"),
                    "max_score": score["max_score"],
                    "is_verified": score["verified_by_llmstats"],
                    "is_self_reported": score["is_self_reported"],
                    "scored_at": _moment(score["scored_at"])
                    .astimezone(dt.UTC)
                    .replace(tzinfo=None),
                    "api_rank": score.get("rank"),
                    "source_url": score.get("source_url") or None,
                }
            )
    return rows


def benchmarks(records: Records) -> Rows:
    rows: Rows = []
    all_scores = scores(records)
    for benchmark_id in {row["benchmark_id"] for row in all_scores}:
        mine = [row for row in all_scores if row["benchmark_id"] == benchmark_id]
        best = min(mine, key=lambda row: row["benchmark_rank"])["value"]
        rows.append(
            {
                "benchmark_id": benchmark_id,
                "benchmark_name": _most([row["benchmark_name"] for row in mine]),
                "category": _most([row["category"] for row in mine if row["category"]]),
                "model_count": len(mine),
                "scale": mine[0]["scale"],
                "is_lower_better": benchmark_id in LOWER_IS_BETTER,
                "best_value": best,
                "best_model_ids": sorted(
                    (row["model_id"] for row in mine if row["value"] == best), key=str.encode
                ),
                "median_value": median(row["value"] for row in mine),
                "verified_share": sum(row["evidence"] == "verified" for row in mine) / len(mine),
                "self_reported_share": sum(row["evidence"] == "self_reported" for row in mine)
                / len(mine),
                "disputed_count": sum(row["is_disputed"] for row in mine),
                "is_comparable": mine[0]["is_comparable"],
                "not_comparable_reason": mine[0]["not_comparable_reason"],
            }
        )
    return rows


def leaderboard(records: Records) -> Rows:
    comparable = {row["benchmark_id"] for row in benchmarks(records) if row["is_comparable"]}
    scopes: dict[str, Callable[[dict[str, Any]], bool]] = {
        "all": lambda score: True,
        "independent": lambda score: _evidence(score) != "self_reported",
    }
    rows: Rows = []
    for scope, counts in scopes.items():
        won: dict[tuple[str, str], list[Fraction]] = defaultdict(list)
        for benchmark_id, chosen in _chosen(records, counts).items():
            if benchmark_id not in comparable or len(chosen) < 3:
                continue
            for model_id, rate in _win_rates(benchmark_id, _values(chosen)[1]).items():
                entries = [
                    entry
                    for record in records
                    if record["id"] == model_id
                    for entry in record["scores"]
                ]
                categories = {
                    entry["category"]
                    for entry in entries
                    if entry["benchmark_id"] == benchmark_id and entry["category"]
                }
                for category in categories | {"overall"}:
                    assert rate is not None
                    won[category, model_id].append(rate)
        means = {key: sum(rates, Fraction(0)) / len(rates) for key, rates in won.items()}
        for (category, model_id), mean in means.items():
            rivals = [means[key] for key in means if key[0] == category and len(won[key]) >= 3]
            count = len(won[category, model_id])
            rows.append(
                {
                    "category": category,
                    "evidence_scope": scope,
                    "model_id": model_id,
                    "mean_win_rate": float(mean),
                    "benchmark_count": count,
                    "rank": sum(rival > mean for rival in rivals) + 1 if count >= 3 else None,
                }
            )
    return rows


def price_performance(records: Records) -> Rows:
    priced: dict[str, Rows] = defaultdict(list)
    for offer in _comparable_offers(offers(records)):
        priced[offer["model_id"]].append(offer)
    rows: Rows = []
    for score in scores(records):
        mine = priced[score["model_id"]]
        if not mine or not score["is_comparable"]:
            continue
        price = min(offer["blended_usd_per_mtok"] for offer in mine)
        paid = [offer["blended_usd_per_mtok"] for offer in mine if not offer["is_free"]]
        rows.append(
            {
                "model_id": score["model_id"],
                "benchmark_id": score["benchmark_id"],
                "provider_id": min(
                    (
                        offer["provider_id"]
                        for offer in mine
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
        beaten_by = [other for other in rivals if _dominates(other, row, "price_usd_per_mtok")]
        beaten_by.sort(
            key=lambda o: (
                o["price_usd_per_mtok"],
                -_goodness(o["benchmark_id"], o["value"]),
                o["model_id"].encode(),
            )
        )
        row["is_pareto"] = not beaten_by
        row["is_pareto_paid"] = row["paid_price_usd_per_mtok"] is not None and not any(
            _dominates(other, row, "paid_price_usd_per_mtok")
            for other in rivals
            if other["paid_price_usd_per_mtok"] is not None
        )
        row["dominated_by_model_id"] = beaten_by[0]["model_id"] if beaten_by else None
    return rows


def _dominates(other: dict[str, Any], row: dict[str, Any], price: str) -> bool:
    theirs, mine = (_goodness(r["benchmark_id"], r["value"]) for r in (other, row))
    return (
        other[price] <= row[price]
        and theirs >= mine
        and (other[price] < row[price] or theirs > mine)
    )


def data_quality(records: Records) -> Rows:
    """Return the findings of all rules except those on fetches; a catalog has no fetches."""
    found: set[tuple[str, str, str]] = set()
    listed, chosen = offers(records), scores(records)
    names = {row["benchmark_id"]: row["benchmark_name"] for row in benchmarks(records)}
    model_names = Counter(record["name"] for record in records)
    benchmark_names = Counter(names.values())
    for record in records:
        model_id = record["id"]

        def note(rule: str, detail: str, model_id: str = model_id) -> None:
            found.add((rule, model_id, detail))

        mine = [offer for offer in listed if offer["model_id"] == model_id]
        compared = [offer for offer in _comparable_offers(mine) if not offer["is_free"]]
        if not mine:
            note("no_offer", "no provider listed: in no price comparison")
        for provider_id, count in Counter(offer["provider_id"] for offer in mine).items():
            if count > 1:
                note(
                    "provider_repeated",
                    f"provider {provider_id}: listed {count} times for this model",
                )
        for offer in mine:
            here = f"provider {offer['provider_id']}, offer {offer['offer_number']}:"
            prices = {kind: offer[f"{kind}_usd_per_mtok"] for kind in ("input", "output")}
            unknown = [kind for kind, price in prices.items() if price is None]
            if not offer["is_available"]:
                note(
                    "offer_not_available",
                    f'{here} status is "{offer["status"]}", in no price comparison',
                )
            if unknown:
                what = "both prices" if len(unknown) == 2 else f"{unknown[0]} price"
                note("offer_not_priced", f"{here} {what} not published, in no price comparison")
            for kind, price in prices.items():
                usual = (
                    median_low([other[f"{kind}_usd_per_mtok"] for other in compared])
                    if compared
                    else None
                )
                if usual and price is not None and price / 100 >= usual:
                    note(
                        "price_outlier",
                        (
                            f"{here} {kind} price {_number(price)} is 100 times the model's "
                            f"median {_number(usual)} or more"
                        ),
                    )
            if (
                not unknown
                and min(prices.values()) > 0
                and max(prices.values()) / 100 >= min(prices.values())
            ):
                detail = (
                    f"input price {_number(prices['input'])} and output price "
                    f"{_number(prices['output'])} are a factor of 100 or more apart"
                )
                note("price_lopsided", f"{here} {detail}")
        scored = [row for row in chosen if row["model_id"] == model_id]
        counted = [row for row in scored if row["is_comparable"] and row["model_count"] >= 3]
        if not scored:
            note("no_score", "no score listed: on no leaderboard")
        elif all(row["evidence"] == "self_reported" for row in scored):
            note(
                "no_independent_score",
                (
                    f"all scores ({len(scored)}) rest on the model's maker alone: not on the "
                    "independent leaderboard"
                ),
            )
        if scored and len(counted) < 3:
            note("not_ranked", f"counted benchmarks: {len(counted)}, a rank takes 3")
        for row in scored:
            here = f"benchmark {row['benchmark_id']}:"
            name = names[row["benchmark_id"]]
            if not row["is_comparable"]:
                note(
                    "benchmark_not_comparable",
                    (
                        f"{here} {row['not_comparable_reason']}, counts in no leaderboard and in "
                        "no price comparison"
                    ),
                )
            if row["is_disputed"]:
                chosen_text = f"chosen is {_number(row['score'])} ({row['evidence']})"
                note(
                    "score_disputed",
                    f"{here} {row['score_count']} scores listed that differ, {chosen_text}",
                )
            if row in counted:
                usual = median(
                    other["value"]
                    for other in chosen
                    if other["benchmark_id"] == row["benchmark_id"]
                )
                far = (
                    "more than eight times"
                    if row["value"] / 8 > usual
                    else "less than an eighth of"
                    if row["value"] < usual / 8
                    else None
                )
                if usual > 0 and far:
                    value = (
                        f"value {_number(row['value'])} is {far} the median {_number(usual)}, "
                        "perhaps in another unit"
                    )
                    note("score_outlier", f"{here} {value}")
            if row["benchmark_name"].replace("-", " ").lower() != name.replace("-", " ").lower():
                note(
                    "benchmark_name_differs",
                    f'{here} called "{row["benchmark_name"]}" here and "{name}" elsewhere',
                )
            if benchmark_names[name] > 1:
                note(
                    "benchmark_name_shared",
                    (
                        f'{here} one of {benchmark_names[name]} benchmarks called "{name}", '
                        "compared apart"
                    ),
                )
        for score in record["scores"]:
            here = f"benchmark {score['benchmark_id']}:"
            normalized, source = score.get("normalized_score"), score.get("source_url") or ""
            if score["score"] > score["max_score"]:
                note(
                    "score_above_max",
                    (
                        f"{here} score {_number(score['score'])} is above its maximum "
                        f"{_number(score['max_score'])}"
                    ),
                )
            if normalized is not None and not 0 <= normalized <= 1:
                note(
                    "normalized_score_out_of_range",
                    f"{here} normalized score {_number(normalized)} is not within 0 and 1",
                )
            if "://example." in source or "://www.example." in source:
                note(
                    "source_is_placeholder",
                    f"{here} score {_number(score['score'])} is sourced to {source}",
                )
        if model_names[record["name"]] > 1:
            note(
                "model_name_shared",
                f'one of {model_names[record["name"]]} models called "{record["name"]}"',
            )
    return [
        {"rule": rule, "model_id": model_id, "detail": detail} for rule, model_id, detail in found
    ]


def _number(value: float) -> str:
    return repr(float(value)).removesuffix(".0")


def _on_rounded(view: Callable[[Records], Rows]) -> Callable[[Records], Rows]:
    return lambda records: view(_rounded_records(records))


#: View → function that recomputes its rows, and its key.
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
