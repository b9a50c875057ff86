"""Settings: the name, default and meaning of each setting.

Precedence: argument, environment, `.dlt/secrets.toml`, `.dlt/config.toml`, default. The folder
`.dlt` is in the working folder, or in `DLT_PROJECT_DIR`. Names follow dlt's convention
(`SOURCES__LLM_STATS__BASE_URL`, table `[sources.llm_stats]`), so the dlt source finds the same
settings. The settings are read without dlt, because importing dlt takes longer than most commands.
"""

from __future__ import annotations

import datetime as dt
import difflib
import json
import os
import re
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import (
    AfterValidator,
    AliasChoices,
    BeforeValidator,
    Field,
    SecretStr,
    ValidationError,
)
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    InitSettingsSource,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from llm_stats.errors import UsageError

BASE_URL = "https://api.llm-stats.com/stats/v1"
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def duration(value: object) -> dt.timedelta:
    """Parse a time span such as `6h`, `90m` or `7d`; only 0 needs no unit. Raises `ValueError`."""
    if isinstance(value, dt.timedelta):
        return value
    text = "0s" if value in (0, "0") and value is not False else str(value).strip()
    if match := re.fullmatch(r"(\d{1,6}(?:\.\d+)?)\s*([smhdw])", text):
        return dt.timedelta(**{_UNITS[match[2]]: float(match[1])})
    raise ValueError("write a time span such as 90m, 6h or 7d")


def _valid_ids(model_ids: list[str]) -> list[str]:
    for model_id in (unique := clean_model_ids(model_ids)):
        if not is_valid_model_id(model_id):
            raise ValueError(f"{model_id!r} is not a model id")
    return unique


def _split(value: object) -> object:
    """Return the list in a text such as `a, b` or `["a", "b"]`; return other values unchanged.

    dlt uses the form `["a", "b"]` in environment variables.
    """
    if not isinstance(value, str):
        return value
    return json.loads(value) if value.lstrip().startswith("[") else value.replace(",", " ").split()


def _stripped(secret: SecretStr | None) -> SecretStr | None:
    return SecretStr(text) if secret and (text := secret.get_secret_value().strip()) else None


def _printable(key: SecretStr | None) -> SecretStr | None:
    if key and not re.fullmatch(r"[!-~]+", key.get_secret_value()):
        raise ValueError("the key contains characters that are not allowed in an HTTP header")
    return key


def _valid_url(url: str) -> str:
    if not re.fullmatch(r"https?://([^/?#@:\s]+|\[[0-9a-fA-F:]+\])(:\d{1,5})?(/[^?#\s]*)?", url):
        raise ValueError(f"write a URL such as {BASE_URL}, without user, query or fragment")
    return url


def _file_path(path: Path) -> Path:
    if not path.name:
        raise ValueError("expected the path of a file, such as llm_stats.duckdb")
    return path


def _identifier(name: str) -> str:
    if not re.fullmatch(r"[a-z_]\w*", name, re.ASCII):
        raise ValueError("name a destination: duckdb, postgres or ducklake")
    return name


Duration = Annotated[dt.timedelta, BeforeValidator(duration)]
Secret = Annotated[SecretStr | None, AfterValidator(_stripped)]


class WarehouseLocation(BaseSettings):
    """The location of the warehouse.

    Commands that only read the warehouse validate only the settings of this class. An invalid
    `max_age`, for example, does not stop them.
    """

    model_config = SettingsConfigDict(
        env_prefix="SOURCES__LLM_STATS__",
        populate_by_name=True,
        hide_input_in_errors=True,
        extra="ignore",
    )

    database: Annotated[Path, AfterValidator(_file_path)] = Field(
        Path("llm_stats.duckdb"), description="The published warehouse file"
    )
    destination: Annotated[str, AfterValidator(_identifier)] = Field(
        "duckdb", description="Database engine of the warehouse, by dlt's name"
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return (
            init_settings,
            env_settings,
            *(_TomlTable(settings_cls, file) for file in config_files()),
        )

    @classmethod
    def read(cls, **overrides: Any) -> Self:
        """Return the settings. `overrides` take precedence; None values are ignored.

        Raises `UsageError` for an invalid setting. The message never contains the value of the
        setting.
        """
        unknown = [name for name in overrides if name not in Settings.model_fields]
        prefix = str(cls.model_config["env_prefix"])
        unknown += [
            name
            for name in os.environ
            if name.upper().startswith(prefix)
            and name[len(prefix) :].lower() not in Settings.model_fields
        ]
        _require_known_settings(unknown, "")
        try:
            return cls(**{name: value for name, value in overrides.items() if value is not None})
        except ValidationError as error:
            first = error.errors()[0]
            name = _setting_name(str(first["loc"][0]))
            origin = "" if overrides.get(name) is not None else f" ({Settings.origins().get(name)})"
            message = f"setting {name}{origin}: {first['msg'].removeprefix('Value error, ')}"
            raise UsageError(message) from None


class Settings(WarehouseLocation):
    """The validated settings of a run."""

    api_key: Annotated[Secret, AfterValidator(_printable)] = Field(
        None, validation_alias=AliasChoices("LLM_STATS_API_KEY", "SOURCES__LLM_STATS__API_KEY")
    )
    base_url: Annotated[str, AfterValidator(_valid_url)] = Field(
        BASE_URL, description="Base URL of the API"
    )
    model_ids: Annotated[
        list[str], NoDecode, BeforeValidator(_split), AfterValidator(_valid_ids)
    ] = Field([], description="Models to fetch")
    requests_per_minute: int = Field(
        50, ge=0, description="Maximum requests in any minute; 0: no limit"
    )
    concurrency: int = Field(8, ge=1, le=256, description="Maximum concurrent requests")
    max_requests: int | None = Field(
        None, ge=1, description="Maximum requests per run, including retries; none: no limit"
    )
    max_age: Duration | None = Field(
        None,
        description="Skip models fetched within this time; none: 7d with `--all`, otherwise 0",
    )
    cache_ttl: Duration = Field(
        dt.timedelta(hours=1), description="How long records of unpublished runs are reused"
    )
    keep_snapshots: int = Field(3, ge=1, description="Number of the newest snapshots to keep")
    webhook_url: Secret = Field(
        None, description="URL to which `run --notify` sends changes and failures"
    )
    notify_min_change_pct: float = Field(
        0, ge=0, allow_inf_nan=False, description="Send only price changes above this many percent"
    )

    @classmethod
    def origins(cls) -> dict[str, str]:
        """Return the origin of each setting that the environment or a file contains.

        For example `{"api_key": "the environment", "database": ".dlt/config.toml"}`.
        """
        from_files = {
            _setting_name(name): str(file)
            for file in reversed(config_files())
            for name in _TomlTable(cls, file)()
        }
        environment = EnvSettingsSource(cls)()
        return from_files | {_setting_name(name): "the environment" for name in environment}

    def require_key(self) -> str:
        """Return the API key. Raises `UsageError` if there is none."""
        if self.api_key is None:
            file = ".dlt/secrets.toml under [sources.llm_stats]"
            raise UsageError(f"no API key: set LLM_STATS_API_KEY, or api_key in {file}")
        return self.api_key.get_secret_value()


def _setting_name(name: str) -> str:
    """Return the name of a setting without its prefixes: `LLM_STATS_API_KEY` → `api_key`."""
    name = name.lower().removeprefix("sources__")
    return name.removeprefix("llm_stats__").removeprefix("llm_stats_")


def _require_known_settings(names: Iterable[str], prefix: str) -> None:
    """Raise `UsageError` if there are unknown settings."""
    for name in names:
        matches = difflib.get_close_matches(_setting_name(name), Settings.model_fields)
        hint = f"; did you mean {matches[0]}?" if matches else ""
        raise UsageError(f"{prefix}unknown setting {name!r}{hint}")


def config_files() -> tuple[Path, Path]:
    """Return the paths of the configuration files, in order of precedence."""
    folder = Path(os.environ.get("DLT_PROJECT_DIR", ""), ".dlt")
    return folder / "secrets.toml", folder / "config.toml"


class _TomlTable(InitSettingsSource):
    """The settings in the table `[sources.llm_stats]` of one file."""

    def __init__(self, settings_cls: type[BaseSettings], file: Path) -> None:
        try:
            document = tomllib.loads(file.read_text("utf-8")) if file.exists() else {}
            table = {**document.get("sources", {}).get("llm_stats", {})}
        except OSError as error:
            hint = "make it a readable file, or remove it"
            raise UsageError(f"{file} cannot be read: {error.strerror}; {hint}") from None
        except (ValueError, AttributeError, TypeError) as error:
            hint = "write settings in a table [sources.llm_stats]"
            raise UsageError(f"{file} cannot be read: {error}; {hint}") from None
        # sub-tables of `[sources.llm_stats]` configure other sources
        settings = {name: value for name, value in table.items() if not isinstance(value, dict)}
        _require_known_settings(settings.keys() - Settings.model_fields.keys(), f"{file}: ")
        super().__init__(settings_cls, init_kwargs=settings)


def clean_model_ids(model_ids: Iterable[str]) -> list[str]:
    """Return the stripped ids in the same order, without empty or repeated ids."""
    return list(dict.fromkeys(stripped for model_id in model_ids if (stripped := model_id.strip())))


def is_valid_model_id(model_id: str) -> bool:
    """Return whether an id can be part of a URL.

    `.` and `..` would change the path, and lone surrogates cannot be encoded as UTF-8.
    """
    return model_id not in (".", "..") and not re.search("[\ud800-\udfff]", model_id)
