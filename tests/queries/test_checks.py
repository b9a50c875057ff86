"""Message of a failed check."""

from __future__ import annotations

from llm_stats.queries.checks import CheckResult


def test_failed_check_is_one_line_with_any_names() -> None:
    finding = CheckResult("keys", "error", "Says so", 1, ("model_id",), [("a\n  error: forged",)])
    assert str(finding) == "error: keys: Says so: 1 row: model_id=a\\n  error: forged"
