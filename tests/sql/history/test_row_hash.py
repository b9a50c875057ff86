"""Row hashes of the history: a run recomputes them after a change of the engine or the SQL."""

from __future__ import annotations

import datetime as dt
import os
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
from llm_stats.connection import DuckDBConnection
from llm_stats.transform import apply
from support.history_database import built
from support.processes import PROGRAMS
from support.raw_tables import SNAPSHOT_ID, RawTables
from support.record_factory import make_offer, make_record, make_score
from support.virtualenvs import ROOT

_FIRST = dt.datetime.fromisoformat("2026-01-01")
_HISTORY = (
    "select * exclude (row_hash) from history.offers order by all",
    "select * exclude (row_hash) from history.scores order by all",
)
_HASHES = (
    "select model_id, row_hash from history.offers order by all",
    "select model_id, row_hash from history.scores order by all",
)


def _records() -> list[dict[str, object]]:
    return [
        make_record(
            "m",
            providers=[make_offer("p", 0.1, None), make_offer("p", 0.1, None)],
            scores=[make_score("b", -0.0, source_url=None), make_score("b", 1e300)],
        )
    ]


def _fetch(raw: RawTables, queries: tuple[str, ...]) -> list[list[tuple[object, ...]]]:
    return [raw.connection.execute(query).fetchall() for query in queries]


def test_hashes_of_another_engine_are_recomputed() -> None:
    """The test has its own database, because `create_views` defines the table macros again.

    In the database of the fixture `raw`, DuckDB would then plan all prepared statements again. For
    hashes of other definitions, see tests/transform/test_migrated_warehouse.py.
    """
    with built() as raw:
        raw.load(_records(), _FIRST)
        raw.apply()
        history, hashes = _fetch(raw, _HISTORY), _fetch(raw, _HASHES)
        raw.connection.execute("update history.offers set row_hash = 'as another engine had it'")
        raw.connection.execute("update history.scores set row_hash = 'as another engine had it'")
        raw.connection.execute("update raw.sql_fingerprint set engine_version = 'another'")
        raw.load(_records(), _FIRST + dt.timedelta(days=1))
        apply.create_views(DuckDBConnection(raw.connection), SNAPSHOT_ID)
        apply.update_history(DuckDBConnection(raw.connection))
        assert _fetch(raw, _HISTORY) == history
        assert _fetch(raw, _HASHES) == hashes


def test_only_open_rows_have_a_hash(raw: RawTables) -> None:
    raw.load(_records(), _FIRST)
    raw.apply()
    raw.load([make_record("m", providers=[make_offer("p", 9, 9)])], _FIRST + dt.timedelta(days=1))
    raw.apply()
    for table in ("offers", "scores"):
        query = f"select (row_hash is null) = (valid_to is not null) from history.{table}"
        assert set(raw.connection.execute(query).fetchall()) == {(True,)}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"name": "a\x1fb", "status": "c"}, {"name": "a", "status": "b\x1fc"}),
        ({"name": "\x1e"}, {"name": "a"}),
    ],
)
def test_control_characters_in_texts_do_not_hide_a_change(
    raw: RawTables, before: dict[str, str], after: dict[str, str]
) -> None:
    for day, offer in enumerate((before, after)):
        record = make_record("m", providers=[make_offer("p", 1, 2)])
        record["providers"][0] |= {
            "provider_name": offer["name"],
            "status": offer.get("status", "active"),
        }
        raw.load([record], _FIRST + dt.timedelta(days=day))
        raw.apply()
    query = "select provider_name from history.offers where valid_to is null"
    assert raw.connection.execute(query).fetchall() == [(after["name"],)]


def test_null_differs_from_its_marker(raw: RawTables) -> None:
    for day, source_url in enumerate((None, "\x1e")):
        record = make_record("m", scores=[make_score("b", 1, source_url=source_url)])
        raw.load([record], _FIRST + dt.timedelta(days=day))
        raw.apply()
    query = "select source_url from history.scores where valid_to is null"
    assert raw.connection.execute(query).fetchall() == [("\x1e",)]


@pytest.mark.ecosystem
@pytest.mark.timeout(300)
def test_duckdb_2_continues_the_history_of_duckdb_1_5(tmp_path: Path) -> None:
    older = tmp_path / "duckdb_1_5"
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(older)]
    subprocess.run([*pip, "duckdb>=1.5,<2"], check=True)
    database = tmp_path / "llm_stats.duckdb"
    program = [
        sys.executable,
        str(PROGRAMS / "publish_generations.py"),
        str(database),
        "1",
        "duckdb",
    ]
    paths = [str(ROOT / "pipelines"), str(ROOT / "tests")]
    found = []
    for path in ([str(older), *paths], paths):
        environment = os.environ | {"PYTHONPATH": os.pathsep.join(path)}
        subprocess.run(program, check=True, env=environment, stdout=subprocess.DEVNULL)
        with duckdb.connect(database, read_only=True) as connection:
            versions = connection.execute("select engine_version from raw.sql_fingerprint")
            ((version,),) = versions.fetchall()
            found.append([connection.execute(query).fetchall() for query in _HISTORY])
        assert version.startswith("v1.5") == (path[0] == str(older))
    assert found[0] == found[1]


@pytest.mark.parametrize(
    ("function", "arguments", "others"),
    [
        ("offer_hash", ["'n'", "'s'", "0.0", "1.5"], ["'x'", "'x'", "2.0", "2.0"]),
        (
            "score_hash",
            ["'n'", "0.0", "0.0", "0.0", "true", "true", "'u'"],
            ["'x'", "2.0", "2.0", "2.0", "false", "false", "'x'"],
        ),
    ],
)
def test_hash_depends_on_every_argument(
    raw: RawTables, function: str, arguments: list[str], others: list[str]
) -> None:
    def hashed(values: list[str]) -> str:
        query = f"select staging.{function}({', '.join(values)})"
        return str(raw.connection.execute(query).fetchall()[0][0])

    variants = [arguments]
    for place, other in enumerate(others):
        for value in (other, "null"):
            variants.append([*arguments[:place], value, *arguments[place + 1 :]])
    # a text may contain the marker of null, or the separator and the next field
    variants.append(["chr(30)", *arguments[1:]])
    variants.append(["'n' || chr(31) || '1:s'", *arguments[1:]])
    assert len({hashed(values) for values in variants}) == len(variants)
    zeros = [value.replace("0.0", "cast('-0.0' as double)") for value in arguments]
    assert hashed(zeros) == hashed(arguments), "minus zero is zero"
