"""Messages and choice of destinations: errors, passwords, missing packages."""

from __future__ import annotations

import sys
from pathlib import Path

import dlt
import pytest
from dlt.common.exceptions import MissingDependencyException
from llm_stats.destinations import open_reader, open_warehouse, require_duckdb_file
from llm_stats.destinations.base import root_cause
from llm_stats.destinations.postgres import Postgres
from llm_stats.errors import UsageError
from llm_stats.settings import Settings
from llm_stats.warehouse.duckdb_file import DuckDBWarehouse
from support.duckdb_engine import DuckDBEngine


class TestMessages:
    @pytest.mark.parametrize(
        ("error", "message"),
        [
            (Exception("\n  first \nsecond\nDETAIL:  why\n"), "first; DETAIL:  why"),
            (ValueError(""), "ValueError"),
            (Exception("dlt says. The actual reason given is: no route"), "no route"),
            (Exception("no host h:5432"), "no host h:5432"),
            (Exception("outer", ValueError("inner", 3)), "('inner', 3)"),
            (Exception("outer", ValueError("inner")), "inner"),
            (Exception(), "Exception"),
            (Exception("to h password=abc"), "to h password=***"),
            (Exception("to postgresql://batch:abc@h/x"), "to postgresql://batch:***@h/x"),
        ],
    )
    def test_error_is_one_line(self, engine: DuckDBEngine, error: Exception, message: str) -> None:
        assert engine.sanitize(error) == message

    @pytest.mark.parametrize(
        ("password", "text", "masked"),
        [
            ("sevench", "xsevench sevench", "xsevench ***"),
            ("eightchr", "xeightchr eightchr", "x*** ***"),
            ("a/b c+d@", "a%2Fb%20c%2Bd%40 a/b c+d@.", "*** ***."),
            ("a.b", "a.b axb", "*** axb"),
        ],
    )
    def test_masked_passwords(
        self, engine: DuckDBEngine, password: str, text: str, masked: str
    ) -> None:
        engine.credentials = type("Credentials", (), {"password": password})
        assert engine.mask_passwords(text) == masked
        catalog = type("Lake", (), {"catalog": engine.credentials, "password": None})
        engine.credentials = catalog
        assert engine.mask_passwords(text) == masked, "the catalog of a DuckLake"
        assert engine.mask_passwords("None") == "None"

    def test_root_cause_is_the_error_of_the_driver(self) -> None:
        driver = ValueError("driver")
        assert root_cause(RuntimeError("dlt", RuntimeError(driver))) is driver
        assert root_cause(driver) is driver
        assert root_cause(empty := ValueError()) is empty

    @pytest.mark.parametrize(
        "error", [ImportError("psycopg2"), MissingDependencyException("postgres", ["psycopg2"])]
    )
    def test_missing_driver(self, monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
        def fail(*_: object, **__: object) -> None:
            raise error

        monkeypatch.setattr(dlt, "destination", fail)
        message = r"destination postgres needs a driver: pip install 'dlt\[postgres\]'"
        with pytest.raises(UsageError, match=message):
            Postgres()

    @pytest.mark.parametrize("name", ["postgres", "ducklake"])
    def test_missing_package_of_a_destination(
        self, monkeypatch: pytest.MonkeyPatch, name: str
    ) -> None:
        monkeypatch.setitem(sys.modules, f"llm_stats.destinations.{name}", None)
        message = rf"destination {name} needs a driver: pip install 'dlt\[{name}\]'"
        with pytest.raises(UsageError, match=message):
            open_reader(Settings.read(destination=name))

    def test_duckdb_is_the_only_destination_with_a_file(self, tmp_path: Path) -> None:
        file = Settings.read(destination="duckdb", database=tmp_path / "w.duckdb")
        assert isinstance(open_warehouse(file), DuckDBWarehouse)
        assert require_duckdb_file(file) == tmp_path / "w.duckdb"
        with pytest.raises(UsageError, match=r"w\.duckdb does not exist; create it"):
            open_reader(file)
        message = (
            "the destination is postgres, but this command needs a DuckDB file; "
            "use postgres's own backup, export and time travel"
        )
        with pytest.raises(UsageError, match=message):
            require_duckdb_file(Settings.read(destination="postgres"))
        with pytest.raises(UsageError, match="there is no destination 'mssql'; choose duckdb, po"):
            open_warehouse(Settings.read(destination="mssql"))
