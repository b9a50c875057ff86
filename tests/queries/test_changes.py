"""One-line descriptions of changes of a model."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any, cast

import pytest
from llm_stats.queries import changes
from llm_stats.warehouse.reader import Reader
from support.command import Command
from support.connection_reader import ConnectionReader
from support.raw_tables import RawTables
from support.record_factory import make_offer, make_record, make_score

DAY_1 = dt.datetime(2026, 11, 1)  # noqa: DTZ001  stored times are UTC without a zone
DAY_2 = dt.datetime(2026, 11, 2)  # noqa: DTZ001


def changes_between(raw: RawTables, then: dict[str, object], now: dict[str, object]) -> list[str]:
    """Return the descriptions of the changes between two states of a model."""
    for day, state in ((DAY_1, then), (DAY_2, now)):
        raw.load([make_record("m", **state)], day)
        raw.apply()
    return [row[4] for row in changes.since(ConnectionReader(raw), DAY_1).rows]  # type: ignore[arg-type]


Prices = list[tuple[str, float | None, float | None]]

#: Model id -> the offers on both days, and the expected descriptions without the model id.
PRICE_CHANGES: dict[str, tuple[Prices, Prices, list[str]]] = {
    "cheaper": ([("p", 0.55, 7)], [("p", 0.55, 2.19)], ["at p: output 7.00 → 2.19 (−69 %)"]),
    "both prices": (
        [("p", 1, 2)],
        [("p", 2, 1)],
        ["at p: input 1.00 → 2.00 (+100 %), output 2.00 → 1.00 (−50 %)"],
    ),
    "to unknown": ([("p", 1, 2)], [("p", None, 2)], ["at p: input 1.00 → unknown"]),
    "from free": ([("p", 0, 2)], [("p", 0.0575, 2)], ["at p: input 0.00 → 0.0575"]),
    "listed": ([], [("p", 1, 2)], ["at p: listed, 1.00 in, 2.00 out"]),
    "delisted": ([("p", 1, None)], [], ["at p: delisted, was 1.00 in, unknown out"]),
    "largest first": (
        [("p", 1, 2), ("q", 1, 2)],
        [("q", 1, 1.8), ("p", 1, 1)],
        ["at p: output 2.00 → 1.00 (−50 %)", "at q: output 2.00 → 1.80 (−10 %)"],
    ),
    "same provider twice": (
        [("p", 1, 2), ("p", 3, 4)],
        [("p", 3, 5), ("p", 1, 2)],
        ["at p (no. 2): output 4.00 → 5.00 (+25 %)"],
    ),
    "no change": ([("p", 1, 2)], [("p", 1.0, 2.0)], []),
    "unknown and free first": (
        [("cut", 4, 4), ("half", 2, 2), ("from-free", 1, 0), ("to-unknown", 3, 5)],
        [("cut", 4, 3.99), ("half", 2, 0.5), ("from-free", 1, 10), ("to-unknown", 3, None)],
        [
            "at from-free: output 0.00 → 10.00",
            "at to-unknown: output 5.00 → unknown",
            "at half: output 2.00 → 0.50 (−75 %)",
            "at cut: output 4.00 → 3.99 (−0.2 %)",
        ],
    ),
    "small": ([("p", 1.23456, 2)], [("p", 1.23457, 2)], ["at p: input 1.23456 → 1.23457"]),
    "huge": ([("p", 1, 1)], [("p", 1e308, 1)], ["at p: input 1.00 → 1e+308"]),
}


def test_price_changes_are_described_largest_first(raw: RawTables) -> None:
    for place, day in enumerate((DAY_1, DAY_2)):
        raw.load(
            [
                make_record(model_id, providers=[make_offer(*entry) for entry in states[place]])
                for model_id, states in PRICE_CHANGES.items()
            ],
            day,
        )
        raw.apply()
    found: dict[str, list[str]] = {model_id: [] for model_id in PRICE_CHANGES}
    for row in changes.since(cast(Reader, ConnectionReader(raw)), DAY_1).rows:
        found[row[1]].append(row[4].removeprefix(f"{row[1]} "))
    assert found == {model_id: expected for model_id, (_, _, expected) in PRICE_CHANGES.items()}


def test_status_change_is_described(raw: RawTables) -> None:
    then, now = (make_offer("p", 1, 2, status=status) for status in ("active", "retired"))
    assert changes_between(raw, {"providers": [then]}, {"providers": [now]}) == [
        "m at p: active → retired"
    ]


def test_corrected_scores_largest_first(raw: RawTables) -> None:
    then = [
        make_score("a", 0.9, normalized_score=0.97),
        make_score("b", -3),
        make_score("c", 0),
        make_score("d", 0.5, max_score=10),
    ]
    now = [
        make_score("a", 0.9, normalized_score=0.097),
        make_score("b", -6),
        make_score("c", 0.9),
        make_score("d", 0.5, max_score=100),
    ]
    assert changes_between(raw, {"scores": then}, {"scores": now}) == [
        "m on d: maximum 10 → 100 (+900 %)",
        "m on b: -3 → -6 (−100 %)",
        "m on c: 0 → 0.9",
        "m on a: normalized 0.97 → 0.097 (−90 %)",
    ]


def test_score_changes_are_described(raw: RawTables) -> None:
    then = [
        make_score("b", 0.5, normalized_score=None),
        make_score("gone", 0.7, normalized_score=None),
        make_score("v", 0.8, verified_by_llmstats=False),
    ]
    now = [
        make_score("b", 0.6, normalized_score=None),
        make_score("new", 0.9),
        make_score("v", 0.8, verified_by_llmstats=True),
    ]
    assert changes_between(raw, {"scores": then}, {"scores": now}) == [
        "m on b: 0.5 → 0.6 (+20 %)",
        "m on gone: 0.7 withdrawn",
        "m on new: 0.9 added",
        "m on v: 0.8 verified",
    ]


def test_rows_have_sizes_and_ids_that_stay_the_same(raw: RawTables) -> None:
    """The ids are constants, because feed readers show a change again if it has a new id."""
    for day, price, score in ((DAY_1, 1, 0.5), (DAY_2, 2, 0.6)):
        model = make_record(
            "m", providers=[make_offer("p", price, 8 - price)], scores=[make_score("b", score)]
        )
        raw.read_catalog([model, *([make_record("n")] if day == DAY_2 else [])], day)
        raw.load([model], day)
        raw.apply()
    reader: Any = ConnectionReader(raw)
    table = changes.since(reader, DAY_2)
    assert table.columns == (
        "changed_at",
        "model_id",
        "counterpart_id",
        "kind",
        "change",
        "size_pct",
        "change_id",
    )
    assert table.types == ("TIMESTAMP", *["VARCHAR"] * 4, "DOUBLE", "VARCHAR")
    price_row, new_row, score_row = table.rows
    assert price_row[:4] == (DAY_2, "m", "p", "price_changed")
    assert price_row[5:] == (100, "1cb52101-3047-5581-a146-149b42c8ab41")
    assert new_row[:6] == (DAY_2, "n", None, "listed", "n: new in the catalog", None)
    assert score_row[:4] == (DAY_2, "m", "b", "corrected")
    assert round(score_row[5], 6) == 20
    ids = [change_id for *_, change_id in table.rows]
    assert len(set(ids)) == 3
    assert changes.since(reader, DAY_2 + dt.timedelta(seconds=1)).rows == []


@pytest.mark.parametrize(
    ("change", "threshold", "expected"),
    [
        ({"kind": "price_changed", "size_pct": 5.0}, 5, True),
        ({"kind": "price_changed", "size_pct": 5.0000001}, 5, True),
        ({"kind": "price_changed", "size_pct": 5.1}, 5, False),
        ({"kind": "price_changed", "size_pct": None}, 5, False),
        ({"kind": "corrected", "size_pct": 1.0}, 5, False),
    ],
)
def test_small_change_is_a_price_change_up_to_the_threshold(
    change: dict[str, Any], threshold: float, expected: bool
) -> None:
    assert changes.is_small(change, threshold) == expected


def test_commands_print_the_changes_of_the_sample(llm_stats: Command, demo: Path) -> None:
    database = ("--database", demo)
    changed = json.loads(llm_stats("changes", "--format", "json", *database).out)
    assert {entry["kind"] for entry in changed} == {
        "price_changed",
        "listed",
        "delisted",
        "corrected",
        "verified",
        "unlisted",
    }
    assert "| changed_at | change |" in llm_stats("changes", "--format", "markdown", *database).out
    assert "nothing changed since" in llm_stats("changes", "--since", "2999-01-01", *database).out
    kestrel = llm_stats("history", "kestrel-2-mini", *database)
    assert "0.25 in, 2.00 out, active" in kestrel.out
    assert "0.61, third party" in kestrel.out
    assert "maximum" not in llm_stats("history", "halcyon-3", *database).out
    wrong = llm_stats("history", "kestrel-2-min", *database)
    assert "did you mean kestrel-2-mini" in wrong.err
    assert wrong.code == 2
