"""Compatibility of published databases with the older DuckDB versions of BI drivers."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import duckdb
import pytest
from llm_stats import sample
from llm_stats.pipeline.run import execute
from llm_stats.sample import SampleApi
from llm_stats.sample.demo import demo_settings
from support.macro_calls import MACRO_CALLS
from support.processes import PROGRAMS
from support.user_queries import DATABASE, READS, REJECTED
from support.virtualenvs import python_with

QUERIES = (
    *(
        f"from marts.{view} order by all limit 1000"
        for view in ("models", "offers", "scores", "benchmarks", "leaderboard", "price_changes")
    ),
    "select model_id, rule from marts.data_quality order by all",
    "from marts.workload_cost(1000, 1000) order by all",
    "from marts.prices_as_of('2999-01-01') order by all",
    "from marts.compare_models(['aurora-large-1', 'kestrel-2-pro']) order by all",
    "from marts.pareto_frontier('sample-math') order by all",
    "from marts.cheapest_with('sample-math', 0.5) order by all",
    "select marts.blended_price(5, 25)",
    "select view_name, comment from duckdb_views() where schema_name = 'marts' order by all",
    (
        "select table_name, column_name, comment from duckdb_columns() where schema_name = "
        "'marts' order by all"
    ),
)


@pytest.mark.ecosystem
@pytest.mark.parametrize(("version", "caches_by_path"), [("1.4.4", True), ("1.5.5", False)])
def test_older_duckdb_reads_the_same_rows(
    demo: Path, tmp_path: Path, version: str, caches_by_path: bool
) -> None:
    python = python_with(tmp_path, f"duckdb=={version}")
    done = subprocess.run(
        [python, str(PROGRAMS / "query_file.py"), str(demo), json.dumps(QUERIES)],
        check=True,
        capture_output=True,
        text=True,
    )
    reader_version, answers = json.loads(done.stdout)
    assert reader_version == version
    with duckdb.connect(demo, read_only=True) as connection:
        for query, answer in zip(QUERIES, answers, strict=True):
            assert answer == repr(connection.execute(query).fetchall()), query
    while_open = subprocess.run(
        [python, str(PROGRAMS / "reconnect.py"), str(tmp_path)],
        check=True,
        capture_output=True,
        text=True,
    )
    assert while_open.stdout.split() == ["1", "1" if caches_by_path else "2", "2", "2"], (
        "as stated in docs/bi.md"
    )


@pytest.mark.ecosystem
@pytest.mark.parametrize("version", ["1.4.4", "1.5.5"])
def test_macros_of_an_attached_database_with_older_duckdb(
    demo: Path, tmp_path: Path, version: str
) -> None:
    with SampleApi(sample.today()[:5]) as api:
        execute(demo_settings(api, tmp_path / "old.duckdb"), all_models=True)
    old = tmp_path / "old.duckdb"
    python = python_with(tmp_path, f"duckdb=={version}")

    def query(main: object, statements: list[str], calls: Sequence[str]) -> list[str]:
        arguments = [str(main), str(old), json.dumps(statements), json.dumps(calls)]
        done = subprocess.run(
            [python, str(PROGRAMS / "query_attached.py"), *arguments],
            check=True,
            capture_output=True,
            text=True,
        )
        answers: list[str]
        reader_version, *answers = json.loads(done.stdout)
        assert reader_version == version
        return answers

    with duckdb.connect(old, read_only=True) as connection:
        own = [
            repr(connection.execute(f"from {call} order by all").fetchall()) for call in MACRO_CALLS
        ]
    through_old = [f"old.{call}" for call in MACRO_CALLS]
    for error in query(demo, [], through_old):
        assert "table macro of an attached database cannot run" in error
    assert query(demo, ["use old"], MACRO_CALLS) == own
    path = "set search_path = 'memory.main,old.marts,old.staging,old.history'"
    assert query(":memory:", [path], MACRO_CALLS) == own


@pytest.mark.ecosystem
def test_user_queries_write_no_files_with_duckdb_1_5(demo: Path, tmp_path: Path) -> None:
    python = python_with(tmp_path, "duckdb==1.5.5")
    folder = tmp_path / "copy"
    folder.mkdir()
    database = Path(shutil.copyfile(demo, folder / "w.duckdb"))
    before = database.read_bytes()
    queries = [query.replace(DATABASE, str(database)) for query in (*READS, *REJECTED)]
    done = subprocess.run(
        [
            python,
            str(PROGRAMS / "run_user_queries.py"),
            str(database),
            json.dumps(queries),
            json.dumps(sys.path),
        ],
        check=True,
        capture_output=True,
        text=True,
    )
    version, *answers = map(json.loads, done.stdout.splitlines())
    assert version == "1.5.5"
    expected = ["accepted"] * len(READS) + ["rejected"] * len(REJECTED)
    for query, (kind, answer), wanted in zip(queries, answers, expected, strict=True):
        assert kind == wanted, (query, answer)
    assert list(folder.iterdir()) == [database]
    assert database.read_bytes() == before
