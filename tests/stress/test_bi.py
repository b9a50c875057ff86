"""Drivers and notebook of `docs/bi.md`, each in its own virtual environment.

The drivers read a published database while a run publishes the next snapshot.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from llm_stats import sample
from llm_stats.pipeline.run import execute
from llm_stats.sample import SampleApi
from llm_stats.sample.demo import demo_settings
from support.processes import PROGRAMS
from support.virtualenvs import ROOT, python_with

pytestmark = [pytest.mark.ecosystem, pytest.mark.timeout(600)]

DRIVERS = ("python", "sqlalchemy", "adbc")
DRIVER_PACKAGES = ("duckdb", "duckdb-engine", "sqlalchemy<2.0.45", "adbc-driver-manager", "pyarrow")
NOTEBOOK_PACKAGES = ("marimo", "duckdb", "polars")


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> str:
    return python_with(tmp_path_factory.mktemp("bi"), *DRIVER_PACKAGES)


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """Return the path of a published database with one model."""
    with SampleApi(sample.today()[:1]) as api:
        execute(demo_settings(api, tmp_path / "llm_stats.duckdb"), all_models=True)
    return tmp_path / "llm_stats.duckdb"


class Reader:
    """Process that reads the database for each line of its input, and prints the result."""

    def __init__(self, python: str, program: str, *arguments: object) -> None:
        command = [python, "-W", "ignore", str(PROGRAMS / f"{program}.py"), *map(str, arguments)]
        self._process = subprocess.Popen(command, stdin=-1, stdout=-1, text=True)

    def read(self, line: str = "") -> str:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(line, file=self._process.stdin, flush=True)
        return self._process.stdout.readline().strip()

    def finish(self) -> str:
        return self._process.communicate()[0].strip()


def test_readers_keep_their_snapshot_and_then_see_the_next(python: str, database: Path) -> None:
    readers = [Reader(python, "read_with_driver", driver, database) for driver in DRIVERS]
    pool = Reader(python, "read_with_pool", database)
    assert [reader.read() for reader in readers] == ["1 1"] * 3
    assert pool.read() == "1"
    with SampleApi() as api:
        assert execute(demo_settings(api, database), all_models=True).exit_code == 0, (
            "readers do not block publishing"
        )
    assert [reader.read() for reader in readers] == ["1 14"] * 3
    assert [pool.read(), pool.read("dispose")] == ["1", "14"]
    assert [reader.finish() for reader in readers] == ["True"] * 3, "writing fails"
    pool.finish()


@pytest.mark.parametrize("heading", ["Python and Jupyter", "SQLAlchemy", "ADBC"])
def test_code_in_the_docs_runs(python: str, database: Path, tmp_path: Path, heading: str) -> None:
    page = (ROOT / "docs" / "bi.md").read_text("utf-8")
    section = page.split(f"### {heading}\n")[1].split("\n### ")[0]
    (block,) = re.findall(r"```python\n(.*?)```", section, re.DOTALL)
    script = tmp_path / "example.py"
    script.write_text(block.replace("/srv/llm-stats/llm_stats.duckdb", str(database)))
    command = [python, "-W", "ignore", str(script)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stderr == ""
    assert done.stdout.strip() not in ("", "[]", "0")
    assert done.returncode == 0


def test_notebook_runs(tmp_path: Path, database: Path) -> None:
    shutil.copy(ROOT / "docs" / "notebook.py", tmp_path)
    command = [
        python_with(tmp_path, *NOTEBOOK_PACKAGES),
        "-m",
        "marimo",
        "export",
        "html",
        "notebook.py",
        "-o",
        "notebook.html",
    ]
    done = subprocess.run(command, cwd=database.parent, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "aurora-large-1" in (database.parent / "notebook.html").read_text("utf-8")
