"""What a run here would use: the versions, and every setting with where it comes from. Of a secret, only whether there is one."""

from __future__ import annotations

import platform
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from llm_stats import __version__
from llm_stats.errors import UsageError
from llm_stats.settings import Settings
from llm_stats.terminal import safe

_SECRETS = ("api_key", "webhook_url")


@dataclass(frozen=True)
class Environment:
    """`versions` by name; `settings` by name, each `{"value": …, "origin": …}`. The value of a secret is true or false.

    If a setting is wrong there are none, and `problem` says which.
    """

    versions: dict[str, str]
    settings: dict[str, dict[str, Any]]
    problem: str | None = None


def environment(database: Path | None = None, destination: str | None = None) -> Environment:
    """What holds in this working folder; `database` and `destination` are what options name."""
    versions = {"llm-stats": __version__, "dlt": version("dlt"), "duckdb": version("duckdb"), "python": platform.python_version()}
    try:
        settings = Settings.read(database=database, destination=destination)
    except UsageError as error:
        return Environment(versions, {}, str(error))
    options = {"database": database, "destination": destination}
    origins = Settings.origins() | {name: f"--{name}" for name, value in options.items() if value}
    values = {name: getattr(settings, name) for name in Settings.model_fields}
    return Environment(
        versions=versions,
        settings={name: {"value": _shown(name, value), "origin": origins.get(name, "default")} for name, value in values.items()},
    )


def as_text(found: Environment) -> Iterator[str]:
    """Line by line: what is always worth knowing, then the other settings that are not at their default."""
    yield "versions    " + ", ".join(f"{name} {number}" for name, number in found.versions.items())
    if found.problem:
        yield f"settings    {safe(found.problem)}"
        return
    rest = []
    for name, setting in found.settings.items():
        value = f"{len(setting['value'])} ids" if isinstance(setting["value"], list) else safe(str(setting["value"]))
        origin = f"({setting['origin']})"
        if name in _SECRETS:
            yield f"{name:<12}" + (f"set {origin}" if setting["value"] else "not set")
        elif name in ("base_url", "database"):
            yield f"{name:<12}{value} {origin}"
        elif setting["origin"] != "default":
            rest.append(f"{name} {value} {origin}")
    yield "settings    " + (", ".join(rest) or "all others at their defaults")


def _shown(name: str, value: object) -> object:
    if name in _SECRETS:
        return value is not None
    if isinstance(value, Path):
        return str(value.absolute())
    return value if isinstance(value, str | int | float | list | None) else str(value)
