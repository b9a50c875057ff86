"""Report of the configuration for `status`: versions, settings and where each setting is set."""

from __future__ import annotations

import platform
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from llm_stats._version import __version__
from llm_stats.errors import UsageError
from llm_stats.settings import Settings

SECRETS = ("api_key", "webhook_url")


@dataclass(frozen=True)
class ConfigReport:
    """Versions and settings by name; a setting is `{"value": …, "origin": …}`.

    The value of a secret is not shown, only true (set) or false (not set). If a setting is invalid,
    `problem` is the error and `settings` is empty.
    """

    versions: dict[str, str]
    settings: dict[str, dict[str, Any]]
    problem: str | None = None


def config_report(database: Path | None = None, destination: str | None = None) -> ConfigReport:
    """Return the versions and settings; the arguments override the configured values."""
    versions = {
        "llm-stats": __version__,
        "dlt": version("dlt"),
        "duckdb": version("duckdb"),
        "python": platform.python_version(),
    }
    try:
        settings = Settings.read(database=database, destination=destination)
    except UsageError as error:
        return ConfigReport(versions, {}, str(error))
    options = {"database": database, "destination": destination}
    origins = Settings.origins() | {name: f"--{name}" for name, value in options.items() if value}
    values = {name: getattr(settings, name) for name in Settings.model_fields}
    return ConfigReport(
        versions=versions,
        settings={
            name: {"value": _display_value(name, value), "origin": origins.get(name, "default")}
            for name, value in values.items()
        },
    )


def _display_value(name: str, value: object) -> object:
    if name in SECRETS:
        return value is not None
    if isinstance(value, Path):
        return str(value.absolute())
    return value if isinstance(value, str | int | float | list | None) else str(value)
