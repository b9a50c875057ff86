"""Views of scores on small tables: the chosen score, comparable values, ranks, and changes."""

from __future__ import annotations

from typing import Any

from llm_stats.transform.files import files_in
from support.small_tables import DAY_1, DAY_2, Row, make_rows, nulls, small_tables

CHOSEN = "model_id benchmark_id evidence score normalized_score"


def test_chosen_score() -> None:
    """The expected score shows which candidate was chosen.

    In `first` and `category` the scores are equal; another column shows the choice.
    """
    verified, third, own = (True, True), (False, False), (False, True)
    base = {
        "benchmark_id": "b",
        "benchmark_name": "B",
        "max_score": 1.0,
        "normalized_score": None,
        "source_url": None,
        "scored_at": DAY_1,
    }

    def entry(score: float, evidence: tuple[bool, bool] = own, **other: Any) -> Row:
        is_verified, is_self_reported = evidence
        return base | {
            "score": score,
            "is_verified": is_verified,
            "is_self_reported": is_self_reported,
            **other,
        }

    #: Model -> its scores; the chosen score, its evidence, score count, whether it is disputed.
    cases: dict[str, tuple[list[Row], tuple[float, str, int, bool]]] = {
        "one": ([entry(1)], (1, "self_reported", 1, False)),
        "one-third-party": ([entry(1, third)], (1, "third_party", 1, False)),
        "one-verified": ([entry(1, verified)], (1, "verified", 1, False)),
        "verified": ([entry(3), entry(2, third), entry(1, verified)], (1, "verified", 3, True)),
        "verified-own": (
            [entry(1, (True, False)), entry(2, verified)],
            (2, "verified", 2, True),
        ),
        "third-party": (
            [entry(3, scored_at=DAY_2), entry(2, third)],
            (2, "third_party", 2, True),
        ),
        "newest": ([entry(3), entry(2, scored_at=DAY_2)], (2, "self_reported", 2, True)),
        "known-time": ([entry(3, scored_at=None), entry(2)], (2, "self_reported", 2, True)),
        "highest": ([entry(2), entry(3)], (3, "self_reported", 2, True)),
        "first": ([entry(2, source_url="x"), entry(2)], (2, "self_reported", 2, False)),
        "alias": ([entry(2, benchmark_id="a"), entry(3)], (3, "self_reported", 2, True)),
        "alias-only": ([entry(2, benchmark_id="a")], (2, "self_reported", 1, False)),
        "category": (
            [entry(2, category="x"), entry(2, category="y")],
            (2, "self_reported", 1, False),
        ),
    }
    unused = nulls("benchmark_description category api_rank")
    scores = [
        unused | row | {"model_id": model_id, "list_index": index}
        for model_id, (rows, _) in cases.items()
        for index, row in enumerate(rows)
    ]
    with small_tables(
        "staging.chosen_scores",
        staging__scores=scores[::-1],
        staging__benchmark_aliases=[{"alias": "a", "benchmark_id": "b"}],
    ) as tables:
        found = tables.query("from staging.chosen_scores").to_dicts()
    assert {
        row["model_id"]: (row["score"], row["evidence"], row["score_count"], row["is_disputed"])
        for row in found
    } == {model_id: expected for model_id, (_, expected) in cases.items()}
    assert len(found) == len(cases)
    by_model = {row["model_id"]: row for row in found}
    assert {row["benchmark_id"] for row in found} == {"b"}
    assert by_model["alias-only"]["upstream_benchmark_id"] == "a"
    assert by_model["alias"]["upstream_benchmark_id"] == "b"
    assert by_model["first"]["source_url"] == "x"
    assert by_model["category"]["category"] == "x"


def compared(*scores: tuple[Any, ...], columns: str) -> list[tuple[Any, ...]]:
    """Return columns of `staging.compared_scores`; models with the same letter share a maker."""
    with small_tables(
        "staging.win_rate",
        "staging.compared_scores",
        staging__chosen_scores=make_rows(CHOSEN, *scores),
        staging__lower_is_better_benchmarks=[{"benchmark_id": "low"}],
        staging__models=[
            {"model_id": f"{letter}{number}", "organization_id": letter}
            for letter in "abcd"
            for number in (1, 2)
        ],
    ) as tables:
        return tables.query(
            f"select {', '.join(columns.split())} from staging.compared_scores order by all"
        ).rows


def on(
    benchmark: str, *values: tuple[str, float, float | None], evidence: str = "verified"
) -> list[tuple[Any, ...]]:
    return [(model, benchmark, evidence, float(score), norm) for model, score, norm in values]


def test_ranks_and_win_rates() -> None:
    scores = [
        *on("b", ("a1", 3, None), ("b1", 2, None), ("c1", 2, None), ("d1", 1, None)),
        *on("low", ("a1", 3, None), ("b1", 2, None)),
        *on("b", ("a2", 9, None), evidence="self_reported"),
    ]
    columns = "evidence_scope benchmark_id model_id benchmark_rank win_rate gap_to_best model_count"
    found = compared(*scores, columns=columns)
    assert [row for row in found if row[0] == "independent"] == [
        ("independent", "b", "a1", 1, 1.0, 0.0, 4),
        ("independent", "b", "b1", 2, 0.5, 1.0, 4),
        ("independent", "b", "c1", 2, 0.5, 1.0, 4),
        ("independent", "b", "d1", 4, 0.0, 2.0, 4),
        ("independent", "low", "a1", 2, 0.0, 1.0, 2),
        ("independent", "low", "b1", 1, 1.0, 0.0, 2),
    ]
    every = {row[2]: row[3:] for row in found if row[:2] == ("all", "b")}
    assert every["a2"] == (1, 1.0, 0.0, 5)
    assert every["a1"] == (2, 0.75, 6.0, 5)
    assert every["b1"] == every["c1"] == (3, 0.375, 7.0, 5)
    (lone,) = compared(*on("b", ("a1", 1, None)), columns="win_rate benchmark_rank")[:1]
    assert lone == (None, 1)


def test_scale_and_comparability() -> None:
    """The limit of mixed units is ten times the median of the values between 0 and 1."""
    mixed = "values look like two units mixed"
    cases: dict[str, tuple[list[tuple[Any, ...]], tuple[Any, ...]]] = {
        "normalized": (on("b", ("a1", 50, 0.0), ("b1", 0.5, 1.0)), ("normalized", None, False)),
        "one-not": (on("b", ("a1", 0.4, None), ("b1", 0.5, 1.0)), ("raw", None, False)),
        "above-1": (on("b", ("a1", 0.4, 1.1), ("b1", 0.5, 1.0)), ("raw", None, False)),
        "below-0": (on("b", ("a1", 0.4, -0.1), ("b1", 0.5, 1.0)), ("raw", None, False)),
        "alone": (on("b", ("a1", 0.4, None)), ("raw", "fewer than 2 models", False)),
        "mixed": (on("b", ("a1", 5.1, None), ("b1", 0.5, None)), ("raw", mixed, False)),
        "ten-times": (on("b", ("a1", 5, None), ("b1", 0.5, None)), ("raw", None, False)),
        "at-most-1": (on("b", ("a1", 1, None), ("b1", 0.05, None)), ("raw", None, False)),
        "no-fraction": (on("b", ("a1", 50, None), ("b1", 1.5, None)), ("raw", None, False)),
        "counted": (
            on("b", ("a1", 1, None), ("a2", 1, None), ("b1", 1, None)),
            ("raw", None, True),
        ),
        "two-models": (on("b", ("a1", 1, None), ("b1", 1, None)), ("raw", None, False)),
        "mixed-of-three": (
            on("b", ("a1", 50, None), ("b1", 0.5, None), ("c1", 0.5, None)),
            ("raw", mixed, False),
        ),
        "bounds-are-fractions": (
            on("b", ("a1", 9, None), ("b1", 0, None), ("c1", 1, None), ("d1", 1, None)),
            ("raw", None, True),
        ),
    }
    scores = [
        (model, name, *rest) for name, (entries, _) in cases.items() for model, _, *rest in entries
    ]
    found = compared(
        *scores,
        ("a1", "one-maker", "verified", 1.0, None),
        ("a2", "one-maker", "verified", 1.0, None),
        columns="benchmark_id scale not_comparable_reason is_counted evidence_scope",
    )
    by_name = {row[0]: row[1:4] for row in found if row[4] == "all"}
    assert by_name.pop("one-maker") == ("raw", None, False)
    assert by_name == {name: expected for name, (_, expected) in cases.items()}
    values = compared(
        *on("b", ("a1", 50, 0.1), ("b1", 0.5, 0.2)), columns="model_id value evidence_scope"
    )
    assert values[::2] == [("a1", 0.1, "all"), ("b1", 0.2, "all")]


def test_benchmark_of_one_maker_does_not_count() -> None:
    scores = on("b", ("a1", 1, None), ("a2", 2, None))
    own = on("b", ("b1", 3, None), evidence="self_reported")
    found = compared(*scores, *own, columns="evidence_scope is_counted organization_count")
    assert set(found) == {("all", True, 2), ("independent", False, 1)}


SCORE = "score max_score normalized_score is_verified benchmark_name"


def score_changes(cases: dict[str, tuple[Row | None, Row | None]]) -> dict[str, list[str]]:
    """Return, for each model, the kinds of changes between two states of its score."""
    same = dict(zip(SCORE.split(), (0.5, 1.0, 0.5, False, "Name"), strict=True))
    key = {"benchmark_id": "alias", "score_number": 1}
    history: list[Row] = []
    transitions: list[Row] = []
    for model_id, states in cases.items():
        history += [
            same | key | state | {"model_id": model_id, "valid_from": day}
            for state, day in zip(states, (DAY_1, DAY_2), strict=True)
            if state is not None
        ]
        history += [row | {"score_number": 2} for row in history[-1:]]
        old, new = (
            None if state is None else day
            for state, day in zip(states, (DAY_1, DAY_2), strict=True)
        )
        transitions.append(
            {
                "list": "scores",
                "model_id": model_id,
                "item_id": "alias",
                "item_number": 1,
                "changed_at": DAY_2,
                "old_valid_from": old,
                "new_valid_from": new,
            }
        )
    (view,) = (file.text for file in files_in("marts") if file.path.stem == "score_changes")
    with small_tables(
        history__scores=history,
        staging__benchmark_aliases=[{"alias": "alias", "benchmark_id": "b"}],
        staging__found_transitions=[*transitions, transitions[0] | {"list": "offers"}],
    ) as tables:
        tables.query("create macro staging.transitions() as table from staging.found_transitions")
        tables.query(view.split("comment on")[0].rstrip())
        rows = tables.query("from marts.score_changes order by kind").to_dicts()
    assert {(row["benchmark_id"], row["upstream_benchmark_id"]) for row in rows} == {("b", "alias")}
    assert {row["benchmark_name"] for row in rows} == {"Name"}
    return {
        model_id: [row["kind"] for row in rows if row["model_id"] == model_id] for model_id in cases
    }


def test_kinds_of_score_changes() -> None:
    verified = {"is_verified": True}
    assert score_changes(
        {
            "added": (None, {}),
            "added-verified": (None, verified),
            "withdrawn": ({}, None),
            "corrected": ({}, {"score": 0.6}),
            "maximum": ({}, {"max_score": 100.0}),
            "normalized": ({}, {"normalized_score": None}),
            "from-null": ({"score": None}, {}),
            "verified": ({}, verified),
            "no-longer-verified": (verified, {}),
            "both": ({}, verified | {"score": 0.6}),
            "still-verified": (verified, verified | {"score": 0.6}),
            "nothing": ({}, {}),
        }
    ) == {
        "added": ["added"],
        "added-verified": ["added"],
        "withdrawn": ["withdrawn"],
        "corrected": ["corrected"],
        "maximum": ["corrected"],
        "normalized": ["corrected"],
        "from-null": ["corrected"],
        "verified": ["verified"],
        "no-longer-verified": [],
        "both": ["corrected", "verified"],
        "still-verified": ["corrected"],
        "nothing": [],
    }
