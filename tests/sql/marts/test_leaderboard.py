"""Properties of the leaderboard, and its agreement with direct comparisons on real records.

For more catalogs: `MARTS_EXAMPLES=300 pytest --timeout 0 tests/sql/marts/test_leaderboard.py`
"""

from __future__ import annotations

import os
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support import recompute
from support.board_agreement import agreement
from support.history_database import empty, write_history
from support.random_catalogs import Record, fractions, ranked_catalogs, scores, values
from support.raw_tables import RawTables
from support.real_records import real_records
from support.recompute import ReviewedLists
from support.recompute.records import FETCHED_AT
from support.record_factory import make_record, make_score
from support.skip_conditions import REQUIRES_REAL_RECORDS

pytestmark = pytest.mark.slow

#: Limit for the percentage of direct comparisons whose loser has the better rank. A ranking by the
#: mean win rate would reach 17.3 %.
AGAINST_PCT_LIMIT = 9.5

few_examples = settings(max_examples=int(os.environ.get("MARTS_EXAMPLES", "5")))

VERIFIED = {"verified_by_llmstats": True, "is_self_reported": False}


_BOARDS = ("marts.leaderboard", "marts.price_quality")


def _refill(raw: RawTables, records: list[Record]) -> None:
    empty(raw)
    raw.load(records, FETCHED_AT)
    write_history(raw, read_by=_BOARDS)


def _rows(raw: RawTables, query: str) -> list[tuple[Any, ...]]:
    return sorted(raw.prepared.execute(query).rows, key=repr)


def _independent(raw: RawTables) -> list[list[tuple[Any, ...]]]:
    """Return the rows with evidence scope `independent` of each of the two marts."""
    return [_rows(raw, f"from {view} where evidence_scope = 'independent'") for view in _BOARDS]


@few_examples
@given(records=ranked_catalogs(), data=st.data())
def test_added_self_reported_score_changes_nothing_among_independent_scores(
    built_tables: RawTables, records: list[Record], data: st.DataObject
) -> None:
    _refill(built_tables, records)
    before = _independent(built_tables)
    record = data.draw(st.sampled_from(records), "record")
    known = [score["benchmark_id"] for score in record["scores"]]
    added = data.draw(
        scores(
            st.one_of(values, fractions),
            benchmark_id=st.sampled_from([*known, "new benchmark"]),
            is_self_reported=st.just(True),
            verified_by_llmstats=st.just(False),
        ),
        "added score",
    )
    record["scores"].insert(data.draw(st.integers(0, len(known))), added)
    _refill(built_tables, records)
    assert _independent(built_tables) == before


def test_fourth_model_with_a_self_reported_85_changes_nothing_among_independent_scores(
    built_tables: RawTables,
) -> None:
    records = _three_verified_models()
    _refill(built_tables, records)
    before = _independent(built_tables)
    assert len(before[0]) == 3
    _refill(built_tables, [*records, _model("self-reported 85", make_score("b", 85))])
    assert _independent(built_tables) == before


def test_category_of_a_self_reported_score_changes_nothing_among_independent_scores(
    built_tables: RawTables,
) -> None:
    records = _three_verified_models()
    _refill(built_tables, records)
    before = _independent(built_tables)
    records[0]["scores"].append(make_score("b", 0.5, category="another"))
    _refill(built_tables, records)
    assert _independent(built_tables) == before


def _three_verified_models() -> list[Record]:
    return [
        _model(f"verified {value}", make_score("b", value, **VERIFIED)) for value in (0.5, 0.6, 0.7)
    ]


def _model(model_id: str, *scores: dict[str, Any]) -> Record:
    """Return the record of a model; each model has a different organization."""
    organization = {"id": f"maker of {model_id}", "name": "Maker"}
    return make_record(model_id, organization=organization, scores=list(scores))


@few_examples
@given(records=ranked_catalogs())
def test_winner_of_every_benchmark_is_not_below_a_model_with_the_same_benchmarks(
    built_tables: RawTables, records: list[Record]
) -> None:
    lists = ReviewedLists.read(built_tables.connection)
    loser = records[0]
    winner = loser | {
        "id": "winner",
        "scores": [
            _make_better(score, lists) for score in _without_normalized_scores(loser["scores"])
        ],
    }
    for record in records:
        record["scores"] = _without_normalized_scores(record["scores"])
    _refill(built_tables, [*records, winner])
    rates = {
        (category, scope, model_id): (adjusted, mean)
        for category, scope, model_id, adjusted, mean in _rows(
            built_tables,
            "select category, evidence_scope, model_id, adjusted_win_rate, mean_win_rate "
            "from marts.leaderboard",
        )
    }
    for category, scope in {
        (category, scope) for category, scope, name in rates if name == "winner"
    }:
        adjusted, mean = rates[category, scope, "winner"]
        adjusted_of_loser, mean_of_loser = rates[category, scope, loser["id"]]
        assert mean > mean_of_loser
        assert adjusted >= adjusted_of_loser


def test_winner_of_a_category_is_not_below_a_model_that_is_much_weaker_elsewhere(
    built_tables: RawTables,
) -> None:
    """`loser` is almost as good as `winner` in the category, and much weaker elsewhere."""
    elsewhere = {"winner": 0.9, "loser": 0.1} | {f"m{n}": 0.5 + n / 100 for n in range(8)}
    in_category = {"winner": 0.9, "loser": 0.8, "third": 0.1}
    benchmarks = [("overall", f"b{n}", elsewhere) for n in range(6)]
    benchmarks += [("code", f"c{n}", in_category) for n in range(3)]
    records = [
        _model(
            model_id,
            *(
                make_score(benchmark_id, values[model_id], category=category)
                for category, benchmark_id, values in benchmarks
                if model_id in values
            ),
        )
        for model_id in elsewhere | in_category
    ]
    _refill(built_tables, records)
    ranks = built_tables.connection.execute(
        "select model_id, rank from marts.leaderboard "
        "where category = 'code' and evidence_scope = 'all'"
    ).fetchall()
    assert dict(ranks) == {"winner": 1, "loser": 2, "third": 3}


def _without_normalized_scores(entries: list[Record]) -> list[Record]:
    """Return the scores without `normalized_score`.

    An improved `normalized_score` could exceed 1 and change the scale of the benchmark.
    """
    return [entry | {"normalized_score": None} for entry in entries]


def _make_better(score: Record, lists: ReviewedLists) -> Record:
    benchmark_id = lists.aliases.get(score["benchmark_id"], score["benchmark_id"])
    step = -0.01 if benchmark_id in lists.lower_is_better else 0.01
    return score | {"score": score["score"] + step}


@REQUIRES_REAL_RECORDS
def test_board_agrees_with_decided_head_to_heads_on_real_data(built_tables: RawTables) -> None:
    _refill(built_tables, real_records())
    ranks = dict(
        built_tables.connection.execute(
            "select model_id, rank from marts.leaderboard where rank is not null "
            "and category = 'overall' and evidence_scope = 'all'"
        ).fetchall()
    )
    lists = ReviewedLists.read(built_tables.connection)
    found = agreement(recompute.prepare(real_records(), lists), ranks)
    assert found.pair_count > 1000
    assert found.against_pct <= AGAINST_PCT_LIMIT
