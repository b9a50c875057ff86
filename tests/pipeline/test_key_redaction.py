"""Redaction of the key in files, logs, tracebacks and output of a run."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable
from pathlib import Path

import pytest
from fake_api import faults, when
from fake_api.server import FakeApi
from llm_stats import run
from llm_stats.errors import LlmStatsError
from llm_stats.reporting.result_text import format_result
from llm_stats.sample import SampleApi
from llm_stats.sample.http import json_response
from support.queries import query_rows
from support.twelve_models import IDS, RECORDS

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("unchecked")]


@pytest.mark.usefixtures("one_model")
class TestKey:
    """Responses in which the API echoes the key."""

    KEY = "sk-live-0123456789-abcdefghij"

    def echo(self, status: int) -> faults.Fault:
        return faults.error(
            status,
            "odd",
            f"The key {self.KEY} is odd.",
            help_url=f"https://help.invalid/?key={self.KEY}",
        )

    @pytest.fixture
    def find_leaks(
        self, workdir: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
    ) -> Callable[..., list[str]]:
        """Return a function that fetches `IDS` and lists outputs and files with the key in them."""
        caplog.set_level(logging.DEBUG)

        def run_and_search(api: SampleApi) -> list[str]:
            printed_text = ""
            try:
                result = run(
                    IDS,
                    api_key=self.KEY,
                    base_url=api.base_url,
                    requests_per_minute=0,
                    database=workdir / "llm_stats.duckdb",
                )
                printed_text += "\n".join(format_result(result)) + repr(result)
            except LlmStatsError as error:
                chain: BaseException | None = error
                while chain is not None:
                    printed_text += "".join(traceback.format_exception(chain)) + repr(
                        chain.__dict__
                    )
                    chain = chain.__cause__ or chain.__context__
            printed = capfd.readouterr()
            assert "urllib3.connectionpool" in caplog.text, "the debug log is captured"
            places = {
                "result": printed_text,
                "log": caplog.text,
                "out": printed.out,
                "err": printed.err,
            }
            leaks = [
                name for name, text in places.items() if self.KEY in text or self.KEY[:20] in text
            ]
            return leaks + [
                str(file)
                for file in workdir.rglob("*")
                if file.is_file() and self.KEY[:20].encode() in file.read_bytes()
            ]

        return run_and_search

    @pytest.mark.usefixtures("short_backoff")
    def test_after_every_kind_of_response(
        self, find_leaks: Callable[..., list[str]], workdir: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The headers of every response contain the key.

        The first run fails a check and keeps its responses in the cache. The second run publishes a
        snapshot.
        """
        headers = faults.headers(
            ETag=f'"{self.KEY}"',
            Last_Modified=self.KEY,
            X_Request_ID=self.KEY,
            X_LLM_Stats_Plan=self.KEY,
            X_Quota_Remaining="200",
        )
        bad = {
            IDS[0]: self.echo(400),
            IDS[1]: self.echo(404),
            IDS[2]: faults.changed(providers=f"for {self.KEY}"),
            IDS[3]: faults.changed(description=f"for {self.KEY}"),
            IDS[4]: faults.redirect(f"https://other.invalid/?key={self.KEY}"),
            IDS[5]: when.first(1, faults.dropped()),
            IDS[6]: lambda *_: json_response({"error": {"code": "x", "message": self.KEY}}),
            IDS[7]: lambda *_: json_response(
                {"detail": [{"loc": [self.KEY], "msg": self.KEY, "type": "x"}]}, 422
            ),
        }

        def reject(*_: object) -> None:
            raise LlmStatsError("rejected")

        with FakeApi(RECORDS, key=self.KEY, faults=bad, everywhere=[headers]) as api:
            with monkeypatch.context() as patched:
                patched.setattr("llm_stats.pipeline.run._run_checks", reject)
                assert find_leaks(api) == []
            published = query_rows(workdir / "llm_stats.duckdb", "select count(*) from raw.fetches")
            assert published == [(1,)], "the first run published nothing"
            assert (workdir / ".llm_stats" / "responses.sqlite").stat().st_size
            assert find_leaks(api) == []
        assert (
            query_rows(
                workdir / "llm_stats.duckdb",
                "select count(*) from raw.fetches where message like '%***%'",
            )[0][0]
            >= 4
        )

    def test_after_a_rejected_key(self, find_leaks: Callable[..., list[str]]) -> None:
        with FakeApi(RECORDS, key=self.KEY, everywhere=[self.echo(401)]) as api:
            assert find_leaks(api) == []
