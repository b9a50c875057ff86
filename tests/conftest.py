"""What every test may use: raw tables filled straight from records, the command, the sample API."""

from __future__ import annotations

import datetime as dt
import json
import signal
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pytest
from llm_stats import cli, record, sql
from llm_stats import raw as raw_tables
from llm_stats.batch import arrow_tables
from llm_stats.client import Answer
from llm_stats.sample import SAMPLE_KEY, SampleApi

# A shell that runs the tests in the background has told them to ignore Ctrl-C, and so would every process that they start.
signal.signal(signal.SIGINT, signal.default_int_handler)


class RawTables:
    """A DuckDB connection with the raw tables, and a way to put records into them as a run does, but for dlt."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self.connection = connection
        raw_tables.define(connection)

    def load(self, documents: Iterable[dict[str, Any]], fetched_at: dt.datetime, load_id: str | None = None) -> None:
        """Merges documented records (JSON objects) as one load: a model's rows are replaced, other models stay; each gets a fetch row."""
        answers = []
        for document in documents:
            body = json.dumps(document)
            row = record.to_row(record.parse(body, document["id"]), fetched_at, body)
            answers.append(Answer(record.Fetch(model_id=row["id"], requested_at=fetched_at, outcome="loaded", attempts=1), row))
        self._take_over(answers, load_id or str(fetched_at.timestamp()))

    def fetch(self, model_ids: Iterable[str], requested_at: dt.datetime, outcome: record.Outcome, load_id: str | None = None) -> None:
        """Only rows of `raw.fetches`: for models that were asked for and did not load."""
        fetches = [record.Fetch(model_id=model_id, requested_at=requested_at, outcome=outcome, attempts=1) for model_id in model_ids]
        self._take_over([Answer(fetch) for fetch in fetches], load_id or str(requested_at.timestamp()))

    def _take_over(self, answers: list[Answer], load_id: str) -> None:
        self.connection.execute("create schema incoming")
        for name, table in arrow_tables(answers).items():
            self.connection.register("arrived", table)
            self.connection.execute(f"create table incoming.{name} as from arrived")
        raw_tables.fill(self.connection, load_id)
        self.connection.execute("drop schema incoming cascade")

    def apply(self) -> None:
        """Builds staging, history and marts from `sql/`."""
        with sql.transaction(self.connection):
            sql.define(self.connection)
            sql.update_history(self.connection)


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
