"""`data_quality`: all rules except those on fetches, which records do not contain."""

from __future__ import annotations

from collections import Counter
from statistics import median, median_low

from support.recompute.prices import comparable_offers, offers
from support.recompute.records import (
    Records,
    Rows,
)
from support.recompute.scores import benchmarks, scores


def data_quality(records: Records) -> Rows:
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
        compared = [offer for offer in comparable_offers(mine) if not offer["is_free"]]
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
                        f"{here} {kind} price {_number(price)} is 100 times the model's median {_number(usual)} or more",
                    )
            if (
                not unknown
                and min(prices.values()) > 0
                and max(prices.values()) / 100 >= min(prices.values())
            ):
                detail = f"input price {_number(prices['input'])} and output price {_number(prices['output'])} are a factor of 100 or more apart"
                note("price_lopsided", f"{here} {detail}")
        scored = [row for row in chosen if row["model_id"] == model_id]
        counted = [row for row in scored if row["is_comparable"] and row["model_count"] >= 3]
        if not scored:
            note("no_score", "no score listed: on no leaderboard")
        elif all(row["evidence"] == "self_reported" for row in scored):
            note(
                "no_independent_score",
                f"all scores ({len(scored)}) rest on the model's maker alone: not on the independent leaderboard",
            )
        if scored and len(counted) < 3:
            note("not_ranked", f"counted benchmarks: {len(counted)}, a rank takes 3")
        for row in scored:
            here = f"benchmark {row['benchmark_id']}:"
            name = names[row["benchmark_id"]]
            if not row["is_comparable"]:
                note(
                    "benchmark_not_comparable",
                    f"{here} {row['not_comparable_reason']}, counts in no leaderboard and in no price comparison",
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
                    value = f"value {_number(row['value'])} is {far} the median {_number(usual)}, perhaps in another unit"
                    note("score_outlier", f"{here} {value}")
            if row["benchmark_name"].replace("-", " ").lower() != name.replace("-", " ").lower():
                note(
                    "benchmark_name_differs",
                    f'{here} called "{row["benchmark_name"]}" here and "{name}" elsewhere',
                )
            if benchmark_names[name] > 1:
                note(
                    "benchmark_name_shared",
                    f'{here} one of {benchmark_names[name]} benchmarks called "{name}", compared apart',
                )
        for score in record["scores"]:
            here = f"benchmark {score['benchmark_id']}:"
            normalized, source = score.get("normalized_score"), score.get("source_url") or ""
            if score["score"] > score["max_score"]:
                note(
                    "score_above_max",
                    f"{here} score {_number(score['score'])} is above its maximum {_number(score['max_score'])}",
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
