"""Rules of `data_quality` on small tables: limits, ties, and each compared fact."""

from __future__ import annotations

from support.small_tables import Row, findings, make_rows, nulls

#: Benchmark -> its values, and the outliers with the start of their reason.
OUTLIERS: dict[str, tuple[list[float], dict[float, str]]] = {
    "tenth": ([0.08, 0.7, 0.8, 0.85, 0.9], {0.08: "times 10"}),
    "hundredth": ([0.008, 0.7, 0.8, 0.85, 0.9], {0.008: "times 100"}),
    "tenth-before-hundredth": ([0.01, 0.09, 0.5, 1, 1], {0.01: "times 10", 0.09: "times 10"}),
    "next-value-at-five-times": ([0.1, 0.5, 1, 1, 2], {0.1: "times 10"}),
    "next-value-below-five-times": ([0.1, 0.49, 1, 1, 2], {}),
    "two-equal-values": ([0.08, 0.08, 0.7, 0.8, 0.85, 0.9, 0.9], {}),
    "zero": ([-1, 0, 0.5, 1, 2], {}),
    "median": ([0.9, 1, 30], {30: "is more than eight times"}),
    "at-the-quartile": ([0.1, 1, 1, 1, 1], {0.1: "times 10"}),
    "below-the-quartile": ([0.09, 1, 1, 1, 1], {}),
    "eight-times": ([1, 1, 8], {}),
    "more-than-eight-times": ([1, 1, 8.1], {8.1: "is more than eight times"}),
    "median-of-zero": ([0, 0, 5], {}),
    "negative-median": ([-1, -1, 5], {}),
    "two-models": ([1, 9], {}),
    "not-comparable": ([1, 1, 9], {}),
}


def test_score_outliers() -> None:
    scores = [
        {
            "model_id": f"{value:g}",
            "benchmark_id": benchmark,
            "value": float(value),
            "is_comparable": benchmark != "not-comparable",
            "model_count": len(values),
        }
        for benchmark, (values, _) in OUTLIERS.items()
        for value in values
    ]
    found = findings("score_outlier", marts__scores=scores)
    expected = sorted(
        (f"{value:g}", f"benchmark {benchmark}: value {value:g} {reason}")
        for benchmark, (_, outliers) in OUTLIERS.items()
        for value, reason in outliers.items()
    )
    assert [model_id for model_id, _ in found] == [model_id for model_id, _ in expected]
    for (_, detail), (_, start) in zip(found, expected, strict=True):
        assert detail.startswith(f"{start} ")


_FACTS = (
    "model_name organization_id license_id is_open_weight context_window_tokens param_count "
    "release_date"
)
_OFFER = "model_id provider_id provider_name status input_usd_per_mtok output_usd_per_mtok"
_UNREADABLE_FIELDS = {
    "context_window_tokens": "context_window",
    "param_count": "param_count",
    "release_date": "release_date",
}


def differing(
    pairs: dict[str, tuple[Row, Row]],
    offers: tuple[list[Row], list[Row]] | None = None,
    *,
    ahead: str = "none",
) -> set[tuple[str, str]]:
    """Return the findings of `summary_differs` about models with a record and a summary."""
    same = {"unreadable": '{"other": "x"}'} | dict.fromkeys(_FACTS.split(), "same")
    found = findings(
        "summary_differs",
        staging__detail_models=[
            same | record | {"model_id": name} for name, (record, _) in pairs.items()
        ],
        staging__catalog_models=[
            same | summary | {"model_id": name} for name, (_, summary) in pairs.items()
        ],
        staging__detail_offers=offers[0] if offers else [nulls(_OFFER)],
        staging__catalog_offers=offers[1] if offers else [nulls(_OFFER)],
        staging__summaries_ahead=[{"model_id": ahead}],
    )
    return {(name, detail.partition(" differ from ")[0]) for name, detail in found}


def test_different_facts_in_a_summary() -> None:
    pairs: dict[str, tuple[Row, Row]] = {}
    for fact in _FACTS.split():
        field = _UNREADABLE_FIELDS.get(fact, fact)
        unreadable = {"unreadable": f'{{"{field}": "x"}}'}
        prefix = "" if fact in _UNREADABLE_FIELDS else "differs: "
        for value in ("other", None):
            pairs |= {
                f"differs: {fact} {value} in the summary": ({}, {fact: value}),
                f"differs: {fact} {value} in the record": ({fact: value}, {}),
                f"{fact} {value} in both": ({fact: value}, {fact: value}),
                f"{prefix}{fact} {value}, unreadable record": (unreadable, {fact: value}),
                f"{prefix}{fact} {value}, unreadable summary": ({}, {fact: value} | unreadable),
            }
    expected = {(name, "facts in the catalog") for name in pairs if name.startswith("differs: ")}
    assert differing(pairs) == expected
    (ahead, _), *others = sorted(expected)
    assert differing(pairs, ahead=ahead) == set(others)


def test_different_offers_in_a_summary() -> None:
    prices = ("Name", "active", 1.0, 2.0)
    record = make_rows(
        _OFFER,
        *(("m", name, *prices) for name in ("same", "same", "twice", "removed")),
        ("only-in-the-records", "p", *prices),
    )
    summary = make_rows(
        _OFFER,
        *(("m", name, *prices) for name in ("same", "same", "twice", "twice")),
        *(("m", name, *prices[:3], 3.0) for name in ("added", "added")),
        ("only-in-the-catalog", "p", *prices),
    )
    assert differing({"m": ({}, {})}, (record, summary)) == {
        ("m", f"offers of {name} in the catalog") for name in ("added", "removed", "twice")
    }
    assert differing({"m": ({}, {})}, (record, summary), ahead="m") == set()


def test_names_of_benchmarks() -> None:
    """Names that differ only in `-` or capitals are the same name.

    If names are equally frequent, the first in alphabetical order counts as the usual name.
    """
    scores = make_rows(
        "model_id benchmark_id benchmark_name",
        ("m1", "b", "My Bench"),
        ("m2", "b", "My Bench"),
        ("m3", "b", "my-bench"),
        ("m4", "b", "Another"),
        ("m1", "tie", "Zeta"),
        ("m2", "tie", "Alpha"),
        ("m1", "shared", "My Bench"),
    )
    assert findings("benchmark_name_differs", marts__scores=scores) == [
        ("m1", 'benchmark tie: called "Zeta" here but usually "Alpha"'),
        ("m4", 'benchmark b: called "Another" here but usually "My Bench"'),
    ]
    text = 'one of 2 benchmarks called "My Bench"; compared separately'
    assert findings("benchmark_name_shared", marts__scores=scores) == [
        ("m1", f"benchmark b: {text}"),
        ("m1", f"benchmark shared: {text}"),
        *((model_id, f"benchmark b: {text}") for model_id in ("m2", "m3", "m4")),
    ]


def test_last_response_that_was_rejected() -> None:
    columns = "model_id requested_at load_id outcome message"
    found = findings(
        "record_rejected",
        staging__fetches=make_rows(
            columns,
            ("rejected", 2, "1", "rejected", None),
            ("rejected", 1, "2", "loaded", None),
            ("loaded", 1, "1", "rejected", "why"),
            ("loaded", 2, "1", "loaded", None),
            ("same-time", 1, "2", "rejected", "later load"),
            ("same-time", 1, "1", "loaded", None),
        ),
    )
    text = "last response was rejected: "
    assert found == [("rejected", f"{text}no reason given"), ("same-time", f"{text}later load")]


def test_equal_findings_are_one() -> None:
    unused = nulls("extra unreadable")
    scores = [
        {"model_id": "m", "benchmark_id": "b", "source_url": url, "score": 2.0, "max_score": 1.0}
        | {"normalized_score": value, **unused}
        for url, value in (("https://example.", 1.5), ("https://www.example.com", -0.5)) * 2
    ]
    tables = {"staging__scores": scores}
    start = "benchmark b: "
    assert findings("score_above_max", **tables) == [
        ("m", f"{start}score 2 is above its maximum 1")
    ]
    assert findings("normalized_score_out_of_range", **tables) == [
        ("m", f"{start}normalized score -0.5 is not between 0 and 1"),
        ("m", f"{start}normalized score 1.5 is not between 0 and 1"),
    ]
    assert findings("source_is_placeholder", **tables) == [
        ("m", f"{start}the source of score 2 is the example URL https://example."),
        ("m", f"{start}the source of score 2 is the example URL https://www.example.com"),
    ]
    valid = [
        row | {"score": 1.0, "normalized_score": bound}
        for row, bound in zip(scores, (0.0, 1.0, 0.0, 1.0), strict=True)
    ]
    assert findings("score_above_max", staging__scores=valid) == []
    assert findings("normalized_score_out_of_range", staging__scores=valid) == []
