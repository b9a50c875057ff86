"""`llm-stats cost`: the cost of given numbers of input and output tokens at each offer."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import pytest
from llm_stats.errors import UsageError
from llm_stats.queries.cost import for_terminal, parse_tokens
from llm_stats.table import Table
from support.command import Command
from support.new_warehouse import new_warehouse
from support.record_factory import make_offer, make_record


def test_costs_are_listed_cheapest_first(on_demo: Command) -> None:
    rows = json.loads(
        on_demo(
            "cost",
            "--input-tokens",
            "10M",
            "--output-tokens",
            "2_000k",
            "aurora-large-1",
            "--format",
            "json",
        ).out
    )
    assert [(row["provider_id"], row["cost_usd"], row["model_cost_rank"]) for row in rows] == [
        ("alpine-cloud", 100.0, 1),
        ("northlight", 100.0, 1),
        ("bluebird", 110.0, 3),
    ]
    assert {row["model_type"] for row in rows} == {"llm"}
    everything = json.loads(
        on_demo("cost", "--input-tokens", "1", "--output-tokens", "0", "--format", "json").out
    )
    costs = [row["cost_usd"] for row in everything]
    assert costs == sorted(costs)


def test_suspect_offers_are_marked_and_keep_their_rank(llm_stats: Command, workdir: Path) -> None:
    reason = "input price 0.01 and output price 4 differ by a factor of 100 or more"
    with new_warehouse(workdir / "llm_stats.duckdb") as raw:
        raw.load(
            [
                make_record("lopsided", providers=[make_offer("p", 0.01, 4)]),
                make_record("fair", providers=[make_offer("p", 2, 2)]),
            ],
            dt.datetime.fromisoformat("2026-01-01"),
        )
        raw.apply()
    tokens = ("--input-tokens", "1M", "--output-tokens", "1k")
    rows = json.loads(llm_stats("cost", *tokens, "--format", "json").out)
    assert [(row["model_id"], row["suspect_reason"]) for row in rows] == [
        ("lopsided", reason),
        ("fair", None),
    ]
    printed = llm_stats("cost", *tokens, "--format", "table").out
    assert f"suspect: {reason}" in " ".join(printed.split())
    assert "note" not in llm_stats("cost", *tokens, "fair", "--format", "table").out
    assert "note" in llm_stats("cost", *tokens, "--limit", "1", "--format", "table").out
    assert "there is no model 'fare'; did you mean fair?" in llm_stats("cost", *tokens, "fare").err


def test_note_is_not_shown_if_only_omitted_offers_are_suspect() -> None:
    columns = ("model_id", "model_type", "provider_id", "in", "out", "cost_usd", "rank", "reason")
    rows = [("a", "llm", "p", 1, 1, 1, 1, None), ("b", "llm", "p", 1, 100, 2, 1, "lopsided")]
    costs = Table(columns, ("VARCHAR",) * len(columns), rows)
    assert for_terminal(costs, limit=1).columns[-1] == "cost $"
    assert for_terminal(costs, limit=2).columns[-1] == for_terminal(costs).columns[-1] == "note"


def test_model_type_follows_the_id_except_for_llms() -> None:
    columns = ("model_id", "model_type", "provider_id", "in", "out", "cost_usd", "rank", "reason")
    rows = [("a", kind, "p", 1, 2, 3, 1, None) for kind in ("llm", None, "speech")]
    printed = for_terminal(Table(columns, ("VARCHAR",) * len(columns), rows))
    assert printed.columns == ("model_id", "provider_id", "in $/M", "out $/M", "cost $")
    assert printed.types == ("VARCHAR", "VARCHAR", *["DOUBLE"] * 3)
    assert printed.rows == [(name, "p", 1, 2, 3) for name in ("a", "a", "a (speech)")]


@pytest.mark.parametrize(
    ("text", "number_of"),
    [
        ("2000000", 2e6),
        ("2_000_000", 2e6),
        ("2,000,000", 2e6),
        ("1e6", 1e6),
        ("1.5e+6", 1.5e6),
        ("500k", 5e5),
        ("1.5B", 1.5e9),
        ("1,500.5k", 1500500.0),
        (" 3M ", 3e6),
    ],
)
def test_parse_tokens(text: str, number_of: float) -> None:
    assert parse_tokens(text) == number_of


@pytest.mark.parametrize(
    "text", ["", "ten", "-1", "1,5M", "1,00", "1e999", "nan", "1__000_", "0x10"]
)
def test_parse_tokens_rejects_other_texts(text: str) -> None:
    with pytest.raises(UsageError, match="is not a number of tokens; write 2000000, 500k, 2M or"):
        parse_tokens(text)
