"""Several runners as in `docs/scale.md`: the merged result equals that of one runner."""

from __future__ import annotations

import datetime as dt
import re
import runpy
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from llm_stats import sample
from llm_stats.queries.checks import require_passing
from llm_stats.sample import SampleApi
from llm_stats.transform import files
from llm_stats.warehouse.duckdb_reader import DuckDBReader, MaterializedReader
from llm_stats.warehouse.reader import Reader
from support.command import Command
from support.new_warehouse import new_warehouse
from support.synthetic_catalog import synthetic_catalog

DOCS = Path(__file__).parents[2] / "docs"
RUNNERS = 2
IDS = [entry["id"] for entry in sample.today()]
FIRST = synthetic_catalog(6, providers=1, scores=1)
SECOND = [
    record | {"providers": [offer | {"input_price_per_m": 9} for offer in record["providers"]]}
    for record in FIRST
]
MORNING = dt.datetime(2026, 11, 1, tzinfo=dt.UTC)
#: Columns that are not compared: they depend on the fetch time, which differs between runs.
TIME_COLUMNS = {"fetched_at", "last_attempted_at", "age_hours", "valid_from"}

unite = runpy.run_path(str(DOCS / "unite.py"))["unite"]


@pytest.fixture
def api() -> Iterator[SampleApi]:
    """Yield a sample API without a quota."""
    with SampleApi() as sample_api:
        yield sample_api


def shares(ids: list[str]) -> list[list[str]]:
    """Return the list of ids of each runner, computed by the shell command in `docs/scale.md`."""
    (line,) = re.findall(
        r"^python3 -c '(.+)' \d+ \d+ < ids.txt",
        (DOCS / "scale.md").read_text("utf-8"),
        re.MULTILINE,
    )
    text = "".join(f"{model_id}\n" for model_id in ids)
    commands = [
        [sys.executable, "-c", line, str(RUNNERS), str(number)] for number in range(RUNNERS)
    ]
    return [
        subprocess.run(
            command, input=text, stdout=subprocess.PIPE, text=True, check=True
        ).stdout.split()
        for command in commands
    ]


def test_parts_are_stable_when_ids_are_added() -> None:
    ids = [f"model-{number}" for number in range(300)]
    whole = shares(ids)
    assert sorted(model_id for share in whole for model_id in share) == sorted(ids)
    assert all(110 < len(share) < 190 for share in whole), "about the same number for each runner"
    assert shares(ids[100:]) == [
        [model_id for model_id in share if model_id in ids[100:]] for share in whole
    ]


@pytest.mark.slow
def test_merged_shards_equal_one_warehouse(tmp_path: Path) -> None:
    """Each shard has two loads, so that there is a history to merge."""
    shards = [tmp_path / f"shard{number}.duckdb" for number in range(RUNNERS)]
    united, whole = tmp_path / "united.duckdb", tmp_path / "whole.duckdb"
    halves = [slice(0, 3), slice(3, 6)]
    for file, part in zip([*shards, whole], [*halves, slice(0, 6)], strict=True):
        with new_warehouse(file) as raw:
            for load_id, hour, records in (("1", 1, FIRST), ("2", 2, SECOND)):
                raw.load(records[part], MORNING.replace(hour=hour), load_id)
                raw.apply()
    unite(united, shards)
    with DuckDBReader(united) as actual, DuckDBReader(whole) as expected:
        for address in ("raw.fetches", "history.offers", "marts.leaderboard", "marts.offers"):
            assert rows(actual, address) == rows(expected, address), address
        assert actual.query("select count(*) from marts.price_changes").rows == [(6,)]
        assert actual.query("from marts.workload_cost(1, 1)").rows
    with pytest.raises(SystemExit, match="is in more than one of these databases"):
        unite(tmp_path / "twice.duckdb", [shards[1], whole])
    assert not (tmp_path / "twice.duckdb").exists()
    for there in (shards[0], united):
        with pytest.raises(SystemExit, match="exists already; name the new file first"):
            unite(there, shards[1:])
    with pytest.raises(SystemExit, match="there is no folder"):
        unite(tmp_path / "nowhere" / "united.duckdb", shards)


@pytest.mark.ecosystem
def test_runners_with_separate_databases(llm_stats: Command, api: SampleApi, workdir: Path) -> None:
    options = ("--base-url", api.base_url, "--requests-per-minute", 0, "--quiet", "--database")
    parts = [workdir / f"shard{number}.duckdb" for number in range(RUNNERS)]
    united, whole = workdir / "united.duckdb", workdir / "whole.duckdb"
    for share, database in zip(shares(IDS), parts, strict=True):
        assert llm_stats("run", *share, *options, database).code == 0
    assert sorted(request.model_id for request in api.requests if request.model_id) == sorted(IDS)
    unite(united, parts)
    assert llm_stats("run", *IDS, *options, whole).code == 0
    with MaterializedReader(united) as actual, MaterializedReader(whole) as expected:
        require_passing(actual)
        for address in [file.address for file in files.files_in("marts")]:
            assert rows(actual, address) == rows(expected, address), address


def rows(reader: Reader, address: str) -> list[tuple[Any, ...]]:
    """Return the rows of a table or view; omit `TIME_COLUMNS`."""
    described = reader.query(f"describe {address}").rows
    columns = ", ".join(column for column, *_ in described if column not in TIME_COLUMNS)
    return reader.query(f"select {columns} from {address} order by all").rows
