"""A list of ids shared out among runners, as `docs/scale.md` says: each model is asked for once, and the whole is what one runner makes."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
from conftest import Command
from llm_stats import sample, sql
from llm_stats.sample import SampleApi

DOCS = Path(__file__).parents[1] / "docs"
RUNNERS = 3
IDS = [entry["id"] for entry in sample.today()]
#: When something was fetched is another moment in each run.
MOMENTS = {"fetched_at", "last_asked_at", "age_hours", "valid_from"}

sys.path.insert(0, str(DOCS))
from unite import unite


def shares(ids: list[str]) -> list[list[str]]:
    """The ids of each runner, by the line of the documentation."""
    (line,) = re.findall(r"^python3 -c '(.+)' \d+ \d+ < ids.txt", (DOCS / "scale.md").read_text("utf-8"), re.MULTILINE)
    text = "".join(f"{model_id}\n" for model_id in ids)
    commands = [[sys.executable, "-c", line, str(RUNNERS), str(number)] for number in range(RUNNERS)]
    return [subprocess.run(command, input=text, stdout=subprocess.PIPE, text=True, check=True).stdout.split() for command in commands]


def test_a_share_does_not_depend_on_the_others() -> None:
    ids = [f"model-{number}" for number in range(300)]
    whole = shares(ids)
    assert sorted(model_id for share in whole for model_id in share) == sorted(ids)
    assert all(60 < len(share) < 140 for share in whole), "about as many to each"
    assert shares(ids[100:]) == [[model_id for model_id in share if model_id in ids[100:]] for share in whole]


def test_runners_with_databases_of_their_own(llm_stats: Command, api: SampleApi, home: Path) -> None:
    options = ("--base-url", api.base_url, "--requests-per-minute", 0, "--quiet", "--database")
    databases = [home / f"shard{number}.duckdb" for number in range(RUNNERS)]
    for share, database in zip(shares(IDS), databases, strict=True):
        assert llm_stats("run", *share, *options, database).code == 0
    assert sorted(request.model_id for request in api.requests if request.model_id) == sorted(IDS)
    unite(home / "united.duckdb", databases)
    assert llm_stats("run", *IDS, *options, home / "whole.duckdb").code == 0
    assert llm_stats("check", "--database", home / "united.duckdb").code == 0
    with duckdb.connect() as connection:
        for name in ("united", "whole"):
            connection.execute(f"attach '{home / name}.duckdb' as {name} (read_only)")
        for address in [file.address for file in sql.files("marts")]:
            columns = [column for column, *_ in connection.execute(f"describe united.{address}").fetchall() if column not in MOMENTS]
            united, whole = (
                connection.execute(f"select {', '.join(columns)} from {name}.{address} order by all").fetchall() for name in ("united", "whole")
            )
            assert united == whole, address


def test_a_model_of_two_runners_is_refused(llm_stats: Command, api: SampleApi, home: Path) -> None:
    options = ("--base-url", api.base_url, "--requests-per-minute", 0, "--quiet", "--database")
    assert llm_stats("run", IDS[0], *options, home / "a.duckdb").code == 0
    with pytest.raises(SystemExit, match=f"{IDS[0]} is in more than one"):
        unite(home / "united.duckdb", [home / "a.duckdb", home / "a.duckdb"])
    assert not (home / "united.duckdb").exists()
