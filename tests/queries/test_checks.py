"""Checks: message of a failed check, order, severity, scope and allowed failures."""

from __future__ import annotations

from typing import Any

import duckdb
import pytest
from llm_stats.connection import DuckDBConnection, QueryError
from llm_stats.errors import CheckFailed, LlmStatsError, UsageError
from llm_stats.queries import checks
from llm_stats.queries.checks import CheckResult, require_passing, run_checks
from llm_stats.table import Table
from llm_stats.transform.checks import Check, Scope


def test_failed_check_is_one_line_with_any_names() -> None:
    finding = CheckResult("keys", "error", "Says so", 1, ("model_id",), [("a\n  error: forged",)])
    assert str(finding) == "error: keys: Says so: 1 row: model_id=a\\n  error: forged"


class Reader:
    """A reader of an empty database."""

    def query(self, query: str) -> Table:
        with duckdb.connect() as connection:
            try:
                return DuckDBConnection(connection).execute(query)
            except QueryError as error:
                raise UsageError(str(error)) from None


READER: Any = Reader()


@pytest.fixture(autouse=True)
def few_checks(monkeypatch: pytest.MonkeyPatch) -> list[Check]:
    """Replace all checks by four; of these, `passing` finds no row."""
    few = [
        Check(
            "doubt", "-- A doubt.\n-- Severity: warning\nselect range as x, 2 as y from range(7);"
        ),
        Check("passing", "-- Nothing.\n-- Severity: error\nselect 1 where false;"),
        Check(
            "whole",
            "-- All.\n-- Severity: warning\n-- Population: all models.\nselect 3 as z;",
        ),
        Check("wrong", "-- A wrong row.\n-- Severity: error\nselect 'a' as model_id;"),
    ]
    monkeypatch.setattr(checks, "all_checks", lambda: few)
    return few


def test_errors_come_first_and_the_rows_are_a_sample() -> None:
    assert run_checks(READER) == [
        CheckResult("wrong", "error", "A wrong row", 1, ("model_id",), [("a",)]),
        CheckResult("doubt", "warning", "A doubt", 7, ("x", "y"), [(n, 2) for n in range(5)]),
        CheckResult("whole", "warning", "All", 1, ("z",), [(3,)]),
    ]
    assert checks.count_checks() == 4


def test_checks_of_all_models_are_left_out_if_others_follow() -> None:
    assert [result.check for result in run_checks(READER, Scope.LOADED)] == ["wrong", "doubt"]


def test_error_prevents_publishing_unless_it_is_allowed() -> None:
    with pytest.raises(CheckFailed) as raised:
        require_passing(READER)
    assert str(raised.value) == (
        "nothing was published: checks failed:\n  error: wrong: A wrong row: 1 row: model_id=a"
    )
    assert raised.value.checks == ("wrong",)
    allowed = require_passing(READER, ["wrong"], Scope.LOADED)
    assert [result.check for result in allowed] == ["wrong", "doubt"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("-- No severity.\nselect 1;", "the header needs a line `-- Severity: error` or"),
        (
            "-- Broken.\n-- Severity: error\nselect nothing\n;",
            'checks/bad.sql: Binder Error: Referenced column "nothing" was not found',
        ),
    ],
)
def test_check_that_cannot_run_is_named(few_checks: list[Check], text: str, message: str) -> None:
    few_checks.append(Check("bad", text))
    with pytest.raises(LlmStatsError) as raised:
        require_passing(READER)
    assert message in str(raised.value)
    assert "\n" not in str(raised.value)
    assert str(raised.value).endswith("; nothing was published")
