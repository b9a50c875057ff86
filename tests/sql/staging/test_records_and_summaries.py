"""Choice between the record and the summary of a model, on small tables."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pytest
from llm_stats.transform.files import find_relation
from support.small_tables import (
    DAY_1,
    DAY_2,
    DAY_3,
    Row,
    make_rows,
    nulls,
    select_rows,
    small_tables,
)


def test_summary_is_ahead_if_its_hash_or_time_is_newer() -> None:
    #: Model -> hash and time of the record, hash and time of the summary, is the summary ahead?
    cases: dict[str, tuple[str | None, Any, str, Any, bool]] = {
        "same hash": ("x", DAY_1, "x", DAY_2, False),
        "other hash": ("x", DAY_2, "y", DAY_1, True),
        "no hash, newer": (None, DAY_1, "y", DAY_2, True),
        "no hash, same time": (None, DAY_1, "y", DAY_1, False),
        "no hash, older": (None, DAY_2, "y", DAY_1, False),
        "no hash, no time of the record": (None, None, "y", DAY_1, True),
        "no hash, no time of the summary": (None, DAY_1, "y", None, True),
    }
    found = select_rows(
        "model_id",
        "staging.summaries_ahead",
        raw__models=[
            *make_rows(
                "id summary_hash updated_at",
                *((name, *case[:2]) for name, case in cases.items()),
            ),
            {"id": "no summary"},
        ],
        raw__catalog_models=make_rows(
            "id content_hash updated_at",
            *((name, *case[2:4]) for name, case in cases.items()),
            ("no record", "x", DAY_1),
        ),
    )
    ahead = [name for name, case in cases.items() if case[4]]
    assert [name for (name,) in found] == sorted([*ahead, "no record"], key=lambda x: repr((x,)))


AHEAD = make_rows("model_id", ("ahead",), ("only-summary",))


@pytest.mark.parametrize(
    ("view", "value", "others"),
    [
        (
            "offers",
            "list_index",
            "provider_id provider_name status input_usd_per_mtok output_usd_per_mtok extra",
        ),
        ("modalities", "list_index", "modality"),
        ("top_scores", "mixed_unit_score", "category"),
    ],
)
def test_lists_are_those_of_the_summary_if_it_is_ahead(view: str, value: str, others: str) -> None:
    columns = f"model_id {value} {others}"

    def entries(source: str, *names: str) -> list[Row]:
        return [
            dict.fromkeys(others.split(), source) | {"model_id": name, value: number}
            for name in names
            for number in (1, 2)
        ]

    found = select_rows(
        columns,
        f"staging.{view}",
        staging__summaries_ahead=AHEAD,
        **{
            f"staging__detail_{view}": entries("record", "only-record", "behind", "ahead"),
            f"staging__catalog_{view}": entries("summary", "only-summary", "behind", "ahead"),
        },
    )
    sources = {
        "ahead": "summary",
        "behind": "record",
        "only-record": "record",
        "only-summary": "summary",
    }
    assert found == [
        (name, number, *[source] * len(others.split()))
        for name, source in sources.items()
        for number in (1, 2)
    ]


def test_facts_are_those_of_the_summary_if_it_is_ahead() -> None:
    """`load_id`, `fetched_at` and the URLs of the sources are always those of the record."""
    file = find_relation("staging.models")
    assert file is not None
    record = set(re.findall(r"\bdetails\.(\w+)", file.text)) - {"model_id"}
    summary = set(re.findall(r"\bsummaries\.(\w+)", file.text)) - {"model_id"}
    only_record = {"api_ref_url", "paper_url", "weights_url", "repo_url", "fetched_at", "load_id"}
    assert record - summary == only_record - {"load_id"}

    def fill(names: dict[str, dt.datetime], columns: set[str], text: str, time: str) -> list[Row]:
        return [
            dict.fromkeys(columns, text) | {"model_id": name, time: moment}
            for name, moment in names.items()
        ]

    with small_tables(
        "staging.models",
        staging__detail_models=fill(
            {"only-record": DAY_2, "behind": DAY_3, "ahead": DAY_1}, record, "record", "fetched_at"
        ),
        staging__catalog_models=fill(
            {"only-summary": DAY_2, "behind": DAY_2, "ahead": DAY_2}, summary, "summary", "read_at"
        ),
        staging__summaries_ahead=AHEAD,
    ) as tables:
        found = {row["model_id"]: row for row in tables.query("from staging.models").to_dicts()}
    times = {
        "only-record": (DAY_2, None, DAY_2),
        "behind": (DAY_3, DAY_2, DAY_3),
        "ahead": (DAY_1, DAY_2, DAY_2),
        "only-summary": (None, DAY_2, DAY_2),
    }
    for name, (fetched_at, read_at, seen_at) in times.items():
        has_record, has_summary = fetched_at is not None, read_at is not None
        uses_record = name in ("only-record", "behind")
        expected: Row = dict.fromkeys(
            (record & summary) - {"load_id"}, "record" if uses_record else "summary"
        )
        expected |= dict.fromkeys(only_record, "record" if has_record else None)
        expected |= {
            "model_id": name,
            "fetched_at": fetched_at,
            "read_at": read_at,
            "seen_at": seen_at,
            "catalog_load_id": "summary" if has_summary else None,
        }
        assert found.pop(name) == expected
    assert found == {}


def test_current_offers() -> None:
    offers = make_rows(
        "model_id provider_id is_available is_current input_usd_per_mtok output_usd_per_mtok",
        ("m", "paid", True, True, 1.0, 1.0),
        ("m", "free", True, True, 0.0, 0.0),
        ("m", "free-input", True, True, 0.0, 1.0),
        ("m", "free-output", True, True, 1.0, 0.0),
        ("m", "unknown-input", True, True, None, 0.0),
        ("m", "unknown-output", True, True, 0.0, None),
        ("m", "unknown", True, True, None, None),
        ("m", "off", False, True, 1.0, 1.0),
        ("m", "no-status", None, True, 1.0, 1.0),
        ("m", "ended", True, False, 1.0, 1.0),
        ("unlisted", "p", True, True, 0.0, 0.0),
    )
    others = nulls("offer_number provider_name status valid_from")
    found = select_rows(
        "model_id provider_id is_available is_free",
        "staging.current_offers",
        marts__price_history=[row | others | {"blended_usd_per_mtok": 1.0} for row in offers],
        staging__unlisted_models=[{"model_id": "unlisted"}],
    )
    assert found == [
        ("m", "free", True, True),
        ("m", "free-input", True, False),
        ("m", "free-output", True, False),
        ("m", "no-status", None, False),
        ("m", "off", False, False),
        ("m", "paid", True, False),
        ("m", "unknown", True, False),
        ("m", "unknown-input", True, False),
        ("m", "unknown-output", True, False),
        ("unlisted", "p", False, True),
    ]


@pytest.mark.parametrize("order", [1, -1])
def test_last_load_is_that_with_the_greatest_time_and_id(order: int) -> None:
    loads = make_rows("load_id loaded_at", ("9", DAY_1), ("1", DAY_2), ("2", DAY_2))[::order]
    assert select_rows("load_id loaded_at", "staging.last_load", staging__loads=loads) == [
        ("2", DAY_2)
    ]
