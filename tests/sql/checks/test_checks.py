"""Checks: every condition of every check fails at least once.

Each test breaks a valid warehouse in one place and rolls the change back. All views are copied to
tables first. A test can then change a single row of a mart, to imitate an error in the mart's SQL.

`broken/<check>.sql` has one paragraph per condition of a check. Each paragraph violates exactly one
condition of its check. The first paragraph must not make any other check fail. The later paragraphs
may make other checks fail.

The conditions on keys, parents and lists are the same for all tables. Therefore this module
generates the statements that violate these conditions.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from llm_stats.schema.tables import KEYS, TABLES
from llm_stats.transform import files
from llm_stats.transform.checks import all_checks
from support.history_database import built, stored_views, write_history
from support.raw_tables import RawTables
from support.record_factory import make_offer, make_record, make_score

_BROKEN = Path(__file__).parent / "broken"
_CHECKS = {check.name: check.text for check in all_checks()}
_DAYS = [dt.datetime.fromisoformat(f"2026-01-0{day}") for day in (1, 2, 3)]


@pytest.fixture(scope="module")
def loaded() -> Iterator[RawTables]:
    """Yield a database after two loads and a failed fetch.

    The data is valid, with many values that a check could mistake for an error. The models `left`
    (in the catalog of day 1) and `new` (in the catalog of day 2) have no record.
    """
    with built() as raw:
        for day, model_id in ((1, "left"), (2, "new")):
            summaries = [*_records(day), make_record(model_id, providers=[make_offer("p", 1, 1)])]
            raw.read_catalog(summaries, _DAYS[day - 1], rejected={"m5": "invalid"})
            raw.load(_records(day), _DAYS[day - 1])
            raw.apply()
        raw.fetch(["m1", "m5"], _DAYS[2], "failed")
        raw.apply()
        yield raw


def _records(day: int) -> list[dict[str, object]]:
    """Return the records of four models on day 1 or 2.

    Prices and scores differ between the days. On day 2, `m4` has one offer and one score fewer.
    """
    gone: dict[str, list[dict[str, object]]] = (
        {"providers": [make_offer("s", 1, 1)], "scores": [make_score("e", 0.5)]} if day == 1 else {}
    )
    added = {
        "m1": {"scores": [make_score("b", 0.5), make_score("alone", 1)]},
        "m2": {
            "providers": [make_offer("q", 2, 2), make_offer("old", 0.5, 0.5, status="inactive")]
        },
        "m3": {"providers": [make_offer("r", 1, None), make_offer("free", 0, 0)]},
        "m4": gone,
    }
    return [
        make_record(
            model_id,
            modalities=["text", "image"],
            top_scores={"math": 1.0, "code": 1.0},
            providers=[
                make_offer("p", day, 2),
                *([] if model_id == "m4" else [make_offer("q", 1, 1)]),
                *added[model_id].get("providers", []),
            ],
            scores=[
                make_score("b", value, category="math"),
                make_score("c", value, category="math"),
                make_score("d", value * day, category="math"),
                make_score("fleurs", value),
                *added[model_id].get("scores", []),
            ],
        )
        for model_id, value in (("m1", 0.1), ("m2", 0.2), ("m3", 0.2), ("m4", 0.05))
    ]


@pytest.fixture(scope="module")
def tables(loaded: RawTables) -> Iterator[RawTables]:
    """Yield a copy of `loaded` in which each view is stored as a table."""
    with stored_views(loaded) as copy:
        yield copy


@pytest.fixture
def valid(tables: RawTables) -> Iterator[RawTables]:
    """Yield `tables` in a transaction; roll back the changes of the test at the end."""
    tables.connection.begin()
    yield tables
    tables.connection.rollback()


def _failing(raw: RawTables, checks: Iterable[str] = tuple(_CHECKS)) -> set[str]:
    return {check for check in checks if raw.prepared.execute(_CHECKS[check]).rows}


def _paragraphs(check: str) -> dict[str, str]:
    """Return the paragraphs of `broken/<check>.sql`, keyed by their comment."""
    texts = (_BROKEN / f"{check}.sql").read_text("utf-8").split("\n\n")
    return {text.split("\n")[0].removeprefix("-- "): text for text in texts}


def _key_breaks() -> Iterator[tuple[str, str]]:
    """Yield `(check, SQL statement)` for each way to break a key.

    A statement inserts a copy of a row, or sets a column of the key to null.
    """
    for file in files.files_in("marts"):
        yield "keys", f"insert into {file.address} from {file.address} limit 1"
        for column in file.key:
            yield "keys", f"update {file.address} set {column} = null where rowid = 0"
    for table, key in KEYS.items():
        yield "keys", f"insert into raw.{table} from raw.{table} order by {key[0]} desc limit 1"
        for column in key:
            yield "keys", f"update raw.{table} set {column} = null where rowid = 0"


def _relation_breaks() -> Iterator[tuple[str, str]]:
    """Yield `(check, SQL statement)` for each way to break a relation between two tables.

    A statement removes, repeats or renumbers entries of a list, or leaves a row with a dangling
    reference. The id in a dangling reference may be valid for another kind of entity, such as a
    model id used as a provider id.
    """
    for table in (table for table in TABLES if "__" in table):
        yield (
            "lists_complete",
            (
                f"insert into raw.{table} select * replace ('missing' as model_id) from "
                f"raw.{table} where _dlt_list_idx = 0"
            ),
        )
        yield (
            "lists_complete",
            f"delete from raw.{table} where model_id = 'm1' and _dlt_list_idx = 1",
        )
        yield "lists_complete", f"delete from raw.{table} where model_id = 'm1'"
        yield "lists_complete", f"update raw.{table} set _dlt_list_idx = 7 where _dlt_list_idx = 1"
        yield (
            "lists_complete",
            f"insert into raw.{table} from raw.{table} where model_id = 'm1' and _dlt_list_idx = 0",
        )
    references = {
        "model_id": (
            "offers model_prices scores leaderboard price_performance price_quality price_history "
            "model_price_history price_changes score_changes model_changes"
        ),
        "provider_id": "offers price_performance price_quality",
        "benchmark_id": "scores price_performance",
        "dominated_by_model_id": "price_performance price_quality",
    }
    for column, marts in references.items():
        for mart in marts.split():
            yield (
                "marts_have_parents",
                f"update marts.{mart} set {column} = '{'p' if 'model' in column else 'm1'}'",
            )


_CONDITION_BREAKS = [
    pytest.param(path.stem, text, id=f"{path.stem}: {condition}")
    for path in sorted(_BROKEN.glob("*.sql"))
    for condition, text in _paragraphs(path.stem).items()
]


@pytest.mark.parametrize(
    ("check", "statement"), [*_CONDITION_BREAKS, *_key_breaks(), *_relation_breaks()]
)
def test_broken_condition_fails_its_check(valid: RawTables, check: str, statement: str) -> None:
    valid.connection.execute(statement)
    assert _failing(valid, [check]) == {check}


def test_every_row_of_a_model_without_its_lists_is_a_finding(valid: RawTables) -> None:
    tables = sorted(table for table in TABLES if "__" in table)
    for table in ("models", "catalog_models"):
        valid.connection.execute(f"insert into raw.{table} from raw.{table} where id = 'm1'")
    for table in tables:
        valid.connection.execute(f"delete from raw.{table} where model_id = 'm1'")
    found = valid.connection.execute(_CHECKS["lists_complete"]).fetchall()
    assert sorted((row[0], row[1], row[3]) for row in found) == [
        (f"raw.{table}", "m1", 0) for table in tables for _ in range(2)
    ]


@pytest.mark.parametrize("check", _CHECKS)
def test_check_can_fail_alone(valid: RawTables, check: str) -> None:
    statements = {
        "keys": "insert into marts.freshness from marts.freshness",
        "lists_complete": "delete from raw.models__modalities where _dlt_list_idx = 0",
        "marts_have_parents": (
            "update marts.leaderboard set model_id = 'missing' where model_id = 'm1'"
        ),
    }
    valid.connection.execute(statements.get(check) or next(iter(_paragraphs(check).values())))
    assert _failing(valid) == {check}


def test_relation_with_a_grain_of_one_row_has_an_empty_key() -> None:
    text = "-- Grain: one row. For the whole\n-- warehouse.\nselect 1;\n"
    assert files.SqlFile(Path("only.sql"), text).key == ()


def test_every_raw_table_has_a_key() -> None:
    assert KEYS.keys() == TABLES.keys()


def test_valid_warehouse_passes(valid: RawTables) -> None:
    assert _failing(valid) == set()


@pytest.mark.slow
def test_empty_warehouse_passes_and_later_errors_are_failing(raw: RawTables) -> None:
    with stored_views(raw) as copy:
        assert _failing(copy) == set()
    raw.load(
        [
            make_record(
                "m1",
                providers=[
                    make_offer("p", 1, 2),
                    make_offer("q", 1, 2),
                    make_offer("r", 100, 200),
                ],
                scores=[make_score("b", 0.5)],
            ),
            make_record(
                "m2",
                providers=[make_offer("p", 1, 100)],
                scores=[
                    make_score("b", 62),
                    make_score("c", 0.1, benchmark_name="Word error rate"),
                ],
            ),
        ],
        _DAYS[0],
    )
    raw.apply()
    with stored_views(raw) as copy:
        assert _failing(copy) == {
            "price_outliers",
            "units_mixed",
            "lower_is_better_unlisted",
        }


@pytest.mark.parametrize(("before", "after"), [(100, 80), (20, 10), (5, 0)])
def test_table_may_lose_a_fifth_or_ten_rows(valid: RawTables, before: int, after: int) -> None:
    counts = [["x", "raw.x", before, "2026-02-01"], ["y", "raw.x", after, "2026-02-02"]]
    valid.connection.executemany("insert into history.row_counts values (?, ?, ?, ?)", counts)
    assert _failing(valid, ["tables_shrunk"]) == set()


def test_loss_is_reported_once(valid: RawTables) -> None:
    counts = [
        ["x", "raw.x", 100, "2026-02-01"],
        ["y", "raw.x", 50, "2026-02-02"],
        ["z", "raw.x", 50, "2026-02-03"],
    ]
    valid.connection.executemany("insert into history.row_counts values (?, ?, ?, ?)", counts)
    assert _failing(valid, ["tables_shrunk"]) == set()


def test_rows_are_counted_once_per_load(valid: RawTables) -> None:
    rows = valid.connection.execute(
        "select row_count from history.row_counts where table_name = 'raw.fetches' order by "
        "counted_at"
    ).fetchall()
    assert rows == [(4,), (8,), (10,)]


@pytest.mark.parametrize(
    ("changed", "read", "is_slip"),
    [(15, 30, False), (11, 20, True)],
)
def test_slip_in_the_catalog_needs_most_offers_of_the_read(
    raw: RawTables, changed: int, read: int, is_slip: bool
) -> None:
    """The warehouse has 30 models with one offer each.

    On day 2, the catalog lists `read` models; with fewer than 30, the read is incomplete. The
    offers of `changed` of these models are now inactive.
    """
    status = {False: "active", True: "inactive"}
    for day, models in enumerate((30, read)):
        records = [
            make_record(
                f"m{number:02}",
                providers=[make_offer("p", 1, 1, status=status[day == 1 and number < changed])],
            )
            for number in range(models)
        ]
        raw.read_catalog(records, _DAYS[day], is_trusted=models == 30)
        write_history(raw, read_by=["history.offers", "history.row_counts"])
    assert _failing(raw, ["prices_slipped"]) == ({"prices_slipped"} if is_slip else set())
