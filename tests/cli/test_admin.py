"""Commands that administer a warehouse."""

from __future__ import annotations

from pathlib import Path

import pytest
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


@pytest.mark.slow
def test_paths_are_escaped(llm_stats: Command, demo: Path, workdir: Path) -> None:
    assert llm_stats("export", "o\x1b[2Jut", "--database", demo).out.endswith(
        " tables to o\\x1b[2Jut\n"
    )
    assert llm_stats("report", "--out", "o\x1b[2Jut.html", "--database", demo).out.startswith(
        "wrote o\\x1b[2Jut.html ("
    )
