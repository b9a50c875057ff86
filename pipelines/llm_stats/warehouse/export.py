"""All marts and the history as Parquet or CSV files, for readers without DuckDB.

    DIR/manifest.json             {"load_id": …, "tables": {"marts.offers": {"file", "rows", "columns": [{"name", "type", "meaning"}]}}}
    DIR/marts/offers.parquet
    DIR/history/offers.parquet

While it is written it is `.DIR.123` beside DIR, where 123 is the process, and the export that it replaces is, for a moment, `.DIR.123.old`.
The same data gives the same bytes: rows are sorted, and nothing that depends on the moment of the export is in it.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import time
from pathlib import Path
from typing import Any, Literal

import duckdb

from llm_stats.connection import interruptible
from llm_stats.errors import UsageError
from llm_stats.text import sql_literal

FileFormat = Literal["parquet", "csv"]
_OPTIONS: dict[FileFormat, str] = {"parquet": "format parquet, compression zstd", "csv": "format csv, header true"}
#: Columns that tell the time of the query.
_VOLATILE_COLUMNS = {("freshness", "age_hours")}

_MANIFEST_KEYS = {"load_id", "format", "tables"}

#: A half-written export that has not grown for so long is nobody's: one takes seconds.
_ABANDONED_AFTER_SECONDS = 3600


def export(database: Path, folder: Path, output_format: FileFormat) -> dict[str, int]:
    """Writes the files aside and swaps them in; the number of rows by table. Raises `UsageError` if the folder holds something else."""
    folder = folder.resolve()
    if not folder.name:
        raise UsageError(f"{folder} is no place for an export; name a folder in it")
    aside = folder.with_name(f".{folder.name}.{os.getpid()}")
    try:
        _recover(folder)
        _require_replaceable(folder)
        shutil.rmtree(aside, ignore_errors=True)
        aside.mkdir(parents=True)
        with interruptible():
            manifest = _write(database, aside, output_format)
        (aside / "manifest.json").write_text(json.dumps(manifest, indent=2, ensure_ascii=False) + "\n", "utf-8")
        _swap(aside, folder)
    except OSError as error:
        raise UsageError(f"{folder} cannot be written: {error.strerror}") from None
    except duckdb.Error as error:
        raise UsageError(f"{database} cannot be exported: {str(error).splitlines()[0]}") from None
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    return {name: table["rows"] for name, table in manifest["tables"].items()}


def _write(database: Path, folder: Path, output_format: FileFormat) -> dict[str, Any]:
    """The files of every mart and history table; what the manifest says of them."""
    with duckdb.connect(database, read_only=True) as connection:
        connection.execute(f"set allowed_directories = [{sql_literal(str(folder))}]")  # and no other: a file may come from anywhere
        connection.execute("set enable_external_access = false")
        connection.execute("set threads = 1")  # several would write row groups in an order of their own
        connection.execute("set lock_configuration = true")
        columns = connection.execute(
            """
            select schema_name, table_name, column_name, lower(data_type), comment from duckdb_columns()
            where schema_name in ('marts', 'history') order by schema_name, table_name, column_index
            """
        ).fetchall()
        tables: dict[tuple[str, str], list[dict[str, str]]] = {}
        for schema, table, column, kind, comment in columns:
            if (table, column) not in _VOLATILE_COLUMNS:
                tables.setdefault((schema, table), []).append({"name": column, "type": kind, "meaning": comment})
        written = {}
        for (schema, table), described in tables.items():
            file = folder / schema / f"{table}.{output_format}"
            file.parent.mkdir(exist_ok=True)
            names = ", ".join(f'"{column["name"]}"' for column in described)
            query = f"copy (select {names} from {schema}.{table} order by all) to {sql_literal(str(file))} ({_OPTIONS[output_format]})"
            rows = connection.execute(query).fetchall()[0][0]
            written[f"{schema}.{table}"] = {"file": f"{schema}/{table}.{output_format}", "rows": rows, "columns": described}
        (load_id,) = connection.execute("select max(load_id) from staging.fetches").fetchall()[0]
    return {"load_id": load_id, "format": output_format, "tables": written}


def _require_replaceable(folder: Path) -> None:
    """Raises `UsageError` unless there is nothing in the folder but an earlier export, file by file as its manifest says."""
    if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        return
    try:
        manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
        ours = {"manifest.json", *(table["file"] for table in manifest["tables"].values())} if manifest.keys() >= _MANIFEST_KEYS else set()
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        ours = set()
    others = {str(file.relative_to(folder)) for file in folder.rglob("*") if not file.is_dir() or file.is_symlink()} - ours
    if others or not ours:
        holds = f" (it holds {min(others)})" if ours else ""
        raise UsageError(f"{folder} exists and is no earlier export{holds}; name another folder, or an empty one")


def _swap(aside: Path, folder: Path) -> None:
    """Puts the new folder in the place of the old one, which stays if that fails."""
    old = aside.with_name(f"{aside.name}.old")
    if folder.exists():
        folder.rename(old)
    try:
        aside.rename(folder)
    except BaseException:
        if old.exists() and not folder.exists():
            old.rename(folder)
        raise
    shutil.rmtree(old, ignore_errors=True)


def _recover(folder: Path) -> None:
    """Undoes what killed exports left beside the folder: an old export set aside comes back, one half-written long ago goes."""
    names = re.compile(rf"\.{re.escape(folder.name)}\.\d+(\.old)?")
    for left in sorted(folder.parent.glob(".*")):
        found = names.fullmatch(left.name)
        if found and found[1] and not folder.exists():
            left.rename(folder)
        elif found and (found[1] or time.time() - left.stat().st_mtime > _ABANDONED_AFTER_SECONDS):
            shutil.rmtree(left, ignore_errors=True)
