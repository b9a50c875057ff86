"""The command: arguments in, exit codes out. What it does is done elsewhere; heavy imports wait until a command needs them.

Here are the commands that look after the warehouse; those that make it are in `cli_run`, those that read it in `cli_read`.
"""

from __future__ import annotations

import gc
import io
import sys
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from llm_stats import __version__
from llm_stats.cli import completion
from llm_stats.cli.options import database_option, format_option, open_reader, place_options, print_table
from llm_stats.cli.read import COMMANDS
from llm_stats.cli.run import demo, run
from llm_stats.errors import CheckFailed, Interrupted, LlmStatsError, UsageError
from llm_stats.pipeline.result import counted, unexpected
from llm_stats.terminal import safe, say, short, tell

if TYPE_CHECKING:
    from llm_stats.cli.render import Format
    from llm_stats.warehouse.duckdb_file import Warehouse
    from llm_stats.warehouse.export import FileFormat


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, prog_name="llm-stats")
@click.option("--debug", is_flag=True, help="Show tracebacks.")
def cli(debug: bool) -> None:
    """The warehouse of LLM prices and benchmark scores.

    \b
    llm-stats demo                        try it, without a key
    llm-stats run gpt-5-2025-08-07        fetch models into llm_stats.duckdb
    llm-stats show                        what can be asked
    llm-stats show offers --limit 10      look at it
    llm-stats sql "select …"              ask anything
    """


for _command in (run, demo, *COMMANDS):
    cli.add_command(_command)


@cli.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--format", "form", type=click.Choice(["parquet", "csv"]), default="parquet", show_default=True, help="How to write.")
@database_option
def export(folder: Path, form: FileFormat, database: Path | None) -> int:
    """Write all marts and the history as files.

    With a manifest; an earlier export in FOLDER is replaced.

    \b
    llm-stats export out
    llm-stats export out --format csv
    """
    from llm_stats.destinations.home import file
    from llm_stats.settings import Place
    from llm_stats.warehouse.export import export as write

    published = file(Place.read(database=database))
    open_reader(database=published).close()  # says it well if there is nothing to export
    counts = write(published, folder, form)
    say(safe(f"wrote {sum(counts.values()):,} rows of {len(counts)} tables to {folder}"))
    return 0


@cli.command()
@format_option
@database_option
def snapshots(form: Format, database: Path | None) -> int:
    """The published snapshots, and which one is live.

    \b
    llm-stats snapshots
    llm-stats snapshots --format json
    """
    from llm_stats.warehouse.snapshots import listing

    print_table(listing(_warehouse(database).snapshots), form)
    return 0


@cli.command()
@click.option(
    "--to",
    "snapshot_id",
    shell_complete=completion.snapshots,
    help="The snapshot to go back to.  [default: the one that the live one was made from]",
)
@database_option
def rollback(snapshot_id: str | None, database: Path | None) -> int:
    """Go back to an older snapshot.

    The next run goes on from there.

    \b
    llm-stats rollback
    llm-stats rollback --to 20261123T170501.123456Z
    """
    warehouse = _warehouse(database)
    with warehouse.lock(even_if_broken=True):
        live = warehouse.snapshots.go_back(snapshot_id)
    say(safe(f"{warehouse.database} is the snapshot {live.id} again"))
    return 0


@cli.command()
@place_options
def check(**place: Any) -> int:
    """Run all checks on the published file.

    Each run has made them before it published; this is for a file that came from elsewhere, or after an upgrade.

    \b
    llm-stats check
    llm-stats check --database backup.duckdb
    """
    from llm_stats.queries import checks

    with open_reader(**place) as reader, checks.ready(reader) as computed:
        found = checks.findings(computed)
    for finding in found:
        tell(safe(str(finding)))
    errors = sum(finding.severity == "error" for finding in found)
    say(f"{counted(checks.count(), 'check')}: {counted(errors, 'error')}, {counted(len(found) - errors, 'warning')}")
    return CheckFailed.exit_code if errors else 0


@cli.command()
@click.option("--port", type=click.IntRange(0, 65535), default=8765, show_default=True, help="0 takes any free port.")
@click.option("--records", type=click.Path(path_type=Path), help="A JSON list of model records, instead of the bundled sample.")
@click.option("--latency-ms", type=click.IntRange(min=0), default=0, help="Wait so long before each answer.")
def sample_api(port: int, records: Path | None, latency_ms: int) -> int:
    """Serve the sample as the API would, on this machine only.

    \b
    llm-stats sample-api &
    LLM_STATS_API_KEY=sample-key llm-stats run --all --base-url http://127.0.0.1:8765/stats/v1
    """
    from llm_stats.sample import SAMPLE_KEY, SampleApi, load_records

    with SampleApi(load_records(records) if records else None, port=port, latency_ms=latency_ms) as api:
        say(f"serving {records or 'the bundled sample'} at {api.base_url} with the key {SAMPLE_KEY}; Ctrl-C ends it", err=True)
        api.wait()
    return 0


def _warehouse(database: Path | None) -> Warehouse:
    """The warehouse of a published file. Raises `UsageError` if there is neither a file nor a snapshot to go back to."""
    from llm_stats.destinations.home import file
    from llm_stats.settings import Settings
    from llm_stats.warehouse.duckdb_file import Warehouse

    settings = Settings.read(database=database)
    warehouse = Warehouse(file(settings), settings.keep_snapshots)
    if not warehouse.snapshots.all():
        open_reader(database=database).close()  # says it well if there is nothing at all
    return warehouse


def main() -> None:
    """Runs the command; every error that is understood is told without a traceback, and has its own exit code."""
    gc.set_threshold(100_000, 50, 100)  # many objects, few circles: to look for these takes a tenth of a run
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a narrow character set is no reason to fail
    try:
        code = cli(sys.argv[1:] or ["--help"], prog_name="llm-stats", standalone_mode=False)
    except SystemExit:  # how click answers a reader of `--help` that has seen enough
        code = 0
    except (click.Abort, KeyboardInterrupt) as error:
        interrupt = error.__cause__ or error  # click wraps it
        code = _complain(str(interrupt) if isinstance(interrupt, Interrupted) else "interrupted", Interrupted.exit_code)
    except click.ClickException as error:
        code = _complain(_in_a_line(error), UsageError.exit_code)
    except LlmStatsError as error:
        code = _complain(str(error), error.exit_code)
    except Exception as error:
        code = _complain(f"unexpected: {unexpected(error)}; run again with `llm-stats --debug …` and report it", 1)
    gc.freeze()  # nor is there any need to look at them all once more at the end
    sys.exit(code if isinstance(code, int) else 0)


def _complain(message: str, code: int) -> int:
    """Says what went wrong; with --debug, the traceback says it."""
    says = traceback.format_exc() if "--debug" in sys.argv else f"llm-stats: {message}"
    say("\n".join(short(safe(line)) for line in says.splitlines()), err=True)
    return code


def _in_a_line(error: click.ClickException) -> str:
    """What click says in four lines: ``no such option '--foo'; try `llm-stats run --help` ``."""
    says = " ".join(error.format_message().split()).rstrip(".")
    context = error.ctx if isinstance(error, click.UsageError) else None
    stop = "" if says.endswith("?") else ";"
    return f"{says[:1].lower()}{says[1:]}{stop} try `{context.command_path if context else 'llm-stats'} --help`"
