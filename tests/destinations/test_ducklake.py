"""DuckLake with a catalog in PostgreSQL and Parquet files in a folder.

The tests use a separate virtual environment with DuckDB 1.5.5. DuckDB's extensions are installed
there as wheels, so they are not downloaded at runtime.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from support.postgres_server import SECRET
from support.processes import PROGRAMS
from support.virtualenvs import ROOT, python_with

pytestmark = [pytest.mark.ecosystem, pytest.mark.timeout(900)]

_VERSION = "1.5.5"
_EXTENSIONS = ("ducklake", "postgres_scanner")
RUNS = 2


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the path of the Python in a virtual environment with this project and DuckLake."""
    wheels = [f"duckdb-extension-{name.replace('_', '-')}=={_VERSION}" for name in _EXTENSIONS]
    packages = (f"{ROOT}[ducklake]", f"duckdb=={_VERSION}", *wheels)
    return python_with(tmp_path_factory.mktemp("lake"), *packages)


@pytest.fixture
def start(
    python: str, new_database: Callable[[], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., subprocess.Popen[str]]:
    """Return a function that starts a program of `support/programs` on a new DuckLake."""
    installed = (
        Path(python)
        .parents[1]
        .glob("lib/*/site-packages/duckdb_extension_*/extensions/*/*.duckdb_extension")
    )
    credentials = {
        "CATALOG": new_database(),
        "STORAGE__BUCKET_URL": str(tmp_path / "lake"),
        "EXTENSIONS": json.dumps([f"'{file}'" for file in sorted(installed)]),
    }
    environment = os.environ | {
        f"DESTINATION__DUCKLAKE__CREDENTIALS__{name}": value for name, value in credentials.items()
    }
    environment["PYTHONPATH"] = str(ROOT / "tests")

    def start(program: str, *arguments: object) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [python, str(PROGRAMS / f"{program}.py"), *map(str, arguments)],
            env=environment,
            stdout=subprocess.PIPE,
            text=True,
        )

    return start


def output_of(process: subprocess.Popen[str]) -> list[str]:
    out, _ = process.communicate()
    assert process.returncode == 0
    return out.splitlines()


def test_ducklake_and_duckdb_have_the_same_rows(
    start: Callable[..., subprocess.Popen[str]], tmp_path: Path
) -> None:
    output_of(start("compare_with_ducklake", tmp_path / "llm_stats.duckdb"))
    assert list((tmp_path / "lake").rglob("*.parquet"))


def test_user_query_cannot_write(
    start: Callable[..., subprocess.Popen[str]], tmp_path: Path
) -> None:
    database, lake = tmp_path / "w.duckdb", tmp_path / "lake"
    count = "select count(*) from marts.offers"
    (before,) = output_of(start("query_ducklake", database, count))
    assert "creating a new DuckLake is explicitly disabled" in before, (
        "readers do not create a DuckLake"
    )
    output_of(start("publish_generations", database, 1, "ducklake"))
    files = sorted(lake.rglob("*"))
    wants = {
        f"explain analyze copy (select 1) to '{lake}/new.csv'": "only one statement that reads",
        f"explain (analyze) copy (select 1) to '{lake}/new.csv'": "only one statement that reads",
        "with x as (select 1) delete from raw.models": "only one statement that reads",
        "from ducklake_expire_snapshots('ducklake', older_than => now())": "read-only",
        "from ducklake_delete_orphaned_files('ducklake', cleanup_all => true)": "readonly",
        "select * from read_text('/etc/hostname')": "Cannot access file",
        "set enable_external_access = true": "only one statement that reads",
        "select path from duckdb_databases()": "://batch:***@",
        count: "[(",
    }
    answers = [json.loads(line) for line in output_of(start("query_ducklake", database, *wants))]
    for (query, expected), (_, text) in zip(wants.items(), answers, strict=True):
        assert expected in text, query
        assert SECRET not in text, query
    assert [kind for kind, _ in answers] == ["rejected"] * 7 + ["accepted"] * 2
    assert sorted(lake.rglob("*")) == files


def test_one_process_loads_while_two_read(
    start: Callable[..., subprocess.Popen[str]], tmp_path: Path
) -> None:
    stop = tmp_path / "stop"
    output_of(
        start("publish_generations", tmp_path / "w.duckdb", 1, "ducklake")
    )  # readers do not create a DuckLake
    readers = [
        start("poll_ducklake", tmp_path / machine / "w.duckdb", stop) for machine in ("a", "b")
    ]
    published = [
        json.loads(line)
        for line in output_of(start("publish_generations", tmp_path / "w.duckdb", RUNS, "ducklake"))
    ]
    stop.touch()
    for reader in readers:
        seen = json.loads(output_of(reader)[0])
        assert all(state[:3] == [1, True, True] for state in seen)
        generations = [state[3] for state in seen]
        assert generations == sorted(generations), "no reader goes back"
        assert len(set(generations)) > 1, "read during the load"
    past = [
        json.loads(line)
        for line in output_of(
            start(
                "ducklake_past",
                tmp_path / "w.duckdb",
                json.dumps([moment for _, moment in published]),
            )
        )
    ]
    assert past == [[number, number] for number, _ in published], "time travel and history agree"
