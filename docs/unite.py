"""Merge shards into one warehouse. A shard is the warehouse of one runner.

    python unite.py all.duckdb shard0.duckdb shard1.duckdb

Each model must be in only one shard. Ranks and other comparisons are computed again for all models.
The history of each model is copied from its shard. Every command can read the merged file.

An existing file is never overwritten. To replace it, write to another name and rename that file:
`mv -f new.duckdb all.duckdb`.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import duckdb
from llm_stats.connection import DuckDBConnection, transaction
from llm_stats.errors import LlmStatsError
from llm_stats.schema.tables import DLT_TABLES, TABLES
from llm_stats.text import sql_literal
from llm_stats.transform import apply, files
from llm_stats.warehouse.duckdb_reader import DuckDBReader
from llm_stats.warehouse.working_copy import DuckDBWorkingCopy


def unite(united: Path, shards: list[Path]) -> None:
    """Merge the shards in a temporary folder, then move the finished file to `united`."""
    if united.exists() or united.is_symlink():
        sys.exit(f"{united} exists already; name the new file first, then the shards")
    if not united.absolute().parent.is_dir():
        sys.exit(f"there is no folder {united.absolute().parent}; create it, or name another")
    tables = [f"raw.{table}" for table in TABLES | DLT_TABLES] + [
        file.address
        for file in files.files_in("history")
        if file.path.stem not in ("schema_version", "row_counts", "snapshot")
    ]
    with tempfile.TemporaryDirectory(dir=united.absolute().parent) as folder:
        copy = DuckDBWorkingCopy(Path(folder))
        copy.create()
        copy.create_views()
        copy.close()
        for shard in shards:
            DuckDBReader(shard).close()  # raises unless it is a warehouse of this version
        with duckdb.connect(copy.path) as connection:
            for shard in shards:
                connection.execute(f"attach {sql_literal(str(shard))} as shard (read_only)")
                for table in tables:
                    connection.execute(f"insert into {table} by name select * from shard.{table}")
                connection.execute("detach shard")
            duplicates = connection.execute(
                """
                select id from raw.models group by id having count(*) > 1
                union all
                select id from raw.catalog_models group by id having count(*) > 1
                order by id limit 1
                """
            ).fetchall()
            if duplicates:
                sys.exit(
                    f"{duplicates[0][0]} is in more than one of these databases; "
                    "give each model to one runner"
                )
            with transaction(connection):
                # row hashes depend on the DuckDB version, and shards may come from several versions
                apply.clear_row_hashes(DuckDBConnection(connection))
                apply.update_history(DuckDBConnection(connection))  # hashes and row counts
        copy.path.replace(united)


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit("usage: unite.py UNITED SHARD …")
    try:
        unite(Path(sys.argv[1]), [Path(shard) for shard in sys.argv[2:]])
    except LlmStatsError as error:
        sys.exit(f"unite.py: {error}")
