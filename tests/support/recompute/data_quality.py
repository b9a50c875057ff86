"""`data_quality` without the rules about fetches."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from fractions import Fraction
from statistics import median
from typing import Any

from support.recompute.leaderboard import RANKED_FROM, counted
from support.recompute.metadata import UNREADABLE
from support.recompute.prices import offers, price_findings
from support.recompute.records import (
    FETCHED_AT,
    Listing,
    Records,
    Rows,
    number_text,
    rounded,
)
from support.recompute.scores import benchmarks, comparisons, scores

#: Pairs of `rule` and `detail`.
Findings = Iterator[tuple[str, str]]


def data_quality(records: Records) -> Rows:
    all_offers, all_scores = offers(records), scores(records)
    names = {row["benchmark_id"]: row["benchmark_name"] for row in benchmarks(records)}
    values = {row.benchmark_id: list(row.values.values()) for row in comparisons(records)}
    counted_ids = {row.benchmark_id for row in counted(records, "all")}
    model_names = Counter(record["name"] for record in records)
    found: set[tuple[str, str, str]] = set()
    for record in records:
        own_offers = [row for row in all_offers if row["model_id"] == record["id"]]
        own_scores = [row for row in all_scores if row["model_id"] == record["id"]]
        counted_count = sum(row["benchmark_id"] in counted_ids for row in own_scores)
        for findings in (
            _model_findings(record, model_names[record["name"]]),
            _metadata_findings(record),
            _price_findings(own_offers),
            _evidence_findings(record, own_scores, counted_count),
            _benchmark_findings(own_scores, names, values),
            _listed_score_findings(record),
        ):
            found |= {(rule, record["id"], detail) for rule, detail in findings}
    return [
        {"rule": rule, "model_id": model_id, "detail": detail} for rule, model_id, detail in found
    ]


def _model_findings(record: dict[str, Any], same_name_count: int) -> Findings:
    if Listing.of(record).is_listed is False:
        yield (
            "model_unlisted",
            f"not in the catalog since {FETCHED_AT:%Y-%m-%d}; "
            "excluded from price comparisons and leaderboards",
        )
    if same_name_count > 1:
        yield "model_name_shared", f'one of {same_name_count} models called "{record["name"]}"'


def _metadata_findings(record: dict[str, Any]) -> Findings:
    subjects = [("record:", record)]
    subjects += [(f"benchmark {row['upstream_benchmark_id']}:", row) for row in record["scores"]]
    for subject, part in subjects:
        for path, text in part[UNREADABLE].items():
            yield "unreadable_value", f'{subject} unreadable {path}: "{text}"'
    for name, text in Listing.of(record).summary_texts.items():
        if record[UNREADABLE].get(name) != text:
            yield "unreadable_value", f'summary: unreadable {name}: "{text}"'


def _price_findings(own_offers: Rows) -> Findings:
    if not own_offers:
        yield "no_offer", "no provider listed; excluded from price comparisons"
    for provider_id, count in Counter(offer["provider_id"] for offer in own_offers).items():
        if count > 1:
            yield (
                "provider_repeated",
                f"provider {provider_id}: listed {count} times for this model",
            )
    for offer in own_offers:
        subject = f"provider {offer['provider_id']}, offer {offer['offer_number']}:"
        unknown = [kind for kind in ("input", "output") if offer[f"{kind}_usd_per_mtok"] is None]
        if offer["status"] != "active":
            yield (
                "offer_not_available",
                f'{subject} status is "{offer["status"]}"; excluded from price comparisons',
            )
        if unknown:
            missing = "both prices" if len(unknown) == 2 else f"{unknown[0]} price"
            yield (
                "offer_not_priced",
                f"{subject} {missing} not published; excluded from price comparisons",
            )
        for rule, reason in price_findings(offer, own_offers):
            yield rule, f"{subject} {reason}"


def _evidence_findings(record: dict[str, Any], own_scores: Rows, counted_count: int) -> Findings:
    if not own_scores:
        is_fetched = Listing.of(record).has_record
        reason = "no score listed" if is_fetched else "record not fetched yet"
        yield "no_score", f"{reason}; excluded from leaderboards"
        return
    if all(row["evidence"] == "self_reported" for row in own_scores):
        yield (
            "no_independent_score",
            f"all scores ({len(own_scores)}) come from the model's maker; "
            "not on the independent leaderboard",
        )
    if counted_count < RANKED_FROM:
        yield "not_ranked", f"counted benchmarks: {counted_count}; a rank requires 3"


def _benchmark_findings(
    own_scores: Rows, names: dict[str, str], values: dict[str, list[float]]
) -> Findings:
    """Yield the findings about the chosen scores of a model.

    `names` and `values` map a benchmark id to the benchmark's name and to all its values.
    """
    name_counts = Counter(names.values())
    for row in own_scores:
        subject = f"benchmark {row['benchmark_id']}:"
        name = names[row["benchmark_id"]]
        if not row["is_comparable"]:
            yield (
                "benchmark_not_comparable",
                f"{subject} {row['not_comparable_reason']}; "
                "excluded from leaderboards and price comparisons",
            )
        if row["is_disputed"]:
            yield (
                "score_disputed",
                f"{subject} {row['score_count']} listed scores differ; the chosen score is "
                f"{number_text(row['score'])} ({row['evidence']})",
            )
        deviation = _deviation(row["value"], values[row["benchmark_id"]])
        if row["is_comparable"] and row["model_count"] >= 3 and deviation:
            yield (
                "score_outlier",
                f"{subject} value {number_text(row['value'])} {deviation}; "
                "possibly in another unit",
            )
        if row["benchmark_name"].replace("-", " ").lower() != name.replace("-", " ").lower():
            yield (
                "benchmark_name_differs",
                f'{subject} called "{row["benchmark_name"]}" here but usually "{name}"',
            )
        if name_counts[name] > 1:
            yield (
                "benchmark_name_shared",
                f'{subject} one of {name_counts[name]} benchmarks called "{name}"; '
                "compared separately",
            )


def _listed_score_findings(record: dict[str, Any]) -> Findings:
    """Yield the findings about each listed score, with upstream's benchmark id."""
    for score in record["scores"]:
        subject = f"benchmark {score['upstream_benchmark_id']}:"
        value = number_text(score["score"])
        normalized, source = score.get("normalized_score"), score.get("source_url") or ""
        if score["score"] > score["max_score"]:
            yield (
                "score_above_max",
                f"{subject} score {value} is above its maximum {number_text(score['max_score'])}",
            )
        if normalized is not None and not 0 <= normalized <= 1:
            yield (
                "normalized_score_out_of_range",
                f"{subject} normalized score {number_text(normalized)} is not between 0 and 1",
            )
        if "://example." in source or "://www.example." in source:
            yield (
                "source_is_placeholder",
                f"{subject} the source of score {value} is the example URL {source}",
            )


def _deviation(value: float, values: list[float]) -> str | None:
    """Return why a value seems to be in a wrong unit, or None.

    `values` holds all values of the benchmark.
    """
    typical = rounded(median(values))
    if typical <= 0:
        return None
    if value / 8 > typical:
        return f"is more than eight times the median {number_text(typical)}"
    higher = min((other for other in values if other > value), default=value)
    if value <= 0 or values.count(value) > 1 or higher < 5 * value:
        return None  # a weak model, not a slip
    lower, upper = _quartile(values, 1), _quartile(values, 3)
    for factor in (10, 100):
        if value < typical and lower <= _exact(value) * factor <= upper:
            quartiles = " and ".join(number_text(rounded(float(q))) for q in (lower, upper))
            return f"times {factor} lies between the quartiles {quartiles}"
    return None


def _quartile(values: list[float], number: int) -> Fraction:
    """Return a quartile, interpolated linearly between the two nearest values."""
    ordered = sorted(map(_exact, values))
    position = Fraction(number * (len(ordered) - 1), 4)
    below = int(position)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (position - below)


def _exact(value: float) -> Fraction:
    """Return the number that `repr` prints for a float: exactly 1/10 for 0.1."""
    return Fraction(repr(float(value)))
