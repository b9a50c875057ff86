"""One load with dlt: rows of results and of the catalog, files, errors."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import dlt
import duckdb
import pytest
from llm_stats.errors import LoadFailed, Locked
from llm_stats.load import loader
from llm_stats.schema.catalog import CatalogLoad, CatalogRead
from llm_stats.schema.fetch import Fetch, FetchResult

NOW = dt.datetime(2026, 11, 23, tzinfo=dt.UTC)


def results(count: int) -> list[FetchResult]:
    return [
        FetchResult(Fetch(model_id=f"m{number}", requested_at=NOW, outcome="failed"))
        for number in range(count)
    ]


def test_results_and_catalog_are_loaded_into_the_dataset(tmp_path: Path) -> None:
    """The results take two pages."""
    read = CatalogRead(read_at=NOW, pages=1, models=3, total=3, is_complete=True, is_trusted=True)
    catalog = CatalogLoad(read, [], ["gone"], {"bad": "why"})
    destination = dlt.destinations.duckdb(str(tmp_path / "incoming.duckdb"))
    load_id = loader.load(results(201), catalog, tmp_path / "dlt", destination, "mine")
    assert (tmp_path / "dlt" / "llm_stats").is_dir(), "the pipeline's files are in the folder"
    with duckdb.connect(tmp_path / "incoming.duckdb") as connection:
        counts = {
            table: connection.execute(f"select count(*) from mine.{table}").fetchall()[0][0]
            for table in (
                "fetches",
                "catalog_reads",
                "catalog_missing",
                "catalog_rejected",
                "models",
            )
        }
        loads = connection.execute("select load_id from mine._dlt_loads").fetchall()
    assert counts == {
        "fetches": 201,
        "catalog_reads": 1,
        "catalog_missing": 1,
        "catalog_rejected": 1,
        "models": 0,
    }
    assert loads == [(load_id,)]


@pytest.mark.parametrize(
    ("error", "expected", "message"),
    [
        (
            ValueError("disk full"),
            LoadFailed,
            "loading failed in step extract: <disk full>; nothing was published",
        ),
        (Locked("another run"), Locked, "another run"),
        (KeyboardInterrupt(), KeyboardInterrupt, ""),
    ],
)
def test_error_during_a_load(
    tmp_path: Path, error: BaseException, expected: type[BaseException], message: str
) -> None:
    def fail() -> Iterator[FetchResult]:
        yield from results(1)
        raise error

    destination = dlt.destinations.duckdb(str(tmp_path / "incoming.duckdb"))
    with pytest.raises(expected) as raised:
        loader.load(
            fail(),
            None,
            tmp_path / "dlt",
            destination,
            "mine",
            format_error=lambda cause: f"<{cause}>",
        )
    assert str(raised.value) == message
