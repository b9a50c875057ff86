"""`llm-stats compare`: facts, and the winner of each shared benchmark."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import cast

import pytest
from llm_stats.errors import UsageError
from llm_stats.queries import compare
from llm_stats.queries.compare import benchmarks
from llm_stats.table import to_records
from llm_stats.warehouse.duckdb_reader import DuckDBReader
from llm_stats.warehouse.reader import Reader
from support.command import Command
from support.connection_reader import ConnectionReader
from support.raw_tables import RawTables
from support.record_factory import make_offer, make_record, make_score
from support.small_tables import DAY_1, DAY_2


def test_compare_shows_facts_and_the_winner_of_each_shared_benchmark(on_demo: Command) -> None:
    compared = json.loads(
        on_demo("compare", "aurora-large-1", "kestrel-2-pro", "--format", "json").out
    )
    facts = {
        row["fact"]: (row["aurora-large-1"], row["kestrel-2-pro"]) for row in compared["facts"]
    }
    assert facts["context window, tokens"] == ("400,000", "256,000")
    assert facts["cheapest offer, $ per M tokens"] == (
        "5.00 in, 25.00 out, alpine-cloud or northlight",
        "2.70 in, 13.50 out, bluebird",
    )
    winners = {row["benchmark_id"]: row["winner"] for row in compared["benchmarks"]}
    assert winners["sample-arena"] == "aurora-large-1"
    assert winners["sample-math"] == "kestrel-2-pro"
    assert winners["sample-long-context"].startswith("not comparable: ")


def test_tables_for_programs_and_for_a_terminal(demo: Path) -> None:
    ids = ("aurora-large-1", "kestrel-2-pro")
    with DuckDBReader(demo) as reader:
        facts, duels = compare.facts(reader, ids), compare.head_to_head(reader, ids)
        shared = compare.benchmarks(reader, ids)
        printed = compare.benchmarks_for_terminal(reader, ids)
        with pytest.raises(UsageError, match="name at least two different models to compare"):
            compare.facts(reader, ids[:1])
    assert facts.columns == ("fact", *ids)
    assert facts.types == ("VARCHAR",) * 3
    assert [row[0] for row in facts.rows] == [
        "organization",
        "license",
        "commercial use",
        "open weight",
        "modalities",
        "context window, tokens",
        "parameters",
        "released",
        "fetched (UTC)",
        "cheapest offer, $ per M tokens",
    ], "both models are listed"
    columns = ("model_id", "opponent_model_id", "win_count", "tie_count", "loss_count")
    assert duels.columns == columns
    assert duels.types == ("VARCHAR", "VARCHAR", *["BIGINT"] * 3)
    assert [row[:2] for row in duels.rows] == [ids]
    assert shared.columns == ("benchmark_id", "category", *ids, "winner", "note")
    assert shared.types == ("VARCHAR", "VARCHAR", *["DOUBLE"] * 2, *["VARCHAR"] * 2)
    keys = [(category, benchmark_id) for benchmark_id, category, *_ in shared.rows]
    assert keys == sorted(keys)
    assert printed.columns == ("benchmark_id", *ids, "note")
    assert printed.types == ("VARCHAR", "NUMBER", "NUMBER", "VARCHAR")
    best = {row[0]: [str(value).startswith("best ") for value in row[1:3]] for row in printed.rows}
    assert best["sample-arena"] == [True, False]
    assert best["sample-long-context"] == [False, False]
    notes = {row[0]: row[3] for row in printed.rows}
    assert str(notes["sample-long-context"]).startswith("not comparable: ")


def reader_of(raw: RawTables) -> Reader:
    return cast(Reader, ConnectionReader(raw))


def test_facts_name_models_that_left_or_were_never_fetched(raw: RawTables) -> None:
    def record(model_id: str) -> dict[str, object]:
        return make_record(model_id, providers=[make_offer("p", 1, 1)])

    raw.read_catalog([record("left"), record("new"), record("m")], DAY_1)
    raw.load([record("left"), record("m")], DAY_1)
    raw.read_catalog([record("new"), record("m")], DAY_2)
    raw.apply()

    def facts(*model_ids: str) -> dict[str, list[str]]:
        return {fact: values for fact, *values in compare.facts(reader_of(raw), model_ids).rows}

    shown = facts("left", "new")
    assert shown["left the catalog (UTC)"] == ["2026-11-02 00:00:00", "–"]
    assert shown["fetched (UTC)"] == ["2026-11-01 00:00:00", "not yet"]
    assert "left the catalog (UTC)" not in facts("new", "m")


def test_compare_finds_the_winners_of_the_macro(demo: Path) -> None:
    """`llm-stats compare` cannot call `marts.compare_models`, because PostgreSQL has no macros."""
    macro = """
        select
            benchmark_id,
            coalesce(
                array_to_string(winner_model_ids, ', '),
                'not comparable: ' || not_comparable_reason
            )
        from marts.compare_models(?)
    """
    with DuckDBReader(demo) as reader:
        ids = [
            model_id
            for (model_id,) in reader.query(
                "select model_id from marts.models order by model_id"
            ).rows
        ]
        found = []
        for pair in (("aurora-large-1", "kestrel-2-pro"), *itertools.pairwise(ids[1::5])):
            shown = benchmarks(reader, pair)
            winners = [(row[0], row[shown.columns.index("winner")]) for row in shown.rows]
            assert winners == reader.query(macro, ([*pair],)).rows
            found += [str(winner).partition(":")[0] for _, winner in winners]
    assert {"not comparable"} < {*found}, "some benchmarks have a winner, and one has none"


def test_benchmarks_that_do_not_count_are_marked(raw: RawTables) -> None:
    benchmarks = {"counted": "abc", "two-models": "ab", "one-organization": "bad", "fleurs": "ab"}
    raw.load(
        [
            make_record(
                model_id,
                organization={"id": "other" if model_id == "c" else "org", "name": "Name"},
                scores=[
                    make_score(benchmark, value)
                    for benchmark, model_ids in benchmarks.items()
                    if model_id in model_ids
                ],
            )
            for model_id, value in (("a", 0.1), ("b", 0.2), ("c", 0.3), ("d", 0.4))
        ],
        DAY_1,
    )
    raw.apply()
    shared = compare.benchmarks(reader_of(raw), ("a", "b")).to_dicts()
    assert {row["benchmark_id"]: row["note"] for row in shared} == {
        "counted": None,
        "two-models": "not counted",
        "one-organization": "not counted",
        "fleurs": "lower is better, not counted",
    }
    (duel,) = compare.head_to_head(reader_of(raw), ("a", "b")).rows
    assert duel == ("a", "b", 0, 0, 1)


def test_cheapest_offers_are_named_and_marked_if_suspect(raw: RawTables) -> None:
    """The offers of the lowest price of `tied` have two pairs of prices; `none` has no offer."""
    offers = {
        "tied": [
            make_offer("c", 5, 25),
            make_offer("b", 4, 28),
            make_offer("a", 5, 25),
            make_offer("a", 5, 25),
            make_offer("d", 6, 30),
        ],
        "none": [],
        "suspect": [make_offer("p", 1, 100), make_offer("q", 25.75, 25.75)],
        "other suspect": [make_offer("p", 1, 1), make_offer("q", 1, 997)],
    }
    raw.load([make_record(name, providers=listed) for name, listed in offers.items()], DAY_1)
    raw.apply()
    (*_, cheapest) = compare.facts(reader_of(raw), tuple(offers)).to_dicts()
    reason = "input price 1 and output price 100 differ by a factor of 100 or more"
    assert cheapest == {
        "fact": "cheapest offer, $ per M tokens",
        "tied": "5.00 in, 25.00 out, a or c; 4.00 in, 28.00 out, b",
        "none": "–",
        "suspect": f"1.00 in, 100.00 out, p (suspect: {reason}); 25.75 in, 25.75 out, q",
        "other suspect": "1.00 in, 1.00 out, p",
    }


def test_model_id_may_equal_a_column_name(raw: RawTables) -> None:
    raw.load([make_record("fact"), make_record("winner")], DAY_1)
    first, *_ = to_records(compare.facts(reader_of(raw), ("fact", "winner")))
    assert first.keys() == {"fact", "fact_1", "winner"}
    assert first["fact"] == "organization"
