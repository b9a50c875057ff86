"""Reader for `status` without the checks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from llm_stats.errors import UsageError
from llm_stats.warehouse.duckdb_reader import DuckDBReader
from llm_stats.warehouse.reader import Reader


class UncheckedReader(DuckDBReader):
    """Reader that cannot materialize the marts.

    `status` then runs no checks, which saves most of its time. `Status.unchecked` has the error.
    """

    @contextmanager
    def materialized(self) -> Iterator[Reader]:
        raise UsageError("this test does not need the checks")
        yield self
