"""The marts on Spark compared with DuckDB: `python tests/bench/spark.py`.

The comparison takes about ten minutes, one of them to install PySpark. A standalone master and two
workers with one core each are started on loopback (Java 17), and stopped at the end. Spark
reads Parquet files: `llm-stats export` writes the history, and DuckDB's `copy` writes the raw
tables. The staging views and marts are translated from `sql/`.

    every mart, row by row      data: the sample (two days), and the open data set (three runs) if
                                it is available
    50 million offer rows       synthetic; three queries, on Spark with both workers and on DuckDB
                                with two threads
"""

from __future__ import annotations

import argparse
import os
import re
import signal
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import duckdb
import llm_stats
from bench.cluster import Cluster, cluster
from bench.run import changed
from llm_stats.report.export import export
from llm_stats.sample import SAMPLE_KEY, SampleApi
from llm_stats.sample.demo import run_demo
from llm_stats.schema import tables
from llm_stats.transform import files as sql_files
from llm_stats.transform.dialect import translate
from support.real_records import real_records
from support.virtualenvs import python_with

EQUAL = "all equal"
_RAW_TABLES = (*tables.TABLES, *tables.DLT_TABLES)
#: Views that are stored as tables. Otherwise plans would have millions of nodes, because Spark
#: inserts the query of a view wherever the view is read.
_STORED_VIEWS = ("staging.chosen_scores", "staging.compared_scores", "staging.adjusted_results")


def views(raw: Path | None, history: Path) -> list[str]:
    """Return statements that create the staging views and marts in Spark, over Parquet files.

    If `raw` is None, create only the two marts that need no raw tables.
    """
    statements = [
        f"create database if not exists {schema}"
        for schema in ("raw", "staging", "history", "marts")
    ]
    sources = {f"raw.{table}": _parquet(raw, table) for table in _RAW_TABLES} if raw else {}
    sources |= {
        file.address: history / f"{file.path.stem}.parquet"
        for file in sql_files.files_in("history")
    }
    statements += [
        f"create or replace view {name} as select * from parquet.`{path}`"
        for name, path in sources.items()
        if path.exists()
    ]
    for file in sql_files.in_build_order():
        if (raw and file.layer == "staging") or (
            file.layer == "marts" and (raw or file.path.stem in ("price_history", "price_changes"))
        ):
            # omit comments: Spark cannot add them to the columns of an existing view
            made = [
                translate(statement.query, "spark")
                for _, statement in sql_files.statements(file)
                if not statement.query.strip().startswith("comment")
            ]
            if file.address in _STORED_VIEWS:
                made = [
                    re.sub("create or replace view", "create table", query, count=1, flags=re.I)
                    for query in made
                ]
            statements += made
    return statements


def _parquet(folder: Path, table: str) -> Path:
    """Return the Parquet file of a raw table. Spark would ignore a name with a leading `_`."""
    return folder / f"{table.removeprefix('_')}.parquet"


def compare_marts(spark: Cluster, name: str, database: Path, folder: Path) -> bool:
    """Compute every mart on Spark, from Parquet; compare the rows with DuckDB's export.

    Return whether all marts are equal.
    """
    folder.mkdir()
    export(database, folder / "export", "parquet")
    with duckdb.connect(database, read_only=True) as connection:
        for table in _RAW_TABLES:
            connection.execute(f"copy raw.{table} to '{_parquet(folder, table)}'")
    marts = [file.path.stem for file in sql_files.files_in("marts")]
    queries = {mart: f"select * from marts.{mart}" for mart in marts}
    result = spark.run_queries(
        views(folder, folder / "export" / "history"), queries, folder / "spark"
    )
    print(
        f"\n{name}: Spark {result['spark']} and DuckDB {duckdb.__version__}; {result['executors']}"
    )
    with duckdb.connect() as connection:
        verdicts = [
            verdict(
                connection,
                f"read_parquet('{folder}/export/marts/{mart}.parquet')",
                f"read_parquet('{folder}/spark/{mart}/*.parquet')",
            )
            for mart in marts
        ]
    print(
        "\n".join(f"  {mart:20} {text}" for mart, text in zip(marts, verdicts, strict=True)),
        flush=True,
    )
    return all(text.endswith(EQUAL) for text in verdicts)


def verdict(connection: duckdb.DuckDBPyConnection, ours: str, theirs: str) -> str:
    """Compare two relations; return a text such as `246 rows, all equal`, or the differences."""
    described = [
        connection.execute(f"describe select * from {rows}").fetchall() for rows in (ours, theirs)
    ]
    # `age_hours` depends on the time of the query and is not exported
    columns, other = (
        [column for column, *_ in description if column != "age_hours"] for description in described
    )
    if columns != other:
        return f"COLUMNS DIFFER: {columns}, {other}"
    names = ", ".join(columns)
    (count,) = connection.execute(f"select count(*) from {ours}").fetchall()[0]
    (missing, extra) = connection.execute(
        f"select (select count(*) from (select {names} from {ours} except all select {names} from "
        f"{theirs})), "
        f"(select count(*) from (select {names} from {theirs} except all select {names} from "
        f"{ours}))"
    ).fetchall()[0]
    if not missing and not extra:
        return f"{count} rows, {EQUAL}"
    alone = [column for column in columns if not _same(connection, ours, theirs, column)]
    return (
        f"{count} rows, {missing} MISSING, {extra} OTHERS; columns that differ: "
        f"{', '.join(alone) or 'only in combination'}"
    )


def _same(connection: duckdb.DuckDBPyConnection, ours: str, theirs: str, column: str) -> bool:
    query = (
        f"select count(*) from (select {column} from {ours} except all select {column} from "
        f"{theirs})"
    )
    return connection.execute(query).fetchall()[0] == (0,)


PARTS = 16
#: Versions of each offer: about ten years of weekly changes.
_VERSIONS = 500
_MODELS = """
copy (
    select
        format('model-{:06}', n) as model_id,
        timestamp '2016-01-04' as offers_first_seen_at,
        timestamp '2026-01-01' as offers_last_seen_at,
        timestamp '2016-01-04' as scores_first_seen_at,
        timestamp '2026-01-01' as scores_last_seen_at
    from range($models) as models (n)
) to '$folder/models.parquet' (format parquet)
"""
_OFFERS = """
copy (
    select
        format('model-{:06}', m) as model_id,
        format('provider-{}', (m + p * 7) % 40) as provider_id,
        cast(1 as bigint) as offer_number,
        format('Provider {}', (m + p * 7) % 40) as provider_name,
        case when hash(m, p, v) % 50 = 0 then 'inactive' else 'active' end as status,
        hash(m, p, v, 1) % 2000 / 100 as input_usd_per_mtok,
        hash(m, p, v, 2) % 8000 / 100 as output_usd_per_mtok,
        timestamp '2016-01-04' + to_days(cast(7 * v + hash(m, p) % 7 as integer)) as valid_from,
        case
            when v + 1 < $versions
                then timestamp '2016-01-04'
                    + to_days(cast(7 * (v + 1) + hash(m, p) % 7 as integer))
        end as valid_to
    from range($from, $to) as models (m), range(10) as providers (p),
    range($versions) as versions (v)
) to '$folder/offers.parquet/$part.parquet' (format parquet, compression zstd)
"""
QUESTIONS = {
    "as of a day, by provider": """
        select
            provider_id,
            count(*) as offer_count,
            min(blended_usd_per_mtok) as lowest_usd_per_mtok,
            max(blended_usd_per_mtok) as highest_usd_per_mtok
        from marts.price_history
        where
            valid_from <= timestamp '2021-06-15 12:00:00'
            and (valid_to > timestamp '2021-06-15 12:00:00' or valid_to is null)
        group by provider_id
    """,
    "changes by month and provider": """
        select
            cast(date_trunc('month', valid_from) as date) as month_date,
            provider_id,
            count(*) as change_count,
            count(distinct model_id) as model_count
        from marts.price_history
        group by
            cast(date_trunc('month', valid_from) as date),
            provider_id
    """,
    "changes by month and direction": """
        select
            cast(date_trunc('month', changed_at) as date) as month_date,
            kind,
            direction,
            count(*) as change_count
        from marts.price_changes
        group by
            cast(date_trunc('month', changed_at) as date),
            kind,
            direction
    """,
}


def make_history(folder: Path, rows: int) -> None:
    """Write `history.models`, and `history.offers` with `rows` rows, as Parquet files."""
    models = rows // (10 * _VERSIONS)
    (folder / "offers.parquet").mkdir(parents=True)
    values = {"$models": models, "$folder": folder, "$versions": _VERSIONS}
    with duckdb.connect(config={"threads": 2}) as connection:
        connection.execute(_filled(_MODELS, values))
        for part in range(PARTS):
            bounds = {
                "$from": models * part // PARTS,
                "$to": models * (part + 1) // PARTS,
                "$part": part,
            }
            connection.execute(_filled(_OFFERS, values | bounds))


def _filled(statement: str, values: dict[str, object]) -> str:
    for name, value in values.items():
        statement = statement.replace(name, str(value))
    return statement


def compare_history(spark: Cluster, rows: int, folder: Path) -> bool:
    """Run `QUESTIONS` on Spark and on DuckDB, on the same Parquet files.

    Return whether all results are equal.
    """
    history = folder / "history"
    make_history(history, rows)
    size = sum(file.stat().st_size for file in history.rglob("*.parquet"))
    print(
        (
            f"\n{rows:,} offer rows, {size / 1e6:,.0f} MB of Parquet in {PARTS} files; load "
            f"{os.getloadavg()[0]:.1f}"
        ),
        flush=True,
    )
    files = {question: question.replace(" ", "_").replace(",", "") for question in QUESTIONS}
    translated = {
        files[question]: translate(query, "spark") for question, query in QUESTIONS.items()
    }
    result = spark.run_queries(views(None, history), translated, folder / "spark", tries=2)
    verdicts = []
    with duckdb.connect(
        config={"threads": 2, "memory_limit": "5GB", "temp_directory": str(folder / "spill")}
    ) as connection:
        for schema in ("history", "marts"):
            connection.execute(f"create schema {schema}")
        connection.execute(f"create view history.models as from '{history}/models.parquet'")
        connection.execute(
            f"create view history.offers as from '{history}/offers.parquet/*.parquet'"
        )
        for file in (
            file
            for file in sql_files.in_build_order()
            if file.address in ("marts.price_history", "marts.price_changes")
        ):
            connection.execute(next(sql_files.statements(file))[1].query)
        for question, query in QUESTIONS.items():
            tries = []
            for _ in range(2):
                wall, cpu = time.perf_counter(), time.process_time()
                connection.execute(f"create or replace temp table ours as {query}")
                tries.append(
                    f"{time.perf_counter() - wall:.1f} s (cpu {time.process_time() - cpu:.1f} s)"
                )
            costs = result["queries"][files[question]]
            theirs = [
                f"{cost['seconds']:.1f} s (cpu of tasks {cost['task_cpu_seconds']:.1f} s)"
                for cost in costs
            ]
            rows_of_spark = f"read_parquet('{folder}/spark/{files[question]}/*.parquet')"
            verdicts.append(verdict(connection, "ours", rows_of_spark))
            print(f"  {question}: {verdicts[-1]}")
            print(
                f"    DuckDB {', then '.join(tries)}\n    Spark  {', then '.join(theirs)}",
                flush=True,
            )
    for executor in result["executors"]:
        print(f"  {executor}")
    print(f"  load {os.getloadavg()[0]:.1f}")
    return all(text.endswith(EQUAL) for text in verdicts)


def main() -> int:
    parser = argparse.ArgumentParser(description="The marts on Spark, compared with DuckDB.")
    parser.add_argument("--python", help="Python with PySpark; without it, one is installed")
    parser.add_argument("--only", choices=["marts", "history"])
    parser.add_argument("--rows", type=int, default=50_000_000, help="rows of the history")
    given = parser.parse_args()
    signal.signal(
        signal.SIGTERM, lambda *_: sys.exit("stopped")
    )  # otherwise the cluster would outlive this process
    with tempfile.TemporaryDirectory() as name:
        folder, equal = Path(name), []
        with cluster(given.python or python_with(folder, "pyspark>=4,<5"), folder) as spark:
            if given.only != "history":
                equal.append(
                    compare_marts(
                        spark,
                        "the sample, two days",
                        run_demo(folder / "sample.duckdb").database,
                        folder / "sample",
                    )
                )
            if given.only != "history" and real_records():
                equal.append(
                    compare_marts(
                        spark,
                        "the open data set, three runs",
                        open_data(folder / "open.duckdb"),
                        folder / "open",
                    )
                )
            if given.only != "marts":
                equal.append(compare_history(spark, given.rows, folder / "large"))
    return 0 if all(equal) else 1


def open_data(database: Path) -> Path:
    """Create a warehouse from three runs of the open data set, with price changes between them."""
    records = real_records()
    with SampleApi(records) as api:
        for generation in (changed(records, 1), changed(records, 2), records):
            api.publish(generation)
            llm_stats.run(
                all_models=True,
                database=database,
                api_key=SAMPLE_KEY,
                base_url=api.base_url,
                requests_per_minute=0,
            )
    return database


if __name__ == "__main__":
    sys.exit(main())
