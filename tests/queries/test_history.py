"""History of a model."""

from __future__ import annotations

import datetime as dt

from llm_stats.queries.history import for_terminal, history
from llm_stats.table import Table
from support.connection_reader import ConnectionReader
from support.raw_tables import RawTables
from support.record_factory import make_offer, make_record, make_score

DAY_1 = dt.datetime(2026, 11, 1)  # noqa: DTZ001  stored times are UTC without a zone
DAY_2 = dt.datetime(2026, 11, 2)  # noqa: DTZ001
DAY_3 = dt.datetime(2026, 11, 3)  # noqa: DTZ001


def history_of(raw: RawTables) -> Table:
    return history(ConnectionReader(raw), "m")  # type: ignore[arg-type]


def test_other_changes_are_described_only_where_they_happened(raw: RawTables) -> None:
    for day, most, name in ((DAY_1, 1, "P"), (DAY_2, 100, "Q")):
        scores = [make_score("b", 0.5, max_score=most), make_score("c", 0.5, max_score=1)]
        raw.load(
            [
                make_record(
                    "m", scores=scores, providers=[make_offer("p", 1, 2, provider_name=name)]
                )
            ],
            day,
        )
        raw.apply()
    for table in ("offers", "scores"):  # the rows of the second day are then stored first
        raw.connection.execute(
            f"create temp table moved as from history.{table} where valid_from = ?", [DAY_1]
        )
        raw.connection.execute(f"delete from history.{table} where valid_from = ?", [DAY_1])
        raw.connection.execute(f"insert into history.{table} from moved")
        raw.connection.execute("drop table moved")

    rows = [row[3:] for row in history_of(raw).rows]
    assert rows == [
        ("p", "1.00 in, 2.00 out, active"),
        ("b", "0.5, self-reported"),
        ("c", "0.5, self-reported"),
        ("p", "1.00 in, 2.00 out, active (name P → Q)"),
        ("b", "0.5, self-reported (maximum 1 → 100)"),
    ]


def test_rows_are_sorted_and_have_the_evidence(raw: RawTables) -> None:
    scores = [
        make_score("v", 0.5, verified_by_llmstats=True),
        make_score("s", 0.5, is_self_reported=True),
        make_score("t", 0.5, is_self_reported=False),
    ]
    offers = [make_offer("q", 1, 2), make_offer("p", 1, 2), make_offer("p", 3, 4)]
    raw.load([make_record("m", scores=scores, providers=offers), make_record("n")], DAY_1)
    raw.apply()
    timeline = history_of(raw)
    assert timeline.columns == ("valid_from", "valid_to", "kind", "counterpart_id", "description")
    assert timeline.types == ("TIMESTAMP", "TIMESTAMP", *["VARCHAR"] * 3)
    assert timeline.rows == [
        (DAY_1, None, "offer", "p", "1.00 in, 2.00 out, active"),
        (DAY_1, None, "offer", "p (no. 2)", "3.00 in, 4.00 out, active"),
        (DAY_1, None, "offer", "q", "1.00 in, 2.00 out, active"),
        (DAY_1, None, "score", "s", "0.5, self-reported"),
        (DAY_1, None, "score", "t", "0.5, third party"),
        (DAY_1, None, "score", "v", "0.5, verified"),
    ]
    printed = for_terminal(timeline)
    assert printed.columns == ("from (UTC)", "what"), "no period has ended"
    assert printed.rows[0] == ("2026-11-01 00:00", "at p: 1.00 in, 2.00 out, active")
    assert printed.rows[-1] == ("2026-11-01 00:00", "on v: 0.5, verified")


def test_listings_are_described(raw: RawTables) -> None:
    model, others = make_record("m"), [make_record("n")]
    for day, listed in ((DAY_1, [model, *others]), (DAY_2, others), (DAY_3, [model, *others])):
        raw.read_catalog(listed, day)
        raw.apply()
    rows = [
        (DAY_1, DAY_2, "listing", None, "listed in the catalog"),
        (DAY_2, DAY_3, "listing", None, "left the catalog"),
        (DAY_3, None, "listing", None, "back in the catalog"),
    ]
    assert history_of(raw).rows == rows
    assert [row[2] for row in for_terminal(history_of(raw)).rows] == [row[4] for row in rows]
