"""What every test may use: raw tables filled straight from records, the command, the sample API."""

from __future__ import annotations

import datetime as dt
import json
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from llm_stats import cli, record, sql, tables
from llm_stats.sample import SAMPLE_KEY, SampleApi

_ARROW_TYPES = {
    "text": pa.string(),
    "double": pa.float64(),
    "bigint": pa.int64(),
    "bool": pa.bool_(),
    "timestamp": pa.timestamp("us"),
    "date": pa.date32(),
    "json": pa.string(),
}
_SCHEMAS = {
    table: pa.schema([(column.name, _ARROW_TYPES[column.data_type]) for column in tables.all_columns(table)]) for table in tables.TABLES
}


class RawTables:
    """A DuckDB connection with the raw tables as dlt makes them, and a way to put records into them as a load does."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self.connection = connection
        tables.complete(connection)

    def load(self, documents: Iterable[dict[str, Any]], fetched_at: dt.datetime, load_id: str | None = None) -> None:
        """Merges documented records (JSON objects) as one load: a model's rows are replaced, other models stay; each gets a fetch row."""
        load_id = load_id or str(fetched_at.timestamp())
        rows: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for document in documents:
            row = record.to_row(record.parse(json.dumps(document), document["id"]), fetched_at)
            root_id = f"{load_id}/{row['id']}"
            rows["models"].append(_flat(row) | {"_dlt_load_id": load_id, "_dlt_id": root_id})
            for name, children in row.items():
                for index, child in enumerate(children if isinstance(children, list) else ()):
                    keys = {"_dlt_root_id": root_id, "_dlt_parent_id": root_id, "_dlt_list_idx": index}
                    rows[f"models__{name}"].append(_flat(child) | keys | {"_dlt_id": f"{root_id}/{name}/{index}"})
        loaded = [row["id"] for row in rows["models"]]
        for table in (table for table in _SCHEMAS if table != "fetches"):
            key = "id" if table == "models" else "model_id"
            self.connection.execute(f"delete from raw.{table} where {key} in (select unnest(?))", [loaded])
            self._insert(table, rows[table])
        self.fetch(loaded, fetched_at, "loaded", load_id)

    def fetch(self, model_ids: Iterable[str], requested_at: dt.datetime, outcome: record.Outcome, load_id: str | None = None) -> None:
        """Only rows of `raw.fetches`: for models that were asked for and did not load."""
        load_id = load_id or str(requested_at.timestamp())
        fetches = [record.Fetch(model_id=model_id, requested_at=requested_at, outcome=outcome, attempts=1) for model_id in model_ids]
        keys = [{"_dlt_load_id": load_id, "_dlt_id": f"{load_id}/{fetch.model_id}"} for fetch in fetches]
        self._insert("fetches", [fetch.model_dump() | key for fetch, key in zip(fetches, keys, strict=True)])

    def _insert(self, table: str, rows: list[dict[str, Any]]) -> None:
        self.connection.register("rows", pa.Table.from_pylist(rows, schema=_SCHEMAS[table]))
        self.connection.execute(f"insert into raw.{table} by name from rows")

    def apply(self) -> None:
        """Builds staging, history and marts from `sql/`."""
        sql.apply(self.connection)


def _flat(row: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested objects flattened with `__`, lists left out, `extra` as JSON."""
    flat: dict[str, Any] = {}
    for key, value in row.items():
        if key == "extra":
            flat[key] = json.dumps(value)
        elif isinstance(value, dict):
            flat |= _flat(value, f"{prefix}{key}__")
        elif not isinstance(value, list):
            flat[prefix + key] = value
    return flat


@pytest.fixture
def raw() -> Iterator[RawTables]:
    """Empty raw tables in a DuckDB in memory."""
    with duckdb.connect() as connection:
        yield RawTables(connection)


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo's database, made once, to be read."""
    from llm_stats.demo import run_demo

    return run_demo(tmp_path_factory.mktemp("demo") / "demo.duckdb").database


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working folder, and an environment without settings but for the sample's key."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LLM_STATS_API_KEY", SAMPLE_KEY)
    return tmp_path


@pytest.fixture
def api() -> Iterator[SampleApi]:
    """The sample API, on loopback."""
    with SampleApi() as serving:
        yield serving


@dataclass(frozen=True)
class Done:
    """What a command printed, and its exit code."""

    code: int
    out: str
    err: str


Command = Callable[..., Done]


@pytest.fixture
def llm_stats(home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Command:
    """The command, in this process and in `home`: `llm_stats("run", "aurora-large-1", "--base-url", api.base_url)`."""

    def command(*arguments: object) -> Done:
        monkeypatch.setattr(sys, "argv", ["llm-stats", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        printed = capsys.readouterr()
        assert "Traceback" not in printed.err
        return Done(int(ended.value.code or 0), printed.out, printed.err)

    return command
