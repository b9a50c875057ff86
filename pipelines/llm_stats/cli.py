"""The command: arguments in, exit codes out. What it does is done elsewhere; heavy imports wait until a command needs them."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from llm_stats import __version__
from llm_stats.errors import CheckFailed, LlmStatsError, UsageError

if TYPE_CHECKING:
    from llm_stats.export import FileFormat
    from llm_stats.output import Format
    from llm_stats.reader import Reader
    from llm_stats.run import Result
    from llm_stats.warehouse import Warehouse

_database = click.option("--database", type=click.Path(path_type=Path), help="The warehouse file.  [default: llm_stats.duckdb]")
_format = click.option(
    "--format", "form", type=click.Choice(["table", "json", "csv", "markdown"]), default="table", show_default=True, help="How to print."
)


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
@_database
@click.option("--concurrency", type=int, help="Most requests in flight.  [default: 8]")
@click.option("--requests-per-minute", type=int, help="Most requests in any minute; 0: no limit.  [default: 50]")
@click.option("--max-requests", type=int, help="Most requests in this run, retries included; the rest is left to the next run.")
@click.option("--max-age", help="Skip models fetched more recently, such as 6h or 7d.")
@click.option("--quiet", is_flag=True, help="No progress.")
def run(model_ids: tuple[str, ...], ids_file: Path | None, all_models: bool, quiet: bool, **given: Any) -> int:
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
    result = carry_out(Settings.read(model_ids=ids or None, **given), all_models=all_models, progress=None if quiet else shown)
    _print_result(result)
    return result.exit_code


@cli.command()
@click.option("--database", type=click.Path(path_type=Path), default=Path("llm_stats_demo.duckdb"), show_default=True)
def demo(database: Path) -> int:
    """Run everything on the bundled sample: no key, no network."""
    from llm_stats.demo import comparisons, run_demo
    from llm_stats.output import render

    click.echo("The numbers are a sample: invented models, prices and scores.\n")
    result = run_demo(database)
    _print_result(result)
    for heading, table in comparisons(result.database):
        click.echo(f"\n{heading}\n{render(table, 'table')}")
    click.echo(f"\nNext:\n  llm-stats show --database {database}\n  llm-stats show offers --describe --database {database}")
    return result.exit_code


@cli.command()
@click.argument("name", required=False)
@click.option("--limit", type=click.IntRange(min=0), default=20, show_default=True, help="Most rows.")
@click.option("--describe", is_flag=True, help="What it says, and what each column means.")
@_format
@_database
def show(name: str | None, limit: int, describe: bool, form: Format, database: Path | None) -> int:
    """Show a view; without a name, list what there is.

    \b
    llm-stats show
    llm-stats show offers --describe
    llm-stats show model_prices --limit 5 --format markdown
    """
    from llm_stats.output import render, safe

    with _reader(database) as reader:
        if name is None:
            click.echo(render(reader.catalog(), form))
        elif describe:
            says, columns = reader.describe(name)
            click.echo(safe(says) + "\n", err=form != "table")
            click.echo(render(columns, form))
        else:
            click.echo(render(reader.rows_of(name, limit), form))
    return 0


@cli.command()
@click.argument("query")
@_format
@_database
def sql(query: str, form: Format, database: Path | None) -> int:
    """Ask the warehouse anything; it is opened read-only and cannot reach other files.

    \b
    llm-stats sql "select model_id, cheapest_provider_ids from marts.model_prices limit 5"
    """
    from llm_stats.output import render

    with _reader(database) as reader:
        click.echo(render(reader.query(query), form))
    return 0


@cli.command()
@click.option("--since", default="7d", show_default=True, help="A time span such as 36h, or a date such as 2026-11-01 (UTC).")
@_format
@_database
def changes(since: str, form: Format, database: Path | None) -> int:
    """What changed, biggest first.

    \b
    llm-stats changes --since 30d
    llm-stats changes --since 2026-11-01 --format markdown
    """
    import datetime as dt

    from llm_stats import changes as changed
    from llm_stats.output import render

    moment = changed.parse_since(since, dt.datetime.now(dt.UTC))
    with _reader(database) as reader:
        found = changed.since(reader, moment)
    if form != "json":
        found = found.only("changed_at", "change")
    click.echo(render(found, form) if found.rows or form != "table" else f"nothing changed since {moment:%Y-%m-%d %H:%M} UTC")
    return 0


@cli.command()
@click.argument("model_id")
@_format
@_database
def history(model_id: str, form: Format, database: Path | None) -> int:
    """The timeline of one model: its offers and scores, and from when to when (UTC).

    \b
    llm-stats history aurora-large-1 --database llm_stats_demo.duckdb
    """
    from llm_stats.output import render
    from llm_stats.timeline import timeline

    with _reader(database) as reader:
        click.echo(render(timeline(reader, model_id), form))
    return 0


@cli.command()
@click.argument("model_ids", nargs=-1, required=True)
@_format
@_database
def compare(model_ids: tuple[str, ...], form: Format, database: Path | None) -> int:
    """Models side by side: facts, cheapest offers, shared benchmarks and who wins each.

    \b
    llm-stats compare aurora-large-1 kestrel-2-pro --database llm_stats_demo.duckdb
    """
    from llm_stats import compare as side_by_side
    from llm_stats.output import render_all

    ids = list(dict.fromkeys(model_ids))
    with _reader(database) as reader:
        tables = {"facts": side_by_side.facts(reader, ids), "benchmarks": side_by_side.benchmarks(reader, ids)}
    click.echo(render_all(tables, form))
    return 0


@cli.command()
@click.argument("model_ids", nargs=-1)
@click.option("--input-tokens", required=True, help="Such as 2M, 500k or 2000000.")
@click.option("--output-tokens", required=True, help="Such as 500k.")
@click.option("--limit", type=click.IntRange(min=0), default=20, show_default=True, help="Most rows.")
@_format
@_database
def cost(model_ids: tuple[str, ...], input_tokens: str, output_tokens: str, limit: int, form: Format, database: Path | None) -> int:
    """What so many tokens cost, cheapest offer first; for all models, or those named.

    \b
    llm-stats cost --input-tokens 10M --output-tokens 2M
    llm-stats cost --input-tokens 2M --output-tokens 500k aurora-large-1 kestrel-2-pro
    """
    from llm_stats import cost as workload
    from llm_stats.output import render

    with _reader(database) as reader:
        sums = workload.tokens(input_tokens), workload.tokens(output_tokens)
        click.echo(render(workload.cost(reader, *sums, model_ids, limit), form))
    return 0


@cli.command()
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True, help="How to print.")
@_database
def status(form: str, database: Path | None) -> int:
    """How the warehouse is doing: the last run, the age of the data, what keeps failing, the requests of today.

    \b
    llm-stats status
    llm-stats status --format json
    """
    from llm_stats import status as states

    with _reader(database) as reader:
        found = states.status(reader)
    for line in [states.as_json(found)] if form == "json" else states.as_text(found):
        click.echo(line)
    return 0


@cli.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--format", "form", type=click.Choice(["parquet", "csv"]), default="parquet", show_default=True, help="How to write.")
@_database
def export(folder: Path, form: FileFormat, database: Path | None) -> int:
    """Write all marts and the history as files, with a manifest; an earlier export in FOLDER is replaced.

    \b
    llm-stats export out
    llm-stats export out --format csv
    """
    from llm_stats.export import export as write

    with _reader(database):
        pass  # says it well if there is nothing to export
    counts = write(_warehouse(database).database, folder, form)
    click.echo(f"wrote {sum(counts.values()):,} rows of {len(counts)} tables to {folder}")
    return 0


@cli.command()
@_format
@_database
def snapshots(form: Format, database: Path | None) -> int:
    """The published snapshots: age, size, rows, and which one is live."""
    from llm_stats.output import render
    from llm_stats.snapshots import listing

    click.echo(render(listing(_warehouse(database).snapshots), form))
    return 0


@cli.command()
@click.option("--to", "snapshot_id", help="The snapshot to go back to.  [default: the last before the live one]")
@_database
def rollback(snapshot_id: str | None, database: Path | None) -> int:
    """Go back to an older snapshot; the next run goes on from there.

    \b
    llm-stats rollback
    llm-stats rollback --to 20261123T170501.123456Z
    """
    warehouse = _warehouse(database)
    with warehouse.lock():
        live = warehouse.snapshots.go_back(snapshot_id)
    click.echo(f"{warehouse.database} is the snapshot {live.id} again")
    return 0


@cli.command()
@_database
def check(database: Path | None) -> int:
    """Run the checks of `sql/checks` on the published file."""
    from llm_stats import checks
    from llm_stats.output import safe

    with _reader(database) as reader:
        found = checks.findings(reader)
    for finding in found:
        click.echo(safe(str(finding)))
    errors = sum(finding.severity == "error" for finding in found)
    click.echo(f"{checks.count()} checks: {errors} errors, {len(found) - errors} warnings")
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
        click.echo(f"serving {records or 'the bundled sample'} at {api.base_url} with the key {SAMPLE_KEY}; Ctrl-C ends it", err=True)
        api.wait()
    return 0


def _reader(database: Path | None) -> Reader:
    from llm_stats.reader import Reader
    from llm_stats.settings import Settings

    return Reader(Settings.read(database=database).database)


def _warehouse(database: Path | None) -> Warehouse:
    from llm_stats.settings import Settings
    from llm_stats.warehouse import Warehouse

    settings = Settings.read(database=database)
    return Warehouse(settings.database, settings.keep_snapshots)


def _read_ids(file: Path) -> list[str]:
    """Ids, one a line, blank lines and `#` comments left out."""
    try:
        text = sys.stdin.read() if str(file) == "-" else file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"--ids-file {file}: {getattr(error, 'strerror', None) or 'not a text file'}") from None
    return [model_id for line in text.splitlines() if (model_id := line.split("#")[0].strip())]


def _print_result(result: Result) -> None:
    from llm_stats.output import safe
    from llm_stats.summary import summary

    for line in summary(result):
        click.echo(safe(line))


def main() -> None:
    """Runs the command; every error that is understood is one line, with its own exit code."""
    from llm_stats.output import safe

    try:
        code = cli(standalone_mode=False)
    except click.ClickException as error:
        error.show()
        code = UsageError.exit_code
    except click.Abort:
        code = 130
    except BrokenPipeError:
        sys.stderr.close()  # the reader of our output has seen enough
        code = 0
    except LlmStatsError as error:
        if "--debug" in sys.argv:
            raise
        click.echo("\n".join(safe(line) for line in f"llm-stats: {error}".splitlines()), err=True)
        code = error.exit_code
    except Exception as error:
        if "--debug" in sys.argv:
            raise
        what = f"{type(error).__name__}: {error}".splitlines()[0]
        click.echo(safe(f"llm-stats: unexpected: {what}; run again with `llm-stats --debug …` and report it"), err=True)
        code = 1
    sys.exit(code if isinstance(code, int) else 0)
