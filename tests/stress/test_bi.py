"""What `docs/bi.md` says of drivers that can be tried, in an environment of their own, on a published file while the next is published."""

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
from support.virtualenvs import ROOT, in_ci, on_demand, python_with

pytestmark = pytest.mark.timeout(600)

DRIVER_PACKAGES = ("duckdb", "duckdb-engine", "sqlalchemy<2.0.45", "adbc-driver-manager", "pyarrow")
NOTEBOOK_PACKAGES = ("marimo", "duckdb", "polars")
#: For each driver (DuckDB takes one a process): how to connect, and how to ask on a connection.
DRIVERS = {
    "python": """
import duckdb
connect = lambda: duckdb.connect(path, read_only=True)
ask = lambda connection, query: connection.execute(query).fetchall()
""",
    "sqlalchemy": """
import sqlalchemy
engine = sqlalchemy.create_engine(f"duckdb:///{path}", connect_args={"read_only": True}, poolclass=sqlalchemy.NullPool)
connect = engine.connect
ask = lambda connection, query: connection.execute(sqlalchemy.text(query)).fetchall()
""",
    "adbc": """
import adbc_driver_duckdb
from adbc_driver_manager import dbapi
driver = {"driver": adbc_driver_duckdb.driver_path(), "entrypoint": "duckdb_adbc_init"}
connect = lambda: dbapi.connect(**driver, db_kwargs={"path": path, "access_mode": "READ_ONLY"}, autocommit=True)
def ask(connection, query):
    with connection.cursor() as cursor:
        cursor.execute(query)
        return cursor.fetchall()
""",
}
READ = """
with connect() as kept:
    for _ in sys.stdin:
        with connect() as newest:
            print(*(ask(connection, "select count(*) from marts.models")[0][0] for connection in (kept, newest)), flush=True)
with connect() as connection:
    try:
        ask(connection, "create table marts.mine as select 1 as x")
    except Exception as error:
        print("read-only mode" in str(error))
"""
POOL = """
import sqlalchemy
engine = sqlalchemy.create_engine(f"duckdb:///{path}", connect_args={"read_only": True})
for line in sys.stdin:
    if line == "dispose\\n":
        engine.dispose()
    with engine.connect() as connection:
        print(connection.execute(sqlalchemy.text("select count(*) from marts.models")).scalar_one(), flush=True)
"""


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> str:
    return python_with(tmp_path_factory.mktemp("bi"), *DRIVER_PACKAGES)


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """A published file with one model."""
    with SampleApi(sample.today()[:1]) as api:
        execute(demo_settings(api, tmp_path / "llm_stats.duckdb"), all_models=True)
    return tmp_path / "llm_stats.duckdb"


class Reader:
    """A process that reads: each line it is sent makes it say what it sees."""

    def __init__(self, python: str, script: str, database: Path) -> None:
        command = [python, "-W", "ignore", "-c", f"import sys\npath = sys.argv[1]\n{script}", str(database)]
        self._process = subprocess.Popen(command, stdin=-1, stdout=-1, text=True)

    def says(self, line: str = "") -> str:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(line, file=self._process.stdin, flush=True)
        return self._process.stdout.readline().strip()

    def ends(self) -> str:
        return self._process.communicate()[0].strip()


@in_ci
def test_readers_keep_their_snapshot_and_then_see_the_next(python: str, database: Path) -> None:
    readers = [Reader(python, driver + READ, database) for driver in DRIVERS.values()]
    pool = Reader(python, POOL, database)
    assert [reader.says() for reader in readers] == ["1 1"] * 3
    assert pool.says() == "1"
    with SampleApi() as api:
        assert execute(demo_settings(api, database), all_models=True).exit_code == 0, "readers keep nobody from publishing"
    assert [reader.says() for reader in readers] == ["1 14"] * 3
    assert [pool.says(), pool.says("dispose")] == ["1", "14"]
    assert [reader.ends() for reader in readers] == ["True"] * 3, "nobody can write"
    pool.ends()


SHOWN: list[str] = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "bi.md").read_text("utf-8"), re.DOTALL)


@in_ci
@pytest.mark.parametrize("block", SHOWN, ids=["python", "sqlalchemy", "adbc"])
def test_what_the_page_shows_runs(python: str, database: Path, block: str) -> None:
    script = block.replace("/srv/llm-stats/llm_stats.duckdb", str(database))
    done = subprocess.run([python, "-W", "ignore", "-c", script], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.strip() not in ("", "[]", "0")


@on_demand
def test_the_notebook_runs(tmp_path: Path, database: Path) -> None:
    shutil.copy(ROOT / "docs" / "notebook.py", tmp_path)
    command = [python_with(tmp_path, *NOTEBOOK_PACKAGES), "-m", "marimo", "export", "html", "notebook.py", "-o", "notebook.html"]
    done = subprocess.run(command, cwd=database.parent, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "aurora-large-1" in (database.parent / "notebook.html").read_text("utf-8")
