"""Export of all marts and the history as Parquet or CSV files, for readers without DuckDB.

    DIR/datapackage.json
    DIR/ATTRIBUTION.txt
    DIR/marts/offers.parquet
    DIR/history/offers.parquet

`datapackage.json` describes the files: see `data_package.py`.

An export is written to `.DIR.export/new` next to DIR. Then DIR is moved to `.DIR.export/old`, and
`new` is renamed to DIR. If the process was killed, the next export restores a missing DIR from
`old` and deletes leftover files.

In CSV files, lists are JSON, and a `'` is put before each text that a spreadsheet would run as a
formula. Parquet files contain all lists and texts unchanged.

The same data gives the same bytes: rows are in the order that the files under `sql/` declare, and
columns that depend on the time of the query, on the run or on the engine's version are omitted.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb

from llm_stats.connection import interruptible
from llm_stats.errors import Locked, UsageError
from llm_stats.files import hold_lock
from llm_stats.queries import attribution
from llm_stats.report.data_package import (
    ATTRIBUTION_FILE,
    FILE_NAME,
    FileFormat,
    describe_package,
    describe_resource,
    file_path,
    read_exported_files,
)
from llm_stats.text import FORMULA, sql_literal
from llm_stats.transform.files import default_order

_OPTIONS: dict[FileFormat, str] = {
    "parquet": "format parquet, compression zstd",
    "csv": "format csv, header true",
}
#: Columns that depend on the time of the query, on the run, or on the engine's version.
_VOLATILE_COLUMNS = {
    ("freshness", "age_hours"),
    ("offers", "row_hash"),
    ("scores", "row_hash"),
    ("snapshot", "snapshot_id"),
}


def export(database: Path, folder: Path, output_format: FileFormat) -> dict[str, int]:
    """Write the files into a folder and return the number of rows by table.

    An earlier export in the folder is replaced. Raise `UsageError` if the folder cannot be written
    or contains other files. Raise `Locked` while another export writes to the folder.
    """
    folder = folder.resolve()
    if not folder.name:
        raise UsageError(f"cannot export to {folder}: it is the root folder; name a folder in it")
    if Path.cwd().is_relative_to(folder):
        raise UsageError(
            f"cannot export to {folder}: it contains the working folder and would be replaced; "
            "name another folder"
        )
    for parent in folder.parents:
        if read_exported_files(parent):
            raise UsageError(
                f"cannot export to {folder}: it is in {parent}, which is an earlier export; "
                "name a folder outside it"
            )
    try:
        with _replace_folder(folder) as new:
            with interruptible():
                package = _write(database, new, output_format)
            text = json.dumps(package, indent=2, ensure_ascii=False)
            (new / FILE_NAME).write_text(text + "\n", "utf-8")
            (new / ATTRIBUTION_FILE).write_text(package["attribution"] + "\n", "utf-8")
    except OSError as error:
        raise UsageError(
            f"{folder} cannot be written: {error.strerror}; name another folder, or free disk space"
        ) from None
    except duckdb.Error as error:
        raise UsageError(f"{database} cannot be exported: {str(error).splitlines()[0]}") from None
    return {resource["name"]: resource["rows"] for resource in package["resources"]}


@contextlib.contextmanager
def _replace_folder(folder: Path) -> Iterator[Path]:
    """Yield an empty folder, and move it to `folder` if the block raises no error."""
    staging = folder.with_name(f".{folder.name}.export")
    new, old = staging / "new", staging / "old"
    staging.mkdir(parents=True, exist_ok=True)
    with _hold_lock(staging / "lock", folder):
        try:
            _clean_up(new, old, folder)
            _require_replaceable(folder)
            new.mkdir()
            yield new
            if folder.exists():
                new.chmod(stat.S_IMODE(folder.stat().st_mode))
                folder.rename(old)
            new.rename(folder)
        finally:
            _clean_up(new, old, folder)


def _clean_up(new: Path, old: Path, folder: Path) -> None:
    """Restore the previous export from `old` if `folder` is missing; delete `old` and `new`."""
    if old.exists() and not folder.exists():
        old.rename(folder)
    shutil.rmtree(old, ignore_errors=True)
    shutil.rmtree(new, ignore_errors=True)


@contextlib.contextmanager
def _hold_lock(file: Path, folder: Path) -> Iterator[None]:
    """Hold a file lock during the block; then delete the lock file and its folder."""
    try:
        with hold_lock(file):
            try:
                yield
            finally:
                with contextlib.suppress(OSError):
                    file.unlink()
                    file.parent.rmdir()
    except BlockingIOError:
        raise Locked(f"{folder}: another export writes to it; wait for it, or stop it") from None


def _write(database: Path, folder: Path, output_format: FileFormat) -> dict[str, Any]:
    """Write a file for every mart and history table; return the descriptor of the package."""
    with duckdb.connect(database, read_only=True) as connection:
        # without these settings, a view in an untrusted database could read any file
        connection.execute(f"set allowed_directories = [{sql_literal(str(folder))}]")
        connection.execute("set enable_external_access = false")
        connection.execute("set threads = 1")  # more threads would not keep the order of row groups
        connection.execute("set lock_configuration = true")
        comments = dict(
            connection.execute(
                """
                select schema_name || '.' || view_name, comment from duckdb_views()
                union all
                select schema_name || '.' || table_name, comment from duckdb_tables()
                """
            ).fetchall()
        )
        resources = []
        for address, columns in _columns(connection).items():
            file = folder / file_path(address, output_format)
            file.parent.mkdir(exist_ok=True)
            names = ", ".join(f'"{column["name"]}"' for column in columns)
            query = f"select {names} from {address} order by {default_order(address) or 'all'}"
            if output_format == "csv":
                query = f"select {_escaped(columns)} from ({query})"
            target = f"{sql_literal(str(file))} ({_OPTIONS[output_format]})"
            rows = connection.execute(f"copy ({query}) to {target}").fetchall()[0][0]
            comment = comments[address] or ""
            resources.append(describe_resource(address, output_format, comment, columns, rows))
        newest_load = "select max(load_id), max(loaded_at) from staging.loads"
        load_id, loaded_at = connection.execute(newest_load).fetchall()[0]
        source = attribution.Attribution(*connection.execute(attribution.QUERY).fetchall()[0])
    return describe_package(load_id, loaded_at, source, resources)


def _columns(connection: duckdb.DuckDBPyConnection) -> dict[str, list[dict[str, str]]]:
    """Return the exported columns of each table: `{"marts.offers": [{"name": …}, …]}`."""
    columns = connection.execute(
        """
        select schema_name, table_name, column_name, lower(data_type), comment
        from duckdb_columns() where schema_name in ('marts', 'history')
        order by schema_name, table_name, column_index
        """
    ).fetchall()
    tables: dict[str, list[dict[str, str]]] = {}
    for schema, table, column, kind, comment in columns:
        if (table, column) not in _VOLATILE_COLUMNS:
            tables.setdefault(f"{schema}.{table}", []).append(
                {"name": column, "type": kind, "description": comment or ""}
            )
    return tables


def _escaped(columns: list[dict[str, str]]) -> str:
    """Return a `select` list that escapes formulas in texts and converts lists to JSON."""
    escape = ", ".join(map(sql_literal, (FORMULA, r"'\0")))
    expressions = {"varchar": f"regexp_replace({{}}, {escape})", "varchar[]": "to_json({})"}
    names = ((f'"{column["name"]}"', column["type"]) for column in columns)
    return ", ".join(
        f"{expressions.get(kind, '{}').format(name)} as {name}" for name, kind in names
    )


def _require_replaceable(folder: Path) -> None:
    """Raise `UsageError` if the folder contains anything other than an earlier export."""
    if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        return
    exported = read_exported_files(folder)
    files = {
        str(file.relative_to(folder))
        for file in folder.rglob("*")
        if not file.is_dir() or file.is_symlink()
    }
    foreign = files - exported
    if foreign or not exported:
        example = f" (it contains {min(foreign)})" if exported else ""
        raise UsageError(
            f"{folder} exists and is not an earlier export{example}; name a new or an empty folder"
        )
