"""Text of the summary of a run."""

from __future__ import annotations

from pathlib import Path

import pytest
from llm_stats.pipeline.result import RunResult, format_result
from llm_stats.sample import SampleApi
from support.command import Command


@pytest.mark.slow
def test_summary_uses_singular_and_plural(
    llm_stats: Command, api: SampleApi, one_model: Path
) -> None:
    done = llm_stats("run", "murmur-1", "murmur-1-lite", "halcyon-3", "--base-url", api.base_url)
    assert "3 models requested: 3 loaded; " in done.out
    assert "\n2 new models, 0 changes\n" in done.out
    assert list(format_result(RunResult(one_model, requested=0, skipped=1, requests_sent=1))) == [
        "0 models requested: none; 1 request in 0.0 s",
        "1 model skipped (newer than --max-age)",
        "nothing was published: no model is due",
    ]
