"""User queries that only read, and texts that the check of user queries must reject."""

from __future__ import annotations

_PIVOT = "pivot marts.offers on status using count(*)"

#: Placeholder for the path of the database file.
DATABASE = "DATABASE"

READS = (
    "select 1",
    "select 1;;",
    "-- first\nselect 1; -- last",
    "(select 1)",
    "from marts.offers",
    "table marts.offers",
    "values (1)",
    "with x as (select 1) from x",
    "describe marts.offers",
    "desc marts.offers",
    "show all tables",
    "summarize marts.offers",
    "unpivot (select 1 as a) on a",
    _PIVOT,
    f"with p as ({_PIVOT}) from p",
    f"from ({_PIVOT}) as p, ({_PIVOT.replace('status', 'provider_id')}) as q",
    "explain select 1",
    "explain (select 1)",
    "explain analyze select 1",
    "explain (analyze, format json) select 1",
    "/* a /* b */ */ explain -- é\n analyze\nselect 'é'",
    f"explain {_PIVOT}",
)

REJECTED = (
    "select 1; select 2",
    f"{_PIVOT}; select 1",
    "copy (select 1) to 'DATABASE.wal'",
    "copy (select 1) to 'DATABASE.tmp/x.csv'",
    f"copy ({_PIVOT}) to 'DATABASE.wal'",
    "export database 'DATABASE.tmp'",
    "attach 'DATABASE.tmp/x.duckdb'",
    "explain copy (select 1) to 'DATABASE.wal'",
    "explain analyze copy (select 1) to 'DATABASE.wal'",
    "explain (analyze) copy (select 1) to 'DATABASE.wal'",
    "explain analyze /* a */ copy (select 1) to 'DATABASE.wal'",
    "explain analyze /* /* */ select 1 -- */ copy (select 1) to 'DATABASE.wal'",
    "explain analyze --\rcopy (select 1) to 'DATABASE.wal' --\nselect 1",
    f"explain analyze copy ({_PIVOT}) to 'DATABASE.wal'",
    "explain analyze create temp table x as select 1",
    "prepare p as copy (select 1) to 'DATABASE.wal'",
    "explain analyze prepare p as copy (select 1) to 'DATABASE.wal'",
    "execute p",
    f"create temp table x as {_PIVOT}",
    "create temp table x as select 1; select 2",
    "with x as (select 1) insert into raw.models select * from x",
    "with x as (insert into raw.models (model_id) values ('x') returning model_id) from x",
    f"with x as ({_PIVOT}) delete from raw.models",
    "call pragma_database_size()",
    "call enable_logging()",
    "pragma enable_profiling",
    "pragma database_size",
    "set threads = 1",
    "set variable x = 1",
    "use marts",
    "begin",
    "checkpoint",
    "load parquet",
    "install httpfs",
    "explain",
)
