"""Shell completion: completed words, and a real shell that is set up as in the docs."""

from __future__ import annotations

import datetime as dt
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.shell_completion import BashComplete
from llm_stats.cli.main import cli
from support.new_warehouse import keep_snapshots, new_warehouse
from support.parameter_ids import parameter_id
from support.processes import PROGRAMS
from support.synthetic_catalog import synthetic_catalog

NOW = dt.datetime(2026, 11, 23, 12, tzinfo=dt.UTC)
HOSTILE = ["m; rm -rf x", "m\nplain,x", "m$(x)", "m\x1b[31m", "m`x`"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a database in which some model ids contain shell metacharacters."""
    folder = tmp_path_factory.mktemp("completion")
    with new_warehouse(folder / "llm_stats.duckdb") as raw:
        good = synthetic_catalog(2, providers=1, scores=1)
        raw.load(
            [
                *(entry | {"id": f"gpt-{n}.5"} for n, entry in enumerate(good)),
                *(good[0] | {"id": name} for name in HOSTILE),
            ],
            NOW,
        )
        raw.apply()
    snapshot_ids = ("20261123T060000.000000Z", "20261124T060000.000000Z")
    keep_snapshots(folder / "llm_stats.duckdb", *snapshot_ids)
    return folder


@pytest.mark.parametrize(
    ("typed", "completed"),
    [
        (("run", "--log"), ["--log-format"]),
        (("show", "price_c"), ["price_changes"]),
        (("cost", "--database", "missing.duckdb", "gpt"), []),
        (("run", "--allow-failure", "prices_i"), ["prices_in_range"]),
        (("run", "--allow-failure", "models_l"), ["models_left"]),
        (("rollback", "--to", "2026"), ["20261124T060000.000000Z", "20261123T060000.000000Z"]),
        (("export", "--format", ""), ["parquet", "csv"]),
    ],
    ids=parameter_id,
)
def test_words_are_completed(
    folder: Path, monkeypatch: pytest.MonkeyPatch, typed: tuple[str, ...], completed: list[str]
) -> None:
    monkeypatch.chdir(folder)
    *words, incomplete = typed
    completion = BashComplete(cli, {}, "llm-stats", "_LLM_STATS_COMPLETE")
    assert [it.value for it in completion.get_completions(words, incomplete)] == completed


@pytest.mark.skipif(not shutil.which("bash"), reason="bash is not installed")
def test_bash_completes(folder: Path) -> None:
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", PROGRAMS / "complete.sh", "llm-stats", "compare", ""],
        cwd=folder,
        env={"PATH": path},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split("\n")[:-1] == ["gpt-0.5", "gpt-1.5"]
    assert done.stderr == ""
