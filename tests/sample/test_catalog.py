"""Sample catalog: records labelled as invented, irregular data, and changes since yesterday."""

from __future__ import annotations

import base64
import datetime as dt
import json
from collections import Counter, defaultdict
from pathlib import Path
from statistics import median
from typing import Any

import pytest
from llm_stats.errors import UsageError
from llm_stats.sample import CHANGES, load_records, summary_of, today, yesterday
from llm_stats.sample.catalog import Catalog
from llm_stats.schema.parse import parse_record
from llm_stats.schema.rows import new_fields, to_row
from support.synthetic_catalog import synthetic_catalog

RECORDS = {entry["id"]: entry for entry in today()}
OFFERS = [(model_id, offer) for model_id, entry in RECORDS.items() for offer in entry["providers"]]
SCORES = [(model_id, score) for model_id, entry in RECORDS.items() for score in entry["scores"]]


def prices(offer: dict[str, Any]) -> tuple[float | None, float | None]:
    return offer["input_price_per_m"], offer["output_price_per_m"]


def models_per_benchmark(scores: list[tuple[str, dict[str, Any]]]) -> Counter[str]:
    return Counter(
        benchmark
        for _, benchmark in {(model_id, score["benchmark_id"]) for model_id, score in scores}
    )


@pytest.mark.parametrize("day", [today, yesterday])
def test_every_record_is_valid(day: Any) -> None:
    for entry in day():
        row = to_row(
            parse_record(json.dumps(entry), entry["id"]), dt.datetime(2026, 1, 1, tzinfo=dt.UTC), ""
        )
        assert new_fields(row) == set()


@pytest.mark.parametrize("day", [today, yesterday])
def test_every_record_is_marked_as_a_sample(day: Any) -> None:
    for entry in day():
        assert entry["source"] == "sample"
        assert entry["url"] == f"https://sample.invalid/models/{entry['id']}"
        assert entry["description"].startswith("Illustrative sample, not a real model. ")
        assert all(score["benchmark_id"].startswith("sample-") for score in entry["scores"])


@pytest.mark.parametrize("day", [today, yesterday])
def test_links_lead_nowhere(day: Any) -> None:
    text = json.dumps(day())
    assert text.count("https://") == text.count("https://sample.invalid/")


def test_counts() -> None:
    assert len(RECORDS) == 14
    assert len({entry["organization"]["id"] for entry in RECORDS.values()}) == 9
    assert len({offer["provider_id"] for _, offer in OFFERS}) == 12
    assert len({score["benchmark_id"] for _, score in SCORES}) == 10
    assert {score["category"] for _, score in SCORES} >= {
        "reasoning",
        "math",
        "code",
        "knowledge",
        "preference",
        "speech",
    }


def test_most_models_are_sold_by_several_providers_at_different_prices() -> None:
    paid: dict[str, set[Any]] = defaultdict(set)
    for model_id, offer in OFFERS:
        if offer["status"] == "active" and None not in prices(offer) and any(prices(offer)):
            paid[model_id].add(prices(offer))
    assert sum(len(different) > 1 for different in paid.values()) >= 7
    assert len(paid["tessera-70b-open"]) == 4


def test_has_a_free_offer_an_inactive_one_and_an_unpublished_price() -> None:
    assert [model_id for model_id, offer in OFFERS if prices(offer) == (0, 0)] == [
        "tessera-70b-open"
    ]
    assert [
        (model_id, offer["provider_id"])
        for model_id, offer in OFFERS
        if offer["status"] == "inactive"
    ] == [("aurora-large-1", "cumulus")]
    assert [(model_id, prices(offer)) for model_id, offer in OFFERS if None in prices(offer)] == [
        ("halcyon-3", (8, None))
    ]


def test_one_provider_is_listed_twice() -> None:
    twice = [
        key
        for key, count in Counter(
            (model_id, offer["provider_id"]) for model_id, offer in OFFERS
        ).items()
        if count > 1
    ]
    assert twice == [("tessera-8b-open", "driftwood")]


def test_has_a_model_without_providers_and_one_without_scores() -> None:
    assert [model_id for model_id, entry in RECORDS.items() if not entry["providers"]] == [
        "pebble-0"
    ]
    assert [model_id for model_id, entry in RECORDS.items() if not entry["scores"]] == [
        "kestrel-embed-1"
    ]


def test_one_model_has_null_wherever_null_is_allowed() -> None:
    pebble = RECORDS["pebble-0"]
    assert {name for name, value in pebble.items() if value is None} == {
        "family",
        "context_window",
        "param_count",
        "release_date",
    }
    assert set(pebble["sources"].values()) == {None}
    assert pebble["inference"] == {"available": False}
    assert all(
        score[name] is None
        for score in pebble["scores"]
        for name in ("description", "rank", "source_url")
    )
    assert [score["category"] for score in pebble["scores"]] == ["reasoning", None]


def test_has_a_name_beyond_ascii_and_a_count_beyond_32_bits() -> None:
    assert RECORDS["storm-1-nano"]["name"] == "Størm 1 “nano” ⚡"
    assert max(entry["param_count"] or 0 for entry in RECORDS.values()) > 2**32


def test_disputed_scores() -> None:
    results = defaultdict(list)
    for model_id, score in SCORES:
        results[model_id, score["benchmark_id"]].append((score["score"], score["is_self_reported"]))
    disputed = {key: found for key, found in results.items() if len(found) > 1}
    assert disputed == {
        ("tessera-70b-open", "sample-code"): [
            (0.58, False),
            (0.63, False),
        ],  # these scores differ only in their value; the highest is chosen
        ("zenith-max-preview", "sample-code"): [
            (0.86, True),
            (0.66, False),
        ],  # the first is self-reported, the second third-party
    }


def test_has_every_kind_of_evidence() -> None:
    kinds = Counter(
        (score["is_self_reported"], score["verified_by_llmstats"]) for _, score in SCORES
    )
    assert kinds[False, True] >= 10, "verified"
    assert kinds[False, False] >= 10, "third party"
    assert kinds[True, False] >= 10, "self-reported"
    assert kinds[True, True] == 1, "self-reported, then verified"


def test_has_normalized_raw_and_mixed_scales() -> None:
    with_normalized = defaultdict(set)
    for _, score in SCORES:
        with_normalized[score["benchmark_id"]].add(score["normalized_score"] is not None)
    assert with_normalized["sample-reasoning"] == {True}
    assert with_normalized["sample-arena"] == {False}
    assert with_normalized["sample-agent"] == {True, False}


def test_has_maximum_scores_that_are_wrong() -> None:
    assert any(score["score"] > score["max_score"] for _, score in SCORES)
    assert {
        score["max_score"] for _, score in SCORES if score["benchmark_id"] == "sample-knowledge"
    } == {100}


def test_lower_is_better_for_word_error_rates() -> None:
    errors = {
        score["score"]: score["rank"]
        for _, score in SCORES
        if score["benchmark_id"] == "sample-speech-wer"
    }
    assert [errors[value] for value in sorted(errors)] == [1, 2, 3, 4]


def test_one_benchmark_mixes_units_and_one_has_a_single_model() -> None:
    values = [
        score["score"] for _, score in SCORES if score["benchmark_id"] == "sample-long-context"
    ]
    assert max(values) > 10 * median(value for value in values if value <= 1)
    assert models_per_benchmark(SCORES)["sample-vision"] == 1


@pytest.mark.parametrize("scope", ["all", "independent"])
@pytest.mark.parametrize("category", ["overall", "code"])
def test_leaderboards_rank_at_least_four_models(category: str, scope: str) -> None:
    """A model is ranked if it has scores on at least 3 benchmarks with at least 3 models each.

    The benchmarks sample-vision and sample-long-context do not count, because their scores are not
    comparable.
    """
    scores = [
        (model_id, score)
        for model_id, score in SCORES
        if category in ("overall", score["category"])
        and (scope == "all" or score["verified_by_llmstats"] or not score["is_self_reported"])
        and score["benchmark_id"] not in ("sample-vision", "sample-long-context")
    ]
    counted = {
        benchmark for benchmark, models in models_per_benchmark(scores).items() if models >= 3
    }
    benchmarks = defaultdict(set)
    for model_id, score in scores:
        if score["benchmark_id"] in counted:
            benchmarks[model_id].add(score["benchmark_id"])
    assert sum(len(found) >= 3 for found in benchmarks.values()) >= (
        7 if category == "overall" else 4
    )


def test_expensive_model_is_dominated_by_a_cheap_one() -> None:
    reasoning = {
        model_id: score["score"]
        for model_id, score in SCORES
        if score["benchmark_id"] == "sample-reasoning"
    }
    assert reasoning["halcyon-3"] < reasoning["aurora-small-1"]
    cheapest_halcyon = min(
        prices(offer)
        for model_id, offer in OFFERS
        if model_id == "halcyon-3" and None not in prices(offer)
    )
    assert cheapest_halcyon > max(
        prices(offer) for model_id, offer in OFFERS if model_id == "aurora-small-1"
    )


def entries(records: list[dict[str, Any]]) -> set[tuple[str, str, str]]:
    """Return every offer and score as `(model_id, provider or benchmark id, JSON)`."""
    return {
        (
            entry["id"],
            item.get("provider_id") or item["benchmark_id"],
            json.dumps(item, sort_keys=True),
        )
        for entry in records
        for item in (*entry["providers"], *entry["scores"])
    }


def listed_today(records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the records without the model that left the catalog."""
    return [entry for entry in records if entry["id"] in RECORDS]


def test_differences_since_yesterday_are_the_listed_changes() -> None:
    before, after = entries(listed_today(yesterday())), entries(today())
    gone, came = ({key[:2] for key in keys} for keys in (before - after, after - before))
    by_kind = {change.kind: (change.model_id, change.entry_id) for change in CHANGES}
    assert gone == {place for kind, place in by_kind.items() if kind != "listed"}
    assert came == {place for kind, place in by_kind.items() if kind != "delisted"}
    assert set(by_kind) == {
        "price cut",
        "price rise",
        "listed",
        "delisted",
        "score corrected",
        "score verified",
    }


def test_only_offers_scores_and_times_changed_since_yesterday() -> None:
    def bare(records: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return [entry | {"providers": [], "scores": [], "updated_at": ""} for entry in records]

    assert bare(listed_today(yesterday())) == bare(today())


def test_exactly_the_changed_models_were_updated_since_yesterday() -> None:
    before = {entry["id"]: entry["updated_at"] for entry in listed_today(yesterday())}
    updated = {model_id for model_id, at in before.items() if at != RECORDS[model_id]["updated_at"]}
    assert updated == {change.model_id for change in CHANGES}
    assert all(before[model_id] < RECORDS[model_id]["updated_at"] for model_id in updated)


def test_values_of_yesterday() -> None:
    before = {entry["id"]: entry for entry in yesterday()}

    def offers(model_id: str) -> dict[str, Any]:
        return {offer["provider_id"]: prices(offer) for offer in before[model_id]["providers"]}

    assert offers("aurora-large-1")["northlight"] == (6, 30)
    assert offers("tessera-70b-open")["cumulus"] == (0.5, 0.6)
    assert offers("kestrel-2-mini")["alpine-cloud"] == (0.25, 2)
    assert "bluebird" not in offers("quill-coder-1")
    (score,) = (
        score for score in before["halcyon-3"]["scores"] if score["benchmark_id"] == "sample-math"
    )
    assert (score["score"], score["normalized_score"]) == (0.97, 0.97)
    assert {before[change.model_id]["updated_at"] for change in CHANGES} == {"2026-10-05T09:00:00Z"}


def test_one_model_left_since_yesterday() -> None:
    left = [entry["id"] for entry in yesterday() if entry["id"] not in RECORDS]
    assert left == ["kestrel-embed-0"]


@pytest.mark.parametrize(
    ("kind", "field", "then", "now"),
    [
        ("price cut", "output_price_per_m", 30, 25),
        ("price rise", "output_price_per_m", 0.6, 0.7),
        ("score corrected", "score", 0.97, 0.79),
        ("score verified", "verified_by_llmstats", False, True),
    ],
)
def test_changes_match_their_kind(kind: str, field: str, then: Any, now: Any) -> None:
    (change,) = (change for change in CHANGES if change.kind == kind)
    part, key = change.part
    (entry,) = (entry for entry in RECORDS[change.model_id][part] if entry[key] == change.entry_id)
    assert change.then is not None
    assert change.then[field] == then
    assert entry[field] == now


def test_each_call_returns_a_new_copy() -> None:
    today()[0]["name"] = "changed"
    assert today()[0]["name"] == "Aurora Large 1"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "is not JSON"),
        ("{}", "is not a JSON list"),
        ("[1]", "entry 0 is not a model record"),
        ('[{"id": ""}]', "entry 0 is not a model record: it has no `id`$"),
        ('[{"id": 3}]', "entry 0 is not a model record: it has no `id`$"),
        ('[{"id": "a"}, {"name": "b"}]', "entry 1 is not a model record"),
        ("[" * 100_000, "is not JSON: nested too deeply"),
        ('[{"id": "a"}, {"id": "b"}, {"id": "a"}]', "entries 0 and 2 have the same id 'a'"),
    ],
)
def test_records_file_with_other_content(tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / "records.json"
    path.write_text(content)
    with pytest.raises(UsageError, match=message):
        load_records(path)


def test_unreadable_records_file(tmp_path: Path) -> None:
    with pytest.raises(
        UsageError, match=r"cannot read the records file .*missing\.json: No such file"
    ):
        load_records(tmp_path / "missing.json")


def test_records_file_may_hold_any_records(tmp_path: Path) -> None:
    path = tmp_path / "records.json"
    path.write_text(json.dumps(yesterday()))
    assert load_records(path) == yesterday()


def test_synthetic_records_are_valid_and_reproducible() -> None:
    records = synthetic_catalog(20, providers=3, scores=5)
    assert records == synthetic_catalog(20, providers=3, scores=5)
    assert records != synthetic_catalog(20, providers=3, scores=5, seed=1)
    for entry in records:
        parsed = parse_record(json.dumps(entry), entry["id"])
        assert len(parsed.providers) == 3
        assert len(parsed.scores) == 5


def cursor_of(text: bytes) -> str:
    return base64.urlsafe_b64encode(text).decode()


def test_pages_of_summaries() -> None:
    records = [{"id": name, "scores": [], "sources": {}, "name": name} for name in "abc"]
    catalog = Catalog(records)
    assert summary_of(records[0]) == {"id": "a", "name": "a"}
    cursor = cursor_of(b"offset:2")
    first, rest = catalog.page(2, None), catalog.page(2, cursor)
    summaries = [{"id": name, "name": name} for name in "abc"]
    assert first == {"models": summaries[:2], "next_cursor": cursor, "total": 3}
    assert rest == {"models": summaries[2:], "next_cursor": None, "total": 3}
    assert catalog.page(3, None) == {"models": summaries, "next_cursor": None, "total": 3}
    assert catalog.page(2, cursor_of(b"offset:3")) == {
        "models": [],
        "next_cursor": None,
        "total": 3,
    }
    for invalid in (b"offset:4", b"other:1", b"offset:-1", b"offset:", b"\xff"):
        assert catalog.page(2, cursor_of(invalid)) is None
    assert catalog.page(2, "é") is None
    faulty = Catalog(records, summaries=["x"], total=9)
    assert faulty.page(2, None) == {"models": ["x"], "next_cursor": None, "total": 9}


def test_entries_of_the_public_catalog() -> None:
    offer = {"provider_id": "p", "input_price_per_m": 1, "output_price_per_m": 2}
    records: list[dict[str, Any]] = [
        {"id": "a", "name": "A", "providers": [offer, "x"]},
        {"id": "b", "providers": None},
    ]
    assert Catalog(records).public_entries == {
        "a": {
            "id": "a",
            "name": "A",
            "object": "model",
            "pricing": [{"provider": "p", "price_input": 1, "price_output": 2}],
        },
        "b": {"id": "b", "name": None, "object": "model", "pricing": []},
    }
