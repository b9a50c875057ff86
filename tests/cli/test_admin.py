"""Commands that administer a warehouse."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest
from llm_stats.queries import checks
from llm_stats.queries.checks import CheckResult
from llm_stats.sample import SampleApi
from llm_stats.warehouse.duckdb_reader import DuckDBReader
from support.command import Command
from support.parameter_ids import parameter_id


@pytest.mark.parametrize(
    ("command", "options"),
    [("snapshots", ()), ("check", ()), ("rollback", ()), ("export", ("out",))],
    ids=parameter_id,
)
def test_commands_require_a_database(
    llm_stats: Command, workdir: Path, command: str, options: tuple[str, ...]
) -> None:
    done = llm_stats(command, *options, "--database", "nowhere/x.duckdb")
    assert "x.duckdb does not exist; create it with" in done.err
    assert done.code == 2
    assert list(workdir.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "subject", "latency", "quota"),
    [
        ((), "the bundled sample", 0, None),
        (("--records", "mine.json"), "mine.json", 0, None),
        (("--latency-ms", "250", "--planned"), "the bundled sample", 0.25, 250),
    ],
    ids=parameter_id,
)
def test_sample_api_is_announced(
    llm_stats: Command,
    workdir: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...],
    subject: str,
    latency: float,
    quota: int | None,
) -> None:
    (workdir / "mine.json").write_text('[{"id": "m"}]')
    served: list[SampleApi] = []
    monkeypatch.setattr(SampleApi, "wait", lambda api: served.append(api))
    done = llm_stats("sample-api", "--port", 0, *arguments)
    (api,) = served
    assert done.err == (
        f"serving {subject} at {api.base_url} with the key sample-key; Ctrl-C stops it\n"
    )
    assert done.out == ""
    assert done.code == 0
    assert api._latency == latency
    assert (api.planned and api.planned._daily_quota) == quota
    assert (api._catalog.records.keys() == {"m"}) == (subject == "mine.json")


@pytest.mark.parametrize(
    ("severities", "counts", "code"),
    [
        ("", "0 errors, 0 warnings", 0),
        ("w", "0 errors, 1 warning", 0),
        ("eww", "1 error, 2 warnings", 5),
        ("ee", "2 errors, 0 warnings", 5),
    ],
)
def test_check_counts_errors_and_warnings(
    on_demo: Command, monkeypatch: pytest.MonkeyPatch, severities: str, counts: str, code: int
) -> None:
    results = [
        CheckResult(f"c{n}", "error" if letter == "e" else "warning", "It\x1b", 1, ("x",), [(n,)])
        for n, letter in enumerate(severities)
    ]
    monkeypatch.setattr(DuckDBReader, "materialized", contextlib.nullcontext)
    monkeypatch.setattr(checks, "run_checks", lambda _: results)
    done = on_demo("check")
    *lines, last = done.out.splitlines()
    assert lines == [str(result).replace("\x1b", "\\x1b") for result in results]
    assert last == f"{checks.count_checks()} checks: {counts}"
    assert done.code == code


def test_paths_are_escaped(on_demo: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("llm_stats.report.export.export", lambda *_: {"offers": 3})
    monkeypatch.setattr("llm_stats.report.page.write", lambda _, out: out.write_text(""))
    exported = on_demo("export", "o\x1b[2Jut").out
    assert exported == "wrote 3 rows of 1 tables to o\\x1b[2Jut\n"
    reported = on_demo("report", "--out", "o\x1b[2Jut.html").out
    assert reported == "wrote o\\x1b[2Jut.html (0.0 kB)\n"
