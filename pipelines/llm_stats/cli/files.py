"""Commands that write files for other programs or for later runs: init, export, dbt-sources."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from llm_stats.cli.options import database_option, location_options, open_reader
from llm_stats.terminal import echo
from llm_stats.text import escape_control_chars

if TYPE_CHECKING:
    from llm_stats.report.data_package import FileFormat


@click.command()
def init() -> int:
    """Write the configuration files.

    `.dlt/config.toml` has every setting with its default, as a comment. `.dlt/secrets.toml` is for
    the API key; only you can read it. Existing files are not changed.

    \b
    llm-stats init
    """
    from llm_stats.config_files import write_missing_files

    written = write_missing_files()
    for file, is_new in written.items():
        echo(escape_control_chars(f"wrote {file}" if is_new else f"{file} exists: not changed"))
    secrets = next(file for file in written if file.name == "secrets.toml")
    echo(
        escape_control_chars(
            f"next: write your API key into {secrets}, and keep the file out of version control; "
            "then run `llm-stats run --all --max-requests 240` and `llm-stats show`"
        )
    )
    return 0


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option(
    "--format",
    "output_format",
    type=click.Choice(["parquet", "csv"]),
    default="parquet",
    show_default=True,
    help="Format of the files.",
)
@database_option
def export(folder: Path, output_format: FileFormat, database: Path | None) -> int:
    """Write all marts and the history as files.

    FOLDER also gets `datapackage.json`, which describes the files, columns and keys (Frictionless
    Data Package). An earlier export in FOLDER is replaced.

    \b
    llm-stats export out
    llm-stats export out --format csv
    """
    from llm_stats.destinations import require_duckdb_file
    from llm_stats.report.export import export as write
    from llm_stats.settings import WarehouseLocation

    published = require_duckdb_file(WarehouseLocation.read(database=database))
    open_reader(database=published).close()  # raises a clear error if there is nothing to export
    counts = write(published, folder, output_format)
    echo(
        escape_control_chars(
            f"wrote {sum(counts.values()):,} rows of {len(counts)} tables to {folder}"
        )
    )
    return 0


@click.command()
@click.option(
    "--dbt-utils",
    "has_dbt_utils",
    is_flag=True,
    help="Also test keys of several columns; requires the dbt package dbt_utils.",
)
@location_options
def dbt_sources(has_dbt_utils: bool, **location: Any) -> int:
    """Print the views as sources of a dbt project.

    The YAML describes the tables and columns of the schema `marts`, and tests their keys. Reading
    the YAML needs dbt 1.10.5 or later.

    \b
    llm-stats dbt-sources > models/sources.yml
    llm-stats dbt-sources --dbt-utils > models/sources.yml
    """
    from llm_stats.report.dbt_sources import dbt_sources as describe

    with open_reader(**location) as reader:
        sources = describe(reader, has_dbt_utils=has_dbt_utils)
    echo(sources.rstrip())
    return 0


COMMANDS = (init, export, dbt_sources)
