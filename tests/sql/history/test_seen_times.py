"""Updates of `history.models` and `history.row_counts` on small tables."""

from __future__ import annotations

from typing import Any

from llm_stats.transform.files import files_in
from support.small_tables import DAY_1, DAY_2, DAY_3, Row, make_rows, small_tables

_UPDATES = {file.path.stem: file.text for file in files_in("history")}
OFFERS = "offers_first_seen_at offers_last_seen_at offers_load_id"
SCORES = "scores_first_seen_at scores_last_seen_at scores_load_id"


def test_first_and_last_times() -> None:
    """The last load is `now`."""
    #: Model -> load of the record, load and time of the summary or record; stored times.
    stored = make_rows(
        f"model_id {OFFERS} {SCORES}",
        ("in-record", DAY_1, DAY_2, "old", DAY_1, DAY_2, "old"),
        ("in-summary", DAY_1, DAY_2, "old", DAY_1, DAY_1, "old"),
        ("older-record", DAY_1, DAY_3, "old", DAY_1, DAY_3, "old"),
        ("in-neither", DAY_1, DAY_2, "old", None, None, None),
        ("first-record", DAY_1, DAY_2, "old", None, None, None),
        ("gone", DAY_1, DAY_2, "old", DAY_1, DAY_2, "old"),
    )
    seen = make_rows(
        "model_id load_id catalog_load_id seen_at",
        ("in-record", "now", "old", DAY_3),
        ("in-summary", "old", "now", DAY_3),
        ("older-record", "now", None, DAY_2),
        ("in-neither", "old", "old", DAY_3),
        ("first-record", "now", "old", DAY_3),
        ("new", "now", None, DAY_3),
        ("new-summary", "now", "earlier", DAY_3),
    )
    records = make_rows(
        "model_id load_id fetched_at",
        ("in-record", "now", DAY_3),
        ("in-summary", "old", DAY_3),
        ("older-record", "now", DAY_2),
        ("first-record", "now", DAY_3),
        ("new", "now", DAY_3),
    )
    with small_tables(
        history__models=stored,
        staging__models=seen,
        staging__detail_models=records,
        staging__last_load=[{"load_id": "now"}],
    ) as tables:
        tables.query(_UPDATES["models"])
        rows = tables.query(
            f"select model_id, {', '.join([*OFFERS.split(), *SCORES.split()])} from history.models"
        ).rows
    found: dict[str, tuple[Any, ...]] = {model_id: tuple(row) for model_id, *row in rows}
    assert len(found) == len(rows)
    assert found == {
        "in-record": (DAY_1, DAY_3, "now", DAY_1, DAY_3, "now"),
        "in-summary": (DAY_1, DAY_3, "now", DAY_1, DAY_1, "old"),
        "older-record": (DAY_1, DAY_3, "now", DAY_1, DAY_3, "now"),
        "in-neither": (DAY_1, DAY_2, "old", None, None, None),
        "first-record": (DAY_1, DAY_3, "now", DAY_3, DAY_3, "now"),
        "gone": (DAY_1, DAY_2, "old", DAY_1, DAY_2, "old"),
        "new": (DAY_3, DAY_3, "now", DAY_3, DAY_3, "now"),
        "new-summary": (DAY_3, DAY_3, "earlier", None, None, None),
    }


def test_rows_are_counted_once_per_load() -> None:
    raw = (
        "detail_models detail_offers scores detail_modalities detail_top_scores catalog_models "
        "catalog_offers catalog_modalities catalog_top_scores catalog_reads fetches"
    )
    relations: dict[str, list[Row]] = {
        name: [{"x": 1}] * count
        for count, name in enumerate(
            [
                *(f"staging__{name}" for name in raw.split()),
                *(f"history__{name}" for name in ("listings", "offers", "scores")),
            ],
            start=1,
        )
    }
    earlier = ("earlier", "raw.models", 9, DAY_1)
    counts = make_rows("load_id table_name row_count counted_at", earlier)
    with small_tables(
        staging__last_load=[{"load_id": "now", "loaded_at": DAY_2}],
        history__row_counts=counts,
        **relations,
    ) as tables:
        for _ in range(2):
            tables.query(_UPDATES["row_counts"])
        first, *rows = tables.query("from history.row_counts order by counted_at, row_count").rows
    assert tuple(first) == earlier
    lists = ("", "__providers", "__scores", "__modalities", "__top_scores")
    names = [
        *(f"raw.models{name}" for name in lists),
        *(f"raw.catalog_models{name}" for name in lists if name != "__scores"),
        "raw.catalog_reads",
        "raw.fetches",
        *(f"history.{name}" for name in ("listings", "offers", "scores")),
    ]
    assert [tuple(row) for row in rows] == [
        ("now", name, count, DAY_2) for count, name in enumerate(names, start=1)
    ]
