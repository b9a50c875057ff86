"""The command at a terminal and in a pipe: what fits, what is cut, who has seen enough, and mistakes in one line."""

from __future__ import annotations

import datetime as dt
import json
import os
import pty
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import click
import pytest
from llm_stats import sample
from llm_stats.cli.main import cli
from llm_stats.cli.render import aligned
from llm_stats.pipeline import progress
from llm_stats.sample import SampleApi
from llm_stats.schema.fetch import Fetch, FetchResult
from llm_stats.table import Table
from support.command import Command


def process(*arguments: object, **options: object) -> subprocess.CompletedProcess[str]:
    """The command in a process of its own."""
    command = [sys.executable, "-m", "llm_stats", *map(str, arguments)]
    return subprocess.run(command, stderr=subprocess.PIPE, text=True, check=False, **options)  # type: ignore[call-overload,no-any-return]


def everything(master: int) -> str:
    """What was written to a terminal, to the end."""
    printed = b""
    try:
        while part := os.read(master, 65536):
            printed += part
    except OSError:  # how Linux says that nobody writes there any more
        pass
    os.close(master)
    return printed.decode()


WIDE = Table(("model_id", "price", "says"), ("VARCHAR", "DOUBLE", "VARCHAR"), [("a", 1.0, "as good as any"), ("b", None, "word " * 12)])


def test_a_table_that_fits_is_left_alone() -> None:
    in_a_pipe = aligned(WIDE, None)
    assert in_a_pipe == aligned(WIDE, 80)
    assert in_a_pipe.splitlines()[2:] == [
        "a             1  as good as any",
        "b             –  " + ("word " * 12).strip(),
    ]


def test_the_widest_text_is_folded_between_words() -> None:
    assert aligned(WIDE, 60).splitlines() == [
        "model_id  price  says",
        "─" * 60,
        "a             1  as good as any",
        "b             –  word word word word word word word word",
        "                 word word word word",
    ]


def test_several_texts_share_the_room() -> None:
    two = Table(("a", "b"), ("VARCHAR", "VARCHAR"), [("one two three four five six", "one two three four five six seven eight nine")])
    assert aligned(two, 42).splitlines()[2:] == [
        "one two three four    one two three four",
        "five six              five six seven eight",
        "                      nine",
    ]


def test_else_each_record_is_a_block() -> None:
    assert aligned(WIDE, 26).splitlines() == [
        "model_id:  a",
        "price:     1",
        "says:      as good as any",
        "",
        "model_id:  b",
        "price:     –",
        "says:      word word word",
        "           word word word",
        "           word word word",
        "           word word word",
    ]


def test_no_word_is_broken_to_keep_a_table() -> None:
    assert aligned(Table(("id", "says"), ("VARCHAR", "VARCHAR"), [("x" * 30, "word " * 5)]), 45).startswith("id:    xxx")


def test_the_name_of_a_column_gives_way_to_what_is_in_it() -> None:
    two = Table(("input_usd_per_mtok", "kestrel-2-pro"), ("DOUBLE", "VARCHAR"), [(5.5, "x"), (12.25, "y")])
    assert aligned(two, 33).splitlines()[0] == "input_usd_per_mtok  kestrel-2-pro"
    assert aligned(two, 20).splitlines() == [
        "   input_  kestrel-",
        " usd_per_  2-pro",
        "     mtok",
        "─" * 20,
        "      5.5  x",
        "    12.25  y",
    ]


def test_a_percentage_and_an_arrow_stay_with_their_numbers() -> None:
    change = Table(("change",), ("VARCHAR",), [("input 0.50 → 0.60 (+20 %), output 0.60 → 0.70 (+17 %)",)])
    assert aligned(change, 26).splitlines()[2:] == ["input 0.50 → 0.60 (+20 %),", "output 0.60 → 0.70 (+17 %)"]
    assert aligned(change, 22).splitlines()[2:] == ["input 0.50 → 0.60", "(+20 %), output", "0.60 → 0.70 (+17 %)"]


def test_many_columns_are_blocks_and_nothing_is_lost() -> None:
    names = tuple(f"column_{number}" for number in range(20))
    shown = aligned(Table(names, ("VARCHAR",) * 20, [names]), 80)
    assert [line.split() for line in shown.splitlines()] == [[f"{name}:", name] for name in names]


def test_wide_characters_take_two_places() -> None:
    lines = aligned(Table(("a", "b"), ("VARCHAR", "VARCHAR"), [("モデル", "x"), ("abc", "y")]), None).splitlines()
    assert lines[2:] == ["モデル  x", "abc     y"]


def test_text_keeps_its_lines_where_they_are_meant_and_each_is_safe() -> None:
    two = Table(("a", "b"), ("VARCHAR", "VARCHAR"), [("x", "one\n  t\x1bwo\n")])
    assert aligned(two, None).splitlines()[2:] == ["x  one\\n  t\\x1bwo\\n"], "a name with a newline is no second row"
    assert aligned(replace(two, multiline=True), None).splitlines()[2:] == ["x  one", "     t\\x1bwo"]


def test_no_name_pads_a_table_beyond_bearing() -> None:
    lines = aligned(Table(("a", "b"), ("VARCHAR", "VARCHAR"), [("x" * 100_000 + "end", "y")]), None).splitlines()
    assert max(map(len, lines)) < 1100
    assert " … " in lines[2]
    assert lines[2].endswith("end  y")


def test_a_long_id_does_not_fill_the_summary(llm_stats: Command) -> None:
    with SampleApi() as api:
        api.publish([sample.today()[0] | {"id": "x" * 3000}])
        done = llm_stats("run", "--all", "--base-url", api.base_url, "--max-requests", 1)
        failed = llm_stats("history", "y" * 100_000)
    assert max(map(len, (done.out + done.err + failed.err).splitlines())) < 1100


INVISIBLE = "\x7f\x9b\xad\u180e\u200b\u202e\u2060\u2064\u2066\u206a\u206f\ufeff\U000e0041"


@pytest.mark.parametrize("output_format", ["json", "csv", "table"])
def test_nothing_that_steers_or_hides_reaches_a_terminal(demo: Path, output_format: str) -> None:
    query = f"select '{INVISIBLE}' as \"a{INVISIBLE}\""
    master, slave = pty.openpty()
    assert process("sql", query, "--format", output_format, "--database", demo, stdout=slave).returncode == 0
    os.close(slave)
    shown = everything(master)
    assert not set(INVISIBLE) & set(shown)
    if output_format == "json":
        assert json.loads(shown) == [{f"a{INVISIBLE}": INVISIBLE}], "and it still means the same"
        piped = process("sql", query, "--format", output_format, "--database", demo, stdout=subprocess.PIPE).stdout
        assert piped.count(INVISIBLE) == 2, "a program gets it as it is"


def test_a_traceback_is_safe_too(workdir: Path) -> None:
    done = process("--debug", "show", "--database", "a\x1b[31mb\u202e.duckdb", stdout=subprocess.PIPE)
    assert (done.returncode, done.stderr.startswith("Traceback (most recent call last):\n")) == (2, True)
    assert "a\\x1b[31mb\\u202e.duckdb does not exist" in done.stderr
    assert not {"\x1b", "\u202e"} & set(done.stderr)


def test_paths_are_printed_safely(llm_stats: Command, demo: Path, workdir: Path) -> None:
    assert llm_stats("export", "o\x1b[2Jut", "--database", demo).out.endswith(" tables to o\\x1b[2Jut\n")
    assert llm_stats("report", "--out", "o\x1b[2Jut.html", "--database", demo).out.startswith("wrote o\\x1b[2Jut.html (")


#: The command, and Ctrl-C when the process has worked for a second more: by then it is in the query, however busy the machine.
PRESSED = """
import os, signal, threading, time
from llm_stats.cli import main as cli
from llm_stats.warehouse import reader

def press():
    begun = time.process_time()
    while time.process_time() < begun + 1:
        time.sleep(0.01)
    os.kill(os.getpid(), signal.SIGINT)

threading.Thread(target=press, daemon=True).start()
cli.main()
"""


def test_ctrl_c_in_a_query_ends_as_everywhere(demo: Path) -> None:
    """Whichever threads of DuckDB work on it: each of the parts is a task of its own, and never ends."""
    query = " union all ".join(["select count(*) from range(1000000000000) where range % 7 = 3"] * 4)
    command = [sys.executable, "-c", PRESSED, "sql", query, "--database", str(demo)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as asked:
        try:
            out, err = asked.communicate(timeout=60)
        finally:
            asked.kill()
    assert (asked.returncode, out, err.strip()) == (130, "", "llm-stats: interrupted")


def test_nothing_at_all() -> None:
    assert aligned(Table((), (), []), 80) == ""
    assert aligned(Table(("a",), ("VARCHAR",), []), 80).splitlines() == ["a", "─"]


@pytest.mark.parametrize(("width", "is_folded"), [("300", False), ("80", True)])
def test_on_a_real_terminal_its_width_counts(demo: Path, width: str, is_folded: bool) -> None:
    master, slave = pty.openpty()
    environment = os.environ | {"COLUMNS": width, "TERM": "dumb"}
    done = process("show", "offers", "--limit", 2, "--database", demo, stdout=slave, env=environment)
    os.close(slave)
    assert done.returncode == 0
    lines = everything(master).splitlines()
    assert max(map(len, lines)) <= int(width)
    assert lines[0].startswith("model_id:") == is_folded


@pytest.mark.parametrize("arguments", [("status",), ("check",), ("show", "offers", "--describe")])
def test_prose_is_folded_on_a_terminal_only(demo: Path, arguments: tuple[str, ...]) -> None:
    master, slave = pty.openpty()
    environment = os.environ | {"COLUMNS": "70", "TERM": "dumb"}
    assert process(*arguments, "--database", demo, stdout=slave, env=environment).returncode == 0
    os.close(slave)
    shown = everything(master)
    piped = process(*arguments, "--database", demo, stdout=subprocess.PIPE).stdout
    assert max(map(len, piped.splitlines())) > 130, "a program gets whole lines"
    assert [line for line in shown.splitlines() if len(line) > 70 and " " in line[12:]] == [], "but for a path, which nobody could copy"
    if arguments != ("show", "offers", "--describe"):  # a table is there too
        one, other = (re.sub(r"\d+ (seconds|minutes)", "", " ".join(text.split())) for text in (shown, piped))
        assert one == other, "no word is torn"


@pytest.mark.parametrize("arguments", [("demo", "--database", "d.duckdb"), ("show",), ("--help",)])
def test_a_reader_who_has_seen_enough_is_no_failure(workdir: Path, demo: Path, arguments: tuple[str, ...]) -> None:
    read, write = os.pipe()
    os.close(read)
    options = ("--database", demo) if arguments == ("show",) else ()
    done = process(*arguments, *options, stdout=write)
    os.close(write)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_code_of_a_run_outlives_its_reader(workdir: Path) -> None:
    read, write = os.pipe()
    os.close(read)
    with SampleApi() as api:
        done = process("run", "murmur-1", "no-such-model", "--base-url", api.base_url, stdout=write)
    os.close(write)
    assert (done.returncode, done.stderr) == (4, "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_a_full_disk_is_said(demo: Path) -> None:
    with Path("/dev/full").open("w") as full:
        done = process("show", "--database", demo, stdout=full)
    assert (done.returncode, done.stderr) == (1, "llm-stats: cannot write the output: No space left on device\n")


def test_a_narrow_character_set_is_no_obstacle(demo: Path) -> None:
    done = process("show", "--database", demo, stdout=subprocess.PIPE, env=os.environ | {"PYTHONIOENCODING": "ascii"})
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("shwo",), "no such command 'shwo'"),
        (("run", "--al"), "no such option '--al'"),
        (("show", "--format", "xml"), "'xml' is not one of 'table', 'json', 'csv', 'markdown'"),
        (("run", "--concurrency", "many"), "'many' is not a valid integer"),
        (("sql",), "missing argument 'QUERY'; try `llm-stats sql --help`"),
        (("cost",), "missing option '--input-tokens'"),
    ],
)
def test_a_mistake_is_one_line_with_the_way_to_help(llm_stats: Command, arguments: tuple[str, ...], says: str) -> None:
    done = llm_stats(*arguments)
    (line,) = done.err.splitlines()
    assert (done.code, done.out) == (2, "")
    assert line.startswith("llm-stats: ")
    assert says in line
    assert "try `llm-stats" in line


def test_without_arguments_there_is_help(llm_stats: Command) -> None:
    done = llm_stats()
    assert (done.code, done.err) == (0, "")
    assert done.out == llm_stats("--help").out


def test_help_teaches_by_example() -> None:
    for name, command in cli.commands.items():
        assert re.search(rf"^ *llm-stats {name}\b", command.help or "", re.MULTILINE), name


@pytest.mark.parametrize(("no_color", "is_coloured"), [("", True), ("1", False)])
def test_progress_is_a_bar_on_a_terminal_and_plain_with_no_color(monkeypatch: pytest.MonkeyPatch, no_color: str, is_coloured: bool) -> None:
    monkeypatch.setenv("NO_COLOR", no_color)
    monkeypatch.setenv("TERM", "xterm-256color")
    answers = [FetchResult(Fetch(model_id="m", requested_at=dt.datetime.now(dt.UTC), outcome="failed", attempts=1))] * 2
    master, slave = pty.openpty()
    with os.fdopen(slave, "w") as screen:
        monkeypatch.setattr(sys, "stderr", screen)
        assert list(progress.show_progress(iter(answers), 2)) == answers
    shown = everything(master)
    assert "fetched 0 of 2, 2 failed" in shown
    assert bool(re.search(r"\x1b\[(?:[0-9;]*;)?(?:3|4|9|10)\d[0-9;]*m", shown)) == is_coloured


def test_help_names_every_command_in_full() -> None:
    for name, command in cli.commands.items():
        assert len(command.get_short_help_str(1000)) < 60, name
    assert "..." not in cli.get_help(click.Context(cli, terminal_width=80)).split("Commands:")[1]
