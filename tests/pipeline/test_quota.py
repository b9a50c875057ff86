"""Runs against an API with quota headers: exit code, output and `status`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from fake_api import faults
from llm_stats.sample import SampleApi
from llm_stats.sample.planned import PlannedFeatures
from support.command import Command
from support.twelve_models import RECORDS
from support.webhook_server import WebhookServer

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("unchecked")]

LEFT = "left until"


def arguments(api: SampleApi, *options: str) -> list[str]:
    settings = ["--base-url", api.base_url, "--requests-per-minute", "0", "--quiet"]
    return ["run", "--all", *settings, "--concurrency", "1", *options]


def test_spent_quota_ends_the_run_with_75_and_the_reset_time(
    llm_stats: Command, workdir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The catalog takes one of six units. With a new quota, the next run loads the other models."""
    with WebhookServer() as webhook:
        monkeypatch.setenv("SOURCES__LLM_STATS__WEBHOOK_URL", webhook.url)
        with SampleApi(RECORDS, planned=PlannedFeatures(6)) as api:
            first = llm_stats(*arguments(api, "--notify", "--summary", "run.json"))
        (message,) = webhook.texts
    reset_at = faults.next_midnight()
    assert first.code == 75, first.err
    assert f"stopped early: the quota is spent: 0 of 6 units {LEFT} {reset_at}" in " ".join(
        first.out.split()
    )
    assert "7 models are deferred" in " ".join(first.out.split())
    written = json.loads((workdir / "run.json").read_text("utf-8"))
    assert written["stop"]["kind"] == "quota"
    assert written["outcomes"]["deferred"] == 7
    assert written["quota"] == {
        "remaining": 0,
        "limit": 6,
        "used": 6,
        "reset_at": reset_at,
        "plan": "sample",
    }
    assert "0 quota units left" in message
    with SampleApi(RECORDS, planned=PlannedFeatures(250)) as api:
        second = llm_stats(*arguments(api))
        sent = len(api.requests)
        text = llm_stats("status").out
        document = json.loads(llm_stats("status", "--format", "json").out)
        assert len(api.requests) == sent, "no request is spent on asking"
    assert second.code == 0, second.err
    assert "7 models requested: 7 loaded" in second.out
    assert f"quota: 242 of 250 units {LEFT} {reset_at} (plan sample)" in " ".join(
        second.out.split()
    )
    assert f"quota       242 of 250 units {LEFT} {reset_at} (plan sample), " in text
    assert document["quota"]["remaining"] == 242
    assert document["quota_at"]


@pytest.mark.usefixtures("twelve_models")
def test_status_without_headers_has_no_quota(llm_stats: Command) -> None:
    assert "quota  " not in llm_stats("status").out
    assert json.loads(llm_stats("status", "--format", "json").out)["quota"] is None
