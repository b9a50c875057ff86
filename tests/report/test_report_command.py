"""Commands that write the report: output path, atomic writing, errors."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

import duckdb
import pytest
from llm_stats.errors import UsageError
from llm_stats.report import page as page_module
from llm_stats.sample import SampleApi
from support.command import Command
from support.new_warehouse import new_warehouse

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def no_models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a warehouse without models, for the tests that do not read the page's content."""
    file = tmp_path_factory.mktemp("no_models") / "w.duckdb"
    with new_warehouse(file):
        return file


def test_command_names_the_page_after_the_database(
    llm_stats: Command, workdir: Path, no_models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (workdir / "w.html").write_text("<!doctype html>older")
    done = llm_stats("report", "--database", no_models)
    assert re.fullmatch(r"wrote w\.html \(1\.\d MB\)\n", done.out)
    assert done.code == 0
    assert (workdir / "w.html").read_text("utf-8").startswith("<!doctype html>")
    assert "<title>" in (workdir / "w.html").read_text("utf-8")
    monkeypatch.setattr(page_module, "page", lambda _: "<!doctype html>")
    assert llm_stats("report", "--database", no_models, "--out", "new/folder/index.html").code == 0
    assert sorted(path.name for path in workdir.rglob("*")) == [
        "folder",
        "index.html",
        "new",
        "w.html",
    ]


def test_unwritable_path(llm_stats: Command, workdir: Path, no_models: Path) -> None:
    (workdir / "w.duckdb").write_text("a file")
    done = llm_stats("report", "--database", no_models, "--out", "w.duckdb/x/report.html")
    assert done.err.endswith("cannot be written: Not a directory; name another file\n")
    assert done.code == 2
    with pytest.raises(UsageError, match=r"cannot be written: not a regular file; name another"):
        page_module.require_writable(workdir)


@pytest.mark.parametrize("out", ["llm_stats.duckdb", ".dlt/secrets.toml"])
def test_page_does_not_replace_another_file(
    out: str, llm_stats: Command, api: SampleApi, workdir: Path, one_model: Path
) -> None:
    assert one_model == workdir / "llm_stats.duckdb"
    (workdir / ".dlt").mkdir(exist_ok=True)
    (workdir / ".dlt/secrets.toml").write_text("[destination]\n")
    before = (workdir / out).read_bytes()

    run = ("run", "--all", "--base-url", api.base_url, "--quiet")
    for command in (("report", "--out", out), (*run, "--report", out)):
        done = llm_stats(*command)
        assert done.err.endswith("cannot be written: not an HTML page; name another file\n")
        assert done.code == 2
    assert (workdir / out).read_bytes() == before
    assert api.requests == []


def test_failed_write_keeps_the_old_page(
    llm_stats: Command, workdir: Path, no_models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (workdir / "w.html").write_text("<!doctype html>older")

    def full(self: Path, target: Path) -> Path:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    monkeypatch.setattr(page_module, "page", lambda _: "<!doctype html>new")
    done = llm_stats("report", "--database", no_models)
    assert "w.html cannot be written: No space left on device" in done.err
    assert done.code == 2
    assert [(path.name, path.read_text()) for path in workdir.iterdir()] == [
        ("w.html", "<!doctype html>older")
    ]


def test_file_that_is_not_a_warehouse(llm_stats: Command, workdir: Path) -> None:
    duckdb.connect(workdir / "other.duckdb").close()
    done = llm_stats("report", "--database", "other.duckdb")
    assert "other.duckdb is a DuckDB database but not an" in done.err
    assert len(done.err.splitlines()) == 1
    assert "does not exist; create it with" in llm_stats("report").err
    assert done.code == 2


def test_missing_chart_library_is_an_error_before_any_request(
    llm_stats: Command, api: SampleApi, two_days: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "vl_convert", None)
    page_module._bundle_library.cache_clear()
    expected = (
        "llm-stats: the report needs the chart library of vl-convert-python, which is not "
        "installed; run `pip install 'vl-convert-python>=1.9,<2'`\n"
    )
    for command in (
        ("report",),
        ("run", "--all", "--base-url", api.base_url, "--quiet", "--report", "page.html"),
    ):
        done = llm_stats(*command)
        assert (done.code, done.err) == (2, expected)
    assert api.requests == []
    assert list(two_days.parent.glob("*.html")) == []


@pytest.mark.usefixtures("unchecked")
def test_run_writes_the_report_and_sends_no_request_if_it_cannot(
    llm_stats: Command, api: SampleApi, workdir: Path
) -> None:
    run = ("run", "aurora-large-1", "--base-url", api.base_url, "--quiet", "--report")
    done = llm_stats(*run, workdir)
    assert "not a regular file" in done.err
    assert done.code == 2
    assert not (workdir / "llm_stats.duckdb").exists()
    done = llm_stats(*run, "page.html")
    assert re.fullmatch(r"wrote page\.html \(1\.\d MB\)", done.out.splitlines()[-1])
    assert done.code == 0
    assert "aurora-large-1" in (workdir / "page.html").read_text("utf-8")
    assert not os.access(workdir / "llm_stats.html", os.F_OK)
