"""The commands `run` and `demo`."""

from __future__ import annotations

import io
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest
from llm_stats import sample
from llm_stats.pipeline.result import RunResult
from llm_stats.sample import SampleApi
from llm_stats.sample.planned import PlannedFeatures
from llm_stats.settings import Settings
from llm_stats.text import sql_literal
from support.command import Command
from support.parameter_ids import parameter_id
from support.queries import query_rows
from support.sample_requests import requested_ids

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("unchecked")]


def test_long_id_is_truncated_if_the_catalog_takes_the_quota(llm_stats: Command) -> None:
    """The quota is one unit, so the run publishes the catalog and requests no model."""
    record = sample.today()[0] | {"id": "x" * 3000}
    with SampleApi([record], planned=PlannedFeatures(1)) as api:
        done = llm_stats("run", "--all", "--base-url", api.base_url)
        failed = llm_stats("history", "y" * 100_000)
        assert len(api.requests) == 1
    assert done.code == 75
    assert "1 model is deferred" in done.out
    assert "\n1 new model\n" in done.out
    assert "changes" not in done.out
    assert max(map(len, (done.out + done.err + failed.err).splitlines())) < 1100


IDS = [entry["id"] for entry in sample.today()]


@pytest.fixture
def printed(demo: Path) -> str:
    """Return the output of `llm-stats demo`."""
    return demo.with_name("demo.txt").read_text("utf-8")


class TestDemo:
    def test_prints_a_run_that_ignores_the_environment(self, printed: str, demo: Path) -> None:
        assert "This is a sample" in printed
        assert "\n6 models requested: 6 loaded; 7 requests in " in printed
        assert f"\ncatalog: {len(IDS)} models on 1 page, 6 new or changed\n" in printed
        assert f"\n{len(IDS) - 6} models skipped (not due)\n" in printed
        assert demo.is_symlink()

    def test_prints_comparisons(self, printed: str) -> None:
        for heading in ("Cheapest offers", "Best scores", "Best value", "Next:"):
            assert heading in printed
        assert "kestrel-embed-1" not in printed.split("Cheapest offers")[1].split("Best scores")[0]

    def test_prints_changes(self, printed: str) -> None:
        assert "\n7 changes, largest first:" in printed
        for line in (
            "kestrel-embed-0: left the catalog",
            "tessera-70b-open at cumulus: input 0.50 → 0.60 (+20 %), output 0.60 → 0.70 (+17 %)",
            "aurora-large-1 at northlight: input 6.00 → 5.00 (−17 %), output 30.00 → 25.00 (−17 %)",
            "quill-coder-1 at bluebird: listed",
            "kestrel-2-mini at alpine-cloud: delisted",
            "halcyon-3 on sample-math: 0.97 → 0.79",
            "kestrel-2-pro on sample-code: 0.81 verified",
        ):
            assert line in printed

    def test_second_demo_finds_no_change_and_adds_no_duplicates(
        self, llm_stats: Command, workdir: Path, demo: Path
    ) -> None:
        shutil.copytree(demo.parent, workdir, symlinks=True, dirs_exist_ok=True)
        counts = (
            "select (select count(*) from marts.models), (select count(*) from marts.offers), "
            "(select count(*) from marts.scores)"
        )
        before = query_rows(demo, counts)
        second = llm_stats("demo")
        assert "\nno model requested; 1 request in " in second.out
        assert "\n0 changes\n" in second.out
        assert second.code == 0
        assert (
            "the sample has not changed since the last demo; list its earlier changes with "
            "`llm-stats changes --since 7d --database llm_stats_demo.duckdb`" in second.out
        )
        assert query_rows(workdir / "llm_stats_demo.duckdb", counts) == before


class TestIds:
    def test_come_from_arguments_and_a_file_stripped_encoded_and_without_duplicates(
        self, run: Command, workdir: Path, api: SampleApi
    ) -> None:
        """The last id on the command line must be percent-encoded in the URL."""
        hostile = sample.today()[0] | {
            "id": "a/b?c#d%20é'\"; drop table x --",
            "name": "\u202eName\x1b[31m\n",
        }
        api.publish([*sample.today(), hostile])
        (workdir / "ids.txt").write_text(
            "\ufeff# watched\nmurmur-1\n\n  aurora-large-1  # the flagship\n"
        )
        assert (
            run(
                " murmur-1-lite ",
                "murmur-1",
                "murmur-1-lite",
                hostile["id"],
                "--ids-file",
                "ids.txt",
                "--concurrency",
                1,
            ).code
            == 0
        )
        assert requested_ids(api) == ["murmur-1-lite", "murmur-1", hostile["id"], "aurora-large-1"]
        query = f"select model_name from marts.models where model_id = {sql_literal(hostile['id'])}"
        assert query_rows(workdir / "llm_stats.duckdb", query) == [(hostile["name"],)]

    @pytest.mark.usefixtures("one_model")
    def test_come_from_standard_input(
        self, run: Command, api: SampleApi, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(sys, "stdin", io.StringIO("murmur-1\n"))
        api.publish([{"id": "murmur-1"}])
        assert run("--ids-file", "-").code == 3, "nothing to load"
        assert requested_ids(api) == ["murmur-1"]

    @pytest.mark.usefixtures("one_model")
    def test_and_key_come_from_the_configuration(
        self, run: Command, workdir: Path, api: SampleApi, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delenv("LLM_STATS_API_KEY")
        (workdir / ".dlt").mkdir()
        (workdir / ".dlt" / "config.toml").write_text(
            '[sources.llm_stats]\nmodel_ids = ["murmur-1"]\n'
        )
        (workdir / ".dlt" / "secrets.toml").write_text(
            '[sources.llm_stats]\napi_key = "sample-key"\n'
        )
        api.publish([{"id": "murmur-1"}])
        done = run()
        assert "returns records without scores" in done.err, "the key is accepted"
        assert done.code == 3
        assert requested_ids(api) == ["murmur-1"]


class TestBadArguments:
    """Each bad argument has its own message; the exit code is 2."""

    def test_no_ids(self, run: Command) -> None:
        done = run()
        assert "no models to fetch: pass model ids, use --ids-file FILE" in done.err
        assert done.code == 2

    def test_unreadable_ids_file(self, run: Command, workdir: Path) -> None:
        done = run("--ids-file", "missing.txt")
        assert done.err == "llm-stats: --ids-file missing.txt: No such file or directory\n"
        assert done.code == 2
        (workdir / "binary").write_bytes(b"\xff\xfe\x00")
        assert "not a text file" in run("--ids-file", "binary").err
        (workdir / "empty.txt").write_text("# nothing yet\n")
        for arguments in ((), ("--all",), ("murmur-1",)):
            done = run("--ids-file", "empty.txt", *arguments)
            assert done.err == "llm-stats: --ids-file empty.txt contains no ids\n"
            assert done.code == 2

    def test_no_key(self, run: Command, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("LLM_STATS_API_KEY")
        done = run("murmur-1")
        assert "no API key: set LLM_STATS_API_KEY" in done.err
        assert done.code == 2

    def test_key_with_invalid_characters_is_not_printed(
        self, run: Command, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("LLM_STATS_API_KEY", "geheim\nschlüssel")
        done = run("murmur-1")
        assert "not allowed in an HTTP header" in done.err
        assert "geheim" not in done.err
        assert done.code == 2

    def test_invalid_settings(self, run: Command) -> None:
        assert (
            "setting concurrency: Input should be greater than or equal to 1"
            in run("murmur-1", "--concurrency", 0).err
        )
        assert "setting max_age" in run("murmur-1", "--max-age", "soon").err
        assert run("murmur-1", "--no-such-option").code == 2
        assert run("murmur-1", "--api-key", "x").code == 2, "other users can see arguments"
        assert run("murmur-1", "--all").code == 2

    def test_unknown_check(self, run: Command, api: SampleApi) -> None:
        done = run("murmur-1", "--allow-failure", "nevr")
        assert "there is no check 'nevr'; choose from " in done.err
        assert done.code == 2
        assert api.requests == []


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("a", "b"), {"model_ids": ["a", "b"]}),
        (("--all",), {"all_models": True}),
        (("--all", "--catalog-only", "--quiet"), {"all_models": True, "catalog_only": True}),
        (
            ("a", "--allow-failure", "keys", "--allow-failure", "models_left"),
            {"model_ids": ["a"], "allowed_failures": ("keys", "models_left")},
        ),
        (("a", "--log-format", "json"), {"model_ids": ["a"], "progress": "JsonProgress"}),
        (("a", "--concurrency", 3), {"model_ids": ["a"], "concurrency": 3}),
        (("a", "--max-requests", 3), {"model_ids": ["a"], "max_requests": 3}),
        (
            ("a", "--requests-per-minute", 3),
            {"model_ids": ["a"], "requests_per_minute": 3},
        ),
    ],
    ids=parameter_id,
)
def test_options_are_passed_to_the_run(
    llm_stats: Command,
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[object, ...],
    expected: dict[str, Any],
) -> None:
    passed: list[dict[str, Any]] = []

    def execute(settings: Settings, *, progress: object, **options: Any) -> RunResult:
        names = ("model_ids", "concurrency", "max_requests", "requests_per_minute")
        values = {name: getattr(settings, name) for name in names}
        name = None if progress is None else type(progress).__name__
        passed.append({**values, **options, "progress": name})
        return RunResult(settings.database)

    monkeypatch.setattr("llm_stats.pipeline.run.execute", execute)
    assert llm_stats("run", *arguments).code == 0
    default: dict[str, Any] = {
        "model_ids": [],
        "concurrency": 8,
        "max_requests": None,
        "requests_per_minute": 50,
        "all_models": False,
        "catalog_only": False,
        "allowed_failures": (),
        "progress": None if "--quiet" in arguments else "TextProgress",
    }
    assert passed == [default | expected]
