"""Entry point of the `llm-stats` command: the command group, error messages and exit codes.

Slow imports are deferred until a command needs them.
"""

from __future__ import annotations

import gc
import io
import sys
import traceback

import click

from llm_stats._version import __version__
from llm_stats.cli import admin, files, read
from llm_stats.cli.run import demo, run
from llm_stats.errors import Interrupted, LlmStatsError, UsageError
from llm_stats.pipeline.result import format_unexpected
from llm_stats.terminal import echo
from llm_stats.text import escape_control_chars, truncate_middle


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, prog_name="llm-stats")
@click.option("--debug", is_flag=True, help="Show tracebacks.")
def cli(debug: bool) -> None:
    """A warehouse of LLM prices and benchmark scores.

    \b
    llm-stats demo                        try it, without a key
    llm-stats run gpt-5-2025-08-07        fetch models into llm_stats.duckdb
    llm-stats show                        list the views
    llm-stats show offers --limit 10      print a view
    llm-stats sql "select …"              run an SQL query
    """


for _command in (run, demo, *read.COMMANDS, *files.COMMANDS, *admin.COMMANDS):
    cli.add_command(_command)


def main() -> None:
    """Run the command and exit with its code; a known error is printed without a traceback."""
    gc.set_threshold(100_000, 50, 100)  # default thresholds cost 10 % of a run's time
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # the output encoding may lack characters
    try:
        code = cli(sys.argv[1:] or ["--help"], prog_name="llm-stats", standalone_mode=False)
    except SystemExit:  # click exits if `--help` is written to a closed pipe
        code = 0
    except (click.Abort, KeyboardInterrupt) as error:
        interrupt = error.__cause__ or error  # click wraps the interrupt
        if not isinstance(interrupt, Interrupted):
            interrupt = Interrupted("interrupted")
        code = _print_error(str(interrupt), interrupt.exit_code)
    except click.ClickException as error:
        code = _print_error(_format_click_error(error), UsageError.exit_code)
    except LlmStatsError as error:
        code = _print_error(str(error), error.exit_code)
    except Exception as error:
        hint = "run again with `llm-stats --debug …` and report it"
        code = _print_error(f"unexpected: {format_unexpected(error)}; {hint}", 1)
    gc.freeze()  # skip the garbage collection at exit
    sys.exit(code if isinstance(code, int) else 0)


def _print_error(message: str, code: int) -> int:
    """Print the error, or its traceback with --debug, and return the exit code."""
    text = traceback.format_exc() if "--debug" in sys.argv else f"llm-stats: {message}"
    echo(
        "\n".join(truncate_middle(escape_control_chars(line)) for line in text.splitlines()),
        err=True,
    )
    return code


def _format_click_error(error: click.ClickException) -> str:
    """Condense click's error to a line: ``no such option '--foo'; try `llm-stats run --help` ``."""
    message = " ".join(error.format_message().split()).rstrip(".")
    context = error.ctx if isinstance(error, click.UsageError) else None
    command = context.command_path if context else "llm-stats"
    separator = "" if message.endswith("?") else ";"
    return f"{message[:1].lower()}{message[1:]}{separator} try `{command} --help`"
