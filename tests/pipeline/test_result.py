"""The summary of a run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from llm_stats.pipeline.result import RunResult, summary_lines
from llm_stats.sample import SampleApi
from support.command import Command


class TestAccount:
    @pytest.mark.parametrize(
        ("account", "expected"),
        [
            (
                {"plan": "free", "email": "ann@sample.invalid", "quota": {"limit": 250, "used": 7, "remaining": 243}},
                "account: plan free, quota.limit 250, quota.used 7, quota.remaining 243",
            ),
            ({"requests_left_today": 12.0, "id": "acc-1"}, "account: requests_left_today 12.0"),
            ({"data": [1, 2], "owner": {"name": "Ann"}}, None),
            ({"limits": {f"limit_{number}": "x" * 500 for number in range(50)}}, "account: limits.limit_0 xxx"),
            ({}, None),
            (None, None),
        ],
    )
    def test_shows_what_speaks_of_a_quota(self, account: dict[str, Any] | None, expected: str | None, tmp_path: Path) -> None:
        lines = [line for line in summary_lines(RunResult(tmp_path / "x.duckdb", account=account)) if line.startswith("account")]
        assert (lines[0].startswith(expected) and len(lines[0]) < 700) if expected else not lines


def test_the_summary_counts_in_good_english(llm_stats: Command, api: SampleApi, one_model: Path) -> None:
    done = llm_stats("run", "murmur-1", "murmur-1-lite", "halcyon-3", "--base-url", api.base_url)
    assert "3 models asked: 3 loaded; " in done.out
    assert "\n2 new models, 0 changes\n" in done.out
    assert list(summary_lines(RunResult(one_model, requested=0, skipped=1, requests_sent=1))) == [
        "0 models asked: none; 1 request in 0.0 s",
        "1 model left out, for it is fresh enough",
        "nothing is due, so nothing was published",
    ]
