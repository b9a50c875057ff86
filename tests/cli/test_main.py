"""Command group: help, one-line errors, tracebacks."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import click
import pytest
from llm_stats import __main__
from llm_stats.cli.main import cli
from llm_stats.errors import Interrupted, Locked
from support.command import Command
from support.parameter_ids import parameter_id
from support.processes import PROGRAMS, run_command


def test_without_arguments_prints_help(llm_stats: Command) -> None:
    done = llm_stats()
    assert done.err == ""
    assert done.out == llm_stats("--help").out
    assert done.code == 0


def test_help_shows_examples() -> None:
    for name, command in cli.commands.items():
        assert re.search(rf"^ *llm-stats {name}\b", command.help or "", re.MULTILINE), name


def test_help_lists_every_command_with_its_full_summary() -> None:
    for name, command in cli.commands.items():
        assert len(command.get_short_help_str(1000)) < 60, name
    assert "..." not in cli.get_help(click.Context(cli, terminal_width=80)).split("Commands:")[1]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("shwo",), "no such command 'shwo'. Did you mean 'show'? try `llm-stats --help`"),
        (("run", "--al"), "no such option '--al'"),
        (("show", "--format", "xml"), "'xml' is not one of 'table', 'json', 'csv', 'markdown'"),
        (("run", "--concurrency", "many"), "'many' is not a valid integer"),
        (("sql",), "missing argument 'QUERY'; try `llm-stats sql --help`"),
        (("cost",), "missing option '--input-tokens'"),
    ],
    ids=parameter_id,
)
def test_usage_error_is_one_line_with_a_hint(
    llm_stats: Command, arguments: tuple[str, ...], message: str
) -> None:
    done = llm_stats(*arguments)
    (line,) = done.err.splitlines()
    assert done.out == ""
    assert done.code == 2
    assert line.startswith("llm-stats: ")
    assert message in line
    assert "try `llm-stats" in line


def test_traceback_is_escaped(workdir: Path) -> None:
    done = run_command(
        "--debug", "show", "--database", "a\x1b[31mb\u202e.duckdb", stdout=subprocess.PIPE
    )
    assert done.stderr.startswith("Traceback (most recent call last):\n")
    assert "a\\x1b[31mb\\u202e.duckdb does not exist" in done.stderr
    assert not {"\x1b", "\u202e"} & set(done.stderr)
    assert done.returncode == 2


def test_ascii_locale_is_supported(demo: Path) -> None:
    done = run_command(
        "show",
        "--database",
        demo,
        stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONIOENCODING": "ascii"},
    )
    assert done.stderr == ""
    assert done.returncode == 0


def test_help_imports_no_slow_library() -> None:
    command = [sys.executable, str(PROGRAMS / "print_modules.py"), "llm_stats.cli.main"]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    slow = {"dlt", "duckdb", "pyarrow", "pydantic", "requests", "rich", "sqlglot"}
    assert slow & set(done.stdout.split()) == set()


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (KeyboardInterrupt(), 130, "interrupted"),
        (click.Abort(), 130, "interrupted"),
        (Interrupted("interrupted by SIGTERM; x", 143), 143, "interrupted by SIGTERM; x"),
        (Locked("a lock"), 6, "a lock"),
        (click.FileError("x", "hint."), 2, "could not open file 'x': hint; try `llm-stats --help`"),
        (
            ValueError("a\nb"),
            1,
            "unexpected: ValueError: a; run again with `llm-stats --debug …` and report it",
        ),
    ],
)
def test_exit_code_and_message_of_an_error(
    llm_stats: Command,
    monkeypatch: pytest.MonkeyPatch,
    error: BaseException,
    code: int,
    message: str,
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr("llm_stats.cli.options.open_reader", fail)
    monkeypatch.setattr("llm_stats.cli.read.open_reader", fail)
    done = llm_stats("show")
    assert done.err.lstrip("\n") == f"llm-stats: {message}\n", "click ends the line after Ctrl-C"
    assert done.out == ""
    assert done.code == code


@pytest.mark.parametrize("is_default", [True, False])
def test_ctrl_c_during_the_imports_ends_the_process(
    monkeypatch: pytest.MonkeyPatch, is_default: bool
) -> None:
    """A handler that the caller has set stays."""
    calls: list[object] = []
    handler = signal.default_int_handler if is_default else signal.SIG_IGN
    monkeypatch.setattr("signal.getsignal", lambda _: handler)
    monkeypatch.setattr("signal.signal", lambda *arguments: calls.append(arguments))
    monkeypatch.setattr("llm_stats.cli.main.main", lambda: calls.append("command"))
    __main__.main()
    changes = [
        (signal.SIGINT, signal.SIG_DFL),
        (signal.SIGINT, signal.default_int_handler),
    ]
    assert calls == [*(changes if is_default else []), "command"]
