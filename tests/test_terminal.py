"""Output on a terminal and in a pipe: width, wrapping, escaping, closed pipes, a full disk."""

from __future__ import annotations

import contextlib
import errno
import io
import json
import logging
import os
import pty
import re
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from llm_stats import terminal
from llm_stats.errors import LlmStatsError
from llm_stats.queries import checks
from llm_stats.queries.checks import CheckResult
from llm_stats.warehouse.duckdb_reader import DuckDBReader
from support.command import Command
from support.parameter_ids import parameter_id
from support.processes import read_terminal, run_command

INVISIBLE = "\x7f\x9b\xad\u180e\u200b\u202e\u2060\u2064\u2066\u206a\u206f\ufeff\U000e0041"


@pytest.fixture
def on_terminal(on_demo: Command, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """Return a function that runs a command on the demo database and returns its output.

    The command runs in this process and prints to a pseudo-terminal of 70 columns.
    """

    def show(*arguments: object) -> str:
        master, slave = pty.openpty()
        with ThreadPoolExecutor(1) as pool, monkeypatch.context() as patched:
            shown = pool.submit(read_terminal, master)
            with os.fdopen(slave, "w", encoding="utf-8") as terminal:
                patched.setattr(sys, "stdout", terminal)
                patched.setenv("COLUMNS", "70")
                done = on_demo(*arguments)
            assert done.code == 0
            return shown.result()

    return show


@pytest.mark.parametrize("output_format", ["json", "csv", "table"])
def test_control_characters_are_escaped(
    on_terminal: Callable[..., str], on_demo: Command, output_format: str
) -> None:
    query = f"select '{INVISIBLE}' as \"a{INVISIBLE}\""
    shown = on_terminal("sql", query, "--format", output_format)
    assert shown
    assert not set(INVISIBLE) & set(shown)
    if output_format == "json":
        assert json.loads(shown) == [{f"a{INVISIBLE}": INVISIBLE}], "the JSON value is unchanged"
        piped = on_demo("sql", query, "--format", output_format).out
        assert piped.count(INVISIBLE) == 2, "output in a pipe is unchanged"


@pytest.mark.parametrize(("width", "is_folded"), [("300", False), ("80", True)])
def test_output_has_the_width_of_the_terminal(demo: Path, width: str, is_folded: bool) -> None:
    master, slave = pty.openpty()
    environment = os.environ | {"COLUMNS": width, "TERM": "dumb"}
    done = run_command(
        "show", "offers", "--limit", 2, "--database", demo, stdout=slave, env=environment
    )
    os.close(slave)
    assert done.returncode == 0
    lines = read_terminal(master).splitlines()
    assert max(map(len, lines)) <= int(width)
    assert lines[0].startswith("model_id:") == is_folded


@pytest.mark.parametrize(
    "arguments", [("status",), ("check",), ("show", "offers", "--describe")], ids=parameter_id
)
def test_prose_is_wrapped_on_a_terminal_only(
    on_terminal: Callable[..., str],
    on_demo: Command,
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...],
) -> None:
    finding = CheckResult("c", "warning", "A check " * 20, 1, ("x",), [(1,)])
    monkeypatch.setattr(DuckDBReader, "materialized", contextlib.nullcontext)
    monkeypatch.setattr(checks, "run_checks", lambda _: [finding])
    shown = on_terminal(*arguments)
    piped = on_demo(*arguments).out
    assert max(map(len, piped.splitlines())) > 130, "lines in a pipe are not wrapped"
    assert [line for line in shown.splitlines() if len(line) > 70 and " " in line[12:]] == [], (
        "only a path is not wrapped, so that it can be copied"
    )
    if arguments != ("show", "offers", "--describe"):  # --describe prints a table too
        one, other = (
            re.sub(r"\d+ (seconds|minutes)", "", " ".join(text.split())) for text in (shown, piped)
        )
        assert one == other, "no word is broken"


@pytest.mark.parametrize("arguments", [("show",), ("--help",)], ids=parameter_id)
def test_closed_pipe_is_not_an_error(workdir: Path, demo: Path, arguments: tuple[str, ...]) -> None:
    read, write = os.pipe()
    os.close(read)
    options = ("--database", demo) if arguments == ("show",) else ()
    done = run_command(*arguments, *options, stdout=write)
    os.close(write)
    assert done.stderr == ""
    assert done.returncode == 0


def test_exit_code_is_kept_when_the_pipe_is_closed(workdir: Path) -> None:
    """`status` prints the settings, although there is no database."""
    read, write = os.pipe()
    os.close(read)
    done = run_command("status", stdout=write)
    os.close(write)
    assert done.stderr.startswith(f"llm-stats: {workdir}/llm_stats.duckdb does not exist; ")
    assert len(done.stderr.splitlines()) == 1
    assert done.returncode == 2


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
def test_full_disk_is_an_error(demo: Path) -> None:
    with Path("/dev/full").open("w") as full:
        done = run_command("show", "--database", demo, stdout=full)
    assert done.stderr == "llm-stats: cannot write the output: No space left on device\n"
    assert done.returncode == 1


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def replace_streams(monkeypatch: pytest.MonkeyPatch) -> tuple[io.StringIO, io.StringIO]:
    """Make standard output a terminal of 20 columns, and standard error a file."""
    out, err = Terminal(), io.StringIO()
    monkeypatch.setattr(sys, "stdout", out)
    monkeypatch.setattr(sys, "stderr", err)
    monkeypatch.setenv("COLUMNS", "20")
    return out, err


def test_process_without_a_console_prints_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("stdout", "stderr"):
        monkeypatch.setattr(sys, name, None)
    for err in (False, True):
        assert terminal.width(err=err) is None
        terminal.echo("x", err=err)
        terminal.echo_wrapped("x", err=err)
    assert terminal.escape_json("\x7f") == "\x7f"


def test_only_a_terminal_has_a_width(monkeypatch: pytest.MonkeyPatch) -> None:
    _, err = replace_streams(monkeypatch)
    assert terminal.width() == 20
    assert terminal.width(err=True) is None
    text = '"\x1b\x7f\u200b"\n'
    assert terminal.escape_json(text) == '"\\u001b\\u007f\\u200b"\n'
    monkeypatch.setattr(sys, "stdout", err)
    assert terminal.escape_json(text) == text


def test_lines_are_printed_on_their_stream(monkeypatch: pytest.MonkeyPatch) -> None:
    out, err = replace_streams(monkeypatch)
    line = "  one two three four five"
    terminal.echo_wrapped(f"{line}\nsix")
    terminal.echo_wrapped(line, indent=0)
    terminal.echo_wrapped()
    terminal.echo_wrapped(line, err=True)
    terminal.echo()
    terminal.echo(line, err=True)
    assert out.getvalue().splitlines() == [
        "  one two three four",
        "    five",
        "six",
        "  one two three four",
        "  five",
        "",
        "",
    ]
    assert err.getvalue().splitlines() == [line, line]


def test_warning_is_one_escaped_line_on_standard_error(monkeypatch: pytest.MonkeyPatch) -> None:
    out, err = replace_streams(monkeypatch)
    record = logging.LogRecord("llm_stats", logging.WARNING, "", 1, "a %s", ("\x1b\n",), None)
    terminal.WarningHandler().emit(record)
    assert err.getvalue() == "llm-stats: warning: a \\x1b\\n\n"
    assert out.getvalue() == ""


@pytest.mark.parametrize(
    ("error", "err", "is_raised"),
    [
        (OSError(errno.ENOSPC, "No space"), False, True),
        (OSError(errno.ENOSPC, "No space"), True, False),
        (BrokenPipeError(errno.EPIPE, "Broken pipe"), False, False),
    ],
)
def test_output_that_fails_is_discarded_from_then_on(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, error: OSError, err: bool, is_raised: bool
) -> None:
    class Failing(io.TextIOWrapper):
        def write(self, _: str) -> int:
            raise error

    with (tmp_path / "file").open("wb") as file:
        monkeypatch.setattr(sys, "stderr" if err else "stdout", Failing(file))
        with (
            pytest.raises(LlmStatsError, match=r"^cannot write the output: No space$")
            if is_raised
            else contextlib.nullcontext()
        ):
            terminal.echo("x", err=err)
        monkeypatch.undo()
        file.write(b"rest")
    assert (tmp_path / "file").read_bytes() == b""
