"""`llm-stats compare`: facts, and the winner of each shared benchmark."""

from __future__ import annotations

import datetime as dt
import itertools
import json
from pathlib import Path

import pytest
from llm_stats.errors import UsageError
from llm_stats.queries import compare
from llm_stats.queries.compare import benchmarks
from llm_stats.warehouse.duckdb_reader import DuckDBReader
from support.command import Command
from support.new_warehouse import new_warehouse
from support.record_factory import make_offer, make_record, make_score


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


def test_compare_names_models_that_left_or_were_never_fetched(
    llm_stats: Command, workdir: Path
) -> None:
    def record(model_id: str) -> dict[str, object]:
        return make_record(model_id, providers=[make_offer("p", 1, 1)])

    with new_warehouse(workdir / "llm_stats.duckdb") as raw:
        raw.read_catalog([record("left"), record("new"), record("m")], dt.datetime(2026, 11, 1))  # noqa: DTZ001
        raw.load([record("left"), record("m")], dt.datetime(2026, 11, 1))  # noqa: DTZ001
        raw.read_catalog([record("new"), record("m")], dt.datetime(2026, 11, 2))  # noqa: DTZ001
        raw.apply()

    def facts(*model_ids: str) -> dict[str, list[str]]:
        compared = json.loads(llm_stats("compare", *model_ids, "--format", "json").out)["facts"]
        return {row["fact"]: [row[model_id] for model_id in model_ids] for row in compared}

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
    with DuckDBReader(demo) as reader, reader.materialized() as stored:
        ids = [
            model_id
            for (model_id,) in reader.query(
                "select model_id from marts.models order by model_id"
            ).rows
        ]
        found = []
        for pair in itertools.pairwise(ids[1::3]):
            shown = benchmarks(stored, pair)
            winners = [(row[0], row[shown.columns.index("winner")]) for row in shown.rows]
            assert winners == reader.query(macro, ([*pair],)).rows
            found += [str(winner).partition(":")[0] for _, winner in winners]
    assert {"not comparable"} < {*found}, "some benchmarks have a winner, and one has none"


def test_compare_marks_benchmarks_that_do_not_count(llm_stats: Command, workdir: Path) -> None:
    benchmarks = {"counted": "abc", "two-models": "ab", "one-organization": "bad", "fleurs": "ab"}
    with new_warehouse(workdir / "llm_stats.duckdb") as raw:
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
            dt.datetime(2026, 11, 1),  # noqa: DTZ001
        )
        raw.apply()
    compared = json.loads(llm_stats("compare", "a", "b", "--format", "json").out)
    assert {row["benchmark_id"]: row["note"] for row in compared["benchmarks"]} == {
        "counted": None,
        "two-models": "not counted",
        "one-organization": "not counted",
        "fleurs": "lower is better, not counted",
    }
    (row,) = compared["head_to_head"]
    assert (row["win_count"], row["tie_count"], row["loss_count"]) == (0, 0, 1)


def test_compare_names_all_offers_of_the_lowest_price(llm_stats: Command, workdir: Path) -> None:
    providers = [
        make_offer("c", 5, 25),
        make_offer("b", 4, 28),
        make_offer("a", 5, 25),
        make_offer("a", 5, 25),
        make_offer("d", 6, 30),
    ]
    with new_warehouse(workdir / "w.duckdb") as raw:
        raw.load(
            [make_record("m", providers=providers), make_record("n")],
            dt.datetime.fromisoformat("2026-01-01"),
        )
        raw.apply()
    (*_, cheapest) = json.loads(
        llm_stats("compare", "m", "n", "--database", "w.duckdb", "--format", "json").out
    )["facts"]
    assert cheapest["m"] == "5.00 in, 25.00 out, a or c; 4.00 in, 28.00 out, b"
    assert cheapest["n"] == "–"


def test_compare_marks_suspect_cheapest_offers(llm_stats: Command, workdir: Path) -> None:
    with new_warehouse(workdir / "llm_stats.duckdb") as raw:
        raw.load(
            [
                make_record(
                    "m", providers=[make_offer("p", 1, 100), make_offer("q", 25.75, 25.75)]
                ),
                make_record("n", providers=[make_offer("p", 1, 1), make_offer("q", 1, 997)]),
            ],
            dt.datetime.fromisoformat("2026-01-01"),
        )
        raw.apply()
    (*_, cheapest) = json.loads(llm_stats("compare", "m", "n", "--format", "json").out)["facts"]
    reason = "input price 1 and output price 100 differ by a factor of 100 or more"
    assert cheapest["m"] == (f"1.00 in, 100.00 out, p (suspect: {reason}); 25.75 in, 25.75 out, q")
    assert cheapest["n"] == "1.00 in, 1.00 out, p"


def test_model_id_may_equal_a_column_name(llm_stats: Command, tmp_path: Path) -> None:
    with new_warehouse(tmp_path / "w.duckdb") as raw:
        raw.load(
            [make_record("fact"), make_record("winner")], dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
        )
        raw.apply()
    compared = json.loads(
        llm_stats(
            "compare", "fact", "winner", "--format", "json", "--database", tmp_path / "w.duckdb"
        ).out
    )
    assert compared["facts"][0].keys() == {"fact", "fact_1", "winner"}
    assert compared["facts"][0]["fact"] == "organization"
