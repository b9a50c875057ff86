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
Start = Callable[..., subprocess.Popen[str]]


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the path of the Python in a virtual environment with this project and DuckLake."""
    wheels = [f"duckdb-extension-{name.replace('_', '-')}=={_VERSION}" for name in _EXTENSIONS]
    packages = (f"{ROOT}[ducklake]", f"duckdb=={_VERSION}", *wheels)
    return python_with(tmp_path_factory.mktemp("lake"), *packages)


@pytest.fixture(scope="module")
def new_lake(python: str, new_database: Callable[[], str]) -> Callable[[Path], Start]:
    """Return a function that prepares a DuckLake with its data in a folder.

    That function returns another, which starts a program of `support/programs` on the DuckLake. The
    first run creates the DuckLake.
    """
    installed = (
        Path(python)
        .parents[1]
        .glob("lib/*/site-packages/duckdb_extension_*/extensions/*/*.duckdb_extension")
    )
    extensions = json.dumps([f"'{file}'" for file in sorted(installed)])

    def new(folder: Path) -> Start:
        credentials = {
            "CATALOG": new_database(),
            "STORAGE__BUCKET_URL": str(folder),
            "EXTENSIONS": extensions,
        }
        environment = {
            f"DESTINATION__DUCKLAKE__CREDENTIALS__{name}": value
            for name, value in credentials.items()
        }
        environment["PYTHONPATH"] = str(ROOT / "tests")

        def start(program: str, *arguments: object) -> subprocess.Popen[str]:
            return subprocess.Popen(
                [python, str(PROGRAMS / f"{program}.py"), *map(str, arguments)],
                env=os.environ | environment,
                stdout=subprocess.PIPE,
                text=True,
            )

        return start

    return new


@pytest.fixture(scope="module")
def published(
    new_lake: Callable[[Path], Start], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, Start, str]:
    """Return the folder of a DuckLake that one run has filled, and the output of the run.

    The second item starts a program on the DuckLake. The data is in the subfolder `lake`; the local
    files are next to `w.duckdb`.
    """
    folder = tmp_path_factory.mktemp("published")
    start = new_lake(folder / "lake")
    (output,) = output_of(start("publish_generations", folder / "w.duckdb", 1, "ducklake"))
    return folder, start, output


def output_of(process: subprocess.Popen[str]) -> list[str]:
    out, _ = process.communicate()
    assert process.returncode == 0
    return out.splitlines()


def test_ducklake_and_duckdb_have_the_same_rows(
    new_lake: Callable[[Path], Start], tmp_path: Path
) -> None:
    start = new_lake(tmp_path / "lake")
    output_of(start("compare_with_ducklake", tmp_path / "llm_stats.duckdb"))
    assert list((tmp_path / "lake").rglob("*.parquet"))


def test_reader_creates_no_ducklake(new_lake: Callable[[Path], Start], tmp_path: Path) -> None:
    start = new_lake(tmp_path / "lake")
    query = "select count(*) from marts.offers"
    (answer,) = output_of(start("query_ducklake", tmp_path / "w.duckdb", query))
    assert "creating a new DuckLake is explicitly disabled" in answer


def test_user_query_cannot_write(published: tuple[Path, Start, str]) -> None:
    folder, start, _ = published
    database, lake = folder / "w.duckdb", folder / "lake"
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
        "select count(*) from marts.offers": "[(",
    }
    answers = [json.loads(line) for line in output_of(start("query_ducklake", database, *wants))]
    for (query, expected), (_, text) in zip(wants.items(), answers, strict=True):
        assert expected in text, query
        assert SECRET not in text, query
    assert [kind for kind, _ in answers] == ["rejected"] * 7 + ["accepted"] * 2
    assert sorted(lake.rglob("*")) == files


def test_one_process_loads_while_two_read(
    published: tuple[Path, Start, str], tmp_path: Path
) -> None:
    folder, start, first = published
    stop = tmp_path / "stop"
    readers = [
        start("poll_ducklake", tmp_path / machine / "w.duckdb", stop) for machine in ("a", "b")
    ]
    (second,) = output_of(start("publish_generations", folder / "w.duckdb", 1, "ducklake", 2))
    published_at = [json.loads(output) for output in (first, second)]
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
                folder / "w.duckdb",
                json.dumps([moment for _, moment in published_at]),
            )
        )
    ]
    assert past == [[number, number] for number, _ in published_at], "time travel and history agree"
