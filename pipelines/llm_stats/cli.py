"""The command: arguments in, exit codes out. What it does is done elsewhere; heavy imports wait until a command needs them.

Here are the commands that make the warehouse and look after it; those that read it are in `cli_read`.
"""

from __future__ import annotations

import io
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from llm_stats import __version__
from llm_stats.cli_read import COMMANDS, database_option, format_option, open_reader, print_table, read_text
from llm_stats.errors import CheckFailed, LlmStatsError, UsageError
from llm_stats.terminal import safe, say

if TYPE_CHECKING:
    from llm_stats.export import FileFormat
    from llm_stats.output import Format
    from llm_stats.run import Result
    from llm_stats.warehouse import Warehouse


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


@cli.command()
@click.argument("model_ids", nargs=-1)
@click.option("--ids-file", type=click.Path(path_type=Path, allow_dash=True), help="Ids, one a line; # comments; - reads standard input.")
@click.option("--all", "all_models", is_flag=True, help="Every model the API lists.")
@click.option("--base-url", help="Where the API lives.")
@database_option
@click.option("--concurrency", type=int, help="Most requests in flight.  [default: 8]")
@click.option("--requests-per-minute", type=int, help="Most requests in any minute; 0: no limit.  [default: 50]")
@click.option("--max-requests", type=int, help="Most requests in this run, retries included; the rest is left to the next run.")
@click.option("--max-age", help="Skip models fetched more recently, such as 6h or 7d.")
@click.option("--accept", multiple=True, metavar="CHECK", help="Publish even though this check fails; once, after a look at why.")
@click.option("--report", "page", type=click.Path(path_type=Path), help="Then write the page of `llm-stats report` to this file.")
@click.option("--quiet", is_flag=True, help="No progress.")
def run(
    model_ids: tuple[str, ...],
    ids_file: Path | None,
    all_models: bool,
    accept: tuple[str, ...],
    page: Path | None,
    quiet: bool,
    **given: Any,
) -> int:
    """Fetch models into the warehouse and publish it.

    The key comes from LLM_STATS_API_KEY or .dlt/secrets.toml, never from an argument.

    \b
    llm-stats run gpt-5-2025-08-07 claude-opus-4-5
    llm-stats run --all --max-requests 240      a day's free quota, the stalest models first
    llm-stats run --ids-file watched.txt --max-age 6h
    """
    from llm_stats.progress import shown
    from llm_stats.run import carry_out
    from llm_stats.settings import Settings

    ids = [*model_ids, *(_read_ids(ids_file) if ids_file else [])]
    if ids and all_models:
        raise UsageError("--all fetches every model; leave out the ids")
    settings = Settings.read(model_ids=ids or None, **given)
    if page:
        from llm_stats.report import require_place

        require_place(page)  # known before requests are spent
    result = carry_out(settings, all_models=all_models, accepted_checks=accept, progress=None if quiet else shown)
    _print_result(result)
    if page:
        _write_report(result.database, page)
    return result.exit_code


@cli.command()
@click.option("--database", type=click.Path(path_type=Path), default=Path("llm_stats_demo.duckdb"), show_default=True)
def demo(database: Path) -> int:
    """Run it all on the bundled sample: no key, no network."""
    from llm_stats.demo import comparisons, run_demo
    from llm_stats.output import render

    say("The numbers are a sample: invented models, prices and scores.\n")
    result = run_demo(database)
    _print_result(result)
    if result.changes and not result.changes.rows:
        say(f"the sample does not change; `llm-stats changes --since 7d --database {database}` still shows what did")
    for heading, table in comparisons(result.database):
        say(f"\n{heading}\n{render(table, 'table')}")
    next_steps = ("show", "show offers --describe", "report")
    say("\n".join(["\nNext:", *(f"  llm-stats {step} --database {database}" for step in next_steps)]))
    return result.exit_code


for _command in COMMANDS:
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
    from llm_stats.export import export as write

    with open_reader(database) as reader:
        published = reader.database  # says it well if there is nothing to export
    counts = write(published, folder, form)
    say(f"wrote {sum(counts.values()):,} rows of {len(counts)} tables to {folder}")
    return 0


@cli.command()
@click.option("--out", type=click.Path(path_type=Path), help="The file to write.  [default: llm_stats.html, named after the database]")
@database_option
def report(out: Path | None, database: Path | None) -> int:
    """Write the comparisons as one HTML page.

    It needs no server and no network, so it can be mailed, kept as a build artifact or put on any web server. An earlier page is replaced.

    \b
    llm-stats report
    llm-stats report --out public/index.html
    """
    _write_report(database, out)
    return 0


@cli.command()
@format_option
@database_option
def snapshots(form: Format, database: Path | None) -> int:
    """The published snapshots, and which one is live."""
    from llm_stats.snapshots import listing

    print_table(listing(_warehouse(database).snapshots), form)
    return 0


@cli.command()
@click.option("--to", "snapshot_id", help="The snapshot to go back to.  [default: the one that the live one was made from]")
@database_option
def rollback(snapshot_id: str | None, database: Path | None) -> int:
    """Go back to an older snapshot.

    The next run goes on from there.

    \b
    llm-stats rollback
    llm-stats rollback --to 20261123T170501.123456Z
    """
    warehouse = _warehouse(database)
    with warehouse.lock():
        live = warehouse.snapshots.go_back(snapshot_id)
    say(f"{warehouse.database} is the snapshot {live.id} again")
    return 0


@cli.command()
@database_option
def check(database: Path | None) -> int:
    """Run all checks on the published file."""
    from llm_stats import checks

    with open_reader(database) as reader:
        found = checks.findings(reader)
    for finding in found:
        say(safe(str(finding)))
    errors = sum(finding.severity == "error" for finding in found)
    say(f"{checks.count()} checks: {errors} errors, {len(found) - errors} warnings")
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
    from llm_stats.settings import Settings
    from llm_stats.warehouse import Warehouse

    settings = Settings.read(database=database)
    warehouse = Warehouse(settings.database, settings.keep_snapshots)
    if not warehouse.snapshots.all():
        open_reader(database).close()  # says it well if there is nothing at all
    return warehouse


def _read_ids(file: Path) -> list[str]:
    """Ids, one a line, blank lines and `#` comments left out."""
    text = read_text(file, "--ids-file")
    lines = text.removeprefix("\ufeff").splitlines()  # the mark that some editors put first
    if not (ids := [model_id for line in lines if (model_id := line.split("#")[0].strip())]):
        raise UsageError(f"--ids-file {file} names no ids")
    return ids


def _write_report(database: Path | None, out: Path | None) -> None:
    from llm_stats.report import write

    with open_reader(database) as reader:
        page = out or Path(reader.database.stem + ".html")
        write(reader, page)
    say(f"wrote {page} ({page.stat().st_size / 1e6:.1f} MB)")


def _print_result(result: Result) -> None:
    from llm_stats.summary import summary

    for line in summary(result):
        say(safe(line))


def main() -> None:
    """Runs the command; every error that is understood is one line, with its own exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a narrow character set is no reason to fail
    try:
        code = cli(sys.argv[1:] or ["--help"], prog_name="llm-stats", standalone_mode=False)
    except SystemExit:  # how click answers a reader of `--help` that has seen enough
        code = 0
    except (click.Abort, KeyboardInterrupt):
        code = 130
    except click.ClickException as error:
        code = _complain(_in_a_line(error), UsageError.exit_code)
    except LlmStatsError as error:
        code = _complain(str(error), error.exit_code)
    except Exception as error:
        what = f"{type(error).__name__}: {error}".splitlines()[0]
        code = _complain(f"unexpected: {what}; run again with `llm-stats --debug …` and report it", 1)
    sys.exit(code if isinstance(code, int) else 0)


def _complain(message: str, code: int) -> int:
    """Says what went wrong; with --debug, the traceback says it."""
    if "--debug" in sys.argv:
        raise
    say("\n".join(safe(line) for line in f"llm-stats: {message}".splitlines()), err=True)
    return code


def _in_a_line(error: click.ClickException) -> str:
    """What click says in four lines: ``no such option '--foo'; try `llm-stats run --help` ``."""
    says = " ".join(error.format_message().split()).rstrip(".")
    context = error.ctx if isinstance(error, click.UsageError) else None
    stop = "" if says.endswith("?") else ";"
    return f"{says[:1].lower()}{says[1:]}{stop} try `{context.command_path if context else 'llm-stats'} --help`"
