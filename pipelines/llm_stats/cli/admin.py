"""Commands that administer a warehouse: status, snapshots, rollback, check, sample-api."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from llm_stats.cli.options import (
    complete_snapshots,
    database_option,
    format_option,
    location_options,
    open_reader,
    print_table,
    print_warnings,
)
from llm_stats.errors import CheckFailed, UsageError
from llm_stats.terminal import WarningHandler, echo, echo_wrapped, escape_json
from llm_stats.text import escape_control_chars, pluralize

if TYPE_CHECKING:
    from llm_stats.cli.render import Format
    from llm_stats.warehouse.duckdb_file import DuckDBWarehouse

#: Daily quota of the free plan, in units.
_SAMPLE_QUOTA = 250


@click.command()
@format_option
@database_option
def snapshots(output_format: Format, database: Path | None) -> int:
    """List the published snapshots, and mark the live snapshot.

    \b
    llm-stats snapshots
    llm-stats snapshots --format json
    """
    from llm_stats.queries.snapshots import list_snapshots

    table = list_snapshots(_open_duckdb_warehouse(database).snapshots)
    print_table(table, output_format)
    if future := sum(row["age_hours"] is None for row in table.to_dicts()):
        subject = pluralize(future, "snapshot is", "snapshots are")
        echo(f"{subject} from the future: check the clock", err=True)
    return 0


@click.command()
@click.option(
    "--to",
    "snapshot_id",
    shell_complete=complete_snapshots,
    help="Id of the snapshot.  [default: the parent of the live snapshot]",
)
@database_option
def rollback(snapshot_id: str | None, database: Path | None) -> int:
    """Make an older snapshot live again.

    The next run continues from this snapshot.

    \b
    llm-stats rollback
    llm-stats rollback --to 20261123T170501.123456Z
    """
    print_warnings(WarningHandler())
    warehouse = _open_duckdb_warehouse(database)
    with warehouse.lock(even_if_broken=True):
        live = warehouse.snapshots.rollback(snapshot_id)
    echo(escape_control_chars(f"rolled back {warehouse.database} to snapshot {live.id}"))
    return 0


@click.command()
@location_options
def check(**location: Any) -> int:
    """Run all checks on the published file.

    Every run checks its new file before publishing it. Use this command to check a file from
    another source, or to check the warehouse after an upgrade.

    \b
    llm-stats check
    llm-stats check --database backup.duckdb
    """
    from llm_stats.queries import checks

    with open_reader(**location) as reader, reader.materialized() as materialized_reader:
        results = checks.run_checks(materialized_reader)
    for result in results:
        echo_wrapped(escape_control_chars(str(result)))
    errors = sum(result.severity == "error" for result in results)
    warnings = len(results) - errors
    counts = f"{pluralize(errors, 'error')}, {pluralize(warnings, 'warning')}"
    echo(f"{pluralize(checks.count_checks(), 'check')}: {counts}")
    return CheckFailed.exit_code if errors else 0


@click.command()
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8765,
    show_default=True,
    help="Port; 0: any free port.",
)
@click.option(
    "--records",
    type=click.Path(path_type=Path),
    help="JSON file with a list of model records, instead of the bundled sample.",
)
@click.option("--latency-ms", type=click.IntRange(min=0), default=0, help="Delay of each response.")
@click.option(
    "--planned",
    is_flag=True,
    help="Add what the API documents but does not send yet: ETags, quota headers.",
)
def sample_api(port: int, records: Path | None, latency_ms: int, planned: bool) -> int:
    """Serve the bundled sample as an API, on loopback only.

    \b
    llm-stats sample-api &
    LLM_STATS_API_KEY=sample-key llm-stats run --all --base-url http://127.0.0.1:8765/stats/v1
    """
    from llm_stats.sample import SAMPLE_KEY, SampleApi, load_records
    from llm_stats.sample.planned import PlannedFeatures

    with SampleApi(
        load_records(records) if records else None,
        port=port,
        latency_ms=latency_ms,
        planned=PlannedFeatures(daily_quota=_SAMPLE_QUOTA) if planned else None,
    ) as api:
        subject = records or "the bundled sample"
        echo(
            f"serving {subject} at {api.base_url} with the key {SAMPLE_KEY}; Ctrl-C stops it",
            err=True,
        )
        api.wait()
    return 0


def _open_duckdb_warehouse(database: Path | None) -> DuckDBWarehouse:
    """Return the warehouse in a DuckDB file.

    Raise `UsageError` if the destination is not DuckDB, or if neither a file nor a snapshot exists.
    """
    from llm_stats.destinations import require_duckdb_file
    from llm_stats.settings import Settings
    from llm_stats.warehouse.duckdb_file import DuckDBWarehouse

    settings = Settings.read(database=database)
    warehouse = DuckDBWarehouse(require_duckdb_file(settings), settings.keep_snapshots)
    if not warehouse.snapshots.all():
        open_reader(database=database).close()  # raises `UsageError` if there is no file
    return warehouse


@click.command()
@click.option(
    "--format",
    "output_format",
    type=click.Choice(["table", "json"]),
    default="table",
    show_default=True,
    help="Output format.",
)
@location_options
def status(output_format: str, **location: Any) -> int:
    """Print the state of the warehouse and the configuration.

    Shows the last run, the number of requests today, the age and health of the data, and failing
    models. Then it shows the versions and where each setting comes from.

    \b
    llm-stats status
    llm-stats status --format json
    """
    from llm_stats.cli.status import config_lines, status_json, status_lines
    from llm_stats.config_report import config_report
    from llm_stats.queries import status as queries
    from llm_stats.settings import WarehouseLocation

    config = config_report(**location)
    try:
        with open_reader(**location) as reader:
            current, check_command = queries.status(reader), reader.command("check")
        if output_format == "json":
            echo(escape_json(status_json(current, config)))
        else:
            _echo_fields(status_lines(current, check_command))
    except UsageError as error:
        failure = queries.describe_failed_first_run(WarehouseLocation.read(**location))
        raise UsageError(f"{error}{failure}") from None
    finally:  # before the first run `open_reader` raises; print the configuration even then
        if output_format == "table":
            _echo_fields(["", *config_lines(config)])
    return UsageError.exit_code if config.problem else 0


def _echo_fields(lines: Iterable[str]) -> None:
    """Print lines such as `last run    3 hours ago: …`; align wrapped lines with the value."""
    for line in lines:
        echo_wrapped(line, indent=12)


COMMANDS = (status, snapshots, rollback, check, sample_api)
