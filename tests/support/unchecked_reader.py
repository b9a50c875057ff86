"""Reader for `status` without the checks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from llm_stats.errors import UsageError
from llm_stats.warehouse.duckdb_reader import DuckDBReader
from llm_stats.warehouse.reader import Reader


class UncheckedReader(DuckDBReader):
    """A reader whose marts cannot be materialized, so that `status` runs no checks.

    The checks take most of the time of `status`; `Status.unchecked` names the reason.
    """

    @contextmanager
    def materialized(self) -> Iterator[Reader]:
        raise UsageError("this test does not need the checks")
        yield self
