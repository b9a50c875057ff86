"""`llm-stats cost`: the cost of given numbers of input and output tokens at each offer."""

from __future__ import annotations

import json

import pytest
from llm_stats.errors import UsageError
from llm_stats.queries.cost import parse_tokens
from support.command import Command


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
