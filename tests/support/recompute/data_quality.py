"""`data_quality`, without the rules about fetches, because records do not contain fetches."""

from __future__ import annotations

from collections import Counter
from statistics import median, median_low

from support.recompute.prices import comparable_offers, offers
from support.recompute.records import (
    FETCHED_AT,
    Listing,
    Records,
    Rows,
)
from support.recompute.scores import benchmarks, scores


def data_quality(records: Records) -> Rows:
    found: set[tuple[str, str, str]] = set()
    all_offers, chosen_scores = offers(records), scores(records)
    names = {row["benchmark_id"]: row["benchmark_name"] for row in benchmarks(records)}
    model_names = Counter(record["name"] for record in records)
    benchmark_names = Counter(names.values())
    for record in records:
        model_id = record["id"]

        def add(rule: str, detail: str, model_id: str = model_id) -> None:
            found.add((rule, model_id, detail))

        own_offers = [offer for offer in all_offers if offer["model_id"] == model_id]
        compared = [offer for offer in comparable_offers(own_offers) if not offer["is_free"]]
        if not own_offers:
            add("no_offer", "no provider listed; excluded from price comparisons")
        for provider_id, count in Counter(offer["provider_id"] for offer in own_offers).items():
            if count > 1:
                add(
                    "provider_repeated",
                    f"provider {provider_id}: listed {count} times for this model",
                )
        for offer in own_offers:
            subject = f"provider {offer['provider_id']}, offer {offer['offer_number']}:"
            prices = {kind: offer[f"{kind}_usd_per_mtok"] for kind in ("input", "output")}
            unknown = [kind for kind, price in prices.items() if price is None]
            if offer["status"] != "active":
                add(
                    "offer_not_available",
                    f'{subject} status is "{offer["status"]}"; excluded from price comparisons',
                )
            if unknown:
                missing = "both prices" if len(unknown) == 2 else f"{unknown[0]} price"
                add(
                    "offer_not_priced",
                    f"{subject} {missing} not published; excluded from price comparisons",
                )
            for kind, price in prices.items():
                median_price = (
                    median_low([other[f"{kind}_usd_per_mtok"] for other in compared])
                    if compared
                    else None
                )
                if median_price and price is not None and price / 100 >= median_price:
                    add(
                        "price_outlier",
                        f"{subject} {kind} price {_number(price)} is at least 100 times "
                        f"the model's median {_number(median_price)}",
                    )
            if (
                not unknown
                and min(prices.values()) > 0
                and max(prices.values()) / 100 >= min(prices.values())
            ):
                add(
                    "price_lopsided",
                    f"{subject} input price {_number(prices['input'])} and output price "
                    f"{_number(prices['output'])} differ by a factor of 100 or more",
                )
        scored = [row for row in chosen_scores if row["model_id"] == model_id]
        counted = [row for row in scored if row["is_comparable"] and row["model_count"] >= 3]
        if Listing.of(record).is_listed is False:
            add(
                "model_unlisted",
                f"not in the catalog since {FETCHED_AT:%Y-%m-%d}; "
                "excluded from price comparisons and leaderboards",
            )
        if not scored:
            is_fetched = Listing.of(record).has_record
            reason = "no score listed" if is_fetched else "record not fetched yet"
            add("no_score", f"{reason}; excluded from leaderboards")
        if scored and all(row["evidence"] == "self_reported" for row in scored):
            add(
                "no_independent_score",
                f"all scores ({len(scored)}) come from the model's maker; "
                "not on the independent leaderboard",
            )
        if scored and len(counted) < 3:
            add("not_ranked", f"counted benchmarks: {len(counted)}; a rank requires 3")
        for row in scored:
            subject = f"benchmark {row['benchmark_id']}:"
            name = names[row["benchmark_id"]]
            if not row["is_comparable"]:
                add(
                    "benchmark_not_comparable",
                    f"{subject} {row['not_comparable_reason']}; "
                    "excluded from leaderboards and price comparisons",
                )
            if row["is_disputed"]:
                add(
                    "score_disputed",
                    f"{subject} {row['score_count']} listed scores differ; the chosen score is "
                    f"{_number(row['score'])} ({row['evidence']})",
                )
            if row in counted:
                median_value = median(
                    other["value"]
                    for other in chosen_scores
                    if other["benchmark_id"] == row["benchmark_id"]
                )
                deviation = (
                    "more than eight times"
                    if row["value"] / 8 > median_value
                    else "less than an eighth of"
                    if row["value"] < median_value / 8
                    else None
                )
                if median_value > 0 and deviation:
                    add(
                        "score_outlier",
                        f"{subject} value {_number(row['value'])} is {deviation} the median "
                        f"{_number(median_value)}; possibly in another unit",
                    )
            if row["benchmark_name"].replace("-", " ").lower() != name.replace("-", " ").lower():
                add(
                    "benchmark_name_differs",
                    f'{subject} called "{row["benchmark_name"]}" here but usually "{name}"',
                )
            if benchmark_names[name] > 1:
                add(
                    "benchmark_name_shared",
                    f'{subject} one of {benchmark_names[name]} benchmarks called "{name}"; '
                    "compared separately",
                )
        for score in record["scores"]:
            subject = f"benchmark {score['benchmark_id']}:"
            normalized, source = score.get("normalized_score"), score.get("source_url") or ""
            if score["score"] > score["max_score"]:
                add(
                    "score_above_max",
                    f"{subject} score {_number(score['score'])} is above its maximum "
                    f"{_number(score['max_score'])}",
                )
            if normalized is not None and not 0 <= normalized <= 1:
                add(
                    "normalized_score_out_of_range",
                    f"{subject} normalized score {_number(normalized)} is not between 0 and 1",
                )
            if "://example." in source or "://www.example." in source:
                add(
                    "source_is_placeholder",
                    f"{subject} the source of score {_number(score['score'])} is the example URL "
                    f"{source}",
                )
        if model_names[record["name"]] > 1:
            add(
                "model_name_shared",
                f'one of {model_names[record["name"]]} models called "{record["name"]}"',
            )
    return [
        {"rule": rule, "model_id": model_id, "detail": detail} for rule, model_id, detail in found
    ]


def _number(value: float) -> str:
    return repr(float(value)).removesuffix(".0")
