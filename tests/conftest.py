"""What every test may use: raw tables filled straight from records, the command, the sample API."""

from __future__ import annotations

import datetime as dt
import json
import shutil
import signal
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pytest
from llm_stats.api.cache import ResponseCache
from llm_stats.api.client import Answer
from llm_stats.cli import main
from llm_stats.load import merge as raw_tables
from llm_stats.sample import SAMPLE_KEY, SampleApi, today
from llm_stats.schema import record
from llm_stats.schema.arrow import arrow_tables
from llm_stats.transform import files

# A shell that runs the tests in the background has told them to ignore Ctrl-C, and so would every process that they start.
signal.signal(signal.SIGINT, signal.default_int_handler)

#: What DuckDB 1.5 cannot do; with that, the tests of DuckLake run.
DUCKDB_2 = pytest.mark.skipif(duckdb.__version__ < "2", reason="DuckDB 1.5")


class RawTables:
    """A DuckDB connection with the raw tables, and a way to put records into them as a run does, but for dlt."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, *, is_defined: bool = False) -> None:
        self.connection = connection
        self._is_defined = is_defined
        if not is_defined:
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
        """Builds staging, history and marts from `sql/`: the definitions once, for these cost most."""
        with files.transaction(self.connection):
            if not self._is_defined:
                files.define(self.connection)
            files.update_history(self.connection)
        self._is_defined = True


@pytest.fixture(scope="session")
def _everything_built() -> Iterator[RawTables]:
    from replay import built

    with built() as raw:
        yield raw


@pytest.fixture
def raw(_everything_built: RawTables) -> Iterator[RawTables]:
    """Empty raw tables in a DuckDB in memory, with everything under `sql/` on them, and a connection of the test's own."""
    from replay import empty

    empty(_everything_built)
    with _everything_built.connection.cursor() as connection:
        yield RawTables(connection, is_defined=True)


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo's database, made once, to be read."""
    from llm_stats.sample.demo import run_demo

    return run_demo(tmp_path_factory.mktemp("demo") / "demo.duckdb").database


@pytest.fixture(scope="session")
def _run_of_one_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from llm_stats.pipeline.run import carry_out
    from llm_stats.sample.demo import demo_settings

    folder = tmp_path_factory.mktemp("one_model")
    with SampleApi([entry for entry in today() if entry["id"] == "murmur-1"]) as api:
        carry_out(demo_settings(api, folder / "llm_stats.duckdb"), all_models=True)
    return folder


@pytest.fixture
def one_model(_run_of_one_model: Path, home: Path) -> Path:
    """`llm_stats.duckdb` in `home` as a run of `murmur-1` has published it, with all that is beside it."""
    shutil.copytree(_run_of_one_model, home, symlinks=True, dirs_exist_ok=True)
    return home / "llm_stats.duckdb"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working folder, and an environment without settings but for the sample's key."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LLM_STATS_API_KEY", SAMPLE_KEY)
    return tmp_path


@pytest.fixture
def api(request: pytest.FixtureRequest) -> Iterator[SampleApi]:
    """The sample API, on loopback; with the `RECORDS` of the module, if it has any."""
    with SampleApi(getattr(request.module, "RECORDS", None)) as serving:
        yield serving


@pytest.fixture
def cache(tmp_path: Path) -> Iterator[ResponseCache]:
    with ResponseCache(tmp_path / "responses.sqlite", dt.timedelta(hours=1)) as cache:
        yield cache


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
            main.main()
        printed = capsys.readouterr()
        assert "Traceback" not in printed.err
        return Done(int(ended.value.code or 0), printed.out, printed.err)

    return command
